"""The draft orders of a request: which are ours, which are judged, and which could not be read."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import date, tzinfo
from typing import Any, NamedTuple

from cds.dosing.drug import Coding, Drug
from cds.fhir.appointments import is_appointment, linked_orders, other_participant, read_appointment
from cds.fhir.bundle import Contents, read_contents
from cds.fhir.history import unresolved
from cds.fhir.identify import may_refer
from cds.fhir.identity import Answer
from cds.fhir.order_dates import MEDICATION_REQUEST
from cds.fhir.orders import Order, read_order
from cds.fhir.patients import other_subject
from cds.fhir.plain import Resource, status_of
from cds.fhir.references import Pool, reference_of, relative
from cds.fhir.standing import prior
from hooks.protocol import APPOINTMENT_BOOK, ORDER_SELECT, HookRequest

_DRAFT = "draft"


class Drafts(NamedTuple):
    """The drafts as read.

    `ours` are the orders of the drug that propose a dose; one whose parts contradict one another is among them, and
    the card says so. `to_judge` are those of them for which cards are made, and `judged` the references of all drafts
    that may get a card; the others are context. `live` are the judged ones, of any drug, that are not withdrawn;
    `nameless` those of them of which nobody can say whether they are of the drug. `broken` says what of the Bundle
    could not be read, so that it may hide an order of ours; `failure` why a Medication of theirs could not be read.
    `linked` are the orders that the drafts, being appointments, are for.
    """

    ours: tuple[Order, ...]
    to_judge: tuple[Order, ...]
    live: tuple[Order, ...]
    nameless: tuple[Order, ...]
    judged: frozenset[str]
    broken: tuple[str, ...]
    contents: Contents
    failure: str = ""
    linked: frozenset[str] = frozenset()

    def for_others(self, patient: str) -> tuple[Order, ...]:
        """The judged orders of the drug that name another patient than the request. They are judged by the history of
        the one that the request names, and that is said."""
        return tuple([order for order in self.to_judge if _is_for_another(order, patient)])

    @property
    def of_other_kinds(self) -> tuple[Order, ...]:
        """The judged orders of the drug that are no MedicationRequest, and do not say what they propose."""
        return tuple([order for order in self.live if order.identity.of_the_drug and not order.proposals])

    @property
    def unsure(self) -> bool:
        """Whether a judged order refers to a Medication that was not read, and nothing but a text may say which."""
        if any(order.identity.answer is Answer.UNIDENTIFIED for order in self.live) and self.linked:
            return True
        return any(not order.identity.of_the_drug and may_refer(order.resource) for order in self.live)

    def wanted(self) -> tuple[str, ...]:
        """The references to Medications that did not come with the drafts. A display beside one may be vague: what is
        ordered is then known when it is read."""
        if not any(map(may_refer, self.contents.resources)):
            return ()
        return unresolved(self.contents.resources, full_urls=self.contents.full_urls)


def read_drafts(
    request: HookRequest,
    *,
    drug: Drug,
    zone: tzinfo,
    on: date,
    beside: Iterable[Resource] = (),
    fetched: Mapping[str, Resource] | None = None,
    visits: Collection[Coding] = (),
) -> Drafts:
    """All drafts of a request, orders or appointments; `visits` are the codes of appointments for the dose.

    `beside` are prefetched resources in which Medications can be looked up, `fetched` the
    Medications read for it, by reference."""
    contents = read_contents(_as_bundle(request.draft_orders))
    contents = contents._replace(resources=_each_once(contents.resources))
    pool = Pool((*contents.resources, *beside), full_urls=contents.full_urls, fetched=fetched)
    linked: frozenset[str] = frozenset()
    if request.hook == APPOINTMENT_BOOK:
        linked = frozenset(
            relative(each) or each for resource in contents.resources for each in linked_orders(resource)
        )
        orders = [
            read_appointment(resource, drug=drug, zone=zone, on=on, resolve=pool.resolve, codes=visits)
            for resource in contents.resources
        ]
    else:
        orders = [
            read_order(resource, drug=drug, zone=zone, on=on, resolve=pool.resolve) for resource in contents.resources
        ]
    orders = _each_dose_once(_without_replaced(orders))
    ours = [order for order in orders if order.identity.of_the_drug and order.proposals]
    judged, all_named = _judged(request, orders)
    problems = contents.problems
    if contents.next_url is not None:
        problems = (*problems, "Bundle.link names a further page of draft orders")
    live = [order for order in orders if order.reference in judged and not order.withdrawn]
    return Drafts(
        ours=tuple(ours),
        to_judge=tuple([order for order in ours if order.reference in judged]),
        live=tuple(live),
        nameless=tuple([order for order in live if order.identity.answer is Answer.UNIDENTIFIED]),
        judged=judged,
        broken=() if all_named else problems,
        contents=contents,
        linked=linked,
    )


def _each_once(drafts: Iterable[Resource]) -> tuple[Resource, ...]:
    """The drafts without those sent again, word for word: an order with an id is in no conflict with itself."""
    known: dict[str, list[Resource]] = {}
    kept = []
    for draft in drafts:
        alike = known.setdefault(reference_of(draft) or "", [])
        if not reference_of(draft) or draft not in alike:
            kept.append(draft)
            alike.append(draft)
    return tuple(kept)


def _without_replaced(orders: list[Order]) -> list[Order]:
    """A revision can come with the order that it takes the place of. That one will no longer be given, as P3 has it of
    active orders; unless it is a draft itself, or does not say: it can still be signed beside the other."""
    revisions = [order.resource for order in orders if not order.withdrawn and status_of(order.resource) == _DRAFT]
    gone = {reference for each in revisions for reference in prior(each)}
    return [
        replace(order, proposals=(), withdrawn=True)
        if order.reference in gone and status_of(order.resource) not in (_DRAFT, "")
        else order
        for order in orders
    ]


def _each_dose_once(orders: list[Order]) -> list[Order]:
    """A procedure or a device for the drug often stands beside its medication order, for the same dose: judged both,
    every dose would be too close to itself. So what is no MedicationRequest proposes only where none of the drug is."""
    if not any(order.proposals and _is_medication_request(order) for order in orders):
        return orders
    return [order if _is_medication_request(order) else replace(order, proposals=()) for order in orders]


def _is_medication_request(order: Order) -> bool:
    return isinstance(order.resource, dict) and order.resource.get("resourceType") == MEDICATION_REQUEST


def _as_bundle(given: dict[str, Any]) -> dict[str, Any]:
    """Drafts without a resourceType are met, or with a wrong one; what has entries is taken as a Bundle."""
    return {**given, "resourceType": "Bundle"} if "entry" in given else given


def _judged(request: HookRequest, orders: Iterable[Order]) -> tuple[frozenset[str], bool]:
    """The references of the drafts to make cards for, on order-select those selected, else all; and whether the
    client named them. A selection that names no draft is a fault of the client; it must not turn the check off."""
    references = frozenset([order.reference for order in orders])
    selected = request.selections if request.hook == ORDER_SELECT else None
    if selected is None:
        return references, False
    chosen = [{reference for reference in references if _names(name, reference)} for name in selected]
    return (frozenset().union(*chosen), True) if all(chosen) else (references, False)


def _names(selected: str, reference: str) -> bool:
    """Whether a selection names the order of a reference: by its reference, its URL or its bare id."""
    return (relative(selected) or selected) in (reference, reference.rpartition("/")[2])


def _is_for_another(order: Order, patient: str) -> bool:
    """Whether an order says that it is for another patient; one that says nothing is taken as this patient's."""
    if is_appointment(order.resource):
        return other_participant(order.resource, patient)
    return other_subject(order.resource, patient) is not None
