"""Section 4: walking the history, first part: the minimum interval and loading."""

from __future__ import annotations

from tests.spec.case import Case, Chapter

SMA_UK = "SMA UK, 8 November 2022: always at least 14 days between doses"

MINIMUM_INTERVAL = (
    Case(
        "The first dose fills the first loading step",
        "W1",
        "2026-01-02",
        history="""
            a1 | 2026-01-01
        """,
        doses="""
            a1 | loading-1 | - | -
        """,
        series="-",
    ),
    Case(
        "Day 13 is too early for the second dose",
        "W2 W3",
        "2026-01-14",
        source=SMA_UK,
        history="""
            a1 | 2026-01-01
            a2 | 2026-01-14
        """,
        doses="""
            a2 | loading-2 | 13 | interval-too-short critical W2
        """,
    ),
    Case(
        "Day 14 is right for the second dose",
        "W2 W3",
        "2026-01-15",
        source=SMA_UK,
        history="""
            a1 | 2026-01-01
            a2 | 2026-01-15
        """,
        doses="""
            a2 | loading-2 | 14 | -
        """,
    ),
    Case(
        "A dose given too early was given: it fills its step, and the next interval counts from it",
        "W2 W3",
        "2026-03-05",
        history="""
            a1 | 2026-01-01
            a2 | 2026-01-11
            a3 | 2026-01-25
            a4 | 2026-03-01
        """,
        doses="""
            a2 | loading-2 | 10 | interval-too-short critical W2
            a3 | loading-3 | 14 | -
            a4 | loading-4 | 35 | -
        """,
    ),
    Case(
        "The minimum interval is measured to the dose before only, in the order of the walk",
        "W2",
        "2026-02-01",
        history="""
            a1 | 2026-01-01
            a3 | 2026-01-22
            a2 | 2026-01-08
        """,
        counted="a1, a2, a3",
        doses="""
            a2 | loading-2 | 7  | interval-too-short critical W2
            a3 | loading-3 | 14 | -
        """,
    ),
    Case(
        "A too early maintenance dose is said to be too early, not also to be earlier than schedule",
        "W2 W7",
        "2025-03-20",
        history="""
            a1 | 2025-01-01
            a2 | 2025-01-15
            a3 | 2025-01-29
            a4 | 2025-03-05
            a5 | 2025-03-18
        """,
        doses="""
            a5 | maintenance | 13 | interval-too-short critical W2
        """,
    ),
    Case(
        "A maintenance dose on the 14th day is no longer too early, but far earlier than schedule",
        "W2 W7",
        "2025-03-20",
        history="""
            a1 | 2025-01-01
            a2 | 2025-01-15
            a3 | 2025-01-29
            a4 | 2025-03-05
            a5 | 2025-03-19
        """,
        doses="""
            a5 | maintenance | 14 | earlier-than-schedule warning W7
        """,
    ),
    Case(
        "An interval that cannot be decided is not also said to be earlier than schedule",
        "W2 W7",
        "2025-04-10",
        history="""
            a1 | 2025-01-01
            a2 | 2025-01-15
            a3 | 2025-01-29
            a4 | 2025-03-05
            a5 | 2025-03
        """,
        doses="""
            a5 | maintenance | 26 | interval-undecidable warning W2, date-imprecise info D2
        """,
    ),
    Case(
        "A dose whose interval cannot be decided can be late all the same: some day in January, some day in February",
        "W2 W3 D5",
        "2026-03-20",
        history="""
            a1 | 2026-01
            a2 | 2026-02
        """,
        doses="""
            a2 | loading-2 | 28 | interval-undecidable warning W2, late warning W3, date-imprecise info D2
        """,
    ),
)

LOADING = (
    Case(
        "The fourth loading dose a week early, within tolerance",
        "W3",
        "2025-03-01",
        history="""
            a1 | 2025-01-01
            a2 | 2025-01-15
            a3 | 2025-01-29
            a4 | 2025-02-26
        """,
        doses="""
            a4 | loading-4 | 28 | earlier-than-schedule info W3
        """,
        forecast="""
            step: maintenance
            recommended: 2025-06-26
        """,
    ),
    Case(
        "The fourth loading dose 8 days early, beyond tolerance",
        "W3",
        "2025-03-01",
        history="""
            a1 | 2025-01-01
            a2 | 2025-01-15
            a3 | 2025-01-29
            a4 | 2025-02-25
        """,
        doses="""
            a4 | loading-4 | 27 | earlier-than-schedule warning W3
        """,
        forecast="""
            recommended: 2025-06-25
        """,
    ),
    Case(
        "A loading dose a week late is not called late, and the next interval counts from it",
        "W3",
        "2025-01-25",
        history="""
            a1 | 2025-01-01
            a2 | 2025-01-22
        """,
        doses="""
            a2 | loading-2 | 21 | -
        """,
        forecast="""
            step: loading-3
            recommended: 2025-02-05
        """,
    ),
    Case(
        "A loading dose 8 days late is late",
        "W3",
        "2025-01-25",
        history="""
            a1 | 2025-01-01
            a2 | 2025-01-23
        """,
        doses="""
            a2 | loading-2 | 22 | late warning W3
        """,
        forecast="""
            step: loading-3
            recommended: 2025-02-06
        """,
    ),
    Case(
        "Under the US text day 30 is on time for the fourth loading dose",
        "W3",
        "2025-03-01",
        regimen="us-12mg",
        history="""
            a1 | 2025-01-01
            a2 | 2025-01-15
            a3 | 2025-01-29
            a4 | 2025-02-28
        """,
        doses="""
            a4 | loading-4 | 30 | -
        """,
    ),
    Case(
        "Under the EU text the same day is 5 days early",
        "W3",
        "2025-03-01",
        history="""
            a1 | 2025-01-01
            a2 | 2025-01-15
            a3 | 2025-01-29
            a4 | 2025-02-28
        """,
        doses="""
            a4 | loading-4 | 30 | earlier-than-schedule info W3
        """,
    ),
    Case(
        "After the last loading dose, maintenance counts from the day it was given",
        "W6 F3",
        "2025-04-01",
        history="""
            a1 | 2025-01-01
            a2 | 2025-01-15
            a3 | 2025-01-29
            a4 | 2025-03-12
        """,
        doses="""
            a4 | loading-4 | 42 | -
        """,
        forecast="""
            step: maintenance
            recommended: 2025-07-12
        """,
    ),
)

CHAPTER = Chapter(
    4,
    "Walking the history: the minimum interval and loading",
    "Doses are judged one after the other. Tolerances (7 days in loading) change words and severity, never dates.",
    MINIMUM_INTERVAL + LOADING,
)
