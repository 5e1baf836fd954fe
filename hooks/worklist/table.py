"""The worklist as a table for spreadsheets, which runs nothing in them."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from datetime import date
from io import StringIO

from cds.audit.cells import cell
from hooks.worklist.audited import About
from hooks.worklist.rows import Row

COLUMNS = (
    "patient", "status", "step", "act_on", "earliest", "recommended", "overdue_from", "options", "last_dose",
    "findings", "history_incomplete", "regimen", "audit_day",
)  # fmt: skip


def as_csv(rows: Iterable[Row], about: About) -> str:
    """All rows that are given, with the day of the audit in each."""
    written = StringIO()
    table = csv.writer(written, lineterminator="\n")
    table.writerow(COLUMNS)
    for row in rows:
        values = (
            row.patient, row.status.value, row.step, _day(row.act_on), _day(row.earliest), _day(row.recommended),
            _day(row.overdue_from), [_day(day) for day in row.options], _day(row.last_dose),
            [code.value for code in row.found], "yes" if row.incomplete else "no", row.regimen, _day(about.on),
        )  # fmt: skip
        table.writerow([cell(value) for value in values])
    return written.getvalue()


def _day(day: date | None) -> str:
    return day.isoformat() if day is not None else ""
