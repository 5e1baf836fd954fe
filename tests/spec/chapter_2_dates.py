"""Section 2: dates, partial dates and calendar months."""

from __future__ import annotations

from tests.spec.case import Case, Chapter

OCTOBER_31 = """
    a1 | 2025-08-29
    a2 | 2025-09-12
    a3 | 2025-09-26
    a4 | 2025-10-31
"""
OCTOBER_29 = """
    a1 | 2025-08-27
    a2 | 2025-09-10
    a3 | 2025-09-24
    a4 | 2025-10-29
"""

READING = (
    Case(
        "A time with an offset counts on the calendar day of the site: 12:00 UTC on the 14th is the 15th in Chatham",
        "D1",
        "2026-01-20",
        resources="""
            record | effective
            a1     | 2026-01-01
            a2     | 2026-01-14T12:00:00Z
        """,
        doses="""
            a1 | loading-1 | -  | - | 2026-01-01
            a2 | loading-2 | 14 | - | 2026-01-15
        """,
        series="-",
    ),
    Case(
        "Two hours earlier it is still the 14th there, and the dose is too early",
        "D1 W2",
        "2026-01-20",
        resources="""
            record | effective
            a1     | 2026-01-01
            a2     | 2026-01-14T10:00:00Z
        """,
        doses="""
            a2 | loading-2 | 13 | interval-too-short critical W2 | 2026-01-14
        """,
    ),
    Case(
        "The site's zone decides, not the offset that the record was written with",
        "D1",
        "2026-01-20",
        zone="Asia/Kathmandu",
        resources="""
            record | effective
            a1     | 2026-01-01T12:00:00+05:45
            a2     | 2026-01-14T20:30:00+02:00
        """,
        doses="""
            a2 | loading-2 | 14 | - | 2026-01-15
        """,
    ),
    Case(
        "The end of summer time takes no hour off an interval: days are counted, not hours",
        "D1",
        "2026-04-20",
        resources="""
            record | effective
            a1     | 2026-04-01T23:00:00+13:45
            a2     | 2026-04-15T00:30:00+12:45
        """,
        doses="""
            a2 | loading-2 | 14 | -
        """,
    ),
    Case(
        "A time without an offset is read as site time, and said to be imprecise",
        "D1",
        "2026-01-20",
        resources="""
            record | effective
            a1     | 2026-01-01
            a2     | 2026-01-15T00:10:00
        """,
        doses="""
            a2 | loading-2 | 14 | date-imprecise info D1 | 2026-01-15
        """,
    ),
    Case(
        "A date that names only the month is every day of that month, and the schedule counts from the last of them",
        "D2 D5",
        "2026-05-01",
        resources="""
            record | effective
            a1     | 2026-03
        """,
        doses="""
            a1 | loading-1 | - | date-imprecise info D2 | 2026-03-01 to 2026-03-31
        """,
        series="-",
        forecast="""
            earliest: 2026-04-14
            recommended: 2026-04-14
        """,
    ),
    Case(
        "A month that is not over yet ends on the day asked about",
        "D2",
        "2026-03-10",
        resources="""
            record | effective
            a1     | 2026-03
        """,
        doses="""
            a1 | loading-1 | - | date-imprecise info D2 | 2026-03-01 to 2026-03-10
        """,
        series="-",
        forecast="""
            earliest: 2026-03-24
        """,
    ),
    Case(
        "On the first of the month it has shrunk to one day, and stays imprecise",
        "D2",
        "2026-03-01",
        resources="""
            record | effective
            a1     | 2026-03
        """,
        doses="""
            a1 | loading-1 | - | date-imprecise info D2 | 2026-03-01
        """,
    ),
    Case(
        "A period counts by its start",
        "D2",
        "2026-01-20",
        resources="""
            record | effective
            a1     | period from 2026-01-01 to 2026-01-02
            a2     | period from 2026-01-15T09:00:00+13:45 to 2026-01-17T10:00:00+13:45
        """,
        doses="""
            a1 | loading-1 | -  | - | 2026-01-01
            a2 | loading-2 | 14 | - | 2026-01-15
        """,
    ),
    Case(
        "A period with an end only counts by its end",
        "D2",
        "2026-01-20",
        resources="""
            record | effective
            a1     | period to 2026-01-02
        """,
        doses="""
            a1 | loading-1 | - | - | 2026-01-02
        """,
    ),
    Case(
        "A date that names only the year is too wide to schedule by",
        "D2 F1",
        "2026-05-01",
        resources="""
            record | effective
            a1     | 2025
        """,
        counted="-",
        unreadable="a1 date-unusable",
        series="date-unusable warning D2, history-incomplete warning F1",
        forecast="""
            status: decision
            step: loading-1
            earliest: -
            recommended: -
            plan: -
            findings: history-incomplete warning F1
        """,
    ),
    Case(
        "It is too wide even in January, when few days of the year have passed",
        "D2",
        "2026-01-20",
        resources="""
            record | effective
            a1     | 2026
        """,
        counted="-",
        unreadable="a1 date-unusable",
    ),
)

