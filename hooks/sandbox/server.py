"""The sandbox as an ASGI application: the FHIR R4 server of `sekmet-fhir`, in memory, filled with the fixtures.

Why sekmet-fhir: search by GET and POST, `_sort`, paging, `_include` and transactions were tried and work, and so
does a start within a second. Its whole application also brings a web console, a hospital simulator that answers
orders, outgoing calls and a root logging set-up, so only its store and its FHIR routes are used. Five points are ours:

- without SQLite's statistics a sorted search of 5,000 records takes ten seconds; with `ANALYZE`, 30 milliseconds;
- it always answers `application/fhir+json`, and XML to a browser; `MediaTypes` answers as asked, and JSON to browsers;
- its FHIR routes live under `/fhir`, so the base URL must end there;
- its CapabilityStatement holds an empty list where it has no topics, which FHIR forbids; it is left out;
- its authorization endpoint answers that launches by users are not implemented (0.1.1); see authorization.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from fastapi import FastAPI, Response
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hooks.console import UsageError
from hooks.sandbox import load
from hooks.sandbox.authorization import Authorization

FHIR_JSON = "application/fhir+json"
_AS_ASKED = ("application/json+fhir", FHIR_JSON, "application/json")


class SandboxMissing(UsageError):
    """The optional extra with the FHIR server is not installed."""

    def __init__(self) -> None:
        super().__init__("the sandbox needs the FHIR server of the extra: pip install 'nusinersen-cds[sandbox]'")


@dataclass(frozen=True, slots=True)
class _Context:
    """What sekmet's FHIR routes ask of their application."""

    settings: Any
    store: Any
    service: Any


def create_sandbox(
    base_url: str,
    on: date,
    *,
    more: Iterable[Mapping[str, Any]] = (),
    fixtures: bool = True,
    authorization: Authorization | None = None,
) -> ASGIApp:
    """The FHIR server, filled with the fixtures as of the day `on` and with `more` resources; with `authorization` it
    is a SMART server too.

    `base_url` is the address in its links, such as `http://127.0.0.1:8001/fhir`. Raises ValueError if it does not
    end in `/fhir`, and SandboxMissing without the extra.
    """
    if not base_url.endswith("/fhir"):
        raise ValueError(f"the base URL of the sandbox ends in /fhir, unlike {base_url!r}")
    context = _context(base_url)
    resources = [*(load.resources(on) if fixtures else ()), *more]
    _process_transaction(context, load.transaction(resources))
    app = FastAPI(title="nusinersen-cds sandbox", openapi_url=None)
    app.add_api_route("/fhir/metadata", _metadata(context))
    if authorization is not None:
        authorization.add(app)
    app.include_router(_fhir_routes(context))
    app.add_middleware(MediaTypes)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=["*"],
        allow_methods=["*"],
        allow_headers=["*"],
        expose_headers=["Location", "ETag", "Last-Modified"],
    )
    return app


def _context(base_url: str) -> _Context:
    try:
        from sekmet.config import Settings
        from sekmet.fhir.service import FhirService
        from sekmet.fhir.store import Store
    except ModuleNotFoundError as missing:
        raise SandboxMissing from missing
    # Validation is off: the fixtures are checked in the tests, and records from elsewhere may be odd on purpose.
    settings = Settings.model_validate({"base_url": base_url, "validation": {"inbound": "off"}, "log_inbound": False})
    store = Store(":memory:")
    return _Context(settings, store, FhirService(store, settings))


def _fhir_routes(context: _Context) -> Any:
    from sekmet.fhir.router import build_router

    return build_router(lambda: context)


def _metadata(context: _Context) -> Callable[[], Response]:
    from sekmet.fhir.capability import capability_statement

    def metadata() -> Response:
        statement = capability_statement(context.service)
        for resource in statement["rest"][0]["resource"]:
            if not resource.get("extension", True):
                del resource["extension"]
        return JSONResponse(statement, media_type=FHIR_JSON)

    return metadata


def _process_transaction(context: _Context, bundle: Mapping[str, Any]) -> None:
    from sekmet.fhir.bundle import process_bundle

    process_bundle(context.service, bundle, origin="internal")
    context.store.conn.execute("ANALYZE")


class MediaTypes:
    """Answers in the JSON media type that was asked for; a browser gets plain JSON that it can show."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request: the Accept header in, the Content-Type of the answer out."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = list(scope["headers"])
        accept = b",".join(value for name, value in headers if name == b"accept").decode("latin-1").lower()
        wanted = _media_type(accept)
        if "text/html" in accept:
            headers = [(name, value) for name, value in headers if name != b"accept"]

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [_as(wanted, name, value) for name, value in message["headers"]]
            await send(message)

        await self._app({**scope, "headers": headers}, receive, answer)


def _media_type(accept: str) -> str:
    """The first JSON media type in the Accept header, by position; FHIR's own where none is named."""
    named = [part.split(";")[0].strip() for part in accept.split(",")]
    if "text/html" in named:
        return "application/json"
    return next((part for part in named if part in _AS_ASKED), FHIR_JSON)


def _as(wanted: str, name: bytes, value: bytes) -> tuple[bytes, bytes]:
    if name == b"content-type" and value.startswith(FHIR_JSON.encode()):
        return name, value.replace(FHIR_JSON.encode(), wanted.encode(), 1)
    return name, value
