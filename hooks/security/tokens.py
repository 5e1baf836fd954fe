"""A token before it is believed: its parts are read strictly, and only to choose the key to check it by."""

from __future__ import annotations

import binascii
import json
import math
import re
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hooks.security.clients import RefusedError, Why

LONGEST = 8192
"""Characters of a token; those of real clients have one or two thousand."""
_LONGEST_TEXT = 1024
_COMPACT = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)")


@dataclass(frozen=True, slots=True)
class Token:
    """What a token claims. Times are seconds since 1970 UTC. `text` is the token itself: it is never logged or kept."""

    text: str = field(repr=False)
    algorithm: str
    kid: str
    jku: str | None
    issuer: str
    tenant: str | None
    audiences: tuple[str, ...]
    issued: float
    expires: float
    not_before: float | None
    jti: str = field(repr=False)


def read_token(text: str) -> Token:
    """The parts of a JWT in compact form, not verified. Raises RefusedError.

    Keys that a header brings along (`jwk`, `x5c`) or points to (`x5u`) are never looked at.
    """
    if len(text) > LONGEST:
        raise RefusedError(Why.TOO_LONG, f"{len(text)} characters")
    parts = _COMPACT.fullmatch(text)
    if parts is None:
        raise RefusedError(Why.MALFORMED)
    header, claims = _object(parts[1]), _object(parts[2])
    try:
        return _token(text, header, claims)
    except RefusedError as error:
        error.issuer, error.tenant = _shown(claims.get("iss")), _shown(claims.get("tenant"))
        raise


def _token(text: str, header: Mapping[str, Any], claims: Mapping[str, Any]) -> Token:
    if "crit" in header:
        raise RefusedError(Why.CRITICAL)
    kind = header.get("typ", "JWT")
    if not isinstance(kind, str) or kind.upper() != "JWT":
        raise RefusedError(Why.TYPE)
    algorithm = header.get("alg")
    if not isinstance(algorithm, str):
        raise RefusedError(Why.ALGORITHM)
    kid = header.get("kid")
    if not isinstance(kid, str) or not 0 < len(kid) <= _LONGEST_TEXT:
        raise RefusedError(Why.NO_KEY_ID)
    return Token(
        text,
        algorithm,
        kid,
        _optional_text(header, "jku"),
        _text(claims, "iss"),
        _optional_text(claims, "tenant"),
        _audiences(claims.get("aud")),
        _time(claims, "iat"),
        _time(claims, "exp"),
        _time(claims, "nbf") if claims.get("nbf") is not None else None,
        _text(claims, "jti"),
    )


def _object(segment: str) -> dict[str, Any]:
    try:
        raw = urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
        value = json.loads(raw, object_pairs_hook=_no_name_twice, parse_constant=_no_number)
    except (binascii.Error, ValueError, RecursionError):
        raise RefusedError(Why.MALFORMED) from None
    if not isinstance(value, dict):
        raise RefusedError(Why.MALFORMED)
    return value


def _no_name_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Two readers of one token could each take another of the two."""
    value = dict(pairs)
    if len(value) != len(pairs):
        raise RefusedError(Why.DUPLICATE_NAME)
    return value


def _no_number(name: str) -> object:
    raise ValueError(f"{name} is no JSON")


def _text(values: Mapping[str, Any], name: str) -> str:
    value = values.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST_TEXT:
        raise RefusedError(Why.CLAIM, name)
    return value


def _optional_text(values: Mapping[str, Any], name: str) -> str | None:
    return None if values.get(name) is None else _text(values, name)


def _audiences(value: object) -> tuple[str, ...]:
    every = value if isinstance(value, list) else [value]
    if not every or not all(isinstance(each, str) and each for each in every):
        raise RefusedError(Why.CLAIM, "aud")
    return tuple(every)


def _time(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name)
    # an infinite number can be written in JSON as 1e999, and a whole number can be beyond every float
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e12 or math.isnan(value):
        raise RefusedError(Why.CLAIM, name)
    return float(value)


def _shown(value: object) -> str | None:
    return value if isinstance(value, str) else None
