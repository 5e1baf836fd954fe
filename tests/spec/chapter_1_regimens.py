"""Section 1: what the labels prescribe."""

from __future__ import annotations

from tests.spec.case import Case, Chapter

SWISS = "Swiss Fachinfo, Spinraza, 17 November 2022: the worked example"
US_LABEL = "US prescribing information before its revision of 03/2026, section 2.1"


def _limits(regimen: str, early_or_late: str, maintenance: str) -> tuple[Case, ...]:
    """What all four texts share; the two rules are those that judge loading and maintenance under the text."""
    loaded = "a1 | 2025-01-01\na2 | 2025-01-15\na3 | 2025-01-29\na4 | 2025-03-05\n"
    return (
        Case(
            f"{regimen}: a second dose on day 13 is too early",
            "W2",
            "2025-02-01",
            regimen=regimen,
            history="a1 | 2025-01-01\na2 | 2025-01-14",
            doses="a2 | loading-2 | 13 | interval-too-short critical W2",
        ),
        Case(
            f"{regimen}: a second dose on day 14 is on time, and on day 21 still within tolerance",
            f"W2 {early_or_late}",
            "2025-02-20",
            regimen=regimen,
            history="a1 | 2025-01-01\na2 | 2025-01-15\na3 | 2025-02-05",
            doses="a2 | loading-2 | 14 | -\na3 | loading-3 | 21 | -",
        ),
        Case(
            f"{regimen}: a second dose on day 22 is late",
            early_or_late,
            "2025-02-01",
            regimen=regimen,
            history="a1 | 2025-01-01\na2 | 2025-01-23",
            doses=f"a2 | loading-2 | 22 | late warning {early_or_late}",
        ),
        Case(
            f"{regimen}: maintenance 28 days late is within tolerance",
            maintenance,
            "2025-08-10",
            regimen=regimen,
            history=loaded + "a5 | 2025-08-02",
            doses="a5 | maintenance | 150 | -",
        ),
        Case(
            f"{regimen}: maintenance 29 days late is late",
            maintenance,
            "2025-08-10",
            regimen=regimen,
            history=loaded + "a5 | 2025-08-03",
            doses=f"a5 | maintenance | 151 | late warning {maintenance}",
        ),
        Case(
            f"{regimen}: 3 months after the first dose the second one is still loading",
            "W4",
            "2025-04-20",
            regimen=regimen,
            history="a1 | 2025-01-15\na2 | 2025-04-15",
            doses="a1 | loading-1\na2 | loading-2",
            series="-",
        ),
        Case(
            f"{regimen}: 3 months and a day after the first dose loading is not documented",
            "W4",
            "2025-04-20",
            regimen=regimen,
            history="a1 | 2025-01-15\na2 | 2025-04-16",
            doses="a1 | maintenance\na2 | maintenance",
            series="loading-not-documented warning W4",
        ),
    )


LIMITS = (
    *_limits("eu-12mg", "W3", "W7"),
    *_limits("us-12mg", "W3", "W7"),
    *_limits("eu-12mg-2017", "W9", "W9"),
    *_limits("us-12mg-2016", "W9", "W9"),
    *(
        Case(
            f"us-12mg: {title}",
            "F8",
            day,
            regimen="us-12mg",
            history="a1 | 2025-01-01\na2 | 2025-01-15\na3 | 2025-01-29\na4 | 2025-03-05\n",
            forecast=f"findings: {findings}",
        )
        for title, day, findings in (
            ("4 days before 8 months are over", "2025-11-01", "overdue warning F7"),
            ("3 days before 8 months are over", "2025-11-02", "overdue warning F7, near-boundary info F8"),
            ("3 days after 8 months", "2025-11-08", "catch-up-required warning F6, near-boundary info F8"),
            ("4 days after 8 months", "2025-11-09", "catch-up-required warning F6"),
        )
    ),
)

