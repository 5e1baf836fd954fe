"""A Case: one sentence a clinician can judge, a history table, and the table that is expected of it.

The tables are text, one row a line, cells parted by `|`. A row whose first cell is the name of a column is a header;
without one the columns are those of `COLUMNS`. Cells left out at the end of a row are empty. What a case does not
say, it does not expect; `-` says that something must be absent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from textwrap import dedent

Row = Mapping[str, str]

COLUMNS = {
    "history": ("record", "day", "amount", "note"),
    "proposals": ("order", "day", "amount", "note"),
    "standing": ("order", "day"),
    "laboratory": ("result", "code", "taken", "value", "status"),
    "tests": ("test", "standing", "latest", "above"),
    "doses": ("records", "step", "interval", "findings", "days"),
    "proposed": ("order", "date", "step", "interval", "findings", "suggested", "plan"),
}
HEADERS = frozenset({"record", "records", "order", "result", "test"})


@dataclass(frozen=True)
class Case:
    """One specification test.

    What goes in: `history` holds records as facts (day: a date, a month, or `-`; note: `stopped`, `not given`,
    `unidentified`, `unreadable: REASON`, `elsewhere`, `other therapy`, also with `, stopped` or `, goes on`; an end of
    days that is not said is `...`);
    `resources` and `orders` hold them as FHIR elements, for the rules about reading; `standing` are days that other
    active orders ask for, `proposals` are dates asked about; `laboratory` are Observations, looked back on for
    `window` days, not all of which were read where `laboratory_whole` is false. What comes out: one row a dose in
    `doses` (the whole list of findings of that dose, or `-`), `key: value` lines in `forecast`, one row a proposed date
    in `proposed`; `series` is the whole list of findings about the history, `counted` the whole list of counted records
    in order of the walk, `judged` the whole list of proposed dates that were judged; `tests` has one row a test of the
    monitoring, or is `-`. `document` is the whole answer in JSON.
    """

    title: str
    rules: str
    on: str
    history: str = field(default="", kw_only=True)
    resources: str = field(default="", kw_only=True)
    proposals: str = field(default="", kw_only=True)
    standing: str = field(default="", kw_only=True)
    orders: str = field(default="", kw_only=True)
    laboratory: str = field(default="", kw_only=True)
    laboratory_whole: bool = field(default=True, kw_only=True)
    window: int | None = field(default=None, kw_only=True)
    regimen: str = field(default="eu-12mg", kw_only=True)
    zone: str = field(default="Pacific/Chatham", kw_only=True)
    whole: bool = field(default=True, kw_only=True)
    ended: bool = field(default=False, kw_only=True)
    complete_since: str = field(default="", kw_only=True)
    source: str = field(default="", kw_only=True)
    doses: str = field(default="", kw_only=True)
    counted: str = field(default="", kw_only=True)
    not_given: str = field(default="", kw_only=True)
    unreadable: str = field(default="", kw_only=True)
    unidentified: str = field(default="", kw_only=True)
    series: str = field(default="", kw_only=True)
    forecast: str = field(default="", kw_only=True)
    proposed: str = field(default="", kw_only=True)
    judged: str = field(default="", kw_only=True)
    tests: str = field(default="", kw_only=True)
    document: str = field(default="", kw_only=True)

    @property
    def name(self) -> str:
        """The name of the test: its rules before its title, so that `-k W7` finds it."""
        return f"{self.rules}: {self.title}"

    @property
    def rule_ids(self) -> tuple[str, ...]:
        """The rules that the case proves: it fails when one of them is broken."""
        return tuple(self.rules.split())


@dataclass(frozen=True)
class Chapter:
    """Cases about one section of the rules."""

    section: int
    title: str
    text: str
    cases: tuple[Case, ...]


def rows(table: str, columns: tuple[str, ...] = ()) -> Iterator[Row]:
    """The rows of a text table, by column."""
    for line in filter(None, (line.strip() for line in dedent(table).splitlines())):
        cells = [cell.strip() for cell in line.split("|")]
        if cells[0] in HEADERS:
            columns = tuple(cells)
            continue
        if len(cells) > len(columns):
            raise ValueError(f"more cells than the columns {columns}: {line!r}")
        yield dict(zip(columns, cells + [""] * (len(columns) - len(cells)), strict=True))


def lines(text: str) -> Iterator[tuple[str, str]]:
    """The `key: value` lines of a text."""
    for line in filter(None, (line.strip() for line in text.splitlines())):
        key, _, value = line.partition(":")
        yield key.strip(), value.strip()


def items(text: str) -> list[str]:
    """The parts of a list written with commas; `-` is the empty list."""
    return [] if text.strip() == "-" else [part.strip() for part in text.split(",")]
