"""Section 6: a proposed date, first part: one date judged, and several of one request."""

from __future__ import annotations

from tests.spec.case import Case, Chapter

LOADED = """
    a1 | 2025-01-01
    a2 | 2025-01-15
    a3 | 2025-01-29
    a4 | 2025-03-05
"""
ONE_DOSE = "a1 | 2026-01-01"

JUDGED = (
    Case(
        "An order for the day that is recommended",
        "P1 P4",
        "2025-06-20",
        history=LOADED,
        proposals="m1 | 2025-07-05 | 12 mg",
        proposed="m1 | 2025-07-05 | maintenance | 122 | - | - | -",
    ),
    Case(
        "An order for day 13 is too early; the day to move it to is day 14",
        "P1 P4",
        "2026-01-05",
        history=ONE_DOSE,
        proposals="m1 | 2026-01-14",
        proposed="m1 | 2026-01-14 | loading-2 | 13 | interval-too-short critical W2 | 2026-01-15",
    ),
    Case(
        "An order for day 14 is not too early",
        "P1 P4",
        "2026-01-05",
        history=ONE_DOSE,
        proposals="m1 | 2026-01-15",
        proposed="m1 | 2026-01-15 | loading-2 | 14 | - | -",
    ),
    Case(
        "An order of 28 mg where 12 mg are prescribed",
        "P1 C5",
        "2025-06-20",
        history=LOADED,
        proposals="m1 | 2025-07-05 | 28 mg",
        proposed="m1 | 2025-07-05 | maintenance | 122 | unexpected-amount warning C5",
    ),
    Case(
        "An order to give it by a wrong route",
        "P1 C4",
        "2025-06-20",
        history=LOADED,
        proposals="m1 | 2025-07-05 | 12 mg | unexpected-route",
        proposed="m1 | 2025-07-05 | maintenance | 122 | unexpected-route critical C4",
    ),
    Case(
        "What an order would say of the whole history is listed with it; the recorded doses keep their judgement",
        "P1 W4",
        "2025-04-01",
        history="a1 | 2025-01-15",
        proposals="m1 | 2025-06-20",
        doses="a1 | loading-1 | - | -",
        series="-",
        proposed="""
            m1 | 2025-06-20 | maintenance | 156 | late warning W7, loading-not-documented warning W4
        """,
    ),
    Case(
        "An order for the first dose of a new patient",
        "P1 W1",
        "2026-01-01",
        proposals="m1 | 2026-02-01",
        proposed="m1 | 2026-02-01 | loading-1 | - | - | -",
    ),
)

