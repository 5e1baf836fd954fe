"""The draft orders of a request: which are ours, which are judged, and which could not be read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, tzinfo
from typing import Any

from cds.dosing.drug import Drug
from cds.fhir.bundle import Contents, read_contents
from cds.fhir.history import unresolved
from cds.fhir.identity import Answer
from cds.fhir.orders import Order, read_order
from cds.fhir.plain import Malformed, Resource
from cds.fhir.references import Pool, subject_of
from hooks.protocol import ORDER_SELECT, HookRequest

_OURS = frozenset({Answer.OURS, Answer.UNREADABLE})
"""An order whose parts contradict one another may be of the drug: it is judged, and the card says so."""


@dataclass(frozen=True, slots=True)
class Drafts:
    """The drafts as read.

    `orders` are all of them, `judged` the references of those to make cards for. `broken` says what of the Bundle
    could not be read, so that it may hide an order of ours.
    """

    orders: tuple[Order, ...]
    judged: frozenset[str]
    broken: tuple[str, ...]
    contents: Contents

    @property
    def ours(self) -> tuple[Order, ...]:
        """The orders of the drug that propose a dose; those not judged are context."""
        return tuple(order for order in self.orders if order.identity.answer in _OURS and order.proposals)

    def for_others(self, patient: str) -> tuple[Order, ...]:
        """The judged orders of the drug that name another patient than the request. They are judged by the history of
        the one that the request names, and that is said."""
        return tuple(order for order in self.ours if order.reference in self.judged and _is_for_another(order, patient))

    def nameless(self) -> tuple[Order, ...]:
        """The judged orders of which nobody can say whether they are of the drug."""
        return tuple(
            order
            for order in self.orders
            if order.reference in self.judged and order.identity.answer is Answer.UNIDENTIFIED and not order.withdrawn
        )

    def unsure(self) -> bool:
        """Whether a judged order refers to a Medication that was not read, and nothing but a text may say which."""
        return any(
            order.reference in self.judged
            and not order.withdrawn
            and order.identity.answer not in _OURS
            and "medicationReference" in order.resource
            for order in self.orders
        )

    def any_judged(self, orders: Iterable[Order]) -> bool:
        """Whether one of these orders is to be judged."""
        return any(order.reference in self.judged for order in orders)

    @property
    def may_matter(self) -> bool:
        """Whether a judged order is of the drug and proposes something, or may do so."""
        return self.any_judged(self.ours) or bool(self.nameless())

    def wanted(self) -> tuple[str, ...]:
        """The references to Medications that did not come with the drafts. A display beside one may be vague: what is
        ordered is then known when it is read."""
        if not any("medicationReference" in resource for resource in self.contents.resources):
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
) -> Drafts:
    """All drafts of a request. `beside` are prefetched resources in which Medications can be looked up, `fetched` the
    Medications read for it, by reference."""
    contents = read_contents(_as_bundle(request.draft_orders))
    pool = Pool((*contents.resources, *beside), full_urls=contents.full_urls, fetched=fetched)
    orders = tuple(
        [read_order(resource, drug=drug, zone=zone, on=on, resolve=pool.resolve) for resource in contents.resources]
    )
    judged, all_named = _judged(request, orders)
    return Drafts(orders, judged, () if all_named else contents.problems, contents)


def _as_bundle(given: dict[str, Any]) -> dict[str, Any]:
    """Drafts without a resourceType are met; what has entries is taken as a Bundle."""
    return {**given, "resourceType": "Bundle"} if "entry" in given and "resourceType" not in given else given


def _judged(request: HookRequest, orders: Iterable[Order]) -> tuple[frozenset[str], bool]:
    """The references of the drafts to make cards for, on order-select those selected, else all; and whether the
    client named them. A selection that names no draft is a fault of the client; it must not turn the check off."""
    references = frozenset(order.reference for order in orders)
    selected = request.selections if request.hook == ORDER_SELECT else None
    if selected is None:
        return references, False
    by_name = {reference.rpartition("/")[2]: reference for reference in references}
    chosen = [by_name.get(name.rpartition("/")[2]) for name in selected]
    found = frozenset(reference for reference in chosen if reference is not None)
    return (found, True) if len(found) == len(set(selected)) else (references, False)


def _is_for_another(order: Order, patient: str) -> bool:
    """Whether an order says that it is for another patient; one that says nothing is taken as this patient's."""
    subject = order.resource.get("subject")
    if isinstance(subject, dict) and subject.get("reference") == patient:
        return False
    try:
        whose = subject_of(order.resource, lambda *_: None)
    except Malformed:
        return False
    return whose is not None and whose != patient
