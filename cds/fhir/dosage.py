"""Route and amount of a record's dosage (rules C4, C5), and what the records of a history repeat to the letter."""

from __future__ import annotations

from decimal import Decimal

from cds.dosing.codes import Code
from cds.dosing.drug import Drug
from cds.fhir.amounts import milligrams
from cds.fhir.codes import codes_of
from cds.fhir.identify import identify
from cds.fhir.identity import Identity
from cds.fhir.plain import Malformed, Resolve, Resource, object_in
from cds.fhir.refusal import Refused
from cds.fhir.routes import WrongRoute, route_recognised


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
        if self._identity is None or not _repeats(concept, self._concept):
            self._concept, self._identity, self._dosage = concept, identify(resource, drug, resolve), None
        return self._identity

    def dosage(self, resource: Resource, identity: Identity, drug: Drug) -> tuple[bool, Decimal | Malformed | None]:
        """Whether the route is a right one or none, and the amount in mg or why it cannot be read: the date is a
        reason before it. Raises Refused for the route."""
        dosage = _dosage(resource)
        if dosage is None:
            return True, None
        if (
            identity is not self._identity
            or not _repeats(dosage, self._dosage)
            or not _same_number(dosage, self._dosage)
        ):
            self._dosage = None
            self._route_known = _route_recognised(dosage, drug)
            self._amount = _amount(dosage, identity)
            self._dosage = dosage
        return self._route_known, self._amount


_OTHER_MEDICATION = frozenset({"medicationReference", "medication"})


def _repeats(now: object, before: object) -> bool:
    """Whether two JSON values are equal; values nested too deep to be compared are taken to differ."""
    try:
        return now == before
    except RecursionError:
        return False


def _same_number(dosage: Resource, before: Resource | None) -> bool:
    """Whether the values of two equal doses are of one JSON type: to Python, true is equal to 1."""
    now, then = dosage.get("dose"), before.get("dose") if before is not None else None
    if not isinstance(now, dict) or not isinstance(then, dict):
        return now is then is None
    return type(now.get("value")) is type(then.get("value"))


def _amount(dosage: Resource, identity: Identity) -> Decimal | Malformed | None:
    try:
        return milligrams(dosage, "dose", identity.strength, "dosage")
    except Malformed as fault:
        return fault


def _dosage(resource: Resource) -> Resource | None:
    try:
        dosage = object_in(resource, "dosage")
    except Malformed as fault:
        raise Refused(Code.UNREADABLE_RECORD, "C4", fault.element, fault.detail) from None
    if dosage is not None and dosage.get("modifierExtension"):
        raise Refused(Code.UNREADABLE_RECORD, "C4", "dosage.modifierExtension", "can change what the dosage means")
    return dosage


def _route_recognised(dosage: Resource, drug: Drug) -> bool:
    try:
        return route_recognised(dosage, codes_of(drug), "dosage")
    except WrongRoute as wrong:
        raise Refused(Code.UNEXPECTED_ROUTE, "C4", "dosage.route", f"is coded as {wrong.name}") from None
    except Malformed as fault:
        raise Refused(Code.UNREADABLE_RECORD, "C4", fault.element, fault.detail) from None
