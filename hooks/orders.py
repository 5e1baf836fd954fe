"""A call about proposed dates: which of the orders are ours, what they are compared with, and their cards."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from datetime import date, datetime
from functools import partial
from typing import Any

from cds.dosing.codes import Status
from cds.dosing.facts import Ordered
from cds.fhir.appointments import is_appointment
from cds.fhir.history import leading_nowhere
from cds.fhir.identify import may_refer
from cds.fhir.needs import ORDERS
from cds.fhir.plain import status_of
from cds.fhir.standing import Standing, carried_out, replaced
from hooks.aside import Read
from hooks.beside import NOTHING, Beside, all_at_hand, asked_for, read_beside, read_orders
from hooks.cards import monitoring_cards, not_checked_card, order_cards
from hooks.desk import Desk
from hooks.drafts import Drafts, read_drafts
from hooks.found import Found, NotKnownError, Outcome, assessed, deadline, has_drug, left, records
from hooks.gather import Gathered, Link, NotReadError, prefetched
from hooks.laboratory import with_laboratory
from hooks.other_ids import with_other_ids
from hooks.protocol import HookRequest
from hooks.services import ORDER
from hooks.words import NotChecked


async def of_orders(request: HookRequest, desk: Desk, incident: str, now: datetime, on: date) -> Found:
    """Nearly every call ends at the first `return`: none of the orders is ours, and nothing was read for it."""
    reader = partial(read_drafts, request, drug=desk.regimens.drug, zone=desk.zone, on=on, visits=desk.site.dose_visits)
    drafts = reader()
    link = Link(desk.client, request)
    until = deadline(desk)
    if drafts.wanted() or (drafts.linked and drafts.unsure):
        # half of the time, so that a slow Medication of another order leaves enough for the history
        with desk.traces.step("medications"):
            drafts = await _with_medications(request, drafts, reader, link, desk.limits.seconds / 2)
    unchecked = _unchecked(drafts, f"Patient/{request.patient_id}")
    if not drafts.to_judge and not drafts.nameless:
        cards = [not_checked_card(why, incident, desk.context(now), more=more) for why, more in unchecked]
        return Found(Outcome.NOT_CHECKED if cards else Outcome.NOT_OURS, cards)
    history = _gather_for(drafts, partial(records, request, desk, link, left(until)))
    gathered, beside = await _with_beside(history, drafts, request, desk, link, until)
    standing = Standing()
    if ORDERS.key in beside.read:
        with desk.traces.step("orders"):
            found = _with_those_of_history(beside.read[ORDERS.key], gathered)
            standing = await read_orders(request, found, beside, desk, on, link, left(until))
    ordered = _others(standing, drafts, gathered)
    assessment = assessed(request, gathered, desk, on, drafts.ours, ordered, beside=beside)
    assessment, beside = await with_laboratory(assessment, beside, request, desk, link, left(until))
    context = desk.context(now, gathered.problems, standing.problems, beside.unknown(desk.words.unknown))
    with desk.traces.step("cards"):
        cards = order_cards(assessment, drafts.ours, judged=drafts.judged, context=context)
    had_drug = has_drug(assessment) or assessment.forecast.status is Status.DECISION
    if drafts.nameless and (had_drug or (drafts.failure and (cards or unchecked))):
        said = [f"{order.reference}: {order.identity.element} {order.identity.detail}" for order in drafts.nameless]
        unchecked = ((NotChecked.UNIDENTIFIED, "; ".join(said)), *unchecked)
    unread = (*standing.problems, *beside.elsewhere(desk.words.unknown))
    if unread and drafts.to_judge and not cards:
        # each card on an order says it in its detail
        why = NotChecked.ORDERS if standing.problems else NotChecked.ELSEWHERE
        unchecked = ((why, "; ".join(unread)), *unchecked)
    cards += [not_checked_card(why, incident, context, more=more) for why, more in unchecked]
    if drafts.nameless and drafts.failure and not cards:
        # Of a patient who was never treated this may be the first dose: that it is not ours is not known.
        raise NotKnownError(drafts.failure)
    ours = drafts.to_judge or has_drug(assessment)
    outcome = Outcome.NOT_CHECKED if unchecked else Outcome.CHECKED if ours else Outcome.NOT_OURS
    if desk.site.monitoring_at_orders and drafts.to_judge:
        cards += monitoring_cards(assessment, context=context)
    return Found(outcome, cards, assessment, gathered, beside, (*standing.problems, *context.unknown))


async def _with_beside(
    history: Coroutine[Any, Any, Gathered], drafts: Drafts, request: HookRequest, desk: Desk, link: Link, until: float
) -> tuple[Gathered, Beside]:
    """The history, and what is read beside it where an order is judged; the history is then not whole if nobody was
    asked for the Medication of one of its records."""
    if not drafts.to_judge or desk.refusal:
        return await history, NOTHING
    needs = (*asked_for(ORDER.beside, request, desk), *desk.laboratory, *desk.markers)
    beside = all_at_hand(request, needs)
    if beside is not None:
        gathered = await history
    else:
        # at the same time, since a server can take a while
        reading = asyncio.create_task(read_beside(request, needs, link, left(until)))
        try:
            gathered = await history
            beside = await reading
        finally:
            reading.cancel()
    gathered, beside = await with_other_ids(request, gathered, beside, desk.markers, link, left(until))
    return _all_asked(gathered)._replace(beside=beside.resources), beside


def _with_those_of_history(found: Read, gathered: Gathered) -> Read:
    """The orders that were read, and active ones that came with the history: what is known must not go unsaid."""
    types = [each.get("resourceType") for each in gathered.resources]
    if ORDERS.resource_type not in types:
        return found
    active = [
        each
        for each, of_type in zip(gathered.resources, types, strict=True)
        if of_type == "Medication" or (of_type == ORDERS.resource_type and status_of(each) == ORDERS.status)
    ]
    return found._replace(
        resources=(*found.resources, *active),
        medications={**gathered.medications, **found.medications},
        full_urls={**gathered.full_urls, **found.full_urls},
    )


def _others(standing: Standing, drafts: Drafts, gathered: Gathered) -> tuple[Ordered, ...]:
    """The days of active orders other than the drafts, than those they replace, and than those carried out (P3)."""
    if not standing.orders:
        return ()
    without = {*replaced(drafts.contents.resources), *carried_out(gathered.resources), *drafts.linked}
    days = standing.days(without)
    booked = {each.day for order in drafts.ours if is_appointment(order.resource) for each in order.proposals}
    # an appointment on the very day of an order is that order's
    return tuple(ordered for ordered in days if ordered.day not in booked)


def _unchecked(drafts: Drafts, patient: str) -> tuple[tuple[NotChecked, str], ...]:
    """What of the drafts was not checked, whatever the history says: the reason, and what it is about."""
    return (
        *((NotChecked.ANOTHER_PATIENT, order.reference) for order in drafts.for_others(patient)),
        *((NotChecked.KIND, order.reference) for order in drafts.of_other_kinds),
        *([(NotChecked.DRAFTS, "; ".join(drafts.broken))] if drafts.broken else []),
    )


async def _gather_for(drafts: Drafts, history: Callable[[], Awaitable[Gathered]]) -> Gathered:
    """The history that the judged orders need. Where no judged order is known to be ours, a failure is told by the
    status: a card could be on every order there is."""
    if drafts.to_judge:
        return await history()
    try:
        return await history()
    except NotReadError as error:
        raise NotKnownError(str(error)) from error


def _all_asked(gathered: Gathered) -> Gathered:
    """A history in which each record counts as unread of which nobody asked, or could ask, what was given."""
    nowhere: tuple[str, ...] = ()
    if any(map(may_refer, gathered.resources)):
        known = {"medications": gathered.medications, "full_urls": gathered.full_urls}
        nowhere = leading_nowhere(gathered.resources, **known)
    if not gathered.not_asked and not nowhere:
        return gathered
    problems = gathered.problems
    if nowhere:
        problems = (*problems, f"{len(nowhere)} of the records name their medication by a reference that leads nowhere")
    return gathered._replace(unread=(*gathered.unread, *gathered.not_asked, *nowhere), problems=problems)


async def _with_medications(
    request: HookRequest, drafts: Drafts, reader: Callable[..., Drafts], link: Link, seconds: float
) -> Drafts:
    """The drafts with their Medications: from the prefetch if they came with it, else from the server."""
    beside = prefetched(request)
    drafts = reader(beside=beside)
    client = link.client if drafts.unsure else None
    if client is None:
        return drafts._replace(failure=link.fault.message if link.fault is not None else "")
    if drafts.linked:
        # the orders that appointments are for, if they are active
        found = (await read_beside(request, (ORDERS,), link, seconds)).read[ORDERS.key]
        drafts = reader(beside=(*beside, *found.resources), fetched=found.medications)
        return drafts._replace(failure="; ".join(found.problems))
    fetched = await client.medications(drafts.wanted(), seconds=seconds)
    drafts = reader(beside=beside, fetched=fetched.by_reference)
    return drafts._replace(failure="; ".join(fetched.problems) if fetched.unread else "")
