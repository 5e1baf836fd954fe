"""A FHIR server over a real socket that does all as it should, but for what a test tells it to do wrong."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import jwt
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from cds.fhir.client_keys import ClientKey
from hooks.sandbox.running import address, listen
from tests.fhir_client.server import answer, outcome

Json = dict[str, Any]

PATIENT = "marked-patient-id"
ATC = {"system": "http://www.whocc.no/atc", "code": "M09AX07"}
KEY = ClientKey.make("ES384")
CLIENT = "doctor@example.invalid"
TOKEN = "an-access-token-of-the-server"
SCOPE = "system/MedicationAdministration.rs system/Medication.rs system/Patient.rs"


def record(number: int, day: str = "", **more: Any) -> Json:
    """A dose every four months, the newest with the highest number."""
    return {
        "resourceType": "MedicationAdministration",
        "id": f"marked-record-{number}",
        "status": "completed",
        "subject": {"reference": f"Patient/{PATIENT}", "display": "Marked Name"},
        "medicationReference": {"reference": "Medication/spinraza"},
        "effectiveDateTime": day or f"20{10 + number}-05-01T10:00:00+02:00",
        "note": [{"text": "Marked Note"}],
        **more,
    }


def coded(number: int, *codings: Json, **more: Any) -> Json:
    """A record whose medication is written in it."""
    made = record(number, medicationCodeableConcept={"coding": list(codings), **more})
    del made["medicationReference"]
    return made


def statement(version: str = "4.0.1", without: tuple[str, ...] = ()) -> Json:
    """A CapabilityStatement; `without` are resource types or search parameters to leave out."""
    searches = {"MedicationAdministration": ["patient", "effective-time", "code"], "Medication": ["_id"], "Patient": []}
    resources = [
        {
            "type": name,
            "interaction": [{"code": "read"}, {"code": "search-type"}],
            "searchParam": [{"name": each} for each in parameters if each not in without],
        }
        for name, parameters in searches.items()
        if name not in without
    ]
    rest = [{"mode": "server", "resource": resources}]
    return {"resourceType": "CapabilityStatement", "fhirVersion": version, "rest": rest}


@dataclass
class Server:
    """`open_`: it asks for no token. `any_token`: it takes every one. `wrong`: the status for a wrong one. `grant`:
    what it says with a token. `smart`: its SMART configuration without the address, None for none. `date`: how far its
    clock is ahead, None for no Date header. `spoil`: gets each search's resource type, query and answer, and gives what
    is answered instead."""

    records: list[Json] = field(default_factory=lambda: [record(number) for number in range(6)])
    medications: dict[str, Json] = field(default_factory=lambda: {"spinraza": {"code": {"coding": [ATC]}}})
    metadata: Json | None = field(default_factory=statement)
    open_: bool = False
    any_token: bool = False
    wrong: int = 401
    smart: Json | None = field(default_factory=dict)
    grant: Json = field(default_factory=lambda: {"expires_in": 300, "scope": SCOPE})
    refusal: str | None = None
    date: timedelta | None = timedelta(0)
    ignores: frozenset[str] = frozenset()
    refuses: frozenset[str] = frozenset()
    post_only: bool = False
    missing: int = 404
    spoil: Callable[[str, Json, Json], Json] = lambda _kind, _query, bundle: bundle
    base: str = ""

    async def well_known(self, _: Request) -> Response:
        if self.smart is None:
            return answer(outcome(), 404)
        return JSONResponse({"token_endpoint": f"{self.base}/token", **self.smart})

    async def describe(self, _: Request) -> Response:
        return answer(outcome(), 404) if self.metadata is None else answer(self.metadata)

    async def token(self, request: Request) -> Response:
        form = await request.form()
        public = jwt.PyJWK.from_dict(KEY.public_jwk)
        try:
            claims = jwt.decode(
                str(form["client_assertion"]),
                public,
                algorithms=["ES384"],
                audience=f"{self.base}/token",
                issuer=CLIENT,
                options={"require": ["iss", "sub", "aud", "exp", "jti"]},
            )
        except jwt.PyJWTError:
            return JSONResponse({"error": "invalid_client"}, 401)
        if self.refusal or claims["sub"] != CLIENT:
            return JSONResponse({"error": self.refusal}, 400)
        return JSONResponse({"access_token": TOKEN, "token_type": "bearer", **self.grant})

    def _denied(self, request: Request) -> Response | None:
        given = request.headers.get("authorization", "")
        if self.open_ or given == f"Bearer {TOKEN}" or (self.any_token and given):
            return None
        return answer(outcome("error", "login"), self.wrong if given else 401)

    async def search(self, request: Request) -> Response:
        kind, query = request.path_params["kind"], dict(await request.form() or request.query_params)
        if denied := self._denied(request):
            return denied
        if self.post_only and request.method == "GET" and "_offset" not in query:
            return answer(outcome("error", "not-supported"), 405)
        if self.refuses & query.keys():
            return answer(outcome("error", "not-supported", diagnostics="Marked Name"), 400)
        query = {name: value for name, value in query.items() if name not in self.ignores}
        found = self._medications(query) if kind == "Medication" else self._records(query)
        start, size = int(query.get("_offset", 0)), int(query.get("_count", 20))
        page = found[start : start + size]
        entries = [{"resource": each, "search": {"mode": "match"}} for each in page]
        if "_include" in query:
            names = dict.fromkeys(r["medicationReference"]["reference"] for r in page if "medicationReference" in r)
            included = [self._medication(name.split("/")[-1]) for name in names]
            entries += [{"resource": each, "search": {"mode": "include"}} for each in included if each]
        links = []
        if start + size < len(found):
            onward = f"{self.base}/fhir/{kind}?{urlencode({**query, '_offset': start + size})}"
            links.append({"relation": "next", "url": onward})
        bundle = {"resourceType": "Bundle", "type": "searchset", "total": len(found), "link": links, "entry": entries}
        return answer(self.spoil(kind, query, bundle))

    def _records(self, query: Json) -> list[Json]:
        found = [each for each in self.records if query.get("patient") in (PATIENT, None)]
        if "code" in query:
            found = [each for each in found if self._is_coded(each)]
        newest_first = sorted(found, key=lambda each: str(each.get("effectiveDateTime")), reverse=True)
        return newest_first if "_sort" in query else found

    def _is_coded(self, one: Json) -> bool:
        name = one.get("medicationReference", {}).get("reference", "").split("/")[-1]
        concept = one.get("medicationCodeableConcept") or (self._medication(name) or {}).get("code", {})
        return ATC in concept.get("coding", [])

    def _medications(self, query: Json) -> list[Json]:
        names = query["_id"].split(",") if "_id" in query else self.medications
        return [found for name in names if (found := self._medication(name))]

    def _medication(self, name: str) -> Json | None:
        found = self.medications.get(name)
        return None if found is None else {"resourceType": "Medication", "id": name, **found}

    async def read(self, request: Request) -> Response:
        if denied := self._denied(request):
            return denied
        found = self._medication(request.path_params["name"])
        return answer(found) if found else answer(outcome("error", "not-found"), self.missing)

    @property
    def application(self) -> Any:
        routes = [
            Route("/fhir/metadata", self.describe),
            Route("/fhir/.well-known/smart-configuration", self.well_known),
            Route("/token", self.token, methods=["POST"]),
            Route("/fhir/{kind:str}/_search", self.search, methods=["POST"]),
            Route("/fhir/{kind:str}", self.search),
            Route("/fhir/{kind:str}/{name:str}", self.read),
        ]
        app = Starlette(routes=routes)

        async def dated(scope: Any, receive: Any, send: Any) -> None:
            async def sent(message: Any) -> None:
                if message["type"] == "http.response.start" and self.date is not None:
                    said = format_datetime(datetime.now(UTC) + self.date, usegmt=True).encode()
                    message["headers"] = [*message["headers"], (b"date", said)]
                await send(message)

            await app(scope, receive, sent)

        return dated


@contextmanager
def served(server: Server, certificate: Path | None = None) -> Iterator[str]:
    """The base URL of the server while it runs; over TLS with a certificate, whose key is in the same file."""
    with listen(0, "none") as listener:
        server.base = address(listener).replace("http:", "https:" if certificate else "http:")
        config = uvicorn.Config(
            server.application, log_level="critical", access_log=False, date_header=False, lifespan="off",
            ssl_certfile=certificate, timeout_graceful_shutdown=1,
        )  # fmt: skip
        running = uvicorn.Server(config)
        thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            while not running.started:
                assert thread.is_alive(), "the server did not start"
                time.sleep(0.01)
            yield f"{server.base}/fhir"
        finally:
            running.should_exit = True
            thread.join(timeout=10)
