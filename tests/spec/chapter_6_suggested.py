"""Section 6: a proposed date, third part: the date that is suggested instead."""

from __future__ import annotations

from tests.spec.case import Case, Chapter

LOADED = """
    a1 | 2025-01-01
    a2 | 2025-01-15
    a3 | 2025-01-29
    a4 | 2025-03-05
"""
ONE_DOSE = "a1 | 2026-01-01"

SUGGESTED = (
    Case(
        "46 days early: the day to move it to is the recommended one",
        "P4",
        "2025-05-01",
        history=LOADED,
        proposals="m1 | 2025-05-20",
        proposed="m1 | 2025-05-20 | maintenance | 76 | earlier-than-schedule warning W7 | 2025-07-05",
    ),
    Case(
        "Early within tolerance is information, with the same suggestion",
        "P4",
        "2025-05-01",
        history=LOADED,
        proposals="m1 | 2025-06-10",
        proposed="m1 | 2025-06-10 | maintenance | 97 | earlier-than-schedule info W7 | 2025-07-05",
    ),
    Case(
        "After a late dose the suggestion is the original date, 14 days after it",
        "P4",
        "2025-10-25",
        history=LOADED + "a5 | 2025-10-22",
        proposals="m1 | 2025-10-30",
        proposed="m1 | 2025-10-30 | maintenance | 8 | interval-too-short critical W2 | 2025-11-05",
    ),
    Case(
        "An order that is too early is moved also where it says the amount and a route that is not known",
        "P4 C4 C5",
        "2026-01-05",
        history=ONE_DOSE,
        proposals="m1 | 2026-01-14 | 12 mg | route-unrecognised",
        proposed="""
            m1 | 2026-01-14 | loading-2 | 13 | interval-too-short critical W2, route-unrecognised info C4 | 2026-01-15
        """,
    ),
    Case(
        "The day is looked for from the one that the text in force today recommends",
        "P4 W12",
        "2025-10-01",
        regimen="eu-12mg; 2025-10-01: us-12mg",
        history=LOADED + "a5 | 2025-08-20",
        proposals="m1 | 2025-11-10",
        proposed="m1 | 2025-11-10 | maintenance | 82 | earlier-than-schedule warning W7 | 2025-12-20",
    ),
    Case(
        "No date is suggested where a clinician decides",
        "P4 F3a",
        "2026-01-16",
        history="a1 | 2026-01-01\na2 | 2026-01-14",
        proposals="m1 | 2026-01-20",
        proposed="m1 | 2026-01-20 | loading-3 | 6 | interval-too-short critical W2 | -",
    ),
    Case(
        "No date makes a wrong amount right, so none is suggested",
        "P4 C5",
        "2026-01-05",
        history=ONE_DOSE,
        proposals="m1 | 2026-01-10 | 28 mg",
        proposed="""
            m1 | 2026-01-10 | loading-2 | 9 | interval-too-short critical W2, unexpected-amount warning C5 | -
        """,
    ),
    Case(
        "For a later order the search starts after the earlier ones, and each stays out of the other's way",
        "P4",
        "2025-03-10",
        history=LOADED,
        proposals="""
            m1 | 2025-06-05
            m2 | 2025-06-06
        """,
        proposed="""
            m1 | 2025-06-05 | maintenance | 92 | earlier-than-schedule warning W7 | -
            m2 | 2025-06-06 | maintenance | 1  | interval-too-short critical P3   | 2025-10-05
        """,
    ),
    Case(
        "A date that stands for no end does not keep the other one from being moved",
        "P4",
        "2025-05-01",
        history=LOADED,
        proposals="""
            m1 | 2025-05-20
            m1 | 9999-12-31
        """,
        proposed="m1 | 2025-05-20 | maintenance | 76 | earlier-than-schedule warning W7 | 2025-07-05",
    ),
    Case(
        "With four dates in one request the fourth is moved",
        "P4",
        "2025-06-20",
        history=LOADED,
        proposals="""
            m1 | 2025-07-05
            m2 | 2025-11-05
            m3 | 2026-03-05
            m4 | 2026-03-10
        """,
        proposed="m4 | 2026-03-10 | maintenance | 5 | interval-too-short critical P3 | 2026-07-05",
    ),
    Case(
        "With five dates in one request none is suggested",
        "P4",
        "2025-06-20",
        history=LOADED,
        proposals="""
            m1 | 2025-07-05
            m2 | 2025-11-05
            m3 | 2026-03-05
            m4 | 2026-07-05
            m5 | 2026-07-10
        """,
        proposed="m5 | 2026-07-10 | maintenance | 5 | interval-too-short critical P3 | -",
    ),
)

CHAPTER = Chapter(
    6,
    "A proposed date: what is suggested instead",
    "Where a date is too early or earlier than schedule, the first date is suggested that gives no warning, to this"
    " order or to another one of the request.",
    SUGGESTED,
)
