"""Section 4: walking the history: loading with gaps, and loading that is not in the record."""

from __future__ import annotations

from tests.spec.case import Case, Chapter

INTERRUPTED = (
    Case(
        "A third loading dose exactly 3 months after the second is late",
        "W5 W3",
        "2025-04-20",
        history="""
            a1 | 2025-01-01
            a2 | 2025-01-15
            a3 | 2025-04-15
        """,
        doses="""
            a3 | loading-3 | 90 | late warning W3
        """,
        series="-",
    ),
    Case(
        "A day more and loading is interrupted: no label text covers it",
        "W5 W3",
        "2025-04-20",
        history="""
            a1 | 2025-01-01
            a2 | 2025-01-15
            a3 | 2025-04-16
        """,
        doses="""
            a3 | loading-3 | 91 | late warning W3, loading-interrupted warning W5
        """,
        series="-",
    ),
    Case(
        "The same under the US text, by our reading",
        "W5",
        "2025-04-20",
        regimen="us-12mg",
        history="""
            a1 | 2025-01-01
            a2 | 2025-01-15
            a3 | 2025-04-16
        """,
        doses="""
            a3 | loading-3 | 91 | late warning W3, loading-interrupted warning W5
        """,
    ),
    Case(
        "A gap in the loading that is given again after 40 months is an interruption too",
        "W5 W7 W4",
        "2028-10-10",
        history="""
            a1 | 2025-01-01
            a2 | 2025-01-15
            a3 | 2025-01-29
            a4 | 2025-03-05
            a5 | 2028-07-05
            a6 | 2028-10-06
        """,
        doses="""
            a5 | loading-1 |    | late warning W7
            a6 | loading-2 | 93 | late warning W3, loading-interrupted warning W5
        """,
        series="-",
    ),
)

UNDOCUMENTED = (
    Case(
        "A second dose exactly 3 months after the first is a late second loading dose",
        "W4 W3",
        "2025-04-20",
        history="""
            a1 | 2025-01-15
            a2 | 2025-04-15
        """,
        doses="""
            a1 | loading-1 | -  | -
            a2 | loading-2 | 90 | late warning W3
        """,
        series="-",
    ),
    Case(
        "A day more: loading is not in this record, the first dose was maintenance and so is the second",
        "W4",
        "2025-04-20",
        history="""
            a1 | 2025-01-15
            a2 | 2025-04-16
        """,
        doses="""
            a1 | maintenance | -  | -
            a2 | maintenance | 91 | -
        """,
        series="loading-not-documented warning W4",
    ),
    Case(
        "A transferred patient on maintenance: the second known dose 4 months after the first is on time",
        "W4 W7",
        "2025-06-01",
        history="""
            a1 | 2025-01-15
            a2 | 2025-05-15
        """,
        doses="""
            a1 | maintenance | -   | -
            a2 | maintenance | 120 | -
        """,
        series="loading-not-documented warning W4",
    ),
    Case(
        "28 days after those 4 months it is still within tolerance",
        "W4 W7",
        "2025-06-15",
        history="""
            a1 | 2025-01-15
            a2 | 2025-06-12
        """,
        doses="""
            a2 | maintenance | 148 | -
        """,
    ),
    Case(
        "29 days after those 4 months it is late",
        "W4 W7",
        "2025-06-15",
        history="""
            a1 | 2025-01-15
            a2 | 2025-06-13
        """,
        doses="""
            a2 | maintenance | 149 | late warning W7
        """,
    ),
    Case(
        "A transferred patient whose second known dose comes 8 months after the first needs the extra dose",
        "W4 W7 W8",
        "2025-10-01",
        history="""
            a1 | 2025-01-15
            a2 | 2025-09-15
            a3 | 2025-09-29
        """,
        doses="""
            a1 | maintenance | -   | -
            a2 | maintenance | 243 | late warning W7
            a3 | catch-up    | 14  | -
        """,
        series="loading-not-documented warning W4",
    ),
    Case(
        "40 months after the only known dose the loading begins again",
        "W4 W7",
        "2028-05-20",
        history="""
            a1 | 2025-01-15
            a2 | 2028-05-15
        """,
        doses="""
            a1 | maintenance | - | -
            a2 | loading-1   |   | late warning W7
        """,
        series="loading-not-documented warning W4",
    ),
    Case(
        "The older texts know undocumented loading as well",
        "W4 W9",
        "2025-06-20",
        regimen="eu-12mg-2017",
        history="""
            a1 | 2025-01-15
            a2 | 2025-06-13
        """,
        doses="""
            a1 | maintenance | -   | -
            a2 | maintenance | 149 | late warning W9
        """,
        series="loading-not-documented warning W4",
    ),
    Case(
        "A transferred patient's third dose comes late and the extra dose is left out: that is said of the fourth",
        "W4 W7 W8",
        "2025-06-20",
        history="""
            a1 | 2024-01-15
            a2 | 2024-06-15
            a3 | 2025-03-15
            a4 | 2025-06-16
        """,
        doses="""
            a1 | maintenance | -   | -
            a2 | maintenance | 152 | late warning W7
            a3 | maintenance | 273 | late warning W7
            a4 | maintenance | 93  | earlier-than-schedule warning W7, catch-up-omitted warning W8
        """,
        series="loading-not-documented warning W4",
    ),
    Case(
        "A transferred patient gets one of two extra doses: that the other was left out is said of the next dose",
        "W4 W7 W8",
        "2024-10-10",
        history="""
            a1 | 2023-01-15
            a2 | 2024-06-15
            a3 | 2024-06-29
            a4 | 2024-10-01
        """,
        doses="""
            a1 | maintenance | -   | -
            a2 | maintenance | 517 | late warning W7
            a3 | catch-up    | 14  | -
            a4 | maintenance | 94  | catch-up-omitted warning W8, earlier-than-schedule info W7
        """,
        series="loading-not-documented warning W4",
    ),
    Case(
        "A transferred patient's dose a week early after the extra dose is early, as for every patient",
        "W4 W7",
        "2025-02-01",
        history="""
            a1 | 2024-01-15
            a2 | 2024-09-20
            a3 | 2024-10-04
            a4 | 2025-01-28
        """,
        doses="""
            a3 | catch-up    | 14  | -
            a4 | maintenance | 116 | earlier-than-schedule info W7
        """,
        series="loading-not-documented warning W4",
    ),
    Case(
        "Two records of the first day are one dose: the dose after them is the second",
        "W4 C6",
        "2025-06-01",
        history="""
            a1 | 2025-01-15
            a2 | 2025-01-15
            a3 | 2025-05-15
        """,
        doses="""
            a1, a2 | maintenance | -   | duplicate-record info C6
            a3     | maintenance | 120 | -
        """,
        series="loading-not-documented warning W4",
    ),
)

CHAPTER = Chapter(
    4,
    "Walking the history: gaps in loading, and transferred patients",
    "More than 3 months between two loading doses are covered by no text. More than 3 months between the first"
    " two known doses may mean that loading was given elsewhere.",
    INTERRUPTED + UNDOCUMENTED,
)
