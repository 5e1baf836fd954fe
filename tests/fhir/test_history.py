"""Many resources mixed: each record once, its Medication found, its patient known, and all of them accounted for."""

from __future__ import annotations

from typing import Any

import pytest

from cds.dosing.facts import Administration, Unidentified, Unreadable
from cds.fhir.history import group_by_patient, read_history, unresolved
from tests.fhir.records import ADMINISTRATION, ATC, DRUG, ORDER, PATIENT, RXNORM, ZONE, changed, concept

EHR = "https://ehr.example.invalid/fhir"
NUSINERSEN = {"resourceType": "Medication", "id": "m1", "code": concept((ATC, "M09AX07"))}
PARACETAMOL = {"resourceType": "Medication", "id": "m2", "code": concept((ATC, "N02BE01"))}


def pointing(reference: str, name: str = "a1", **more: object) -> dict[str, Any]:
    pointer = {"reference": reference, **more}
    return changed(ADMINISTRATION, id=name, medicationCodeableConcept=None, medicationReference=pointer)


def read(*resources: object, patient: str | None = PATIENT, **more: Any) -> dict[str, type]:
    records = read_history(resources, drug=DRUG, zone=ZONE, patient=patient, **more)
    return {record.reference.removeprefix("MedicationAdministration/"): type(record) for record in records}


def test_records_of_the_drug_and_those_nobody_can_tell_are_kept_in_their_order() -> None:
    unknown = changed(ADMINISTRATION, id="a2", medicationCodeableConcept=concept((RXNORM, "1")))
    other = changed(ADMINISTRATION, id="a3", medicationCodeableConcept=concept((ATC, "N02BE01")))
    wrong = changed(ADMINISTRATION, id="a4", subject={"reference": "Patient/p2"})
    error = changed(ADMINISTRATION, id="a5", status="entered-in-error")
    patient = {"resourceType": "Patient", "id": "p1"}
    found = read(wrong, patient, ADMINISTRATION, other, unknown, error, NUSINERSEN)
    assert list(found.items()) == [("a4", Unreadable), ("a1", Administration), ("a2", Unidentified)]


WHERE: dict[str, tuple[str, dict[str, Any]]] = {
    "relative": ("Medication/m1", {}),
    "relative, with a version": ("Medication/m1/_history/7", {}),
    "by full URL": ("urn:uuid:5f", {"full_urls": {"urn:uuid:5f": NUSINERSEN}}),
    "absolute, by full URL": (f"{EHR}/Medication/x", {"full_urls": {f"{EHR}/Medication/x": NUSINERSEN}}),
    "absolute, to a resource whose URL is not known": (f"{EHR}/Medication/m1", {}),
    "fetched": ("Medication/elsewhere", {"medications": {"Medication/elsewhere": NUSINERSEN}}),
    "fetched from another server": (
        "https://pharmacy.example.invalid/Medication/9",
        {"medications": {"https://pharmacy.example.invalid/Medication/9": NUSINERSEN}},
    ),
}


@pytest.mark.parametrize(("reference", "more"), WHERE.values(), ids=WHERE)
def test_a_medication_is_found(reference: str, more: dict[str, Any]) -> None:
    assert read(pointing(reference), NUSINERSEN, PARACETAMOL, **more) == {"a1": Administration}
    assert unresolved([pointing(reference), NUSINERSEN, PARACETAMOL], **more) == ()


def test_a_medication_of_one_server_is_not_taken_for_that_of_another() -> None:
    record = pointing("https://other.example.invalid/fhir/Medication/m1")
    placed = {f"{EHR}/Medication/m1": NUSINERSEN}
    assert read(record, NUSINERSEN, full_urls=placed) == {"a1": Unidentified}
    assert unresolved([record, NUSINERSEN], full_urls=placed) == ("https://other.example.invalid/fhir/Medication/m1",)


def test_what_has_to_be_fetched_is_named_once_as_it_is_written() -> None:
    resources = [
        pointing("Medication/m7"),
        pointing("Medication/m7", "a2"),
        pointing(f"{EHR}/Medication/m8/_history/1", "a3", display="Spinraza"),
        pointing("#inside", "a4"),
        {**pointing("#inside", "a5"), "contained": [{"resourceType": "Medication", "id": "inside", "code": {}}]},
        pointing("urn:uuid:5f", "a6"),
        pointing("Medication?code=x", "a7"),
        pointing("Medication/m1", "a8"),
        changed(ORDER, medicationCodeableConcept=None, medicationReference={"reference": "Medication/m9"}),
        {"resourceType": "MedicationDispense", "medicationReference": {"reference": "Medication/m10"}},
        changed(ADMINISTRATION, medicationReference="Medication/m11"),
        NUSINERSEN,
    ]
    assert unresolved(resources) == ("Medication/m7", f"{EHR}/Medication/m8/_history/1", "Medication/m9")


def test_the_ingredients_of_a_medication_without_a_code_are_fetched_too() -> None:
    references = ["Medication/s1", "#s2", "Substance/s3", 4]
    parts = [*({"itemReference": {"reference": reference}} for reference in references), {"itemReference": 5}, 6]
    bare = {"resourceType": "Medication", "id": "m3", "ingredient": parts}
    assert unresolved([pointing("Medication/m3"), bare]) == ("Medication/s1",)
    assert unresolved([pointing("Medication/m3"), {**bare, "code": concept((ATC, "M09AX07"))}]) == ()


def version(status: str, updated: str | None = None) -> dict[str, Any]:
    return changed(ADMINISTRATION, status=status, meta={"lastUpdated": updated} if updated else None)


