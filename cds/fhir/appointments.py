"""Appointments: whether one is for a dose of the drug, and when it begins (rules P1 and P2)."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date, datetime, timedelta, tzinfo
from typing import Any

from cds.dosing.drug import Coding, Drug
from cds.dosing.facts import Proposal
from cds.fhir.codes import Codes, codes_of
from cds.fhir.identity import Answer, Identity
from cds.fhir.order_dates import APPOINTMENT, MEDICATION_REQUEST, proposed_days
from cds.fhir.orders import Order, moved, read_order
from cds.fhir.plain import Malformed, Resolve, Resource, status_of
from cds.fhir.references import contained, reference_of, relative

_OTHER, _OURS = Identity(Answer.OTHER), Identity(Answer.OURS)
_UNKNOWN = Identity(Answer.UNIDENTIFIED, element="basedOn", detail="names an order that could not be read")
_NO_VISIT = frozenset({"cancelled", "entered-in-error", "noshow", "fulfilled"})
# R5 says `reason` where R4 says `reasonCode`.
_SAID_BY = ("serviceType", "reasonCode", "reason")
_WHO = "Patient/"
_LINKS = ("basedOn", "supportingInformation")


def read_appointment(
    resource: Resource,
    *,
    drug: Drug,
    zone: tzinfo,
    on: date,
    resolve: Resolve,
    codes: Collection[Coding] = (),
    reference: str = "",
) -> Order:
    """An appointment as an order that proposes a dose on the day of its start. Never raises.

    It is for the drug if its service type or its reason has one of `codes` or a code of the drug, or if it is linked to
    an order for the drug; unidentified, if linked to a MedicationRequest that `resolve` does not find. One without a
    start from `on` on proposes nothing, and is of no concern.
    """
    if not is_appointment(resource):
        return Order(reference or "?", _OTHER, "", (), resource)
    reference = reference_of(resource) or reference or f"{APPOINTMENT}?"
    withdrawn = status_of(resource) in _NO_VISIT
    days = proposed_days(resource, zone, on)
    if not days:
        return Order(reference, _OTHER, "", (), resource, withdrawn)
    identity = _OURS if _coded(resource, drug, codes) else _linked(resource, drug, zone, on, resolve)
    proposals: tuple[Proposal, ...] = ()
    if identity.of_the_drug and not withdrawn:
        proposals = (Proposal(reference, days[0].day, notes=() if days[0].note is None else (days[0].note,)),)
    return Order(reference, identity, "", proposals, resource, withdrawn)


def is_appointment(resource: Resource) -> bool:
    """Whether a resource is an appointment."""
    return isinstance(resource, dict) and resource.get("resourceType") == APPOINTMENT


def linked_orders(resource: Resource) -> Iterator[str]:
    """The references by which an appointment names what it is for, as they are written."""
    for name in _LINKS:
        for item in _list(resource.get(name)):
            written = item.get("reference") if isinstance(item, dict) else None
            if isinstance(written, str):
                yield written


def moved_dose(resource: Resource, old: date | None, new: date, *, zone: tzinfo, on: date) -> dict[str, Any]:
    """An order or an appointment with its dose on the day `new`; see `moved` for an order.

    An appointment keeps its time of day at the site, also across a change of the clocks. Its slots are left out, since
    they are those of the old day. ValueError where it cannot be moved.
    """
    if resource.get("resourceType") != APPOINTMENT:
        return moved(resource, old, new, zone=zone, on=on)
    rebooked = {name: value for name, value in resource.items() if name not in ("slot", "_start", "_end")}
    days = (new - _at_site(resource.get("start"), zone).date()).days
    for name in ("start", "end"):
        if name in resource:
            rebooked[name] = (_at_site(resource[name], zone) + timedelta(days)).isoformat()
    return rebooked


def other_participant(resource: Resource, patient: str) -> bool:
    """Whether the patients who take part in an appointment are others than `patient` (`Patient/x`)."""
    actors = [item.get("actor") for item in _list(resource.get("participant")) if isinstance(item, dict)]
    actors.append(resource.get("subject"))
    written = [actor.get("reference") for actor in actors if isinstance(actor, dict)]
    patients = {known for each in written if isinstance(each, str) and (known := relative(each) or "").startswith(_WHO)}
    return bool(patients) and patient not in patients


def _at_site(text: object, zone: tzinfo) -> datetime:
    """A time as the clock of the site shows it; one without an offset is the site's (D1)."""
    time = datetime.fromisoformat(str(text))
    return time.replace(tzinfo=zone) if time.tzinfo is None else time.astimezone(zone)


def _coded(resource: Resource, drug: Drug, codes: Collection[Coding]) -> bool:
    listed, visits = codes_of(drug).medications, Codes(dict.fromkeys(codes, True))
    for name in _SAID_BY:
        for item in _list(resource.get(name)):
            # R5 wraps a concept together with a reference
            concept = item.get("concept", item) if isinstance(item, dict) else None
            for coding in _list(concept.get("coding") if isinstance(concept, dict) else None):
                system, code = (coding.get("system"), coding.get("code")) if isinstance(coding, dict) else (None, None)
                if not isinstance(system, str) or not isinstance(code, str):
                    continue
                found = listed.get(system, code)
                if visits.get(system, code) or (found is not None and found.of_the_drug):
                    return True
    return False


def _linked(resource: Resource, drug: Drug, zone: tzinfo, on: date, resolve: Resolve) -> Identity:
    unknown = False
    for written in linked_orders(resource):
        try:
            order = contained(resource, written) if written.startswith("#") else resolve(written, resource)
        except Malformed:
            order = None
        if order is None:
            unknown = unknown or (relative(written) or "").startswith(f"{MEDICATION_REQUEST}/")
            continue
        identity = read_order(order, drug=drug, zone=zone, on=on, resolve=resolve).identity
        if identity.of_the_drug:
            return _OURS
        unknown = unknown or identity.answer is Answer.UNIDENTIFIED
    return _UNKNOWN if unknown else _OTHER


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
