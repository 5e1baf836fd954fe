"""Who is signed in: the sessions of browsers, kept in memory alone, few and short, and found by a cookie alone."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from hooks.launch_settings import Role

PATIENT_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
"""What FHIR lets an id be."""
_BYTES = 32
_MOST_BROWSERS = 1000
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


class Sessions:
    """All sessions of this process. A new launch of the same user joins those of the browser; one of another user ends
    them. The secrets of cookies are kept as digests."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._browsers: dict[bytes, dict[str, Session]] = {}

    def open(self, session: Session, before: str = "") -> str:
        """Keep a session; the value of the cookie that leads to it. `before` is that of the cookie so far, which leads
        nowhere from now on."""
        earlier = self._living(before)
        self._browsers.pop(_digest(before), None)
        if not _same_user(session, earlier):
            earlier = {}
        secret = secrets.token_urlsafe(_BYTES)
        joined = [*earlier.items(), (session.view, session)]
        self._forget()
        self._browsers[_digest(secret)] = dict(joined[-_MOST_VIEWS:])
        return secret

    def find(self, secret: str, view: str) -> Session | None:
        """The session of a view; None where there is none, or none any more."""
        return self._living(secret).get(view)

    def last(self, secret: str) -> Session | None:
        """The newest session of a browser: who is signed in there."""
        return next(reversed(self._living(secret).values()), None)

    def of_many(self, secret: str) -> Session | None:
        """The newest session of a browser whose token is for more than one patient."""
        return next((each for each in reversed(self._living(secret).values()) if each.of_many), None)

    def close(self, secret: str) -> Session | None:
        """End all sessions of a browser; the newest of them."""
        last = self.last(secret)
        self._browsers.pop(_digest(secret), None)
        return last

    def _living(self, secret: str) -> dict[str, Session]:
        now = self._clock()
        kept = self._browsers.get(_digest(secret), {})
        return {view: session for view, session in kept.items() if now < session.expires}

    def _forget(self) -> None:
        """Make room: those that are over go first, then the oldest."""
        if len(self._browsers) < _MOST_BROWSERS:
            return
        now = self._clock()
        for digest, views in list(self._browsers.items()):
            if all(now >= session.expires for session in views.values()):
                del self._browsers[digest]
        while len(self._browsers) >= _MOST_BROWSERS:
            del self._browsers[next(iter(self._browsers))]


def new_view() -> str:
    """A name for a session that nobody guesses."""
    return secrets.token_urlsafe(9)


def _same_user(session: Session, earlier: dict[str, Session]) -> bool:
    """Whether sessions belong together; whom nobody knows is never the same."""
    mine = (session.site, session.server, session.user.id)
    return bool(session.user.id) and all((each.site, each.server, each.user.id) == mine for each in earlier.values())


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode(errors="surrogatepass")).digest()
