"""Flags: texts on poles beside a line, in rows, so that no text covers another and no pole crosses a text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

_PER_LETTER, _PER_BOLD_LETTER = 6.9, 8.4
_LIGHT = frozenset({"planned", "info", "unread"})
"""The kinds of flags whose text is not bold."""
_PADDING = 10.0


@dataclass(frozen=True, slots=True)
class Flag:
    """A text at a place of the line. `kind` is how it looks."""

    x: float
    text: str
    kind: str

    @property
    def width(self) -> float:
        """About how wide the text is, on the wide side."""
        return len(self.text) * (_PER_LETTER if self.kind in _LIGHT else _PER_BOLD_LETTER) + _PADDING


@dataclass(frozen=True, slots=True)
class Placed:
    """A flag in its row, 0 being next to the line. `turned`: the text ends at the pole, for want of room after it."""

    flag: Flag
    row: int
    turned: bool

    @property
    def start(self) -> float:
        """Where the text begins."""
        return self.flag.x - self.flag.width if self.turned else self.flag.x

    @property
    def end(self) -> float:
        """Where the text ends."""
        return self.flag.x if self.turned else self.flag.x + self.flag.width


def place(flags: Iterable[Flag], right: float) -> tuple[Placed, ...]:
    """Each flag in the first row in which it disturbs none placed before it, from the right to the left."""
    placed: list[Placed] = []
    for flag in sorted(flags, key=lambda flag: -flag.x):
        turned = flag.x + flag.width > right and flag.x - flag.width >= 0
        rows = (Placed(flag, row, turned) for row in range(len(placed) + 1))
        # a row beyond all others is free of texts, and at worst a pole crosses one
        last = Placed(flag, max((other.row for other in placed), default=-1) + 1, turned)
        placed.append(next((each for each in rows if not any(_disturbs(each, other) for other in placed)), last))
    return tuple(placed)


def rows(placed: Iterable[Placed]) -> int:
    """How many rows there are."""
    return max((each.row + 1 for each in placed), default=0)


def _disturbs(one: Placed, other: Placed) -> bool:
    if one.row == other.row:
        return one.start < other.end and other.start < one.end
    outer, inner = (one, other) if one.row > other.row else (other, one)
    return inner.start - 1 < outer.flag.x < inner.end + 1 and outer.flag.x != inner.flag.x
