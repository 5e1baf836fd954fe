"""One MedicationAdministration as plain JSON, read by allow-list: the hot path, so no models and no copies."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from datetime import tzinfo
from decimal import Decimal

from cds.dosing.codes import Code
from cds.dosing.drug import Drug
from cds.dosing.facts import Administration, NotGiven, Record, Unidentified, Unreadable
from cds.dosing.findings import Finding, found
from cds.fhir.dosage import read_dosage
from cds.fhir.effective import effective, possible_days
from cds.fhir.identify import identify
from cds.fhir.identity import Answer, Identity
from cds.fhir.plain import Malformed, Resolve, Resource, kind
from cds.fhir.references import reference_of, subject_of
from cds.fhir.refusal import Refused
from cds.fhir.routes import UNRECOGNISED
from cds.fhir.versions import OF_OTHERS, as_r4, as_written

RESOURCE = "MedicationAdministration"
NAMELESS = f"{RESOURCE}?"
BY_TEXT = found(Code.IDENTIFIED_BY_TEXT, "C1")

_COUNTED = {"completed": False, "in-progress": False, "stopped": True}
_NOT_GIVEN = frozenset({"not-done", "on-hold"})


@dataclass(frozen=True, slots=True)
class Ignored:
    """A resource that is no record of the drug. `why`: `entered-in-error`, `another-drug`, `another-resource`."""

    reference: str
    why: str


def read_administration(
    resource: object,
    *,
    drug: Drug,
    zone: tzinfo,
    patient: str | None,
    resolve: Resolve,
    also: Container[str] = (),
    reference: str = "",
) -> Record | Ignored:
    """What one record says; never raises, whatever the resource is.

    `patient` is the one asked about (`Patient/x`), `also` other ids of the same patient; None where records are
    grouped by subject instead (C9). `reference` names a record that has no id. The date range is given as the record
    has it: whether it lies in the future or is too wide is decided where `on` is known.
    """
    if not isinstance(resource, dict) or resource.get("resourceType") != RESOURCE:
        return _no_administration(resource, reference)
    name = resource.get("id")
    if isinstance(name, str) and name:
        reference = f"MedicationAdministration/{name}"
    reference = reference or NAMELESS
    if resource.get("status") == "entered-in-error":
        return Ignored(reference, "entered-in-error")
    identity = identify(resource, drug, resolve)
    if identity.answer is Answer.OTHER:
        return Ignored(reference, "another-drug")
    try:
        if patient is not None:
            _check_subject(resource, identity, patient, also, resolve)
        if identity.answer is Answer.UNIDENTIFIED:
            return Unidentified(reference, f"{identity.element} {identity.detail}", possible_days(resource, zone))
        record = _checked(resource, identity)
        status = _status(record)
        if status is None:
            return NotGiven(reference)
        return _administration(record, reference, identity, read_dosage(record, identity, drug), zone, status)
    except Refused as no:
        element = as_written(no.element, resource)
        return Unreadable(reference, no.reason, no.rule, element, no.detail, possible_days(resource, zone))


def _no_administration(resource: object, reference: str) -> Unidentified | Ignored:
    if not isinstance(resource, dict):
        return Unidentified(reference or NAMELESS, f"is {kind(resource)}, not a resource")
    of_type = resource.get("resourceType")
    if not isinstance(of_type, str) or not of_type:
        return Unidentified(reference or NAMELESS, f"resourceType is {kind(of_type)}, not the name of a type")
    return Ignored(reference_of(resource) or reference or f"{of_type}?", "another-resource")


def _check_subject(
    resource: Resource, identity: Identity, patient: str, also: Container[str], resolve: Resolve
) -> None:
    """Rule C9. A record of the drug that does not say whose it is, is taken as this patient's and not counted."""
    subject = resource.get("subject")
    if isinstance(subject, dict) and subject.get("reference") == patient:
        return
    try:
        whose = subject_of(resource, resolve)
        fault = Malformed("subject", "has no reference")
    except Malformed as malformed:
        whose, fault = None, malformed
    if whose is None:
        if identity.answer is not Answer.UNIDENTIFIED:
            raise Refused(Code.UNREADABLE_RECORD, "C9", fault.element, fault.detail)
    elif whose != patient and whose not in also:
        raise Refused(Code.WRONG_PATIENT, "C9", "subject", "is not the patient asked about")


def _checked(resource: Resource, identity: Identity) -> Resource:
    """The record in the names of R4. Refused is what is of the drug and cannot be understood: contradictions, other
    versions of FHIR, modifiers."""
    if identity.answer is Answer.UNREADABLE:
        raise Refused(Code.UNREADABLE_RECORD, "C1", identity.element, identity.detail)
    if resource.get("modifierExtension"):
        raise Refused(Code.UNREADABLE_RECORD, "C1", "modifierExtension", "can change what the record means")
    name = resource.get("id")
    if name is not None and not isinstance(name, str):
        raise Refused(Code.UNREADABLE_RECORD, "C1", "id", f"is {kind(name)}, not a string")
    return resource if OF_OTHERS.isdisjoint(resource) else as_r4(resource)


def _status(resource: Resource) -> bool | None:
    """Rule C2: whether the dose was stopped, None if it was not given."""
    status = resource.get("status")
    if isinstance(status, str):
        if status in _COUNTED:
            return _COUNTED[status]
        if status in _NOT_GIVEN:
            return None
        detail = "is unknown" if status == "unknown" else "is outside FHIR's list"
    else:
        detail = "is missing" if status is None else f"is {kind(status)}, not a string"
    raise Refused(Code.STATUS_UNKNOWN, "C2", "status", detail)


def _administration(
    resource: Resource,
    reference: str,
    identity: Identity,
    dosage: tuple[bool, Decimal | Malformed | None],
    zone: tzinfo,
    stopped: bool,
) -> Administration:
    route_known, amount = dosage
    notes: tuple[Finding, ...] = (BY_TEXT,) if identity.by_text else ()
    if not route_known:
        notes += (UNRECOGNISED,)
    when, imprecise = effective(resource, zone)
    if imprecise is not None:
        notes += (imprecise,)
    if isinstance(amount, Malformed):
        raise Refused(Code.UNREADABLE_RECORD, "C5", amount.element, amount.detail)
    return Administration(reference, when, amount, stopped, notes)
