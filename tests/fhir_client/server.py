"""A small FHIR server in the same process, which remembers what it was asked, and a way to ask it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import httpx
import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cds.fhir.allowed import Allowed
from cds.fhir.client import FhirClient
from cds.fhir.connections import Http
from cds.fhir.limits import Limits

BASE = "https://ehr.example.invalid/fhir"
ALLOWED = Allowed([BASE])
TOKEN = "made-up.token"
PATIENT = "kaimoana-7"

T = TypeVar("T")
Json = dict[str, Any]


def administration(number: int, medication: str | None = None) -> Json:
    pointer = (
        {"medicationReference": {"reference": medication}}
        if medication
        else {"medicationCodeableConcept": {"text": "Spinraza"}}
    )
    return {
        "resourceType": "MedicationAdministration",
        "id": f"a{number}",
        "status": "completed",
        "subject": {"reference": f"Patient/{PATIENT}"},
        "effectiveDateTime": f"20{10 + number % 15}-05-0{1 + number % 9}T10:00:00+13:45",
        **pointer,
    }


def medication(name: str, **more: object) -> Json:
    return {"resourceType": "Medication", "id": name, "code": {"text": "Nusinersen"}, **more}


def searchset(resources: Iterable[Json], link: str | None = None, **more: object) -> Json:
    entries = [{"fullUrl": f"{BASE}/{r['resourceType']}/{r.get('id', '')}", "resource": r} for r in resources]
    links = [{"relation": "self", "url": f"{BASE}/self"}] + ([{"relation": "next", "url": link}] if link else [])
    return {"resourceType": "Bundle", "type": "searchset", "link": links, "entry": entries, **more}


def outcome(severity: str = "error", code: str = "security", **more: object) -> Json:
    return {"resourceType": "OperationOutcome", "issue": [{"severity": severity, "code": code, **more}]}


def answer(body: object, status: int = 200, **headers: str) -> Response:
    return Response(orjson.dumps(body), status, headers, media_type="application/fhir+json")


@dataclass
class Server:
    """`page`: the most it puts on a page. `refuses_get`: status and body that it answers a search by GET with.
    `refuses_sort`: a `_sort` that it answers with 400. `ignores`: search parameters that it does not look at, and never
    at `patient`. `refuses`: those that it answers with 400. `spoil`: called with the number of the administrations'
    page (1, 2, ...) and its Bundle; gives what is answered instead."""

    administrations: list[Json] = field(default_factory=list)
    medications: dict[str, Json] = field(default_factory=dict)
    page: int = 100
    includes: bool = False
    refuses: frozenset[str] = frozenset()
    refuses_get: tuple[int, Json] | None = None
    refuses_sort: str = ""
    ignores: frozenset[str] = frozenset()
    counts: bool = True
    spoil: Callable[[int, Json], Response | Awaitable[Response]] | None = None
    medication_status: int = 200
    id_search_status: int = 200
    seen: list[Request] = field(default_factory=list)
    forms: list[str] = field(default_factory=list)

    @property
    def asked(self) -> list[str]:
        """Path and query of each request, in order."""
        return [f"{r.url.path.removeprefix('/fhir/')}?{r.url.query}".rstrip("?") for r in self.seen]

    async def search(self, request: Request) -> Response:
        self.seen.append(request)
        query = await self.parameters(request)
        if self.refuses_get and request.method == "GET" and "patient" in query:
            return answer(self.refuses_get[1], self.refuses_get[0])
        if self.refuses & set(query) or (self.refuses_sort and query.get("_sort") == self.refuses_sort):
            return answer(outcome("error", "not-supported", diagnostics=f"Patient {PATIENT}"), 400)
        wanted = self.page if "_count" in self.ignores else int(query.get("_count", 20))
        start, size = int(query.get("_start", 0)), min(wanted, self.page)
        part = self.administrations[start : start + size]
        onward = start + size < len(self.administrations)
        here = request.url.replace(path=request.url.path.removesuffix("/_search"))
        link = str(here.include_query_params(_start=start + size)) if onward else None
        bundle = searchset(part, link, **({"total": len(self.administrations)} if self.counts else {}))
        if self.includes and "_include" in query:
            names = dict.fromkeys(r["medicationReference"]["reference"].split("/")[1] for r in part)
            bundle["entry"] += [{"resource": self.medications[n], "search": {"mode": "include"}} for n in names]
        if self.spoil is None:
            return answer(bundle)
        spoilt = self.spoil(start // size + 1, bundle)
        return spoilt if isinstance(spoilt, Response) else await spoilt

    async def parameters(self, request: Request) -> dict[str, str]:
        """Those of the URL, or of the form of a POST."""
        if request.method == "GET":
            return dict(request.query_params)
        self.forms.append((await request.body()).decode())
        return dict(parse_qsl(self.forms[-1]))

    async def medication_search(self, request: Request) -> Response:
        self.seen.append(request)
        if self.id_search_status != 200:
            return answer(outcome(), self.id_search_status)
        names = (await self.parameters(request))["_id"].split(",")
        return answer(searchset(self.medications[n] for n in names if n in self.medications))

    async def medication_read(self, request: Request) -> Response:
        self.seen.append(request)
        found = self.medications.get(request.path_params["name"])
        if self.medication_status != 200:
            return answer(outcome(), self.medication_status)
        return answer(found) if found else answer(outcome("error", "not-found"), 404)

    @property
    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/fhir/MedicationAdministration", self.search),
                Route("/fhir/MedicationAdministration/_search", self.search, methods=["POST"]),
                Route("/fhir/Medication", self.medication_search),
                Route("/fhir/Medication/_search", self.medication_search, methods=["POST"]),
                Route("/fhir/Medication/{name}", self.medication_read),
            ]
        )

    @property
    def transport(self) -> httpx.ASGITransport:
        return httpx.ASGITransport(self.app)

    def ask(self, call: Callable[[FhirClient], Awaitable[T]], limits: Limits | None = None) -> T:
        return ask(self.transport, call, limits)


def ask(
    transport: httpx.AsyncBaseTransport | None,
    call: Callable[[FhirClient], Awaitable[T]],
    limits: Limits | None = None,
    token: str | None = TOKEN,
) -> T:
    """What a call of the client gives, on connections of its own. Second tries come at once."""
    limits = limits or Limits(pause=0)

    async def asking() -> T:
        async with Http(limits, ALLOWED, transport) as http:
            return await call(FhirClient(http, BASE, token=token, limits=limits))

    return asyncio.run(asking())
