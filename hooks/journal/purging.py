"""The purge of a running service: at its start and then every so many hours, as the command `purge` does it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from logging import ERROR

from hooks.database.database import Database, DatabaseDown
from hooks.journal.purge import purge
from hooks.operations.logs import event, reduced

_AGAIN = 600.0
"""Seconds until it is tried again where the database is down."""


class Purging:
    """One thread. What `days` ago was new is removed, at the start and then `every` hours."""

    def __init__(self, database: Database, *, days: int, every: float, clock: Callable[[], datetime]) -> None:
        self._database, self._days, self._clock = database, days, clock
        self._seconds = every * 3600
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="journal-purge", daemon=True)

    def start(self) -> None:
        """Start the thread, unless it runs."""
        if self._thread.ident is None:
            self._thread.start()

    def stop(self, seconds: float) -> None:
        """End the thread; what it has not removed the next one will."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(seconds)

    def _run(self) -> None:
        pause = 0.0
        while not self._stop.wait(pause):
            pause = self._seconds if self._purge() else min(self._seconds, _AGAIN)

    def _purge(self) -> bool:
        now = self._clock()
        try:
            removed = purge(self._database, before=now - timedelta(days=self._days), now=now, dry_run=False)
        except DatabaseDown as error:
            event("not-purged", ERROR, why=str(error))
        except Exception as error:  # noqa: BLE001  the thread must live
            event("not-purged", ERROR, **reduced(error))
        else:
            event("purged", days=self._days, **removed)
            return True
        return False
