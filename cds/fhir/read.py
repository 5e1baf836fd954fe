"""One MedicationAdministration as plain JSON, read by allow-list: the hot path, so no models and no copies."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from datetime import tzinfo
from decimal import Decimal

from cds.dosing.codes import Code
from cds.dosing.drug import Drug
from cds.dosing.facts import Administration, DateRange, NotGiven, Record, Unidentified, Unreadable
from cds.dosing.findings import Finding, found
from cds.fhir.amounts import milligrams
from cds.fhir.codes import codes_of
from cds.fhir.dates import Dated, read_date, read_element, read_period
from cds.fhir.identify import identify
from cds.fhir.identity import Answer, Identity
from cds.fhir.plain import Malformed, Resolve, Resource, kind, object_in
from cds.fhir.references import reference_of, subject_of
from cds.fhir.routes import UNRECOGNISED, WrongRoute, route_recognised

RESOURCE = "MedicationAdministration"
NAMELESS = f"{RESOURCE}?"
BY_TEXT = found(Code.IDENTIFIED_BY_TEXT, "C1")

_COUNTED = {"completed": False, "in-progress": False, "stopped": True}
_NOT_GIVEN = frozenset({"not-done", "on-hold"})
# Elements of other versions that R4 does not have. STU3's `notGiven` turns the meaning of `completed` round.
_OTHER_VERSIONS = {
    "medication": "R5",
    "occurenceDateTime": "R5",
    "occurencePeriod": "R5",
    "occurenceTiming": "R5",
    "occurrenceDateTime": "R5",
    "occurrencePeriod": "R5",
    "isSelfReported": "R6",
    "notGiven": "STU3",
    "reasonNotGiven": "STU3 or DSTU2",
    "prescription": "STU3 or DSTU2",
    "definition": "STU3",
    "effectiveTimeDateTime": "DSTU2",
    "effectiveTimePeriod": "DSTU2",
    "wasNotGiven": "DSTU2",
    "patient": "DSTU2",
    "practitioner": "DSTU2",
}
_NOT_R4 = frozenset(_OTHER_VERSIONS)
_MOMENTS = ("effectiveDateTime", "occurenceDateTime", "occurrenceDateTime", "effectiveTimeDateTime")
_PERIODS = ("effectivePeriod", "occurencePeriod", "occurrencePeriod", "effectiveTimePeriod")


@dataclass(frozen=True, slots=True)
class Ignored:
    """A resource that is no record of the drug. `why`: `entered-in-error`, `another-drug`, `another-resource`."""

    reference: str
    why: str


class Repeated:
    """What the record before said of its medication and its dosage, and what was made of it: one a history.

    Most records of a patient repeat both to the letter, and comparing is quicker than reading again.
    """

    __slots__ = ("_amount", "_concept", "_dosage", "_identity", "_route_known")

    def __init__(self) -> None:
        self._concept: object = None
        self._identity: Identity | None = None
        self._dosage: Resource | None = None
        self._route_known = True
        self._amount: Decimal | Malformed | None = None

    def identity(self, resource: Resource, drug: Drug, resolve: Resolve) -> Identity:
        """As `identify`."""
        concept = resource.get("medicationCodeableConcept")
        if concept is None or not _OTHER_MEDICATION.isdisjoint(resource):
            return identify(resource, drug, resolve)
        if self._identity is None or concept != self._concept:
            self._concept, self._identity, self._dosage = concept, identify(resource, drug, resolve), None
        return self._identity

    def dosage(self, resource: Resource, identity: Identity, drug: Drug) -> tuple[bool, Decimal | Malformed | None]:
        """Whether the route is a right one or none, and the amount in mg or why it cannot be read: the date is a
        reason before it. Raises _Refused for the route."""
        dosage = _dosage(resource)
        if dosage is None:
            return True, None
        if identity is not self._identity or dosage != self._dosage or not _same_number(dosage, self._dosage):
            self._dosage = None
            self._route_known = _route_recognised(dosage, drug)
            self._amount = _amount(dosage, identity)
            self._dosage = dosage
        return self._route_known, self._amount


_OTHER_MEDICATION = frozenset({"medicationReference", "medication"})


def _same_number(dosage: Resource, before: Resource | None) -> bool:
    """Whether the values of two equal doses are of one JSON type: to Python, true is equal to 1."""
    now, then = dosage.get("dose"), before.get("dose") if before is not None else None
    if not isinstance(now, dict) or not isinstance(then, dict):
        return now is then is None
    return type(now.get("value")) is type(then.get("value"))


class _Refused(Exception):
    """A record of the drug that cannot be counted, and why."""

    def __init__(self, reason: Code, rule: str, element: str, detail: str) -> None:
        super().__init__(element)
        self.reason, self.rule, self.element, self.detail = reason, rule, element, detail


def read_administration(
    resource: object,
    *,
    drug: Drug,
    zone: tzinfo,
    patient: str | None,
    resolve: Resolve,
    also: Container[str] = (),
    reference: str = "",
    repeated: Repeated | None = None,
) -> Record | Ignored:
    """What one record says; never raises, whatever the resource is.

    `patient` is the one asked about (`Patient/x`), `also` other ids of the same patient; None where records are
    grouped by subject instead (C9). `reference` names a record that has no id, `repeated` keeps what the records of a
    history have in common. The date range is given as the record has it: whether it lies in the future or is too wide
    is decided where `on` is known.
    """
    if not isinstance(resource, dict) or resource.get("resourceType") != RESOURCE:
        return _no_administration(resource, reference)
    name = resource.get("id")
    if isinstance(name, str) and name:
        reference = f"MedicationAdministration/{name}"
    reference = reference or NAMELESS
    if resource.get("status") == "entered-in-error":
        return Ignored(reference, "entered-in-error")
    repeated = repeated or Repeated()
    identity = repeated.identity(resource, drug, resolve)
    if identity.answer is Answer.OTHER:
        return Ignored(reference, "another-drug")
    try:
        if patient is not None:
            _check_subject(resource, identity, patient, also, resolve)
        if identity.answer is Answer.UNIDENTIFIED:
            return Unidentified(reference, f"{identity.element} {identity.detail}", _when(resource, zone))
        _check_record(resource, identity)
        status = _status(resource)
        if status is None:
            return NotGiven(reference)
        return _administration(resource, reference, identity, repeated.dosage(resource, identity, drug), zone, status)
    except _Refused as no:
        return Unreadable(reference, no.reason, no.rule, no.element, no.detail, _when(resource, zone))


def other_version(resource: Resource) -> str | None:
    """The version of FHIR that a record looks like by an element that R4 does not have; None if it has none."""
    return next((version for name, version in _OTHER_VERSIONS.items() if name in resource), None)


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
            raise _Refused(Code.UNREADABLE_RECORD, "C9", fault.element, fault.detail)
    elif whose != patient and whose not in also:
        raise _Refused(Code.WRONG_PATIENT, "C9", "subject", "is not the patient asked about")


def _check_record(resource: Resource, identity: Identity) -> None:
    """Refuse what is of the drug and cannot be understood: contradictions, other versions of FHIR, modifiers."""
    if identity.answer is Answer.UNREADABLE:
        raise _Refused(Code.UNREADABLE_RECORD, "C1", identity.element, identity.detail)
    if not _NOT_R4.isdisjoint(resource):
        element = next(name for name in _OTHER_VERSIONS if name in resource)
        detail = f"is no element of FHIR R4: the record looks like {_OTHER_VERSIONS[element]}, which is not read"
        raise _Refused(Code.UNREADABLE_RECORD, "C1", element, detail)
    if resource.get("modifierExtension"):
        raise _Refused(Code.UNREADABLE_RECORD, "C1", "modifierExtension", "can change what the record means")
    name = resource.get("id")
    if name is not None and not isinstance(name, str):
        raise _Refused(Code.UNREADABLE_RECORD, "C1", "id", f"is {kind(name)}, not a string")


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
    raise _Refused(Code.STATUS_UNKNOWN, "C2", "status", detail)


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
    when, imprecise = _date(resource, zone)
    if imprecise is not None:
        notes += (imprecise,)
    if isinstance(amount, Malformed):
        raise _Refused(Code.UNREADABLE_RECORD, "C5", amount.element, amount.detail)
    return Administration(reference, when, amount, stopped, notes)


def _amount(dosage: Resource, identity: Identity) -> Decimal | Malformed | None:
    try:
        return milligrams(dosage, "dose", identity.strength, "dosage")
    except Malformed as fault:
        return fault


def _dosage(resource: Resource) -> Resource | None:
    try:
        dosage = object_in(resource, "dosage")
    except Malformed as fault:
        raise _Refused(Code.UNREADABLE_RECORD, "C4", fault.element, fault.detail) from None
    if dosage is not None and dosage.get("modifierExtension"):
        raise _Refused(Code.UNREADABLE_RECORD, "C4", "dosage.modifierExtension", "can change what the dosage means")
    return dosage


def _route_recognised(dosage: Resource, drug: Drug) -> bool:
    try:
        return route_recognised(dosage, codes_of(drug), "dosage")
    except WrongRoute as wrong:
        raise _Refused(Code.UNEXPECTED_ROUTE, "C4", "dosage.route", f"is coded as {wrong.name}") from None
    except Malformed as fault:
        raise _Refused(Code.UNREADABLE_RECORD, "C4", fault.element, fault.detail) from None


def _date(resource: Resource, zone: tzinfo) -> Dated:
    """Rule C3 and D2; a dateTime and a Period together must say the same days."""
    plain = resource.get("effectiveDateTime")
    if isinstance(plain, str) and "effectivePeriod" not in resource and (dated := read_date(plain, zone)):
        return dated
    moment_said = resource.get("effectiveDateTime") is not None
    period_said = resource.get("effectivePeriod") is not None
    try:
        moment = read_element(resource, "effectiveDateTime", zone) if moment_said or not period_said else None
        period = read_period(resource, "effectivePeriod", zone) if period_said else None
    except Malformed as fault:
        reason = Code.UNREADABLE_RECORD if moment_said and period_said else Code.DATE_MISSING
        raise _Refused(reason, "C3", fault.element, fault.detail) from None
    dated = moment or period
    if dated is None:
        raise _Refused(Code.DATE_MISSING, "C3", "effective[x]", "is missing")
    if moment is not None and period is not None and moment[0] != period[0]:
        raise _Refused(Code.UNREADABLE_RECORD, "C3", "effective[x]", "is a dateTime and a Period of different days")
    return dated


def _when(resource: Resource, zone: tzinfo) -> DateRange | None:
    """The days that a refused record can be of, as far as it has a date that can be read, in any version's spelling."""
    ranges = []
    for name in (*_MOMENTS, *_PERIODS):
        if name in resource:
            try:
                dated = (read_element if name in _MOMENTS else read_period)(resource, name, zone)
            except Malformed:
                continue
            if dated is not None:
                ranges.append(dated[0])
    if not ranges:
        return None
    return DateRange(min(days.earliest for days in ranges), max(days.latest for days in ranges))
