"""The requests of one's own that a service is called with: whether they keep the rules for a client."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from cds.fhir.resources import explain
from hooks.conformance.results import Book
from hooks.conformance.values import empties, is_reference, is_text, missing_texts, objects, wrong_types

Json = dict[str, Any]

_USERS = ("Practitioner", "PractitionerRole")
_ANY_USER = (*_USERS, "Patient", "RelatedPerson")
# By hook: who the user may be, and which further fields the context must have.
_CONTEXT: dict[str, tuple[tuple[str, ...], dict[str, type]]] = {
    "patient-view": (_ANY_USER, {}),
    "order-select": (_USERS, {"draftOrders": dict, "selections": list}),
    "order-sign": (_USERS, {"draftOrders": dict}),
    "order-dispatch": ((), {"dispatchedOrders": list, "performer": str}),
    "appointment-book": (_ANY_USER, {"appointments": dict}),
    "encounter-start": (_ANY_USER, {"encounterId": str}),
    "encounter-discharge": (_ANY_USER, {"encounterId": str}),
}
_PATIENT_SCOPE = re.compile(r"(^|\s)patient/")


def judge_request(request: Json, where: str, book: Book) -> None:
    """Judges one request before it is sent. `where` names it."""
    faults = missing_texts(request, ("hook", "hookInstance"), where)
    if not isinstance(request.get("context"), dict):
        faults.append(f"{where}.context is missing, or no object")
    if is_text(request.get("hookInstance")) and not _is_uuid(request["hookInstance"]):
        faults.append(f"{where}.hookInstance is no UUID")
    if not book.judge("request-fields", faults):
        return
    book.judge("request-context", _context_faults(request["hook"], request["context"], f"{where}.context"))
    authorization = request.get("fhirAuthorization")
    book.judge("request-optional-fields", _optional_faults(request, authorization, where))
    if isinstance(authorization, dict):
        needs_patient = _PATIENT_SCOPE.search(str(authorization.get("scope", ""))) and not authorization.get("patient")
        said = [f"{where}.fhirAuthorization has a scope of patient/ and no patient"] if needs_patient else []
        book.judge("request-scope-patient", said)


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _context_faults(hook: str, context: Json, path: str) -> list[str]:
    if hook not in _CONTEXT:
        return []
    users, fields = _CONTEXT[hook]
    faults = missing_texts(context, ("patientId", *(("userId",) if users else ())), path)
    user = context.get("userId")
    if users and isinstance(user, str) and user and not (is_reference(user) and user.partition("/")[0] in users):
        faults.append(f"{path}.userId is no Type/id of {', '.join(users)}")
    faults += [
        f"{path}.{name} is no bare id"
        for name in ("patientId", "encounterId")
        if is_text(context.get(name)) and "/" in context[name]
    ]
    faults += [f"{path}.{name} is missing" for name in fields if context.get(name) is None]
    faults += wrong_types(context, fields, path)
    for name in ("draftOrders", "appointments"):
        if isinstance(context.get(name), dict):
            faults += _bundle_faults(context[name], f"{path}.{name}")
    held = {f"{one.get('resourceType')}/{one.get('id')}" for one in _resources(context.get("draftOrders"))}
    selected = context.get("selections")
    strays = [one for one in selected if one not in held] if isinstance(selected, list) and held else []
    return faults + [f"{path}.selections: {one!r} is none of the drafts" for one in strays]


def _resources(bundle: Any) -> list[Json]:
    given = [entry.get("resource") for _, entry in objects(bundle, "entry")] if isinstance(bundle, dict) else []
    return [one for one in given if isinstance(one, dict)]


def _bundle_faults(bundle: Json, path: str) -> list[str]:
    faults = [f"{path}: {fault}" for fault in explain(bundle)]
    faults += [f"{path}: a {one.get('resourceType')} has no id" for one in _resources(bundle) if not one.get("id")]
    appointments = [one for one in _resources(bundle) if one.get("resourceType") == "Appointment"]
    return faults + [
        f"{path}: an Appointment is not proposed" for one in appointments if one.get("status") != "proposed"
    ]


def _optional_faults(request: Json, authorization: Any, where: str) -> list[str]:
    types: dict[str, type] = {"fhirServer": str, "fhirAuthorization": dict, "prefetch": dict, "extension": dict}
    faults = wrong_types(request, types, where)
    for name in types.keys() & request.keys() - {"prefetch"}:
        faults += empties({name: request[name]}, where)
    if isinstance(authorization, dict):
        path = f"{where}.fhirAuthorization"
        faults += missing_texts(authorization, ("access_token", "token_type", "scope", "subject"), path)
        if authorization.get("token_type") not in {None, "Bearer"}:
            faults.append(f"{path}.token_type is not Bearer")
        if not isinstance(authorization.get("expires_in"), int):
            faults.append(f"{path}.expires_in is no whole number")
        if not is_text(request.get("fhirServer")):
            faults.append(f"{where}.fhirServer is missing beside fhirAuthorization")
    return faults
