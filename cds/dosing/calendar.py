"""Calendar arithmetic of the labels: the one place where months are added to a date."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

_PERIOD = re.compile(r"(?P<count>[0-9]{1,4})(?P<unit>d|w|mo)")


# Kept, since a history is asked for the same few dates over and over, and the next call of its patient again.
_kept = lru_cache(maxsize=8192)


@_kept
def add_months(day: date, months: int) -> date:
    """`day` plus calendar months; a day that does not exist rolls forward to the first (rule D3)."""
    index = day.month - 1 + months
    year, month = day.year + index // 12, index % 12 + 1
    try:
        return date(year, month, day.day)
    except ValueError:
        # The month after a short one always exists in the same year: December has 31 days.
        return date(year, month + 1, 1) if year <= date.max.year else date.max


@_kept
def add_days(day: date, days: int) -> date:
    """`day` plus days; like `add_months` it stops at the calendar's last day instead of raising."""
    try:
        return day + timedelta(days)
    except OverflowError:
        return date.max


@dataclass(frozen=True, slots=True)
class Period:
    """A length of time as labels state it: whole days or whole calendar months, never both."""

    days: int = 0
    months: int = 0

    def __post_init__(self) -> None:
        if self.days < 0 or self.months < 0 or (self.days > 0) == (self.months > 0):
            raise ValueError(
                f"a period is a positive number of days or of months, not {self.days} days and {self.months} months"
            )

    @classmethod
    def parse(cls, text: str) -> Period:
        """`14d`, `5w` or `4mo`; anything else raises ValueError."""
        found = _PERIOD.fullmatch(text)
        if found is None:
            raise ValueError(f"{text!r} is not a period: write days (14d), weeks (5w) or months (4mo)")
        count = int(found["count"])
        match found["unit"]:
            case "mo":
                return cls(months=count)
            case "w":
                return cls(days=7 * count)
            case _:
                return cls(days=count)

    def after(self, day: date, times: int = 1) -> date:
        """The date `times` periods after `day`, added at once and never one after the other (rule D4)."""
        return add_months(day, self.months * times) if self.months else add_days(day, self.days * times)

    @property
    def shortest_days(self) -> int:
        """The fewest days the period can last."""
        return self.days or 28 * self.months

    def __str__(self) -> str:
        count, unit = (self.months, "month") if self.months else (self.days, "day")
        return f"{count} {unit}" if count == 1 else f"{count} {unit}s"
