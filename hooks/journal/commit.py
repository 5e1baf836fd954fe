"""Makes lines safe before their answers go out: many calls wait for one writing to the disk."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from logging import ERROR, WARNING

from hooks.database.database import Database, DatabaseDown
from hooks.journal.counts import Counts
from hooks.journal.decision import Count
from hooks.journal.spool import Spool
from hooks.journal.store import write
from hooks.operations.logs import event, reduced

_MOST_WAITING = 10_000
"""Lines in memory; beyond it the disk hangs, and the next ones are lost and counted."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    text: bytes
    if_lost: Count
    loop: asyncio.AbstractEventLoop
    safe: asyncio.Future[bool]


class Committer:
    """One thread that writes what has gathered to the spool, or where that fails to the database, and counts what it
    can write to neither."""

    def __init__(self, spool: Spool, database: Database, counts: Counts, *, written: Callable[[], None]) -> None:
        self._spool, self._database, self._counts, self._written = spool, database, counts, written
        self._waiting: list[_Waiting] = []
        self._changed = threading.Condition()
        self._idle = self._stopping = False
        self.fault = ""
        """Why the spool cannot be written; empty where it can."""
        self._thread = threading.Thread(target=self._run, name="journal-commit", daemon=True)

    def start(self) -> None:
        """Start the thread, unless it runs."""
        with self._changed:
            if self._thread.ident is None:
                self._thread.start()

    def put(self, text: bytes, if_lost: Count) -> asyncio.Future[bool]:
        """A future: true when the text is safe, false when it is counted as lost."""
        loop = asyncio.get_running_loop()
        safe = loop.create_future()
        with self._changed:
            if len(self._waiting) >= _MOST_WAITING or self._stopping:
                self._counts.add(if_lost)
                safe.set_result(False)
                return safe
            if self._thread.ident is None:
                # an application whose server tells it of no start
                self._thread.start()
            self._waiting.append(_Waiting(text, if_lost, loop, safe))
            # while it writes it needs no waking: it looks again when it has written
            if self._idle:
                self._changed.notify()
        return safe

    def stop(self, seconds: float) -> None:
        """Write what waits, and end the thread; what is not written within `seconds` is counted as lost."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        if self._thread.is_alive():
            self._thread.join(seconds)
        with self._changed:
            left, self._waiting = self._waiting, []
        for entry in left:
            self._counts.add(entry.if_lost)

    def _run(self) -> None:
        try:
            self._spool.prepare()
        except OSError as error:
            self._say(error.strerror or type(error).__name__)
        while True:
            with self._changed:
                while not self._waiting and not self._stopping:
                    self._idle = True
                    self._changed.wait()
                self._idle = False
                batch, self._waiting = self._waiting, []
            if not batch:
                return
            try:
                lost = self._commit(batch)
            except Exception as error:  # noqa: BLE001  the thread must live, and what it dropped must be counted
                event("journal-failed", ERROR, **reduced(error))
                lost = batch
            self._lose(lost)
            _tell(batch, lost)

    def _commit(self, batch: Sequence[_Waiting]) -> Sequence[_Waiting]:
        """Make a batch safe; what of it could be written nowhere."""
        texts = [entry.text for entry in batch]
        try:
            self._spool.append(texts)
        except OSError as error:
            self._say(error.strerror or type(error).__name__)
        else:
            self._say("")
            self._written()
            return ()
        try:
            refused = write(self._database, texts)
        except DatabaseDown:
            return batch
        return [entry for entry in batch if entry.text in refused]

    def _lose(self, batch: Sequence[_Waiting]) -> None:
        if not batch:
            return
        for entry in batch:
            self._counts.add(entry.if_lost)
        event("journal-lines-lost", ERROR, lines=len(batch), why="neither spool nor database can be written")

    def _say(self, fault: str) -> None:
        if fault != self.fault:
            if fault:
                event("spool-cannot-be-written", ERROR, why=fault)
            else:
                event("spool-can-be-written", WARNING)
        self.fault = fault


def _tell(batch: Sequence[_Waiting], lost: Sequence[_Waiting]) -> None:
    """Wake those who wait, each loop once."""
    gone = {id(entry) for entry in lost}
    loops: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[bool], bool]]] = {}
    for entry in batch:
        loops.setdefault(entry.loop, []).append((entry.safe, id(entry) not in gone))
    for loop, told in loops.items():
        # a loop that has ended has nobody who waits
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(_finish, told)


def _finish(told: Sequence[tuple[asyncio.Future[bool], bool]]) -> None:
    for future, is_safe in told:
        if not future.done():
            future.set_result(is_safe)
