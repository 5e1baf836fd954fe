"""Access tokens without a user: SMART Backend Services, by an assertion signed with the key of the client."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from cds.fhir.client_keys import ClientKey
from cds.fhir.errors import FhirError, Kind
from cds.fhir.exchange import Exchange, Reply
from cds.fhir.limits import Budget
from cds.fhir.links import Base
from cds.fhir.smart_configuration import SmartConfiguration, discover

TYPES = ("MedicationAdministration", "Medication", "Patient")
"""What is read. A Patient tells of a death and of further ids, and a mistyped id from one who was never treated."""
BESIDE = ("MedicationStatement", "MedicationRequest")
"""What is read beside it, where the server lets us; the first the longest."""

_WHAT = "the request for an access token"
_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_ASSERTION_SECONDS = 240
"""Five minutes at most are allowed; one less, since our clock may be ahead of the server's."""
_DEFAULT_SECONDS = 300
"""How long a token lives that does not say it: the time that SMART recommends."""
_MARGIN_SECONDS = 30.0
_MARGIN_SHARE = 0.2
# The codes of RFC 6749, 5.2, what each means here, and what to do.
_REFUSALS = {
    "invalid_client": "it does not know this client id, this key or its kid, or a clock is wrong; compare the id and"
    " the key set that are registered there with those used here, and the clocks",
    "invalid_grant": "it does not accept the assertion; compare the registered key set, and the clocks",
    "invalid_request": "it does not understand the request; ask its operator whether it supports Backend Services",
    "invalid_scope": "it does not grant what is asked for; have these scopes registered for the client",
    "unauthorized_client": "the client may not ask in this way; have it registered for client_credentials",
    "unsupported_grant_type": "it does not know client_credentials; ask its operator for SMART Backend Services",
    "temporarily_unavailable": "it is busy; try again later",
    "server_error": "it failed; try again later",
}
_LATER = frozenset({"temporarily_unavailable", "server_error"})
# What could be a piece of a token or an assertion in the text of an error.
_LONG_WORD = re.compile(r"[A-Za-z0-9_\-+/=.]{20,}")


@dataclass(frozen=True, slots=True)
class Client:
    """Who asks: the id that the server's operator gave out, and the key that was registered with it."""

    client_id: str
    key: ClientKey


@dataclass(frozen=True, slots=True)
class Grant:
    """A token, for how many seconds it was given, and the scopes asked for and granted; `granted` is None where the
    server does not say, which means that they are the same."""

    token: str
    seconds: float
    asked: tuple[str, ...]
    granted: tuple[str, ...] | None

    def __repr__(self) -> str:
        return f"Grant({self.seconds:g} s)"


def scopes(types: Iterable[str], *, old: bool) -> tuple[str, ...]:
    """The scopes for reading and searching these types, in the spelling of SMART 2 or of SMART 1."""
    return tuple(f"system/{name}.{'read' if old else 'rs'}" for name in types)


