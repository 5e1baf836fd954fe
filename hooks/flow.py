"""One hook call from top to bottom: which orders are ours, gather, read, assess, cards; and what a failure says."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from functools import partial
from logging import ERROR, WARNING
from typing import Any, NamedTuple

import orjson

from cds.dosing.assess import assess
from cds.dosing.assessment import Assessment
from cds.dosing.codes import Status
from cds.dosing.document import as_json
from cds.fhir.history import lost, read_history
from cds.fhir.orders import Order
from hooks.card_kinds import EXTENSION
from hooks.cards import chart_cards, not_checked_card, order_cards
from hooks.desk import Desk
from hooks.drafts import Drafts, read_drafts
from hooks.gather import Gathered, Link, NoSourceError, NotReadError, gather, prefetched
from hooks.operations.logs import event, reduced
from hooks.protocol import ORDER_HOOKS, HookRequest, operation_outcome
from hooks.services import Service
from hooks.site_settings import OnFailure
from hooks.wording import NotChecked

Body = dict[str, Any]
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


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer to one call, and what it rests on.

    `cards` are those found, `shown` whether they are in the body: silent mode withholds them. `assessment` and
    `gathered`, the records that it rests on, are None where nothing was assessed.
    """

    status: int
    body: bytes
    outcome: Outcome
    on: date
    cards: tuple[Card, ...] = ()
    assessment: Assessment | None = None
    gathered: Gathered | None = None
    shown: bool = True


class _Found(NamedTuple):
    """What a call that went well comes to."""

    outcome: Outcome
    cards: list[Card]
    assessment: Assessment | None = None
    gathered: Gathered | None = None


class NotKnownError(Exception):
    """Nothing could be read, and no order is known to be of the drug. The message holds no patient data."""


async def answer(request: HookRequest, desk: Desk, service: Service, incident: str) -> Answered:
    """The answer of a service to one call. A failure is never an empty list of cards; only silent mode withholds."""
    now = desk.clock()
    on = now.astimezone(desk.zone).date()
    try:
        of_orders = _is_of_orders(service)
        found = await (_orders(request, desk, incident, now, on) if of_orders else _chart(request, desk, now, on))
        return _answered(found, desk, on, service)
    except NoSourceError as error:
        said = _with_incident(str(error), incident)
        return _refused(operation_outcome("required", said, f"prefetch.{error.key}"), on)
    except NotKnownError as error:
        event("not-known-whether-ours", WARNING, why=str(error))
        return _refused(operation_outcome("processing", _with_incident(str(error), incident)), on)
    except NotReadError as error:
        failure = _Failure(Outcome.NOT_CHECKED, error.why, str(error))
    except Exception as error:  # noqa: BLE001  whatever went wrong, an unchecked order must not look checked
        return failed(error, desk, service, incident)
    return _told(failure, desk, service, incident)


def unread(why: NotChecked, reason: str, status: int, desk: Desk, service: Service, incident: str) -> Answered:
    """The answer where the request was not even read: at an order it counts as not checked, whatever it is for.
    `status` is for where a failure is told by the status; the reason holds nothing of the request."""
    code = "throttled" if why is NotChecked.RATE else "too-costly"
    return _told(_Failure(Outcome.NOT_CHECKED, why, reason, status, code), desk, service, incident)


def failed(error: Exception, desk: Desk, service: Service, incident: str) -> Answered:
    """The answer where this service has failed. Nothing of the error but its kind and place is told, and that to the
    log."""
    event("failed", ERROR, **reduced(error))
    return _told(_Failure(Outcome.FAILED, NotChecked.INTERNAL), desk, service, incident)


@dataclass(frozen=True, slots=True)
class _Failure:
    """Why a call was not checked. `reason` holds no patient data; `status` and `code` are for where it is no card."""

    outcome: Outcome
    why: NotChecked
    reason: str = ""
    status: int = 412
    code: str = "processing"


