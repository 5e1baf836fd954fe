"""Section 6: a proposed date, second part: doubts, the table at that date, and where an order says when."""

from __future__ import annotations

from tests.spec.case import Case, Chapter

LOADED = """
    a1 | 2025-01-01
    a2 | 2025-01-15
    a3 | 2025-01-29
    a4 | 2025-03-05
"""
UNDEFINED = LOADED + "a5 | 2025-10-23\n"
TOO_SHORT = """
    a1 | 2025-01-01
    a2 | 2025-01-14
    a3 | 2025-01-28
"""
TABLE = "EU SmPC 4.2, table for delayed maintenance doses"

DECISIONS = (
    Case(
        "Where a clinician decides there is no schedule to be earlier than",
        "P5",
        "2025-02-01",
        history=TOO_SHORT,
        proposals="m1 | 2025-02-20",
        forecast="status: decision",
        proposed="m1 | 2025-02-20 | loading-4 | 23 | - | -",
    ),
    Case(
        "Where a clinician decides, the minimum interval still holds",
        "P5",
        "2025-02-01",
        history=TOO_SHORT,
        proposals="m1 | 2025-02-10",
        proposed="m1 | 2025-02-10 | loading-4 | 13 | interval-too-short critical W2 | -",
    ),
    Case(
        "Where a clinician decides, a date cannot shift the schedule",
        "P5",
        "2025-09-01",
        history=LOADED + "a5 | 2025-08-10 | | stopped",
        proposals="m1 | 2025-11-20",
        forecast="status: decision",
        proposed="m1 | 2025-11-20 | maintenance | 102 | - | -",
    ),
    Case(
        "Without the doubt the same date shifts the schedule",
        "P5 W7",
        "2025-09-01",
        history=LOADED + "a5 | 2025-08-10",
        proposals="m1 | 2025-11-20",
        proposed="m1 | 2025-11-20 | maintenance | 102 | schedule-shifted info W7 | -",
    ),
)

POSSIBLE_DOSES = (
    Case(
        "13 days after a record that may be a dose the interval cannot be decided",
        "P6",
        "2025-11-01",
        history=LOADED + "a5 | 2025-07-05\nu1 | 2025-10-30 | | unreadable: status-unknown",
        proposals="m1 | 2025-11-12",
        proposed="m1 | 2025-11-12 | maintenance | 130 | interval-undecidable warning P6 | -",
    ),
    Case(
        "14 days after a record that may be a dose the interval is kept for certain",
        "P6",
        "2025-11-01",
        history=LOADED + "a5 | 2025-07-05\nu1 | 2025-10-30 | | unreadable: status-unknown",
        proposals="m1 | 2025-11-13",
        proposed="m1 | 2025-11-13 | maintenance | 131 | - | -",
    ),
    Case(
        "If the record names only the month, it may have been its last day",
        "P6",
        "2025-11-01",
        history=LOADED + "a5 | 2025-07-05\nu1 | 2025-10 | | unreadable: status-unknown",
        proposals="m1 | 2025-11-13",
        proposed="m1 | 2025-11-13 | maintenance | 131 | interval-undecidable warning P6 | -",
    ),
    Case(
        "Too early for certain is not said to be undecidable as well",
        "P6",
        "2025-07-08",
        history=LOADED + "a5 | 2025-07-05\nu1 | 2025-07-06 | | unreadable: status-unknown",
        proposals="m1 | 2025-07-10",
        proposed="m1 | 2025-07-10 | maintenance | 5 | interval-too-short critical W2 | -",
    ),
    Case(
        "A record that may be a dose matters before the first dose, too",
        "P6 F1",
        "2025-07-08",
        history="u1 | 2025-07-06 | | unreadable: status-unknown",
        proposals="m1 | 2025-07-10",
        proposed="m1 | 2025-07-10 | loading-1 | - | interval-undecidable warning P6 | -",
    ),
    Case(
        "An order without a date is warned of a record of today that may be a dose",
        "P1 P6",
        "2025-07-08",
        history="u1 | 2025-07-08 | | unreadable: status-unknown",
        proposals="m1 | -",
        proposed="""
            m1 | 2025-07-08 | loading-1 | - | interval-undecidable warning P6, proposed-date-assumed info P1
        """,
    ),
    Case(
        "A record of another patient is no possible dose",
        "P6 C9",
        "2025-07-08",
        history="u1 | 2025-07-06 | | unreadable: wrong-patient",
        proposals="m1 | 2025-07-10",
        proposed="m1 | 2025-07-10 | loading-1 | - | - | -",
    ),
)

