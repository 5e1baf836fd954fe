"""Who signed in: an id_token verified by the keys of its issuer; its claims are checked by Authlib."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson
from authlib.oidc.core import CodeIDToken
from joserfc.errors import JoseError
from jwt.api_jws import PyJWS
from jwt.exceptions import PyJWTError

from hooks.launch.failure import ADMINISTRATOR, LaunchError
from hooks.security.clients import RefusedError
from hooks.security.key_sources import KeySource

_ALGORITHMS = ("RS256", "RS384", "ES256", "ES384")
_LONGEST = 16_384
_LEEWAY = 60
_JWS = PyJWS()


async def verified(
    text: str,
    keys: KeySource,
    *,
    issuer: str,
    client_id: str,
    nonce: str,
    access_token: str,
    now: datetime,
) -> Mapping[str, Any]:
    """The claims of an id_token. Raises LaunchError where one of them is not as it must be."""
    header = _header(text)
    algorithm = header["alg"]
    claims = _signed(text, await _keys(keys, header["kid"], algorithm), algorithm)
    wanted = {"iss": {"essential": True, "value": issuer}, "aud": {"essential": True, "value": client_id}}
    params = {"nonce": nonce, "client_id": client_id, "access_token": access_token}
    try:
        CodeIDToken(claims, header, wanted, params).validate(int(now.timestamp()), _LEEWAY)
    except (JoseError, TypeError, ValueError) as error:
        # its claim is named, and never its value
        claim = getattr(error, "claim", "") or type(error).__name__
        raise _failure("claim", f"it is not for this sign-in, or not valid now ({claim})") from None
    return claims


def _header(text: str) -> Mapping[str, Any]:
    if not text:
        raise _failure("missing", "there is none")
    try:
        header = _JWS.get_unverified_header(text) if len(text) <= _LONGEST else {}
    except PyJWTError:
        header = {}
    if header.get("alg") not in _ALGORITHMS or not isinstance(header.get("kid"), str):
        known = ", ".join(_ALGORITHMS)
        raise _failure("form", f"it is none that can be checked: signed by one of {known}, with a kid")
    return header


async def _keys(keys: KeySource, kid: str, algorithm: str) -> tuple[Any, ...]:
    try:
        found = await keys.find(kid, algorithm)
    except RefusedError:
        raise _failure("keys", "the keys of its issuer could not be read") from None
    if not found:
        raise _failure("key", "its issuer has no such key")
    return found


def _signed(text: str, keys: tuple[Any, ...], algorithm: str) -> dict[str, Any]:
    for key in keys:
        try:
            claims = orjson.loads(_JWS.decode_complete(text, key, algorithms=[algorithm])["payload"])
        except (PyJWTError, orjson.JSONDecodeError):
            continue
        if isinstance(claims, dict):
            return claims
    raise _failure("signature", "it is not signed by its issuer")


def _failure(why: str, what: str) -> LaunchError:
    return LaunchError(
        f"id-token-{why}", f"The EHR did not prove who signs in: of the id_token, {what}.", ADMINISTRATOR
    )
