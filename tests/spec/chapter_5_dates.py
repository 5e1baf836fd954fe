"""Section 5: the forecast, third part: status, dates, the table on the day asked about, and the plan."""

from __future__ import annotations

from tests.spec.case import Case, Chapter

LOADED = """
    a1 | 2025-01-01
    a2 | 2025-01-15
    a3 | 2025-01-29
    a4 | 2025-03-05
"""
LATE_ONCE = LOADED + "a5 | 2025-08-10\n"
THREE_LOADING = """
    a1 | 2025-01-01
    a2 | 2025-01-15
    a3 | 2025-01-29
"""
TABLE = "EU SmPC 4.2, table for delayed maintenance doses"

STATUS = (
    Case(
        "Maintenance: all dates of the forecast",
        "F3 F7 F9",
        "2025-04-01",
        history=LOADED,
        forecast="""
            status: upcoming
            step: maintenance
            earliest: 2025-03-19
            recommended: 2025-07-05
            overdue_from: 2025-08-03
            plan: maintenance 2025-07-05, maintenance 2025-11-05, maintenance 2026-03-05, maintenance 2026-07-05
            options: -
            findings: -
        """,
    ),
    Case(
        "29 days before the day, maintenance is upcoming",
        "F7",
        "2025-06-06",
        history=LOADED,
        forecast="status: upcoming",
    ),
    Case(
        "28 days before the day, maintenance is due",
        "F7",
        "2025-06-07",
        history=LOADED,
        forecast="status: due\nfindings: -",
    ),
    Case(
        "28 days after the day, maintenance is still due",
        "F7",
        "2025-08-02",
        history=LOADED,
        forecast="status: due\nfindings: -",
    ),
    Case(
        "29 days after the day, maintenance is overdue",
        "F7",
        "2025-08-03",
        history=LOADED,
        forecast="""
            status: overdue
            recommended: 2025-07-05
            overdue_from: 2025-08-03
            findings: overdue warning F7
        """,
    ),
    Case(
        "After a late dose the original date is recommended, but overdue counts from 4 months after the dose",
        "F3 F7",
        "2026-01-07",
        history=LATE_ONCE,
        forecast="""
            status: due
            earliest: 2025-08-24
            recommended: 2025-11-05
            overdue_from: 2026-01-08
            findings: -
        """,
    ),
    Case(
        "4 months and 29 days after a late dose the next one is overdue",
        "F3 F7",
        "2026-01-08",
        history=LATE_ONCE,
        forecast="status: overdue\nfindings: overdue warning F7",
    ),
    Case(
        "A loading dose 14 days after the last is never due before that day, tolerance or not",
        "F2 F7",
        "2025-01-14",
        history="a1 | 2025-01-01",
        forecast="status: upcoming\nstep: loading-2\nearliest: 2025-01-15\nrecommended: 2025-01-15",
    ),
    Case(
        "On the 14th day the second loading dose is due",
        "F2 F7",
        "2025-01-15",
        history="a1 | 2025-01-01",
        forecast="status: due",
    ),
    Case(
        "A week after its day the second loading dose is still due",
        "F2 F7",
        "2025-01-22",
        history="a1 | 2025-01-01",
        forecast="status: due\nfindings: -",
    ),
    Case(
        "8 days after its day the second loading dose is overdue",
        "F2 F7",
        "2025-01-23",
        history="a1 | 2025-01-01",
        forecast="status: overdue\noverdue_from: 2025-01-23\nfindings: overdue warning F7",
    ),
    Case(
        "The fourth loading dose is due from a week before its day",
        "F2 F7",
        "2025-02-26",
        history=THREE_LOADING,
        forecast="""
            status: due
            step: loading-4
            earliest: 2025-02-12
            recommended: 2025-03-05
            overdue_from: 2025-03-13
        """,
    ),
    Case(
        "8 days before its day the fourth loading dose is upcoming",
        "F2 F7",
        "2025-02-25",
        history=THREE_LOADING,
        forecast="status: upcoming\nstep: loading-4",
    ),
    Case(
        "Under the US text the fourth loading dose is recommended 5 days earlier",
        "F2",
        "2025-02-10",
        regimen="us-12mg",
        history=THREE_LOADING,
        forecast="step: loading-4\nrecommended: 2025-02-28\noverdue_from: 2025-03-08",
    ),
    Case(
        "Without a table a maintenance dose stays overdue however long ago the last one was",
        "F7 W9",
        "2029-01-01",
        regimen="eu-12mg-2017",
        history=LOADED,
        forecast="""
            status: overdue
            step: maintenance
            recommended: 2025-07-05
            overdue_from: 2025-08-03
            plan: maintenance 2029-01-01, maintenance 2029-05-01, maintenance 2029-09-01, maintenance 2030-01-01
            findings: overdue warning F7
        """,
    ),
)


def _near(day: str, findings: str, title: str) -> Case:
    return Case(title, "F8", day, history=LOADED, forecast=f"findings: {findings}")


