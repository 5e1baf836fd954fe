"""A patient, an order and a caller whose every value is marked, and servers that repeat the marks in their answers."""

from __future__ import annotations

import re
from typing import Any

import httpx

from tests.service.ehr import ATC, SERVER, Resource, bundle, call, history

MARK = re.compile(r"zq\w+?qz", re.IGNORECASE)
"""A marked value: whatever of this form is found in a log line, a metric, a trace or an error has got out."""
REFERENCE = "zqDraftqz"
"""The id of the draft: the only one that may stand on a card that says "not checked", for its EHR to find the order."""
SECRET = "zqSecretqz"
"""Part of tokens, headers and other ids of the call: these may stand nowhere at all."""
HEADERS = {
    "User-Agent": SECRET,
    "Cookie": f"session={SECRET}",
    "Referer": f"https://ehr.example.invalid/{SECRET}",
    "X-Request-Id": SECRET,
    "X-Incident-Id": SECRET,
    "traceparent": f"00-{SECRET}-{SECRET}-01",
    "tracestate": f"vendor={SECRET}",
    "baggage": f"patient={SECRET}",
    "X-Forwarded-For": SECRET,
}


def signed_off(what: str) -> Resource:
    """Fields that a resource may have, each with a mark."""
    return {
        "identifier": [{"system": "urn:zqSystemqz", "value": "zqIdentifierqz"}],
        "note": [{"text": f"zqNote{what}qz"}],
        "text": {"status": "generated", "div": "<div>zqNarrativeqz</div>"},
        "extension": [{"url": "https://zqUrlqz.example.invalid", "valueString": "zqExtensionqz"}],
        "zqNameqz": "zqUnknownqz",
    }


def dose(day: str = "2026-04-27", **changes: Any) -> Resource:
    """An administration."""
    return {
        "resourceType": "MedicationAdministration",
        "id": "zqDoseqz",
        "status": "completed",
        "medicationCodeableConcept": {**ATC, "text": "zqMedicationqz"},
        "subject": {"reference": "Patient/zqPatientqz", "display": "zqPersonqz"},
        "performer": [{"actor": {"reference": "Practitioner/zqPerformerqz"}}],
        "effectiveDateTime": day,
        "dosage": {"text": "zqDosageqz", "dose": {"value": 12, "unit": "mg"}},
        **signed_off("Dose"),
        **changes,
    }


def order(**changes: Any) -> Resource:
    """A draft order."""
    return {
        "resourceType": "MedicationRequest",
        "id": REFERENCE,
        "status": "draft",
        "intent": "order",
        "medicationCodeableConcept": {**ATC, "text": "zqMedicationqz"},
        "subject": {"reference": "Patient/zqPatientqz", "display": "zqPersonqz"},
        "dosageInstruction": [{"text": "zqInstructionqz", "timing": {"event": ["2026-05-06"]}}],
        **signed_off("Order"),
        **changes,
    }


def nameless(resource: Resource) -> Resource:
    """The same, of a Medication that is elsewhere."""
    changed = {**resource, "medicationReference": {"reference": "Medication/zqElsewhereqz"}}
    del changed["medicationCodeableConcept"]
    return changed


def asked(hook: str, *drafts: Resource, **more: Any) -> Resource:
    """A call about the marked patient."""
    context = {"patientId": "zqPatientqz", "userId": f"Practitioner/{SECRET}", "encounterId": "zqEncounterqz"}
    return {
        **call(hook, drafts=list(drafts) if hook != "patient-view" else None, context=context),
        "hookInstance": SECRET,
        "extension": {"com.example.zqKeyqz": "zqExtensionqz"},
        **more,
    }


def readable(request: Resource, server: str = SERVER) -> Resource:
    """The same call, with a server and a token."""
    token = {
        "access_token": SECRET,
        "token_type": "Bearer",
        "expires_in": 60,
        "scope": f"patient/{SECRET}",
        "subject": SECRET,
        "patient": "zqPatientqz",
    }
    return {**request, "fhirServer": server, "fhirAuthorization": token}


