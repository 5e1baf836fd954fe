"""The two requests of OAuth by Authlib: the URL that the browser is sent to, and the exchange of the code for a token.

Authlib makes and reads the messages. They are sent by the client that reads FHIR, so that the list of servers, the
check of their addresses, the proxy and the limits hold for them too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import orjson
from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc.jwk import import_key

from cds.fhir.errors import FhirError
from cds.fhir.exchange import Exchange, Reply
from cds.fhir.limits import Budget
from cds.fhir.smart_configuration import SmartConfiguration
from hooks.launch.client import Client
from hooks.launch.failure import ADMINISTRATOR, AGAIN, LaunchError
from hooks.launch.pending import Pending
from hooks.launch.places import DRUG

_WHAT = "the request for an access token"
_BASIC, _POST = "client_secret_basic", "client_secret_post"
_REFUSALS = {
    "invalid_client": "it does not know this client, its secret or its key",
    "invalid_grant": "the code was used before, is too old, or is of another client",
    "invalid_request": "it does not understand the request",
    "invalid_scope": "it does not grant what was asked for",
    "unauthorized_client": "this client may not sign people in",
    "unsupported_grant_type": "it does not sign people in by a code",
}
"""The codes of RFC 6749, 5.2, that are told. Any other text of a server stays untold: it could name the patient."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What the token endpoint gave. `seconds` and `scopes` are None where it does not say: the same scopes then;
    scopes that cannot be read are none. `drug`
    is that of the card whose link was opened, as far as the EHR passes that on."""

    token: str = field(repr=False)
    seconds: float | None
    scopes: tuple[str, ...] | None
    patient: str = field(repr=False)
    drug: str
    id_token: str = field(repr=False)


def authorization_url(
    server: SmartConfiguration, client: Client, pending: Pending, *, redirect: str, launch: str | None
) -> str:
    """Where the browser goes to have the user signed in."""
    url: str = prepare_grant_uri(
        server.authorization_endpoint,
        client.id,
        "code",
        redirect_uri=redirect,
        scope=" ".join(pending.scopes),
        state=pending.state,
        aud=pending.audience,
        launch=launch,
        nonce=pending.nonce if "openid" in pending.scopes else None,
        code_challenge=create_s256_code_challenge(pending.verifier),
        code_challenge_method="S256",
    )
    return url


async def fetch_grant(
    exchange: Exchange,
    server: SmartConfiguration,
    client: Client,
    budget: Budget,
    *,
    code: str,
    verifier: str,
    redirect: str,
) -> Grant:
    """The token for a code. Raises LaunchError."""
    body = prepare_token_request("authorization_code", redirect_uri=redirect, code=code, code_verifier=verifier)
    auth = _authentication(server, client)
    _, headers, body = auth.prepare("POST", server.token_endpoint, {"Accept": "application/json"}, body)
    try:
        reply = await exchange(server.token_endpoint, _WHAT, budget, headers=headers, form=dict(parse_qsl(body)))
    except FhirError as error:
        raise LaunchError("no-token-answer", f"The EHR gave no access. {error.message}.", ADMINISTRATOR, 502) from None
    return _read(reply)


def _authentication(server: SmartConfiguration, client: Client) -> ClientAuth:
    if client.key is not None:
        method = PrivateKeyJWT(server.token_endpoint, headers={"kid": client.key.kid}, alg=client.key.algorithm)
        return ClientAuth(client.id, import_key(client.key.private_jwk), method)
    if client.secret:
        only_post = _POST in server.methods and _BASIC not in server.methods
        return ClientAuth(client.id, client.secret, _POST if only_post else _BASIC)
    return ClientAuth(client.id, None, "none")


def _read(reply: Reply) -> Grant:
    told = reply.json
    if reply.status != 200 or not isinstance(told, dict) or "error" in told:
        raise _refusal(reply.status, told)
    token, of_type = told.get("access_token"), told.get("token_type", "bearer")
    if not isinstance(token, str) or not token or str(of_type).lower() != "bearer":
        raise LaunchError("no-bearer-token", "The EHR answered without a token that can be used.", ADMINISTRATOR, 502)
    granted = told.get("scope")
    return Grant(
        token,
        _seconds(told),
        None if granted is None else tuple(granted.split()) if isinstance(granted, str) else (),
        _text(told, "patient"),
        _drug(told),
        _text(told, "id_token"),
    )


def _refusal(status: int, told: object) -> LaunchError:
    code = told.get("error") if isinstance(told, dict) else None
    reason = _REFUSALS.get(code) if isinstance(code, str) else None
    said = f"{code}: {reason}" if reason else f"status {status}, without a reason that can be told"
    advice = AGAIN if code == "invalid_grant" else ADMINISTRATOR
    return LaunchError("token-refused", f"The EHR gave no access ({said}).", advice, 502)


def _drug(told: Mapping[str, Any]) -> str:
    try:
        context = orjson.loads(_text(told, "appContext"))
    except orjson.JSONDecodeError:
        return ""
    return _text(context, DRUG) if isinstance(context, dict) else ""


def _text(told: Mapping[str, Any], name: str) -> str:
    value = told.get(name)
    return value if isinstance(value, str) else ""


def _seconds(told: Mapping[str, Any]) -> float | None:
    """`expires_in`; a number written as a string is met."""
    value = told.get("expires_in")
    try:
        seconds = float(value) if isinstance(value, (int, float, str)) and not isinstance(value, bool) else 0.0
    except ValueError:
        return None
    return seconds if 0 < seconds < 1e9 else None
