"""One hook call from top to bottom: which orders are ours, gather, read, assess, cards; and what a failure says."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from logging import ERROR, WARNING
from typing import Any

import orjson

from cds.dosing.assessment import Assessment
from cds.dosing.document import as_json
from hooks.beside import NOTHING, Beside
from hooks.card_kinds import EXTENSION
from hooks.cards import not_checked_card
from hooks.charts import of_chart
from hooks.desk import Desk
from hooks.found import Card, Found, NotKnownError, Outcome
from hooks.gather import Gathered, NoSourceError, NotReadError
from hooks.operations.logs import event, reduced
from hooks.orders import of_orders
from hooks.protocol import ORDER_HOOKS, HookRequest, operation_outcome
from hooks.services import Service
from hooks.site_settings import OnFailure
from hooks.words import NotChecked

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a call was not checked. `reason` holds no patient data; `status` and `code` are for where it is no card."""

    outcome: Outcome
    why: NotChecked
    reason: str = ""
    status: int = 412
    code: str = "processing"


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer to one call, and what it rests on.

    `cards` are those found, `shown` whether they are in the body: silent mode withholds them. `assessment` and
    `gathered`, the records that it rests on, are None where nothing was assessed. `failure` says why, where the status
    tells of one. `parts` are the answers about each drug, where a site has several. `beside` and `unknown` as of Found.
    """

    status: int
    body: bytes
    outcome: Outcome
    on: date
    cards: tuple[Card, ...] = ()
    assessment: Assessment | None = None
    gathered: Gathered | None = None
    shown: bool = True
    failure: Failure | None = None
    parts: tuple[Answered, ...] = ()
    beside: Beside = NOTHING
    unknown: tuple[str, ...] = ()


async def answer(request: HookRequest, desk: Desk, service: Service, incident: str) -> Answered:
    """The answer of a service to one call. A failure is never an empty list of cards; only silent mode withholds."""
    now = desk.clock()
    on = now.astimezone(desk.zone).date()
    try:
        ours = _is_of_orders(service)
        found = await (of_orders(request, desk, incident, now, on) if ours else of_chart(request, desk, now, on))
        return _answered(found, desk, on, service)
    except NoSourceError as error:
        failure = Failure(Outcome.NOT_ANSWERED, NotChecked.UPSTREAM, str(error), code="required")
        return _refused(failure, on, incident, f"prefetch.{error.key}")
    except NotKnownError as error:
        event("not-known-whether-ours", WARNING, why=str(error))
        return _refused(Failure(Outcome.NOT_ANSWERED, NotChecked.UPSTREAM, str(error)), on, incident)
    except NotReadError as error:
        failure = Failure(Outcome.NOT_CHECKED, error.why, str(error))
    except Exception as error:  # noqa: BLE001  whatever went wrong, an unchecked order must not look checked
        return failed(error, desk, service, incident)
    return _told(failure, desk, service, incident)


def unread(why: NotChecked, reason: str, status: int, desk: Desk, service: Service, incident: str) -> Answered:
    """The answer where the request was not even read: at an order it counts as not checked, whatever it is for.
    `status` is for where a failure is told by the status; the reason holds nothing of the request."""
    code = "throttled" if why is NotChecked.RATE else "too-costly"
    return _told(Failure(Outcome.NOT_CHECKED, why, reason, status, code), desk, service, incident)


def failed(error: Exception, desk: Desk, service: Service, incident: str) -> Answered:
    """The answer where this service has failed. Nothing of the error but its kind and place is told, and that to the
    log."""
    event("failed", ERROR, **reduced(error))
    return _told(Failure(Outcome.FAILED, NotChecked.INTERNAL), desk, service, incident)


def _told(failure: Failure, desk: Desk, service: Service, incident: str) -> Answered:
    """A failure as the site wants it told: by a card, or by the status."""
    if failure.outcome is Outcome.NOT_CHECKED:
        event("not-checked", WARNING, reason=failure.why, why=failure.reason)
    now = desk.clock()
    on = now.astimezone(desk.zone).date()
    chosen = desk.site.order_failure if _is_of_orders(service) else desk.site.chart_failure
    if chosen is OnFailure.CARD:
        return _answered(Found(failure.outcome, [as_card(failure, desk, incident)]), desk, on, service)
    outcome = Outcome.NOT_ANSWERED if failure.outcome is Outcome.NOT_CHECKED else failure.outcome
    return _refused(replace(failure, outcome=outcome), on, incident)


def as_card(failure: Failure, desk: Desk, incident: str) -> Card:
    """A failure as the card that tells of it."""
    return not_checked_card(failure.why, incident, desk.context(desk.clock()), more=failure.reason)


def _is_of_orders(service: Service) -> bool:
    return ORDER_HOOKS.issuperset(service.hooks)


def _answered(found: Found, desk: Desk, on: date, service: Service) -> Answered:
    silent = service.id in desk.site.silent
    body: Body = {"cards": [] if silent else found.cards}
    if desk.site.show_assessment and found.assessment is not None and not silent:
        body["extension"] = {EXTENSION: {"assessment": as_json(found.assessment)}}
    written = as_bytes(body)
    return Answered(
        200,
        written,
        found.outcome,
        on,
        tuple(found.cards),
        found.assessment,
        found.gathered,
        shown=not silent,
        beside=found.beside,
        unknown=found.unknown,
    )


def _refused(failure: Failure, on: date, incident: str, element: str | None = None) -> Answered:
    said = failure.reason or "the service failed while it checked; its log knows the incident"
    told = operation_outcome(failure.code, f"{said} (incident {incident})", element)
    return Answered(failure.status, orjson.dumps(told), failure.outcome, on, failure=failure)


def as_bytes(body: Body) -> bytes:
    """The body as JSON. An order that cannot be written again, as one nested without end, costs its suggestions and
    not its warning."""
    try:
        return orjson.dumps(body)
    except orjson.JSONEncodeError:
        for card in body["cards"]:
            card.pop("suggestions", None)
            card.pop("selectionBehavior", None)
        return orjson.dumps(body)