def _told(failure: _Failure, desk: Desk, service: Service, incident: str) -> Answered:
    """A failure as the site wants it told: by a card, or by the status."""
    if failure.outcome is Outcome.NOT_CHECKED:
        event("not-checked", WARNING, reason=failure.why, why=failure.reason)
    now = desk.clock()
    on = now.astimezone(desk.zone).date()
    chosen = desk.site.order_failure if _is_of_orders(service) else desk.site.chart_failure
    if chosen is OnFailure.CARD:
        card = not_checked_card(failure.why, incident, desk.context(now), more=failure.reason)
        return _answered(_Found(failure.outcome, [card]), desk, on, service)
    said = failure.reason or "the service failed while it checked; its log knows the incident"
    outcome = Outcome.NOT_ANSWERED if failure.outcome is Outcome.NOT_CHECKED else failure.outcome
    told = operation_outcome(failure.code, _with_incident(said, incident))
    return replace(_refused(told, on, outcome), status=failure.status)


def _is_of_orders(service: Service) -> bool:
    return ORDER_HOOKS.issuperset(service.hooks)


def _answered(found: _Found, desk: Desk, on: date, service: Service) -> Answered:
    silent = service.id in desk.site.silent
    body: Body = {"cards": [] if silent else found.cards}
    if desk.site.show_assessment and found.assessment is not None and not silent:
        body["extension"] = {EXTENSION: {"assessment": as_json(found.assessment)}}
    written = _written(body)
    return Answered(
        200, written, found.outcome, on, tuple(found.cards), found.assessment, found.gathered, shown=not silent
    )


def _refused(told: Body, on: date, outcome: Outcome = Outcome.NOT_ANSWERED) -> Answered:
    return Answered(412, orjson.dumps(told), outcome, on)


async def _chart(request: HookRequest, desk: Desk, now: datetime, on: date) -> _Found:
    link = Link(desk.client, request)
    gathered = await _gather(request, desk, link, desk.limits.seconds)
    assessment = _assess(request, gathered, desk, on, ())
    if gathered.unread and assessment.unidentified and not _has_drug(assessment):
        # Which drug these records are of was asked and not answered: that the patient has none of ours is not known.
        raise NotReadError("; ".join(gathered.problems))
    outcome = Outcome.CHECKED if _has_drug(assessment) else Outcome.NOT_OURS
    with desk.traces.step("cards"):
        cards = chart_cards(assessment, context=desk.context(now, gathered.problems))
    return _Found(outcome, cards, assessment, gathered)


async def _orders(request: HookRequest, desk: Desk, incident: str, now: datetime, on: date) -> _Found:
    """Nearly every call ends at the first `return`: none of the orders is ours, and nothing was read for it."""
    read = partial(read_drafts, request, drug=desk.regimens.drug, zone=desk.zone, on=on)
    drafts = read()
    link = Link(desk.client, request)
    until = asyncio.get_running_loop().time() + desk.limits.seconds
    if drafts.wanted():
        # half of the time, so that a slow Medication of another order leaves enough for the history
        with desk.traces.step("medications"):
            drafts = await _with_medications(request, drafts, read, link, desk.limits.seconds / 2)
    unchecked = _unchecked(drafts, f"Patient/{request.patient_id}")
    if not drafts.to_judge and not drafts.nameless:
        cards = [not_checked_card(why, incident, desk.context(now), more=more) for why, more in unchecked]
        return _Found(Outcome.NOT_CHECKED if cards else Outcome.NOT_OURS, cards)
    left = max(0.1, until - asyncio.get_running_loop().time())
    gathered = await _gather_for(drafts, partial(_gather, request, desk, link, left))
    assessment = _assess(request, gathered, desk, on, drafts.ours)
    context = desk.context(now, gathered.problems)
    with desk.traces.step("cards"):
        cards = order_cards(assessment, drafts.ours, judged=drafts.judged, context=context)
    had_drug = _has_drug(assessment) or assessment.forecast.status is Status.DECISION
    if drafts.nameless and (had_drug or (drafts.failure and (cards or unchecked))):
        said = [f"{order.reference}: {order.identity.element} {order.identity.detail}" for order in drafts.nameless]
        unchecked = ((NotChecked.UNIDENTIFIED, "; ".join(said)), *unchecked)
    cards += [not_checked_card(why, incident, context, more=more) for why, more in unchecked]
    if drafts.nameless and drafts.failure and not cards:
        # Of a patient who was never treated this may be the first dose: that it is not ours is not known.
        raise NotKnownError(drafts.failure)
    ours = drafts.to_judge or _has_drug(assessment)
    outcome = Outcome.NOT_CHECKED if unchecked else Outcome.CHECKED if ours else Outcome.NOT_OURS
    return _Found(outcome, cards, assessment, gathered)


