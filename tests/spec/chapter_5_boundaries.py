"""Section 5: the forecast: the table on the day asked about, and the days near its boundaries."""

from __future__ import annotations

from tests.spec.case import Case, Chapter

LOADED = """
    a1 | 2025-01-01
    a2 | 2025-01-15
    a3 | 2025-01-29
    a4 | 2025-03-05
"""

LATE_ONCE = LOADED + "a5 | 2025-08-10\n"

TABLE = "EU SmPC 4.2, table for delayed maintenance doses"

DELAY = (
    Case(
        "Asked 8 months after the last dose, less one day: overdue, and near the boundary",
        "F6 F7 F8",
        "2025-11-04",
        source=TABLE,
        history=LOADED,
        forecast="""
            status: overdue
            step: maintenance
            plan: maintenance 2025-11-04
            findings: overdue warning F7, near-boundary info F8
        """,
    ),
    Case(
        "Asked 8 months after the last dose, to the day: an extra dose is required; the dates of the missed dose stay",
        "F6 F9",
        "2025-11-05",
        source=TABLE,
        history=LOADED,
        forecast="""
            status: overdue
            step: maintenance
            earliest: 2025-03-19
            recommended: 2025-07-05
            overdue_from: 2025-08-03
            plan: maintenance 2025-11-05, catch-up 2025-11-19, maintenance 2026-03-19, maintenance 2026-07-19
            options: -
            findings: catch-up-required warning F6, near-boundary info F8
        """,
    ),
    Case(
        "Asked 8 months and a day after the last dose: the same, a day later",
        "F6 F9",
        "2025-11-06",
        source=TABLE,
        history=LOADED,
        forecast="""
            status: overdue
            step: maintenance
            plan: maintenance 2025-11-06, catch-up 2025-11-20, maintenance 2026-03-20, maintenance 2026-07-20
            findings: catch-up-required warning F6, near-boundary info F8
        """,
    ),
    Case(
        "Asked 16 months after the last dose, less one day: one extra dose",
        "F6 F9",
        "2026-07-04",
        source=TABLE,
        history=LOADED,
        forecast="""
            status: overdue
            step: maintenance
            plan: maintenance 2026-07-04, catch-up 2026-07-18, maintenance 2026-11-18, maintenance 2027-03-18
            findings: catch-up-required warning F6, near-boundary info F8
        """,
    ),
    Case(
        "Asked 16 months after the last dose, to the day: two extra doses",
        "F6 F9",
        "2026-07-05",
        source=TABLE,
        history=LOADED,
        forecast="""
            status: overdue
            step: maintenance
            plan: maintenance 2026-07-05, catch-up 2026-07-19, catch-up 2026-08-02, maintenance 2026-12-02
            findings: catch-up-required warning F6, near-boundary info F8
        """,
    ),
    Case(
        "Asked 16 months and a day after the last dose: the same, a day later",
        "F6 F9",
        "2026-07-06",
        source=TABLE,
        history=LOADED,
        forecast="""
            plan: maintenance 2026-07-06, catch-up 2026-07-20, catch-up 2026-08-03, maintenance 2026-12-03
            findings: catch-up-required warning F6, near-boundary info F8
        """,
    ),
    Case(
        "Asked 40 months after the last dose, less one day: two extra doses",
        "F6 F9",
        "2028-07-04",
        source=TABLE,
        history=LOADED,
        forecast="""
            status: overdue
            step: maintenance
            plan: maintenance 2028-07-04, catch-up 2028-07-18, catch-up 2028-08-01, maintenance 2028-12-01
            findings: catch-up-required warning F6, near-boundary info F8
        """,
    ),
    Case(
        "Asked 40 months after the last dose, to the day: the whole loading again",
        "F6 F9",
        "2028-07-05",
        source=TABLE,
        history=LOADED,
        forecast="""
            status: overdue
            step: loading-1
            recommended: 2025-07-05
            overdue_from: 2025-08-03
            plan: loading-1 2028-07-05, loading-2 2028-07-19, loading-3 2028-08-02, loading-4 2028-09-06
            findings: restart-required warning F6, near-boundary info F8
        """,
    ),
    Case(
        "Asked 40 months and a day after the last dose: the same, a day later",
        "F6 F9",
        "2028-07-06",
        source=TABLE,
        history=LOADED,
        forecast="""
            step: loading-1
            plan: loading-1 2028-07-06, loading-2 2028-07-20, loading-3 2028-08-03, loading-4 2028-09-07
            findings: restart-required warning F6, near-boundary info F8
        """,
    ),
    Case(
        "The months count from the last dose, also where it kept the original schedule",
        "F6",
        "2026-04-10",
        history=LATE_ONCE,
        forecast="""
            status: overdue
            recommended: 2025-11-05
            overdue_from: 2026-01-08
            plan: maintenance 2026-04-10, catch-up 2026-04-24, maintenance 2026-08-24, maintenance 2026-12-24
            findings: catch-up-required warning F6, near-boundary info F8
        """,
    ),
)

CHAPTER = Chapter(
    5,
    "The forecast: 8, 16 and 40 months without a dose",
    "From 8 months without a dose the table of the label says what a dose on the day asked about would begin."
    " Loading ended on 5 March 2025; maintenance was due on 5 July, and 8, 16 and 40 months are over on 5 November"
    " 2025, 5 July 2026 and 5 July 2028.",
    DELAY,
)
