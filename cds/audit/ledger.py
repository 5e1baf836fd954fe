"""The ledger: every line of the input under one key, and what was rejected, with its place and reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Key(StrEnum):
    """What became of a line. Each line has one of these."""

    USED = "used"
    """An administration that an evaluation rests on."""
    AFTER_ON = "after_on"
    NOT_GIVEN = "not_given"
    UNREADABLE = "unreadable"
    """Of the drug and not to be read, or of no drug that anybody could tell."""
    ENTERED_IN_ERROR = "entered_in_error"
    OTHER_DRUG = "other_drug"
    OTHER_RESOURCE = "other_resource"
    SUPERSEDED = "superseded"
    """An older version, or a repetition, of a record that is in the input again; or one that was deleted."""
    BLANK = "blank"
    REJECTED = "rejected"
    NO_TRACE = "no_trace"
    """Left unparsed, since its bytes hold no trace of the drug."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a line stands: the file as it was named, the offset of its first byte once unpacked, its number from 1."""

    file: str
    offset: int
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True, order=True)
class Rejection:
    """A line, or the rest of a file, that could not be read. The reason holds nothing of its content."""

    place: Place
    reason: str


@dataclass(frozen=True, slots=True)
class Ledger:
    """The account of one audit. `faults` are about whole files: what lies behind them is not counted in `lines`.
    `held`: the lines of each file that are not blank."""

    lines: int
    counts: Mapping[Key, int]
    rejected: tuple[Rejection, ...]
    faults: tuple[Rejection, ...]
    held: Mapping[str, int] = field(default_factory=dict)

    @property
    def balanced(self) -> bool:
        """Whether every line stands under exactly one key."""
        return sum(self.counts.values()) == self.lines and len(self.rejected) == self.counts.get(Key.REJECTED, 0)

    def as_json(self) -> dict[str, object]:
        """The content of `ledger.json`: every key, also those that are 0."""
        return {
            "lines": self.lines,
            **{key.value: self.counts.get(key, 0) for key in Key},
            "balanced": self.balanced,
            "rejections": _listed(self.rejected),
            "faults": _listed(self.faults),
        }


def _listed(rejections: Iterable[Rejection]) -> list[dict[str, object]]:
    return [
        {"file": each.place.file, "line": each.place.line, "offset": each.place.offset, "reason": each.reason}
        for each in sorted(rejections)
    ]
