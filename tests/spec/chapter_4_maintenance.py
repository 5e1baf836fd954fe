"""Section 4: walking the history, second part: maintenance with the table for delayed doses."""

from __future__ import annotations

from tests.spec.case import Case, Chapter

LOADED = """
    a1 | 2025-01-01
    a2 | 2025-01-15
    a3 | 2025-01-29
    a4 | 2025-03-05
"""
TABLE = "EU SmPC 4.2, table for delayed maintenance doses"

ON_TIME = (
    Case(
        "Maintenance on the day",
        "W7 W6",
        "2025-07-10",
        history=LOADED + "a5 | 2025-07-05",
        doses="""
            a5 | maintenance | 122 | -
        """,
        forecast="""
            recommended: 2025-11-05
        """,
    ),
    Case(
        "28 days early is within tolerance; later doses count from the early one",
        "W7",
        "2025-07-10",
        history=LOADED + "a5 | 2025-06-07",
        doses="""
            a5 | maintenance | 94 | earlier-than-schedule info W7
        """,
        forecast="""
            recommended: 2025-10-07
        """,
    ),
    Case(
        "29 days early is beyond tolerance",
        "W7",
        "2025-07-10",
        history=LOADED + "a5 | 2025-06-06",
        doses="""
            a5 | maintenance | 93 | earlier-than-schedule warning W7
        """,
        forecast="""
            recommended: 2025-10-06
        """,
    ),
    Case(
        "One day late: nothing to say, and the next dose stays on its original date",
        "W7 D4",
        "2025-07-10",
        source=TABLE,
        history=LOADED + "a5 | 2025-07-06",
        doses="""
            a5 | maintenance | 123 | -
        """,
        forecast="""
            recommended: 2025-11-05
        """,
    ),
    Case(
        "28 days late is within tolerance",
        "W7",
        "2025-08-10",
        history=LOADED + "a5 | 2025-08-02",
        doses="""
            a5 | maintenance | 150 | -
        """,
        forecast="""
            recommended: 2025-11-05
        """,
    ),
    Case(
        "29 days late is late; the next dose stays on its original date",
        "W7",
        "2025-08-10",
        source=TABLE,
        history=LOADED + "a5 | 2025-08-03",
        doses="""
            a5 | maintenance | 151 | late warning W7
        """,
        forecast="""
            recommended: 2025-11-05
        """,
    ),
)

ORIGINAL_DATE = (
    Case(
        "A late dose 14 days before the next original date: that date is kept",
        "W7",
        "2025-10-25",
        source=TABLE,
        history=LOADED + "a5 | 2025-10-22",
        doses="""
            a5 | maintenance | 231 | late warning W7
        """,
        forecast="""
            status: upcoming
            recommended: 2025-11-05
        """,
    ),
    Case(
        "A late dose 13 days before the next original date: no label says what follows",
        "W7 F5",
        "2025-10-25",
        source=TABLE,
        history=LOADED + "a5 | 2025-10-23",
        doses="""
            a5 | maintenance | 232 | late warning W7, schedule-undefined warning W7
        """,
        forecast="""
            status: decision
            findings: schedule-undefined warning F5
        """,
    ),
    Case(
        "After such a dose only the minimum interval is judged: 13 days is too early",
        "W7 W2",
        "2025-11-10",
        history=LOADED + "a5 | 2025-10-23\na6 | 2025-11-05",
        doses="""
            a6 | maintenance | 13 | interval-too-short critical W2
        """,
    ),
    Case(
        "14 days is not, and the schedule counts from it",
        "W7 W2",
        "2025-11-10",
        history=LOADED + "a5 | 2025-10-23\na6 | 2025-11-06",
        doses="""
            a6 | maintenance | 14 | -
        """,
        forecast="""
            status: upcoming
            recommended: 2026-03-06
        """,
    ),
    Case(
        "A day short of 8 months after such a dose nothing is called late",
        "W7",
        "2026-06-25",
        history=LOADED + "a5 | 2025-10-23\na6 | 2026-06-22",
        doses="""
            a6 | maintenance | 242 | -
        """,
        forecast="""
            step: maintenance
            recommended: 2026-10-22
        """,
    ),
    Case(
        "From 8 months on the table speaks again",
        "W7 W8",
        "2026-06-25",
        source=TABLE,
        history=LOADED + "a5 | 2025-10-23\na6 | 2026-06-23",
        doses="""
            a6 | maintenance | 243 | late warning W7
        """,
        forecast="""
            step: catch-up
            plan: catch-up 2026-07-07, maintenance 2026-11-07, maintenance 2027-03-07, maintenance 2027-07-07
        """,
    ),
)

