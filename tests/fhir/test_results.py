"""Observations that laboratories and servers write otherwise: what is read, and what is said of the rest."""

from __future__ import annotations

import sys
from datetime import date
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from cds.dosing.laboratory import NoResult, NotCompared, PassedOver, Result
from cds.fhir.resources import explain
from cds.fhir.results import read_results
from cds.regimens.library import load

US = load().get("us-12mg").monitoring
ZONE = ZoneInfo("Pacific/Chatham")
UCUM = "http://unitsofmeasure.org"
PROTEIN = {"coding": [{"system": "http://loinc.org", "code": "2888-6"}]}
SAID = {"value": 35, "unit": "mg/dL", "system": UCUM, "code": "mg/dL"}

Resource = dict[str, Any]


def observation(**changes: Any) -> Resource:
    """Urine protein of 35 mg/dL; None takes an element away."""
    resource = {
        "resourceType": "Observation",
        "id": "o1",
        "status": "final",
        "code": PROTEIN,
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": "2026-05-01",
        "valueQuantity": SAID,
    }
    return {name: value for name, value in {**resource, **changes}.items() if value is not None}


def read(*resources: object, also: frozenset[str] = frozenset()) -> tuple[tuple[Result, ...], tuple[NoResult, ...]]:
    return read_results(resources, US, patient="Patient/p1", zone=ZONE, also=also)


def result(**changes: Any) -> Result:
    (found,), none = read(observation(**changes))
    assert none == ()
    return found


def no_result(**changes: Any) -> tuple[str, PassedOver, str, date | None]:
    none, (found,) = read(observation(**changes))
    assert none == ()
    return found.test, found.why, found.detail, found.when.latest if found.when else None


def test_a_result_is_read_whole() -> None:
    found = result()
    assert (found.reference, found.test, found.when.latest) == ("Observation/o1", "urine protein", date(2026, 5, 1))
    assert (found.value, found.unit, found.comparator) == (Decimal(35), "mg/dL", "")
    assert (found.measured, found.why_not) == (Decimal("0.35"), None)
    assert explain(observation()) == ()


def test_the_day_is_that_of_the_site() -> None:
    assert result(effectiveDateTime="2026-05-01T12:00:00Z").when.latest == date(2026, 5, 2)
    instant = result(effectiveDateTime=None, effectiveInstant="2026-05-01T10:00:00Z")
    assert instant.when.latest == date(2026, 5, 1)


@pytest.mark.parametrize(
    "coding",
    [
        {"system": "http://loinc.org/", "code": "2888-6 "},
        {"system": "https://loinc.org", "code": "2888-6"},
    ],
)
def test_systems_are_compared_as_those_of_drugs_are(coding: Resource) -> None:
    assert result(code={"coding": [{"system": "https://lab.example.invalid", "code": "UP"}, coding]}).value == 35


@pytest.mark.parametrize(
    "changes",
    [
        {"code": {"coding": [{"system": "http://loinc.org", "code": "718-7"}]}},
        {"code": {"text": "urine protein"}},
        {"code": None},
        {"status": "entered-in-error"},
        {"status": "cancelled"},
        {"resourceType": "DiagnosticReport"},
    ],
)
def test_what_is_no_matter_of_the_label_is_left_out(changes: Resource) -> None:
    assert read(observation(**changes), "no resource") == ((), ())


UNREADABLE = PassedOver.UNREADABLE
MAY_1 = date(2026, 5, 1)


@pytest.mark.parametrize(
    ("changes", "detail"),
    [
        ({"status": None}, "status does not say whether the result is final"),
        ({"status": 7}, "status does not say whether the result is final"),
        ({"subject": {"reference": "Patient/p2"}}, "subject is another patient"),
        ({"effectivePeriod": 3, "effectiveDateTime": None}, "effectivePeriod is a number, not an object"),
        ({"valueQuantity": None}, "value[x] is missing"),
        ({"valueQuantity": None, "valueString": "neg"}, "value[x] is no quantity"),
        ({"valueQuantity": None, "dataAbsentReason": {"text": "lost"}}, "value[x] is missing"),
        ({"valueQuantity": {"unit": "mg/dL"}}, "valueQuantity.value is missing"),
        ({"valueQuantity": {"value": True}}, "valueQuantity.value is a boolean, not a number"),
        ({"valueQuantity": {"value": "35"}}, "valueQuantity.value is a string, not a number"),
        ({"valueQuantity": {"value": float("nan")}}, "valueQuantity.value is no finite number"),
        ({"valueQuantity": {**SAID, "comparator": "ad"}}, "valueQuantity.comparator is not known"),
        ({"valueQuantity": {**SAID, "code": 3}}, "valueQuantity.code is a number, not a string"),
        ({"valueQuantity": [SAID]}, "valueQuantity is a list, not an object"),
    ],
)
def test_what_cannot_be_read_is_said_with_its_reason(changes: Resource, detail: str) -> None:
    when = None if "effectivePeriod" in changes else MAY_1
    assert no_result(**changes) == ("urine protein", UNREADABLE, detail, when)


