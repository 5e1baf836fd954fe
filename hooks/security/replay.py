"""Tokens are good for one call: the ids of those seen, in the database for all processes and here for this one."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from enum import Enum, auto
from itertools import islice
from logging import ERROR, WARNING
from typing import Protocol, TypeAlias

from hooks.operations.logs import event

_MOST = 100_000
_SECONDS = 2.0
_PAUSE = 5.0

Id: TypeAlias = tuple[str, str, datetime]


class TokenClaims(Protocol):
    """The memory that all processes share."""

    def claim_token(self, issuer: str, jti: str, expires: datetime) -> bool:
        """Keep the id until `expires`; False where it is kept already. Raises where the memory cannot be reached."""


class Claim(Enum):
    """What became of the id of a token."""

    FIRST = auto()
    """Never seen, by any process."""
    FIRST_HERE = auto()
    """Never seen by this process; the others could not be asked."""
    SEEN = auto()


class Replay:
    """Refuses the second use of a token.

    While the database is down, this process remembers alone, and writes what it took into the database afterwards.
    """

    def __init__(
        self,
        claims: TokenClaims | None,
        *,
        most: int = _MOST,
        seconds: float = _SECONDS,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        """`claims` None: there is no database, and this process is the only one. `most`: ids that it keeps. `seconds`:
        how long the database may take."""
        self._claims, self._most, self._seconds, self._ticks = claims, most, seconds, ticks
        self._seen: dict[bytes, datetime] = {}
        self._unwritten: deque[Id] = deque(maxlen=most)
        self._not_before = 0.0
        self._down = False
        # threads of its own: a database that hangs must not take those that others wait for
        self._threads = ThreadPoolExecutor(max_workers=4, thread_name_prefix="claims")

    @property
    def alone(self) -> bool:
        """Whether the database could not be reached, so that only this process knows the tokens that it took."""
        return self._down

    async def claim(self, issuer: str, jti: str, expires: datetime, now: datetime) -> Claim:
        """Take a token for one call. Of two at once, one is told SEEN."""
        if not self._claim_here(issuer, jti, expires, now):
            return Claim.SEEN
        if self._claims is None:
            return Claim.FIRST
        mine = (issuer, jti, expires)
        if self._down and self._ticks() < self._not_before:
            self._unwritten.append(mine)
            return Claim.FIRST_HERE
        try:
            async with asyncio.timeout(self._seconds):
                first = await asyncio.get_running_loop().run_in_executor(self._threads, self._write, self._claims, mine)
        except Exception as error:  # noqa: BLE001  whatever is wrong with the database, the call goes on
            self._unwritten.append(mine)
            self._not_before = self._ticks() + _PAUSE
            if not self._down:
                self._down = True
                kind = type(error).__name__
                event("used-tokens-known-to-this-process-alone", ERROR, error=kind)
            return Claim.FIRST_HERE
        if self._down:
            self._down = False
            event("used-tokens-known-to-all-again", WARNING)
        return Claim.FIRST if first else Claim.SEEN

    def _claim_here(self, issuer: str, jti: str, expires: datetime, now: datetime) -> bool:
        digest = hashlib.sha256(f"{len(issuer)}:{issuer}{jti}".encode(errors="surrogatepass")).digest()
        if digest in self._seen:
            return False
        self._seen[digest] = expires
        # the oldest stand first; of too many, the oldest are forgotten
        for oldest in tuple(islice(self._seen, 2)):
            if len(self._seen) > self._most or self._seen[oldest] < now:
                del self._seen[oldest]
        return True

    def _write(self, claims: TokenClaims, mine: Id) -> bool:
        """In a thread: first what was taken while the database was down, then this one."""
        while self._unwritten:
            try:
                waiting = self._unwritten.popleft()
            except IndexError:
                break
            try:
                claims.claim_token(*waiting)
            except Exception:
                self._unwritten.appendleft(waiting)
                raise
        return claims.claim_token(*mine)
