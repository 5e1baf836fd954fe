"""The one door to the database: made ready when first used, and every failure is a DatabaseDown that says why."""

from __future__ import annotations

import hashlib
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from sqlalchemy import Connection, Table, delete, inspect, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, OperationalError, SQLAlchemyError

from hooks.database.engine import IMMEDIATE, QUICK, connect, shown
from hooks.database.tables import LAST_STEP, token_ids

_LONGEST_WAIT = 2.0
"""Seconds that a write waits for another one of this process."""
_CLEAN_EVERY = 500
_KEPT_LONGER = timedelta(hours=1)


class DatabaseDown(Exception):
    """The database could not do it; the message holds no value of any row and no password.

    `refused`: it answered, and would not have these values; the same again would fail again.
    """

    def __init__(self, why: str, *, refused: bool = False) -> None:
        super().__init__(why)
        self.refused = refused


class Database:
    """SQLite or PostgreSQL by URL. Can be used from several threads, and by several processes at once.

    Nothing is opened before the first use, so that a database that is down stops nothing. Raises ValueError for a URL
    that cannot be used, with what to write.
    """

    def __init__(self, url: str, *, clock: Callable[[], datetime]) -> None:
        self.name = shown(url)
        self._engine = connect(url)
        self._clock = clock
        # one writer at a time, which SQLite demands: waiting here is cheaper than in its polling
        self._writer: threading.Lock | None = threading.Lock() if self._engine.dialect.name == "sqlite" else None
        self._ready = threading.Lock()
        self._is_ready = False
        self._claims = 0

    @contextmanager
    def writing(self, *, durable: bool = True) -> Iterator[Connection]:
        """A transaction that writes, committed at its end. What is not `durable` may be lost in a power cut."""
        with self._failures(), self._alone():
            self._make_ready()
            with self._engine.connect() as connection:
                connection.execution_options(**{IMMEDIATE: True, QUICK: not durable})
                with connection.begin():
                    yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that only reads."""
        with self._failures():
            self._make_ready()
            with self._engine.connect() as connection, connection.begin():
                yield connection

    def make_ready(self, seconds: float) -> None:
        """Make or bring up the tables, trying for `seconds`, since several processes may do so at once."""
        until = time.monotonic() + seconds
        while True:
            try:
                with self._failures():
                    self._make_ready()
            except DatabaseDown:
                if time.monotonic() > until:
                    raise
                time.sleep(0.05)
            else:
                return

    def insert_new(self, table: Table) -> sqlite.Insert | postgresql.Insert:
        """An insertion that leaves alone what is there already under the same key."""
        if self._engine.dialect.name == "sqlite":
            return sqlite.insert(table).on_conflict_do_nothing()
        return postgresql.insert(table).on_conflict_do_nothing()

    def claim_token(self, issuer: str, jti: str, expires: datetime) -> bool:
        """Whether this token id is seen for the first time, by any process that shares the database.

        `expires` is the moment from which the token is refused anyway, leeway included; the id is forgotten after it.
        Blocks, up to a second or two where the database is in trouble: call it in a thread. Raises DatabaseDown where
        it cannot be said.
        """
        digest = hashlib.sha256(f"{len(issuer)} {issuer}{jti}".encode(errors="surrogatepass")).hexdigest()
        with self.writing(durable=False) as connection:
            if self._claims % _CLEAN_EVERY == 0:
                connection.execute(delete(token_ids).where(token_ids.c.expires < self._clock() - _KEPT_LONGER))
            self._claims += 1
            claim = self.insert_new(token_ids).values(digest=digest, expires=expires)
            # what was inserted is asked for: not every driver counts the rows of an insertion that may do nothing
            return connection.scalar(claim.returning(token_ids.c.digest)) is not None

    def close(self) -> None:
        """Close all connections. The database can be used again."""
        self._engine.dispose()

    def _make_ready(self) -> None:
        """The tables as this version of the program wants them."""
        with self._ready:
            if self._is_ready:
                return
            if self._step() != LAST_STEP:
                # what makes tables takes a while to import, and is needed once
                from hooks.database.migrate import migrate

                migrate(self._engine)
            self._is_ready = True

    def _step(self) -> str | None:
        """The last step of the migration that was made; None in a database that is new."""
        with self._engine.connect() as connection, connection.begin():
            if not inspect(connection).has_table("alembic_version"):
                return None
            step: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
            return step

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if self._writer is None:
            yield
            return
        if not self._writer.acquire(timeout=_LONGEST_WAIT):
            raise DatabaseDown(f"{self.name} is busy: another write takes too long")
        try:
            yield
        finally:
            self._writer.release()

    @contextmanager
    def _failures(self) -> Iterator[None]:
        """Every failure of the database as DatabaseDown. An error's own text may quote the values of a row, so only
        that of a failed operation, as a connection that was refused, is passed on."""
        try:
            yield
        except (IntegrityError, DataError) as error:
            raise DatabaseDown(f"{self.name}: {type(error).__name__}", refused=True) from None
        except OperationalError as error:
            raise DatabaseDown(f"{self.name}: {str(error.orig).strip().partition(chr(10))[0]}") from None
        except sqlite3.OperationalError as error:
            raise DatabaseDown(f"{self.name}: {error}") from None
        except DBAPIError as error:
            raise DatabaseDown(f"{self.name}: {type(error.orig).__name__}") from None
        except (SQLAlchemyError, sqlite3.Error, OSError) as error:
            raise DatabaseDown(f"{self.name}: {type(error).__name__}") from None