@pytest.mark.parametrize("day", [None, "2026-13-01", "yesterday", 20260501])
def test_the_day_on_which_it_was_issued_is_not_that_of_the_specimen(day: object) -> None:
    test, why, detail, when = no_result(effectiveDateTime=day, issued="2026-05-01T12:00:00Z")
    assert (test, why, when) == ("urine protein", UNREADABLE, None)
    assert detail.startswith("effective")


def test_a_code_that_cannot_be_read_may_be_that_of_any_test() -> None:
    assert no_result(code={"coding": 7}) == ("", UNREADABLE, "code.coding is a number, not a list", MAY_1)
    two = [*PROTEIN["coding"], {"system": "http://loinc.org", "code": "777-3"}]
    assert no_result(code={"coding": two})[:2] == ("", UNREADABLE)
    assert result(code={"coding": PROTEIN["coding"] * 2}).value == 35


def test_a_strip_and_a_preliminary_result_are_no_results_whatever_else_they_lack() -> None:
    strip = {"coding": [{"system": "http://loinc.org", "code": "20454-5"}]}
    said = ("urine protein", PassedOver.NOT_QUANTITATIVE, "")
    assert no_result(code=strip) == (*said, MAY_1)
    assert no_result(code=strip, effectiveDateTime=None, valueQuantity=None, status="unknown") == (*said, None)
    registered = ("urine protein", PassedOver.NOT_FINAL, "registered", MAY_1)
    assert no_result(status="registered", valueQuantity=None) == registered


def test_an_id_that_the_patient_had_before_is_the_same_patient() -> None:
    old = observation(subject={"reference": "Patient/old"})
    assert len(read(old, also=frozenset({"Patient/old"}))[0]) == 1
    assert len(read(observation(subject=None))[0]) == 1, "what does not say whose it is was asked for by patient"


def test_of_two_versions_of_one_record_the_last_updated_counts() -> None:
    first = observation(meta={"lastUpdated": "2026-05-01T10:00:00Z"}, status="preliminary")
    second = observation(meta={"lastUpdated": "2026-05-01T11:00:00Z"})
    for both in ((first, second), (second, first)):
        assert [len(part) for part in read(*both)] == [1, 0]


def test_records_without_an_id_are_told_apart_by_their_place() -> None:
    results, _ = read(observation(id=None), observation(id=None))
    assert [each.reference for each in results] == ["Observation?index=0", "Observation?index=1"]


@pytest.mark.parametrize(
    ("quantity", "why_not"),
    [
        ({"value": 35, "unit": "mg/dL"}, NotCompared.NO_CODE),
        ({"value": 35, "code": "mg/dL"}, NotCompared.NO_CODE),
        (
            {"value": 35, "system": "https://lab.example.invalid", "code": "g/L"},
            NotCompared.NO_CODE,
        ),
        ({"value": 35, "system": UCUM, "code": "mg/g"}, NotCompared.ANOTHER_MEASURE),
        ({"value": 35, "system": UCUM, "code": "MG/DL"}, NotCompared.ANOTHER_MEASURE),
        ({"value": 35, "system": UCUM, "code": "g/L." * 9 + "g"}, NotCompared.ANOTHER_MEASURE),
    ],
)
def test_a_unit_is_never_guessed(quantity: Resource, why_not: NotCompared) -> None:
    found = result(valueQuantity=quantity)
    assert (found.value, found.measured, found.why_not) == (Decimal(35), None, why_not)


def test_without_the_extra_the_value_is_said_not_to_be_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ucumvert", None)
    from cds.fhir import units

    units._registry.cache_clear()
    units._factor.cache_clear()
    found = result()
    assert (found.value, found.unit, found.measured, found.why_not) == (
        Decimal(35),
        "mg/dL",
        None,
        NotCompared.NO_TABLE,
    )
    assert result(valueQuantity={**SAID, "unit": "g/L", "code": "g/L"}).measured == 35


def test_of_tests_without_a_threshold_no_unit_is_converted() -> None:
    platelets = {"coding": [{"system": "http://loinc.org", "code": "777-3"}]}
    found = result(code=platelets, valueQuantity={"value": 240, "unit": "no unit at all"})
    assert (found.test, found.value, found.measured, found.why_not) == ("platelet count", Decimal(240), None, None)
