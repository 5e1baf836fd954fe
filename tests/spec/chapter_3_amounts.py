"""Section 3: which records count, second part: routes, amounts, several records of one day, and what is no dose."""

from __future__ import annotations

from tests.spec.case import Case, Chapter

ROUTES = (
    Case(
        "A dose recorded as given into a vein is a safety event for a clinician to weigh, and is not counted",
        "C4",
        "2026-01-20",
        resources="""
            record | effective  | route
            a1     | 2026-01-01 | SNOMED 47625008
        """,
        counted="-",
        unreadable="a1 unexpected-route",
        series="unexpected-route critical C4, history-incomplete warning F1",
    ),
    Case(
        "So are doses under the skin and by mouth",
        "C4",
        "2026-01-20",
        resources="""
            record | effective  | route
            a1     | 2026-01-01 | SNOMED 34206005
            a2     | 2026-01-02 | SNOMED 26643006
        """,
        unreadable="a1 unexpected-route, a2 unexpected-route",
    ),
    Case(
        "The intrathecal route, and no route at all, are as they should be",
        "C4",
        "2026-01-20",
        resources="""
            record | effective  | route
            a1     | 2026-01-01 | SNOMED 72607000
            a2     | 2026-01-15 |
        """,
        doses="""
            a1 | loading-1 | -  | -
            a2 | loading-2 | 14 | -
        """,
    ),
    Case(
        "A route code on neither list is counted and mentioned",
        "C4",
        "2026-01-20",
        resources="""
            record | effective  | route
            a1     | 2026-01-01 | LOCAL LP3
        """,
        doses="""
            a1 | loading-1 | - | route-unrecognised info C4
        """,
        series="-",
    ),
)

AMOUNTS = (
    Case(
        "Milligrams, grams and micrograms are amounts; 12 mg is what the step prescribes",
        "C5",
        "2026-03-10",
        resources="""
            record | effective  | dose
            a1     | 2026-01-01 | 12 mg
            a2     | 2026-01-15 | 0.012 g
            a3     | 2026-01-29 | 12000 ug
            a4     | 2026-03-05 | 12 "mg"
        """,
        doses="""
            a1 | loading-1 | -  | -
            a2 | loading-2 | 14 | -
            a3 | loading-3 | 14 | -
            a4 | loading-4 | 35 | -
        """,
    ),
    Case(
        "The same units with another amount are noticed, and the dose counts",
        "C5",
        "2026-03-10",
        resources="""
            record | effective  | dose
            a1     | 2026-01-01 | 28 mg
            a2     | 2026-01-15 | 0.05 g
            a3     | 2026-01-29 | 6000 ug
            a4     | 2026-03-05 | 28 "mg"
        """,
        doses="""
            a1 | loading-1 | -  | unexpected-amount warning C5
            a2 | loading-2 | 14 | unexpected-amount warning C5
            a3 | loading-3 | 14 | unexpected-amount warning C5
            a4 | loading-4 | 35 | unexpected-amount warning C5
        """,
    ),
    Case(
        "Up to 5 % off the prescribed amount is not mentioned; more is",
        "C5",
        "2026-03-10",
        history="""
            a1 | 2026-01-01 | 12.6 mg
            a2 | 2026-01-15 | 11.4 mg
            a3 | 2026-01-29 | 12.61 mg
            a4 | 2026-03-05 | 11.39 mg
        """,
        doses="""
            a1 | loading-1 | -  | -
            a2 | loading-2 | 14 | -
            a3 | loading-3 | 14 | unexpected-amount warning C5
            a4 | loading-4 | 35 | unexpected-amount warning C5
        """,
    ),
    Case(
        "A volume alone never tells the amount: all strengths come in vials of 5 mL",
        "C5",
        "2026-01-20",
        resources="""
            record | medication      | effective  | dose
            a1     | ATC M09AX07     | 2026-01-01 | 10 mL
            a2     | UNII 5Z9SP3X666 | 2026-01-15 | 10 mL
        """,
        doses="""
            a1 | loading-1 | -  | -
            a2 | loading-2 | 14 | -
        """,
    ),
    Case(
        "Nor does a strength that is only written in the text",
        "C5",
        "2026-01-20",
        resources="""
            record | medication               | effective  | dose
            a1     | text "Spinraza 28mg/5mL" | 2026-01-01 | 5 mL
        """,
        doses="""
            a1 | loading-1 | - | identified-by-text info C1
        """,
    ),
    Case(
        "With a product code that tells the strength, 5 mL are 12 mg and 10 mL are 24 mg",
        "C5",
        "2026-01-20",
        resources="""
            record | medication       | effective  | dose
            a1     | NDC 64406-058-01 | 2026-01-01 | 5 mL
            a2     | NDC 64406-058-01 | 2026-01-15 | 10 mL
        """,
        doses="""
            a1 | loading-1 | -  | -
            a2 | loading-2 | 14 | unexpected-amount warning C5
        """,
    ),
    Case(
        "A strength that the Medication states is used: 5 mL of 12 mg in 5 mL fit, of 28 mg in 5 mL do not",
        "C5",
        "2026-01-20",
        resources="""
            record | medication                                          | effective  | dose
            a1     | contained: ATC M09AX07; strength 12 mg / 5 mL       | 2026-01-01 | 5 mL
            a2     | contained: ATC M09AX07; strength 28 mg / 5 mL       | 2026-01-15 | 5 mL
        """,
        doses="""
            a1 | loading-1 | -  | -
            a2 | loading-2 | 14 | unexpected-amount warning C5
        """,
    ),
    Case(
        "A number of vials tells no amount",
        "C5",
        "2026-01-20",
        resources="""
            record | medication       | effective  | dose
            a1     | NDC 64406-058-01 | 2026-01-01 | 3 {vial}
        """,
        doses="""
            a1 | loading-1 | - | -
        """,
    ),
)

