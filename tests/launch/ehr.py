"""An EHR as a SMART server, over a transport in place of the network: what it answers can be changed by a test."""

from __future__ import annotations

from base64 import b64decode, urlsafe_b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import jwt

from cds.fhir.client_keys import ClientKey

NOW = datetime(2026, 4, 30, 18, 30, tzinfo=UTC)
FHIR = "https://ehr.example.invalid/fhir"
AUTH = "https://login.example.invalid"
CLIENT = "our-client"
SECRET = "made-up-secret"
ATC = {"coding": [{"system": "http://www.whocc.no/atc", "code": "M09AX07"}]}
KEY, OTHER_KEY = ClientKey.make("ES384"), ClientKey.make("ES384")

Resource = dict[str, Any]


def given(name: str, day: str) -> Resource:
    return {
        "resourceType": "MedicationAdministration",
        "id": name,
        "status": "completed",
        "medicationCodeableConcept": ATC,
        "subject": {"reference": "Patient/anna"},
        "effectiveDateTime": day,
    }


class Ehr:
    """`configuration`, `token` and `claims` are laid over what a good server answers; None takes a name away. `asked`
    are all requests."""

    def __init__(self) -> None:
        self.configuration: dict[str, Any] = {}
        self.token: dict[str, Any] = {}
        self.claims: dict[str, Any] = {}
        self.token_status = 200
        self.fhir_status = 200
        self.key = KEY
        self.patient: Resource | None = {
            "resourceType": "Patient", "id": "anna", "name": [{"family": "Berg", "given": ["Anna"]}],
            "birthDate": "2019-04-02",
        }  # fmt: skip
        self.records = [given("a1", "2026-01-01"), given("a2", "2026-01-15")]
        self.asked: list[httpx.Request] = []
        self._codes: dict[str, Mapping[str, str]] = {}

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """One request from the service."""
        self.asked.append(request)
        url = f"{request.url.scheme}://{request.url.host}{request.url.path}"
        if url == f"{FHIR}/.well-known/smart-configuration":
            return httpx.Response(200, json=_laid(_CONFIGURATION, self.configuration))
        if url == f"{AUTH}/keys":
            return httpx.Response(200, json={"keys": [KEY.public_jwk]})
        if url == f"{AUTH}/.well-known/openid-configuration":
            return httpx.Response(200, json={"issuer": AUTH, "jwks_uri": f"{AUTH}/keys"})
        if url == f"{AUTH}/token":
            return self._token(request)
        if url.startswith(f"{FHIR}/"):
            return self._fhir(request)
        return httpx.Response(404)

    def authorize(self, url: str, **changes: str) -> str:
        """Where the browser is sent by the authorization endpoint. `changes` are laid over the answer."""
        assert url.startswith(f"{AUTH}/authorize?"), url
        asked = dict(parse_qsl(urlsplit(url).query))
        code = f"code-{len(self._codes)}"
        self._codes[code] = asked
        answer = {"state": asked["state"], "code": code, **changes}
        return f"{asked['redirect_uri']}?{urlencode(answer)}"

    def _token(self, request: httpx.Request) -> httpx.Response:
        form = dict(parse_qsl(request.content.decode()))
        asked = self._codes.pop(form["code"], None)
        if self.token_status != 200:
            return httpx.Response(self.token_status, json=self.token)
        verifier = sha256(form["code_verifier"].encode()).digest()
        if asked is None or urlsafe_b64encode(verifier).rstrip(b"=").decode() != asked["code_challenge"]:
            return httpx.Response(400, json={"error": "invalid_grant", "error_description": "Anna Berg"})
        told = {
            "access_token": "the-token", "token_type": "Bearer", "expires_in": 3600, "scope": asked["scope"],
            "patient": "anna", "id_token": self._id_token(asked),
        }  # fmt: skip
        return httpx.Response(200, json=_laid(told, self.token))

    def _id_token(self, asked: Mapping[str, str]) -> str:
        now = int(NOW.timestamp())
        claims = {
            "iss": AUTH, "sub": "7", "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": asked.get("nonce", ""),
            "fhirUser": f"{FHIR}/Practitioner/7",
        }  # fmt: skip
        return self.key.sign(_laid(claims, self.claims))

    def _fhir(self, request: httpx.Request) -> httpx.Response:
        if self.fhir_status != 200:
            return httpx.Response(self.fhir_status)
        kind = request.url.path.removeprefix("/fhir/")
        if kind == "Patient/anna":
            return httpx.Response(404) if self.patient is None else httpx.Response(200, json=self.patient)
        found = self.records if kind == "MedicationAdministration" else []
        entries = [{"resource": each, "search": {"mode": "match"}} for each in found]
        return httpx.Response(200, json={"resourceType": "Bundle", "type": "searchset", "entry": entries})

    def tokens_asked(self) -> list[httpx.Request]:
        return [each for each in self.asked if each.url.path == "/token"]


_CONFIGURATION = {
    "issuer": AUTH,
    "jwks_uri": f"{AUTH}/keys",
    "authorization_endpoint": f"{AUTH}/authorize",
    "token_endpoint": f"{AUTH}/token",
    "code_challenge_methods_supported": ["S256"],
    "capabilities": ["launch-ehr", "permission-v2"],
}


def _laid(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**under, **over}.items() if value is not None}


def basic(request: httpx.Request) -> str:
    """User and password of a request."""
    return b64decode(request.headers["authorization"].removeprefix("Basic ")).decode()


def by_form(request: httpx.Request) -> str:
    """The same, sent in the form and nowhere else."""
    form = dict(parse_qsl(request.content.decode()))
    assert "authorization" not in request.headers
    return f"{form['client_id']}:{form['client_secret']}"


def assertion(request: httpx.Request, key: ClientKey) -> dict[str, Any]:
    """The verified claims by which a client shows who it is."""
    signed, public = dict(parse_qsl(request.content.decode()))["client_assertion"], jwt.PyJWK(key.public_jwk).key
    claims: dict[str, Any] = jwt.decode(signed, public, algorithms=["ES384"], audience=f"{AUTH}/token")
    assert jwt.get_unverified_header(signed)["kid"] == key.kid
    return claims
