"""Who a caller turned out to be, and why a caller was refused."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from hooks.site_settings import Client

CALLER = "nusinersen_cds.caller"
"""The key of the ASGI scope under which the Caller of a request stands, where callers are told apart."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who a call comes from, as its verified token says. `clients` are those of the settings whose keys have signed it:
    of one issuer there can be several, at several sites."""

    issuer: str
    tenant: str | None = None
    clients: tuple[Client, ...] = field(default=(), compare=False, repr=False)


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
