"""Whose turn it is, where more requests are wanted than may be under way."""

from __future__ import annotations

import asyncio
import itertools
from heapq import heappop, heappush


class Turns:
    """At most `at_once` turns are taken at a time, and whose deadline is first comes first.

    A call asks for several things, one after the other. Were it only the order in which requests come, the second one
    of each call would stand behind the first one of all, so that of many calls at once none came to its end.
    """

    def __init__(self, at_once: int) -> None:
        self._free = at_once
        self._numbers = itertools.count()
        self._waiting: list[tuple[float, int, asyncio.Future[None]]] = []

    async def take(self, until: float) -> None:
        """Wait for a turn; to be given back. `until` is the deadline, a time of the event loop, which ends nothing
        here."""
        if self._free:
            self._free -= 1
            return
        turn = asyncio.get_running_loop().create_future()
        heappush(self._waiting, (until, next(self._numbers), turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.give_back()  # it came in the same moment
            raise

    def give_back(self) -> None:
        """The next one's turn. Those who gave up waiting are left out."""
        while self._waiting:
            turn = heappop(self._waiting)[2]
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1
