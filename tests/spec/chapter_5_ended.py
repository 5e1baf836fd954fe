"""Sections 3 and 5: doses noted elsewhere, other therapies of the disease, and therapy that has ended."""

from __future__ import annotations

from tests.spec.case import Case, Chapter

LOADED = """
    a1 | 2025-01-01
    a2 | 2025-01-15
    a3 | 2025-01-29
    a4 | 2025-03-05
"""
UNSAID = "history-incomplete warning F1"


def elsewhere(title: str, day: str, forecast: str, *, on: str = "2025-07-01", rules: str = "C7 F1") -> Case:
    """A loading, and a record of doses elsewhere of these days."""
    return Case(
        title,
        rules,
        on,
        history=LOADED + f"s1 | {day} | | elsewhere",
        counted="a1, a2, a3, a4",
        series="outside-record warning C7",
        forecast=forecast,
    )


ON_TIME = "status: due\nrecommended: 2025-07-05\nfindings: -"
DOUBTED = f"status: decision\nstep: maintenance\nrecommended: -\nfindings: {UNSAID}"

ELSEWHERE = (
    elsewhere("Doses noted elsewhere on the day of the last dose change nothing", "2025-03-05", ON_TIME),
    elsewhere("A day later they may tell of a dose after it: a clinician decides", "2025-03-06", DOUBTED),
    elsewhere("Doses noted elsewhere the day before it change nothing", "2025-03-04", ON_TIME),
    elsewhere("Doses noted elsewhere without a date can be of any day", "-", DOUBTED),
    elsewhere("Doses noted elsewhere since a day, without an end, can go on", "2025-01-01 to ...", DOUBTED),
    elsewhere("Doses noted elsewhere until the last dose are no doubt", "... to 2025-03-05", ON_TIME),
    elsewhere("Doses noted elsewhere for tomorrow have not been given", "2025-07-02", ON_TIME),
    elsewhere("Doses noted elsewhere today may have been given", "2025-07-01", DOUBTED),
    Case(
        "Doses noted elsewhere are never counted; without a counted dose a clinician decides",
        "C7 F1",
        "2025-07-01",
        history="s1 | 2025-03-05 | | elsewhere",
        counted="-",
        series="outside-record warning C7",
        forecast=f"status: decision\nstep: loading-1\nfindings: {UNSAID}",
    ),
    Case(
        "In loading, doses noted elsewhere after its first dose are a doubt",
        "C7 F1",
        "2025-01-20",
        history="a1 | 2025-01-01\na2 | 2025-01-15\ns1 | 2025-01-08 | | elsewhere",
        forecast=f"status: decision\nfindings: {UNSAID}",
    ),
)

