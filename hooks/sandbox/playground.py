"""The playground of the demonstration: a request to edit, and its cards as an EHR would show them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlencode

from fastapi import Request, Response
from markdown_it import MarkdownIt
from markupsafe import Markup

from cds.dosing.calendar import add_days
from hooks.pages.render import page
from hooks.protocol import APPOINTMENT_BOOK, ENCOUNTER_START, ORDER_SELECT, ORDER_SIGN, PATIENT_VIEW
from hooks.sandbox.authorization import OPEN
from hooks.sandbox.calls import DemoFailed, booking_request, chart_request, order_request, send, visit_request
from hooks.sandbox.patients import DemoPatient
from hooks.services import SERVICES

PLAYGROUND = "/demo"
_LARGEST = 2_000_000
_HOOKS = (PATIENT_VIEW, ORDER_SELECT, ORDER_SIGN, APPOINTMENT_BOOK, ENCOUNTER_START)
_SERVICE_OF = {hook: service.id for service in SERVICES.values() for hook in service.hooks}


class Shown(NamedTuple):
    """An answer of the service: its status, its JSON as text, its cards and, where it is an error, what it says."""

    status: int
    body: str
    cards: tuple[Mapping[str, Any], ...]
    errors: tuple[str, ...]


def ask(patients: Mapping[str, DemoPatient], fhir: str, patient: str, hook: str) -> Response:
    """The form, with the request for one patient and hook in it."""
    if patient not in patients or hook not in _HOOKS:
        return _page(patients, patient, hook, "", fault="There is no such demo patient or hook: choose from the lists.")
    return _page(patients, patient, hook, json.dumps(_request(patients[patient], fhir, hook), indent=2))


async def send_edited(request: Request, patients: Mapping[str, DemoPatient], service: str, fhir: str) -> Response:
    """Sends the edited request to the service over HTTP, as an EHR does, and shows its answer."""
    raw = await request.body()
    if len(raw) > _LARGEST:
        return _page(patients, "", "", "", fault="The request is larger than this page takes.")
    fields = {name: values[0] for name, values in parse_qs(raw.decode("utf-8", "replace")).items()}
    patient, hook, written = (fields.get(name, "") for name in ("patient", "hook", "request"))
    try:
        edited = json.loads(written)
    except (ValueError, RecursionError) as error:
        where = f" (line {error.lineno}, column {error.colno})" if isinstance(error, json.JSONDecodeError) else ""
        return _page(patients, patient, hook, written, fault=f"This is not valid JSON{where}: nothing was sent.")
    called = edited.get("hook") if isinstance(edited, dict) else None
    name = _SERVICE_OF.get(called, "") if isinstance(called, str) else ""
    if not name:
        fault = f'The request is an object whose "hook" is one of {", ".join(_SERVICE_OF)}: nothing was sent.'
        return _page(patients, patient, hook, written, fault=fault)
    try:
        status, body = await asyncio.to_thread(send, f"{service}/cds-services/{name}", edited)
    except DemoFailed as error:
        return _page(patients, patient, hook, written, fault=f"The service gave no answer: {error}", status=502)
    return _page(patients, patient, hook, written, shown=_shown(status, body, fhir, _asked_about(edited)))


def _asked_about(request: Mapping[str, Any]) -> str:
    """The patient of an edited request, who need not be the one that was chosen above it."""
    context = request.get("context")
    patient = context.get("patientId") if isinstance(context, dict) else None
    return patient if isinstance(patient, str) else ""


def opened_by_ehr(fhir: str, patient: str) -> str:
    """Where the sandbox opens our page for a patient, as an EHR does where a link of the type `smart` is clicked."""
    return f"{fhir.removesuffix('/fhir')}{OPEN}?{urlencode({'patient': patient})}"


def _request(patient: DemoPatient, fhir: str, hook: str) -> dict[str, Any]:
    if hook == PATIENT_VIEW:
        return chart_request(fhir, patient.id)
    if hook == ENCOUNTER_START:
        return visit_request(fhir, patient.id)
    if hook == APPOINTMENT_BOOK:
        return booking_request(fhir, patient.id, f"{add_days(patient.on, 1)}T09:00:00Z")
    order = patient.order
    if order is None:
        order = {"resourceType": "MedicationRequest", "id": "none", "status": "draft", "intent": "order"}
        order |= {
            "subject": {"reference": f"Patient/{patient.id}"},
            "medicationCodeableConcept": {"text": "nusinersen"},
        }
    request = {**order_request(fhir, patient.id, order), "hook": hook}
    if hook == ORDER_SELECT:
        request["context"]["selections"] = [f"MedicationRequest/{order['id']}"]
    return request


def _shown(status: int, body: Mapping[str, Any], fhir: str, patient: str) -> Shown:
    errors = tuple(issue.get("diagnostics", issue.get("code", "")) for issue in body.get("issue", ()))
    cards = tuple(_as_ehr_shows(card, fhir, patient) for card in body.get("cards", ())) if status == 200 else ()
    return Shown(status, json.dumps(body, indent=2, ensure_ascii=False), cards, errors)


def _as_ehr_shows(card: Mapping[str, Any], fhir: str, patient: str) -> Mapping[str, Any]:
    """A card whose smart links go by the EHR."""
    opened = opened_by_ehr(fhir, patient)
    links = [{**link, "url": opened} if link["type"] == "smart" else link for link in card.get("links", ())]
    return {**card, "links": links}


def _page(
    patients: Mapping[str, DemoPatient],
    patient: str,
    hook: str,
    written: str,
    *,
    fault: str = "",
    shown: Shown | None = None,
    status: int = 0,
) -> Response:
    return page(
        "playground.html.j2",
        status or (400 if fault else 200),
        patients=patients.values(),
        patient=patient,
        hook=hook,
        hooks=_HOOKS,
        written=written,
        fault=fault,
        shown=shown,
        markdown=markdown,
        known=patient in patients,
    )


def markdown(text: str) -> Markup:
    """The detail of a card as HTML: no HTML of its own, no images, no links but those written as links."""
    renderer = _renderer()
    tokens = renderer.parse(text)
    for token in tokens:
        # a style of its own is what the policy of the page forbids
        if token.attrs.pop("style", "") == "text-align:right":
            token.attrs["class"] = "number"
    return Markup(renderer.renderer.render(tokens, renderer.options, {}))  # noqa: S704  it escapes, and takes no HTML


@cache
def _renderer() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]).disable("image")
