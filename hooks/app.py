"""The composition root: every port is an argument, and the routes of CDS Hooks are bound to the flow."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from logging import WARNING
from typing import Any, Protocol

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.telemetry import TelemetryConfig
from starlette.exceptions import HTTPException
from starlette.routing import Route
from starlette.types import ASGIApp

from cds.fhir.connections import Http, Transport
from cds.regimens.library import Library
from cds.regimens.library import load as load_regimens
from hooks.endpoint import HookCall, Shortcut
from hooks.feedback_page import take_feedback
from hooks.ids import new_id
from hooks.intake import Intake
from hooks.launch.setup import launch_pages
from hooks.memory import Memory, open_memory, show_memory
from hooks.openapi import Described
from hooks.operations.answers import PAGE_HEADERS, plain_page
from hooks.operations.cors import Cors
from hooks.operations.entrance import INCIDENT_HEADER, REQUEST_HEADER, Entrance, Operations
from hooks.operations.fhir import watching
from hooks.operations.logs import event
from hooks.operations.pages import PAGES, QUIET, add_pages
from hooks.protocol import operation_outcome
from hooks.security.callers import Callers
from hooks.security.gate import Gate
from hooks.security.key_sources import Fetch
from hooks.security.rate import Rate
from hooks.security.setup import OFF, callers
from hooks.services import SERVICES, Service, discovery
from hooks.settings import Settings
from hooks.sites import Sites
from hooks.source_attributes import PAGES as SOURCE_PAGES
from hooks.source_attributes import add_source_attributes

# Traces, metrics and logs are our own: those of the framework hold the texts of errors, which may tell of a patient.
_NO_TELEMETRY: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}


def now() -> datetime:
    """The clock of the service: the one place where time is read."""
    return datetime.now(UTC)


class MorePages(Protocol):
    """Pages that are served beside the service."""

    @property
    def names(self) -> Mapping[str, str]:
        """What log and counters call their paths."""

    def add(self, app: FastAPI, sites: Sites, memory: Memory) -> None:
        """Bind them."""


def create_app(  # noqa: PLR0913  each is a port
    settings: Settings,
    *,
    clock: Callable[[], datetime] = now,
    new_id: Callable[[], str] = new_id,
    library: Library | None = None,
    transport: Transport | None = None,
    keys: Fetch | None = None,
    operations: Operations | None = None,
    memory: Memory | None = None,
    more: MorePages | None = None,
) -> FastAPI:
    """The CDS Hooks service. Raises RegimenFaults, UnknownRegimen or ValueError where the settings name no regimen
    that can be used, and SettingsError where nobody could call. `transport` takes the place of the network on
    the way to FHIR servers, `keys` on the way to the keys of clients. `operations` is what its operators see it by;
    without one it has metrics and health of its own, and no traces. `memory` keeps decisions, feedback and the ids of
    tokens; without one the app makes what the settings describe. `more` are pages that only some start it with.
    """
    library = library or load_regimens(settings.site_folder)
    operations = operations or Operations()
    sites = Sites.of(settings, library, clock=clock, new_id=new_id)
    operations.metrics.add("parts_not_ok", "Parts of the service that are degraded or down", operations.health.not_ok)
    operations.metrics.show_regimens(library.regimens.values(), [each.id for each in sites.regimens])
    memory = memory or open_memory(settings, clock=clock)
    show_memory(memory.journal, operations)
    at = [desk.site for desk in sites]
    known = callers(
        settings,
        at,
        claims=memory.tokens,
        fetch=keys,
        clock=clock,
        health=operations.health,
        outbound=settings.outbound,
    )

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as opened:
            watch = watching(operations.metrics, operations.traces)
            for desk in sites:
                http = Http(desk.limits, desk.allowed, transport, watch, settings.outbound)
                desk.open(await opened.enter_async_context(http), operations.traces)
            if known is None:
                event(OFF, WARNING)
            # in a thread, since it waits for the database
            await asyncio.to_thread(memory.start)
            operations.health.running = True
            yield
            operations.health.running = False
        # after the last call in flight; in a thread, since it waits for disk and database
        await asyncio.to_thread(memory.close)
        await asyncio.to_thread(operations.traces.close, settings.shutdown_seconds)

    app = Described(
        title="nusinersen-cds",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry=_NO_TELEMETRY,
    )
    intake = Intake.of(settings)
    calls = {_path(service): HookCall(service, sites, memory, intake) for service in SERVICES.values()}
    app.add_middleware(Shortcut, calls=calls)
    further = _further(launch_pages(settings, sites, memory, clock), more)
    _add_layers(app, settings, known, operations, new_id, further)
    offered = orjson.dumps(
        discovery(sites.filter_codes, [desk.site.silent for desk in sites], sites.laboratory, sites.markers)
    )

    @app.get("/cds-services")
    async def discover() -> Response:
        """The services, by CDS Hooks 2.0."""
        return Response(offered, media_type="application/json")

    _add_services(app, calls, memory, intake, clock)

    _add_pages(app, settings, operations, sites, memory, further)

    app.exception_handler(HTTPException)(_no_such_page)
    return app


def _add_layers(
    app: FastAPI,
    settings: Settings,
    known: Callers | None,
    operations: Operations,
    new_id: Callable[[], str],
    further: Iterable[MorePages],
) -> None:
    """What a request passes before its route. `known` None: callers are not checked."""
    names = {path: name for pages in further for path, name in pages.names.items()}
    # What is added later stands further out. A browser's preflight carries no token, and passes first; a refusal is
    # counted, and readable by the browser's script.
    if known is not None:
        rate = Rate(settings.calls_per_minute) if settings.calls_per_minute is not None else None
        app.add_middleware(Gate, callers=known, rate=rate, count=operations.metrics.refused)
    app.add_middleware(
        Entrance,
        operations=operations,
        new_id=new_id,
        pages={"/cds-services": "discovery", **_service_pages(), **PAGES, **SOURCE_PAGES, **names},
        services=frozenset(SERVICES),
        quiet=QUIET,
        people=frozenset(names.values()),
    )
    app.add_middleware(
        Cors,
        allow_origins=list(settings.cors_origins),
        allow_methods=["GET", "POST", "OPTIONS"],
        allow_headers=["Authorization", "Content-Type", REQUEST_HEADER, "traceparent"],
        expose_headers=[INCIDENT_HEADER, REQUEST_HEADER],
    )


def _add_pages(
    app: FastAPI,
    settings: Settings,
    operations: Operations,
    sites: Sites,
    memory: Memory,
    further: Iterable[MorePages],
) -> None:
    add_pages(app, operations, metrics=settings.metrics_open)
    add_source_attributes(app, sites.regimens)
    for pages in further:
        pages.add(app, sites, memory)


def _further(of_service: Iterable[MorePages], more: MorePages | None) -> list[MorePages]:
    """All further pages. Where `more` has pages of the same paths, it has them alone."""
    if more is None:
        return list(of_service)
    return [*(each for each in of_service if more.names.keys().isdisjoint(each.names)), more]


def _service_pages() -> dict[str, str]:
    """What log and counters call the pages of the services."""
    calls = {_path(service): service.id for service in SERVICES.values()}
    return calls | {f"{path}/feedback": "feedback" for path in calls}


def _path(service: Service) -> str:
    return f"/cds-services/{service.id}"


def _add_services(
    app: FastAPI, calls: Mapping[str, ASGIApp], memory: Memory, intake: Intake, clock: Callable[[], datetime]
) -> None:
    """Calls and feedback, by routes of their own. That of a call is a plain one, since FastAPI has nothing to read for
    it."""
    for service in SERVICES.values():
        path = _path(service)
        app.router.routes.append(Route(path, calls[path], methods=["POST"]))
        take = take_feedback(service, memory, intake, clock)
        app.add_api_route(f"{path}/feedback", take, methods=["POST"], summary=f"{service.title}: feedback")

    @app.post("/cds-services/{service_id}", include_in_schema=False)
    @app.post("/cds-services/{service_id}/feedback", include_in_schema=False)
    async def no_such_service() -> Response:
        """A service that is not ours: the answer lists those that are."""
        text = f"there is no service of this id; there are {', '.join(SERVICES)}"
        return _answer(404, operation_outcome("not-found", text))


async def _no_such_page(request: Request, error: HTTPException) -> Response:
    """What no route answers: a page for a browser, JSON for all that call the services."""
    by_browser = "text/html" in request.headers.get("accept", "")
    if by_browser and not request.url.path.startswith("/cds-services"):
        body = plain_page("There is no such page here", "Open it again from the EHR, or by the address that was given.")
        return Response(body, error.status_code, {**PAGE_HEADERS, **(error.headers or {})})
    code = "not-found" if error.status_code == 404 else "not-supported"
    text = f"{error.detail}: the services are listed at /cds-services"
    return _answer(error.status_code, operation_outcome(code, text), error.headers)


def _answer(status: int, body: dict[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    return Response(orjson.dumps(body), status, headers, media_type="application/json")
