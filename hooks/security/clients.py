"""The CDS clients that may call, who a caller turned out to be, and why a caller was refused."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Client:
    """A CDS client that may call, as its operator and ours have agreed.

    `issuer` is the exact `iss` of its tokens. Its keys are read from the URLs in `jku` or from `jwks_file`, a local
    file with a JSON Web Key Set. `tenants`: those that may call; empty means all, and tokens without one. `audiences`:
    values of `aud` that are taken besides the URL of the called endpoint, for clients in which it is typed in by hand.
    """

    issuer: str
    jku: tuple[str, ...] = ()
    jwks_file: Path | None = None
    tenants: tuple[str, ...] = ()
    audiences: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.issuer.strip():
            raise ValueError("a client needs an issuer: the iss of its tokens")
        if not self.jku and self.jwks_file is None:
            raise ValueError(f"client {self.issuer}: name where its keys are: the URLs in jku, or a jwks_file")
        for url in self.jku:
            fault = _fault_of_key_url(url)
            if fault:
                raise ValueError(f"client {self.issuer}: jku {url}: {fault}")

    def serves(self, tenant: str | None) -> bool:
        """Whether calls for this tenant may come from this client."""
        return not self.tenants or tenant in self.tenants


@dataclass(frozen=True, slots=True)
class Caller:
    """Who a call comes from, as its verified token says."""

    issuer: str
    tenant: str | None = None


class Why(StrEnum):
    """Why a caller was refused: for the log and for counting, never for the answer."""

    NO_TOKEN = "no bearer token"  # noqa: S105  words, not a secret
    SEVERAL_TOKENS = "more than one Authorization header"
    TOO_LONG = "token too long"
    MALFORMED = "not a signed token that can be read"
    DUPLICATE_NAME = "a name occurs twice in the token"
    TYPE = "typ is not JWT"
    ALGORITHM = "alg is not in the list of algorithms"
    CRITICAL = "crit names extensions"
    NO_KEY_ID = "no kid"
    CLAIM = "a claim is missing or has the wrong type"
    ISSUER = "iss is not a client that may call"
    TENANT = "tenant is not one of the client's"
    KEY_URL = "jku is not one of the client's"
    AUDIENCE = "aud is not the called endpoint"
    EXPIRED = "expired"
    NOT_YET = "nbf lies in the future"
    ISSUED_IN_FUTURE = "iat lies in the future"
    TOO_OLD = "issued too long ago"
    TOO_OLD_WITHOUT_DATABASE = "issued too long ago for the time in which the database is down"
    KEYS_NOT_READ = "the client's keys could not be read"
    NO_SUCH_KEY = "no usable key of this kid"
    SIGNATURE = "the signature is wrong"
    REPLAYED = "the token has been used before"


class RefusedError(Exception):
    """The caller is not known. `issuer` and `tenant` are as the token claims them, checked or not."""

    def __init__(self, why: Why, detail: str = "") -> None:
        super().__init__(f"{why.value}: {detail}" if detail else why.value)
        self.why = why
        self.issuer: str | None = None
        self.tenant: str | None = None


def _fault_of_key_url(url: str) -> str:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "this is no URL"
    if parts.scheme not in {"http", "https"} or not host:
        return "this is no http or https URL"
    if parts.username is not None or parts.password is not None or parts.fragment:
        return "a URL of keys has no user, password or fragment"
    if parts.scheme == "http" and not _is_loopback(host):
        return "keys are read over https; http is for this machine only"
    return ""


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
