"""Section 4: walking the history: regimens that refer, and another drug."""

from __future__ import annotations

from tests.spec.case import Case, Chapter

HIGH = """
    a1 | 2026-01-01 | 50 mg
    a2 | 2026-01-15 | 50 mg
"""

REFER = (
    Case(
        "High dose: two doses of 50 mg, then 28 mg 4 months after the second",
        "W10 W6",
        "2026-05-20",
        regimen="eu-high-dose",
        history=HIGH + "a3 | 2026-05-15 | 28 mg",
        doses="""
            a1 | loading-1   |     | -
            a2 | loading-2   | 14  | -
            a3 | maintenance | 120 | -
        """,
        forecast="""
            status: upcoming
            recommended: 2026-09-15
            overdue_from: 2026-10-14
        """,
    ),
    Case(
        "High dose: a maintenance dose on the last day of the tolerance is on time",
        "W10",
        "2026-06-12",
        regimen="eu-high-dose",
        history=HIGH + "a3 | 2026-06-12 | 28 mg",
        doses="a3 | maintenance | 148 | -",
        forecast="""
            status: upcoming
            recommended: 2026-10-12
        """,
    ),
    Case(
        "High dose: a day later the dose is late and no label text says what follows; the interval goes on from it",
        "W10",
        "2026-06-13",
        regimen="eu-high-dose",
        history=HIGH + "a3 | 2026-06-13 | 28 mg",
        doses="a3 | maintenance | 149 | late warning W10, no-label-rule warning W10",
        forecast="""
            status: upcoming
            recommended: 2026-10-13
        """,
    ),
    Case(
        "High dose: a second loading dose 7 days late is on time",
        "W10",
        "2026-01-22",
        regimen="eu-high-dose",
        history="""
            a1 | 2026-01-01 | 50 mg
            a2 | 2026-01-22 | 50 mg
        """,
        doses="a2 | loading-2 | 21 | -",
    ),
    Case(
        "High dose: 8 days late it is late, without a rule for what follows",
        "W10",
        "2026-01-23",
        regimen="eu-high-dose",
        history="""
            a1 | 2026-01-01 | 50 mg
            a2 | 2026-01-23 | 50 mg
        """,
        doses="a2 | loading-2 | 22 | late warning W10, no-label-rule warning W10",
        forecast="""
            status: upcoming
            recommended: 2026-05-23
        """,
    ),
    Case(
        "High dose: a dose before its day is earlier than scheduled",
        "W10",
        "2026-05-20",
        regimen="eu-high-dose",
        history=HIGH + "a3 | 2026-05-14 | 28 mg",
        doses="a3 | maintenance | 119 | earlier-than-schedule info W10",
    ),
    Case(
        "High dose: on the last day of the tolerance the next dose is due",
        "F6 F7",
        "2026-06-12",
        regimen="eu-high-dose",
        history=HIGH,
        forecast="""
            status: due
            recommended: 2026-05-15
            findings: -
        """,
    ),
    Case(
        "High dose: beyond the tolerance a clinician decides, and the delay is said beside it",
        "F6 F7 W10",
        "2026-06-13",
        regimen="eu-high-dose",
        history=HIGH,
        forecast="""
            status: decision
            step: maintenance
            earliest: 2026-01-29
            recommended: -
            overdue_from: -
            plan: -
            findings: overdue warning F7, no-label-rule warning F6
        """,
    ),
    Case(
        "High dose: beyond the tolerance in loading a clinician decides too",
        "F6",
        "2026-01-23",
        regimen="eu-high-dose",
        history="a1 | 2026-01-01 | 50 mg",
        forecast="""
            status: decision
            step: loading-2
            findings: overdue warning F7, no-label-rule warning F6
        """,
    ),
    Case(
        "High dose: a proposed date beyond the tolerance is late, without a rule for what follows",
        "W10 P1",
        "2026-05-20",
        regimen="eu-high-dose",
        history=HIGH,
        proposals="m1 | 2026-06-13 | 28 mg",
        proposed="m1 | 2026-06-13 | maintenance | 149 | late warning W10, no-label-rule warning W10",
    ),
    Case(
        "Tofersen: three doses 14 days apart, then every 28 days",
        "W9",
        "2026-03-01",
        regimen="qalsody",
        history="""
            a1 | 2026-01-01 | 100 mg
            a2 | 2026-01-15 | 100 mg
            a3 | 2026-01-29 | 100 mg
            a4 | 2026-02-26 | 100 mg
        """,
        doses="""
            a3 | loading-3   | 14 | -
            a4 | maintenance | 28 | -
        """,
        forecast="""
            recommended: 2026-03-26
            overdue_from: 2026-04-03
        """,
    ),
    Case(
        "Tofersen: after a late second dose the third is due 14 days later",
        "W9",
        "2026-02-10",
        regimen="qalsody",
        history="""
            a1 | 2026-01-01 | 100 mg
            a2 | 2026-02-09 | 100 mg
        """,
        doses="a2 | loading-2 | 39 | late warning W9",
        forecast="""
            step: loading-3
            recommended: 2026-02-23
        """,
    ),
)

CHAPTER = Chapter(
    4,
    "Walking the history: regimens that refer, and another drug",
    "For a delay under the high dose no label text was found that says what follows. Tofersen is another drug, whose"
    " files alone make it known.",
    REFER,
)
