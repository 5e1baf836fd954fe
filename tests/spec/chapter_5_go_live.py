"""Section 5: a site whose records are complete since a day only, so that no dose of before proves nothing (F1)."""

from __future__ import annotations

from tests.spec.case import Case, Chapter

SINCE = "2024-06-01"
DOUBT = "history-incomplete warning F1"
FIRST = "a1 | 2025-01-01"
LOADED = "a1 | 2025-01-01\na2 | 2025-01-15\na3 | 2025-01-29\na4 | 2025-03-05"
DECIDES = f"status: decision\nrecommended: -\nplan: -\nfindings: {DOUBT}"


def case(title: str, on: str, history: str, forecast: str, *, since: str = SINCE, regimen: str = "eu-12mg") -> Case:
    """A history, and the day since which the records are complete."""
    return Case(title, "F1", on, history=history, forecast=forecast, complete_since=since, regimen=regimen)


CASES = (
    case(
        "Records complete since 7 months before the first dose on record: it need not be the first one",
        "2025-01-10",
        FIRST,
        f"status: decision\nstep: loading-2\nearliest: 2025-01-15\noptions: 2025-01-15, 2025-05-01\nfindings: {DOUBT}",
    ),
    case(
        "40 months after the day before the records were complete a dose begins the loading, whatever came before",
        "2025-01-10",
        FIRST,
        "status: upcoming\nrecommended: 2025-01-15\nfindings: -",
        since="2021-09-02",
    ),
    case(
        "A day less, and it need not be the first one",
        "2025-01-10",
        FIRST,
        DECIDES,
        since="2021-09-03",
    ),
    case(
        "In loading the doubt stays",
        "2025-02-01",
        "a1 | 2025-01-01\na2 | 2025-01-15\na3 | 2025-01-29",
        f"status: decision\nstep: loading-4\noptions: 2025-02-12, 2025-05-29\nfindings: {DOUBT}",
    ),
    case(
        "A whole loading on record ends it",
        "2025-07-01",
        LOADED,
        "status: due\nrecommended: 2025-07-05\nfindings: -",
    ),
    case(
        "The last dose lies before the records were complete: a dose after it may be missing",
        "2025-07-01",
        LOADED,
        DECIDES,
        since="2025-03-07",
    ),
    case(
        "Records complete since the day after the last dose: none is missing",
        "2025-07-01",
        LOADED,
        "status: due\nrecommended: 2025-07-05\nfindings: -",
        since="2025-03-06",
    ),
    case(
        "Before the records are complete, a dose may be missing up to the day asked about",
        "2025-03-06",
        LOADED,
        DECIDES,
        since="2030-01-01",
    ),
    case(
        "eu-12mg-2017: no delay begins the loading again, so the first dose on record need not be the first one",
        "2025-01-10",
        FIRST,
        DECIDES,
        since="2000-01-01",
        regimen="eu-12mg-2017",
    ),
    case(
        "In a loading that is given again after 40 months it no longer matters which dose was the first",
        "2025-01-12",
        "a1 | 2021-06-01\na2 | 2021-06-15\na3 | 2021-06-29\na4 | 2021-08-03\na5 | 2025-01-10",
        "status: upcoming\nstep: loading-2\nrecommended: 2025-01-24\nfindings: -",
        since="2021-05-01",
    ),
    Case(
        "No dose on record, and one is ordered: the patient may have been treated before the records were complete",
        "F1",
        "2025-01-10",
        proposals="m1 | 2025-01-20",
        forecast=f"status: decision\nstep: loading-1\nplan: -\nfindings: {DOUBT}",
        complete_since=SINCE,
    ),
    Case(
        "After 40 months the first dose that is ordered is the first, whatever came before",
        "F1",
        "2025-01-10",
        proposals="m1 | 2025-01-20",
        forecast="status: not-started\nstep: loading-1\nfindings: -",
        complete_since="2021-09-11",
    ),
    Case(
        "A day less, and it need not be",
        "F1",
        "2025-01-10",
        proposals="m1 | 2025-01-20",
        forecast=f"status: decision\nfindings: {DOUBT}",
        complete_since="2021-09-12",
    ),
    case(
        "Of who has no record of the drug and no order for it nothing is doubted",
        "2025-01-10",
        "",
        "status: not-started\nfindings: -",
    ),
    case(
        "A dose that was not given shows that the drug is meant for the patient",
        "2025-01-10",
        "n1 | 2025-01-09 | | not given",
        f"status: decision\nfindings: {DOUBT}",
    ),
)

CHAPTER = Chapter(
    5,
    "Records that are complete since a day only",
    "A site can say since when every dose is in its records. That no dose of before is recorded then proves nothing:"
    " who is in loading by the records may have been treated for years.",
    CASES,
)
