"""One hook call from top to bottom: which orders are ours, gather, read, assess, cards; and what a failure says."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from functools import partial
from typing import Any

import orjson

from cds.dosing.assess import assess
from cds.dosing.assessment import Assessment
from cds.dosing.codes import Status
from cds.dosing.document import as_json
from cds.dosing.drug import Coding
from cds.dosing.facts import Unidentified
from cds.dosing.regimen import Regimen
from cds.fhir.bundle import Contents, read_contents
from cds.fhir.client import FhirClient, Http
from cds.fhir.errors import FhirError, Kind
from cds.fhir.history import read_history, unresolved
from cds.fhir.identity import Answer
from cds.fhir.limits import Limits
from cds.fhir.orders import Order, moved, read_order
from cds.fhir.plain import Resource
from cds.fhir.references import Pool
from cds.regimens.library import Library
from hooks.card_kinds import EXTENSION
from hooks.cards import CardContext, chart_cards, not_checked_card, order_cards
from hooks.gather import Gathered, NoSourceError, NotReadError, gather
from hooks.protocol import ORDER_HOOKS, ORDER_SELECT, HookRequest, operation_outcome
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


async def answer(request: HookRequest, desk: Desk, incident: str) -> tuple[int, bytes]:
    """Status and JSON body for one call. A failure is never an empty list of cards."""
    is_order = request.hook in ORDER_HOOKS
    try:
        return 200, orjson.dumps(await (_orders(request, desk, incident) if is_order else _chart(request, desk)))
    except NoSourceError as error:
        said = _with_incident(str(error), incident)
        return 412, orjson.dumps(operation_outcome("required", said, f"prefetch.{error.key}"))
    except (NotReadError, FhirError) as error:
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
    client = desk.client(request)
    gathered = await gather(request, client, seconds=desk.limits.seconds)
    assessment = _assess(request, gathered, desk, now, ())
    return _body(chart_cards(assessment, context=desk.context(now, gathered.problems)), assessment, desk)


async def _orders(request: HookRequest, desk: Desk, incident: str) -> Body:
    """Nearly every call ends at the first `return`: none of the orders is ours, and nothing was read for it."""
    now = desk.clock()
    on = now.astimezone(desk.zone).date()
    drafts = read_contents(request.draft_orders)
    orders = _read_orders(drafts, desk, on, {})
    judged = _judged(request, orders)
    if not _any_may_be_ours(orders, judged):
        return {"cards": []}
    client = desk.client(request)
    until = asyncio.get_running_loop().time() + desk.limits.seconds
    wanted = unresolved(drafts.resources, full_urls=drafts.full_urls) if client is not None else ()
    if wanted and client is not None:
        fetched = await client.medications(wanted, seconds=desk.limits.seconds)
        orders = _read_orders(drafts, desk, on, fetched.by_reference)
        if not _any_may_be_ours(orders, judged):
            return {"cards": []}
    left = max(0.1, until - asyncio.get_running_loop().time())
    gathered = await gather(request, client, seconds=left)
    ours = [order for order in orders if order.identity.answer in _OURS]
    assessment = _assess(request, gathered, desk, now, ours)
    context = desk.context(now, gathered.problems)
    cards = order_cards(assessment, ours, judged=judged, context=context)
    nameless = [o for o in orders if o.reference in judged and o.identity.answer is Answer.UNIDENTIFIED]
    known = bool(assessment.evaluations or assessment.unreadable or assessment.not_given)
    if nameless and (known or assessment.forecast.status is Status.DECISION):
        more = "; ".join(f"{order.reference}: {order.identity.element} {order.identity.detail}" for order in nameless)
        cards.append(not_checked_card(NotChecked.UNIDENTIFIED, incident, context, more=more))
    return _body(cards, assessment, desk)


_OURS = frozenset({Answer.OURS, Answer.UNREADABLE})
"""An order whose parts contradict one another may be of the drug: it is judged, and the card says so."""


def _any_may_be_ours(orders: Iterable[Order], judged: Collection[str]) -> bool:
    return any(order.identity.answer is not Answer.OTHER for order in orders if order.reference in judged)


def _read_orders(drafts: Contents, desk: Desk, on: date, fetched: Mapping[str, Resource]) -> tuple[Order, ...]:
    """All drafts of the request, with the Medications that came with them or were `fetched`."""
    pool = Pool(drafts.resources, full_urls=drafts.full_urls, fetched=fetched)
    drug, zone = desk.regimen.drug, desk.zone
    return tuple(
        [read_order(resource, drug=drug, zone=zone, on=on, resolve=pool.resolve) for resource in drafts.resources]
    )


def _judged(request: HookRequest, orders: Iterable[Order]) -> frozenset[str]:
    """The references of the drafts to make cards for: on order-select those selected, else all."""
    references = frozenset(order.reference for order in orders)
    selected = request.selections if request.hook == ORDER_SELECT else None
    if selected is None:
        return references
    names = {name.rpartition("/")[2] for name in selected}
    chosen = frozenset(reference for reference in references if reference.rpartition("/")[2] in names)
    # A selection that names no draft is a fault of the client; it must not turn the check off.
    return chosen or references


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
    # A Medication that could not be read may be the drug: its record is then lost, not another drug's.
    lost = bool(gathered.unread) and any(isinstance(record, Unidentified) for record in records)
    return assess(
        patient,
        records,
        desk.regimen,
        on=now.astimezone(desk.zone).date(),
        whole=gathered.whole and not lost,
        proposals=[proposal for order in orders for proposal in order.proposals],
    )


def _body(cards: list[Card], assessment: Assessment, desk: Desk) -> Body:
    body: Body = {"cards": cards}
    if desk.settings.show_assessment:
        body["extension"] = {EXTENSION: {"assessment": as_json(assessment)}}
    return body


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
