"""The axis of a drawing: where a day lies, and which days are named."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from cds.dosing.calendar import add_months

_ROOM = 66.0
"""Between two named days, in units of the drawing."""
_HALF = 14.0
"""Of the text of a named day, beyond the side of the drawing."""
_STEPS = (1, 2, 3, 6, 12, 24, 60, 120, 240)
"""Months between named days; all but the last are chosen by room."""


class Tick(NamedTuple):
    """A named day."""

    x: float
    text: str


@dataclass(frozen=True, slots=True)
class Axis:
    """The days from `first` to `last`, drawn from `left` to `right`."""

    first: date
    last: date
    left: float
    right: float

    def at(self, day: date) -> float:
        """Where a day lies; one outside lies at the end that it is beyond."""
        inside = min(max(day, self.first), self.last)
        share = (inside - self.first).days / max(1, (self.last - self.first).days)
        return round(self.left + share * (self.right - self.left), 1)

    def shows(self, first: date, last: date) -> bool:
        """Whether any of these days are on it."""
        return first <= self.last and last >= self.first

    def ticks(self) -> tuple[Tick, ...]:
        """First days of months, or of years."""
        per_month = (self.right - self.left) * 30.4 / max(1, (self.last - self.first).days)
        step = next((step for step in _STEPS if step * per_month >= _ROOM), _STEPS[-1])
        day = date(self.first.year, 1, 1)
        found: list[Tick] = []
        while day <= self.last and day < date.max:
            if day >= self.first and self.left + _HALF <= self.at(day) <= self.right - _HALF:
                found.append(Tick(self.at(day), str(day.year) if step % 12 == 0 else f"{day:%Y-%m}"))
            day = add_months(day, step)
        return tuple(found)
