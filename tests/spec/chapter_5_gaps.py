"""Section 5: the forecast, second part: gaps that no label text covers."""

from __future__ import annotations

from tests.spec.case import Case, Chapter

LOADED = """
    a1 | 2025-01-01
    a2 | 2025-01-15
    a3 | 2025-01-29
    a4 | 2025-03-05
"""
UNDEFINED = LOADED + "a5 | 2025-10-23\n"
ONE_EXTRA = LOADED + "a5 | 2025-11-05\n"
TWO_LOADING = """
    a1 | 2025-01-01
    a2 | 2025-01-15
"""
TRANSFERRED = """
    a1 | 2025-01-15
    a2 | 2025-06-15
"""

UNDOCUMENTED = (
    Case(
        "Three months after a single dose the second loading dose is overdue",
        "F2 F7",
        "2025-04-15",
        history="a1 | 2025-01-15",
        forecast="""
            status: overdue
            step: loading-2
            earliest: 2025-01-29
            recommended: 2025-01-29
            overdue_from: 2025-02-06
            findings: overdue warning F7
        """,
    ),
    Case(
        "A day later a clinician decides: either loading stopped, or the earlier doses are not in this record",
        "F2 F7",
        "2025-04-16",
        history="a1 | 2025-01-15",
        doses="a1 | loading-1 | - | -",
        series="-",
        forecast="""
            status: decision
            step: loading-2
            earliest: 2025-01-29
            recommended: -
            overdue_from: -
            plan: -
            options: 2025-01-29, 2025-05-15
            findings: overdue warning F7, loading-not-documented warning F2
        """,
    ),
    Case(
        "The older texts leave the same doubt",
        "F2 W4",
        "2025-04-16",
        regimen="us-12mg-2016",
        history="a1 | 2025-01-15",
        forecast="""
            status: decision
            options: 2025-01-29, 2025-05-15
            findings: overdue warning F7, loading-not-documented warning F2
        """,
    ),
    Case(
        "A patient transferred on maintenance: two doses 5 months apart leave both options open",
        "F2 W4",
        "2025-07-01",
        history=TRANSFERRED,
        forecast="""
            status: decision
            step: maintenance
            earliest: 2025-06-29
            recommended: -
            plan: -
            options: 2025-06-29, 2025-10-15
            findings: loading-not-documented warning F2
        """,
    ),
    Case(
        "A third dose two weeks later does not end the doubt",
        "F2 W4",
        "2025-07-10",
        history=TRANSFERRED + "a3 | 2025-06-29",
        forecast="""
            status: decision
            options: 2025-07-13, 2025-10-29
            findings: loading-not-documented warning F2
        """,
    ),
    Case(
        "Nor does one exactly 3 months later",
        "F2 W4",
        "2025-10-01",
        history=TRANSFERRED + "a3 | 2025-09-15",
        forecast="""
            status: decision
            options: 2025-09-29, 2026-01-15
            findings: loading-not-documented warning F2
        """,
    ),
    Case(
        "One more than 3 months later is a regular maintenance dose, and ends it",
        "F2 W4 W7",
        "2025-10-01",
        history=TRANSFERRED + "a3 | 2025-09-16",
        doses="""
            a3 | maintenance | 93 | schedule-shifted info W7
        """,
        series="loading-not-documented warning W4",
        forecast="""
            status: upcoming
            recommended: 2026-01-16
            findings: -
        """,
    ),
    Case(
        "An incomplete history is named before undocumented loading",
        "F1 F2",
        "2025-05-01",
        history="a1 | 2025-01-15\nu1 | - | | unreadable: date-missing",
        forecast="""
            status: decision
            step: loading-2
            options: -
            findings: overdue warning F7, history-incomplete warning F1
        """,
    ),
)

INTERRUPTED = (
    Case(
        "Three months after the second loading dose the third is overdue",
        "F2 F7",
        "2025-04-15",
        history=TWO_LOADING,
        forecast="""
            status: overdue
            step: loading-3
            recommended: 2025-01-29
            findings: overdue warning F7
        """,
    ),
    Case(
        "A day later a clinician decides: no label text covers so long a gap in loading",
        "F2 F7",
        "2025-04-16",
        history=TWO_LOADING,
        forecast="""
            status: decision
            step: loading-3
            earliest: 2025-01-29
            recommended: -
            plan: -
            options: -
            findings: overdue warning F7, loading-interrupted warning F2
        """,
    ),
    Case(
        "Under the text of 2017 loading simply goes on",
        "F2 W9",
        "2025-04-16",
        regimen="eu-12mg-2017",
        history=TWO_LOADING,
        forecast="""
            status: overdue
            step: loading-3
            recommended: 2025-01-29
            findings: overdue warning F7
        """,
    ),
    Case(
        "A loading dose after so long a gap does not end the doubt",
        "F2 W5",
        "2025-04-20",
        history=TWO_LOADING + "a3 | 2025-04-16",
        forecast="""
            status: decision
            step: loading-4
            earliest: 2025-04-30
            options: -
            findings: loading-interrupted warning F2
        """,
    ),
    Case(
        "Nor does the last loading dose end it, on time after the gap",
        "F2 W5",
        "2025-06-01",
        history=TWO_LOADING + "a3 | 2025-04-16\na4 | 2025-05-21",
        forecast="""
            status: decision
            step: maintenance
            findings: loading-interrupted warning F2
        """,
    ),
    Case(
        "The first regular maintenance dose ends the doubt about loading",
        "F2 W5",
        "2025-10-01",
        history=TWO_LOADING + "a3 | 2025-04-16\na4 | 2025-05-21\na5 | 2025-09-21",
        forecast="""
            status: upcoming
            recommended: 2026-01-21
            findings: -
        """,
    ),
    Case(
        "A gap in loading is named before a dose that came too early",
        "F2 F3a",
        "2025-04-20",
        history="""
            a1 | 2025-01-01
            a2 | 2025-01-14
            a3 | 2025-04-16
        """,
        forecast="""
            status: decision
            findings: loading-interrupted warning F2
        """,
    ),
)

