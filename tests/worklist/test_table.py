"""The list as a table: no cell of it is a formula or breaks the line."""

from __future__ import annotations

import csv
from datetime import date
from io import StringIO
from pathlib import Path

import pytest

from cds.dosing.codes import Code, Status
from hooks.worklist.audited import Audits
from hooks.worklist.rows import Row
from hooks.worklist.table import COLUMNS, as_csv
from tests.worklist.made import audited, row


@pytest.fixture
def written(tmp_path: Path) -> list[dict[str, str]]:
    rows = [
        row(
            "Patient/p1", Status.DECISION, options=(date(2026, 5, 1), date(2026, 5, 8)), recommended=None,
            found=(Code.HISTORY_INCOMPLETE, Code.DATE_MISSING), incomplete=True,
        ),
        *[row(name) for name in HOSTILE],
    ]  # fmt: skip
    return read(tmp_path, rows)


def read(folder: Path, rows: list[Row], *doubts: str) -> list[dict[str, str]]:
    text = as_csv(rows, Audits().read(audited(folder)).about, doubts)
    return list(csv.DictReader(StringIO(text, newline="")))


HOSTILE = ['=HYPERLINK("http://x")', "+1", "-1", "@SUM(A1)", "\t=1", "\uff1d1", "a\n=1", 'a","b']


def test_every_value_of_a_row_stands_in_its_column(written: list[dict[str, str]]) -> None:
    assert tuple(written[0]) == COLUMNS
    assert list(written[0].values()) == [
        "Patient/p1", "decision", "maintenance", "2026-04-28", "2026-01-11", "", "2026-05-27", "2026-05-01; 2026-05-08",
        "2025-12-28", "history-incomplete; date-missing", "yes", "eu-12mg", "", "2026-05-01",
    ]  # fmt: skip


def test_no_cell_begins_like_a_formula_and_no_row_breaks(written: list[dict[str, str]]) -> None:
    assert len(written) == 1 + len(HOSTILE)
    cells = [line["patient"] for line in written[1:]]
    assert [cell[:2] for cell in cells[:4]] == ["'=", "'+", "'-", "'@"]
    assert not [cell for cell in cells if cell.lstrip()[:1] in "=+-@\uff1d" or "\n" in cell or "\t" in cell]


def test_why_patients_can_be_missing_stands_before_all_rows(tmp_path: Path) -> None:
    first, second = read(tmp_path, [row("Patient/p1")], "=1 line of the input rejected")
    assert (first["patient"], first["status"], first["not_known"]) == ("", "not-read", "'=1 line of the input rejected")
    assert first["audit_day"] == "2026-05-01"
    assert (second["patient"], second["not_known"]) == ("Patient/p1", "")
