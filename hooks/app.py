"""The composition root: every port is an argument, and the routes of CDS Hooks are bound to the flow."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from logging import WARNING
from typing import Any
from uuid import uuid4

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.middleware.cors import CORSMiddleware
from starlette.exceptions import HTTPException

from cds.fhir.client import Http, Transport
from cds.regimens.library import Library
from cds.regimens.library import load as load_regimens
from hooks.flow import answer
from hooks.operations.call import NOTHING, current
from hooks.operations.entrance import INCIDENT_HEADER, REQUEST_HEADER, Entrance, Operations
from hooks.operations.fhir import watching
from hooks.operations.logs import event
from hooks.operations.pages import PAGES, QUIET, add_pages
from hooks.protocol import BadRequestError, Fault, operation_outcome, read_request
from hooks.security.clients import CALLER
from hooks.security.fetch_keys import fetch_keys
from hooks.security.gate import Gate
from hooks.security.key_sources import Fetch
from hooks.security.setup import OFF, NoCallersError, callers
from hooks.services import SERVICES, Service, discovery
from hooks.settings import Settings, SettingsError
from hooks.sites import Sites


def now() -> datetime:
    """The clock of the service: the one place where time is read."""
    return datetime.now(UTC)


def create_app(
    settings: Settings,
    *,
    clock: Callable[[], datetime] = now,
    new_id: Callable[[], str] = lambda: str(uuid4()),
    library: Library | None = None,
    transport: Transport | None = None,
    keys: Fetch = fetch_keys,
    operations: Operations | None = None,
) -> FastAPI:
    """The CDS Hooks service. Raises RegimenFaults, UnknownRegimen or ValueError where the settings name no regimen
    that can be used, and SettingsError where nobody could call. `transport` takes the place of the network on
    the way to FHIR servers. `keys` reads the key sets of clients. `operations` is what its operators see it by;
    without one it has metrics and health of its own, and no traces.
    """
    library = library or load_regimens(settings.site_folder)
    operations = operations or Operations()
    sites = Sites.of(settings, library, clock=clock, new_id=new_id)
    operations.metrics.add("parts_not_ok", "Parts of the service that are degraded or down", operations.health.not_ok)
    operations.metrics.show_regimens(library.regimens.values(), [desk.site.regimen for desk in sites])
    try:
        known = callers(settings, [desk.site for desk in sites], claims=None, fetch=keys, clock=clock)
    except NoCallersError as error:
        raise SettingsError(str(error)) from error

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as opened:
            watch = watching(operations.metrics, operations.traces)
            for desk in sites:
                desk.warm_up()
                desk.http = await opened.enter_async_context(Http(desk.limits, desk.allowed, transport, watch))
                desk.traces = operations.traces
            if known is None:
                event(OFF, WARNING)
            operations.health.running = True
            yield
            operations.health.running = False
        await asyncio.to_thread(operations.traces.close, settings.shutdown_seconds)

    app = FastAPI(title="nusinersen-cds", lifespan=lifespan, docs_url=None, redoc_url=None)
    # What is added later stands further out. A browser's preflight carries no token, and passes first; a refusal is
    # counted, and readable by the browser's script.
    if known is not None:
        app.add_middleware(Gate, callers=known, count=operations.metrics.refused)
    app.add_middleware(
        Entrance,
        operations=operations,
        new_id=new_id,
        pages={"/cds-services": "discovery", **{f"/cds-services/{name}": name for name in SERVICES}, **PAGES},
        services=frozenset(SERVICES),
        quiet=QUIET,
    )
    app.add_middleware(
        CORSMiddleware,
        allow_origins=list(settings.cors_origins),
        allow_methods=["GET", "POST", "OPTIONS"],
        allow_headers=["Authorization", "Content-Type", REQUEST_HEADER, "traceparent"],
        expose_headers=[INCIDENT_HEADER, REQUEST_HEADER],
    )
    offered = orjson.dumps(discovery(sites.filter_codes, [desk.site.silent for desk in sites]))

    @app.get("/cds-services")
    async def discover() -> Response:
        """The services, by CDS Hooks 2.0."""
        return Response(offered, media_type="application/json")

    for service in SERVICES.values():
        app.add_api_route(f"/cds-services/{service.id}", _call(service, sites), methods=["POST"], summary=service.title)

    @app.post("/cds-services/{service_id}", include_in_schema=False)
    async def no_such_service() -> Response:
        """A service that is not ours: the answer lists those that are."""
        text = f"there is no service of this id; there are {', '.join(SERVICES)}"
        return _answer(404, operation_outcome("not-found", text))

    add_pages(app, operations, metrics=settings.metrics_open)

    @app.exception_handler(HTTPException)
    async def no_such_page(_: Request, error: HTTPException) -> Response:
        """What no route answers."""
        code = "not-found" if error.status_code == 404 else "not-supported"
        text = f"{error.detail}: the services are listed at /cds-services"
        return _answer(error.status_code, operation_outcome(code, text), error.headers)

    return app


def _call(service: Service, sites: Sites) -> Callable[[Request], Awaitable[Response]]:
    """The endpoint of one service. Each has a route of its own, which costs less than a parameter in the path."""

    async def call(request: Request) -> Response:
        """One hook call: cards, or an OperationOutcome that says what was wrong."""
        noted = current()
        try:
            called = read_request(_parsed(await request.body()), serves=service.hooks)
        except BadRequestError as error:
            return _answer(400, error.outcome())
        noted.hook = called.hook
        desk = sites.choose(request.scope.get(CALLER), called.fhir_server)
        answered = await answer(called, desk, service.id, noted.incident)
        noted.site = NOTHING if desk.refusal else desk.site.id
        noted.outcome = answered.outcome
        noted.cards = tuple([card["source"]["topic"]["code"] for card in answered.cards])
        return Response(answered.body, answered.status, media_type="application/json")

    return call


def _parsed(body: bytes) -> object:
    """The JSON value of a body. What the quick parser refuses and JSON allows (a byte order mark, half of a surrogate
    pair, a number beyond all range) is read by the slow one: a 400 would look like "all clear" at an order."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
    try:
        return json.loads(body.decode("utf-8-sig"), parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise BadRequestError([Fault("$", f"the body is not valid JSON ({where})", "structure")]) from None


def _no_number(name: str) -> object:
    raise ValueError(f"{name} is no JSON")


def _answer(status: int, body: dict[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    return Response(orjson.dumps(body), status, headers, media_type="application/json")