SEVERAL = (
    Case(
        "The orders of one request are judged in date order, each as given if the earlier ones are",
        "P1",
        "2026-01-05",
        history=ONE_DOSE,
        proposals="""
            m3 | 2026-03-05
            m1 | 2026-01-15
            m2 | 2026-01-29
        """,
        judged="m1 2026-01-15, m2 2026-01-29, m3 2026-03-05",
        proposed="""
            m1 | 2026-01-15 | loading-2 | 14 | -
            m2 | 2026-01-29 | loading-3 | 14 | -
            m3 | 2026-03-05 | loading-4 | 35 | -
        """,
    ),
    Case(
        "The dates of one order are judged in the same way",
        "P1",
        "2026-01-05",
        history=ONE_DOSE,
        proposals="""
            m1 | 2026-01-15
            m1 | 2026-01-29
        """,
        proposed="""
            m1 | 2026-01-15 | loading-2 | 14 | -
            m1 | 2026-01-29 | loading-3 | 14 | -
        """,
    ),
    Case(
        "After 9 months: the delayed dose, its extra dose, and maintenance in one request",
        "P1 P7 W8",
        "2025-12-01",
        history=LOADED,
        proposals="""
            m1 | 2025-12-05
            m2 | 2025-12-19
            m3 | 2026-04-19
        """,
        proposed="""
            m1 | 2025-12-05 | maintenance | 275 | late warning W7, catch-up-required warning P7
            m2 | 2025-12-19 | catch-up    | 14  | -
            m3 | 2026-04-19 | maintenance | 121 | -
        """,
    ),
    Case(
        "Two orders 13 days apart conflict, though each is far enough from the last dose",
        "P3",
        "2026-01-05",
        history=ONE_DOSE,
        proposals="""
            m1 | 2026-01-15
            m2 | 2026-01-28
        """,
        proposed="""
            m1 | 2026-01-15 | loading-2 | 14 | -
            m2 | 2026-01-28 | loading-3 | 13 | interval-too-short critical P3 | 2026-01-29
        """,
    ),
    Case(
        "Two orders 14 days apart do not conflict",
        "P3",
        "2026-01-05",
        history=ONE_DOSE,
        proposals="""
            m1 | 2026-01-15
            m2 | 2026-01-29
        """,
        proposed="m2 | 2026-01-29 | loading-3 | 14 | - | -",
    ),
    Case(
        "Two orders for one day: the second is too near the first",
        "P3",
        "2026-01-05",
        history=ONE_DOSE,
        proposals="""
            m2 | 2026-01-15
            m1 | 2026-01-15
        """,
        proposed="""
            m1 | 2026-01-15 | loading-2 | 14 | -
            m2 | 2026-01-15 | loading-3 | 0  | interval-too-short critical P3 | 2026-01-29
        """,
    ),
    Case(
        "Near the first order only, or near the last dose as well: the rule that is named differs",
        "P3 W2",
        "2026-01-05",
        history=ONE_DOSE,
        proposals="""
            m1 | 2026-01-10
            m2 | 2026-01-12
            m3 | 2026-01-20
        """,
        proposed="""
            m1 | 2026-01-10 | loading-2 | 9 | interval-too-short critical W2
            m2 | 2026-01-12 | loading-3 | 2 | interval-too-short critical W2
            m3 | 2026-01-20 | loading-4 | 8 | interval-too-short critical P3
        """,
    ),
    Case(
        "The date suggested for the second order follows from the first: a week late, so 14 days after that",
        "P4 P3",
        "2026-01-05",
        history=ONE_DOSE,
        proposals="""
            m1 | 2026-01-22
            m2 | 2026-01-25
        """,
        proposed="""
            m1 | 2026-01-22 | loading-2 | 21 | -
            m2 | 2026-01-25 | loading-3 | 3  | interval-too-short critical P3 | 2026-02-05
        """,
    ),
)

CONFLICTS = (
    Case(
        "Two orders for a new patient 10 days apart: the second is moved to 14 days after the first",
        "P3 P4",
        "2026-01-05",
        proposals="""
            m1 | 2026-01-10
            m2 | 2026-01-20
        """,
        proposed="""
            m1 | 2026-01-10 | loading-1 | -  | - | -
            m2 | 2026-01-20 | loading-2 | 10 | interval-too-short critical P3 | 2026-01-24
        """,
    ),
    Case(
        "Both orders too early: each is moved to where the one before it stands",
        "P3 P4",
        "2026-01-05",
        history=ONE_DOSE,
        proposals="""
            m1 | 2026-01-10
            m2 | 2026-01-20
        """,
        proposed="""
            m1 | 2026-01-10 | loading-2 | 9  | interval-too-short critical W2 | 2026-01-15
            m2 | 2026-01-20 | loading-3 | 10 | interval-too-short critical P3 | 2026-01-24
        """,
    ),
    Case(
        "No date is suggested that would bring another order of the request into conflict",
        "P4",
        "2026-01-05",
        history=ONE_DOSE,
        proposals="""
            m1 | 2026-01-10
            m2 | 2026-01-24
        """,
        proposed="""
            m1 | 2026-01-10 | loading-2 | 9  | interval-too-short critical W2 | -
            m2 | 2026-01-24 | loading-3 | 14 | - | -
        """,
    ),
)

