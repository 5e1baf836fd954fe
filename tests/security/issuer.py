"""Made-up token issuers: a browser sandbox's, an Epic-like one, and whoever would like to be one of them."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from itertools import count
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

BASE = "https://cds.example.invalid/nusinersen"
DISCOVERY = "/cds-services"
CHART = "/cds-services/nusinersen-chart"
ORDER = "/cds-services/nusinersen-order"
FEEDBACK = "/cds-services/nusinersen-order/feedback"

Json = dict[str, Any]
_numbers = count(1)


@cache
def key_pair(kind: str, name: str = "", size: int = 2048) -> Any:
    """A private key, the same for the same words: `P-384`, `P-256`, `RSA`, `Ed25519`."""
    if kind == "RSA":
        return rsa.generate_private_key(65537, size)
    if kind == "Ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    return ec.generate_private_key({"P-384": ec.SECP384R1(), "P-256": ec.SECP256R1()}[kind])


def public_jwk(key: Any, kid: str, **more: Any) -> Json:
    """The public half of a key as a JSON Web Key."""
    if isinstance(key, rsa.RSAPrivateKey):
        made = RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    elif isinstance(key, ed25519.Ed25519PrivateKey):
        made = OKPAlgorithm.to_jwk(key.public_key(), as_dict=True)
    else:
        made = ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    made.pop("key_ops", None)
    return {**made, "kid": kid, **more}


def key_set(*keys: Json) -> bytes:
    """A JSON Web Key Set."""
    return json.dumps({"keys": list(keys)}).encode()


def segment(value: object) -> str:
    """A part of a token: JSON, or text as it is, in base64url."""
    raw = (
        value if isinstance(value, bytes) else value.encode() if isinstance(value, str) else json.dumps(value).encode()
    )
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


class Issuer:
    """A CDS client that signs its calls, as the public CDS Hooks sandbox does."""

    algorithm = "ES384"
    kind = "P-384"

    def __init__(self, issuer: str = "https://sandbox.example.invalid", kid: str = "key-1") -> None:
        self.issuer, self.kid = issuer, kid
        self.jku = f"{issuer}/.well-known/jwks.json"
        self.key = key_pair(self.kind, issuer)

    @property
    def keys(self) -> bytes:
        """What is at `jku`."""
        return key_set(public_jwk(self.key, self.kid, alg=self.algorithm, use="sig"))

    def header(self) -> Json:
        """The header of every token."""
        return {"alg": self.algorithm, "typ": "JWT", "kid": self.kid, "jku": self.jku}

    def claims(self, url: str, now: datetime) -> Json:
        """The claims of a token for a call of `url`."""
        issued = int(now.timestamp())
        return {
            "iss": self.issuer,
            "aud": url,
            "iat": issued,
            "exp": issued + 300,
            "jti": f"{self.issuer}-{next(_numbers)}",
        }

    def token(
        self,
        path: str,
        now: datetime,
        *,
        header: Mapping[str, Any] | None = None,
        drop: tuple[str, ...] = (),
        key: Any = None,
        **claims: Any,
    ) -> str:
        """A token for a call of `path`; `header` and `claims` change it, `drop` leaves claims or headers out."""
        said = {**self.claims(BASE + path, now), **claims}
        head = {**self.header(), **(header or {})}
        for name in drop:
            said.pop(name, None)
            head.pop(name, None)
        algorithm = head.pop("alg")
        # PyJWT writes `typ` itself unless it is told that there is none
        head.setdefault("typ", None)
        return jwt.encode(said, key or self.key, algorithm=algorithm, headers=head)


class EpicLike(Issuer):
    """RS384, `nbf` five minutes back, `sub`, and an audience as a list that is typed in by hand at each site."""

    algorithm = "RS384"
    kind = "RSA"
    audience = "nusinersen-at-this-site"

    def __init__(self, issuer: str = "https://epic.example.invalid/api/FHIR/R4", kid: str = "site-key") -> None:
        super().__init__(issuer, kid)

    def claims(self, url: str, now: datetime) -> Json:
        """With what is added here."""
        said = super().claims(url, now)
        return {**said, "aud": [self.audience], "nbf": said["iat"] - 300, "sub": "client-of-the-site"}


def bearer(token: str) -> list[tuple[bytes, bytes]]:
    """The header of a call, as ASGI has it."""
    return [(b"authorization", f"Bearer {token}".encode())]
