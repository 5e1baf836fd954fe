"""Section 4: walking the history: label texts by date."""

from __future__ import annotations

from tests.spec.case import Case, Chapter

LOADED = """
    a1 | 2025-01-01
    a2 | 2025-01-15
    a3 | 2025-01-29
    a4 | 2025-03-05
"""
COLUMNS = "records | regimen | step | interval | findings\n"
CASES = (
    Case(
        "The day before a text comes into force a dose is judged by the text before it, and from that day on by it",
        "W12 W7 W9",
        "2026-07-10",
        regimen="eu-12mg-2017; 2025-10-05: eu-12mg",
        history=LOADED
        + """
            a5 | 2025-10-04
            a6 | 2026-06-05
        """,
        doses=COLUMNS
        + """
            a4 | eu-12mg-2017 | loading-4   | 35  | -
            a5 | eu-12mg-2017 | maintenance | 213 | late warning W9
            a6 | eu-12mg      | maintenance | 244 | late warning W7
        """,
        forecast="""
            status: overdue
            step: catch-up
            recommended: 2026-06-19
        """,
    ),
    Case(
        "A dose on the day on which a text comes into force is judged by that text",
        "W12 W7",
        "2025-11-20",
        regimen="eu-12mg-2017; 2025-11-05: eu-12mg",
        history=LOADED + "a5 | 2025-11-05",
        doses=COLUMNS + "a5 | eu-12mg | maintenance | 245 | late warning W7",
        forecast="""
            step: catch-up
            recommended: 2025-11-19
        """,
    ),
    Case(
        "The same dose the day before the text comes into force has no extra dose after it",
        "W12 W9",
        "2025-11-20",
        regimen="eu-12mg-2017; 2025-11-06: eu-12mg",
        history=LOADED + "a5 | 2025-11-05",
        doses=COLUMNS + "a5 | eu-12mg-2017 | maintenance | 245 | late warning W9",
        forecast="""
            step: maintenance
            recommended: 2026-03-05
        """,
    ),
    Case(
        "Loading goes on where the text changes: the fourth dose is due after the interval of the new text",
        "W12 W3",
        "2025-03-01",
        regimen="us-12mg; 2025-02-01: eu-12mg",
        history="""
            a1 | 2025-01-01
            a2 | 2025-01-15
            a3 | 2025-01-29
            a4 | 2025-02-28
        """,
        doses=COLUMNS
        + """
            a3 | us-12mg | loading-3 | 14 | -
            a4 | eu-12mg | loading-4 | 30 | earlier-than-schedule info W3
        """,
        forecast="""
            step: maintenance
            recommended: 2025-06-28
        """,
    ),
    Case(
        "Catch-up goes on where the text changes, also to a text without a table",
        "W12 W8",
        "2025-11-25",
        regimen="eu-12mg; 2025-11-10: eu-12mg-2017",
        history=LOADED + "a5 | 2025-11-05",
        doses=COLUMNS + "a5 | eu-12mg | maintenance | 245 | late warning W7",
        forecast="""
            step: catch-up
            recommended: 2025-11-19
        """,
    ),
    Case(
        "The extra dose after the change is judged by the new text, and maintenance counts from it",
        "W12 W8",
        "2026-03-30",
        regimen="eu-12mg; 2025-11-10: eu-12mg-2017",
        history=LOADED
        + """
            a5 | 2025-11-05
            a6 | 2025-11-19
            a7 | 2026-03-19
        """,
        doses=COLUMNS
        + """
            a6 | eu-12mg-2017 | catch-up    | 14  | -
            a7 | eu-12mg-2017 | maintenance | 120 | -
        """,
    ),
    Case(
        "In maintenance the original schedule ends where the text changes: the next dose counts from the last one",
        "W12 W7",
        "2025-10-01",
        regimen="eu-12mg; 2025-10-01: us-12mg",
        history=LOADED + "a5 | 2025-08-20",
        doses=COLUMNS + "a5 | eu-12mg | maintenance | 168 | late warning W7",
        forecast="""
            status: upcoming
            recommended: 2025-12-20
        """,
    ),
    Case(
        "The day before the text changes the original schedule still holds",
        "W12 W7 F3",
        "2025-09-30",
        regimen="eu-12mg; 2025-10-01: us-12mg",
        history=LOADED + "a5 | 2025-08-20",
        forecast="""
            recommended: 2025-11-05
        """,
    ),
    Case(
        "A proposed date is judged by the text in force on it",
        "W12 P1",
        "2025-09-30",
        regimen="eu-12mg; 2025-12-20: us-12mg",
        history=LOADED + "a5 | 2025-08-20",
        proposals="""
            m1 | 2025-12-19
            m2 | 2026-04-20
        """,
        proposed="""
            m1 | 2025-12-19 | maintenance | 121 | schedule-shifted info W7
            m2 | 2026-04-20 | maintenance | 122 | -
        """,
    ),
    Case(
        "A loading that was interrupted by the text of its day stays a decision under a text without that limit",
        "W12 W5 F2",
        "2025-05-10",
        regimen="eu-12mg; 2025-05-01: eu-12mg-2017",
        history="""
            a1 | 2025-01-01
            a2 | 2025-01-15
            a3 | 2025-04-16
        """,
        doses=COLUMNS + "a3 | eu-12mg | loading-3 | 91 | late warning W3, loading-interrupted warning W5",
        forecast="""
            status: decision
            step: loading-4
            findings: loading-interrupted warning F2
        """,
    ),
    Case(
        "A dose of a month that crosses the change is judged by the text of its latest day",
        "W12 D5",
        "2025-08-10",
        regimen="eu-12mg-2017; 2025-07-31: eu-12mg",
        history=LOADED + "a5 | 2025-07",
        doses=COLUMNS + "a5 | eu-12mg | maintenance | 148 | date-imprecise info D2",
    ),
)

CHAPTER = Chapter(
    4,
    "Walking the history: label texts by date",
    "A site can say which label text was in force from which day on, so that a dose of 2019 is judged by the text of"
    " its time. The regimen of a case then names the first text, and each later one with its first day.",
    CASES,
)
