"""One hook call from top to bottom: which orders are ours, gather, read, assess, cards; and what a failure says."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo
from functools import partial
from typing import Any

import orjson

from cds.dosing.assess import assess
from cds.dosing.assessment import Assessment
from cds.dosing.codes import Status
from cds.dosing.document import as_json
from cds.dosing.drug import Coding
from cds.dosing.regimen import Regimen
from cds.fhir.client import FhirClient, Http
from cds.fhir.errors import Kind
from cds.fhir.history import lost, read_history
from cds.fhir.limits import Limits
from cds.fhir.orders import Order, moved
from cds.regimens.library import Library
from hooks.card_kinds import EXTENSION
from hooks.cards import CardContext, chart_cards, not_checked_card, order_cards
from hooks.drafts import Drafts, read_drafts
from hooks.gather import Gathered, Link, NoSourceError, NotReadError, gather, prefetched
from hooks.protocol import ORDER_HOOKS, HookRequest, operation_outcome
from hooks.settings import OnFailure, Settings
from hooks.wording import NotChecked

_log = logging.getLogger("nusinersen_cds")

Body = dict[str, Any]
Card = dict[str, Any]


@dataclass(slots=True)
class Desk:
    """What every call needs: the settings made ready once, the clock, and the connections to FHIR servers."""

    settings: Settings
    regimen: Regimen
    zone: tzinfo
    limits: Limits
    filter_codes: tuple[Coding, ...]
    clock: Callable[[], datetime]
    new_id: Callable[[], str]
    http: Http | None = field(default=None)

    @classmethod
    def of(
        cls, settings: Settings, library: Library, *, clock: Callable[[], datetime], new_id: Callable[[], str]
    ) -> Desk:
        """Raises UnknownRegimen, or ValueError where the tolerances do not fit the regimen."""
        regimen = library.get(settings.regimen).with_tolerance(
            loading=settings.tolerance_loading, maintenance=settings.tolerance_maintenance
        )
        limits = Limits(pages=settings.max_pages, seconds=settings.deadline_seconds, page_size=settings.page_size)
        codes = tuple(regimen.drug.products) if settings.filter_by_code else ()
        return cls(settings, regimen, settings.zone, limits, codes, clock, new_id)

    def client(self, request: HookRequest) -> FhirClient | None:
        """A client for the server of the request, with its token; None where the request names none."""
        if request.fhir_server is None:
            return None
        if self.http is None:
            raise RuntimeError("the connections to FHIR servers are opened when the application starts")
        return FhirClient(
            self.http, request.fhir_server, token=request.access_token, limits=self.limits, codes=self.filter_codes
        )

    def context(self, now: datetime, problems: Iterable[str] = ()) -> CardContext:
        """What cards need beside an assessment."""
        return CardContext(
            regimen=self.regimen,
            read_at=now.astimezone(self.zone).isoformat(timespec="seconds"),
            move=partial(moved, zone=self.zone, on=now.astimezone(self.zone).date()),
            new_id=self.new_id,
            show_upcoming=self.settings.show_upcoming,
            problems=tuple(problems),
        )

    def warm_up(self) -> None:
        """Pay before the first call for what is made once: tables of the drug's codes, the card texts."""
        now = self.clock()
        patient = "Patient/warm-up"
        resource = {"resourceType": "MedicationAdministration", "id": "warm-up", "status": "completed"}
        records = read_history([resource], drug=self.regimen.drug, zone=self.zone, patient=patient)
        on = now.astimezone(self.zone).date()
        chart_cards(assess(patient, records, self.regimen, on=on, whole=True), context=self.context(now))


class NotKnownError(Exception):
    """Nothing could be read, and no order is known to be of the drug. The message holds no patient data."""


async def answer(request: HookRequest, desk: Desk, incident: str) -> tuple[int, bytes]:
    """Status and JSON body for one call. A failure is never an empty list of cards."""
    is_order = request.hook in ORDER_HOOKS
    try:
        return 200, _written(await (_orders(request, desk, incident) if is_order else _chart(request, desk)))
    except NoSourceError as error:
        said = _with_incident(str(error), incident)
        return 412, orjson.dumps(operation_outcome("required", said, f"prefetch.{error.key}"))
    except NotKnownError as error:
        _log.warning("incident %s: not known whether an order is ours: %s", incident, error)
        return 412, orjson.dumps(operation_outcome("processing", _with_incident(str(error), incident)))
    except NotReadError as error:
        why, reason = _why(error.kind), str(error)
        _log.warning("incident %s: not checked: %s", incident, reason)
    except Exception as error:  # noqa: BLE001  whatever went wrong, an unchecked order must not look checked
        why, reason = NotChecked.INTERNAL, ""
        # Only kind and place of the error are logged: its text may quote the request.
        _log.error("incident %s: %s at %s", incident, type(error).__name__, _place(error))
    chosen = desk.settings.order_failure if is_order else desk.settings.chart_failure
    if chosen is OnFailure.CARD:
        return 200, orjson.dumps({"cards": [not_checked_card(why, incident, desk.context(desk.clock()), more=reason)]})
    said = reason or "the service failed while it checked; its log knows the incident"
    return 412, orjson.dumps(operation_outcome("processing", _with_incident(said, incident)))