MONTHS = (
    Case(
        "Four months after 31 October is 1 March, since there is no 31 February",
        "D3 W6 F3",
        "2025-12-01",
        history=OCTOBER_31,
        forecast="""
            recommended: 2026-03-01
        """,
    ),
    Case(
        "Four months after 29 October is 1 March in a common year",
        "D3",
        "2025-12-01",
        history=OCTOBER_29,
        forecast="""
            recommended: 2026-03-01
        """,
    ),
    Case(
        "Four months after 29 October is 29 February in a leap year",
        "D3",
        "2027-12-01",
        history="""
            a1 | 2027-08-27
            a2 | 2027-09-10
            a3 | 2027-09-24
            a4 | 2027-10-29
        """,
        forecast="""
            recommended: 2028-02-29
        """,
    ),
    Case(
        "Four months after 30 October is 1 March even in a leap year",
        "D3",
        "2027-12-01",
        history="""
            a1 | 2027-08-28
            a2 | 2027-09-11
            a3 | 2027-09-25
            a4 | 2027-10-30
        """,
        forecast="""
            recommended: 2028-03-01
        """,
    ),
    Case(
        "Four months after 31 May is 1 October, since September has 30 days",
        "D3",
        "2025-06-15",
        history="""
            a1 | 2025-03-29
            a2 | 2025-04-12
            a3 | 2025-04-26
            a4 | 2025-05-31
        """,
        forecast="""
            recommended: 2025-10-01
        """,
    ),
    Case(
        "From 29 February the doses fall on the 29th, and on 1 March of the next year",
        "D3 F9",
        "2028-03-01",
        history="""
            a1 | 2027-12-28
            a2 | 2028-01-11
            a3 | 2028-01-25
            a4 | 2028-02-29
        """,
        forecast="""
            plan: maintenance 2028-06-29, maintenance 2028-10-29, maintenance 2029-03-01, maintenance 2029-07-01
        """,
    ),
    Case(
        "The date after a missed slot is eight months from the anchor at once: 29 June, not 1 July by way of 1 March",
        "D4 W7",
        "2026-04-01",
        history=OCTOBER_29
        + """
            a5 | 2026-03-10
        """,
        doses="""
            a5 | maintenance | 132 | -
        """,
        forecast="""
            recommended: 2026-06-29
        """,
    ),
    Case(
        "Eight months without a dose after 29 October are over on 29 June",
        "D4 F6",
        "2026-06-29",
        history=OCTOBER_29,
        forecast="""
            status: overdue
            findings: catch-up-required warning F6, near-boundary info F8
        """,
    ),
    Case(
        "On 28 June, 8 months after 29 October are not yet over",
        "D4 F6",
        "2026-06-28",
        history=OCTOBER_29,
        forecast="""
            status: overdue
            findings: overdue warning F7, near-boundary info F8
        """,
    ),
)

CHAPTER = Chapter(
    2,
    "Dates",
    "Intervals are differences of calendar dates where the patient is treated. Partial dates stay ranges to the end."
    " The site's zone in these cases is Pacific/Chatham (13 h 45 min ahead of UTC in summer) unless a case names one.",
    READING + MONTHS,
)
