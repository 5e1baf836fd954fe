"""Draft orders: whether one is of the drug, and which doses it proposes (rules C1, P1 and P2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, tzinfo
from decimal import Decimal

from cds.dosing.calendar import add_days
from cds.dosing.codes import Code
from cds.dosing.drug import Drug, Strength
from cds.dosing.facts import Ordered, Proposal
from cds.dosing.findings import Finding, found
from cds.fhir.amounts import milligrams
from cds.fhir.codes import DrugCodes, codes_of
from cds.fhir.identify import identify, medication_text
from cds.fhir.identity import Answer, Identity
from cds.fhir.order_dates import (
    MEDICATION_REQUEST,
    WITH_OCCURRENCE,
    Instruction,
    ProposedDay,
    instructions,
    moved,
    proposed_days,
)
from cds.fhir.order_repeats import SOONEST_DAYS, days_to_second
from cds.fhir.plain import Malformed, Resolve, Resource, status_of
from cds.fhir.read import BY_TEXT
from cds.fhir.references import reference_of
from cds.fhir.routes import UNEXPECTED, UNRECOGNISED, WrongRoute, route_recognised

__all__ = ["Order", "moved", "read_order"]

_CONTRADICTORY = found(Code.UNREADABLE_RECORD, "C1")
_NO_ORDER = Identity(Answer.OTHER, element="resourceType", detail="is no order that is read")
# Where other kinds of draft (ServiceRequest, DeviceRequest, SupplyRequest) say what is ordered. R5 wraps the concept.
_CODES = ("code", "codeCodeableConcept", "item", "itemCodeableConcept")
# What says what a product is orders nothing. A Bundle of drafts can hold the Medications that they refer to.
_PRODUCTS = frozenset({"Medication", "MedicationKnowledge", "Substance"})
_WITHDRAWN = frozenset({"cancelled", "stopped", "completed", "entered-in-error"})


@dataclass(frozen=True, slots=True)
class Order:
    """A draft. `text` is what it calls its medication; `resource` the draft as it came. An order of the drug proposes
    one dose a day that it says, or one without a day; one of another drug, or `withdrawn` (P2), proposes none."""

    reference: str
    identity: Identity
    text: str
    proposals: tuple[Proposal, ...]
    resource: Resource
    withdrawn: bool = False

    @property
    def days(self) -> tuple[Ordered, ...]:
        """The days that it says."""
        return tuple([Ordered(each.reference, each.day) for each in self.proposals if each.day is not None])


def read_order(
    resource: Resource, *, drug: Drug, zone: tzinfo, on: date, resolve: Resolve, reference: str = ""
) -> Order:
    """A draft read. Of the drug can be any resource that says so by `medication[x]`, or by a listed code in `code[x]`.
    A MedicationRequest proposes a dose, with a date or without; a ServiceRequest or DeviceRequest where its
    `occurrence[x]` says when; no other does. Never raises.

    An order whose parts contradict one another (C1) proposes as if it were of the drug, with `unreadable-record`: an
    interval that is too short should not go unsaid. `reference` names an order without an id.
    """
    if not isinstance(resource, dict):
        return Order(reference or "?", _NO_ORDER, "", (), resource)
    of_type = resource.get("resourceType")
    reference = reference_of(resource) or reference or (f"{of_type}?" if isinstance(of_type, str) else "?")
    withdrawn = _is_withdrawn(resource)
    if of_type != MEDICATION_REQUEST:
        identity = _of_another_kind(resource, drug, resolve)
        occurs = of_type in WITH_OCCURRENCE and bool(proposed_days(resource, zone, on))
        proposes = identity.of_the_drug and not withdrawn and occurs
    else:
        identity = identify(resource, drug, resolve)
        proposes = identity.of_the_drug and not withdrawn
    proposals = _proposals(resource, reference, identity, codes_of(drug), zone, on) if proposes else ()
    return Order(reference, identity, medication_text(resource), proposals, resource, withdrawn)


def _of_another_kind(resource: Resource, drug: Drug, resolve: Resolve) -> Identity:
    """The identity of what is no MedicationRequest. A text in `code` is no medication: it can be that of a puncture."""
    if resource.get("resourceType") in _PRODUCTS:
        return _NO_ORDER
    said = identify(resource, drug, resolve)
    if said.of_the_drug:
        return said
    for name in _CODES:
        said_by = resource.get(name)
        concept = said_by["concept"] if isinstance(said_by, dict) and "concept" in said_by else said_by
        coded = identify({"medicationCodeableConcept": concept}, drug, resolve)
        if coded.of_the_drug and not coded.by_text:
            return coded
    return _NO_ORDER


def _is_withdrawn(order: Resource) -> bool:
    return status_of(order) in _WITHDRAWN or order.get("doNotPerform") is True


def _proposals(
    order: Resource, reference: str, identity: Identity, codes: DrugCodes, zone: tzinfo, on: date
) -> tuple[Proposal, ...]:
    about: tuple[Finding, ...] = (BY_TEXT,) if identity.by_text else ()
    if identity.answer is Answer.UNREADABLE:
        about = (_CONTRADICTORY,)
    by_day: dict[date | None, list[ProposedDay]] = {}
    for said in proposed_days(order, zone, on):
        by_day.setdefault(said.day, []).append(said)
        again = days_to_second(order, said.place.instruction, said.day, zone)
        if again is not None:
            by_day.setdefault(add_days(said.day, again), []).append(said)
    every = instructions(order)
    proposals = []
    for day, places in sorted(by_day.items(), key=lambda item: item[0] or on) or [(None, [])]:
        apply = _applying(places, every)
        imprecise = next((place.note for place in places if place.note is not None), None)
        notes = about + _route_notes(apply, codes) + ((imprecise,) if imprecise is not None else ())
        again = days_to_second(order, None, on, zone) if day is None else None
        if again is not None:
            # the day of the second dose is known as little as that of the first: how far apart they are is known
            short = found(Code.INTERVAL_TOO_SHORT, "P3", required=SOONEST_DAYS, observed=again, evidence=(reference,))
            notes = (*notes, short)
        proposals.append(Proposal(reference, day, _amounts(apply, identity.strength), notes))
    return tuple(proposals)


def _applying(places: Iterable[ProposedDay], every: list[Instruction]) -> list[Instruction]:
    """The instructions that hold on a day: those that say it; all of them where none does."""
    own = {id(said.place.instruction) for said in places if said.place.instruction is not None}
    return [instruction for instruction in every if not own or id(instruction) in own]


def _route_notes(apply: Iterable[Instruction], codes: DrugCodes) -> tuple[Finding, ...]:
    notes: dict[Finding, None] = {}
    for instruction in apply:
        try:
            if not route_recognised(instruction, codes, "dosageInstruction"):
                notes[UNRECOGNISED] = None
        except WrongRoute:
            notes[UNEXPECTED] = None
        except Malformed:
            notes[UNRECOGNISED] = None
    return tuple(notes)


def _amounts(apply: Iterable[Instruction], strength: Strength | None) -> tuple[Decimal, ...]:
    """All amounts that the doses say, as far as they are known (C5), each once."""
    amounts: set[Decimal] = set()
    for instruction in apply:
        for dose in _doses(instruction):
            with suppress(Malformed):
                amount = milligrams(dose, "doseQuantity", strength, "dosageInstruction")
                amounts |= set() if amount is None else {amount}
    return tuple(sorted(amounts))


def _doses(instruction: Instruction) -> Iterator[Instruction]:
    """Where an instruction says how much; before R4 it did so itself."""
    yield instruction
    said = instruction.get("doseAndRate")
    yield from (each for each in (said if isinstance(said, list) else [said]) if isinstance(each, dict))
