"""The demo pages over a FHIR server that holds what a test gives it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any

import httpx
from anyio.from_thread import start_blocking_portal

from hooks.app import MorePages, create_app
from hooks.memory import ReadsUsage
from hooks.operations.entrance import Operations
from hooks.sandbox.pages import DemoPages
from hooks.sandbox.patients import DemoPatient, demo_patients, shared_resources
from hooks.settings import Settings
from tests.service.noted import NotedJournal, noting

SERVER = "https://ehr.example.invalid/fhir"
ZONE = "Asia/Kathmandu"
# 18:30 UTC on 30 April is the first of May in Kathmandu.
NOW = datetime(2026, 4, 30, 18, 30, tzinfo=UTC)
ON = datetime(2026, 5, 1, tzinfo=UTC).date()
PATIENTS = demo_patients(ON)
ATC = {"coding": [{"system": "http://www.whocc.no/atc", "code": "M09AX07"}]}

Resource = dict[str, Any]
Answer = Callable[[httpx.Request], httpx.Response]
Get = Callable[..., httpx.Response]


def person(name: str, *records: Resource, family: str = "F") -> DemoPatient:
    """A patient with these records."""
    patient = {
        "resourceType": "Patient",
        "id": name,
        "name": [{"family": family, "given": ["G"]}],
        "birthDate": "2020-01-01",
    }
    return DemoPatient(name, "title", "why", (patient, *records), None, ON)


def given(patient: str, name: str, day: str, **changes: Any) -> Resource:
    """A MedicationAdministration of nusinersen, its amount not stated."""
    return {
        "resourceType": "MedicationAdministration",
        "id": name,
        "status": "completed",
        "medicationCodeableConcept": ATC,
        "subject": {"reference": f"Patient/{patient}"},
        "effectiveDateTime": day,
        **changes,
    }


def holding(patients: Sequence[DemoPatient], **more: Any) -> Answer:
    """A FHIR server with these patients; `more` stands in each Bundle."""
    by_id = {patient.id: patient for patient in patients}

    def answer(request: httpx.Request) -> httpx.Response:
        before, _, kind = request.url.path.rpartition("/")
        if before.endswith("/Patient") and kind in by_id:
            return httpx.Response(200, json=by_id[kind].resources[0])
        if "patient" not in request.url.params:
            return httpx.Response(404)
        found = [each for each in by_id[request.url.params["patient"]].resources if each["resourceType"] == kind]
        entries = [{"resource": each, "search": {"mode": "match"}} for each in found]
        entries += [{"resource": each, "search": {"mode": "include"}} for each in shared_resources() if found]
        return httpx.Response(200, json={"resourceType": "Bundle", "type": "searchset", "entry": entries, **more})

    return answer


@contextmanager
def pages(
    patients: Sequence[DemoPatient] = PATIENTS,
    answer: Answer | httpx.AsyncBaseTransport | None = None,
    *,
    operations: Operations | None = None,
    service: str = "http://127.0.0.1:1",
    journal: NotedJournal | None = None,
    more: MorePages | None = None,
    usage: ReadsUsage | None = None,
    clock: Callable[[], datetime] = lambda: NOW,
    **settings: Any,
) -> Iterator[Get]:
    """A function that sends one request to the running demo."""
    chosen: Mapping[str, Any] = {
        "regimen": "eu-12mg", "time_zone": ZONE, "fhir_servers": SERVER, "client_auth": "off", **settings,
    }  # fmt: skip
    app = create_app(
        Settings(**chosen),
        clock=clock,
        transport=answer
        if isinstance(answer, httpx.AsyncBaseTransport)
        else httpx.MockTransport(answer or holding(patients)),
        operations=operations,
        memory=noting(clock, journal=journal, usage=usage),
        more=more or DemoPages(SERVER, service, patients),
    )
    service_side = httpx.ASGITransport(app, raise_app_exceptions=False)
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(app.router.lifespan_context(app)):
        client = httpx.AsyncClient(transport=service_side, base_url="http://service.example.invalid")
        with portal.wrap_async_context_manager(client):

            def get(path: str, method: str = "GET", **more: Any) -> httpx.Response:
                return portal.call(partial(client.request, method, path, **more))

            yield get
