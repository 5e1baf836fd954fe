"""The endpoint for the calls of a service, and the short way to it."""

from __future__ import annotations

import time
from collections.abc import Mapping

import orjson
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send

from hooks.each_drug import answer_each, together
from hooks.flow import failed, unread
from hooks.intake import Intake, TooMuchError, check_rate
from hooks.memory import Memory
from hooks.operations.answers import send_json
from hooks.operations.call import NOTHING, current
from hooks.protocol import BadRequestError, read_request
from hooks.security.clients import CALLER
from hooks.services import Service
from hooks.sites import Sites
from hooks.words import NotChecked


class Shortcut:
    """The innermost layer: a call goes to its endpoint without the router, which takes longer than many an answer. All
    else, and every call behind a proxy's prefix, goes the long way."""

    def __init__(self, app: ASGIApp, calls: Mapping[str, ASGIApp]) -> None:
        """`calls` are the endpoints by their paths, which the router knows too."""
        self._app, self._calls = app, calls

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request; the events of start and end pass."""
        app = self._app
        if scope["type"] == "http" and scope["method"] == "POST" and not scope.get("root_path"):
            app = self._calls.get(scope["path"], app)
        await app(scope, receive, send)


class HookCall:
    """The endpoint for the calls of one service: an ASGI application, so that it needs no route to be called by."""

    def __init__(self, service: Service, sites: Sites, memory: Memory, intake: Intake) -> None:
        self._service, self._sites, self._memory, self._intake = service, sites, memory, intake

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One hook call: cards, or an OperationOutcome that says what was wrong."""
        service, sites, intake = self._service, self._sites, self._intake
        noted = current()
        caller = scope.get(CALLER)
        began = time.perf_counter()
        called = None
        try:
            check_rate(scope)
            async with intake.body(scope, receive) as raw:
                called = read_request(intake.parsed(raw), serves=service.hooks)
                noted.hook = called.hook
                desk = sites.choose(caller, called.fhir_server)
                answered = await answer_each(called, desk, service, noted.incident)
        except BadRequestError as error:
            self._memory.count_bad_request(service.id)
            await send_json(send, 400, orjson.dumps(error.outcome()))
            return
        except TooMuchError as error:
            desk = sites.choose(caller, None)
            why = NotChecked.RATE if error.status == 429 else NotChecked.LIMIT
            said = [unread(why, str(error), error.status, each, service, noted.incident) for each in desk.every]
            answered = together(said, desk, noted.incident)
        except ClientDisconnect:
            raise
        except Exception as error:  # noqa: BLE001  an error outside of the flow must not look like "all clear" either
            desk = sites.whichever
            said = [failed(error, each, service, noted.incident) for each in desk.every]
            answered = together(said, desk, noted.incident)
        noted.site = NOTHING if desk.refusal else desk.site.id
        noted.outcome = answered.outcome
        noted.cards = tuple([card["source"]["topic"]["code"] for card in answered.cards])
        seconds = time.perf_counter() - began
        with desk.traces.step("journal"):
            await self._memory.note(
                called, answered, desk, service=service.id, incident=noted.incident, seconds=seconds
            )
        await send_json(send, answered.status, answered.body)
