"""A call about a patient and no order: the chart, and the visit, with what is ordered or booked for the patient."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import NamedTuple

from cds.dosing.assessment import Assessment
from cds.dosing.codes import Severity, Status
from cds.fhir.appointments import read_appointment
from cds.fhir.needs import APPOINTMENTS, ORDERS, PERSON, STATEMENTS
from cds.fhir.orders import Order
from cds.fhir.references import Pool
from cds.fhir.standing import carried_out
from hooks.beside import NOTHING, Beside, asked_for, at_hand, read_beside, read_orders
from hooks.card_kinds import Kind
from hooks.cards import Card, chart_cards, monitoring_cards, order_cards
from hooks.desk import Desk
from hooks.found import Found, Outcome, assessed, deadline, has_drug, left, records
from hooks.gather import Gathered, Link, NotReadError
from hooks.laboratory import with_laboratory
from hooks.other_ids import with_other_ids
from hooks.protocol import ENCOUNTER_START, HookRequest
from hooks.words import NotChecked


class _Ahead(NamedTuple):
    """The dated doses of orders and appointments that are not carried out, each day once; an order before an
    appointment. `problems` say what could not be read, `gathered` is the history with what was read beside it."""

    orders: tuple[Order, ...]
    problems: tuple[str, ...]
    gathered: Gathered
    beside: Beside


async def of_chart(request: HookRequest, desk: Desk, now: datetime, on: date) -> Found:
    """The card on the patient's chart. At a visit, the cards on the dose of that day too.

    What beside the history could not be read is a line of a card that is shown. Without a card nobody would be told,
    so that doses given elsewhere, and at a visit the orders and appointments of the day, then count as not read.
    """
    come_to = await _of_chart(request, desk, now, on)
    found, elsewhere, of_the_day = come_to.found, come_to.elsewhere, come_to.of_the_day
    if (elsewhere or of_the_day) and not found.cards:
        why = NotChecked.ELSEWHERE if elsewhere else NotChecked.ORDERS
        raise NotReadError("; ".join((*elsewhere, *of_the_day)), why)
    return found._replace(cards=[*found.cards, *come_to.reminders])


class _ComeTo(NamedTuple):
    """What the call comes to, and what could not be read though it could have been a reason for a card: of doses given
    elsewhere, and of the orders and appointments of a visit. `reminders` are of the tests before a dose, which take
    the place of no other card."""

    found: Found
    elsewhere: tuple[str, ...]
    of_the_day: tuple[str, ...] = ()
    reminders: Sequence[Card] = ()


async def judge(
    request: HookRequest, desk: Desk, link: Link, on: date, until: float
) -> tuple[Assessment, Gathered, Beside]:
    """What is known of a patient: the assessment, the history it rests on, and what was read beside it. Raises
    NotReadError where nothing could be read, or not whether any of it is of the drug; and NoSourceError."""
    gathered, beside = await _read(request, desk, link)
    person = at_hand(request, PERSON)
    followed = False
    if person is not None and link.client is not None:
        followed = True
        # all doses may be under another id; where the Patient must be read, that is asked of those with the drug alone
        beside, whole = beside.with_more(Beside({PERSON.key: person})), gathered.whole
        gathered, beside = await with_other_ids(request, gathered, beside, (), link, left(until))
        if whole and not gathered.whole:
            known = assessed(request, gathered._replace(whole=True), desk, on, (), beside=beside)
            if not _of_ours(known):
                # most patients with two ids never had the drug: a card on each of their charts would help nobody
                raise NotReadError("; ".join(gathered.problems))
    assessment = assessed(request, gathered, desk, on, (), beside=beside)
    if _of_ours(assessment):
        # of all other patients, who are nearly all, this is not asked
        needs = [need for need in (PERSON, ORDERS, *desk.markers) if need.key not in beside.read]
        beside = beside.with_more(await read_beside(request, needs, link, left(until)))
        if not followed:
            gathered, beside = await with_other_ids(request, gathered, beside, desk.markers, link, left(until))
        assessment = assessed(request, gathered, desk, on, (), beside=beside)
        assessment, beside = await with_laboratory(assessment, beside, request, desk, link, left(until))
    gathered = gathered._replace(beside=beside.resources)
    if gathered.unread and assessment.unidentified and not has_drug(assessment):
        # Which drug these records are of was asked and not answered: that the patient has none of ours is not known.
        raise NotReadError("; ".join(gathered.problems))
    return assessment, gathered, beside


def _of_ours(assessment: Assessment) -> bool:
    """Whether a record of the drug is known, or may be missing."""
    return has_drug(assessment) or assessment.forecast.status is Status.DECISION


async def _of_chart(request: HookRequest, desk: Desk, now: datetime, on: date) -> _ComeTo:
    link = Link(desk.client, request)
    until = deadline(desk)
    assessment, gathered, beside = await judge(request, desk, link, on, until)
    outcome = Outcome.CHECKED if has_drug(assessment) else Outcome.NOT_OURS
    context = desk.context(now, gathered.problems, unknown=_unknown(beside, desk))
    with desk.traces.step("cards"):
        cards = chart_cards(assessment, context=context)
    visit = request.hook == ENCOUNTER_START
    due = any(_is_of(card, Kind.DUE) for card in cards)
    if not visit and not due:
        found = Found(outcome, cards, assessment, gathered, beside, context.unknown)
        return _ComeTo(found, beside.elsewhere(desk.words.unknown))
    ahead = await _ahead(request, desk, on, link, gathered, beside, left(until))
    context = context._replace(not_compared=ahead.problems if has_drug(assessment) else ())
    if due:
        cards = [] if _one_fits(request, desk, on, ahead) else chart_cards(assessment, context=context)
    today = _of_day(ahead.orders, on) if visit else ()
    if today and PERSON.key not in ahead.beside.read:
        # of who has a dose today and no record of one, the records can be under another id (C9)
        known = ahead.beside.with_more(await read_beside(request, (PERSON,), link, left(until)))
        history, known = await with_other_ids(request, ahead.gathered, known, desk.markers, link, left(until))
        ahead = ahead._replace(gathered=history, beside=known)
    if today:
        others = [order for order in ahead.orders if order.reference not in {each.reference for each in today}]
        ordered = [ordered for order in others for ordered in order.days]
        assessment = assessed(request, ahead.gathered, desk, on, today, ordered, beside=ahead.beside)
        assessment, known = await with_laboratory(assessment, ahead.beside, request, desk, link, left(until))
        ahead = ahead._replace(beside=known, gathered=ahead.gathered._replace(beside=known.resources))
        context = context._replace(unknown=_unknown(known, desk))
        judged = frozenset(order.reference for order in today)
        told = order_cards(assessment, today, judged=judged, context=context)
        for card in told:
            # what is ordered or booked already is not for a suggestion to change
            card.pop("suggestions", None)
            card.pop("selectionBehavior", None)
        topics = [card["source"]["topic"] for card in told]
        cards = [*told, *(card for card in cards if card["source"]["topic"] not in topics)]
        outcome = Outcome.CHECKED
    found = Found(outcome, cards, assessment, ahead.gathered, ahead.beside, context.unknown)
    elsewhere = beside.elsewhere(desk.words.unknown)
    if not visit:
        return _ComeTo(found, elsewhere)
    return _ComeTo(found, elsewhere, ahead.problems, monitoring_cards(assessment, context=context))


def _unknown(beside: Beside, desk: Desk) -> tuple[str, ...]:
    return beside.unknown({**desk.words.unknown, ORDERS.key: desk.words.unknown_orders})


async def _ahead(
    request: HookRequest, desk: Desk, on: date, link: Link, gathered: Gathered, beside: Beside, seconds: float
) -> _Ahead:
    missing = [need for need in (ORDERS, APPOINTMENTS) if need.key not in beside.read]
    beside = beside.with_more(await read_beside(request, missing, link, seconds))
    found, booked = beside.read[ORDERS.key], beside.read[APPOINTMENTS.key]
    standing = await read_orders(request, found, beside, desk, on, link, seconds)
    done = set(carried_out(gathered.resources))
    orders = [order for order in standing.orders if order.reference not in done and order.days]
    pool = Pool(found.resources, full_urls=found.full_urls, fetched=found.medications)
    visits = [
        read_appointment(
            resource,
            drug=desk.regimens.drug,
            zone=desk.zone,
            on=on,
            resolve=pool.resolve,
            codes=desk.site.dose_visits,
            reference=f"Appointment?index={index}",
        )
        for index, resource in enumerate(booked.resources)
    ]
    days = {ordered.day for order in orders for ordered in order.days}
    orders += [visit for visit in visits if any(ordered.day not in days for ordered in visit.days)]
    known = gathered._replace(beside=beside.resources)
    return _Ahead(tuple(orders), (*standing.problems, *booked.problems), known, beside)


def _of_day(orders: tuple[Order, ...], day: date) -> tuple[Order, ...]:
    """The orders with a dose on a day, with that dose alone."""
    kept = [replace(order, proposals=tuple([each for each in order.proposals if each.day == day])) for order in orders]
    return tuple([order for order in kept if order.proposals])


def _one_fits(request: HookRequest, desk: Desk, on: date, ahead: _Ahead) -> bool:
    """Whether a dose is ordered or booked for a day of which nothing is found above info."""
    assessment: Assessment = assessed(request, ahead.gathered, desk, on, ahead.orders, beside=ahead.beside)
    return any(
        all(finding.severity is Severity.INFO for finding in proposed.findings) for proposed in assessment.proposed
    )


def _is_of(card: Card, kind: Kind) -> bool:
    return bool(card["source"]["topic"]["code"] == kind.value)


async def _read(request: HookRequest, desk: Desk, link: Link) -> tuple[Gathered, Beside]:
    """The history and the statements at the same time: of who was treated elsewhere these are all there is."""
    if desk.refusal:
        return await records(request, desk, link, desk.limits.seconds), NOTHING
    reading = asyncio.create_task(
        read_beside(request, asked_for((STATEMENTS,), request, desk), link, desk.limits.seconds)
    )
    try:
        return await records(request, desk, link, desk.limits.seconds), await reading
    finally:
        reading.cancel()
