"""A FHIR server with a token endpoint of its own in the same process, by the text of SMART App Launch 2.2."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

import httpx
import jwt
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from cds.fhir.backend_services import BackendServices, Client
from cds.fhir.client import FhirClient, exchange
from cds.fhir.client_keys import ClientKey
from cds.fhir.connections import Http
from cds.fhir.limits import Budget, Limits
from tests.fhir_client.server import ALLOWED, PATIENT, administration, answer, outcome, searchset

BASE = "https://ehr.example.invalid/fhir"
ENDPOINT = "https://login.example.invalid/token"
CLIENT = "nusinersen-cds@example.invalid"
NOW = datetime(2026, 5, 1, 9, 30, tzinfo=UTC)
LIMITS = Limits(pause=0)
ES384, RS384 = ClientKey.make("ES384"), ClientKey.make("RS384")

Json = dict[str, Any]
T = TypeVar("T")


def statement(endpoint: str | None) -> Json:
    """A CapabilityStatement, with the extension by which SMART 1 names the token endpoint."""
    uris = [{"url": "authorize", "valueUri": BASE}, {"url": "token", "valueUri": endpoint}]
    extension = {"url": "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris", "extension": uris}
    security = {"extension": [extension] if endpoint else []}
    return {"resourceType": "CapabilityStatement", "rest": [{"mode": "server", "security": security}]}


@dataclass
class TokenServer:
    """`configuration`: what it tells at .well-known, None for 404; `metadata`: its statement. `answers`: what the token
    endpoint says in turn, instead of a token; `grant` is added to what it says with one. `expired`: tokens that the
    FHIR side answers with 401."""

    configuration: Json | None = field(default_factory=lambda: {"token_endpoint": ENDPOINT})
    metadata: Json = field(default_factory=lambda: statement(None))
    answers: list[Response] = field(default_factory=list)
    grant: Json = field(default_factory=lambda: {"expires_in": 300})
    expired: set[str] = field(default_factory=set)
    forms: list[dict[str, str]] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    status: int = 404

    @property
    def assertions(self) -> list[tuple[Json, Json]]:
        """Header and claims of each assertion, unchecked."""
        return [
            (
                jwt.get_unverified_header(form["client_assertion"]),
                jwt.decode(form["client_assertion"], options={"verify_signature": False}),
            )
            for form in self.forms
        ]

    async def smart(self, _: Request) -> Response:
        return Response(status_code=self.status) if self.configuration is None else JSONResponse(self.configuration)

    async def token(self, request: Request) -> Response:
        self.forms.append({name: str(value) for name, value in (await request.form()).items()})
        if self.answers:
            return self.answers.pop(0)
        return JSONResponse({"access_token": f"token-{len(self.forms)}", "token_type": "Bearer", **self.grant})

    async def search(self, request: Request) -> Response:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        self.tokens.append(token)
        return answer(outcome(), 401) if token in self.expired else answer(searchset([administration(1)]))

    @property
    def transport(self) -> httpx.ASGITransport:
        async def metadata(_: Request) -> Response:
            return answer(self.metadata)

        routes = [
            Route("/fhir/.well-known/smart-configuration", self.smart),
            Route("/fhir/metadata", metadata),
            Route("/fhir/MedicationAdministration", self.search),
            Route("/token", self.token, methods=["POST"]),
        ]
        return httpx.ASGITransport(Starlette(routes=routes))

    def ask(
        self,
        call: Callable[[BackendServices, Budget], Awaitable[T]],
        key: ClientKey = ES384,
        also: tuple[str, ...] = (),
    ) -> T:
        """What a call of the token getter gives."""

        async def asking() -> T:
            async with Http(LIMITS, ALLOWED, self.transport) as http:
                client = Client(CLIENT, key)
                tokens = BackendServices(exchange(http), BASE, client, clock=lambda: NOW, also=also)
                return await call(tokens, Budget.start(LIMITS, asyncio.get_running_loop().time()))

        return asyncio.run(asking())

    def read(self, times: int, at_once: bool = False) -> None:
        """Reads the history several times with one token getter, one after the other or at once."""

        async def reading(tokens: BackendServices, http: Any) -> None:
            calls = [FhirClient(http, BASE, token=tokens, limits=LIMITS).history(PATIENT) for _ in range(times)]
            if at_once:
                await asyncio.gather(*calls)
                return
            for call in calls:
                await call

        async def asking() -> None:
            async with Http(LIMITS, ALLOWED, self.transport) as http:
                await reading(BackendServices(exchange(http), BASE, Client(CLIENT, ES384), clock=lambda: NOW), http)

        asyncio.run(asking())


def refusal(error: str | None, status: int = 400, **more: str) -> JSONResponse:
    return JSONResponse({"error": error, **more} if error else {}, status)
