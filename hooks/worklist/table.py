"""The worklist as a table for spreadsheets, which runs nothing in them."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from datetime import date
from io import StringIO

from cds.audit.cells import cell
from hooks.worklist.audited import About
from hooks.worklist.live import GroupRead
from hooks.worklist.rows import Row

_OF_ROW = (
    "patient", "status", "step", "act_on", "earliest", "recommended", "overdue_from", "options", "last_dose",
    "findings", "history_incomplete", "regimen",
)  # fmt: skip
COLUMNS = (*_OF_ROW, "not_known", "audit_day")
GROUP_COLUMNS = (*_OF_ROW, "not_known", "read_at")
NOT_READ = "not-read"


def as_csv(rows: Iterable[Row], about: About, doubts: Iterable[str]) -> str:
    """All rows that are given, with the day of the audit in each; before them, whatever was chosen, why others can be
    missing."""
    on, blank = _day(about.on), [""] * (len(_OF_ROW) - 2)
    told = (("", NOT_READ, *blank, why, on) for why in doubts)
    return _written(COLUMNS, (*told, *((*_cells(row), "; ".join(row.doubts), on) for row in rows)))


def group_as_csv(rows: Iterable[Row], read: GroupRead) -> str:
    """All rows that are given, with when the Group was read in each; before them, whatever was chosen, why others can
    be missing, and the members who were not read: each of them can be anything."""
    at, blank = read.began.isoformat(timespec="seconds"), [""] * (len(_OF_ROW) - 2)
    told = [*(("", why) for why in read.members.doubts), *((each.who, each.why) for each in read.not_read)]
    unread = ((who, NOT_READ, *blank, why, at) for who, why in told)
    return _written(GROUP_COLUMNS, (*unread, *((*_cells(row), "; ".join(row.doubts), at) for row in rows)))


def _cells(row: Row) -> tuple[object, ...]:
    return (
        row.patient, row.status.value, row.step, _day(row.act_on), _day(row.earliest), _day(row.recommended),
        _day(row.overdue_from), [_day(day) for day in row.options], _day(row.last_dose),
        [code.value for code in row.found], "yes" if row.incomplete else "no", row.regimen,
    )  # fmt: skip


def _written(columns: Sequence[str], lines: Iterable[Sequence[object]]) -> str:
    written = StringIO()
    table = csv.writer(written, lineterminator="\n")
    table.writerow(columns)
    for line in lines:
        table.writerow([cell(value) for value in line])
    return written.getvalue()


def _day(day: date | None) -> str:
    return day.isoformat() if day is not None else ""
