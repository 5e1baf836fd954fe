"""The key of a SMART client: made, kept in a file, published as a key set, and used to sign an assertion."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import Any, TypeAlias

import jwt
import orjson
from cryptography.hazmat.primitives.asymmetric.ec import SECP384R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as generate_rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

_Private: TypeAlias = RSAPrivateKey | EllipticCurvePrivateKey

ALGORITHMS = ("ES384", "RS384")
"""Those that SMART App Launch 2 has every server support ("Client Authentication: Asymmetric", 4.1.4)."""
_RSA_BITS = 3072
_LEAST_RSA_BITS = 2048
# The members that make up a key, and so its thumbprint (RFC 7638, 3.2).
_MEMBERS = {"EC": ("crv", "kty", "x", "y"), "RSA": ("e", "kty", "n")}


class BadKey(ValueError):
    """What was given is no key that can be used; the message says why and never quotes it."""


class ClientKey:
    """A private key. It has no representation but the file that `private_jwk` makes."""

    __slots__ = ("_key", "algorithm", "kid")

    def __init__(self, key: object, kid: str | None = None) -> None:
        """`kid`: the name under which the public key was registered; by default its thumbprint (RFC 7638)."""
        if isinstance(key, EllipticCurvePrivateKey) and isinstance(key.curve, SECP384R1):
            self.algorithm = "ES384"
        elif isinstance(key, RSAPrivateKey) and key.key_size >= _LEAST_RSA_BITS:
            self.algorithm = "RS384"
        else:
            raise BadKey(
                f"is neither a private key on the curve P-384 nor one of RSA with {_LEAST_RSA_BITS} bits or more"
            )
        self._key: _Private = key
        self.kid = kid or _thumbprint(_members(key))

    @classmethod
    def make(cls, algorithm: str) -> ClientKey:
        """A new key for one of ALGORITHMS."""
        if algorithm not in ALGORITHMS:
            raise BadKey(f"{algorithm!r} is none of {', '.join(ALGORITHMS)}")
        return cls(
            generate_private_key(SECP384R1())
            if algorithm == "ES384"
            else generate_rsa(public_exponent=65537, key_size=_RSA_BITS)
        )

    @classmethod
    def read(cls, content: bytes) -> ClientKey:
        """The key in a file: a private JWK, a key set with one, or PEM without a password. Raises BadKey."""
        if content.lstrip()[:1] == b"{":
            return _from_jwk(content)
        try:
            key: object = load_pem_private_key(content, password=None)
        except TypeError:
            raise BadKey(
                "is protected by a password; store it without one, in a file that only the service can read"
            ) from None
        except Exception as error:  # noqa: BLE001  what it raises depends on the content, and may quote it
            raise BadKey(f"is neither a private JWK nor a private key in PEM ({type(error).__name__})") from None
        return cls(key)

    @property
    def public_jwk(self) -> dict[str, Any]:
        """The public half, as a server wants to have it registered."""
        return _members(self._key) | {"kid": self.kid, "alg": self.algorithm, "use": "sig", "key_ops": ["verify"]}

    @property
    def private_jwk(self) -> dict[str, Any]:
        """All of it, for a file."""
        whole = _as_jwk(self._key)
        return {**whole, "kid": self.kid, "alg": self.algorithm, "use": "sig", "key_ops": ["sign"]}

    def sign(self, claims: Mapping[str, Any]) -> str:
        """A JWT with these claims, whose header names the key."""
        headers = {"kid": self.kid, "typ": "JWT"}
        return jwt.encode(dict(claims), self._key, algorithm=self.algorithm, headers=headers)


def _from_jwk(content: bytes) -> ClientKey:
    try:
        jwk = orjson.loads(content)
    except orjson.JSONDecodeError:
        raise BadKey("begins as JSON and is none") from None
    keys = jwk.get("keys")
    if isinstance(keys, list):
        private = [each for each in keys if isinstance(each, dict) and "d" in each]
        if len(private) != 1:
            raise BadKey(f"is a key set with {len(private)} private keys; give a file with one")
        jwk = private[0]
    if "d" not in jwk:
        raise BadKey("is a public key; the private one is needed to sign")
    try:
        key = jwt.PyJWK.from_dict({name: value for name, value in jwk.items() if name != "alg"}).key
    except Exception as error:  # noqa: BLE001  what it raises depends on the content, and may quote it
        raise BadKey(f"is no JWK that can be read ({type(error).__name__})") from None
    kid = jwk.get("kid")
    return ClientKey(key, kid if isinstance(kid, str) and kid else None)


def _as_jwk(key: _Private) -> dict[str, Any]:
    if isinstance(key, RSAPrivateKey):
        return RSAAlgorithm.to_jwk(key, as_dict=True)
    return ECAlgorithm.to_jwk(key, as_dict=True)


def _members(key: _Private) -> dict[str, Any]:
    """The public members of a key as a JWK, and no other."""
    jwk = _as_jwk(key)
    return {name: jwk[name] for name in _MEMBERS[jwk["kty"]]}


def _thumbprint(members: Mapping[str, Any]) -> str:
    canonical = orjson.dumps(dict(members), option=orjson.OPT_SORT_KEYS)
    return urlsafe_b64encode(hashlib.sha256(canonical).digest()).rstrip(b"=").decode()