def _why(kind: Kind | None) -> NotChecked:
    return NotChecked.DENIED if kind is Kind.DENIED else NotChecked.UPSTREAM


async def _chart(request: HookRequest, desk: Desk) -> Body:
    now = desk.clock()
    link = Link(desk.client, request)
    gathered = await gather(request, link, drug=desk.regimen.drug, seconds=desk.limits.seconds)
    assessment = _assess(request, gathered, desk, now, ())
    if gathered.unread and assessment.unidentified and not _has_drug(assessment):
        # Which drug these records are of was asked and not answered: that the patient has none of ours is not known.
        raise NotReadError("; ".join(gathered.problems))
    return _body(chart_cards(assessment, context=desk.context(now, gathered.problems)), assessment, desk)


async def _orders(request: HookRequest, desk: Desk, incident: str) -> Body:
    """Nearly every call ends at the first `return`: none of the orders is ours, and nothing was read for it."""
    now = desk.clock()
    on = now.astimezone(desk.zone).date()
    read = partial(read_drafts, request, drug=desk.regimen.drug, zone=desk.zone, on=on)
    drafts = read()
    link = Link(desk.client, request)
    until = asyncio.get_running_loop().time() + desk.limits.seconds
    if drafts.wanted():
        # half of the time, so that a slow Medication of another order leaves enough for the history
        drafts = await _with_medications(request, drafts, read, link, desk.limits.seconds / 2)
    unchecked = _unchecked(drafts, f"Patient/{request.patient_id}")
    if not drafts.to_judge and not drafts.nameless:
        return {"cards": [not_checked_card(why, incident, desk.context(now), more=more) for why, more in unchecked]}
    left = max(0.1, until - asyncio.get_running_loop().time())
    gathered = await _gather_for(drafts, partial(gather, request, link, drug=desk.regimen.drug, seconds=left))
    assessment = _assess(request, gathered, desk, now, drafts.ours)
    context = desk.context(now, gathered.problems)
    cards = order_cards(assessment, drafts.ours, judged=drafts.judged, context=context)
    if drafts.nameless and (_has_drug(assessment) or assessment.forecast.status is Status.DECISION):
        said = [f"{order.reference}: {order.identity.element} {order.identity.detail}" for order in drafts.nameless]
        unchecked = ((NotChecked.UNIDENTIFIED, "; ".join(said)), *unchecked)
    cards += [not_checked_card(why, incident, context, more=more) for why, more in unchecked]
    if drafts.nameless and drafts.failure and not cards:
        # Of a patient who was never treated this may be the first dose: that it is not ours is not known.
        raise NotKnownError(drafts.failure)
    return _body(cards, assessment, desk)


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
        return replace(gathered, unread=(*gathered.unread, *gathered.not_asked))
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
        return replace(drafts, failure=link.fault.message if link.fault is not None else "")
    fetched = await client.medications(drafts.wanted(), seconds=seconds)
    drafts = read(beside=beside, fetched=fetched.by_reference)
    return replace(drafts, failure="; ".join(fetched.problems) if fetched.unread else "")


def _has_drug(assessment: Assessment) -> bool:
    return bool(assessment.evaluations or assessment.unreadable or assessment.not_given)


def _assess(request: HookRequest, gathered: Gathered, desk: Desk, now: datetime, orders: Iterable[Order]) -> Assessment:
    patient = f"Patient/{request.patient_id}"
    records = read_history(
        gathered.resources,
        drug=desk.regimen.drug,
        zone=desk.zone,
        patient=patient,
        medications=gathered.medications,
        full_urls=gathered.full_urls,
    )
    return assess(
        patient,
        records,
        desk.regimen,
        on=now.astimezone(desk.zone).date(),
        whole=gathered.whole and not lost(records, gathered.unread),
        proposals=[proposal for order in orders for proposal in order.proposals],
    )


def _body(cards: list[Card], assessment: Assessment, desk: Desk) -> Body:
    body: Body = {"cards": cards}
    if desk.settings.show_assessment:
        body["extension"] = {EXTENSION: {"assessment": as_json(assessment)}}
    return body


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


def _place(error: BaseException) -> str:
    """Where an error was raised: file and line, no values."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return "an unknown place"
    return f"{trace.tb_frame.f_code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}"