async def _gather(request: HookRequest, desk: Desk, link: Link, seconds: float) -> Gathered:
    """The records. Raises NotReadError where it is not known whose patient this is, and what `gather` raises."""
    if desk.refusal:
        raise NotReadError(desk.refusal, why=NotChecked.NO_SITE)
    with desk.traces.step("gather"):
        return await gather(request, link, drug=desk.regimens.drug, seconds=seconds)


def _unchecked(drafts: Drafts, patient: str) -> tuple[tuple[NotChecked, str], ...]:
    """What of the drafts was not checked, whatever the history says: the reason, and what it is about."""
    return (
        *((NotChecked.ANOTHER_PATIENT, order.reference) for order in drafts.for_others(patient)),
        *((NotChecked.KIND, order.reference) for order in drafts.of_other_kinds),
        *([(NotChecked.DRAFTS, "; ".join(drafts.broken))] if drafts.broken else []),
    )


async def _gather_for(drafts: Drafts, history: Callable[[], Awaitable[Gathered]]) -> Gathered:
    """The history that the judged orders need.

    For an order of ours that refers to a record whose Medication nobody was asked for, the history is not whole. Where
    no judged order is known to be ours, a failure is told by the status: a card could be on every order there is.
    """
    if drafts.to_judge:
        gathered = await history()
        unread = (*gathered.unread, *gathered.not_asked)
        return gathered._replace(unread=unread) if gathered.not_asked else gathered
    try:
        return await history()
    except NotReadError as error:
        raise NotKnownError(str(error)) from error


async def _with_medications(
    request: HookRequest, drafts: Drafts, read: Callable[..., Drafts], link: Link, seconds: float
) -> Drafts:
    """The drafts with their Medications: from the prefetch if they came with it, else from the server."""
    beside = prefetched(request)
    drafts = read(beside=beside)
    client = link.client if drafts.unsure else None
    if client is None:
        return drafts._replace(failure=link.fault.message if link.fault is not None else "")
    fetched = await client.medications(drafts.wanted(), seconds=seconds)
    drafts = read(beside=beside, fetched=fetched.by_reference)
    return drafts._replace(failure="; ".join(fetched.problems) if fetched.unread else "")


def _has_drug(assessment: Assessment) -> bool:
    return bool(assessment.evaluations or assessment.unreadable or assessment.not_given)


def _assess(request: HookRequest, gathered: Gathered, desk: Desk, on: date, orders: Iterable[Order]) -> Assessment:
    with desk.traces.step("assess"):
        patient = f"Patient/{request.patient_id}"
        records = read_history(
            gathered.resources,
            drug=desk.regimens.drug,
            zone=desk.zone,
            patient=patient,
            medications=gathered.medications,
            full_urls=gathered.full_urls,
        )
        return assess(
            patient,
            records,
            desk.regimens,
            on=on,
            whole=gathered.whole and not lost(records, gathered.unread),
            proposals=[proposal for order in orders for proposal in order.proposals],
        )


def _written(body: Body) -> bytes:
    """The body as JSON. An order that cannot be written again, as one nested without end, costs its suggestions and
    not its warning."""
    try:
        return orjson.dumps(body)
    except orjson.JSONEncodeError:
        for card in body["cards"]:
            card.pop("suggestions", None)
            card.pop("selectionBehavior", None)
        return orjson.dumps(body)


def _with_incident(text: str, incident: str) -> str:
    return f"{text} (incident {incident})"
