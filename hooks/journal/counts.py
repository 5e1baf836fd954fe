"""Counts of this run: calls that are not kept one by one, and lines that were lost."""

from __future__ import annotations

import threading
from typing import Any

from hooks.journal.decision import Count

LOST_DECISION, LOST_FEEDBACK, LOST_VIEW = "lost-decision", "lost-feedback", "lost-view"
LOST = frozenset({LOST_DECISION, LOST_FEEDBACK, LOST_VIEW})


class Counts:
    """Kept in memory, and in the database as soon as it can be written. Safe to use from several threads."""

    def __init__(self, run: str) -> None:
        self.run = run
        self._numbers: dict[Count, int] = {}
        self._written: dict[Count, int] = {}
        self._lock = threading.Lock()

    def add(self, count: Count) -> None:
        """One more."""
        with self._lock:
            self._numbers[count] = self._numbers.get(count, 0) + 1

    @property
    def lost(self) -> int:
        """How many lines this run has lost."""
        with self._lock:
            return sum(n for count, n in self._numbers.items() if count.kind in LOST)

    def unwritten(self) -> dict[Count, int]:
        """The counts that have changed since `written` was told of them."""
        with self._lock:
            return {count: n for count, n in self._numbers.items() if self._written.get(count) != n}

    def written(self, counts: dict[Count, int]) -> None:
        """These numbers are in the database."""
        with self._lock:
            self._written |= counts

    def row(self, count: Count, number: int) -> dict[str, Any]:
        """A count as a row of the table."""
        names = ("kind", "service", "hook", "site", "day")
        return {"run": self.run, **{name: getattr(count, name) for name in names}, "number": number}
