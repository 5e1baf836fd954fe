"""The journal of one run of the service: what it keeps, and what it says of itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from logging import ERROR
from pathlib import Path

from hooks.database.database import Database
from hooks.journal.commit import Committer
from hooks.journal.counts import LOST_DECISION, LOST_FEEDBACK, LOST_VIEW, Counts
from hooks.journal.decision import Count, Decision, Feedback, PageView
from hooks.journal.drain import Drain
from hooks.journal.spool import Spool
from hooks.journal.store import text_of, text_of_count
from hooks.operations.logs import event

_LONGEST_WAIT = 2.0
"""Seconds that an answer waits for its line: a disk that hangs must not keep the card from the clinician."""


@dataclass(frozen=True, slots=True)
class JournalStatus:
    """How the journal is. `database` and `spool` say what is wrong with them, and are empty where nothing is.

    `backlog` counts the lines that wait for the database, `oldest` is since when; `lost` counts the lines that this
    run could write nowhere; `late` those whose answers went out before they were known to be safe; `set_aside` are
    files of lines that the database would not take.
    """

    database: str
    spool: str
    backlog: int
    oldest: datetime | None
    lost: int
    late: int
    set_aside: int

    @property
    def is_well(self) -> bool:
        """Whether nothing is wrong now, and nothing was lost."""
        return not (self.database or self.spool or self.lost or self.set_aside)


class Journal:
    """Keeps decisions and feedback through a database that is down, a spool that is full and the end of the process.

    `folder` is the spool's, on a disk of this machine; `limit` its largest size in bytes.
    """

    def __init__(
        self, database: Database, *, folder: Path, limit: int, run: str, clock: Callable[[], datetime]
    ) -> None:
        self._counts = Counts(run)
        self._spool = Spool(folder, run, limit=limit)
        self._drain = Drain(folder, self._spool, database, self._counts, clock)
        self._committer = Committer(self._spool, database, self._counts, written=self._drain.spooled)
        self._late = 0

    def start(self) -> None:
        """Start writing."""
        self._committer.start()
        self._drain.start()

    async def keep(self, decision: Decision) -> bool:
        """True when the decision is safe: on the local disk, or in the database; false when it is counted as lost, or
        still under way after some seconds."""
        day = decision.time.date()
        if_lost = Count(LOST_DECISION, decision.service, decision.hook, decision.site, day)
        return await self._kept([(text_of(decision), if_lost)])

    async def keep_feedback(self, given: Iterable[Feedback]) -> bool:
        """The same for feedback, all of it."""
        return await self._kept(
            [(text_of(one), Count(LOST_FEEDBACK, one.service, "", "", one.received.date())) for one in given]
        )

    async def keep_view(self, view: PageView) -> bool:
        """The same for a look at a page."""
        return await self._kept([(text_of(view), Count(LOST_VIEW, "", "", view.site, view.time.date()))])

    def count(self, count: Count) -> None:
        """Count a call of which no line is kept; safe within two seconds, and at an orderly end."""
        self._counts.add(count)
        self._drain.counted()

    def status(self) -> JournalStatus:
        """How it is now."""
        backlog, oldest = self._drain.backlog
        return JournalStatus(
            self._drain.fault,
            self._committer.fault,
            backlog,
            oldest,
            self._counts.lost,
            self._late,
            self._drain.set_aside,
        )

    def close(self, seconds: float = 5.0) -> None:
        """Make all lines safe and write to the database what it takes within `seconds`; the next run does the rest."""
        self._committer.stop(seconds)
        self._drain.stop(seconds)
        left = self._counts.unwritten()
        if left:
            try:
                self._spool.append([text_of_count(count, self._counts.run, n) for count, n in left.items()])
            except OSError:
                said = ", ".join(f"{count.kind} {number}" for count, number in left.items())
                event("journal-counts-lost", ERROR, counts=said)
        self._spool.close()

    async def _kept(self, lines: list[tuple[bytes, Count]]) -> bool:
        safe = [self._committer.put(text, if_lost) for text, if_lost in lines]
        try:
            async with asyncio.timeout(_LONGEST_WAIT):
                return all([await future for future in safe])
        except TimeoutError:
            # still written as soon as the disk takes it
            self._late += sum(not future.done() or future.cancelled() for future in safe)
            event("answer-before-its-line", ERROR, why="spool and database do not answer in time")
            return False
