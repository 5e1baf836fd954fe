"""Who is signed in: the sessions of browsers, sealed in the database, few and short, and found by a cookie alone."""

from __future__ import annotations

import asyncio
import hashlib
import json
import secrets
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Protocol

from cryptography.fernet import InvalidToken, MultiFernet

from hooks.launch_settings import Role

_BYTES = 32
_MOST_VIEWS = 20
"""Views of one browser: a clinician has a few patients open at a time."""


@dataclass(frozen=True, slots=True)
class User:
    """Who is signed in, as the server of the EHR says. `id` is the `fhirUser` (`Practitioner/7` of the server of the
    session, the whole URL of another's), else issuer and `sub`, else empty: nobody knows. It reaches no log."""

    id: str = field(repr=False)
    roles: frozenset[Role] = frozenset()


@dataclass(frozen=True, slots=True)
class Session:
    """One launch: a user at one site, and the patient who was chosen, by the bare id, or nobody (empty).

    `of_many`: the token is for more than one patient, as the worklist needs it. `drug`: the id of the one that is shown
    first, where the site has several.

    `view` tells apart the sessions of one browser, so that two patients can be open beside each other; it opens nothing
    without the cookie. `server` is the base URL of the FHIR server that takes `token`. Over at `expires`.
    """

    view: str
    site: str
    server: str
    user: User
    token: str = field(repr=False)
    patient: str = field(repr=False)
    expires: datetime
    of_many: bool = False
    drug: str = ""


class KeepsSessions(Protocol):
    """What keeps sealed sessions; see `SessionRows`. All block, and raise DatabaseDown."""

    def read(self, digest: str) -> str | None:
        """What is kept and not over."""

    def replace(self, before: str, digest: str, sealed: str, expires: datetime) -> None:
        """Keep it, in place of another."""

    def change(self, digest: str, change: Callable[[str], tuple[str, datetime] | None]) -> bool:
        """Keep what is made of it, and until when, in its place, with nobody else at it meanwhile; whether it was."""

    def drop(self, digest: str) -> None:
        """Keep it no longer."""


class Sessions:
    """All sessions, in rows that every process of the service reads and that are sealed. A new launch of the same user
    joins those of the browser; one of another user ends them. The secrets of cookies are kept as digests. All raise
    DatabaseDown."""

    def __init__(self, rows: KeepsSessions, fernet: MultiFernet, clock: Callable[[], datetime]) -> None:
        self._rows, self._fernet, self._clock = rows, fernet, clock

    async def open(self, session: Session, before: str = "") -> str:
        """Keep a session; the value of the cookie that leads to it. `before` is that of the cookie so far, which leads
        nowhere from now on."""
        earlier = await self._living(before)
        if not _same_user(session, earlier):
            earlier = []
        secret = secrets.token_urlsafe(_BYTES)
        joined = [*earlier, session][-_MOST_VIEWS:]
        sealed = self._sealed(_digest(secret), joined)
        expires = max(each.expires for each in joined)
        await asyncio.to_thread(self._rows.replace, _digest(before), _digest(secret), sealed, expires)
        return secret

    async def join(self, session: Session, secret: str) -> bool:
        """Keep one more session of a user who is signed in, under the cookie that is there: people open several at
        once, and a cookie that changed would lead the later ones nowhere. False where nobody is, or somebody else."""
        digest = _digest(secret)

        def joined(sealed: str) -> tuple[str, datetime] | None:
            now = self._clock()
            earlier = [each for each in self._opened(digest, sealed) if now < each.expires]
            if not earlier or not _same_user(session, earlier):
                return None
            every = [*earlier, session][-_MOST_VIEWS:]
            return self._sealed(digest, every), max(each.expires for each in every)

        return await asyncio.to_thread(self._rows.change, digest, joined)

    async def find(self, secret: str, view: str) -> Session | None:
        """The session of a view; None where there is none, or none any more."""
        return next((each for each in await self._living(secret) if each.view == view), None)

    async def last(self, secret: str) -> Session | None:
        """The newest session of a browser: who is signed in there."""
        return next(reversed(await self._living(secret)), None)

    async def of_many(self, secret: str) -> Session | None:
        """The newest session of a browser whose token is for more than one patient."""
        return next((each for each in reversed(await self._living(secret)) if each.of_many), None)

    async def close(self, secret: str) -> Session | None:
        """End all sessions of a browser; the newest of them."""
        last = await self.last(secret)
        if secret:
            await asyncio.to_thread(self._rows.drop, _digest(secret))
        return last

    async def _living(self, secret: str) -> list[Session]:
        """The oldest first."""
        if not secret:
            return []
        digest = _digest(secret)
        sealed = await asyncio.to_thread(self._rows.read, digest)
        now = self._clock()
        return [] if sealed is None else [each for each in self._opened(digest, sealed) if now < each.expires]

    def _sealed(self, digest: str, sessions: Sequence[Session]) -> str:
        """The digest is sealed too: a row that somebody puts under another digest opens nothing."""
        return self._fernet.encrypt(json.dumps([digest, *map(_written, sessions)]).encode()).decode()

    def _opened(self, digest: str, sealed: str) -> list[Session]:
        """None where the key is not there any more, or another version of the program wrote the row."""
        try:
            of, *told = json.loads(self._fernet.decrypt(sealed))
            return [_read(each) for each in told] if of == digest else []
        except (InvalidToken, KeyError, TypeError, ValueError):
            return []


def _written(session: Session) -> dict[str, Any]:
    user = {"id": session.user.id, "roles": sorted(session.user.roles)}
    return {**asdict(session), "user": user, "expires": session.expires.isoformat()}


def _read(told: dict[str, Any]) -> Session:
    user = User(told["user"]["id"], frozenset(map(Role, told["user"]["roles"])))
    return Session(**{**told, "user": user, "expires": datetime.fromisoformat(told["expires"])})


def new_view() -> str:
    """A name for a session that nobody guesses."""
    return secrets.token_urlsafe(9)


def _same_user(session: Session, earlier: Sequence[Session]) -> bool:
    """Whether sessions belong together; whom nobody knows is never the same."""
    mine = (session.site, session.server, session.user.id)
    return bool(session.user.id) and all((each.site, each.server, each.user.id) == mine for each in earlier)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode(errors="surrogatepass")).hexdigest()
