"""The public keys of a client: a JSON Web Key Set read strictly, and of it only what fits the algorithm of a token."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt import PyJWK
from jwt.exceptions import PyJWTError

from hooks.security.algorithms import KINDS

_PUBLIC = ("kty", "crv", "x", "y", "n", "e")
_SMALLEST_RSA = 2048
_MOST_KEYS = 100


class KeySet:
    """The keys of one client by their `kid`. Keys that cannot be used are left out when they are asked for."""

    def __init__(self, raw: bytes) -> None:
        """Raises ValueError, in words that quote nothing of the text, where this is no key set."""
        self._by_kid: dict[str, list[dict[str, Any]]] = {}
        self._built: dict[tuple[str, str], tuple[PyJWK, ...]] = {}
        try:
            value = orjson.loads(raw)
        except orjson.JSONDecodeError:
            raise ValueError("not JSON") from None
        keys = value.get("keys") if isinstance(value, dict) else None
        if not isinstance(keys, list):
            raise ValueError("not a JSON Web Key Set: an object with the array `keys` is wanted")
        if len(keys) > _MOST_KEYS:
            raise ValueError(f"more than {_MOST_KEYS} keys")
        for key in keys:
            kid = key.get("kid") if isinstance(key, dict) else None
            if isinstance(kid, str) and kid:
                self._by_kid.setdefault(kid, []).append(key)
        if not self._by_kid:
            raise ValueError("no key with a kid")

    def find(self, kid: str, algorithm: str) -> tuple[PyJWK, ...]:
        """The keys of this id that may check a signature of this algorithm: as a rule one, or none."""
        keys = self._by_kid.get(kid)
        if keys is None:
            return ()
        built = self._built.get((kid, algorithm))
        if built is None:
            made = [_built(key, algorithm) for key in keys]
            built = self._built[kid, algorithm] = tuple(key for key in made if key is not None)
        return built


def _built(key: Mapping[str, Any], algorithm: str) -> PyJWK | None:
    """The key made ready; None where its type, use, algorithm or strength is not what the algorithm needs."""
    kind, curve = KINDS[algorithm]
    if key.get("kty") != kind or (curve is not None and key.get("crv") != curve):
        return None
    operations = key.get("key_ops", ["verify"])
    if key.get("use", "sig") != "sig" or not isinstance(operations, list) or "verify" not in operations:
        return None
    if key.get("alg", algorithm) != algorithm:
        return None
    public = {name: key[name] for name in _PUBLIC if isinstance(key.get(name), str)}
    try:
        made = PyJWK(public, algorithm)
    except (PyJWTError, ValueError, KeyError, TypeError):
        return None
    if isinstance(made.key, RSAPublicKey) and made.key.key_size < _SMALLEST_RSA:
        return None
    return made
