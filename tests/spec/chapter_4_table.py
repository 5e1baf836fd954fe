"""Section 4: walking the history: maintenance doses so late that the table speaks."""

from __future__ import annotations

from tests.spec.case import Case, Chapter

LOADED = """
    a1 | 2025-01-01
    a2 | 2025-01-15
    a3 | 2025-01-29
    a4 | 2025-03-05
"""

US_LABEL = "US prescribing information before its revision of 03/2026, section 2.1"
TABLE = "EU SmPC 4.2, table for delayed maintenance doses"

# The fifth dose is 36 days late; the sixth is due on its original date, 5 November.
LATE_ONCE = LOADED + "a5 | 2025-08-10\n"
# The fifth dose comes 8 months after the fourth: one extra dose is due on 19 November.
ONE_EXTRA = LOADED + "a5 | 2025-11-05\n"

TABLE_ROWS = (
    Case(
        "A dose 8 months after the last, less one day: late, and a day before the next original date",
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
        "A dose 8 months after the last, to the day: one extra dose 14 days later, then maintenance 4 months after it",
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
        "A dose 8 months and a day after the last: one extra dose",
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
        "8 months after the late dose, to the day: the extra dose",
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
        "A dose 16 months after the last, less one day: one extra dose",
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
        "A dose 16 months after the last, to the day: two extra doses, 14 days apart",
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
        "A dose 16 months and a day after the last: two extra doses",
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
        "A dose 40 months after the last, less one day: two extra doses",
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
        "A dose 40 months after the last, to the day, begins the loading again",
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
        "A dose 40 months and a day after the last begins the loading again",
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

US_TABLE = (
    Case(
        "Under the US text 8 months less one day: no extra dose, but the next original date is a day away",
        "W7",
        "2025-11-04",
        regimen="us-12mg",
        source=US_LABEL,
        history=LOADED + "a5 | 2025-11-04",
        doses="""
            a5 | maintenance | 244 | late warning W7, schedule-undefined warning W7
        """,
    ),
    Case(
        "Under the US text 8 months: one extra dose",
        "W7 W8",
        "2025-11-05",
        regimen="us-12mg",
        source=US_LABEL,
        history=LOADED + "a5 | 2025-11-05",
        forecast="""
            step: catch-up
            plan: catch-up 2025-11-19, maintenance 2026-03-19, maintenance 2026-07-19, maintenance 2026-11-19
        """,
    ),
    Case(
        "Under the US text 16 months: two extra doses",
        "W7 W8",
        "2026-07-05",
        regimen="us-12mg",
        source=US_LABEL,
        history=LOADED + "a5 | 2026-07-05",
        forecast="""
            step: catch-up
            plan: catch-up 2026-07-19, catch-up 2026-08-02, maintenance 2026-12-02, maintenance 2027-04-02
        """,
    ),
    Case(
        "Under the US text 16 months less one day: one extra dose",
        "W7 W8",
        "2026-07-04",
        regimen="us-12mg",
        source=US_LABEL,
        history=LOADED + "a5 | 2026-07-04",
        forecast="""
            step: catch-up
            plan: catch-up 2026-07-18, maintenance 2026-11-18, maintenance 2027-03-18, maintenance 2027-07-18
        """,
    ),
    Case(
        "Under the US text 40 months less one day: two extra doses",
        "W7 W8",
        "2028-07-04",
        regimen="us-12mg",
        source=US_LABEL,
        history=LOADED + "a5 | 2028-07-04",
        forecast="""
            step: catch-up
            plan: catch-up 2028-07-18, catch-up 2028-08-01, maintenance 2028-12-01, maintenance 2029-04-01
        """,
    ),
    Case(
        "Under the US text 40 months: the loading of the US text again",
        "W7 W3",
        "2028-07-05",
        regimen="us-12mg",
        source=US_LABEL,
        history=LOADED + "a5 | 2028-07-05",
        forecast="""
            step: loading-2
            plan: loading-2 2028-07-19, loading-3 2028-08-02, loading-4 2028-09-01, maintenance 2029-01-01
        """,
    ),
    Case(
        "Under the US text an extra dose may come up to 3 months after the dose before it",
        "W8",
        "2026-02-05",
        regimen="us-12mg",
        history=ONE_EXTRA + "a6 | 2026-02-05",
        doses="a6 | catch-up | 92 | late warning W8",
    ),
    Case(
        "Under the US text a dose 3 months and a day after is no extra dose",
        "W8 W7",
        "2026-02-06",
        regimen="us-12mg",
        history=ONE_EXTRA + "a6 | 2026-02-06",
        doses="a6 | maintenance | 93 | catch-up-omitted warning W8, earlier-than-schedule info W7",
    ),
)

CHAPTER = Chapter(
    4,
    "Walking the history: 8, 16 and 40 months without a dose",
    "Unless a case says otherwise, loading ended on 5 March 2025: 8, 16 and 40 months after it are 5 November"
    " 2025, 5 July 2026 and 5 July 2028. What follows the dose is shown by the forecast.",
    TABLE_ROWS + US_TABLE,
)