STANDING = (
    Case(
        "An order 13 days before the dose of another active order; the date suggested keeps away from both",
        "P3 P4",
        "2026-01-05",
        history=ONE_DOSE,
        standing="x1 | 2026-01-28",
        proposals="m1 | 2026-01-15",
        proposed="m1 | 2026-01-15 | loading-2 | 14 | interval-too-short critical P3 | -",
    ),
    Case(
        "An order 14 days before the dose of another active order",
        "P3",
        "2026-01-05",
        history=ONE_DOSE,
        standing="x1 | 2026-01-29",
        proposals="m1 | 2026-01-15",
        proposed="m1 | 2026-01-15 | loading-2 | 14 | - | -",
    ),
    Case(
        "Maintenance 13 days after the dose of another active order is moved to day 14 after it",
        "P3 P4",
        "2025-06-20",
        history=LOADED,
        standing="x1 | 2025-06-25",
        proposals="m1 | 2025-07-08",
        proposed="m1 | 2025-07-08 | maintenance | 125 | interval-too-short critical P3 | 2025-07-09",
    ),
    Case(
        "Too near the last dose as well: that is said first",
        "P3 W2",
        "2026-01-05",
        history=ONE_DOSE,
        standing="x1 | 2026-01-12",
        proposals="m1 | 2026-01-10",
        proposed="m1 | 2026-01-10 | loading-2 | 9 | interval-too-short critical W2",
    ),
    Case(
        "An order without a date is warned of an active one less than 14 days from today",
        "P1 P3",
        "2026-01-20",
        history=ONE_DOSE,
        standing="x1 | 2026-02-02",
        proposals="m1 | -",
        proposed="""
            m1 | 2026-01-20 | loading-2 | 19 | interval-too-short warning P3, proposed-date-assumed info P1
        """,
    ),
    Case(
        "A distance that is not certain is not said beside one that is too short",
        "P3 D5",
        "2026-02-01",
        history="a1 | 2026-01",
        standing="x1 | 2026-02-20",
        proposals="m1 | 2026-02-12",
        proposed="m1 | 2026-02-12 | loading-2 | 12 | interval-too-short critical P3",
    ),
)

UNDATED = (
    Case(
        "An order without a date is judged as for today; too early is then a warning that says from when",
        "P1 P4",
        "2026-01-05",
        history=ONE_DOSE,
        proposals="m1 | -",
        proposed="""
            m1 | 2026-01-05 | loading-2 | 4 | interval-too-short warning W2, proposed-date-assumed info P1 | 2026-01-15
        """,
    ),
    Case(
        "Earlier than schedule is not said of it: doses are ordered weeks ahead",
        "P1",
        "2025-06-01",
        history=LOADED,
        proposals="m1 | -",
        proposed="m1 | 2025-06-01 | maintenance | 88 | proposed-date-assumed info P1",
    ),
    Case(
        "Late is said of an order without a date",
        "P1",
        "2025-08-10",
        history=LOADED,
        proposals="m1 | -",
        proposed="m1 | 2025-08-10 | maintenance | 158 | late warning W7, proposed-date-assumed info P1 | -",
    ),
    Case(
        "An order without a date is never taken as given for the others",
        "P1 P3",
        "2026-01-20",
        history=ONE_DOSE,
        proposals="""
            m1 | -
            m2 | 2026-02-10
        """,
        proposed="""
            m1 | 2026-01-20 | loading-2 | 19 | proposed-date-assumed info P1
            m2 | 2026-02-10 | loading-2 | 40 | late warning W3
        """,
    ),
    Case(
        "An order without a date is in conflict with a dated one 13 days from today",
        "P3",
        "2026-01-20",
        history=ONE_DOSE,
        proposals="""
            m1 | -
            m2 | 2026-02-02
        """,
        proposed="""
            m1 | 2026-01-20 | loading-2 | 19 | interval-too-short warning P3, proposed-date-assumed info P1
            m2 | 2026-02-02 | loading-2 | 32 | late warning W3
        """,
    ),
    Case(
        "An order without a date is not in conflict with one 14 days from today",
        "P3",
        "2026-01-20",
        history=ONE_DOSE,
        proposals="""
            m1 | -
            m2 | 2026-02-03
        """,
        proposed="m1 | 2026-01-20 | loading-2 | 19 | proposed-date-assumed info P1",
    ),
    Case(
        "Two orders without a date: the second is in conflict with the first",
        "P3",
        "2026-01-20",
        history=ONE_DOSE,
        proposals="""
            m2 | -
            m1 | -
        """,
        proposed="""
            m1 | 2026-01-20 | loading-2 | 19 | proposed-date-assumed info P1
            m2 | 2026-01-20 | loading-2 | 19 | interval-too-short warning P3, proposed-date-assumed info P1
        """,
    ),
)

CHAPTER = Chapter(
    6,
    "A proposed date",
    "An order or an appointment is judged as if the dose were given on that day. An order that does not say when is"
    " judged as for today.",
    JUDGED + SEVERAL + CONFLICTS + STANDING + UNDATED,
)
