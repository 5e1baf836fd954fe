"""What a CDS client sends: the envelope of a CDS Hooks 2.0 request, read leniently, and the outcome of a bad one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

Resource: TypeAlias = dict[str, Any]

PATIENT_VIEW = "patient-view"
ORDER_SELECT = "order-select"
ORDER_SIGN = "order-sign"
APPOINTMENT_BOOK = "appointment-book"
ENCOUNTER_START = "encounter-start"
PROPOSALS = {ORDER_SELECT: "draftOrders", ORDER_SIGN: "draftOrders", APPOINTMENT_BOOK: "appointments"}
"""The hooks about proposed dates, each with the field of its context that holds the Bundle of what is proposed."""
ORDER_HOOKS = frozenset(PROPOSALS)

_NOTHING: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that makes a request unusable. `where` is the path of the field, `code` a FHIR issue type."""

    where: str
    what: str
    code: str = "required"


class BadRequestError(Exception):
    """The request cannot be answered; all its faults together. The words never quote a value of the request."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(f"{fault.where}: {fault.what}" for fault in self.faults))

    def outcome(self) -> Resource:
        """The OperationOutcome for the 400: one issue a fault."""
        issues = [_issue(fault.code, f"{fault.where}: {fault.what}", fault.where) for fault in self.faults]
        return {"resourceType": "OperationOutcome", "issue": issues}


@dataclass(frozen=True, slots=True)
class HookRequest:
    """The envelope of a call. `patient_id` is the bare id; `context` and `prefetch` are what was sent, not copied.

    `access_token` is the token of `fhirAuthorization`. `unusable` names the optional fields that were sent but could
    not be used, so that a later 412 can say so.
    """

    hook: str
    hook_instance: str
    # kept out of the repr, since it may reach a log: whatever tells of the patient, and the token
    patient_id: str = field(repr=False)
    context: Mapping[str, Any] = field(repr=False)
    prefetch: Mapping[str, Any] = field(repr=False)
    fhir_server: str | None = None
    access_token: str | None = field(default=None, repr=False)
    unusable: tuple[str, ...] = ()

    @property
    def draft_orders(self) -> Resource:
        """`context.draftOrders` of an order hook, `context.appointments` of appointment-book; an empty object on any
        other hook."""
        drafts = self.context.get(PROPOSALS.get(self.hook, "draftOrders"))
        return drafts if isinstance(drafts, dict) else {}

    @property
    def selections(self) -> tuple[str, ...] | None:
        """`context.selections`; None where there is none, or one that names no draft: every draft is then meant."""
        given = self.context.get("selections")
        if not isinstance(given, list) or not all(isinstance(item, str) and item for item in given):
            return None
        return tuple(given) or None


def read_request(body: object, *, serves: Iterable[str]) -> HookRequest:
    """The envelope of a parsed JSON body, for a service that is registered for the hooks in `serves`.

    Required are `hook`, `hookInstance`, `context.patientId` and, on the hooks about proposed dates, their Bundle.
    Unknown fields are ignored, and so is a null where a value is optional. Raises BadRequestError with all its faults.
    """
    if not isinstance(body, dict):
        raise BadRequestError([Fault("$", "the body must be a JSON object", "structure")])
    faults: list[Fault] = []
    hook = _text(body, "hook", "hook", faults)
    hook_instance = _text(body, "hookInstance", "hookInstance", faults)
    if hook and hook not in serves:
        # sorted, so that the message does not depend on the order of a set
        offered = ", ".join(sorted(serves))
        what = f"this service is not registered for the hook; it serves {offered}"
        faults.append(Fault("hook", what, "not-supported"))
    context = body.get("context")
    patient_id = ""
    if isinstance(context, dict):
        patient_id = _patient_id(context, faults)
        bundle = PROPOSALS.get(hook)
        if bundle is not None and not isinstance(context.get(bundle), dict):
            faults.append(_missing(f"context.{bundle}", context.get(bundle), "a Bundle"))
    else:
        faults.append(_missing("context", context, "an object"))
        context = {}
    if faults:
        raise BadRequestError(faults)
    return _with_optional_fields(body, hook, hook_instance, patient_id, context)


def _with_optional_fields(
    body: dict[str, Any], hook: str, hook_instance: str, patient_id: str, context: Mapping[str, Any]
) -> HookRequest:
    unusable = []
    prefetch = body.get("prefetch")
    if not isinstance(prefetch, dict):
        if prefetch is not None:
            unusable.append("prefetch")
        prefetch = _NOTHING
    server = body.get("fhirServer")
    if not isinstance(server, str) or not server.strip():
        if server is not None:
            unusable.append("fhirServer")
        server = None
    authorization = body.get("fhirAuthorization")
    token = authorization.get("access_token") if isinstance(authorization, dict) else None
    if not isinstance(token, str) or not token:
        if authorization is not None:
            unusable.append("fhirAuthorization")
        token = None
    return HookRequest(
        hook,
        hook_instance,
        patient_id,
        context,
        prefetch,
        server.strip() if server else None,
        token,
        tuple(unusable),
    )


def _text(body: Mapping[str, Any], key: str, where: str, faults: list[Fault]) -> str:
    value = body.get(key)
    if isinstance(value, str) and value.strip():
        return value
    faults.append(_missing(where, value, "a string"))
    return ""


_PATIENT = re.compile(r"(?:.*/)?Patient/([^/\s]+)(?:/_history/.*)?")


def _patient_id(context: Mapping[str, Any], faults: list[Fault]) -> str:
    """The bare id; published requests also send `Patient/x` and absolute references."""
    given = _text(context, "patientId", "context.patientId", faults).strip()
    referred = _PATIENT.fullmatch(given)
    if referred is not None:
        return referred[1]
    if given and any(char in "/:" or char.isspace() for char in given):
        faults.append(Fault("context.patientId", "this is not the id of a patient", "value"))
    return given


def _missing(where: str, value: object, wanted: str) -> Fault:
    if value is None or value == "":
        return Fault(where, f"this field is required: {wanted}")
    return Fault(where, f"this field must be {wanted}, with a value", "value")


def operation_outcome(code: str, text: str, expression: str | None = None) -> Resource:
    """A FHIR OperationOutcome of one error. `code` is a FHIR issue type such as `required` or `not-found`."""
    return {"resourceType": "OperationOutcome", "issue": [_issue(code, text, expression)]}


def _issue(code: str, text: str, expression: str | None) -> Resource:
    issue: Resource = {"severity": "error", "code": code, "diagnostics": text}
    # "$" is no FHIRPath: a body that is no object has no field to name
    if expression and expression != "$":
        issue["expression"] = [expression]
    return issue
