"""The demo as a CDS client: hook calls for every demo patient, and what came back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from hooks.protocol import APPOINTMENT_BOOK, ENCOUNTER_START, ORDER_SIGN, PATIENT_VIEW
from hooks.sandbox.patients import DemoPatient

_SECONDS = 20.0


class DemoFailed(RuntimeError):
    """The service answered the demo with something that no CDS client could use."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One line of the demo: a card, or that there was none (`indicator` is empty), or an error (`error`)."""

    patient: str
    situation: str
    hook: str
    indicator: str
    summary: str


def call_all(service: str, fhir: str, patients: Iterable[DemoPatient]) -> Iterator[Shown]:
    """patient-view for every patient, encounter-start for those seen today, order-sign for those with a draft order; a
    line for each card.

    `service` and `fhir` are base URLs. Raises DemoFailed if discovery does not offer these hooks.
    """
    offered = discover(service)
    for patient in patients:
        yield from _call(service, offered[PATIENT_VIEW], patient, chart_request(fhir, patient.id))
        if patient.visit:
            yield from _call(service, offered[ENCOUNTER_START], patient, visit_request(fhir, patient.id))
        if patient.order is not None:
            yield from _call(service, offered[ORDER_SIGN], patient, order_request(fhir, patient.id, patient.order))


def discover(service: str) -> dict[str, str]:
    """The id of the service for each hook, as the service itself tells it."""
    status, body = send(f"{service}/cds-services")
    found = {one["hook"]: one["id"] for one in body.get("services", ())}
    if status != 200 or not found.keys() >= {PATIENT_VIEW, ENCOUNTER_START, ORDER_SIGN}:
        raise DemoFailed(f"{service}/cds-services answered {status} and offers {sorted(found)}")
    return found


def chart_request(fhir: str, patient: str) -> dict[str, Any]:
    """A patient-view request that leaves the reading of the history to the service."""
    return _request(PATIENT_VIEW, fhir, {"userId": "Practitioner/demo", "patientId": patient})


def visit_request(fhir: str, patient: str) -> dict[str, Any]:
    """An encounter-start request, of a visit that begins now."""
    context = {"userId": "Practitioner/demo", "patientId": patient, "encounterId": f"{patient}-today"}
    return _request(ENCOUNTER_START, fhir, context)


def booking_request(fhir: str, patient: str, start: str) -> dict[str, Any]:
    """An appointment-book request: a visit for a dose of nusinersen, which begins at `start`, an instant."""
    visit = {
        "resourceType": "Appointment",
        "id": f"{patient}-visit",
        "status": "proposed",
        "reasonCode": [{"coding": [{"system": "http://www.whocc.no/atc", "code": "M09AX07", "display": "nusinersen"}]}],
        "start": start,
        "participant": [{"actor": {"reference": f"Patient/{patient}"}, "status": "needs-action"}],
    }
    visits = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": visit}]}
    return _request(
        APPOINTMENT_BOOK, fhir, {"userId": "Practitioner/demo", "patientId": patient, "appointments": visits}
    )


def order_request(fhir: str, patient: str, order: Mapping[str, Any]) -> dict[str, Any]:
    """An order-sign request with one draft order."""
    drafts = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": order}]}
    return _request(ORDER_SIGN, fhir, {"userId": "Practitioner/demo", "patientId": patient, "draftOrders": drafts})


def send(url: str, body: Mapping[str, Any] | None = None, *, seconds: float = _SECONDS) -> tuple[int, dict[str, Any]]:
    """GET, or POST with a body, of JSON; the status and the parsed answer. Never through a proxy."""
    parts = urlsplit(url)
    connection = HTTPConnection(parts.netloc, timeout=seconds)
    try:
        content = None if body is None else json.dumps(body)
        # servers of FHIR take its own media type as well as plain JSON, and some no more than the former
        media_type = "application/fhir+json" if body is not None and "resourceType" in body else "application/json"
        headers = {"Content-Type": media_type, "Accept": "application/fhir+json, application/json;q=0.9"}
        connection.request("GET" if body is None else "POST", parts.path, content, headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    except (OSError, ValueError) as error:
        raise DemoFailed(f"{url} gave no answer that can be read: {type(error).__name__}") from error
    finally:
        connection.close()


def _request(hook: str, fhir: str, context: dict[str, Any]) -> dict[str, Any]:
    return {"hook": hook, "hookInstance": str(uuid4()), "fhirServer": fhir, "context": context}


def _call(service: str, name: str, patient: DemoPatient, request: dict[str, Any]) -> Iterator[Shown]:
    status, body = send(f"{service}/cds-services/{name}", request)
    hook = request["hook"]
    if status != 200:
        said = "; ".join(issue.get("diagnostics", issue.get("code", "")) for issue in body.get("issue", ()))
        yield Shown(patient.id, patient.title, hook, "error", f"{status}: {said}")
        return
    for card in body["cards"]:
        yield Shown(patient.id, patient.title, hook, card["indicator"], card["summary"])
    if not body["cards"]:
        yield Shown(patient.id, patient.title, hook, "", "no card")