SAME_DAY = (
    Case(
        "Two records of one day are one dose, entered twice",
        "C6",
        "2026-01-20",
        history="""
            a2 | 2026-01-01 | 12 mg
            a1 | 2026-01-01 | 12 mg
            a3 | 2026-01-15
        """,
        doses="""
            a1, a2 | loading-1 | -  | duplicate-record info C6
            a3     | loading-2 | 14 | -
        """,
        counted="a1, a2, a3",
        series="-",
    ),
    Case(
        "An unknown amount contradicts no known one",
        "C6",
        "2026-01-20",
        history="""
            a1 | 2026-01-01 | 12 mg
            a2 | 2026-01-01
        """,
        doses="""
            a1, a2 | loading-1 | - | duplicate-record info C6
        """,
    ),
    Case(
        "If their amounts differ at all, the records of one dose are in conflict",
        "C6",
        "2026-01-20",
        history="""
            a1 | 2026-01-01 | 12 mg
            a2 | 2026-01-01 | 12.1 mg
        """,
        doses="""
            a1, a2 | loading-1 | - | conflicting-records warning C6
        """,
    ),
    Case(
        "If the amount of one of them does not fit, that is said too",
        "C6 C5",
        "2026-01-20",
        history="""
            a1 | 2026-01-01 | 12 mg
            a2 | 2026-01-01 | 28 mg
        """,
        doses="""
            a1, a2 | loading-1 | - | unexpected-amount warning C5, conflicting-records warning C6
        """,
    ),
    Case(
        "A stopped record beside a completed one is a dose given; two stopped ones are a partial dose",
        "C6 C2",
        "2026-01-20",
        history="""
            a1 | 2026-01-01 | 12 mg | stopped
            a2 | 2026-01-01 | 12 mg |
            a3 | 2026-01-15 | 12 mg | stopped
            a4 | 2026-01-15 | 12 mg | stopped
        """,
        doses="""
            a1, a2 | loading-1 | -  | duplicate-record info C6
            a3, a4 | loading-2 | 14 | partial-dose warning C2, duplicate-record info C6
        """,
    ),
    Case(
        "Records of different days are never one dose, be it one day",
        "C6 W2",
        "2026-01-20",
        history="""
            a1 | 2026-01-01 | 12 mg
            a2 | 2026-01-02 | 12 mg
        """,
        doses="""
            a1 | loading-1 | - | -
            a2 | loading-2 | 1 | interval-too-short critical W2
        """,
    ),
    Case(
        "A month cut to its first day by the day asked about is not 'the same day': the record itself does not say so",
        "C6 D2",
        "2026-03-01",
        history="""
            a1 | 2026-03-01
            a2 | 2026-03
        """,
        doses="""
            a1 | loading-1 | - | -
            a2 | loading-2 | 0 | interval-too-short critical W2, date-imprecise info D2
        """,
    ),
)

NO_DOSES = (
    Case(
        "Orders, dispenses and lumbar punctures are not doses",
        "C7",
        "2026-01-20",
        resources="""
            record | resource           | effective
            a1     |                    | 2026-01-01
            r1     | MedicationRequest  | 2026-01-05
            d1     | MedicationDispense | 2026-01-06
            p1     | Procedure          | 2026-01-07
        """,
        counted="a1",
        unreadable="-",
        unidentified="-",
        series="-",
    ),
)

CHAPTER = Chapter(
    3,
    "Which records count: routes, amounts, and several records of one dose",
    "A wrong route is a safety event. An amount is compared with what the step prescribes. Records of one day are one"
    " dose.",
    ROUTES + AMOUNTS + SAME_DAY + NO_DOSES,
)
