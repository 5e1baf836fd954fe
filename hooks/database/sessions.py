"""The sessions of browsers, as rows that only their keys open: for all processes that share the database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import delete, select, update

from hooks.database.database import Database
from hooks.database.tables import sessions


class SessionRows:
    """Rows by the digest of what a browser shows. What is in them is sealed before it comes here. All block, and raise
    DatabaseDown."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database, self._clock = database, clock

    def read(self, digest: str) -> str | None:
        """What was kept; None where nothing is, or where it is over."""
        with self._database.reading() as connection:
            wanted = select(sessions.c.sealed).where(sessions.c.digest == digest, sessions.c.expires > self._clock())
            kept: str | None = connection.scalar(wanted)
            return kept

    def replace(self, before: str, digest: str, sealed: str, expires: datetime) -> None:
        """Keep it in place of what was kept under `before`. Those that are over go."""
        with self._database.writing() as connection:
            old = (sessions.c.digest == before) | (sessions.c.expires <= self._clock())
            connection.execute(delete(sessions).where(old))
            connection.execute(sessions.insert().values(digest=digest, sealed=sealed, expires=expires))

    def change(self, digest: str, change: Callable[[str], tuple[str, datetime] | None]) -> bool:
        """Keep what `change` makes of what is kept, and until when, with nobody else at the row meanwhile; whether
        there was a row and it made something."""
        mine = (sessions.c.digest == digest) & (sessions.c.expires > self._clock())
        with self._database.writing() as connection:
            kept: str | None = connection.scalar(select(sessions.c.sealed).where(mine).with_for_update())
            made = change(kept) if kept is not None else None
            if made is None:
                return False
            sealed, expires = made
            connection.execute(
                update(sessions).where(sessions.c.digest == digest).values(sealed=sealed, expires=expires)
            )
            return True

    def drop(self, digest: str) -> None:
        """Keep it no longer."""
        with self._database.writing() as connection:
            connection.execute(delete(sessions).where(sessions.c.digest == digest))
