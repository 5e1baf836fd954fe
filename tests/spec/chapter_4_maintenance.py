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
        "Maintenance on the very day it is due",
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
        "Maintenance 28 days early is within tolerance; later doses count from the early one",
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
        "Maintenance 29 days early is beyond tolerance",
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
        "Maintenance one day late: nothing to say, and the next dose stays on its original date",
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
        "Maintenance 28 days late is within tolerance",
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
        "Maintenance 29 days late is late; the next dose stays on its original date",
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
        "14 days after such a dose is not too early, and the schedule counts from it",
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
        "From 8 months after such a dose on, the table speaks again",
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
        "Up to 4 months and 28 days after the late dose it counts as given by interval",
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
        "4 months and 29 days after the late dose is late, and the original schedule goes on",
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
    Case(
        "So late that the day of a further slot has come: the next one after it is kept",
        "W7",
        "2026-03-10",
        history=LATE_ONCE + "a6 | 2026-03-05",
        doses="""
            a6 | maintenance | 207 | late warning W7
        """,
        forecast="""
            status: upcoming
            recommended: 2026-07-05
        """,
    ),
)

CHAPTER = Chapter(
    4,
    "Walking the history: maintenance",
    "Every patient here had a regular loading that ended on 5 March 2025, so maintenance is due on 5 July and"
    " 5 November 2025, 5 March 2026 and so on. 8, 16 and 40 months after 5 March 2025 are 5 November 2025, 5 July 2026"
    " and 5 July 2028. The tolerance is 28 days.",
    ON_TIME + ORIGINAL_DATE + SHIFTED,
)
