"""The readings of Groups: one at a time of each, not too often, and kept in memory for a day at most."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from hooks.desk import Desk
from hooks.worklist.live import GroupNotReadError, GroupRead, Progress, read_group
from hooks.worklist.source import Source, sources_of, tokens_of

PAUSE = timedelta(seconds=60)
"""From the beginning of one reading to that of the next."""
_KEPT = timedelta(days=1)


@dataclass(slots=True)
class Reading:
    """One reading, begun at `began`; `task` ends in a GroupRead, or in a GroupNotReadError."""

    began: datetime
    progress: Progress
    task: asyncio.Task[GroupRead]

    @property
    def is_done(self) -> bool:
        """Whether it has ended."""
        return self.task.done()

    def result(self) -> GroupRead:
        """What was read. Raises GroupNotReadError."""
        if self.task.cancelled():
            raise GroupNotReadError("the reading was broken off")
        return self.task.result()


@dataclass(slots=True)
class GroupList:
    """One Group of a site, and its last reading."""

    source: Source
    desk: Desk
    reading: Reading | None = field(default=None)

    @property
    def last(self) -> Reading | None:
        """The last reading; None where there is none, or none that is to be kept any longer."""
        if self.reading is not None and self.reading.is_done and self._age(self.reading) >= _KEPT:
            self.reading = None
        return self.reading

    @property
    def name(self) -> str:
        """What people call it: its name where it has been read, else its id."""
        last = self.last
        if last is None or not last.is_done or last.task.cancelled() or last.task.exception() is not None:
            return self.source.id
        return last.task.result().members.name or self.source.id

    def begin(self) -> None:
        """Read it, unless that is under way or was begun a moment ago."""
        if self.again_at() is not None:
            return
        progress, tokens = Progress(), tokens_of(self.source, self.desk, self.desk.clock)
        task = asyncio.create_task(read_group(self.source, self.desk, tokens, progress))
        self.reading = Reading(self.desk.clock(), progress, task)

    def again_at(self) -> datetime | None:
        """From when on it can be read again; None where it can be now."""
        last = self.last
        if last is None or (last.is_done and self._age(last) >= PAUSE):
            return None
        return (last.began + PAUSE).astimezone(self.desk.zone)

    async def wait(self, seconds: float) -> None:
        """Until the reading has ended, for so long at most."""
        if self.reading is not None:
            await asyncio.wait([self.reading.task], timeout=seconds)

    def _age(self, reading: Reading) -> timedelta:
        return self.desk.clock() - reading.began


def lists_of(desk: Desk) -> tuple[GroupList, ...]:
    """The Groups of a site. Raises ValueError, which begins with the name of the setting."""
    return tuple(GroupList(each, desk) for each in sources_of(desk.site))


def by_site(desks: Iterable[Desk]) -> dict[str, tuple[GroupList, ...]]:
    """Those of all sites, by the id of the site. Raises ValueError."""
    return {desk.site.id: lists_of(desk) for desk in desks}
