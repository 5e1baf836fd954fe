"""A made-up CDS service that keeps every rule, CRD's too, and shares no code with ours."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from itertools import count
from typing import Any

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

Json = dict[str, Any]

BASE = "https://service.example.invalid/base"
NOW = datetime(2026, 5, 3, 23, 45, tzinfo=UTC)
ISSUER = "https://client.example.invalid"
CHART, ORDER = "example-chart", "example-order"
COVERAGE_URL = "http://hl7.org/fhir/us/davinci-crd/StructureDefinition/ext-coverage-information"
# What stands in an extension follows the rules of its author.
OWN: Json = {"a": 1, "nobody": [], "nothing": None, "extension": {}}
CORS = {"Access-Control-Allow-Origin": "*"}


@cache
def key() -> ec.EllipticCurvePrivateKey:
    """The key of the client; one for all tests of a process."""
    return ec.generate_private_key(ec.SECP384R1())


def pem() -> bytes:
    """The same key as a PEM file holds it."""
    return key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def discovery() -> Json:
    return {
        "services": [
            {
                "hook": "patient-view",
                "id": CHART,
                "title": "Chart",
                "description": "Looks at the chart",
                "prefetch": {
                    "patient": "Patient/{{context.patientId}}",
                    "doses": "MedicationAdministration?patient={{context.patientId}}&_sort=-effective-time",
                    "visit": "Encounter?_id={{context.encounterId}}",
                    "user": "Practitioner/{{userPractitionerId}}",
                    "role": "PractitionerRole/{{userPractitionerRoleId}}",
                },
                "usageRequirements": "None",
                "extension": {"org.example": OWN},
            },
            {
                "hook": "order-sign",
                "id": ORDER,
                "title": "Orders",
                "description": "Looks at orders",
                "prefetch": {"doses": "MedicationAdministration?patient={{context.patientId}}"},
            },
        ]
    }


def answer(request: Json, uuids: Any) -> Json:
    """Cards of every kind, with all that a card can hold."""
    drafts = request["context"].get("draftOrders", {}).get("entry", [])
    full = {
        "uuid": next(uuids),
        "summary": "A" * 139,
        "detail": "More",
        "indicator": "warning",
        "source": {
            "label": "Label",
            "url": "https://label.example.invalid/",
            "icon": "https://label.example.invalid/icon.png",
            "topic": {"code": "Topic", "system": "urn:example"},
        },
        "overrideReasons": [{"code": "a", "system": "urn:example", "display": "A"}],
        "extension": {"org.example": OWN},
    }
    bare = {key: full[key] for key in ("summary", "indicator", "source")}
    links = [{"label": "Text", "url": "https://label.example.invalid/", "type": "absolute"}]
    smart = [{"label": "App", "url": "https://app.example.invalid/", "type": "smart", "appContext": "x"}]
    cards: list[Json] = [
        full,
        {**bare, "uuid": next(uuids), "links": links},
        {**bare, "uuid": next(uuids), "links": smart},
        {**bare, "uuid": next(uuids), "suggestions": forms(uuids), "selectionBehavior": "any"},
    ]
    if not drafts:
        return {"cards": cards}
    order = drafts[0]["resource"]
    cards.append(
        {**bare, "uuid": next(uuids), "suggestions": changes(order, uuids), "selectionBehavior": "at-most-one"}
    )
    told = {"url": COVERAGE_URL, "extension": [{"url": "coverage", "valueReference": {"reference": "Coverage/1"}}]}
    system = [{"type": "update", "description": "Coverage", "resource": {**order, "extension": [told]}}]
    return {"cards": cards, "systemActions": system}


def changes(order: Json, uuids: Any) -> list[Json]:
    """The order changed, removed, or another one beside it."""
    reference = f"{order['resourceType']}/{order['id']}"
    new = {key: value for key, value in order.items() if key != "id"}
    actions = [
        {"type": "update", "description": "Later", "resource": {**order, "note": [{"text": "later"}]}},
        {"type": "delete", "description": "Not at all", "resourceId": reference},
        {"type": "create", "description": "Another", "resource": new},
    ]
    suggestions: list[Json] = [
        {"label": action["description"], "uuid": next(uuids), "actions": [action]} for action in actions
    ]
    suggestions[0]["isRecommended"] = True
    return suggestions


def forms(uuids: Any) -> list[Json]:
    """A Task for a questionnaire, and a Coverage."""
    concept = {"coding": [{"system": "urn:example", "code": "complete-questionnaire"}]}
    asked = [{"type": {"text": "questionnaire"}, "valueCanonical": "https://forms.example.invalid/1"}]
    task = {"resourceType": "Task", "status": "requested", "intent": "order", "code": concept, "input": asked}
    one = {"reference": "Patient/example-overdue"}
    coverage = {"resourceType": "Coverage", "status": "active", "beneficiary": one, "payor": [one]}
    return [
        {
            "label": "Add",
            "uuid": next(uuids),
            "actions": [{"type": "create", "description": "Add", "resource": resource}],
        }
        for resource in (task, coverage)
    ]


@dataclass(slots=True)
class Good:
    """The service, called with a request and giving its response. The flags are rules that a broken one leaves out."""

    audience: bool = True
    expiry: bool = True
    signature: bool = True
    issuer: bool = True
    replay: bool = True
    algorithms: tuple[str, ...] = ("ES384",)
    token_needed: bool = True
    seen: set[str] = field(default_factory=set)
    cards_given: set[str] = field(default_factory=set)
    uuids: Any = field(default_factory=lambda: (f"00000000-0000-4000-8000-{n:012d}" for n in count(1)))

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.method == "OPTIONS":
            headers = {"Access-Control-Allow-Headers": "Authorization, Content-Type"}
            return httpx.Response(200, headers={**CORS, **headers})
        if not self._known(request):
            return httpx.Response(401, headers=CORS)
        path = request.url.path.removeprefix("/base")
        if path == "/cds-services" and request.method == "GET":
            return said(200, discovery())
        identifier, _, rest = path.removeprefix("/cds-services/").partition("/")
        if identifier not in {CHART, ORDER} or request.method != "POST":
            return said(404, outcome("not-found"))
        try:
            body = json.loads(request.content)
        except ValueError:
            return said(400, outcome("structure"))
        return self._feedback(body) if rest == "feedback" else self._call(identifier, body)

    def _call(self, identifier: str, body: Json) -> httpx.Response:
        hook = next(one["hook"] for one in discovery()["services"] if one["id"] == identifier)
        if body.get("hook") != hook or not body.get("hookInstance") or not isinstance(body.get("context"), dict):
            return said(400, outcome("required"))
        given = body.get("prefetch", {})
        if "doses" not in given or is_unusable(given["doses"]):
            return said(412, outcome("processing"))
        if given["doses"] is None:
            return said(200, {"cards": []})
        return said(200, answer(body, self.uuids))

    def _feedback(self, body: Any) -> httpx.Response:
        every = body.get("feedback") if isinstance(body, dict) else None
        return said(200, {}) if isinstance(every, list) else said(400, outcome("structure"))

    def _known(self, request: httpx.Request) -> bool:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if not token:
            return not self.token_needed
        options: Any = {
            "verify_signature": self.signature,
            "verify_exp": self.expiry,
            "verify_aud": self.audience,
            "verify_iss": self.issuer,
            "verify_iat": False,
            "require": [],
        }
        try:
            algorithm = jwt.get_unverified_header(token)["alg"]
            if algorithm not in self.algorithms:
                return False
            claims = self._claims(token, algorithm, str(request.url), options)
        except jwt.PyJWTError:
            return False
        if self.replay and claims["jti"] in self.seen:
            return False
        self.seen.add(claims["jti"])
        return True

    def _claims(self, token: str, algorithm: str, url: str, options: Any) -> Json:
        if algorithm != "ES384":
            # the broken service that takes any algorithm: it reads the claims and looks no further
            unverified: Json = jwt.decode(token, options={"verify_signature": False})
            return unverified
        # the claims are checked against the clock of the tests, which stands still
        shift = int(datetime.now(UTC).timestamp() - NOW.timestamp())
        decoded: Json = jwt.decode(
            token,
            key().public_key(),
            algorithms=["ES384"],
            audience=url,
            issuer=ISSUER,
            leeway=shift,
            options={**options, "verify_exp": False},
        )
        if self.expiry and decoded["exp"] < NOW.timestamp():
            raise jwt.ExpiredSignatureError
        return decoded


def is_unusable(value: Any) -> bool:
    return isinstance(value, str) or (isinstance(value, dict) and value.get("resourceType") != "Bundle")


def said(status: int, body: Any) -> httpx.Response:
    return httpx.Response(status, json=body, headers=CORS)


def outcome(code: str) -> Json:
    issue = {"severity": "error", "code": code, "diagnostics": "said what was wrong"}
    return {"resourceType": "OperationOutcome", "issue": [issue]}
