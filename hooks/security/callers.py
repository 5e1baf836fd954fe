"""From the Authorization header to the caller: every check of a token, in a cheap and safe order."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from jwt.api_jws import PyJWS
from jwt.exceptions import PyJWTError

from hooks.security.clients import Caller, RefusedError, Why
from hooks.security.key_sources import KeySource
from hooks.security.replay import Claim, Replay
from hooks.security.tokens import Token, read_token
from hooks.security.urls import Endpoints
from hooks.site_settings import Client

_BEARER = re.compile(rb"[Bb][Ee][Aa][Rr][Ee][Rr] +(\S+)")
_JWS = PyJWS()


@dataclass(frozen=True, slots=True)
class Rules:
    """What is asked of every token. Times in seconds.

    `leeway`: how far the client's clock may be off. `longest`: how long ago a token may have been issued, and
    `longest_alone`: the same while the database, which knows the used tokens of all processes, is down.
    """

    algorithms: tuple[str, ...] = ("ES384", "RS384")
    leeway: float = 60.0
    longest: float = 600.0
    longest_alone: float = 120.0


class Callers:
    """The clients that may call, and the check of their tokens."""

    def __init__(
        self,
        clients: Iterable[Client],
        keys: Mapping[str | Path, KeySource],
        *,
        endpoints: Endpoints,
        rules: Rules,
        replay: Replay,
        clock: Callable[[], datetime],
    ) -> None:
        """`keys` holds a source for each URL and each file that a client names."""
        self._clients: dict[str, list[Client]] = {}
        for client in clients:
            self._clients.setdefault(client.issuer, []).append(client)
        self._keys, self._endpoints, self._rules, self._replay = keys, endpoints, rules, replay
        self._clock = clock

    async def identify(self, headers: Iterable[tuple[bytes, bytes]], path: str) -> Caller:
        """Who calls the endpoint at `path`, such as `/cds-services`. Raises RefusedError."""
        token = read_token(_bearer(headers))
        try:
            return await self._identify(token, path)
        except RefusedError as error:
            error.issuer, error.tenant = token.issuer, token.tenant
            raise

    async def _identify(self, token: Token, path: str) -> Caller:
        if token.algorithm not in self._rules.algorithms:
            raise RefusedError(Why.ALGORITHM)
        clients = self._clients_of(token)
        now = self._clock()
        if not self._endpoints.named(token.audiences, path):
            clients = [client for client in clients if not set(token.audiences).isdisjoint(client.audiences)]
            if not clients:
                raise RefusedError(Why.AUDIENCE)
        self._check_times(token, now.timestamp())
        signers = await self._signers(token, clients)
        await self._check_first_use(token, now)
        return Caller(token.issuer, token.tenant, signers)

    def _clients_of(self, token: Token) -> list[Client]:
        """The clients that the token can be from: nothing is fetched for one that is not listed."""
        clients = self._clients.get(token.issuer)
        if clients is None:
            raise RefusedError(Why.ISSUER)
        clients = [client for client in clients if client.serves(token.tenant)]
        if not clients:
            raise RefusedError(Why.TENANT)
        clients = [client for client in clients if token.jku is None or token.jku in client.jku]
        if not clients:
            raise RefusedError(Why.KEY_URL)
        return clients

    def _check_times(self, token: Token, now: float) -> None:
        leeway = self._rules.leeway
        if now >= token.expires + leeway:
            raise RefusedError(Why.EXPIRED, f"{now - token.expires:.0f} s ago")
        if token.not_before is not None and now < token.not_before - leeway:
            raise RefusedError(Why.NOT_YET, f"by {token.not_before - now:.0f} s")
        if now < token.issued - leeway:
            raise RefusedError(Why.ISSUED_IN_FUTURE, f"by {token.issued - now:.0f} s")
        if now > token.issued + self._rules.longest + leeway:
            raise RefusedError(Why.TOO_OLD, f"{now - token.issued:.0f} s ago")

    async def _signers(self, token: Token, clients: Iterable[Client]) -> tuple[Client, ...]:
        """Those of the clients whose keys have signed the token; each set of keys is asked once."""
        found: list[Client] = []
        asked: dict[KeySource, RefusedError | None] = {}
        refusal = RefusedError(Why.NO_SUCH_KEY)
        for client in clients:
            try:
                source = self._source(token, client)
                if source not in asked:
                    asked[source] = await _refusal(token, source)
            except RefusedError as error:
                refusal = error
                continue
            said = asked[source]
            if said is None:
                found.append(client)
            else:
                refusal = said
        if not found:
            raise refusal
        return tuple(found)

    def _source(self, token: Token, client: Client) -> KeySource:
        # what was handed over is what counts; the URLs beside it are those that tokens may name
        if client.jwks_file is not None:
            return self._keys[client.jwks_file]
        if token.jku is not None:
            return self._keys[token.jku]
        if len(client.jku) > 1:
            raise RefusedError(Why.KEY_URL, "no jku, and the client has several")
        return self._keys[client.jku[0]]

    async def _check_first_use(self, token: Token, now: datetime) -> None:
        """The last check, so that only the client itself can use up the ids of its tokens."""
        end = min(token.expires, token.issued + self._rules.longest) + self._rules.leeway
        claim = await self._replay.claim(token.issuer, token.jti, datetime.fromtimestamp(end, UTC), now)
        if claim is Claim.SEEN:
            raise RefusedError(Why.REPLAYED)
        if claim is Claim.FIRST_HERE and now.timestamp() > token.issued + self._rules.longest_alone:
            raise RefusedError(Why.TOO_OLD_WITHOUT_DATABASE)


async def _refusal(token: Token, source: KeySource) -> RefusedError | None:
    """Why a token is not signed by one of these keys; None where it is."""
    try:
        keys = await source.find(token.kid, token.algorithm)
    except RefusedError as error:
        return error
    for key in keys:
        try:
            _JWS.decode_complete(token.text, key, algorithms=[token.algorithm])
        except PyJWTError:
            continue
        return None
    return RefusedError(Why.SIGNATURE if keys else Why.NO_SUCH_KEY)


def _bearer(headers: Iterable[tuple[bytes, bytes]]) -> str:
    sent = [value for name, value in headers if name == b"authorization"]
    if not sent:
        raise RefusedError(Why.NO_TOKEN)
    if len(sent) > 1:
        raise RefusedError(Why.SEVERAL_TOKENS)
    found = _BEARER.fullmatch(sent[0].strip())
    if found is None:
        raise RefusedError(Why.NO_TOKEN)
    return found[1].decode("latin-1")