# The fifth dose is 36 days late; the sixth is due on its original date, 5 November.
LATE_ONCE = LOADED + "a5 | 2025-08-10\n"

SHIFTED = (
    Case(
        "After a late dose the next one on its original date is on time",
        "W7",
        "2025-11-10",
        history=LATE_ONCE + "a6 | 2025-11-05",
        doses="""
            a5 | maintenance | 158 | late warning W7
            a6 | maintenance | 87  | -
        """,
        forecast="""
            recommended: 2026-03-05
        """,
    ),
    Case(
        "A day before the original date is earlier than schedule, though 3 months have passed",
        "W7",
        "2025-11-10",
        history=LATE_ONCE + "a6 | 2025-11-04",
        doses="""
            a6 | maintenance | 86 | earlier-than-schedule info W7
        """,
        forecast="""
            recommended: 2026-03-04
        """,
    ),
    Case(
        "A day after the original date it counts as given by interval, and shifts the schedule",
        "W7",
        "2025-11-10",
        history=LATE_ONCE + "a6 | 2025-11-06",
        doses="""
            a6 | maintenance | 88 | schedule-shifted info W7
        """,
        forecast="""
            recommended: 2026-03-06
        """,
    ),
    Case(
        "Up to 4 months and 28 days after the late dose, too",
        "W7",
        "2026-01-10",
        history=LATE_ONCE + "a6 | 2026-01-07",
        doses="""
            a6 | maintenance | 150 | schedule-shifted info W7
        """,
        forecast="""
            recommended: 2026-05-07
        """,
    ),
    Case(
        "A day more is late, and the original schedule goes on",
        "W7",
        "2026-01-10",
        history=LATE_ONCE + "a6 | 2026-01-08",
        doses="""
            a6 | maintenance | 151 | late warning W7
        """,
        forecast="""
            recommended: 2026-03-05
        """,
    ),
)

