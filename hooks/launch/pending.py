"""A sign-in under way, kept in a cookie of the browser that began it: sealed, and good for ten minutes.

Nothing is kept on the server, so that whoever calls /launch over and over fills nothing.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime

import orjson
from cryptography.fernet import InvalidToken, MultiFernet

SECONDS = 600
_BYTES = 32


@dataclass(frozen=True, slots=True)
class Pending:
    """What the answer of the EHR is checked by. `audience` is the FHIR server as it was named to us, `server` its base
    URL, `scopes` what was asked for, `page` where to go in the end."""

    site: str
    server: str
    audience: str
    scopes: tuple[str, ...]
    page: str
    with_patient: bool
    state: str = field(default_factory=lambda: secrets.token_urlsafe(_BYTES), repr=False)
    nonce: str = field(default_factory=lambda: secrets.token_urlsafe(_BYTES), repr=False)
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(_BYTES), repr=False)


class Seal:
    """Seals with keys that all processes of the service have: the answer of the EHR may come to another one."""

    def __init__(self, fernet: MultiFernet) -> None:
        self._fernet = fernet

    def seal(self, pending: Pending, now: datetime) -> str:
        """The value of the cookie."""
        return self._fernet.encrypt_at_time(orjson.dumps(asdict(pending)), int(now.timestamp())).decode()

    def open(self, cookies: Mapping[str, str], state: str, now: datetime) -> Pending | None:
        """The sign-in of a state; None where this browser has begun none, or too long ago."""
        try:
            sealed = cookies[cookie_name(state)].encode()
            told = orjson.loads(self._fernet.decrypt_at_time(sealed, SECONDS, int(now.timestamp())))
        except (KeyError, InvalidToken):
            return None
        pending = Pending(**{**told, "scopes": tuple(told["scopes"])})
        return pending if secrets.compare_digest(pending.state.encode(), state.encode()) else None


def cookie_name(state: str) -> str:
    """Each sign-in has a cookie of its own, since two charts can be opened at once."""
    return f"__Host-nusinersen-cds-launch-{state[:12]}"
