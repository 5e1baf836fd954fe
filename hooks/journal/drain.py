"""Writes the spool to the database in the background: what this run has spooled, and what dead runs have left."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from logging import ERROR, WARNING
from pathlib import Path

from hooks.database.database import Database, DatabaseDown
from hooks.journal.counts import Counts
from hooks.journal.folders import dead_runs
from hooks.journal.lines import framed
from hooks.journal.spool import ENDING, Portion, Spool, portion
from hooks.journal.store import recognise_feedback, write, write_counts
from hooks.operations.logs import event

_AT_ONCE = 200
"""Lines in one transaction."""
_EVERY = 1.0
_DEAD_RUNS_EVERY = 30.0
_SET_ASIDE = "set-aside"
"""Ending of the files with lines that the database refused, or that are damaged: for a person to look at."""


class Drain:
    """One thread. It goes on trying for as long as the service runs."""

    def __init__(
        self, folder: Path, spool: Spool, database: Database, counts: Counts, clock: Callable[[], datetime]
    ) -> None:
        self._folder, self._spool, self._database, self._counts = folder, spool, database, counts
        self._clock = clock
        self._starting = threading.Lock()
        self._wake, self._stop = threading.Event(), threading.Event()
        self._dead_runs_at = 0.0
        self._dead: dict[Path, int] = {}
        self._oldest: datetime | None = None
        self.fault = ""
        """What keeps the spool from the database, without names of servers and files; empty where nothing does."""
        self.set_aside = 0
        """How many files hold lines for a person to look at."""
        self._thread = threading.Thread(target=self._run, name="journal-drain", daemon=True)

    def start(self) -> None:
        """Start the thread, unless it runs."""
        with self._starting:
            if self._thread.ident is None:
                self._thread.start()

    def spooled(self) -> None:
        """Lines have come into the spool."""
        if self._oldest is None:
            self._oldest = self._clock()
        self.start()
        self._wake.set()

    def counted(self) -> None:
        """There is a count that the database does not have."""
        if not self._wake.is_set():
            self._wake.set()

    def stop(self, seconds: float) -> None:
        """End the thread after a last round, for which it is given `seconds`."""
        self._stop.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(seconds)

    @property
    def backlog(self) -> tuple[int, datetime | None]:
        """How many lines wait for the database, and since when the oldest does (None where none waits)."""
        lines = self._spool.lines + sum(self._dead.values())
        return lines, self._oldest if lines else None

    def _run(self) -> None:
        # other processes may start at the same moment; what is still wrong after that, the first round says
        with suppress(DatabaseDown):
            self._database.make_ready(seconds=2)
        while True:
            last = self._stop.is_set()
            self._wake.clear()
            self._round()
            if last:
                return
            # a moment for more lines to come, which are then written together; at the end there is no waiting
            if not self._stop.wait(_EVERY):
                self._wake.wait(_EVERY * 10)

    def _round(self) -> None:
        try:
            began = self._clock()
            looked = self._look_for_dead_runs()
            # first, and also where there are none: a transaction that shows whether the database can be written
            self._write_counts()
            self._drain_this_run()
            self._drain_dead_runs()
            if looked:
                with self._database.writing() as connection:
                    recognise_feedback(self._database, connection)
        except DatabaseDown as error:
            self._say("the database cannot be written", str(error))
        except OSError as error:
            self._say("the spool cannot be read", error.strerror or type(error).__name__)
        except Exception as error:  # noqa: BLE001  the thread must live
            self._say("the spool cannot be drained", type(error).__name__)
        else:
            self._say("")
            self._oldest = began if self._spool.lines else None
        with suppress(OSError):
            self.set_aside = sum(1 for _ in self._folder.glob(f"*.{_SET_ASIDE}"))

    def _drain_this_run(self) -> None:
        for waiting in self._spool.portions():
            self._write(waiting)
            self._spool.done(waiting)

    def _look_for_dead_runs(self) -> bool:
        """See now and then what they have left, for the limit of the spool and for who asks after the backlog."""
        if time.monotonic() < self._dead_runs_at:
            return False
        self._dead_runs_at = time.monotonic() + _DEAD_RUNS_EVERY
        with dead_runs(self._folder) as folders:
            files = _files(folders)
            # a dead run writes no more, so that its files are read once
            self._dead = {file: self._dead.get(file) or len(portion(file).texts) for file in files}
            self._spool.bytes_of_dead_runs = sum(file.stat().st_size for file in files)
            left = [datetime.fromtimestamp(file.stat().st_mtime, UTC) for file in files]
        if left:
            self._oldest = min(*left, self._oldest or left[0])
        return True

    def _drain_dead_runs(self) -> None:
        if self._dead:
            with dead_runs(self._folder) as folders:
                for file in _files(folders):
                    self._write(portion(file))
                    file.unlink()
            self._dead = {}
            self._spool.bytes_of_dead_runs = 0

    def _write(self, waiting: Portion) -> None:
        for start in range(0, len(waiting.texts), _AT_ONCE):
            self._set_aside(write(self._database, waiting.texts[start : start + _AT_ONCE]))
        if waiting.damaged:
            event(
                "journal-lines-damaged",
                ERROR,
                lines=waiting.damaged,
                what="the file is kept in the folder of the spool",
            )
            with suppress(FileExistsError):
                os.link(waiting.path, self._folder / f"{waiting.path.parent.name}-{waiting.path.stem}.{_SET_ASIDE}")

    def _set_aside(self, refused: list[bytes]) -> None:
        """Lines that the database will never take are kept for a person to look at, and do not hold up the others."""
        if refused:
            event("journal-lines-refused", ERROR, lines=len(refused), what="kept in the folder of the spool")
            with (self._folder / f"refused.{_SET_ASIDE}").open("ab") as kept:
                kept.write(framed(refused))
                kept.flush()
                os.fsync(kept.fileno())

    def _write_counts(self) -> None:
        counts = self._counts.unwritten()
        with self._database.writing() as connection:
            if counts:
                write_counts(connection, [self._counts.row(count, number) for count, number in counts.items()])
        self._counts.written(counts)

    def _say(self, fault: str, why: str = "") -> None:
        if fault:
            # tried again soon, whether or not more lines come
            self._wake.set()
        if fault and not self.fault:
            event("journal-stays-in-spool", ERROR, what=fault, why=why)
        elif self.fault and not fault:
            event("journal-leaves-spool", WARNING)
        self.fault = fault


def _files(folders: list[Path]) -> list[Path]:
    return [file for folder in folders for file in sorted(folder.glob(f"*{ENDING}"))]
