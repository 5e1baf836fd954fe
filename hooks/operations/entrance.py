"""Where every request comes in and every answer goes out: ids, log line, counters and trace of a call, errors."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import orjson
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hooks.operations.answers import plain_page, send_json, send_page
from hooks.operations.call import NOTHING, Call, begin
from hooks.operations.health import Health
from hooks.operations.logs import event, reduced
from hooks.operations.metrics import Metrics
from hooks.operations.traces import NoTraces, Span, Traces
from hooks.protocol import operation_outcome

INCIDENT_HEADER = "X-Incident-Id"
"""Every answer carries an id under this name; the log and the cards that tell of a failure name it too."""
REQUEST_HEADER = "X-Request-Id"
"""The id of the caller for the request, or one of ours; log lines name it."""

_INCIDENT, _REQUEST = INCIDENT_HEADER.lower().encode(), REQUEST_HEADER.lower().encode()
_REFUSED = frozenset({401, 403, 429})
_METHODS = frozenset({"GET", "POST", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"})


@dataclass(frozen=True, slots=True)
class Operations:
    """What the parts of the service tell its operators by."""

    metrics: Metrics = field(default_factory=Metrics)
    health: Health = field(default_factory=Health)
    traces: Traces = field(default_factory=NoTraces)


class Entrance:
    """The outermost layer of the application but for CORS.

    `pages` are the names of the paths that are there; all others are `other`, since a path can hold anything. Those in
    `services` are counted as calls; those in `quiet` leave no log line. An error that nothing else has answered is
    answered here: 500, and nothing of it but the incident; to those in `people` by a page, since a person looks at it.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        operations: Operations,
        new_id: Callable[[], str],
        pages: Mapping[str, str],
        services: frozenset[str],
        quiet: frozenset[str],
        people: frozenset[str],
    ) -> None:
        self._app = app
        self._metrics, self._traces = operations.metrics, operations.traces
        self._new_id = new_id
        self._pages, self._services, self._quiet, self._people = pages, services, quiet, people

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request and its answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        call = begin(scope["headers"], self._new_id)
        path = scope["path"]
        if path not in self._pages and path[:-1] in self._pages and path.endswith("/"):
            # Answered as without the slash. A redirect would use up the token of the call, which is good for one.
            scope = {**scope, "path": path[:-1]}
        call.page = self._pages.get(scope["path"], "other")
        if call.page in self._services:
            call.service = call.page
            self._metrics.began()
        sending = _Sending(send, call)
        with self._traces.call(call.page, call.traceparent) as span:
            try:
                await self._answer(scope, receive, sending, call)
            except asyncio.CancelledError:
                call.outcome = "cut-off"
                raise
            finally:
                self._ended(call, scope["method"], sending.status, time.perf_counter() - began, span)

    async def _answer(self, scope: Scope, receive: Receive, sending: _Sending, call: Call) -> None:
        try:
            await self._app(scope, receive, sending)
        except ClientDisconnect:
            call.outcome = "caller-gone"
        except Exception as error:  # noqa: BLE001  the last place before the server, which would show the text
            call.outcome = "failed"
            event("failed", logging.ERROR, **reduced(error))
            if not sending.status:
                await _failed(sending, call.incident, person=call.page in self._people)

    def _ended(self, call: Call, method: str, status: int, seconds: float, span: Span) -> None:
        call.outcome = call.outcome or _outcome(status)
        if call.service is not NOTHING:
            self._metrics.ended(call, seconds)
        span.set(status=status, outcome=call.outcome, service=call.service, hook=call.hook, incident=call.incident)
        if call.page not in self._quiet:
            event(
                "request",
                method=method if method in _METHODS else "other",
                page=call.page,
                hook=call.hook,
                site=call.site,
                status=status,
                outcome=call.outcome,
                cards=call.cards,
                ms=round(seconds * 1000, 1),
            )


class _Sending:
    """Sends an answer with the ids of its call, and knows its status; 0 before it began."""

    __slots__ = ("_call", "_send", "status")

    def __init__(self, send: Send, call: Call) -> None:
        self._send, self._call, self.status = send, call, 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            incident = (_INCIDENT, self._call.incident.encode())
            message["headers"] = [*message.get("headers", ()), incident, (_REQUEST, self._call.request_id.encode())]
        await self._send(message)


def _outcome(status: int) -> str:
    """How a request ended of which nothing else is known than the status."""
    if status in _REFUSED:
        return "refused"
    if status >= 500:
        return "failed"
    return "bad-request" if status >= 400 else "answered"


async def _failed(send: Send, incident: str, *, person: bool) -> None:
    if person:
        body = plain_page(
            "The service failed",
            "Nothing is shown, because nothing is known. This does not mean that there is nothing to do, nor that "
            "there were no doses.",
            f"Whoever runs the service finds it in the log as incident {incident}.",
        )
        await send_page(send, 500, body)
        return
    text = f"the service failed; its log knows this as incident {incident}"
    await send_json(send, 500, orjson.dumps(operation_outcome("exception", text)))