TABLE_ROWS = (
    Case(
        "8 months without a dose, less one day: late, and a day before the next original date",
        "W7",
        "2025-11-04",
        source=TABLE,
        history=LOADED + "a5 | 2025-11-04",
        doses="""
            a5 | maintenance | 244 | late warning W7, schedule-undefined warning W7
        """,
        forecast="""
            step: maintenance
        """,
    ),
    Case(
        "8 months to the day: one extra dose 14 days later, then maintenance 4 months after it",
        "W7 W8",
        "2025-11-05",
        source=TABLE,
        history=LOADED + "a5 | 2025-11-05",
        doses="""
            a5 | maintenance | 245 | late warning W7
        """,
        forecast="""
            step: catch-up
            plan: catch-up 2025-11-19, maintenance 2026-03-19, maintenance 2026-07-19, maintenance 2026-11-19
        """,
    ),
    Case(
        "8 months and a day: the same",
        "W7 W8",
        "2025-11-06",
        source=TABLE,
        history=LOADED + "a5 | 2025-11-06",
        doses="""
            a5 | maintenance | 246 | late warning W7
        """,
        forecast="""
            step: catch-up
            plan: catch-up 2025-11-20, maintenance 2026-03-20, maintenance 2026-07-20, maintenance 2026-11-20
        """,
    ),
    Case(
        "The 8 months count from the last dose, not from the schedule: after a late dose, one day short of them",
        "W7",
        "2026-04-09",
        source=TABLE,
        history=LATE_ONCE + "a6 | 2026-04-09",
        doses="""
            a6 | maintenance | 242 | late warning W7
        """,
        forecast="""
            step: maintenance
            recommended: 2026-07-05
        """,
    ),
    Case(
        "and on the day",
        "W7 W8",
        "2026-04-10",
        source=TABLE,
        history=LATE_ONCE + "a6 | 2026-04-10",
        doses="""
            a6 | maintenance | 243 | late warning W7
        """,
        forecast="""
            step: catch-up
            recommended: 2026-04-24
        """,
    ),
    Case(
        "8 months after 31 October end on 1 July: on 30 June they are not over",
        "W7 D3",
        "2026-06-30",
        history="""
            a1 | 2025-08-29
            a2 | 2025-09-12
            a3 | 2025-09-26
            a4 | 2025-10-31
            a5 | 2026-06-30
        """,
        doses="""
            a5 | maintenance | 242 | late warning W7, schedule-undefined warning W7
        """,
    ),
    Case(
        "16 months less one day: one extra dose",
        "W7 W8",
        "2026-07-04",
        source=TABLE,
        history=LOADED + "a5 | 2026-07-04",
        doses="""
            a5 | maintenance | 486 | late warning W7
        """,
        forecast="""
            step: catch-up
            plan: catch-up 2026-07-18, maintenance 2026-11-18, maintenance 2027-03-18, maintenance 2027-07-18
        """,
    ),
    Case(
        "16 months to the day: two extra doses, 14 days apart",
        "W7 W8",
        "2026-07-05",
        source=TABLE,
        history=LOADED + "a5 | 2026-07-05",
        doses="""
            a5 | maintenance | 487 | late warning W7
        """,
        forecast="""
            step: catch-up
            plan: catch-up 2026-07-19, catch-up 2026-08-02, maintenance 2026-12-02, maintenance 2027-04-02
        """,
    ),
    Case(
        "16 months and a day: the same",
        "W7 W8",
        "2026-07-06",
        source=TABLE,
        history=LOADED + "a5 | 2026-07-06",
        doses="""
            a5 | maintenance | 488 | late warning W7
        """,
        forecast="""
            step: catch-up
            plan: catch-up 2026-07-20, catch-up 2026-08-03, maintenance 2026-12-03, maintenance 2027-04-03
        """,
    ),
    Case(
        "40 months less one day: two extra doses",
        "W7 W8",
        "2028-07-04",
        source=TABLE,
        history=LOADED + "a5 | 2028-07-04",
        doses="""
            a5 | maintenance | 1217 | late warning W7
        """,
        forecast="""
            step: catch-up
            plan: catch-up 2028-07-18, catch-up 2028-08-01, maintenance 2028-12-01, maintenance 2029-04-01
        """,
    ),
    Case(
        "40 months to the day: this dose begins the loading again",
        "W7 W3",
        "2028-07-05",
        source=TABLE,
        history=LOADED + "a5 | 2028-07-05",
        doses="""
            a5 | loading-1 | 1218 | late warning W7
        """,
        forecast="""
            step: loading-2
            plan: loading-2 2028-07-19, loading-3 2028-08-02, loading-4 2028-09-06, maintenance 2029-01-06
        """,
    ),
    Case(
        "40 months and a day: the same",
        "W7 W3",
        "2028-07-06",
        source=TABLE,
        history=LOADED + "a5 | 2028-07-06",
        doses="""
            a5 | loading-1 | 1219 | late warning W7
        """,
        forecast="""
            step: loading-2
            plan: loading-2 2028-07-20, loading-3 2028-08-03, loading-4 2028-09-07, maintenance 2029-01-07
        """,
    ),
    Case(
        "The restarted loading is walked like the first, and maintenance counts from its last dose",
        "W7 W3 W6",
        "2028-09-10",
        history=LOADED
        + """
            a5 | 2028-07-05
            a6 | 2028-07-19
            a7 | 2028-08-02
            a8 | 2028-09-06
        """,
        doses="""
            a5 | loading-1 | 1218 | late warning W7
            a6 | loading-2 | 14   | -
            a7 | loading-3 | 14   | -
            a8 | loading-4 | 35   | -
        """,
        forecast="""
            status: upcoming
            step: maintenance
            recommended: 2029-01-06
        """,
    ),
)

CHAPTER = Chapter(
    4,
    "Walking the history: maintenance",
    "Every patient here had a regular loading that ended on 5 March 2025, so maintenance is due on 5 July and"
    " 5 November 2025, 5 March 2026 and so on. 8, 16 and 40 months after 5 March 2025 are 5 November 2025, 5 July 2026"
    " and 5 July 2028. The tolerance is 28 days.",
    ON_TIME + ORIGINAL_DATE + SHIFTED + TABLE_ROWS,
)
