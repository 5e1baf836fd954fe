"""R5 is read as R4 is, told apart by the shape; older versions are refused in words."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from cds.dosing.facts import Administration
from cds.fhir.history import read_history, unresolved
from cds.fhir.orders import read_order
from cds.fhir.references import Pool
from cds.fhir.versions import refused_server, refused_version
from tests.fhir.records import ADMINISTRATION, ATC, DRUG, NDC, ON, ORDER, PATIENT, UCUM, ZONE, changed, concept, read

NUSINERSEN = concept((ATC, "M09AX07"))
R5 = {
    **changed(ADMINISTRATION, medicationCodeableConcept=None, effectiveDateTime=None),
    "medication": {"concept": NUSINERSEN},
    "occurenceDateTime": "2026-03-01",
    "isSubPotent": False,
    "recorded": "2026-03-02T10:00:00Z",
    "encounter": {"reference": "Encounter/e1"},
    "reason": [{"concept": {"text": "SMA"}}],
    "device": [{"concept": {"text": "needle"}}],
}


UNDATED = changed(R5, occurenceDateTime=None)


def event(*days: str, **more: object) -> dict[str, Any]:
    return {"event": list(days), **more}


SAME_DAY = [
    {"occurenceDateTime": "2026-03-01"},
    {"occurrenceDateTime": "2026-03-01"},
    {"occurenceDateTime": "2026-03-01", "occurrenceDateTime": "2026-03-01"},
    {"occurenceDateTime": "2026-03-01", "effectiveDateTime": "2026-03-01"},
    {"occurenceDateTime": "2026-02-28T23:00:00Z"},
    {"occurencePeriod": {"start": "2026-03-01", "end": "2026-03-02"}},
    {"occurrencePeriod": {"end": "2026-03-01"}},
    {"occurenceTiming": event("2026-03-01")},
    {"occurrenceTiming": event("2026-03-01", code={"text": "once"})},
]


@pytest.mark.parametrize("when", SAME_DAY, ids=str)
def test_the_date_of_r5_in_every_spelling(when: dict[str, Any]) -> None:
    record = read(changed(UNDATED, **when))
    plain = read(ADMINISTRATION)
    assert (record.when, record.amount, record.stopped) == (plain.when, Decimal(12), False)


NO_DAY = [
    # when it says, the reason, the element, the days on which it can have been
    ({}, "date-missing", "effective[x]", None),
    ({"occurenceDateTime": "yesterday"}, "date-missing", "occurenceDateTime", None),
    ({"occurencePeriod": {}}, "date-missing", "occurencePeriod", None),
    ({"_occurenceDateTime": {"id": "x"}}, "date-missing", "occurenceDateTime", None),
    ({"occurenceTiming": {"code": {"text": "daily"}}}, "date-missing", "occurenceTiming", None),
    ({"occurenceTiming": event("soon")}, "date-missing", "occurenceTiming", None),
    (
        {"occurenceTiming": event("2026-03-15", "2026-03-01")},
        "unreadable-record",
        "occurenceTiming",
        ("2026-03-01", "2026-03-15"),
    ),
    ({"occurenceTiming": event("2026-03-15", "soon")}, "unreadable-record", "occurenceTiming", None),
    ({"occurenceTiming": event("2026-03-01", repeat={"count": 3})}, "unreadable-record", "occurenceTiming", None),
    (
        {"occurenceTiming": {"repeat": {"boundsPeriod": {"start": "2026-03-01", "end": "2026-03-04"}}}},
        "unreadable-record",
        "occurenceTiming",
        ("2026-03-01", "2026-03-04"),
    ),
    (
        {"occurenceTiming": {"repeat": {"boundsPeriod": {"start": "2026-03-01"}}}},
        "unreadable-record",
        "occurenceTiming",
        None,
    ),
    ({"occurenceTiming": "2026-03-01"}, "unreadable-record", "occurenceTiming", None),
    (
        {"occurenceDateTime": "2026-03-01", "effectiveDateTime": "2026-03-02"},
        "unreadable-record",
        "occurenceDateTime",
        ("2026-03-01", "2026-03-02"),
    ),
    (
        {"occurenceDateTime": "2026-03-01", "occurrenceDateTime": "2026-03-09"},
        "unreadable-record",
        "occurrenceDateTime",
        ("2026-03-01", "2026-03-09"),
    ),
    (
        {"occurenceDateTime": "2026-03-01", "occurenceTiming": event("2026-03-03")},
        "unreadable-record",
        "occurenceTiming",
        ("2026-03-01", "2026-03-03"),
    ),
]


@pytest.mark.parametrize(("when", "reason", "element", "days"), NO_DAY, ids=[str(case[0]) for case in NO_DAY])
def test_a_record_of_r5_that_does_not_say_one_day(
    when: dict[str, Any], reason: str, element: str, days: tuple[str, str] | None
) -> None:
    record = read(changed(UNDATED, **when))
    assert (record.reason, record.element.partition(".")[0].partition("[0")[0]) == (reason, element)
    found = None if record.when is None else (record.when.earliest.isoformat(), record.when.latest.isoformat())
    assert found == days


PARTIAL = [
    ({"isSubPotent": False}, False),
    ({"isSubPotent": None}, False),
    ({"isSubPotent": True}, True),
    ({"isSubPotent": None, "subPotentReason": [{"text": "leaked"}]}, True),
    ({"isSubPotent": False, "subPotentReason": [{"text": "leaked"}]}, True),
    ({"isSubPotent": True, "status": "in-progress"}, True),
    ({"isSubPotent": True, "status": "stopped"}, True),
    ({"isSubPotent": False, "status": "stopped"}, True),
]


@pytest.mark.parametrize(("said", "partial"), PARTIAL, ids=str)
def test_a_dose_that_was_not_given_in_full_counts_as_a_stopped_one(said: dict[str, Any], partial: bool) -> None:
    record = read(changed(R5, **said))
    assert isinstance(record, Administration)
    assert record.stopped is partial
    assert read(changed({**ADMINISTRATION, "isSubPotent": False}, **said)) == record, "in R4's shape too"


def test_a_dose_that_was_not_given_is_none_whatever_is_said_of_its_potency() -> None:
    assert type(read(changed(R5, status="not-done", isSubPotent=True))).__name__ == "NotGiven"


@pytest.mark.parametrize("wrong", ["true", 1, [True], {}])
def test_a_potency_that_is_neither_true_nor_false_makes_the_record_unreadable(wrong: object) -> None:
    record = read(changed(R5, isSubPotent=wrong))
    assert (record.reason, record.rule, record.element) == ("unreadable-record", "C2", "isSubPotent")


@pytest.mark.parametrize(
    ("status", "reason"), [("unknown", "status-unknown"), (None, "status-unknown"), ("ended", "status-unknown")]
)
def test_the_statuses_of_r5_are_those_of_r4(status: str | None, reason: str) -> None:
    assert read(changed(R5, status=status, isSubPotent=True)).reason == reason


VIAL = {"concept": concept((NDC, "64406-058-01"))}
MG_PER_ML = {"value": 2.4, "unit": "mg/mL", "system": UCUM, "code": "mg/mL"}
RATIO = {
    "numerator": {"value": 12, "unit": "mg", "system": UCUM, "code": "mg"},
    "denominator": {"value": 5, "unit": "mL", "system": UCUM, "code": "mL"},
}
FIVE_ML = {"dose": {"value": 5, "unit": "mL", "system": UCUM, "code": "mL"}}


def product(**ingredient: object) -> dict[str, Any]:
    return {"resourceType": "Medication", "id": "m1", "doseForm": {"text": "injection"}, "ingredient": [ingredient]}


MEDICATIONS = [
    # the Medication of R5, mg in 5 mL of it; None: of another drug, or nobody can tell
    (product(item={"concept": NUSINERSEN}), "unknown"),
    (product(item={"concept": NUSINERSEN}, strengthRatio=RATIO), "12"),
    (product(item={"concept": NUSINERSEN}, strengthQuantity=MG_PER_ML), "12"),
    (product(item={"concept": NUSINERSEN}, strengthQuantity={"value": 2.4, "unit": "mg/ml"}), "12"),
    (product(item={"concept": NUSINERSEN}, strengthQuantity={**MG_PER_ML, "code": "g/mL"}), "unknown"),
    (product(item={"concept": NUSINERSEN}, strengthQuantity={"value": 12, "unit": "mg"}), "unknown"),
    (product(item={"concept": NUSINERSEN}, strengthQuantity={"value": 1, "unit": "mg/mL/h"}), "unknown"),
    (product(item={"concept": NUSINERSEN}, strengthCodeableConcept={"text": "12 mg/5 mL"}), "unknown"),
    (product(item={"reference": {"reference": "Substance/s1"}}, strengthRatio=RATIO), "12"),
    (product(item={"reference": {"reference": "Substance/s4"}}, strengthRatio=RATIO), "12"),
    (product(item={"concept": {"text": "paracetamol"}}, strengthRatio=RATIO), None),
    (product(item={"reference": {"reference": "Substance/s2"}}), None),
    (
        {"resourceType": "Medication", "id": "m1", "code": NUSINERSEN, "totalVolume": {"value": 5, "unit": "mL"}},
        "unknown",
    ),
]
SUBSTANCES = (
    {"resourceType": "Substance", "id": "s1", "instance": False, "code": {"concept": NUSINERSEN}},
    {"resourceType": "Substance", "id": "s2", "instance": False, "code": {"concept": {"text": "water"}}},
    {"resourceType": "Substance", "id": "s4", "code": NUSINERSEN},
)


@pytest.mark.parametrize(("medication", "mg"), MEDICATIONS, ids=[str(number) for number in range(len(MEDICATIONS))])
def test_medications_of_r5(medication: dict[str, Any], mg: str | None) -> None:
    of_it = changed(R5, medication={"reference": {"reference": "Medication/m1"}}, dosage=FIVE_ML)
    record = read(of_it, others=(medication, *SUBSTANCES))
    inside = changed(of_it, medication={"reference": {"reference": "#m1"}}, contained=[medication])
    assert read(inside, others=SUBSTANCES) == record
    if mg is None:
        assert getattr(record, "why", "") == "another-drug"
    else:
        assert isinstance(record, Administration)
        assert record.amount == (None if mg == "unknown" else Decimal(mg))


def test_an_ingredient_of_the_wrong_type_hides_nothing() -> None:
    broken = product(item="nusinersen")
    record = read(changed(R5, medication={"reference": {"reference": "Medication/m1"}}), others=(broken,))
    assert type(record).__name__ == "Unidentified"


@pytest.mark.parametrize(
    ("medication", "answer"),
    [
        ({"concept": NUSINERSEN, "reference": {"reference": "Medication/none"}}, "Administration"),
        ({"reference": {"reference": "Medication/none"}}, "Unidentified"),
        ({"reference": {"reference": "Medication/none", "display": "Spinraza"}}, "Administration"),
        ({"concept": {"text": "paracetamol"}}, "Ignored"),
        ({}, "Unidentified"),
        ("nusinersen", "Unidentified"),
    ],
    ids=str,
)
def test_the_medication_of_r5_is_a_concept_or_a_reference_or_both(medication: object, answer: str) -> None:
    assert type(read(changed(R5, medication=medication))).__name__ == answer


def test_a_medication_of_both_versions_that_contradict_one_another_is_no_other_drug() -> None:
    both = {
        **ADMINISTRATION,
        "medicationCodeableConcept": {"text": "paracetamol"},
        "medication": {"concept": NUSINERSEN},
    }
    assert isinstance(read(both), Administration)
    look_alike = concept((ATC, "M09AX09"))
    assert read({**both, "medicationCodeableConcept": look_alike}).reason == "unreadable-record"


def test_references_of_r5_are_fetched_and_ingredients_too() -> None:
    record = changed(R5, medication={"reference": {"reference": "Medication/kit"}})
    assert unresolved([record]) == ("Medication/kit",)
    kit = {**product(item={"reference": {"reference": "Medication/m9"}}), "id": "kit"}
    assert unresolved([record, kit]) == ("Medication/m9",)


def test_records_of_r5_that_repeat_one_another_are_read_each_for_itself() -> None:
    days = ["2026-01-01", "2026-01-15", "2026-01-29"]
    plain = [changed(ADMINISTRATION, id=f"a{n}", effectiveDateTime=day) for n, day in enumerate(days)]
    of_r5 = [changed(R5, id=f"a{n}", occurenceDateTime=day) for n, day in enumerate(days)]
    mixed = [{**record, "occurenceDateTime": days[0]} for record in plain]

    def facts(records: list[dict[str, Any]]) -> Any:
        return read_history(records, drug=DRUG, zone=ZONE, patient=PATIENT)

    assert facts(of_r5) == facts(plain)
    assert [type(fact).__name__ for fact in facts(mixed)] == ["Administration", "Unreadable", "Unreadable"]


@pytest.mark.parametrize("status", ["draft", "active", "ended", "cancelled"])
def test_an_order_of_r5_proposes_what_one_of_r4_does(status: str) -> None:
    said = {"status": status, "dosageInstruction": [{"timing": event("2026-05-06"), "doseAndRate": [
        {"doseQuantity": {"value": 12, "unit": "mg", "system": UCUM, "code": "mg"}}]}]}  # fmt: skip
    r4 = {**ORDER, **said}
    r5 = {**changed(r4, medicationCodeableConcept=None), "medication": {"concept": ORDER["medicationCodeableConcept"]}}

    def order(resource: dict[str, Any]) -> Any:
        found = read_order(resource, drug=DRUG, zone=ZONE, on=ON, resolve=Pool(()).resolve)
        return found.proposals, found.withdrawn, found.text

    assert order(r5) == order(r4)
    assert [proposal.day for proposal in order(r5)[0]] == ([] if status == "cancelled" else [date(2026, 5, 6)])


@pytest.mark.parametrize(
    ("version", "words"),
    [
        ("", ""),
        ("4.0.1", ""),
        ("4.3.0", ""),
        ("5.0.0", ""),
        ("3.0.2", "speaks FHIR STU3, which is not read"),
        ("1.0.2", "speaks FHIR DSTU2, which is not read"),
        ("6.0.0", "speaks FHIR 6.0.0, which is not read"),
        ("4.6.0", "speaks FHIR 4.6.0, which is not read"),
        ("Mere Hohepa", "speaks FHIR another version, which is not read"),
    ],
)
def test_servers_by_the_version_that_they_say(version: str, words: str) -> None:
    assert refused_server(version).startswith(words)
    assert bool(refused_server(version)) is bool(words)


def test_the_version_of_a_record_is_that_of_administrations_alone() -> None:
    assert refused_version(R5) == refused_version(ADMINISTRATION) == ""
    assert refused_version({**ADMINISTRATION, "notGiven": False}) == "STU3"
    assert refused_version({"resourceType": "Medication", "definition": {"reference": "x"}}) == ""
