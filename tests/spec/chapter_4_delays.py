"""Section 4: walking the history, third part: extra doses after a long delay, and the older label texts."""

from __future__ import annotations

from tests.spec.case import Case, Chapter

LOADED = """
    a1 | 2025-01-01
    a2 | 2025-01-15
    a3 | 2025-01-29
    a4 | 2025-03-05
"""
# The fifth dose comes 8 months after the fourth: one extra dose is due on 19 November.
ONE_EXTRA = LOADED + "a5 | 2025-11-05\n"
# Here it comes 16 months after: two extra doses are due.
TWO_EXTRA = LOADED + "a5 | 2026-07-05\n"

EXTRA_DOSES = (
    Case(
        "The extra dose after 14 days; maintenance counts from it",
        "W8",
        "2025-11-25",
        history=ONE_EXTRA + "a6 | 2025-11-19",
        doses="""
            a6 | catch-up | 14 | -
        """,
        forecast="""
            step: maintenance
            recommended: 2026-03-19
        """,
    ),
    Case(
        "The extra dose after 13 days is too early",
        "W8 W2",
        "2025-11-25",
        history=ONE_EXTRA + "a6 | 2025-11-18",
        doses="""
            a6 | catch-up | 13 | interval-too-short critical W2
        """,
    ),
    Case(
        "The extra dose a week late is not called late",
        "W8",
        "2025-11-30",
        history=ONE_EXTRA + "a6 | 2025-11-26",
        doses="""
            a6 | catch-up | 21 | -
        """,
        forecast="""
            step: maintenance
            recommended: 2026-03-26
        """,
    ),
    Case(
        "The extra dose 8 days late is late",
        "W8",
        "2025-11-30",
        history=ONE_EXTRA + "a6 | 2025-11-27",
        doses="""
            a6 | catch-up | 22 | late warning W8
        """,
    ),
    Case(
        "Three months after the delayed dose, less one day, it is still the extra dose",
        "W8",
        "2026-02-04",
        history=ONE_EXTRA + "a6 | 2026-02-04",
        doses="""
            a6 | catch-up | 91 | late warning W8
        """,
    ),
    Case(
        "Three months after the delayed dose, to the day, it is still the extra dose",
        "W8",
        "2026-02-05",
        history=ONE_EXTRA + "a6 | 2026-02-05",
        doses="""
            a6 | catch-up | 92 | late warning W8
        """,
        forecast="""
            step: maintenance
            recommended: 2026-06-05
        """,
    ),
    Case(
        "Three months and a day after it: the extra dose was left out, and this one is maintenance, 27 days early",
        "W8 W7",
        "2026-02-10",
        history=ONE_EXTRA + "a6 | 2026-02-06",
        doses="""
            a6 | maintenance | 93 | catch-up-omitted warning W8, earlier-than-schedule info W7
        """,
        forecast="""
            step: maintenance
            recommended: 2026-06-06
        """,
    ),
    Case(
        "Left out, and maintenance 4 months after the delayed dose: only the omission is said",
        "W8 W7",
        "2026-03-10",
        history=ONE_EXTRA + "a6 | 2026-03-05",
        doses="""
            a6 | maintenance | 120 | catch-up-omitted warning W8
        """,
    ),
    Case(
        "Left out, and maintenance 29 days late as well",
        "W8 W7",
        "2026-04-10",
        history=ONE_EXTRA + "a6 | 2026-04-03",
        doses="""
            a6 | maintenance | 149 | late warning W7, catch-up-omitted warning W8
        """,
        forecast="""
            recommended: 2026-07-05
        """,
    ),
    Case(
        "Left out, and 8 more months without a dose: again one extra dose",
        "W8 W7",
        "2026-07-05",
        history=ONE_EXTRA + "a6 | 2026-07-05",
        doses="""
            a6 | maintenance | 242 | late warning W7, catch-up-omitted warning W8
        """,
        forecast="""
            step: catch-up
            recommended: 2026-07-19
        """,
    ),
    Case(
        "Two extra doses, 14 days apart, then maintenance 4 months after the second",
        "W8",
        "2026-08-05",
        history=TWO_EXTRA + "a6 | 2026-07-19\na7 | 2026-08-02",
        doses="""
            a6 | catch-up | 14 | -
            a7 | catch-up | 14 | -
        """,
        forecast="""
            step: maintenance
            recommended: 2026-12-02
        """,
    ),
    Case(
        "After the first of two extra doses the second is still due, 14 days after it",
        "W8 F4",
        "2026-07-25",
        history=TWO_EXTRA + "a6 | 2026-07-22",
        doses="""
            a6 | catch-up | 17 | -
        """,
        forecast="""
            step: catch-up
            recommended: 2026-08-05
        """,
    ),
    Case(
        "The second extra dose left out, a dose on the 4 months' day",
        "W8 W7",
        "2026-11-20",
        history=TWO_EXTRA + "a6 | 2026-07-19\na7 | 2026-11-19",
        doses="""
            a7 | maintenance | 123 | catch-up-omitted warning W8
        """,
        forecast="""
            step: maintenance
            recommended: 2027-03-19
        """,
    ),
)