class BackendServices:
    """Tokens for the server at a base URL, each kept until shortly before it expires; callers at once share one.

    `clock` is the time of day, which goes into assertions; `types` are always read, and `also` beside them, where the
    server lets us.
    """

    def __init__(
        self,
        exchange: Exchange,
        base_url: str,
        client: Client,
        *,
        clock: Callable[[], datetime],
        types: tuple[str, ...] = TYPES,
        also: tuple[str, ...] = (),
    ) -> None:
        self._types, self._also = types, also
        self._exchange, self._base, self._client, self._clock = exchange, Base(base_url), client, clock
        self._configuration: SmartConfiguration | None = None
        self._grant: Grant | None = None
        self._until = 0.0
        self._asking = asyncio.Lock()

    @property
    def algorithm(self) -> str:
        """How its assertions are signed."""
        return self._client.key.algorithm

    async def token(self, budget: Budget) -> str:
        """A token that is not about to expire. Raises FhirError where none can be had."""
        return (await self.grant(budget)).token

    def refused(self, token: str) -> None:
        """Forget a token that was answered with 401."""
        if self._grant is not None and self._grant.token == token:
            self._grant = None

    async def grant(self, budget: Budget) -> Grant:
        """As `token`, with all that the server said of it."""
        async with self._asking:
            now = asyncio.get_running_loop().time()
            if self._grant is None or now >= self._until:
                self._grant = await self._ask(budget)
                self._until = now + self._grant.seconds - min(_MARGIN_SECONDS, self._grant.seconds * _MARGIN_SHARE)
            return self._grant

    async def configuration(self, budget: Budget) -> SmartConfiguration:
        """What the server says of its tokens, asked for once. Raises FhirError."""
        if self._configuration is None:
            self._configuration = await discover(self._exchange, self._base, budget)
        return self._configuration

    async def _ask(self, budget: Budget) -> Grant:
        told = await self.configuration(budget)
        spellings = (told.old_scopes_only, not told.old_scopes_only)
        always = self._types
        fewer = dict.fromkeys(((*always, *BESIDE, *self._also), (*always, *BESIDE), (*always, BESIDE[0]), always))
        attempts = [scopes(types, old=old) for types in fewer for old in spellings]
        for left, wanted in zip(reversed(range(len(attempts))), attempts, strict=True):
            reply = await self._post(told.token_endpoint, wanted, budget)
            if not (left and _error_code(reply) == "invalid_scope"):
                return self._read(reply, wanted, told)
        raise AssertionError("unreachable: the last attempt returns or raises")

    async def _post(self, endpoint: str, wanted: tuple[str, ...], budget: Budget) -> Reply:
        now = int(self._clock().timestamp())
        claims = {
            "iss": self._client.client_id,
            "sub": self._client.client_id,
            "aud": endpoint,
            "iat": now,
            "exp": now + _ASSERTION_SECONDS,
            "jti": str(uuid4()),
        }
        form = {
            "grant_type": "client_credentials",
            "scope": " ".join(wanted),
            "client_assertion_type": _ASSERTION_TYPE,
            "client_assertion": self._client.key.sign(claims),
        }
        return await self._exchange(endpoint, _WHAT, budget, headers={"Accept": "application/json"}, form=form)

    def _read(self, reply: Reply, wanted: tuple[str, ...], server: SmartConfiguration) -> Grant:
        told = reply.json
        if reply.status != 200 or not isinstance(told, dict) or "error" in told:
            raise self._refusal(reply, wanted, server)
        token, of_type = told.get("access_token"), told.get("token_type", "bearer")
        if not isinstance(token, str) or not token or str(of_type).lower() != "bearer":
            text = f"{_WHAT}: the token endpoint of {self._base.url} answered without a bearer token"
            raise FhirError(Kind.UNUSABLE, f"{text}; ask its operator why")
        granted = told.get("scope")
        return Grant(token, _seconds(told), wanted, tuple(granted.split()) if isinstance(granted, str) else None)

    def _refusal(self, reply: Reply, wanted: tuple[str, ...], server: SmartConfiguration) -> FhirError:
        code = _error_code(reply)
        start = f"{_WHAT}: the token endpoint of {self._base.url} refused it (status {reply.status}"
        if code is None:
            kind = Kind.UNAVAILABLE if reply.status >= 500 or reply.status == 429 else Kind.UNUSABLE
            advice = (
                "try again later" if kind is Kind.UNAVAILABLE else "ask its operator whether it is the right address"
            )
            return FhirError(kind, f"{start}); it gave no reason that can be read; {advice}")
        misfit = server.misfit(self.algorithm)
        asked = f" ({' '.join(wanted)})" if code == "invalid_scope" else f" ({misfit})" if misfit else ""
        text = f"{start}, {code}{_said(reply)}): {_REFUSALS[code]}{asked}"
        return FhirError(Kind.UNAVAILABLE if code in _LATER else Kind.DENIED, text)


def _error_code(reply: Reply) -> str | None:
    told: Any = reply.json
    code = told.get("error") if isinstance(told, dict) else None
    return code if isinstance(code, str) and code in _REFUSALS else None


def _said(reply: Reply) -> str:
    """The server's own reason, which names no patient since none was asked for; what may be of a token is left out."""
    told: Any = reply.json
    words = told.get("error_description")
    if not isinstance(words, str) or not words.strip():
        return ""
    shown = "".join(char if char.isprintable() else " " for char in _LONG_WORD.sub("...", words.strip()))
    return f', and says "{shown[:200]}"'


def _seconds(told: dict[str, Any]) -> float:
    """`expires_in`; a number written as a string is met."""
    value = told.get("expires_in")
    try:
        seconds = float(value) if isinstance(value, (int, float, str)) and not isinstance(value, bool) else 0.0
    except ValueError:
        seconds = 0.0
    return seconds if 0 < seconds < 1e9 else _DEFAULT_SECONDS
