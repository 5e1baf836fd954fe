"""Route and amount of a record's dosage (rules C4, C5)."""

from __future__ import annotations

from decimal import Decimal

from cds.dosing.codes import Code
from cds.dosing.drug import Drug
from cds.fhir.amounts import milligrams
from cds.fhir.codes import codes_of
from cds.fhir.identity import Identity
from cds.fhir.plain import Malformed, Resource, object_in
from cds.fhir.refusal import Refused
from cds.fhir.routes import WrongRoute, route_recognised


def read_dosage(resource: Resource, identity: Identity, drug: Drug) -> tuple[bool, Decimal | Malformed | None]:
    """Whether the route is a right one or none, and the amount in mg or why it cannot be read: the date is a reason
    before it. Raises Refused for the route."""
    dosage = _dosage(resource)
    if dosage is None:
        return True, None
    return _route_recognised(dosage, drug), _amount(dosage, identity)


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
