"""What the models of FHIR R4B say of a resource, in words that name elements and repeat no values."""

from __future__ import annotations

import pytest

from cds.fhir.resources import explain
from tests.fhir.records import ADMINISTRATION, ORDER, changed, concept

R5 = {
    **changed(ADMINISTRATION, medicationCodeableConcept=None, effectiveDateTime=None),
    "medication": {"concept": ADMINISTRATION["medicationCodeableConcept"]},
    "occurenceDateTime": "2026-03-01",
}
SERVICE = {
    "resourceType": "ServiceRequest",
    "status": "draft",
    "intent": "order",
    "subject": {"reference": "Patient/x"},
    "code": ADMINISTRATION["medicationCodeableConcept"],
    "occurrenceDateTime": "2026-03-01",
}
EXPLAINED: list[tuple[object, tuple[str, ...]]] = [
    (ADMINISTRATION, ()),
    (ORDER, ()),
    (changed(ADMINISTRATION, effectiveDateTime=None), ("effectiveDateTime, effectivePeriod: one of them is needed",)),
    (
        changed(ADMINISTRATION, effectivePeriod={"start": "2026"}),
        ("effectiveDateTime, effectivePeriod: only one of them may be there",),
    ),
    (
        changed(ADMINISTRATION, effectiveDateTime="Ann Other"),
        ("effectiveDateTime has a value that FHIR does not allow",),
    ),
    (changed(ADMINISTRATION, subject={"reference": 5}), ("subject.reference is not a string",)),
    (changed(ADMINISTRATION, dosage=["Ann Other"]), ("dosage is of the wrong JSON type",)),
    (
        changed(ADMINISTRATION, medicationCodeableConcept=concept(("http://example.invalid", 5))),  # type: ignore[arg-type]
        ("medicationCodeableConcept.coding[0].code is not a string",),
    ),
    (R5, ()),
    (changed(R5, effectiveDateTime="2026"), ("effectiveDateTime is no element of this version of FHIR",)),
    (SERVICE, ()),
    (changed(SERVICE, code={"concept": SERVICE["code"]}), ()),
    (changed(SERVICE, code={"concept": "Ann Other"}), ("code.concept is not valid",)),
    (
        changed(ADMINISTRATION, **{"Ann Other": 1}),
        ("(an element without a proper name) is no element of this version of FHIR",),
    ),
    (changed(ADMINISTRATION, status=None), ("status is missing",)),
    (changed(ADMINISTRATION, subject=None), ("subject is missing",)),
    ({"resourceType": "Ann Other"}, ("resourceType is not the name of a type of FHIR",)),
    ({"resourceType": 5}, ("resourceType is a number, not the name of a type",)),
    ({}, ("resourceType is null, not the name of a type",)),
    ("Ann Other", ("the resource is a string, not an object",)),
]


@pytest.mark.parametrize(("resource", "words"), EXPLAINED)
def test_what_is_invalid_is_said_by_element_and_without_values(resource: object, words: tuple[str, ...]) -> None:
    assert explain(resource) == words
