"""A FHIR server that misbehaves on command, on a real socket."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hooks.sandbox.running import address, listen, serving
from tests.chaos.calls import Json, history
from tests.chaos.verdict import Promise
from tests.fhir_client.server import answer, outcome, searchset

SLOW_SECONDS = 30.0
"""Longer than the service reads from a FHIR server in one call."""

Spoil = Callable[[int, Json], Response | Awaitable[Response]]


def _whole(_page: int, bundle: Json) -> Response:
    return answer(bundle)


async def _slow(_page: int, bundle: Json) -> Response:
    await asyncio.sleep(SLOW_SECONDS)
    return answer(bundle)


def _next_fails(page: int, bundle: Json) -> Response:
    return answer(bundle) if page == 1 else answer(outcome("error", "exception"), 500)


def _next_is_not_there(page: int, bundle: Json) -> Response:
    return answer(bundle) if page == 1 else answer(outcome("error", "not-found"), 404)


def _truncated(_page: int, bundle: Json) -> Response:
    whole = orjson.dumps(bundle)
    return Response(whole[: len(whole) // 2], media_type="application/fhir+json")


def _cut_off(_page: int, bundle: Json) -> Response:
    whole = orjson.dumps(bundle)
    headers = {"Content-Length": str(len(whole))}
    return Response(whole[: len(whole) // 2], headers=headers, media_type="application/fhir+json")


def _html(_page: int, _bundle: Json) -> Response:
    return Response("<html><body>Please log in</body></html>", media_type="text/html")


def _empty_object(_page: int, _bundle: Json) -> Response:
    return answer({})


def _status(status: int, code: str) -> Spoil:
    return lambda _page, _bundle: answer(outcome("error", code), status)


def _outcome_as_answer(_page: int, _bundle: Json) -> Response:
    return answer(outcome("error", "processing"))


def _another_patient(entries: slice) -> Spoil:
    def spoil(_page: int, bundle: Json) -> Response:
        others = [{"resource": {**e["resource"], "subject": {"reference": "Patient/another"}}} for e in bundle["entry"]]
        bundle["entry"][entries] = others[entries]
        return answer(bundle)

    return spoil


@dataclass(frozen=True, slots=True)
class Fault:
    """`spoil` gets the number of a page and its Bundle, and gives what is answered. `page`: resources on a page.
    `latest_first`: their order, as the service asks for it. `more`: records that the patient has beside the doses."""

    name: str
    spoil: Spoil
    promise: Promise = Promise.LOUD
    page: int = 500
    latest_first: bool = True
    more: int = 0


NONE = Fault("none", _whole, Promise.JUDGED)
QUICK = (
    NONE,
    Fault("half a page: the next one, with the latest dose, gets 500", _next_fails, page=3, latest_first=False),
    Fault("the same, and it gets 404", _next_is_not_there, page=3, latest_first=False),
    Fault("half a page: the next one, with older doses, gets 500", _next_fails, Promise.EITHER, page=3),
    Fault("truncated JSON", _truncated),
    Fault("connection closed in the middle of an answer", _cut_off),
    Fault("HTML instead of JSON", _html),
    Fault("an empty JSON object", _empty_object),
    Fault("OperationOutcome with status 200", _outcome_as_answer),
    Fault("access denied (403)", _status(403, "forbidden")),
    Fault("overloaded (503)", _status(503, "transient")),
    Fault("all records are of another patient", _another_patient(slice(None))),
    Fault("the latest dose is of another patient", _another_patient(slice(1))),
)
"""The faults that cost no waiting."""
SLOW = Fault("slow: no answer within the deadline", _slow)
MANY = Fault("10,000 administrations", _whole, Promise.EITHER, more=10_000)


class Server:
    """The server; `fault` is what is wrong with it now."""

    def __init__(self) -> None:
        self.fault = NONE
        self._kept: dict[tuple[str, int], list[Json]] = {}

    async def search(self, request: Request) -> Response:
        """The administrations of a patient, page by page."""
        fault, query = self.fault, request.query_params
        patient = query["patient"].removeprefix("Patient/")
        key = patient, fault.more
        kept = self._kept[key] = self._kept.get(key) or history(*key)
        every = kept if fault.latest_first else kept[::-1]
        start = int(query.get("_start", 0))
        end = start + fault.page
        onward = str(request.url.include_query_params(_start=end)) if end < len(every) else None
        said = fault.spoil(start // fault.page + 1, searchset(every[start:end], onward, total=len(every)))
        return said if isinstance(said, Response) else await said


async def _nothing(_: Request) -> Response:
    """Nobody has another active order, or a statement."""
    return answer(searchset([], total=0))


async def _person(request: Request) -> Response:
    """Everybody is alive."""
    return answer({"resourceType": "Patient", "id": request.path_params["name"]})


@contextmanager
def running() -> Iterator[tuple[Server, str]]:
    """The server and its base URL, for as long as the block lasts."""
    server = Server()
    beside = [Route(f"/fhir/{of_type}", _nothing) for of_type in ("MedicationRequest", "MedicationStatement")]
    beside.append(Route("/fhir/Patient/{name}", _person))
    routes = [Route("/fhir/MedicationAdministration", server.search), *beside]
    app = Starlette(routes=routes)
    with listen(0, "none") as listener, serving([(app, listener)]):
        yield server, f"{address(listener)}/fhir"
