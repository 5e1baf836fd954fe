"""Made-up patients and one request for each hook, so that a service can be called without input of one's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

from hooks.conformance.templates import filled, parameters

Resource = dict[str, Any]

_SERVER = "https://ehr.example.invalid/fhir"
_RECENT, _OVERDUE = "example-recent-dose", "example-overdue"
_DRUG = {"coding": [{"system": "http://www.whocc.no/atc", "code": "M09AX07", "display": "nusinersen"}]}
_ROUTE = {"coding": [{"system": "http://snomed.info/sct", "code": "72607000", "display": "Intrathecal route"}]}
_DOSE = {"value": 12, "unit": "mg", "system": "http://unitsofmeasure.org", "code": "mg"}
_ORDER = "example-order"


def record(on: date) -> list[Resource]:
    """The resources of two patients as of a day: one dosed a week ago, one long overdue."""
    last = {_RECENT: on - timedelta(days=7), _OVERDUE: on - timedelta(days=180)}
    people: list[Resource] = [
        {"resourceType": "Practitioner", "id": "example", "name": [{"family": "Example"}]},
        {"resourceType": "Organization", "id": "example", "name": "Example ward"},
    ]
    for patient, day in last.items():
        subject = {"reference": f"Patient/{patient}"}
        people += [
            {"resourceType": "Patient", "id": patient, "gender": "female", "birthDate": "2015-02-03"},
            {
                "resourceType": "Encounter",
                "id": f"{patient}-visit",
                "status": "in-progress",
                "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
                "subject": subject,
            },
            {
                "resourceType": "Coverage",
                "id": f"{patient}-coverage",
                "status": "active",
                "beneficiary": subject,
                "payor": [{"reference": "Organization/example"}],
            },
        ]
        people += [_dose(patient, number, day - timedelta(days=ago)) for number, ago in enumerate((63, 49, 35, 0), 1)]
    return people


def _dose(patient: str, number: int, day: date) -> Resource:
    return {
        "resourceType": "MedicationAdministration",
        "id": f"{patient}-dose-{number}",
        "status": "completed",
        "medicationCodeableConcept": _DRUG,
        "subject": {"reference": f"Patient/{patient}"},
        "effectiveDateTime": day.isoformat(),
        "dosage": {"route": _ROUTE, "dose": _DOSE},
    }


def request(hook: str, on: date, prefetch: Mapping[str, str]) -> Resource | None:
    """A request for a hook of the published library, with what the templates ask for; None for another hook."""
    make = _CONTEXTS.get(hook)
    if make is None:
        return None
    context = make(on)
    known = {key: resolved(template, context, record(on)) for key, template in prefetch.items()}
    # A key that cannot be filled in is left out; null says that the query was made, and that there is nothing.
    held = {key: value for key, value in known.items() if value is not _LEFT_OUT}
    body = {"hook": hook, "hookInstance": str(uuid4()), "context": context}
    return {**body, "prefetch": held} if held else body


_LEFT_OUT = object()


def resolved(template: str, context: Mapping[str, Any], known: list[Resource]) -> object:
    """What a FHIR server with these resources would answer. Searches select by type and patient, and by `_id`."""
    query = filled(template, context)
    if query is None:
        return _LEFT_OUT
    kind, _, identifier = query.partition("?")[0].partition("/")
    of_kind = [one for one in known if one["resourceType"] == kind]
    if "?" not in query:
        return next((one for one in of_kind if one["id"] == identifier), None)
    asked = {value.rpartition("/")[2] for name, value in parameters(query) if name == "_id"}
    patient = f"Patient/{context.get('patientId')}"
    found = [one for one in of_kind if (not asked or one["id"] in asked) and _patient(one) in {None, patient}]
    entries = [
        {"fullUrl": f"{_SERVER}/{kind}/{one['id']}", "resource": one, "search": {"mode": "match"}} for one in found
    ]
    bundle: Resource = {"resourceType": "Bundle", "type": "searchset", "total": len(entries)}
    return {**bundle, "entry": entries} if entries else bundle


def _patient(resource: Resource) -> str | None:
    """Whose resource it is; None for one that is nobody's."""
    if resource["resourceType"] == "Patient":
        return f"Patient/{resource['id']}"
    reference: Resource = resource.get("subject") or resource.get("beneficiary") or {}
    return reference.get("reference")


def _context(patient: str, **more: Any) -> Callable[[date], Resource]:
    base = {"userId": "Practitioner/example", "patientId": patient, "encounterId": f"{patient}-visit"}
    return lambda on: {**base, **{name: value(on) if callable(value) else value for name, value in more.items()}}


def _drafts(on: date) -> Resource:
    """An order of nusinersen for the day after tomorrow: nine days after the last dose, which is too early."""
    order = {
        "resourceType": "MedicationRequest",
        "id": _ORDER,
        "status": "draft",
        "intent": "order",
        "medicationCodeableConcept": _DRUG,
        "subject": {"reference": f"Patient/{_RECENT}"},
        "requester": {"reference": "Practitioner/example"},
        "dosageInstruction": [
            {
                "timing": {"event": [(on + timedelta(days=2)).isoformat()]},
                "route": _ROUTE,
                "doseAndRate": [{"doseQuantity": _DOSE}],
            }
        ],
    }
    return _collection(order)


def _appointments(_: date) -> Resource:
    actor = {"reference": f"Patient/{_OVERDUE}"}
    participant = {"actor": actor, "status": "needs-action"}
    return _collection(
        {"resourceType": "Appointment", "id": "example-visit", "status": "proposed", "participant": [participant]}
    )


def _collection(resource: Resource) -> Resource:
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": resource}]}


_CONTEXTS: dict[str, Callable[[date], Resource]] = {
    "patient-view": _context(_OVERDUE),
    "order-select": _context(_RECENT, selections=[f"MedicationRequest/{_ORDER}"], draftOrders=_drafts),
    "order-sign": _context(_RECENT, draftOrders=_drafts),
    "order-dispatch": lambda _: {
        "patientId": _RECENT,
        "dispatchedOrders": [f"MedicationRequest/{_ORDER}"],
        "performer": "Organization/example",
    },
    "appointment-book": _context(_OVERDUE, appointments=_appointments),
    "encounter-start": _context(_OVERDUE),
    "encounter-discharge": _context(_OVERDUE),
}