EARLY, LATE = "2026-03-02T09:00:00+02:00", "2026-03-02T08:00:00Z"
VERSIONS: list[tuple[list[dict[str, Any]], dict[str, type]]] = [
    ([version("completed", EARLY), version("entered-in-error", LATE)], {}),
    ([version("entered-in-error", LATE), version("completed", EARLY)], {}),
    ([version("completed", LATE), version("entered-in-error", EARLY)], {"a1": Administration}),
    ([version("entered-in-error"), version("completed")], {"a1": Administration}),
    ([version("completed"), version("entered-in-error")], {}),
    ([version("completed", EARLY), version("entered-in-error", "2026-03-02")], {}),
    ([version("completed", "soon"), version("entered-in-error", EARLY)], {}),
]


@pytest.mark.parametrize(("resources", "expected"), VERSIONS)
def test_of_two_versions_of_a_record_the_last_updated_counts_else_the_last_met(
    resources: list[dict[str, Any]], expected: dict[str, type]
) -> None:
    assert read(*resources) == expected


def test_records_without_an_id_are_named_by_their_place_and_never_merged() -> None:
    nameless = changed(ADMINISTRATION, id=None)
    assert read(NUSINERSEN, nameless, nameless, None, {"resourceType": 7}) == {
        "MedicationAdministration?index=1": Administration,
        "MedicationAdministration?index=2": Administration,
        "MedicationAdministration?index=3": Unidentified,
        "MedicationAdministration?index=4": Unidentified,
    }


def joined(patient: str, *others: tuple[str, str]) -> dict[str, Any]:
    links = [{"other": {"reference": other}, "type": kind} for other, kind in others]
    return {"resourceType": "Patient", "id": patient, "link": links}


def test_ids_that_the_patient_replaces_are_the_same_patient() -> None:
    records = [
        changed(ADMINISTRATION, id=f"a{n}", subject={"reference": f"Patient/p{n}"}) for n in range(5)
    ]  # fmt: skip
    same = joined("p1", ("Patient/p0", "replaces"), (f"{EHR}/Patient/p2", "replaces"), ("Patient/p3", "seealso"))
    before = joined("p2", ("Patient/p4", "replaces"))
    found = read(same, before, *records)
    assert [name for name, kind in found.items() if kind is Administration] == ["a0", "a1", "a2", "a4"]
    assert found["a3"] is Unreadable
    groups = group_by_patient([same, before, *records])
    assert {patient: len(group) for patient, group in groups.patients.items()} == {"Patient/p1": 4, "Patient/p3": 1}


@pytest.mark.parametrize("last_first", [False, True])
def test_a_record_that_was_corrected_to_another_patient_is_that_patients(last_first: bool) -> None:
    def version(day: str, **more: Any) -> dict[str, Any]:
        return changed(ADMINISTRATION, meta={"lastUpdated": f"{day}T00:00:00Z"}, **more)

    first, last = version("2026-03-01"), version("2026-03-02", subject={"reference": "Patient/p2"})
    groups = group_by_patient([last, first] if last_first else [first, last])
    assert {patient: len(group) for patient, group in groups.patients.items()} == {"Patient/p2": 2}
    nobodys = group_by_patient([first, version("2026-03-02", subject=None)])
    assert [each.reason for each in nobodys.rejected] == ["subject is missing"] * 2


def test_patients_that_replace_one_another_in_a_circle_are_one() -> None:
    circle = [joined(f"p{n}", (f"Patient/p{other}", "replaces")) for n, other in ((1, 2), (2, 1), (3, 1))]
    records = [changed(ADMINISTRATION, id=f"a{n}", subject={"reference": f"Patient/p{n}"}) for n in (1, 2, 3)]
    assert [len(group) for group in group_by_patient([*circle, *records]).patients.values()] == [3]
    assert set(read(*circle, *records).values()) == {Administration}


def test_records_are_grouped_by_subject_and_those_without_one_rejected() -> None:
    def of(name: str, subject: object) -> dict[str, Any]:
        return changed(ADMINISTRATION, id=name, subject=subject)

    groups = group_by_patient(
        [
            of("a1", {"reference": "Patient/p2"}),
            of("a2", {"reference": f"{EHR}/Patient/p1/_history/2"}),
            of("a3", {"reference": "urn:uuid:5f"}),
            {"resourceType": "Patient", "id": "p3"},
            of("a4", None),
            of("a5", {"reference": "Group/g1"}),
            of("a6", {"reference": "#p"}),
            changed(ADMINISTRATION, id=None, subject="Patient/p1"),
            ORDER,
            "rubbish",
            {},
        ],
        full_urls={"urn:uuid:5f": {"resourceType": "Patient", "id": "p1"}},
    )
    assert {patient: [r["id"] for r in group] for patient, group in groups.patients.items()} == {
        "Patient/p1": ["a2", "a3"],
        "Patient/p2": ["a1"],
        "Patient/p3": [],
    }
    assert [(rejected.reference, rejected.reason) for rejected in groups.rejected] == [
        ("MedicationAdministration/a4", "subject is missing"),
        ("MedicationAdministration/a5", "subject is not a patient"),
        ("MedicationAdministration/a6", "subject.reference is no reference to a patient"),
        ("MedicationAdministration?index=7", "subject is a string, not an object"),
        ("?index=9", "is a string, not a resource"),
        ("?index=10", "has no resourceType"),
    ]


def test_extensions_nested_without_end_are_no_obstacle() -> None:
    def nested() -> object:
        value: object = []
        for _ in range(5000):
            value = [{"extension": value}]
        return value

    deep = [
        changed(
            ADMINISTRATION,
            id=name,
            medicationCodeableConcept={**concept((ATC, "M09AX07")), "extension": nested()},
            dosage={"extension": nested()},
        )
        for name in ("a1", "a2")
    ]
    assert read(*deep) == {"a1": Administration, "a2": Administration}
