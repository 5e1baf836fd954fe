"""A made-up EHR: requests, histories, and a FHIR server whose answers a test chooses."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from itertools import count
from typing import Any

import httpx
from anyio.from_thread import BlockingPortal, start_blocking_portal

from cds.fhir.resources import explain
from hooks.app import create_app
from hooks.memory import Memory
from hooks.operations.entrance import Operations
from hooks.security.key_sources import Fetch
from hooks.settings import Settings
from hooks.wire import CardsResponse
from tests.service.noted import noting

SERVER = "https://ehr.example.invalid/fhir"
TOKEN = "token-of-this-call"
PATIENT = "p-4711"
# A quarter to midnight in UTC is already the next day, 12 hours and 45 minutes on, in the zone of the site.
NOW = datetime(2026, 5, 3, 23, 45, tzinfo=UTC)
ZONE = "Pacific/Chatham"
ATC = {"coding": [{"system": "http://www.whocc.no/atc", "code": "M09AX07"}]}
PERSON = {"resourceType": "Patient", "id": PATIENT}
BESIDE = {"orders": None, "appointments": None, "statements": None, "patient": PERSON, "results": None}
OTHER_DRUG = {"coding": [{"system": "http://www.whocc.no/atc", "code": "N02BE01"}], "text": "paracetamol"}
ORDER = "nusinersen-order"
CHART = "nusinersen-chart"
APPOINTMENT = "nusinersen-appointment"
ENCOUNTER = "nusinersen-encounter"

Resource = dict[str, Any]
Answer = Callable[[httpx.Request], httpx.Response]


def given(name: str, day: str, **changes: Any) -> Resource:
    """A MedicationAdministration of 12 mg nusinersen."""
    return {
        "resourceType": "MedicationAdministration",
        "id": name,
        "status": "completed",
        "medicationCodeableConcept": ATC,
        "subject": {"reference": f"Patient/{PATIENT}"},
        "effectiveDateTime": day,
        "dosage": {"dose": {"value": 12, "unit": "mg", "system": "http://unitsofmeasure.org", "code": "mg"}},
        **changes,
    }


def history(*days: str) -> list[Resource]:
    """Administrations on these days."""
    return [given(f"a{number}", day) for number, day in enumerate(days, 1)]


LOADED = ("2025-10-01", "2025-10-15", "2025-10-29", "2025-12-03")
"""The loading doses on schedule; maintenance is then due on 2026-04-03."""
ON_SCHEDULE = (*LOADED, "2026-04-03")
"""One maintenance dose; the next is due on 2026-08-03. Not before 2026-04-17."""
LAST_WEEK = (*LOADED, "2026-04-27")
"""The last dose a week before the day of the call, 2026-05-04: not before 2026-05-11."""


def bundle(resources: list[Resource], **more: Any) -> Resource:
    """A searchset."""
    return {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": r} for r in resources], **more}


def draft(name: str = "o1", day: str | None = "2026-05-06", **changes: Any) -> Resource:
    """A draft MedicationRequest of nusinersen."""
    order: Resource = {
        "resourceType": "MedicationRequest",
        "id": name,
        "status": "draft",
        "intent": "order",
        "medicationCodeableConcept": ATC,
        "subject": {"reference": f"Patient/{PATIENT}"},
    }
    if day is not None:
        order["dosageInstruction"] = [{"timing": {"event": [day]}}]
    return {**order, **changes}


def call(hook: str, *, drafts: list[Resource] | None = None, **more: Any) -> Resource:
    """A hook request without prefetch and server; `context` adds to the context. A prefetch says that there is nothing
    beside the history, unless it says otherwise."""
    if "administrations" in (more.get("prefetch") or {}):
        more["prefetch"] = {**BESIDE, **more["prefetch"]}
    context: Resource = {"userId": "Practitioner/17", "patientId": PATIENT, **more.pop("context", {})}
    if drafts is not None:
        context["draftOrders"] = {"resourceType": "Bundle", "entry": [{"resource": order} for order in drafts]}
    return {"hook": hook, "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea", "context": context, **more}


def prefetched(*days: str) -> Resource:
    """The prefetch of a history."""
    return {"administrations": bundle(history(*days))}


def with_server(request: Resource) -> Resource:
    """The same request, with a FHIR server and a token."""
    authorization = {
        "access_token": TOKEN,
        "token_type": "Bearer",
        "expires_in": 60,
        "scope": "user/*.read",
        "subject": "c",
    }
    return {**request, "fhirServer": SERVER, "fhirAuthorization": authorization}


def no_calls(request: httpx.Request) -> httpx.Response:
    """A FHIR server that must not be asked."""
    raise AssertionError(f"the FHIR server was asked for {request.url.path}")


async def no_keys(url: str) -> bytes:
    """A key server that must not be asked."""
    raise AssertionError(f"the keys at {url} were asked for")


class Client:
    """The running service, called without a network."""

    def __init__(self, portal: BlockingPortal, client: httpx.AsyncClient) -> None:
        self._portal, self._client = portal, client

    def request(self, method: str, path: str, **more: Any) -> httpx.Response:
        """One call; a failure of the application is its answer, not an exception here. Outcomes must be valid FHIR."""
        answer = self._portal.call(partial(self._client.request, method, path, **more))
        if b'"OperationOutcome"' in answer.content[:40]:
            assert explain(answer.json()) == ()
        return answer

    def get(self, path: str, **more: Any) -> httpx.Response:
        """GET."""
        return self.request("GET", path, **more)

    def post(self, path: str, **more: Any) -> httpx.Response:
        """POST."""
        return self.request("POST", path, **more)

    def options(self, path: str, **more: Any) -> httpx.Response:
        """OPTIONS, as a browser's preflight."""
        return self.request("OPTIONS", path, **more)


@contextmanager
def service(
    answer: Answer = no_calls,
    keys: Fetch = no_keys,
    *,
    operations: Operations | None = None,
    memory: Memory | None = None,
    root_path: str = "",
    **settings: Any,
) -> Iterator[Client]:
    """The running service, its FHIR server answering by `answer`. Its ids are counted, so that they can be foretold;
    what it keeps is noted and forgotten, unless a test brings a memory of its own."""
    chosen: Mapping[str, Any] = {
        "regimen": "eu-12mg",
        "time_zone": ZONE,
        "fhir_servers": SERVER,
        "client_auth": "off",
        **settings,
    }
    numbers = count(1)
    app = create_app(
        Settings(**chosen),
        clock=lambda: NOW,
        new_id=lambda: f"00000000-0000-4000-8000-{next(numbers):012d}",
        transport=httpx.MockTransport(answer),
        keys=keys,
        operations=operations,
        memory=memory or noting(lambda: NOW),
    )
    transport = httpx.ASGITransport(app, raise_app_exceptions=False, root_path=root_path)
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(app.router.lifespan_context(app)):
        client = httpx.AsyncClient(transport=transport, base_url="http://service.example.invalid")
        with portal.wrap_async_context_manager(client):
            yield Client(portal, client)


def ask(client: Client, service_id: str, request: Resource) -> httpx.Response:
    """Call a service."""
    return client.post(f"/cds-services/{service_id}", json=request)


def kinds(answer: httpx.Response) -> list[str]:
    """The kinds of the cards, without the common prefix, the answer being strictly valid."""
    assert answer.status_code == 200, answer.text
    CardsResponse.model_validate(answer.json())
    return [card["source"]["topic"]["code"].removeprefix("Nusinersen") for card in answer.json()["cards"]]
