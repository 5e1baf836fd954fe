"""What the worklist reads of an audit, and that an audit which is not whole is a reason, never an empty list."""

from __future__ import annotations

import csv
import json
import os
from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from cds.dosing.codes import Code, Status
from hooks.worklist.audited import Audits, NoWorklistError
from tests.worklist.made import ON, audited


def test_the_list_holds_whom_the_recall_list_holds_and_those_whose_history_is_incomplete(tmp_path: Path) -> None:
    folder = audited(tmp_path)
    found = {row.patient: row for row in Audits().read(folder).rows if row.listed(ON)}
    with (folder / "recall.csv").open(newline="") as lines:
        recalled = {line["patient"]: line for line in csv.DictReader(lines)}
    assert {name for name, row in found.items() if name not in recalled} == {"Patient/status-unknown"}
    assert found["Patient/status-unknown"].incomplete
    for name, line in recalled.items():
        row = found[name]
        told = (row.status, row.step, str(row.act_on), str(row.last_dose), str(row.overdue_from or ""))
        assert told == (line["status"], line["step"], line["date"], line["last_dose"], line["overdue_from"])


def test_what_it_says_of_itself(tmp_path: Path) -> None:
    read = Audits().read(audited(tmp_path))
    about = read.about
    assert (about.on, about.zone, about.regimens) == (ON, "Asia/Kathmandu", ("eu-12mg 1.0.0",))
    assert (about.files, len(about.first), about.plain, about.patients) == (1, 1, True, len(read.rows))
    assert (about.not_read, about.rejected, about.broken, about.asked_for, about.sample) == (0, 0, 0, None, None)
    assert any("MedicationStatement" in each for each in about.not_looked_at)
    assert not read.at_work


def rewrite(name: str, change: Callable[[Any], Any]) -> Callable[[Path], None]:
    def changed(folder: Path) -> None:
        path = folder / name
        path.write_text(json.dumps(change(json.loads(path.read_text()))))

    return changed


def lines(change: Callable[[list[str]], list[str]]) -> Callable[[Path], None]:
    def changed(folder: Path) -> None:
        path = folder / "assessments.ndjson"
        path.write_text("".join(change(path.read_text().splitlines(keepends=True))))

    return changed


def without(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def emptied(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).write_text("")


NOT_USABLE: dict[str, tuple[Callable[[Path], Any], str]] = {
    "no summary": (without("summary.json"), "there is no summary.json in the folder of the audit"),
    "no assessments": (without("assessments.ndjson"), "there is no assessments.ndjson"),
    "no ledger": (without("ledger.json"), "there is no ledger.json"),
    "a summary that is empty": (emptied("summary.json"), "summary.json is no JSON, or breaks off"),
    "assessments that are empty": (emptied("assessments.ndjson"), "its files are not of one audit"),
    "a list for a summary": (rewrite("summary.json", lambda _: []), "not as this version writes them"),
    "a summary without the input": (
        rewrite("summary.json", lambda told: {**told, "input": None}),
        "not as this version writes them",
    ),
    "one patient lost": (lines(lambda all_of_them: all_of_them[:-1]), "its files are not of one audit"),
    "one patient twice": (lines(lambda all_of_them: [*all_of_them, all_of_them[0]]), "its files are not of one audit"),
    "a line cut short": (
        lines(lambda all_of_them: [*all_of_them[:-1], all_of_them[-1][:-9]]),
        "breaks off in its last",
    ),
    "a line of something else": (
        lines(lambda all_of_them: [all_of_them[0], "{}\n", *all_of_them[2:]]),
        "line 2 of assessments.ndjson is no assessment",
    ),
    "a status of another version": (
        lines(lambda all_of_them: [each.replace('"status":"overdue"', '"status":"lost"') for each in all_of_them]),
        "is no assessment that this version can read",
    ),
    "assessments of another day": (
        lines(lambda all_of_them: [each.replace('"on":"2026-05-01"', '"on":"2026-04-30"') for each in all_of_them]),
        "its files are not of one audit",
    ),
    "a ledger of another input": (
        rewrite("ledger.json", lambda told: {**told, "lines": told["lines"] + 1}),
        "its files are not of one audit",
    ),
    "statuses of another audit": (
        rewrite("summary.json", lambda told: {**told, "statuses": {**told["statuses"], "due": 9, "overdue": 9}}),
        "its files are not of one audit",
    ),
}


@pytest.mark.parametrize("case", NOT_USABLE)
def test_an_audit_that_is_not_whole_is_a_reason(tmp_path: Path, case: str) -> None:
    change, why = NOT_USABLE[case]
    with pytest.raises(NoWorklistError, match=why) as told:
        Audits().read(audited(tmp_path, change))
    assert "Patient/" not in str(told.value)


def test_a_folder_that_is_not_there_or_is_a_file_is_a_reason(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for name in ("nowhere", "file"):
        with pytest.raises(
            NoWorklistError, match=r"does not exist, or is no folder|cannot be read \(Not a directory\)"
        ):
            Audits().read(tmp_path / name)


def test_a_folder_with_the_audits_of_several_drugs_is_told(tmp_path: Path) -> None:
    audited(tmp_path)
    with pytest.raises(NoWorklistError, match=r"holds the audits of several drugs\. Name that of one drug"):
        Audits().read(tmp_path)


def test_a_first_audit_that_is_still_at_work_is_told(tmp_path: Path) -> None:
    (tmp_path / ".work").mkdir()
    with pytest.raises(NoWorklistError, match="an audit is at work in the folder, or was interrupted"):
        Audits().read(tmp_path)


def test_one_that_is_at_work_beside_a_whole_one_is_told_with_it(tmp_path: Path) -> None:
    assert Audits().read(audited(tmp_path, lambda folder: (folder / ".work").mkdir())).at_work


def test_a_new_audit_is_read_and_one_that_broke_later_is_no_longer_shown(tmp_path: Path) -> None:
    folder, audits = audited(tmp_path), Audits()
    first = audits.read(folder)
    assert audits.read(folder) is first
    os.utime(folder / "summary.json", ns=(1, 1))
    again = audits.read(folder)
    assert again is not first
    assert again.about.written.year == 1970
    lines(lambda all_of_them: all_of_them[:3])(folder)
    with pytest.raises(NoWorklistError):
        audits.read(folder)


def test_every_status_and_finding_is_taken_over_as_it_is(tmp_path: Path) -> None:
    folder = audited(tmp_path)
    rows = Audits().read(folder).rows
    summary = json.loads((folder / "summary.json").read_text())
    assert Counter(row.status for row in rows) == {
        Status(name): number for name, number in summary["statuses"].items() if number
    }
    [overdue] = [row for row in rows if row.patient == "Patient/overdue"]
    assert (overdue.recommended, overdue.overdue_from) == (date(2026, 3, 5), date(2026, 4, 3))
    assert overdue.found == (Code.OVERDUE,)
