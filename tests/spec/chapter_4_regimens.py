"""Section 4: walking the history: several regimens of one drug at once."""

from __future__ import annotations

from tests.spec.case import Case, Chapter

HIGH = """
    a1 | 2026-01-01 | 50 mg
    a2 | 2026-01-15 | 50 mg
"""
LOADED = """
    a1 | 2025-01-01 | 12 mg
    a2 | 2025-01-15 | 12 mg
    a3 | 2025-01-29 | 12 mg
    a4 | 2025-03-05 | 12 mg
"""
COLUMNS = "records | regimen | step | interval | findings\n"
BOTH = "eu-12mg + eu-high-dose"

SEVERAL = (
    Case(
        "Each dose belongs to the regimen whose steps prescribe its amount",
        "W11",
        "2026-02-01",
        regimen=BOTH,
        history=HIGH,
        doses=COLUMNS
        + """
            a1 | eu-high-dose | loading-1 |    | -
            a2 | eu-high-dose | loading-2 | 14 | -
        """,
        forecast="""
            step: maintenance
            recommended: 2026-05-15
        """,
    ),
    Case(
        "A first dose of unknown amount belongs to the first regimen in the list",
        "W11",
        "2026-02-01",
        regimen="eu-high-dose + eu-12mg",
        history="a1 | 2026-02-01",
        doses=COLUMNS + "a1 | eu-high-dose | loading-1 | | -",
    ),
    Case(
        "A later dose of unknown amount belongs to the regimen of the dose before",
        "W11",
        "2026-02-01",
        regimen=BOTH,
        history="""
            a1 | 2026-01-01 | 50 mg
            a2 | 2026-01-15
        """,
        doses=COLUMNS + "a2 | eu-high-dose | loading-2 | 14 | -",
    ),
    Case(
        "An amount that no regimen prescribes is as an unknown one, and unexpected",
        "W11 C5",
        "2026-02-01",
        regimen=BOTH,
        history="""
            a1 | 2026-01-01 | 50 mg
            a2 | 2026-01-15 | 40 mg
        """,
        doses=COLUMNS + "a2 | eu-high-dose | loading-2 | 14 | unexpected-amount warning C5",
    ),
    Case(
        "Where two regimens prescribe the amount, that of the dose before goes on",
        "W11",
        "2025-01-20",
        regimen="eu-12mg + us-12mg",
        history="""
            a1 | 2025-01-01 | 12 mg
            a2 | 2025-01-15 | 12 mg
        """,
        doses=COLUMNS + "a2 | eu-12mg | loading-2 | 14 | -",
    ),
    Case(
        "From 12 mg to high dose: 50 mg in the place of the next maintenance dose, then 28 mg every 4 months",
        "W11",
        "2025-12-01",
        regimen=BOTH,
        history=LOADED
        + """
            a5 | 2025-07-05 | 50 mg
            a6 | 2025-11-05 | 28 mg
        """,
        doses=COLUMNS
        + """
            a4 | eu-12mg      | loading-4   | 35  | -
            a5 | eu-high-dose | maintenance | 122 | regimen-switch info W11
            a6 | eu-high-dose | maintenance | 123 | -
        """,
        forecast="""
            status: upcoming
            recommended: 2026-03-05
        """,
    ),
    Case(
        "A switch that comes earlier than scheduled says so",
        "W11 W7",
        "2025-12-01",
        regimen=BOTH,
        history=LOADED + "a5 | 2025-06-01 | 50 mg",
        doses=COLUMNS
        + "a5 | eu-high-dose | maintenance | 88 | earlier-than-schedule warning W7, regimen-switch info W11",
    ),
    Case(
        "The day before 8 months after the last dose the switch is followed, and late",
        "W11",
        "2025-11-10",
        regimen=BOTH,
        history=LOADED + "a5 | 2025-11-04 | 50 mg",
        doses=COLUMNS + "a5 | eu-high-dose | maintenance | 244 | late warning W7, regimen-switch info W11",
        forecast="""
            recommended: 2026-03-04
        """,
    ),
    Case(
        "From 8 months on no label text describes the change: the dose is judged by the minimum interval only",
        "W11",
        "2025-11-10",
        regimen=BOTH,
        history=LOADED + "a5 | 2025-11-05 | 50 mg",
        doses=COLUMNS
        + """
            a5 | eu-high-dose | maintenance | 245 | regimen-switch-undefined warning W11, unexpected-amount warning C5
        """,
        forecast="""
            step: maintenance
            recommended: 2026-03-05
        """,
    ),
    Case(
        "The day after that it is the same",
        "W11",
        "2025-11-10",
        regimen=BOTH,
        history=LOADED + "a5 | 2025-11-06 | 50 mg",
        doses=COLUMNS
        + """
            a5 | eu-high-dose | maintenance | 246 | regimen-switch-undefined warning W11, unexpected-amount warning C5
        """,
    ),
    Case(
        "A dose of 50 mg in the loading of 12 mg is no declared change",
        "W11",
        "2025-02-01",
        regimen=BOTH,
        history="""
            a1 | 2025-01-01 | 12 mg
            a2 | 2025-01-15 | 50 mg
        """,
        doses=COLUMNS
        + """
            a2 | eu-high-dose | maintenance | 14 | regimen-switch-undefined warning W11, unexpected-amount warning C5
        """,
        forecast="""
            step: maintenance
            recommended: 2025-05-15
        """,
    ),
    Case(
        "A dose of 28 mg after 12 mg is no declared change: the switch prescribes 50 mg",
        "W11",
        "2025-07-10",
        regimen=BOTH,
        history=LOADED + "a5 | 2025-07-05 | 28 mg",
        doses=COLUMNS + "a5 | eu-high-dose | maintenance | 122 | regimen-switch-undefined warning W11",
    ),
    Case(
        "A change back to 12 mg is declared by no file",
        "W11",
        "2026-06-01",
        regimen=BOTH,
        history=HIGH + "a3 | 2026-05-15 | 12 mg",
        doses=COLUMNS + "a3 | eu-12mg | maintenance | 120 | regimen-switch-undefined warning W11",
        forecast="""
            recommended: 2026-09-15
        """,
    ),
    Case(
        "A change sooner than 14 days after the last dose is too short, whatever changes",
        "W11 W2",
        "2025-07-20",
        regimen=BOTH,
        history=LOADED
        + """
            a5 | 2025-07-05 | 12 mg
            a6 | 2025-07-18 | 50 mg
        """,
        doses=COLUMNS
        + """
            a5 | eu-12mg      | maintenance | 122 | -
            a6 | eu-high-dose | maintenance | 13  | interval-too-short critical W2, regimen-switch info W11
        """,
    ),
    Case(
        "An undeclared change sooner than 14 days after the last dose is too short too",
        "W11 W2",
        "2025-03-20",
        regimen=BOTH,
        history=LOADED + "a5 | 2025-03-18 | 28 mg",
        doses=COLUMNS
        + """
            a5 | eu-high-dose | maintenance | 13 | interval-too-short critical W2, regimen-switch-undefined warning W11
        """,
    ),
    Case(
        "After a dose given late the switch ends the original schedule",
        "W11 W7",
        "2025-11-10",
        regimen=BOTH,
        history=LOADED
        + """
            a5 | 2025-08-20 | 12 mg
            a6 | 2025-11-05 | 50 mg
        """,
        doses=COLUMNS + "a6 | eu-high-dose | maintenance | 77 | regimen-switch info W11",
        forecast="""
            recommended: 2026-03-05
        """,
    ),
    Case(
        "A first record that a change follows months later: earlier doses may be missing, and the change is followed",
        "W11 W4",
        "2025-05-10",
        regimen=BOTH,
        history="""
            a1 | 2025-01-01 | 12 mg
            a2 | 2025-05-01 | 50 mg
        """,
        doses=COLUMNS
        + """
            a1 | eu-12mg      | maintenance |     | -
            a2 | eu-high-dose | maintenance | 120 | regimen-switch info W11
        """,
        series="loading-not-documented warning W4",
        forecast="""
            status: decision
            findings: loading-not-documented warning F2
        """,
    ),
    Case(
        "After a change of a transferred patient a dose a week early is early, as for every patient",
        "W11 W4 W10",
        "2026-02-01",
        regimen=BOTH,
        history="""
            a1 | 2025-01-15 | 12 mg
            a2 | 2025-05-15 | 12 mg
            a3 | 2025-09-15 | 50 mg
            a4 | 2026-01-08 | 28 mg
        """,
        doses=COLUMNS
        + """
            a3 | eu-high-dose | maintenance | 123 | regimen-switch info W11
            a4 | eu-high-dose | maintenance | 115 | earlier-than-schedule info W10
        """,
        series="loading-not-documented warning W4",
    ),
    Case(
        "With several regimens too, recorded doses may lie in either order",
        "W11 D5",
        "2026-04-10",
        regimen=BOTH,
        history="""
            a1 | 2026-03-20 | 12 mg
            a2 | 2026-03    | 12 mg
        """,
        doses="a2 | loading-2 | 11 | interval-undecidable warning W2, date-imprecise info D2",
    ),
    Case(
        "An order of 50 mg in the place of the next maintenance dose is the declared change",
        "W11 P1",
        "2025-06-20",
        regimen=BOTH,
        history=LOADED,
        proposals="m1 | 2025-07-05 | 50 mg",
        proposed="m1 | 2025-07-05 | maintenance | 122 | regimen-switch info W11",
    ),
    Case(
        "An order of 28 mg there is for a clinician, and no other date would cure it",
        "W11 P1 P4",
        "2025-06-20",
        regimen=BOTH,
        history=LOADED,
        proposals="m1 | 2025-06-21 | 28 mg",
        proposed="""
            order | date       | findings                             | suggested
            m1    | 2025-06-21 | regimen-switch-undefined warning W11 | -
        """,
    ),
    Case(
        "An order of 50 mg from 8 months on is for a clinician, without the catch-up of the regimen that it leaves",
        "W11 P7",
        "2025-11-01",
        regimen=BOTH,
        history=LOADED,
        proposals="m1 | 2025-11-05 | 50 mg",
        proposed="""
            order | date       | plan
            m1    | 2025-11-05 | -
            order | date | findings
            m1 | 2025-11-05 | regimen-switch-undefined warning W11, unexpected-amount warning C5, near-boundary info F8
        """,
    ),
    Case(
        "Where high dose alone is in force from a day on, 50 mg after it is the declared change",
        "W11 W12",
        "2025-07-10",
        regimen="eu-12mg; 2025-06-01: eu-high-dose",
        history=LOADED + "a5 | 2025-07-05 | 50 mg",
        doses=COLUMNS + "a5 | eu-high-dose | maintenance | 122 | regimen-switch info W11",
    ),
    Case(
        "Until that dose the next step is forecast by the regimen of the last one",
        "W11 W12",
        "2025-07-01",
        regimen="eu-12mg; 2025-06-01: eu-high-dose",
        history=LOADED,
        forecast="""
            status: due
            recommended: 2025-07-05
        """,
    ),
    Case(
        "A dose of 12 mg after that day is for a clinician",
        "W11 W12",
        "2025-07-10",
        regimen="eu-12mg; 2025-06-01: eu-high-dose",
        history=LOADED + "a5 | 2025-07-05 | 12 mg",
        doses=COLUMNS
        + """
            a5 | eu-high-dose | maintenance | 122 | regimen-switch-undefined warning W11, unexpected-amount warning C5
        """,
    ),
    Case(
        "The text in force on its day judges a dose of 12 mg, beside the high dose",
        "W11 W12",
        "2025-12-01",
        regimen="eu-12mg-2017; 2025-06-01: eu-12mg + eu-high-dose",
        history=LOADED
        + """
            a5 | 2025-07-05 | 12 mg
            a6 | 2025-11-05 | 50 mg
        """,
        doses=COLUMNS
        + """
            a4 | eu-12mg-2017 | loading-4   | 35  | -
            a5 | eu-12mg      | maintenance | 122 | -
            a6 | eu-high-dose | maintenance | 123 | regimen-switch info W11
        """,
    ),
    Case(
        "Where a second text with the same amounts is allowed from a day on, doses stay with that of the dose before",
        "W11 W12",
        "2026-06-01",
        regimen="us-high-dose; 2026-03-01: eu-high-dose + us-high-dose",
        history=HIGH + "a3 | 2026-05-15 | 28 mg",
        doses=COLUMNS + "a3 | us-high-dose | maintenance | 120 | -",
    ),
    Case(
        "Records of one day whose amounts are of two regimens belong to the regimen of the dose before",
        "W11 C6",
        "2025-07-10",
        regimen=BOTH,
        history=LOADED
        + """
            a5 | 2025-07-05 | 12 mg
            a6 | 2025-07-05 | 50 mg
        """,
        doses=COLUMNS
        + """
            a5, a6 | eu-12mg | maintenance | 122 | unexpected-amount warning C5, conflicting-records warning C6
        """,
    ),
)

CHAPTER = Chapter(
    4,
    "Walking the history: several regimens at once",
    "Where several regimens are allowed, written with a plus, the amount of a dose tells which it belongs to, and only"
    " a change that a label describes is followed.",
    SEVERAL,
)
