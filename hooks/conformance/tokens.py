"""Tokens for the service under check: a signed JWT for each call, and the bad ones that it must refuse."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from hooks.console import UsageError

_LIFE = 300
_ALGORITHMS = {"secp256r1": "ES256", "secp384r1": "ES384", "secp521r1": "ES512"}
PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


class Credentials(Protocol):
    """Gives the token for a call to a URL; None for no token."""

    def token(self, url: str) -> str | None:
        """The token for one call."""


@dataclass(frozen=True, slots=True)
class FixedToken:
    """One token for every call, or none at all."""

    value: str | None = None

    def token(self, url: str) -> str | None:  # noqa: ARG002  it is the same for every URL
        """The token."""
        return self.value


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs a JWT for each call as CDS Hooks 2.0 has it: `aud` is the called URL, `jti` is new, five minutes long."""

    key: PrivateKey
    algorithm: str
    clock: Callable[[], datetime]
    issuer: str
    key_id: str
    jku: str | None = None
    tenant: str | None = None

    def token(self, url: str) -> str | None:
        """A good token for one call."""
        return self.signed(self.claims(url), self.key, self.algorithm)

    def claims(self, url: str) -> dict[str, Any]:
        """The claims of a good token."""
        issued = int(self.clock().timestamp())
        tenant = {} if self.tenant is None else {"tenant": self.tenant}
        return {
            "iss": self.issuer,
            "aud": url,
            "iat": issued,
            "exp": issued + _LIFE,
            "jti": str(uuid4()),
            **tenant,
        }

    def signed(self, claims: dict[str, Any], key: Any, algorithm: str) -> str:
        """A token of these claims."""
        headers = {"typ": "JWT", "kid": self.key_id, **({} if self.jku is None else {"jku": self.jku})}
        return jwt.encode(claims, key, algorithm=algorithm, headers=headers)

    def bad_tokens(self, url: str) -> dict[str, str]:
        """By the id of the check: tokens that a service must refuse, each for one reason."""
        good = self.claims(url)
        hour = 3600

        def of(**changes: Any) -> str:
            return self.signed({**good, "jti": str(uuid4()), **changes}, self.key, self.algorithm)

        return {
            "auth-signature": self.signed({**good, "jti": str(uuid4())}, _another(self.key), self.algorithm),
            "auth-none": self.signed({**good, "jti": str(uuid4())}, None, "none"),
            "auth-symmetric": self.signed({**good, "jti": str(uuid4())}, secrets.token_bytes(64), "HS384"),
            "auth-audience": of(aud="https://another-service.example.invalid/cds-services"),
            "auth-expired": of(iat=good["iat"] - hour, exp=good["exp"] - hour),
            "auth-issuer": of(iss="https://unknown-client.example.invalid"),
        }


def signer(text: bytes, *, clock: Callable[[], datetime], **names: Any) -> Signer:
    """A signer with the private key in a PEM or JWK file. The key's own `kid` counts where none is named.

    Raises UsageError for a key that cannot be used: its text is never repeated.
    """
    key_id = names.pop("key_id")
    try:
        if text.lstrip().startswith(b"{"):
            given = json.loads(text)
            key: Any = jwt.PyJWK(given, algorithm=_of_jwk(given)).key
            key_id = key_id or given.get("kid")
        else:
            key = load_pem_private_key(text, password=None)
    except (ValueError, TypeError, LookupError, jwt.PyJWTError):
        raise UsageError("--key: is no private key that can be read; give an unencrypted PEM or JWK file") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
        raise UsageError("--key: give a private key of type EC or RSA")
    algorithm = "RS384" if isinstance(key, rsa.RSAPrivateKey) else _ALGORITHMS.get(key.curve.name)
    if algorithm is None:
        raise UsageError("--key: JWT know the curves P-256, P-384 and P-521; give a key of one of these")
    if not key_id:
        raise UsageError("--key-id: is needed: by this id the service finds the public key")
    return Signer(key=key, algorithm=algorithm, clock=clock, key_id=key_id, **names)


def _of_jwk(given: dict[str, Any]) -> str:
    curves = {"P-256": "ES256", "P-384": "ES384", "P-521": "ES512"}
    return "RS384" if given["kty"] == "RSA" else curves[given["crv"]]


def _another(key: PrivateKey) -> PrivateKey:
    """A key of the same kind that nobody knows."""
    if isinstance(key, rsa.RSAPrivateKey):
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return ec.generate_private_key(key.curve)
