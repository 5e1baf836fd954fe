"""Section 5: the forecast: after a dose that came too early, perhaps too early, or was stopped."""

from __future__ import annotations

from tests.spec.case import Case, Chapter

LOADED = """
    a1 | 2025-01-01
    a2 | 2025-01-15
    a3 | 2025-01-29
    a4 | 2025-03-05
"""

ON_SCHEDULE = LOADED + "a5 | 2025-07-05\n"

INTERVALS_AND_AMOUNTS = (
    Case(
        "After a loading dose that came too early a clinician decides",
        "F3a",
        "2025-01-20",
        history="""
            a1 | 2025-01-01
            a2 | 2025-01-14
        """,
        forecast="""
            status: decision
            step: loading-3
            earliest: 2025-01-28
            recommended: -
            overdue_from: -
            plan: -
            options: -
            findings: interval-too-short critical F3a
        """,
    ),
    Case(
        "A loading dose too early needs a decision even when the rest of loading was on time",
        "F3a",
        "2025-04-01",
        history="""
            a1 | 2025-01-01
            a2 | 2025-01-14
            a3 | 2025-01-28
            a4 | 2025-03-04
        """,
        forecast="""
            status: decision
            step: maintenance
            earliest: 2025-03-18
            findings: interval-too-short critical F3a
        """,
    ),
    Case(
        "The first maintenance dose ends the doubt about loading",
        "F3a",
        "2025-08-01",
        history="""
            a1 | 2025-01-01
            a2 | 2025-01-14
            a3 | 2025-01-28
            a4 | 2025-03-04
            a5 | 2025-07-04
        """,
        forecast="status: upcoming\nrecommended: 2025-11-04\nfindings: -",
    ),
    Case(
        "A loading begun again ends the doubt about the first one",
        "F3a",
        "2028-07-10",
        history="""
            a1 | 2025-01-01
            a2 | 2025-01-14
            a3 | 2025-01-28
            a4 | 2025-03-04
            a5 | 2028-07-04
        """,
        forecast="status: upcoming\nstep: loading-2\nrecommended: 2028-07-18\nfindings: -",
    ),
    Case(
        "A maintenance dose that came too early needs a decision while it is the last",
        "F3a",
        "2025-08-01",
        history=ON_SCHEDULE + "a6 | 2025-07-15",
        forecast="""
            status: decision
            earliest: 2025-07-29
            findings: interval-too-short critical F3a
        """,
    ),
    Case(
        "A maintenance dose that came too early needs no decision when another has followed",
        "F3a",
        "2025-12-01",
        history=ON_SCHEDULE + "a6 | 2025-07-15\na7 | 2025-11-15",
        forecast="status: upcoming\nrecommended: 2026-03-15\nfindings: -",
    ),
    Case(
        "A last dose whose interval cannot be decided needs a decision",
        "F3a",
        "2025-04-10",
        history=LOADED + "a5 | 2025-03",
        forecast="""
            status: decision
            earliest: 2025-04-14
            findings: interval-undecidable warning F3a
        """,
    ),
    Case(
        "So does a last dose that was stopped",
        "F3a C2",
        "2025-01-20",
        history="""
            a1 | 2025-01-01
            a2 | 2025-01-15 | | stopped
        """,
        forecast="""
            status: decision
            step: loading-3
            findings: partial-dose warning F3a
        """,
    ),
    Case(
        "An earlier dose that was stopped needs none",
        "F3a C2",
        "2025-01-20",
        history="""
            a1 | 2025-01-01 | | stopped
            a2 | 2025-01-15 |
        """,
        forecast="status: upcoming\nrecommended: 2025-01-29\nfindings: -",
    ),
    Case(
        "One reason is given: too early comes before undecidable, and both before stopped",
        "F3a",
        "2025-03-20",
        history="""
            a1 | 2025-01-01
            a2 | 2025-01-14
            a3 | 2025-03-01 | | stopped
        """,
        forecast="""
            status: decision
            findings: interval-too-short critical F3a
        """,
    ),
    Case(
        "Too early comes before undecidable also where the last dose is the undecidable one",
        "F3a",
        "2025-02-05",
        history="""
            a1 | 2025-01-01
            a2 | 2025-01-14
            a3 | 2025-01
        """,
        doses="""
            a2 | loading-2 | 13 | interval-too-short critical W2
            a3 | loading-3 | 17 | interval-undecidable warning W2, date-imprecise info D2
        """,
        forecast="""
            status: decision
            findings: interval-too-short critical F3a
        """,
    ),
    Case(
        "A delayed dose that was stopped is named before the extra dose that was left out after it",
        "F3a F4 F7",
        "2026-02-06",
        history=LOADED + "a5 | 2025-11-05 | | stopped",
        forecast="""
            status: decision
            step: catch-up
            findings: overdue warning F7, partial-dose warning F3a
        """,
    ),
    Case(
        "A late dose that was stopped is named before the schedule that it leaves undefined",
        "F3a F5",
        "2025-11-01",
        history=LOADED + "a5 | 2025-10-23 | | stopped",
        forecast="""
            status: decision
            options: -
            findings: partial-dose warning F3a
        """,
    ),
    Case(
        "A doubt never hides a delay: the extra dose that 8 months call for is named beside it",
        "F3a F6",
        "2025-12-01",
        history="""
            a1 | 2025-01-01
            a2 | 2025-01-15
            a3 | 2025-01-29
            a4 | 2025-03-05 | | stopped
        """,
        forecast="""
            status: decision
            step: maintenance
            earliest: 2025-03-19
            recommended: -
            overdue_from: -
            plan: -
            findings: catch-up-required warning F6, partial-dose warning F3a
        """,
    ),
    Case(
        "An incomplete history is the first of all reasons; the delay stays beside it, the step is that of the phase",
        "F1 F3a F6",
        "2029-01-01",
        whole=False,
        history="""
            a1 | 2025-01-01
            a2 | 2025-01-15
            a3 | 2025-01-29
            a4 | 2025-03-05 | | stopped
        """,
        forecast="""
            status: decision
            step: maintenance
            earliest: 2025-03-19
            plan: -
            findings: restart-required warning F6, history-incomplete warning F1
        """,
    ),
)

CHAPTER = Chapter(
    5,
    "The forecast: after a doubtful dose",
    "A dose that came too early, perhaps too early, or was stopped leaves what follows to a clinician. Any delay"
    " stands beside the reason.",
    INTERVALS_AND_AMOUNTS,
)