TABLE_AT_P = (
    Case(
        "An order for the day before 8 months are over: late, and nothing defined after it",
        "P7 F8 W7",
        "2025-10-01",
        source=TABLE,
        history=LOADED,
        proposals="m1 | 2025-11-04",
        proposed="""
            m1 | 2025-11-04 | maintenance | 244 | late warning W7, schedule-undefined warning W7,\
                near-boundary info F8 | - | -
        """,
    ),
    Case(
        "An order for the day on which 8 months are over begins the extra dose",
        "P7 F8 W7",
        "2025-10-01",
        source=TABLE,
        history=LOADED,
        proposals="m1 | 2025-11-05",
        proposed="""
            order | date       | step        | interval | findings
            m1 | 2025-11-05 | maintenance | 245 | late warning W7, catch-up-required warning P7, near-boundary info F8
            order | date       | plan
            m1 | 2025-11-05 | maintenance 2025-11-05, catch-up 2025-11-19, maintenance 2026-03-19,\
                maintenance 2026-07-19
        """,
    ),
    Case(
        "An order for 8 months and a day begins the extra dose",
        "P7 F8 W7",
        "2025-10-01",
        source=TABLE,
        history=LOADED,
        proposals="m1 | 2025-11-06",
        proposed="""
            order | date       | step        | interval | findings
            m1 | 2025-11-06 | maintenance | 246 | late warning W7, catch-up-required warning P7, near-boundary info F8
            order | date       | plan
            m1 | 2025-11-06 | maintenance 2025-11-06, catch-up 2025-11-20, maintenance 2026-03-20,\
                maintenance 2026-07-20
        """,
    ),
    Case(
        "An order for the day before 16 months are over begins one extra dose",
        "P7 F8",
        "2026-06-01",
        source=TABLE,
        history=LOADED,
        proposals="m1 | 2026-07-04",
        proposed="""
            order | date       | step        | findings
            m1    | 2026-07-04 | maintenance | late warning W7, catch-up-required warning P7, near-boundary info F8
            order | date       | plan
            m1 | 2026-07-04 | maintenance 2026-07-04, catch-up 2026-07-18, maintenance 2026-11-18,\
                maintenance 2027-03-18
        """,
    ),
    Case(
        "An order for the day on which 16 months are over begins two extra doses",
        "P7 F8",
        "2026-06-01",
        source=TABLE,
        history=LOADED,
        proposals="m1 | 2026-07-05",
        proposed="""
            order | date       | plan
            m1 | 2026-07-05 | maintenance 2026-07-05, catch-up 2026-07-19, catch-up 2026-08-02, maintenance 2026-12-02
        """,
    ),
    Case(
        "An order for 16 months and a day begins two extra doses",
        "P7 F8",
        "2026-06-01",
        source=TABLE,
        history=LOADED,
        proposals="m1 | 2026-07-06",
        proposed="""
            order | date       | plan
            m1 | 2026-07-06 | maintenance 2026-07-06, catch-up 2026-07-20, catch-up 2026-08-03, maintenance 2026-12-03
        """,
    ),
    Case(
        "An order for the day before 40 months are over still begins two extra doses",
        "P7 F8",
        "2028-06-01",
        source=TABLE,
        history=LOADED,
        proposals="m1 | 2028-07-04",
        proposed="""
            order | date       | step        | findings
            m1    | 2028-07-04 | maintenance | late warning W7, catch-up-required warning P7, near-boundary info F8
            order | date       | plan
            m1 | 2028-07-04 | maintenance 2028-07-04, catch-up 2028-07-18, catch-up 2028-08-01, maintenance 2028-12-01
        """,
    ),
    Case(
        "An order for the day on which 40 months are over begins the whole loading",
        "P7 F8",
        "2028-06-01",
        source=TABLE,
        history=LOADED,
        proposals="m1 | 2028-07-05",
        proposed="""
            order | date       | step      | findings
            m1    | 2028-07-05 | loading-1 | late warning W7, restart-required warning P7, near-boundary info F8
            order | date       | plan
            m1    | 2028-07-05 | loading-1 2028-07-05, loading-2 2028-07-19, loading-3 2028-08-02, loading-4 2028-09-06
        """,
    ),
    Case(
        "An order for 40 months and a day begins the whole loading",
        "P7 F8",
        "2028-06-01",
        source=TABLE,
        history=LOADED,
        proposals="m1 | 2028-07-06",
        proposed="""
            order | date       | step      | findings
            m1    | 2028-07-06 | loading-1 | late warning W7, restart-required warning P7, near-boundary info F8
        """,
    ),
    Case(
        "4 days from a boundary only one action is shown",
        "P7 F8",
        "2025-10-01",
        history=LOADED,
        proposals="m1 | 2025-11-09",
        proposed="m1 | 2025-11-09 | maintenance | 249 | late warning W7, catch-up-required warning P7",
    ),
    Case(
        "The table holds after an undefined schedule, too",
        "P7 F5",
        "2025-11-01",
        history=UNDEFINED,
        proposals="m1 | 2026-07-23",
        proposed="m1 | 2026-07-23 | maintenance | 273 | late warning W7, catch-up-required warning P7",
    ),
    Case(
        "Under the text of 2017 an order after 8 months is late and nothing more",
        "P7 W9",
        "2025-10-01",
        regimen="eu-12mg-2017",
        history=LOADED,
        proposals="m1 | 2025-11-05",
        proposed="m1 | 2025-11-05 | maintenance | 245 | late warning W9 | - | -",
    ),
)