CHAPTER = Chapter(
    1,
    "What the labels prescribe",
    "A regimen is data: the loading doses, the maintenance interval, and what follows a delay. These cases show the"
    " plan of each shipped regimen for a patient who begins on 1 January 2026, and the worked example of the label.",
    (
        Case(
            "Under the EU text a new patient gets four loading doses on days 0, 14, 28 and 63",
            "F1 F9",
            "2026-01-01",
            source="EU SmPC 4.2",
            forecast="""
                status: not-started
                step: loading-1
                plan: loading-1 2026-01-01, loading-2 2026-01-15, loading-3 2026-01-29, loading-4 2026-03-05
            """,
        ),
        Case(
            "Under the US text the fourth loading dose comes on day 58",
            "F1 F9",
            "2026-01-01",
            regimen="us-12mg",
            source=US_LABEL,
            forecast="""
                status: not-started
                step: loading-1
                plan: loading-1 2026-01-01, loading-2 2026-01-15, loading-3 2026-01-29, loading-4 2026-02-28
            """,
        ),
        Case(
            "The EU text of 2017 prescribes the same days",
            "F1 F9 W9",
            "2026-01-01",
            regimen="eu-12mg-2017",
            forecast="""
                status: not-started
                plan: loading-1 2026-01-01, loading-2 2026-01-15, loading-3 2026-01-29, loading-4 2026-03-05
            """,
        ),
        Case(
            "The US text of 2016 prescribes the same days as the later one",
            "F1 F9 W9",
            "2026-01-01",
            regimen="us-12mg-2016",
            forecast="""
                status: not-started
                plan: loading-1 2026-01-01, loading-2 2026-01-15, loading-3 2026-01-29, loading-4 2026-02-28
            """,
        ),
        Case(
            "The label's own example: third loading dose on day 58 instead of 28, the fourth is then due on day 93",
            "W3 W6 F2 F9",
            "2026-03-01",
            source=SWISS,
            history="""
                a1 | 2026-01-01
                a2 | 2026-01-15
                a3 | 2026-02-28
            """,
            doses="""
                a1 | loading-1 | -  | -
                a2 | loading-2 | 14 | -
                a3 | loading-3 | 44 | late warning W3
            """,
            series="-",
            forecast="""
                status: upcoming
                step: loading-4
                earliest: 2026-03-14
                recommended: 2026-04-04
                overdue_from: 2026-04-12
                plan: loading-4 2026-04-04, maintenance 2026-08-04, maintenance 2026-12-04, maintenance 2027-04-04
                options: -
                findings: -
            """,
        ),
        Case(
            "The same delay under the US text: the fourth dose is due 30 days after the late third",
            "W3 F2 F9",
            "2026-03-01",
            regimen="us-12mg",
            source=US_LABEL,
            history="""
                a1 | 2026-01-01
                a2 | 2026-01-15
                a3 | 2026-02-28
            """,
            doses="""
                a3 | loading-3 | 44 | late warning W3
            """,
            forecast="""
                status: upcoming
                step: loading-4
                recommended: 2026-03-30
                plan: loading-4 2026-03-30, maintenance 2026-07-30, maintenance 2026-11-30, maintenance 2027-03-30
            """,
        ),
        Case(
            "A patient treated exactly as the EU label says has nothing to be told",
            "W1 W3 W6 W7 F3 F7",
            "2025-08-01",
            source="EU SmPC 4.2",
            history="""
                a1 | 2025-01-01 | 12 mg
                a2 | 2025-01-15 | 12 mg
                a3 | 2025-01-29 | 12 mg
                a4 | 2025-03-05 | 12 mg
                a5 | 2025-07-05 | 12 mg
            """,
            doses="""
                a1 | loading-1   | -   | -
                a2 | loading-2   | 14  | -
                a3 | loading-3   | 14  | -
                a4 | loading-4   | 35  | -
                a5 | maintenance | 122 | -
            """,
            counted="a1, a2, a3, a4, a5",
            series="-",
            forecast="""
                status: upcoming
                step: maintenance
                earliest: 2025-07-19
                recommended: 2025-11-05
                overdue_from: 2025-12-04
                plan: maintenance 2025-11-05, maintenance 2026-03-05, maintenance 2026-07-05, maintenance 2026-11-05
                findings: -
            """,
        ),
        Case(
            "A patient treated exactly as the US label says has nothing to be told",
            "W1 W3 W6 W7 F3",
            "2025-08-01",
            regimen="us-12mg",
            source=US_LABEL,
            history="""
                a1 | 2025-01-01
                a2 | 2025-01-15
                a3 | 2025-01-29
                a4 | 2025-02-28
                a5 | 2025-06-28
            """,
            doses="""
                a4 | loading-4   | 30  | -
                a5 | maintenance | 120 | -
            """,
            series="-",
            forecast="""
                status: upcoming
                recommended: 2025-10-28
                findings: -
            """,
        ),
        *LIMITS,
    ),
)
