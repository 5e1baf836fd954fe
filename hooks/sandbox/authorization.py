"""The sandbox as a SMART server: it opens an application for a made-up patient, and signs in whoever comes.

It is for this machine alone: nobody is asked who they are, and codes go to listed redirect URIs on this machine only.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from authlib.oauth2.rfc7636 import create_s256_code_challenge
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from cds.fhir.client_keys import ClientKey
from hooks.pages.render import page
from hooks.sandbox.running import loopback
from hooks.security.urls import is_loopback

CLIENT = "nusinersen-cds-demo"
OPEN = "/auth/open"
USER = "Practitioner/demo"
_CODE_SECONDS, _TOKEN_SECONDS = 60, 3600
_ASKED = ("response_type", "client_id", "redirect_uri", "scope", "state", "aud", "launch", "nonce", "code_challenge",
          "code_challenge_method")  # fmt: skip


@dataclass(frozen=True, slots=True)
class App:
    """An application that is registered: where it is opened, and where codes are sent."""

    launch_url: str
    redirect_uri: str

    def __post_init__(self) -> None:
        for url in (self.launch_url, self.redirect_uri):
            if not is_loopback(urlsplit(url).hostname or ""):
                raise ValueError(f"the sandbox signs in for applications on this machine alone, not for {url}")


@dataclass(frozen=True, slots=True)
class _Code:
    asked: Mapping[str, str]
    patient: str
    until: datetime


@dataclass(frozen=True, slots=True)
class _Token:
    patient: str
    until: datetime


class Authorization:
    """Codes and tokens of one run."""

    def __init__(self, base_url: str, app: App, patients: Mapping[str, str], clock: Callable[[], datetime]) -> None:
        """`base_url` ends in `/fhir`; `patients` are titles by id."""
        self._base, self._root = base_url, base_url.removesuffix("/fhir")
        self._bases = loopback(base_url)
        self._app, self._patients, self._clock = app, patients, clock
        self._key = ClientKey.make("ES384")
        self._launches: dict[str, str] = {}
        self._codes: dict[str, _Code] = {}
        self._tokens: dict[str, _Token] = {}

    def add(self, app: FastAPI) -> None:
        """Bind its routes, and check tokens before the routes of FHIR."""
        app.add_api_route("/fhir/.well-known/smart-configuration", self._configuration)
        app.add_api_route("/auth/keys", self._keys)
        app.add_api_route(OPEN, self._open)
        app.add_api_route("/auth/authorize", self._authorize)
        app.add_api_route("/auth/token", self._token, methods=["POST"])
        app.add_middleware(_Tokens, check=self.refusal)

    def refusal(self, token: str, patient: str | None) -> int:
        """The status for a request with a token: 0 where it is good, for this patient."""
        known = self._tokens.get(token)
        if known is None or self._clock() >= known.until:
            return 401
        return 403 if known.patient and patient not in {None, known.patient, f"Patient/{known.patient}"} else 0

    def _configuration(self) -> Response:
        told = {
            "issuer": self._base,
            "jwks_uri": f"{self._root}/auth/keys",
            "authorization_endpoint": f"{self._root}/auth/authorize",
            "token_endpoint": f"{self._root}/auth/token",
            "token_endpoint_auth_methods_supported": ["none"],
            "grant_types_supported": ["authorization_code"],
            "response_types_supported": ["code"],
            "code_challenge_methods_supported": ["S256"],
            "scopes_supported": ["openid", "fhirUser", "launch", "launch/patient", "patient/*.rs", "user/*.rs"],
            "capabilities": [
                "launch-ehr", "launch-standalone", "client-public", "sso-openid-connect", "context-ehr-patient",
                "context-standalone-patient", "permission-patient", "permission-user", "permission-v2",
            ],
        }  # fmt: skip
        return JSONResponse(told)

    def _keys(self) -> Response:
        return JSONResponse({"keys": [self._key.public_jwk]})

    def _open(self, patient: str = "") -> Response:
        """What an EHR does where a link of a card is clicked."""
        if patient not in self._patients:
            return _refused("there is no made-up patient of this name")
        launch = secrets.token_urlsafe(16)
        self._launches[launch] = patient
        return RedirectResponse(f"{self._app.launch_url}?{urlencode({'iss': self._base, 'launch': launch})}", 303)

    def _authorize(self, request: Request) -> Response:
        """A code at once, or the choice of a patient before it, where the EHR has chosen none."""
        given = dict(request.query_params)
        asked = {name: given.get(name, "") for name in _ASKED}
        if asked["client_id"] != CLIENT or asked["redirect_uri"] != self._app.redirect_uri:
            return _refused("this client, or its redirect URI, is not registered here")
        fault = self._fault(asked)
        scopes = asked["scope"].split()
        patient = self._launches.get(asked["launch"], "") if asked["launch"] else given.get("patient", "")
        if not fault and "launch/patient" in scopes and patient not in self._patients:
            choices = [
                (each, title, f"/auth/authorize?{urlencode({**asked, 'patient': each})}")
                for each, title in self._patients.items()
            ]
            return page("sandbox_sign_in.html.j2", choices=choices, user=USER)
        if not fault and "launch" in scopes and not patient:
            fault = "invalid_request"
        answer = {"state": asked["state"]}
        if fault:
            answer["error"] = fault
        else:
            answer["code"] = secrets.token_urlsafe(16)
            self._codes[answer["code"]] = _Code(asked, patient, self._clock() + timedelta(seconds=_CODE_SECONDS))
        return RedirectResponse(f"{self._app.redirect_uri}?{urlencode(answer)}", 303)

    def _fault(self, asked: Mapping[str, str]) -> str:
        if asked["response_type"] != "code":
            return "unsupported_response_type"
        good = asked["aud"] in self._bases and asked["code_challenge"] and asked["code_challenge_method"] == "S256"
        return "" if good else "invalid_request"

    async def _token(self, request: Request) -> Response:
        """A token for a code, to whoever knows the verifier of its challenge."""
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode("ascii", "replace")).items()}
        # a code is good once, whatever comes of it
        code, now = self._codes.pop(form.get("code", ""), None), self._clock()
        if form.get("grant_type") != "authorization_code":
            return _error("unsupported_grant_type")
        if form.get("client_id") != CLIENT:
            return _error("invalid_client")
        if (
            code is None
            or now >= code.until
            or form.get("redirect_uri") != code.asked["redirect_uri"]
            or create_s256_code_challenge(form.get("code_verifier", "")) != code.asked["code_challenge"]
        ):
            return _error("invalid_grant")
        token = secrets.token_urlsafe(24)
        self._tokens[token] = _Token(code.patient, now + timedelta(seconds=_TOKEN_SECONDS))
        told: dict[str, Any] = {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": _TOKEN_SECONDS,
            "scope": code.asked["scope"],
        }
        if code.patient:
            told["patient"] = code.patient
        if "openid" in code.asked["scope"].split():
            told["id_token"] = self._id_token(code, now)
        return JSONResponse(told, headers={"Cache-Control": "no-store"})

    def _id_token(self, code: _Code, now: datetime) -> str:
        seconds = int(now.timestamp())
        claims = {
            "iss": self._base,
            "sub": "demo",
            "aud": CLIENT,
            "iat": seconds,
            "exp": seconds + _TOKEN_SECONDS,
            "nonce": code.asked["nonce"],
            "fhirUser": f"{code.asked['aud']}/{USER}",
        }
        return self._key.sign(claims)


class _Tokens:
    """Whoever comes with a token needs a good one; without one everybody may read, since all patients are made up."""

    def __init__(self, app: ASGIApp, check: Callable[[str, str | None], int]) -> None:
        self._app, self._check = app, check

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] == "http" and scope["path"].startswith("/fhir/"):
            request = Request(scope)
            kind, _, token = request.headers.get("authorization", "").partition(" ")
            status = self._check(token, request.query_params.get("patient")) if kind.lower() == "bearer" else 0
            if status:
                outcome = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "security"}]}
                await JSONResponse(outcome, status)(scope, receive, send)
                return
        await self._app(scope, receive, send)


def _refused(why: str) -> Response:
    return Response(why, 400, media_type="text/plain")


def _error(code: str) -> Response:
    return JSONResponse({"error": code}, 400, {"Cache-Control": "no-store"})