RESUME = (
    Case(
        "Under the text of 2017 a maintenance dose 10 months after the last is late; the next is 4 months after it",
        "W9",
        "2026-01-10",
        regimen="eu-12mg-2017",
        history=LOADED + "a5 | 2026-01-05",
        doses="""
            a5 | maintenance | 306 | late warning W9
        """,
        forecast="""
            status: upcoming
            step: maintenance
            recommended: 2026-05-05
            findings: -
        """,
    ),
    Case(
        "Under the US text of 2016 no break, however long, begins the loading again",
        "W9",
        "2029-03-10",
        regimen="us-12mg-2016",
        history=LOADED + "a5 | 2029-03-05",
        doses="""
            a5 | maintenance | 1461 | late warning W9
        """,
        forecast="""
            step: maintenance
            recommended: 2029-07-05
        """,
    ),
    Case(
        "Under the text of 2017 a dose within tolerance moves the schedule: there is no original date to keep",
        "W9",
        "2025-08-05",
        regimen="eu-12mg-2017",
        history=LOADED + "a5 | 2025-08-02",
        doses="""
            a5 | maintenance | 150 | -
        """,
        forecast="""
            recommended: 2025-12-02
        """,
    ),
    Case(
        "Under the text of 2017 a dose 29 days after its day is late",
        "W9",
        "2025-08-05",
        regimen="eu-12mg-2017",
        history=LOADED + "a5 | 2025-08-03",
        doses="""
            a5 | maintenance | 151 | late warning W9
        """,
        forecast="""
            recommended: 2025-12-03
        """,
    ),
    Case(
        "Under the text of 2017, 28 days early is within tolerance",
        "W9",
        "2025-06-10",
        regimen="eu-12mg-2017",
        history=LOADED + "a5 | 2025-06-07",
        doses="""
            a5 | maintenance | 94 | earlier-than-schedule info W9
        """,
        forecast="""
            recommended: 2025-10-07
        """,
    ),
    Case(
        "Under the text of 2017, 29 days early is beyond tolerance",
        "W9",
        "2025-06-10",
        regimen="eu-12mg-2017",
        history=LOADED + "a5 | 2025-06-06",
        doses="""
            a5 | maintenance | 93 | earlier-than-schedule warning W9
        """,
    ),
    Case(
        "Under the US text of 2016 the loading tolerance is 7 days too: day 29 of 30 is within it",
        "W9",
        "2025-03-01",
        regimen="us-12mg-2016",
        history="""
            a1 | 2025-01-01
            a2 | 2025-01-15
            a3 | 2025-01-29
            a4 | 2025-02-27
        """,
        doses="""
            a4 | loading-4 | 29 | earlier-than-schedule info W9
        """,
    ),
    Case(
        "Under the text of 2017 a loading dose after more than 3 months is late, and loading goes on",
        "W9 F2",
        "2025-04-20",
        regimen="eu-12mg-2017",
        history="""
            a1 | 2025-01-01
            a2 | 2025-01-15
            a3 | 2025-04-16
        """,
        doses="""
            a3 | loading-3 | 91 | late warning W9
        """,
        forecast="""
            status: upcoming
            step: loading-4
            recommended: 2025-05-21
            findings: -
        """,
    ),
    Case(
        "14 days between two doses hold for every text",
        "W2 W9",
        "2025-01-20",
        regimen="us-12mg-2016",
        history="""
            a1 | 2025-01-01
            a2 | 2025-01-14
        """,
        doses="""
            a2 | loading-2 | 13 | interval-too-short critical W2
        """,
    ),
)

CHAPTER = Chapter(
    4,
    "Walking the history: extra doses after a long delay, and the older texts",
    "After 8 months one extra dose follows the delayed one, after 16 months two. An extra dose may come up to 3 months"
    " after the dose before it. The texts before 2020 have no such table: each dose counts from the one before.",
    EXTRA_DOSES + RESUME,
)
