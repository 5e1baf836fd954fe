"""Records to vary: a plain MedicationAdministration of nusinersen, a plain draft order, and what reads them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from cds.fhir.bundle import Contents
from cds.fhir.read import read_administration
from cds.fhir.references import Pool
from cds.regimens.library import load

DRUG = load().get("eu-12mg").drug
ZONE = ZoneInfo("Pacific/Chatham")
"""UTC+12:45, in summer +13:45."""
ON = date(2026, 5, 1)
PATIENT = "Patient/p1"
ATC = "http://www.whocc.no/atc"
SNOMED = "http://snomed.info/sct"
UNII = "http://fdasis.nlm.nih.gov"
NDC = "http://hl7.org/fhir/sid/ndc"
UCUM = "http://unitsofmeasure.org"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"

ADMINISTRATION: dict[str, Any] = {
    "resourceType": "MedicationAdministration",
    "id": "a1",
    "status": "completed",
    "medicationCodeableConcept": {"coding": [{"system": ATC, "code": "M09AX07"}]},
    "subject": {"reference": PATIENT},
    "effectiveDateTime": "2026-03-01",
    "dosage": {
        "route": {"coding": [{"system": SNOMED, "code": "72607000"}]},
        "dose": {"value": 12, "unit": "mg", "system": UCUM, "code": "mg"},
    },
}
ORDER: dict[str, Any] = {
    "resourceType": "MedicationRequest",
    "id": "m1",
    "status": "draft",
    "intent": "order",
    "medicationCodeableConcept": {"coding": [{"system": ATC, "code": "M09AX07"}], "text": "nusinersen 12 mg"},
    "subject": {"reference": PATIENT},
}


def changed(resource: Mapping[str, Any], **elements: object) -> dict[str, Any]:
    """A copy with some elements replaced; None takes an element away."""
    return {name: value for name, value in {**resource, **elements}.items() if value is not None}


def read(resource: object, *, patient: str | None = PATIENT, others: tuple[Mapping[str, Any], ...] = ()) -> Any:
    """The record read, with other resources at hand."""
    return read_administration(resource, drug=DRUG, zone=ZONE, patient=patient, resolve=Pool(others).resolve)


def concept(*codings: tuple[str, str], text: str | None = None, display: str | None = None) -> dict[str, Any]:
    """A CodeableConcept; the display goes to its first coding."""
    made: list[dict[str, Any]] = [{"system": system, "code": code} for system, code in codings]
    if display is not None:
        made = [{**(made[0] if made else {}), "display": display}, *made[1:]]
    return {**({"coding": made} if made else {}), **({"text": text} if text is not None else {})}


def known_empty(contents: Contents) -> bool:
    """Whether the question was answered, and the answer is nothing."""
    return not (contents.resources or contents.problems or contents.next_url)