OVERDUE, NEAR = "overdue warning F7", "near-boundary info F8"
CATCH_UP, RESTART = "catch-up-required warning F6", "restart-required warning F6"

BOUNDARIES = (
    _near("2025-11-01", OVERDUE, "4 days before 8 months are over: overdue, nothing else"),
    _near(
        "2025-11-02",
        f"{OVERDUE}, {NEAR}",
        "3 days before 8 months are over: near the boundary, so both actions are to be shown",
    ),
    _near("2025-11-08", f"{CATCH_UP}, {NEAR}", "3 days after 8 months: still near it"),
    _near("2025-11-09", CATCH_UP, "4 days after 8 months: the extra dose, nothing else"),
    _near("2026-07-01", CATCH_UP, "4 days before 16 months are over"),
    _near("2026-07-02", f"{CATCH_UP}, {NEAR}", "3 days before 16 months are over"),
    _near("2026-07-08", f"{CATCH_UP}, {NEAR}", "3 days after 16 months: still near the boundary"),
    _near("2026-07-09", CATCH_UP, "4 days after 16 months: two extra doses, nothing else"),
    _near("2028-07-01", CATCH_UP, "4 days before 40 months are over"),
    _near("2028-07-02", f"{CATCH_UP}, {NEAR}", "3 days before 40 months are over"),
    _near("2028-07-08", f"{RESTART}, {NEAR}", "3 days after 40 months: still near the boundary"),
    _near("2028-07-09", RESTART, "4 days after 40 months: the whole loading, nothing else"),
    Case(
        "With only the month of the last dose known: near the boundary from 3 days before 8 months after its first day",
        "F8 D5",
        "2026-02-26",
        history=LOADED + "a5 | 2025-07",
        forecast="findings: overdue warning F7, near-boundary info F8",
    ),
    Case(
        "With only the month of the last dose known: 4 days before 8 months after its first day",
        "F8 D5",
        "2026-02-25",
        history=LOADED + "a5 | 2025-07",
        forecast="findings: overdue warning F7",
    ),
    Case(
        "With only the month of the last dose known: near the boundary until 8 months and 3 days after its last day",
        "F8 D5 F6",
        "2026-04-03",
        history=LOADED + "a5 | 2025-07",
        forecast="findings: catch-up-required warning F6, near-boundary info F8",
    ),
    Case(
        "With only the month of the last dose known: 8 months and 4 days after its last day",
        "F8 D5 F6",
        "2026-04-04",
        history=LOADED + "a5 | 2025-07",
        forecast="findings: catch-up-required warning F6",
    ),
    Case(
        "A boundary is near beside a decision, too",
        "F8 F1",
        "2025-11-02",
        whole=False,
        history=LOADED,
        forecast="""
            status: decision
            findings: overdue warning F7, history-incomplete warning F1, near-boundary info F8
        """,
    ),
    Case(
        "In loading there is no boundary of 8 months",
        "F8",
        "2025-09-15",
        history="a1 | 2025-01-15",
        forecast="findings: overdue warning F7, loading-not-documented warning F2",
    ),
    Case(
        "Under the text of 2017 there is no boundary of 8 months",
        "F8 W9",
        "2025-11-05",
        regimen="eu-12mg-2017",
        history=LOADED,
        forecast="findings: overdue warning F7",
    ),
)

PLAN = (
    Case(
        "Overdue in loading: the plan begins today and keeps the intervals",
        "F9",
        "2025-02-01",
        history="a1 | 2025-01-01",
        forecast="""
            status: overdue
            plan: loading-2 2025-02-01, loading-3 2025-02-15, loading-4 2025-03-22, maintenance 2025-07-22
        """,
    ),
    Case(
        "Overdue in maintenance, 14 days before the next original date: it is kept in the plan",
        "F9 W7",
        "2025-10-22",
        history=LOADED,
        forecast="""
            plan: maintenance 2025-10-22, maintenance 2025-11-05, maintenance 2026-03-05, maintenance 2026-07-05
        """,
    ),
    Case(
        "Overdue in maintenance, 13 days before the next original date: the plan ends with the dose of today",
        "F9 W7",
        "2025-10-23",
        history=LOADED,
        forecast="""
            status: overdue
            plan: maintenance 2025-10-23
        """,
    ),
    Case(
        "A dose that is due already is planned for its day, not for today",
        "F9",
        "2025-06-10",
        history=LOADED,
        forecast="""
            status: due
            plan: maintenance 2025-07-05, maintenance 2025-11-05, maintenance 2026-03-05, maintenance 2026-07-05
        """,
    ),
)

CHAPTER = Chapter(
    5,
    "The forecast: status, dates and plan",
    "The next dose is upcoming, due (from the tolerance before its day) or overdue (after the tolerance). From 8 months"
    " without a dose the label's table says what a dose on the day asked about would begin. Unless a case says"
    " otherwise, loading ended on 5 March 2025: maintenance is due on 5 July, and 8, 16 and 40 months are over on"
    " 5 November 2025, 5 July 2026 and 5 July 2028.",
    STATUS + BOUNDARIES + PLAN,
)
