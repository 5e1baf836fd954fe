"""The timeline where something is not known: what could not be read, whether therapy goes on, which day a dose was."""

from __future__ import annotations

import httpx
import pytest

from hooks.sandbox.pages import TIMELINE
from hooks.sandbox.patients import DemoPatient
from tests.pages.conftest import Answer, Get, given, holding, pages, person
from tests.pages.reading import Page, read

REGULAR = ("2025-06-01", "2025-06-15", "2025-06-29", "2025-08-03", "2025-12-03")


def of(*days: str) -> DemoPatient:
    return person("x", *(given("x", f"a{number}", day) for number, day in enumerate(days, 1)))


def without(kind: str, patient: DemoPatient) -> Answer:
    """A server that refuses one type."""
    whole = holding([patient])

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(403) if f"/{kind}" in request.url.path else whole(request)

    return answer


def seen(get: Get, **more: str) -> Page:
    return read(get(TIMELINE, params={"patient": "x", **more}))


def looks(page: Page) -> list[str]:
    """How the status and the verdict look."""
    found = [each.get("class") or "" for tag in ("section", "div") for each in page.all(tag)]
    return [each.removeprefix("status ") for each in found if each.startswith("status ")]


def pins(page: Page) -> set[str]:
    """How the date that was tried is drawn."""
    found = [each.get("class") or "" for each in page.all("path")]
    return {each for each in found if each.startswith("mark pin ")} - {"mark pin"}


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("MedicationStatement", "Doses given elsewhere"),
        ("MedicationRequest", "Other therapies that are ordered"),
        ("Patient", "Whether the patient has died"),
    ],
)
@pytest.mark.parametrize("last", [pytest.param((), id="due"), pytest.param(("2026-04-03",), id="not due yet")])
def test_what_could_not_be_read_beside_the_doses_is_told(kind: str, words: str, last: tuple[str, ...]) -> None:
    patient = of(*REGULAR, *last)
    with pages([patient], without(kind, patient)) as get:
        answer = get(TIMELINE, params={"patient": "x"})
    if kind == "MedicationStatement" and last:
        # no card would tell of it either: the chart counts as not read
        assert words in read(answer, 502).text
        return
    page = read(answer)
    assert "Not everything could be read." in page.text
    assert f"{words}: the " in page.text
    assert looks(page) == ["warning"]


@pytest.mark.parametrize("kind", ["MedicationStatement", "MedicationRequest", "Patient"])
def test_no_date_that_is_tried_looks_good_then(kind: str) -> None:
    patient = of(*REGULAR)
    with pages([patient], without(kind, patient)) as get:
        page = seen(get, date="2026-05-01")
    assert "Not everything could be read." in page.text
    assert "(status 403)" not in page.text.partition("Time axis")[2], "told once, above the drawing"
    assert looks(page) == ["warning", "warning"]


def test_where_all_was_read_a_date_that_fits_looks_good() -> None:
    with pages([of(*REGULAR)]) as get:
        page = seen(get, date="2026-05-01")
    assert "could be read" not in page.text
    assert looks(page) == ["info", "good"]
    assert pins(page) == {"mark pin tried"}


def test_the_doses_of_ids_that_a_patient_had_before_are_shown() -> None:
    patient = person(
        "x",
        given("x", "now", "2026-04-15", id="now"),
        given("old", "before", "2026-04-01", id="before"),
    )
    patient.resources[0]["link"] = [{"other": {"reference": "Patient/old"}, "type": "replaces"}]
    with pages([patient]) as get:
        for more in ({}, {"date": "2026-05-09"}):
            text = seen(get, **more).text
            assert "MedicationAdministration/before" in text
            assert "loading dose 2" in text


def nobody_knows_of_what(name: str) -> dict[str, object]:
    """A record that neither codes nor names a drug: never "not nusinersen"."""
    return given("x", name, "2026-04-20", medicationCodeableConcept={"coding": []})