WHEN = (
    Case(
        "Every event of the timing is a date, and comes before all other ways to say when",
        "P2 D1",
        "2026-01-05",
        resources="record | effective\na1 | 2026-01-01",
        orders="""
            order | when
            m1    | event 2026-01-14T12:00:00Z 2026-01-29; bounds 2026-02-01; validity 2026-03-01; authored 2026-01-05
        """,
        judged="m1 2026-01-15, m1 2026-01-29",
        proposed="""
            m1 | 2026-01-15 | loading-2 | 14 | -
            m1 | 2026-01-29 | loading-3 | 14 | -
        """,
    ),
    Case(
        "Then the start of the timing's bounds, then that of the validity",
        "P2",
        "2026-01-05",
        orders="""
            order | when
            m1    | bounds 2026-02-01; validity 2026-03-01; authored 2026-01-06
            m2    | validity 2026-03-01; authored 2026-01-06
        """,
        judged="m1 2026-02-01, m2 2026-03-01",
    ),
    Case(
        "The day on which it was written is not when it is to be given",
        "P2 P1",
        "2026-01-05",
        orders="""
            order | when
            m1    | authored 2026-01-06
        """,
        judged="m1 2026-01-05",
        proposed="m1 | 2026-01-05 | loading-1 | - | proposed-date-assumed info P1",
    ),
    Case(
        "A date before today is not a proposed date; today is",
        "P2",
        "2026-01-05",
        orders="""
            order | when
            m1    | event 2026-01-04 2026-02-05
            m2    | event 2026-01-05
        """,
        judged="m2 2026-01-05, m1 2026-02-05",
        proposed="m2 | 2026-01-05 | loading-1 | - | -",
    ),
    Case(
        "Orders cancelled, stopped, completed, entered in error, or not to be done propose nothing",
        "P2",
        "2026-01-05",
        orders="""
            order | status           | when             | not
            m1    | cancelled        | event 2026-01-05 |
            m2    | stopped          | event 2026-01-05 |
            m3    | completed        | event 2026-01-05 |
            m4    | entered-in-error | event 2026-01-05 |
            m5    | draft            | event 2026-01-05 | doNotPerform
            m6    | draft            | event 2026-01-06 |
            m7    | active           | event 2026-02-06 |
        """,
        judged="m6 2026-01-06, m7 2026-02-06",
    ),
    Case(
        "Orders of other drugs propose nothing",
        "P2 C1",
        "2026-01-05",
        orders="""
            order | medication            | when
            m1    | text "Paracetamol"    | event 2026-01-05
            m2    | UNII 2NU6F9601K       | event 2026-01-05
            m3    | LOCAL 4711 "Spinraza" | event 2026-01-06
        """,
        judged="m3 2026-01-06",
    ),
    Case(
        "A date of the past is passed over for the next way to say when; a month is no date to judge",
        "P2",
        "2026-01-05",
        orders="""
            order | when
            m1    | event 2026-01-04; validity 2026-02-01
            m2    | event 2026-03
        """,
        judged="m2 2026-01-05, m1 2026-02-01",
        proposed="""
            m1 | 2026-02-01 | loading-1 | - | -
            m2 | 2026-01-05 | loading-1 | - | proposed-date-assumed info P1
        """,
    ),
    Case(
        "An order whose parts contradict one another is judged, since too early should not go unsaid",
        "P2 C1",
        "2026-01-10",
        resources="record | effective\na1 | 2026-01-01",
        orders="""
            order | medication                   | when
            m1    | ATC N02BE01; text "Spinraza" | event 2026-01-12
        """,
        proposed="""
            m1 | 2026-01-12 | loading-2 | 11 | interval-too-short critical W2, unreadable-record warning C1 | -
        """,
    ),
    Case(
        "An order's amount and route are read like those of a dose given",
        "P1 C4 C5",
        "2026-01-05",
        orders="""
            order | when             | dose  | route
            m1    | event 2026-01-05 | 12 mg | SNOMED 72607000
            m2    | event 2026-02-05 | 28 mg | SNOMED 47625008
        """,
        proposed="""
            m1 | 2026-01-05 | loading-1 | -  | -
            m2 | 2026-02-05 | loading-2 | 31 | unexpected-route critical C4, late warning W3,\
                unexpected-amount warning C5
        """,
    ),
)

CHAPTER = Chapter(
    6,
    "A proposed date: doubts, long delays, and where an order says when",
    "Where the forecast is a decision, only what presumes no schedule is said. From 8 months after the last dose the"
    " label's table says what a dose on the proposed date would begin.",
    DECISIONS + POSSIBLE_DOSES + TABLE_AT_P + WHEN,
)