EXTRA_DOSE = (
    Case(
        "The extra dose is due 14 days after the delayed one and not before",
        "F4 F7",
        "2025-11-18",
        history=ONE_EXTRA,
        forecast="""
            status: upcoming
            step: catch-up
            earliest: 2025-11-19
            recommended: 2025-11-19
            overdue_from: 2025-11-27
            plan: catch-up 2025-11-19, maintenance 2026-03-19, maintenance 2026-07-19, maintenance 2026-11-19
            findings: -
        """,
    ),
    Case(
        "On the 14th day the extra dose is due",
        "F4 F7",
        "2025-11-19",
        history=ONE_EXTRA,
        forecast="status: due\nfindings: -",
    ),
    Case(
        "Three months after the delayed dose the extra dose is overdue",
        "F4 F7",
        "2026-02-05",
        history=ONE_EXTRA,
        forecast="""
            status: overdue
            step: catch-up
            recommended: 2025-11-19
            findings: overdue warning F7
        """,
    ),
    Case(
        "Three months and a day after it a clinician decides: the extra dose was left out",
        "F4 F7",
        "2026-02-06",
        history=ONE_EXTRA,
        forecast="""
            status: decision
            step: catch-up
            earliest: 2025-11-19
            recommended: -
            overdue_from: -
            plan: -
            options: -
            findings: overdue warning F7, catch-up-omitted warning F4
        """,
    ),
)

UNDEFINED_SCHEDULE = (
    Case(
        "A late dose 13 days before the next original date leaves three options, none recommended",
        "F5 W7",
        "2025-11-01",
        history=UNDEFINED,
        forecast="""
            status: decision
            step: maintenance
            earliest: 2025-11-06
            recommended: -
            overdue_from: -
            plan: -
            options: 2025-11-06, 2026-02-23, 2026-03-05
            findings: schedule-undefined warning F5
        """,
    ),
    Case(
        "Where two options fall on one day it is named once: 4 months after 30 October, and the slot of 31 October",
        "F5 D3 D4",
        "2025-11-01",
        history="""
            a1 | 2024-08-29
            a2 | 2024-09-12
            a3 | 2024-09-26
            a4 | 2024-10-31
            a5 | 2025-03-10
            a6 | 2025-10-30
        """,
        doses="""
            a5 | maintenance | 130 | -
            a6 | maintenance | 234 | late warning W7, schedule-undefined warning W7
        """,
        forecast="""
            status: decision
            options: 2025-11-13, 2026-03-01
        """,
    ),
    Case(
        "4 months and 28 days after such a dose nothing is overdue yet",
        "F5 F7",
        "2026-03-23",
        history=UNDEFINED,
        forecast="""
            status: decision
            findings: schedule-undefined warning F5
        """,
    ),
    Case(
        "4 months and 29 days after such a dose the next one is overdue, still without a date that is recommended",
        "F5 F7",
        "2026-03-24",
        history=UNDEFINED,
        forecast="""
            status: decision
            overdue_from: -
            findings: overdue warning F7, schedule-undefined warning F5
        """,
    ),
    Case(
        "The schedule stays undefined until the day before 8 months have passed",
        "F5 F8",
        "2026-06-22",
        history=UNDEFINED,
        forecast="""
            status: decision
            options: 2025-11-06, 2026-02-23, 2026-03-05
            findings: overdue warning F7, schedule-undefined warning F5, near-boundary info F8
        """,
    ),
    Case(
        "From 8 months on the table speaks, and the dose that was missed has no date",
        "F6 F5",
        "2026-06-23",
        history=UNDEFINED,
        forecast="""
            status: overdue
            step: maintenance
            earliest: 2025-11-06
            recommended: -
            overdue_from: -
            plan: maintenance 2026-06-23, catch-up 2026-07-07, maintenance 2026-11-07, maintenance 2027-03-07
            options: -
            findings: catch-up-required warning F6, near-boundary info F8
        """,
    ),
)

CHAPTER = Chapter(
    5,
    "The forecast: gaps that no label text covers",
    "Undocumented or interrupted loading, an extra dose left out, and a late dose just before the next original date.",
    UNDOCUMENTED + INTERRUPTED + EXTRA_DOSE + UNDEFINED_SCHEDULE,
)