def test_a_record_that_does_not_say_of_which_drug_it_is_takes_the_calm_away() -> None:
    last = "2026-04-03"
    doses = [given("x", f"a{number}", day) for number, day in enumerate((*REGULAR, last))]
    with pages([person("x", *doses)]) as get:
        assert looks(seen(get, date="2026-08-03")) == ["good", "good"]
    with pages([person("x", *doses, nobody_knows_of_what("u"))]) as get:
        page = seen(get, date="2026-08-03")
    assert looks(page) == ["info", "info"]
    assert "nothing was found against this date; 1 record does not say of which drug it is" in page.text


def test_who_may_have_had_doses_is_not_just_not_started() -> None:
    with pages([person("x", nobody_knows_of_what("u"), nobody_knows_of_what("v"))]) as get:
        text = seen(get).text
    assert "is on record, as visible to this reader; 2 records do not say of which drug they are" in text


@pytest.mark.parametrize("day", ["2026-05-01", "2026-06-01"])
def test_after_the_end_of_therapy_no_date_looks_good(day: str) -> None:
    patient = of(*REGULAR)
    patient.resources[0]["deceasedDateTime"] = "2026-02-01"
    with pages([patient]) as get:
        page = seen(get, date=day)
    assert f"Nusinersen on {day}: the records say that the therapy has ended (death, another therapy" in page.text
    assert looks(page) == ["info", "warning"]
    assert pins(page) == {"mark pin warning"}, "the drawing says the same"


def test_a_verdict_names_the_date_that_was_tried() -> None:
    with pages([of("2026-02-01", "2026-02-03")]) as get:
        text = seen(get, date="2026-05-09").text
    assert "On 2026-05-09 it would be: loading dose 3, 95 days after the dose before." in text


def test_a_dose_of_an_unknown_day_is_not_shown_as_one_of_the_last_day_that_it_can_be() -> None:
    with pages([of("2026-01-10", "2026-03")]) as get:
        page = seen(get)
    assert "loading dose 2, 31 to 61 days ago" in page.text
    assert page.text.count("2026-03-01 to 2026-03-31") == 3 + 2, "in each drawing, above them and in the table"
    assert "the day is not known: any of these" in page.text


def test_a_record_that_is_not_counted_is_drawn_however_old_or_said_not_to_be() -> None:
    unknown = given("x", "u", "2019-03-04", status="unknown")
    undated = given("x", "n", "")
    del undated["effectiveDateTime"]
    with pages([person("x", given("x", "a", "2026-04-20"), unknown)]) as get:
        page = seen(get)
        assert "The whole history" in page.text
        assert "Not drawn" not in page.text
    with pages([person("x", given("x", "a", "2026-04-20"), undated)]) as get:
        assert "Not drawn, for want of a date: 1 of the records that are not counted." in seen(get).text
    with pages(
        [person("x", given("x", "a", "2026-04-20"), undated, given("x", "u", "1950-01-01", status="unknown"))]
    ) as get:
        assert "Not drawn, for want of a date or of room: 2 of the records that are not counted." in seen(get).text


def joined(answered: Answer, status: int = 200) -> Answer:
    """A server on which the patient that is looked at has replaced another, who has all doses."""
    link = [{"type": "replaces", "other": {"reference": "Patient/x"}}]

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/Patient/now"):
            found = {"resourceType": "Patient", "id": "now", "link": link}
            return httpx.Response(status, json=found if status == 200 else {})
        return answered(request)

    return answer


def test_doses_under_the_id_that_was_replaced_are_those_of_the_patient() -> None:
    both = [of(*REGULAR), person("now")]
    with pages(both, joined(holding(both))) as get:
        page = read(get(TIMELINE, params={"patient": "now"}))
    assert looks(page) == ["info"]
    assert "Nusinersen: maintenance dose due" in page.text


@pytest.mark.parametrize("status", [403, 404])
def test_a_patient_who_cannot_be_read_and_has_no_record_is_not_one_who_was_never_treated(status: int) -> None:
    nobody = [person("now")]
    with pages(nobody, joined(holding(nobody), status)) as get:
        answer = get(TIMELINE, params={"patient": "now"})
    assert answer.status_code == 502