def prefetch(*resources: Resource, **more: Any) -> Resource:
    """The prefetched history."""
    nothing = dict.fromkeys(("orders", "appointments", "statements", "patient"))
    return {"administrations": bundle(list(resources), **more), **nothing}


OUTCOME = {
    "resourceType": "OperationOutcome",
    "id": "zqOutcomeqz",
    "issue": [
        {
            "severity": "error",
            "code": "zqCodeqz",
            "diagnostics": "Patient/zqPatientqz",
            "details": {"text": "zqDetailqz", "coding": [{"code": "zqCodingqz"}]},
            "expression": ["zqExpressionqz"],
        }
    ],
}


def refusing(status: int) -> httpx.Response:
    """An answer with a status, which quotes the patient wherever it can."""
    headers = {"Location": f"{SERVER}/Patient/zqLocationqz", "WWW-Authenticate": 'Bearer error="zqErrorqz"'}
    return httpx.Response(status, json=OUTCOME, headers=headers)


def raising(kind: type[Exception]) -> httpx.Response:
    """No answer, but an error whose text names the patient."""
    raise kind("GET https://ehr.example.invalid/fhir?patient=zqPatientqz")


def answered(body: object = None, **more: Any) -> httpx.Response:
    """A 200 with any body."""
    return httpx.Response(200, **({"json": body} if body is not None else {}), **more)


NEXT = [{"relation": "next", "url": f"{SERVER}?page=zqPageqz"}]
AWAY = [{"relation": "next", "url": "https://elsewhere.example.invalid/zqAwayqz"}]
SERVERS = {
    **{f"status {status}": (lambda status=status: refusing(status)) for status in (302, 400, 401, 403, 404, 410, 429)},
    **{f"status {status}": (lambda status=status: refusing(status)) for status in (500, 501, 503, 600)},
    **{
        kind.__name__: (lambda kind=kind: raising(kind))
        for kind in (httpx.ConnectError, httpx.ReadTimeout, httpx.RemoteProtocolError, httpx.DecodingError, ValueError)
    },
    "HTML": lambda: answered(text="<html>zqPersonqz</html>", headers={"Content-Type": "text/html"}),
    "JSON cut short": lambda: answered(text='{"resourceType": "zqTypeqz'),
    "a list": lambda: answered(["zqPersonqz"]),
    "an OperationOutcome": lambda: answered(OUTCOME),
    "a Bundle with one": lambda: answered(bundle([OUTCOME])),
    "other resources": lambda: answered(bundle([{"resourceType": "Patient", "id": "zqPatientqz"}])),
    "a type of no resource": lambda: answered(bundle([{"resourceType": "zqTypeqz", "id": "zqIdqz"}])),
    "an endless history": lambda: answered(bundle([dose()], link=NEXT)),
    "a link elsewhere": lambda: answered(bundle([dose()], link=AWAY)),
    "a link of no use": lambda: answered(bundle([dose()], link=[{"relation": "next", "url": "http://[zqLinkqz"}])),
    "a Medication elsewhere": lambda: answered(bundle([nameless(dose())])),
    "another patient": lambda: answered(bundle([dose(subject={"reference": "Patient/zqAnotherqz"})])),
    "a broken record": lambda: answered(bundle([dose(effectiveDateTime="zqDateqz", status="zqStatusqz")])),
    "records of no sense": lambda: answered(bundle([dose(dosage=["zqDosageqz"], subject="zqSubjectqz"), {"zq1qz": 2}])),
    "contradicting records": lambda: answered(bundle([dose(), dose("2026-04-01")])),
    "an id of a million": lambda: answered(bundle([dose(id="zq" + "1" * 100_000 + "qz")])),
    "a history": lambda: answered(bundle([*history("2025-10-01"), dose()])),
}
"""What the FHIR server does."""
