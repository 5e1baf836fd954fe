"""Section 2: dates, second part: intervals between dates that are not exact."""

from __future__ import annotations

from tests.spec.case import Case, Chapter

RANGES = (
    Case(
        "After a dose some day in March, 14 April is at least 14 days later whichever day it was",
        "D5",
        "2026-05-01",
        history="""
            a1 | 2026-03
            a2 | 2026-04-14
        """,
        doses="""
            a1 | loading-1 | -  | date-imprecise info D2
            a2 | loading-2 | 14 | -
        """,
    ),
    Case(
        "13 April is 13 days after 31 March and 43 after 1 March: it cannot be decided",
        "D5 W2",
        "2026-05-01",
        history="""
            a1 | 2026-03
            a2 | 2026-04-13
        """,
        doses="""
            a2 | loading-2 | 13 | interval-undecidable warning W2
        """,
    ),
    Case(
        "If every day that the record allows is too near, the interval is too short",
        "D5 W2",
        "2026-03-10",
        history="""
            a1 | 2026-02-27
            a2 | 2026-03
        """,
        doses="""
            a2 | loading-2 | 11 | interval-too-short critical W2, date-imprecise info D2 | 2026-03-01 to 2026-03-10
        """,
    ),
    Case(
        "On 13 March the record allows the 13th, 14 days after, and nearer days as well: it cannot be decided",
        "D5 W2",
        "2026-03-13",
        history="""
            a1 | 2026-02-27
            a2 | 2026-03
        """,
        doses="""
            a2 | loading-2 | 14 | interval-undecidable warning W2, date-imprecise info D2
        """,
    ),
    Case(
        "Recorded doses may lie in either order: 20 March and a day in March can be 19 days apart",
        "D5 W2",
        "2026-05-01",
        history="""
            a1 | 2026-03-20
            a2 | 2026-03
        """,
        counted="a1, a2",
        doses="""
            a2 | loading-2 | 11 | interval-undecidable warning W2, date-imprecise info D2
        """,
    ),
    Case(
        "Doses are walked in the order of their days, whatever their records are called and however imprecise one is",
        "D5",
        "2026-05-01",
        history="""
            a1 | 2026-04
            a2 | 2026-03-20
        """,
        counted="a2, a1",
    ),
    Case(
        "15 March and a day in March: at most 16 days apart, so undecidable too",
        "D5 W2",
        "2026-05-01",
        history="""
            a1 | 2026-03-15
            a2 | 2026-03
        """,
        doses="""
            a2 | loading-2 | 16 | interval-undecidable warning W2, date-imprecise info D2
        """,
    ),
    Case(
        "A dose proposed for today, 10 March, is at most 9 days after a dose given some day this March: too short",
        "D5 P1",
        "2026-03-10",
        history="""
            a1 | 2026-03
        """,
        proposals="""
            m1 | 2026-03-10
        """,
        proposed="""
            m1 | 2026-03-10 | loading-2 | 0 | interval-too-short critical W2
        """,
    ),
    Case(
        "A proposed date 14 days after 31 March is safe after a dose some day in March; one day less is not",
        "D5 P1",
        "2026-04-02",
        history="""
            a1 | 2026-03
        """,
        proposals="""
            m1 | 2026-04-13
        """,
        proposed="""
            m1 | 2026-04-13 | loading-2 | 13 | interval-undecidable warning W2
        """,
    ),
)

CHAPTER = Chapter(
    2,
    "Dates that are not exact",
    "The schedule counts from the latest day that a record allows; the minimum interval must be kept for all of them.",
    RANGES,
)
