"""The active orders of a patient: those for the drug, and the days that they ask for (rule P3)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date, tzinfo
from typing import NamedTuple

from cds.dosing.drug import Drug
from cds.dosing.facts import Ordered
from cds.fhir.history import unresolved
from cds.fhir.identify import identify
from cds.fhir.identity import Answer
from cds.fhir.order_dates import MEDICATION_REQUEST, proposed_days
from cds.fhir.orders import Order, read_order
from cds.fhir.patients import other_subject
from cds.fhir.plain import Resource, status_of
from cds.fhir.read import RESOURCE
from cds.fhir.references import Pool, reference_of, relative

_NOT_ACTIVE = frozenset({"on-hold", "ended", "draft", "unknown"})
"""Statuses beside those of rule P2 of an order that asks for no dose. One without a status was sent as active."""
_NO_DOSE = frozenset({"entered-in-error", "not-done", "on-hold"})
"""Statuses of an administration that leaves its order still to be carried out."""


class Standing(NamedTuple):
    """`orders`: the active orders of the drug, those that ask for a day and those that do not. `problems`: what keeps
    somebody from knowing all of them, in words without patient data."""

    orders: tuple[Order, ...] = ()
    problems: tuple[str, ...] = ()

    def days(self, without: Collection[str] = ()) -> tuple[Ordered, ...]:
        """The days that they ask for; those of the orders in `without` are left out."""
        return tuple(day for order in self.orders if order.reference not in without for day in order.days)


def read_standing(
    resources: Iterable[Resource],
    *,
    drug: Drug,
    zone: tzinfo,
    on: date,
    patient: str,
    also: Collection[str] = (),
    medications: Mapping[str, Resource] | None = None,
    full_urls: Mapping[str, Resource] | None = None,
) -> Standing:
    """The active orders among `resources`, those of `patient` (`Patient/x`), whose other ids are `also`. Never raises.

    An order that says a day from `on` on, and of which nobody can say whether it is of the drug, is a problem; so is
    one of another patient.
    """
    every = tuple(resources)
    pool = Pool(every, full_urls=full_urls, fetched=medications)
    orders: dict[str, Order] = {}
    nameless = strangers = 0
    for index, resource in enumerate(every):
        if resource.get("resourceType") != MEDICATION_REQUEST or status_of(resource) in _NOT_ACTIVE:
            continue
        named = f"{MEDICATION_REQUEST}?index={index}"
        order = read_order(resource, drug=drug, zone=zone, on=on, resolve=pool.resolve, reference=named)
        if order.withdrawn:
            continue
        if order.identity.answer is Answer.UNIDENTIFIED:
            nameless += bool(proposed_days(resource, zone, on))
        elif order.identity.of_the_drug and (other_subject(resource, patient) or patient) not in (patient, *also):
            strangers += 1
        elif order.identity.of_the_drug:
            orders[order.reference] = order
    problems = []
    if nameless:
        problems.append(f"of {nameless} active orders it is not known which drug they are for")
    if strangers:
        problems.append(f"{strangers} of the active orders name another patient, and were not compared")
    return Standing(tuple(orders.values()), tuple(problems))


def unnamed(
    resources: Iterable[Resource], *, drug: Drug, zone: tzinfo, on: date, full_urls: Mapping[str, Resource]
) -> tuple[str, ...]:
    """The references to Medications that must be read to know for which drug the dated active orders are."""
    every = tuple(resources)
    pool = Pool(every, full_urls=full_urls)
    medications = [resource for resource in every if resource.get("resourceType") != MEDICATION_REQUEST]
    vague = [
        resource
        for resource in every
        if resource.get("resourceType") == MEDICATION_REQUEST
        and status_of(resource) not in _NOT_ACTIVE
        and identify(resource, drug, pool.resolve).answer is Answer.UNIDENTIFIED
        and proposed_days(resource, zone, on)
    ]
    return unresolved([*vague, *medications], full_urls=full_urls) if vague else ()


def replaced(drafts: Iterable[Resource]) -> Iterator[str]:
    """The orders that drafts stand for: those of the same id, and each `priorPrescription`."""
    for draft in drafts:
        yield from filter(None, (reference_of(draft), *prior(draft)))


def prior(draft: Resource) -> Iterator[str]:
    """The orders that a draft says it takes the place of."""
    yield from _references(draft.get("priorPrescription"))


def carried_out(records: Iterable[Resource]) -> Iterator[str]:
    """The orders that recorded administrations name as their request."""
    for record in records:
        if record.get("resourceType") == RESOURCE and status_of(record) not in _NO_DOSE:
            yield from _references(record.get("request"))


def _references(value: object) -> Iterator[str]:
    for item in value if isinstance(value, list) else (value,):
        written = item.get("reference") if isinstance(item, dict) else None
        known = relative(written) if isinstance(written, str) else None
        if known is not None:
            yield known
