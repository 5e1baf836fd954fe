"""The composition root: every port is an argument, and the routes of CDS Hooks are bound to the flow."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
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
from hooks.protocol import BadRequestError, Fault, operation_outcome, read_request
from hooks.security.clients import CALLER
from hooks.security.fetch_keys import fetch_keys
from hooks.security.gate import Gate
from hooks.security.key_sources import Fetch
from hooks.security.setup import OFF, NoCallersError, callers
from hooks.services import SERVICES, Service, discovery
from hooks.settings import Settings, SettingsError
from hooks.sites import Sites

INCIDENT_HEADER = "X-Incident-Id"
"""Every answer carries an id under this name; the log and the cards that tell of a failure name it too."""

_log = logging.getLogger("nusinersen_cds")


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
) -> FastAPI:
    """The CDS Hooks service. Raises RegimenFaults, UnknownRegimen or ValueError where the settings name no regimen
    that can be used, and SettingsError where nobody could call. `transport` takes the place of the network on
    the way to FHIR servers. `keys` reads the key sets of clients.
    """
    sites = Sites.of(settings, library or load_regimens(settings.site_folder), clock=clock, new_id=new_id)
    try:
        known = callers(settings, [desk.site for desk in sites], claims=None, fetch=keys, clock=clock)
    except NoCallersError as error:
        raise SettingsError(str(error)) from error

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as opened:
            for desk in sites:
                desk.warm_up()
                desk.http = await opened.enter_async_context(Http(desk.limits, desk.allowed, transport))
            if known is None:
                _log.warning("%s", OFF)
            yield

    app = FastAPI(title="nusinersen-cds", lifespan=lifespan, docs_url=None, redoc_url=None)
    if known is not None:
        app.add_middleware(Gate, callers=known, new_id=new_id, incident_header=INCIDENT_HEADER)
    # outside of the gate: a browser's preflight carries no token, and a refusal must be readable by its script
    app.add_middleware(
        CORSMiddleware,
        allow_origins=list(settings.cors_origins),
        allow_methods=["GET", "POST", "OPTIONS"],
        allow_headers=["Authorization", "Content-Type"],
        expose_headers=[INCIDENT_HEADER],
    )
    offered = orjson.dumps(discovery(sites.filter_codes, [desk.site.silent for desk in sites]))

    @app.get("/cds-services")
    async def discover() -> Response:
        """The services, by CDS Hooks 2.0."""
        return Response(offered, media_type="application/json", headers={INCIDENT_HEADER: new_id()})

    for service in SERVICES.values():
        app.add_api_route(
            f"/cds-services/{service.id}", _call(service, sites, new_id), methods=["POST"], summary=service.title
        )

    @app.post("/cds-services/{service_id}", include_in_schema=False)
    async def no_such_service() -> Response:
        """A service that is not ours: the answer lists those that are."""
        text = f"there is no service of this id; there are {', '.join(SERVICES)}"
        return _answer(404, operation_outcome("not-found", text), new_id())

    _answer_errors(app, new_id)
    return app


def _answer_errors(app: FastAPI, new_id: Callable[[], str]) -> None:
    """Every error that no route answers is an OperationOutcome with an incident id."""

    @app.exception_handler(HTTPException)
    async def no_such_page(_: Request, error: HTTPException) -> Response:
        code = "not-found" if error.status_code == 404 else "not-supported"
        text = f"{error.detail}: the services are listed at /cds-services"
        return _answer(error.status_code, operation_outcome(code, text), new_id(), error.headers)

    @app.exception_handler(Exception)
    async def failed(_: Request, error: Exception) -> Response:
        incident = new_id()
        # Only the kind of error is logged: its text may quote the request.
        _log.error("incident %s: %s in an answer", incident, type(error).__name__)
        text = f"the service failed; its log knows this as incident {incident}"
        return _answer(500, operation_outcome("exception", text), incident)


def _call(service: Service, sites: Sites, new_id: Callable[[], str]) -> Callable[[Request], Awaitable[Response]]:
    """The endpoint of one service. Each has a route of its own, which costs less than a parameter in the path."""

    async def call(request: Request) -> Response:
        """One hook call: cards, or an OperationOutcome that says what was wrong."""
        incident = new_id()
        try:
            called = read_request(_parsed(await request.body()), serves=service.hooks)
        except BadRequestError as error:
            return _answer(400, error.outcome(), incident)
        desk = sites.choose(request.scope.get(CALLER), called.fhir_server)
        answered = await answer(called, desk, service.id, incident)
        return Response(answered.body, answered.status, {INCIDENT_HEADER: incident}, media_type="application/json")

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


def _answer(status: int, body: dict[str, Any], incident: str, headers: Any = None) -> Response:
    return Response(
        orjson.dumps(body), status, {INCIDENT_HEADER: incident, **(headers or {})}, media_type="application/json"
    )