OTHER = (
    Case(
        "Another therapy of the disease before the last dose is said, and never counted",
        "C8",
        "2025-07-01",
        history=LOADED + "g1 | 2025-03-04 | | other therapy",
        counted="a1, a2, a3, a4",
        series="other-smn-therapy info C8",
        forecast="status: due\nrecommended: 2025-07-05",
    ),
    Case(
        "Another therapy that began on the day of the last dose has not ended this one for certain",
        "F10 C8",
        "2025-07-01",
        history=LOADED + "g1 | 2025-03-05 | | other therapy",
        forecast="status: due\nrecommended: 2025-07-05",
    ),
    Case(
        "Another therapy that began a day after the last dose has ended this one",
        "F10 C8",
        "2025-07-01",
        history=LOADED + "g1 | 2025-03-06 | | other therapy",
        series="other-smn-therapy info C8",
        forecast="""
            status: ended
            step: maintenance
            earliest: -
            recommended: -
            overdue_from: -
            plan: -
            options: -
            findings: -
        """,
    ),
    Case(
        "A dose after the other therapy shows that this one goes on",
        "F10 C8",
        "2025-07-10",
        history=LOADED + "g1 | 2025-03-06 | | other therapy\na5 | 2025-07-05",
        forecast="status: upcoming\nrecommended: 2025-11-05",
    ),
    Case(
        "Another therapy of a month in which the last dose was given may have begun before it: nothing has ended",
        "F10 C8",
        "2025-07-01",
        history=LOADED + "g1 | 2025-03 | | other therapy",
        forecast="status: due\nrecommended: 2025-07-05",
    ),
    Case(
        "Another therapy without a date ends nothing",
        "F10 C8",
        "2025-07-01",
        history=LOADED + "g1 | - | | other therapy",
        series="other-smn-therapy info C8",
        forecast="status: due",
    ),
    Case(
        "Another therapy ordered for tomorrow has not begun",
        "F10 C8",
        "2025-07-01",
        history=LOADED + "g1 | 2025-07-02 | | other therapy",
        forecast="status: due",
    ),
    Case(
        "Another therapy that begins today has ended this one",
        "F10 C8",
        "2025-07-01",
        history=LOADED + "g1 | 2025-07-01 | | other therapy",
        forecast="status: ended",
    ),
    Case(
        "Another therapy that has a record of before the last dose goes on, and ends nothing",
        "F10 C8",
        "2025-07-01",
        history=LOADED + "g1 | 2025-02-01 | | other therapy\ng2 | 2025-04-01 | | other therapy",
        forecast="status: due\nrecommended: 2025-07-05",
    ),
    Case(
        "So it may where another record of it has no date",
        "F10 C8",
        "2025-07-01",
        history=LOADED + "g1 | - | | other therapy\ng2 | 2025-04-01 | | other therapy",
        forecast="status: due\nrecommended: 2025-07-05",
    ),
    Case(
        "An order that goes on from an earlier one begins nothing",
        "F10 C8",
        "2025-07-01",
        history=LOADED + "g1 | 2025-04-01 | | other therapy, goes on",
        series="other-smn-therapy info C8",
        forecast="status: due\nrecommended: 2025-07-05",
    ),
    Case(
        "Another therapy that was stopped ends nothing",
        "F10 C8",
        "2025-07-01",
        history=LOADED + "g1 | 2025-04-01 | | other therapy, stopped",
        series="other-smn-therapy info C8",
        forecast="status: due\nrecommended: 2025-07-05",
    ),
    Case(
        "One that goes on after it was stopped has ended this one",
        "F10 C8",
        "2025-07-01",
        history=LOADED + "g1 | 2025-04-01 | | other therapy, stopped\ng2 | 2025-05-01 | | other therapy, goes on",
        forecast="status: ended",
    ),
    Case(
        "One that was stopped before the last dose and began again after it has ended this one",
        "F10 C8",
        "2025-07-01",
        history=LOADED + "g1 | 2024-04-01 | | other therapy, stopped\ng2 | 2025-05-01 | | other therapy",
        forecast="status: ended",
    ),
    Case(
        "So has one that was stopped on the day of the last dose and began again after it",
        "F10 C8",
        "2025-07-01",
        history=LOADED + "g1 | 2025-03-05 | | other therapy, stopped\ng2 | 2025-05-01 | | other therapy",
        forecast="status: ended",
    ),
    Case(
        "Another therapy without any dose of the drug has ended nothing",
        "F10 C8",
        "2025-07-01",
        history="g1 | 2025-03-06 | | other therapy",
        series="other-smn-therapy info C8",
        forecast="status: not-started",
    ),
    Case(
        "A therapy that is known to have ended has no next dose, whatever is overdue or in doubt",
        "F10",
        "2026-01-01",
        ended=True,
        whole=False,
        history=LOADED,
        series="history-incomplete warning F1",
        forecast="""
            status: ended
            earliest: -
            recommended: -
            overdue_from: -
            plan: -
            options: -
            findings: -
        """,
    ),
    Case(
        "A proposed date is judged all the same where the therapy has ended",
        "F10 P1",
        "2025-03-06",
        ended=True,
        history=LOADED,
        proposals="m1 | 2025-03-18",
        proposed="m1 | 2025-03-18 | maintenance | 13 | interval-too-short critical W2",
        forecast="status: ended",
    ),
)

CHAPTER = Chapter(
    5,
    "Doses elsewhere, other therapies, and therapy that has ended",
    "A record of doses elsewhere is never counted, and may tell of one that would move the schedule. Another therapy of"
    " the same disease that began after the last dose, or what is known of the patient, ends the forecast.",
    ELSEWHERE + OTHER,
)
