"""What a call comes to, and the two steps that every kind of call takes: the records, and the assessment of them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from typing import Any, NamedTuple

from cds.dosing.assess import assess
from cds.dosing.assessment import Assessment
from cds.dosing.facts import Administration, Ordered, Record
from cds.fhir.beside import beside as read_beside
from cds.fhir.beside import died_on, of_one
from cds.fhir.history import lost, read_history
from cds.fhir.needs import PERSON
from cds.fhir.orders import Order
from cds.fhir.patients import other_ids
from cds.fhir.plain import Resolve
from cds.fhir.references import Pool
from hooks.beside import NOTHING, Beside
from hooks.desk import Desk
from hooks.gather import Gathered, Link, NotReadError, gather
from hooks.protocol import HookRequest
from hooks.words import NotChecked

Card = dict[str, Any]


class Outcome(StrEnum):
    """How a call ended, for the journal and the counters."""

    NOT_OURS = "not-ours"
    """Nothing of the drug in the orders, or in the chart."""
    CHECKED = "checked"
    NOT_CHECKED = "not-checked"
    """A card says that an order, or a chart, could not be checked."""
    NOT_ANSWERED = "not-answered"
    """The status says so: an EHR may show nothing."""
    FAILED = "failed"
    """An error in this service kept it from checking; a card or the status says so."""


class Found(NamedTuple):
    """What a call that went well comes to. `beside` was read beside the history; `unknown` says what of it, and of the
    other active orders, could not be."""

    outcome: Outcome
    cards: list[Card]
    assessment: Assessment | None = None
    gathered: Gathered | None = None
    beside: Beside = NOTHING
    unknown: tuple[str, ...] = ()


class NotKnownError(Exception):
    """Nothing could be read, and no order is known to be of the drug. The message holds no patient data."""


def deadline(desk: Desk) -> float:
    """When a call that begins now has to end, by the clock of the loop."""
    return asyncio.get_running_loop().time() + desk.limits.seconds


def left(until: float) -> float:
    """Seconds until the deadline; never so few that nothing is tried."""
    return max(0.1, until - asyncio.get_running_loop().time())


async def records(request: HookRequest, desk: Desk, link: Link, seconds: float) -> Gathered:
    """The records. Raises NotReadError where it is not known whose patient this is, and what `gather` raises."""
    if desk.refusal:
        raise NotReadError(desk.refusal, why=NotChecked.NO_SITE)
    with desk.traces.step("gather"):
        return await gather(request, link, drug=desk.regimens.drug, seconds=seconds)


def has_drug(assessment: Assessment) -> bool:
    """Whether the history holds a record of the drug."""
    return bool(assessment.evaluations or assessment.unreadable or assessment.not_given)


def assessed(
    request: HookRequest,
    gathered: Gathered,
    desk: Desk,
    on: date,
    orders: Iterable[Order],
    ordered: Iterable[Ordered] = (),
    *,
    beside: Beside = NOTHING,
) -> Assessment:
    """The records read and assessed, with the dates that `orders` propose; `ordered` are those of other orders, and
    `beside` is what was read beside the history."""
    with desk.traces.step("assess"):
        drug, zone, patient = desk.regimens.drug, desk.zone, f"Patient/{request.patient_id}"
        every = (*gathered.resources, *beside.resources)
        resolve = _pool(gathered, beside).resolve
        records = _read(patient, gathered, desk, beside, resolve)
        # what is counted as a dose says nothing else, and is most of what there is
        doses = frozenset([record.reference for record in records if isinstance(record, Administration)])
        rest = [each for each in every if f"{each.get('resourceType')}/{each.get('id')}" not in doses]
        own = of_one(rest, patient)
        around = read_beside(own, drug=drug, zone=zone, resolve=resolve)
        marked = desk.site.markers.read(own, zone)
        ids = (patient, *other_ids(beside.resources, patient))
        died = min((day for whose, day in died_on(rest, zone).items() if whose in ids), default=None)
        return assess(
            patient,
            (*records, *around, *marked),
            desk.regimens,
            on=on,
            whole=gathered.whole and not lost(records, gathered.unread),
            proposals=[proposal for order in orders for proposal in order.proposals],
            ended=died is not None and died <= on,
            ordered=ordered,
            complete_since=desk.site.history_complete_since,
        )


def administrations(patient: str, gathered: Gathered, desk: Desk, beside: Beside) -> dict[str, Administration]:
    """The doses of an assessment of these records, by reference: an Evaluation has neither amount nor status."""
    records = _read(patient, gathered, desk, beside, _pool(gathered, beside).resolve)
    return {record.reference: record for record in records if isinstance(record, Administration)}


def _read(patient: str, gathered: Gathered, desk: Desk, beside: Beside, resolve: Resolve) -> tuple[Record, ...]:
    # doses are those of the history alone; a Patient says which ids are this one (C9)
    persons = [each for each in beside.resources if each.get("resourceType") == PERSON.resource_type]
    known = (*gathered.resources, *persons)
    return read_history(known, drug=desk.regimens.drug, zone=desk.zone, patient=patient, resolve=resolve)


def _pool(gathered: Gathered, beside: Beside) -> Pool:
    """What references lead to, in the history and beside it."""
    full_urls, medications = gathered.full_urls, gathered.medications
    for each in beside.read.values():
        full_urls, medications = {**each.full_urls, **full_urls}, {**each.medications, **medications}
    return Pool((*gathered.resources, *beside.resources), full_urls=full_urls, fetched=medications)
