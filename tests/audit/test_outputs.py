"""What the outputs show: references in three ways, cells that no spreadsheet runs, FHIR that is valid."""

from __future__ import annotations

import csv
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from cds.audit.detected import Issues
from cds.audit.identifiers import Identifiers, Shown
from cds.audit.ledger import Place
from cds.audit.measured import measure_report
from cds.audit.outputs import complete, write_findings, write_recall
from cds.audit.rows import FINDING_COLUMNS, RECALL_COLUMNS
from cds.audit.shares import PatientResult
from cds.audit.tally import Tally
from cds.dosing.assess import assess
from cds.dosing.document import as_json
from cds.dosing.facts import Administration, DateRange, NotGiven, Record
from cds.regimens.library import load
from tests.contract.fhir import faults

ON = date(2026, 5, 1)
KEY = b"a key of thirty-two bytes or more"
ISSUES = Issues(ON, Identifiers.PLAIN)
ROW: dict[str, Any] = {
    "patient": "Patient/p1", "about": "dose", "earliest": "2026-01-09", "latest": "2026-01-09", "step": "loading-2",
    "interval_days": 8, "code": "interval-too-short", "severity": "critical", "rule": "W2", "required": "14",
    "observed": "8", "regimen": "eu-12mg", "references": ["MedicationAdministration/a1", "MedicationAdministration/a2"],
    "files": ["a.ndjson", None], "lines": [1, None],
}  # fmt: skip


def result(patient: str = "Patient/p1", *records: Record) -> PatientResult:
    """Two doses too near each other, or the records given."""
    doses = records or (given("a1", "2026-01-01"), given("a2", "2026-01-09"), NotGiven("MedicationAdministration/a3"))
    assessment = assess(patient, doses, load().get("eu-12mg"), on=ON, whole=True)
    return PatientResult(assessment, {"MedicationAdministration/a1": Place("export/p1.ndjson", 0, 1)})


def given(name: str, day: str) -> Administration:
    return Administration(f"MedicationAdministration/{name}", DateRange.on(date.fromisoformat(day)))


REFERENCES: list[tuple[str, str, str]] = [
    ("a patient", "Patient/4711", "Patient"),
    ("an absolute one", "https://ehr.example.invalid/fhir/MedicationAdministration/1", "MedicationAdministration"),
    ("a record without id", "MedicationAdministration?index=2", "MedicationAdministration"),
    ("a name without type", "urn:uuid:4711", "Resource"),
]


@pytest.mark.parametrize(("reference", "of_type"), [row[1:] for row in REFERENCES], ids=[row[0] for row in REFERENCES])
def test_a_reference_shown_in_three_ways(reference: str, of_type: str) -> None:
    hashed = Shown(Identifiers.HASH, KEY).reference(reference)
    assert Shown().reference(reference) == reference
    assert Shown(Identifiers.NONE).reference(reference) == of_type
    assert hashed.startswith(f"{of_type}/")
    assert "4711" not in hashed
    assert hashed == Shown(Identifiers.HASH, KEY).reference(reference)
    assert hashed != Shown(Identifiers.HASH, KEY + b"!").reference(reference)


def test_hashes_without_a_key_are_refused() -> None:
    with pytest.raises(ValueError, match="need a key"):
        Shown(Identifiers.HASH)


def test_the_key_is_not_shown() -> None:
    assert "key of" not in repr(Shown(Identifiers.HASH, KEY))


@pytest.mark.parametrize("how", [Identifiers.HASH, Identifiers.NONE])
def test_nothing_of_a_patient_is_left_in_a_result_that_is_not_plain(how: Identifiers) -> None:
    plain = result()
    shown = Shown(how, KEY, {"export/p1.ndjson": 7}).result(plain)
    document = as_json(shown.assessment)
    text = json.dumps(document) + repr(shown.places)
    assert [name for name in ("Patient/p1", "p1.ndjson", "/a1", "/a2", "/a3") if name in text] == []
    without = [("evaluations", 0), ("evaluations", 1)]
    assert [document[part][at]["step"] for part, at in without] == ["loading-1", "loading-2"]
    assert len(document["not_given"]) == 1
    assert [place.file for place in shown.places.values()] == (["file 7"] if how is Identifiers.HASH else [])


FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", " =1", "\uff1d1", "\uff0b1", "\uff0d1", "\uff201"]


@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_begins_as_a_formula(text: str, tmp_path: Path) -> None:
    write_findings(tmp_path, [{**ROW, "patient": text, "files": [text, "b"]}], ISSUES)
    [row] = read(tmp_path / "findings.csv")
    assert (row["patient"], row["files"]) == (f"'{text}", f"'{text}; b")
    recall = dict.fromkeys(RECALL_COLUMNS, text)
    write_recall(tmp_path / "recall.csv", [recall])
    [row] = read(tmp_path / "recall.csv")
    assert set(row.values()) == {f"'{text}"}


def test_a_cell_stays_on_its_line(tmp_path: Path) -> None:
    write_recall(tmp_path / "recall.csv", [dict.fromkeys(RECALL_COLUMNS, "a\r=1\n=2\t=3")])
    [row] = read(tmp_path / "recall.csv")
    assert set(row.values()) == {"a\\x0d=1\\x0a=2\\x09=3"}
    assert (tmp_path / "recall.csv").read_bytes().count(b"\n") == 2


def read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_the_columns_are_all_that_a_finding_is_known_by() -> None:
    assert tuple(ROW) == FINDING_COLUMNS


ISSUE_ROWS: list[tuple[str, dict[str, Any]]] = [
    ("of an interval", {}),
    ("of a record that names no place", {"files": [None], "lines": [None]}),
    ("of the history", {"about": "history", "step": "", "latest": "", "references": [], "code": "history-incomplete"}),
    ("of a record without id", {"references": ["MedicationAdministration?index=1"]}),
    ("of a patient with an odd reference", {"patient": "Patient/\u00e9 1"}),
]


@pytest.mark.parametrize("how", list(Identifiers))
@pytest.mark.parametrize("change", [row[1] for row in ISSUE_ROWS], ids=[row[0] for row in ISSUE_ROWS])
def test_an_issue_is_valid_fhir(change: dict[str, Any], how: Identifiers) -> None:
    issue = Issues(ON, how).issue(ROW | change)
    assert faults(issue) == []
    assert ("patient" in issue) == (how is not Identifiers.NONE)


def test_an_issue_says_what_its_row_says() -> None:
    issue = ISSUES.issue(ROW)
    assert issue["severity"] == "high"
    assert issue["patient"] == {"reference": "Patient/p1"}
    assert [each["reference"] for each in issue["implicated"]] == ROW["references"]
    assert [coding["code"] for coding in issue["code"]["coding"]] == ["interval-too-short", "DOSEIVL"]
    assert issue["identifiedDateTime"] == "2026-05-01"
    assert issue["detail"] == (
        "Rule W2, judged by eu-12mg; dose loading-2 on 2026-01-09; required 14, observed 8."
    )  # fmt: skip


IDS: list[tuple[str, Identifiers, dict[str, Any], bool]] = [
    ("another place", Identifiers.PLAIN, {"files": ["b.ndjson", None]}, True),
    ("a later audit", Identifiers.PLAIN, {"about": "dose", "latest": "2026-06-01"}, True),
    ("another patient", Identifiers.PLAIN, {"patient": "Patient/p2"}, False),
    ("another code", Identifiers.HASH, {"code": "late"}, False),
    ("the same row again where patients are not told apart", Identifiers.NONE, {}, False),
]


@pytest.mark.parametrize(("how", "change", "same"), [row[1:] for row in IDS], ids=[row[0] for row in IDS])
def test_what_the_id_of_an_issue_stands_for(how: Identifiers, change: dict[str, Any], same: bool) -> None:
    first, later = Issues(ON, how), Issues(ON, how)
    one = first.issue(ROW)["id"]
    other = (first if how is Identifiers.NONE else later).issue(ROW | change)["id"]
    assert (one == other) is same


def test_only_findings_of_warning_or_above_are_issues(tmp_path: Path) -> None:
    rows = [ROW | {"severity": severity} for severity in ("critical", "warning", "info")]
    write_findings(tmp_path, rows, Issues(ON, Identifiers.PLAIN))
    issues = [json.loads(line) for line in (tmp_path / "detected-issues.ndjson").read_text().splitlines()]
    assert [issue["severity"] for issue in issues] == ["high", "moderate"]
    assert len(read(tmp_path / "findings.csv")) == 3


def tally(*results: PatientResult) -> Tally:
    counted = Tally()
    for each in results:
        counted.add(each.assessment)
    return counted


MEASURED: list[tuple[str, tuple[PatientResult, ...], dict[str, tuple[int, int, float | None]]]] = [
    ("nobody", (), {"on-time": (0, 0, None), "unsafe-intervals": (0, 0, None), "overdue": (0, 0, None)}),
    (
        "one dose too soon",
        (result(),),
        {"on-time": (1, 0, 0.0), "unsafe-intervals": (1, 1, 1.0), "overdue": (1, 0, 0.0)},
    ),
    (
        "and somebody who has waited for the second dose for a month",
        (result(), result("Patient/p2", given("b1", "2026-03-01"), given("b2", "2026-03-15"))),
        {"on-time": (2, 1, 0.5), "unsafe-intervals": (2, 1, 0.5), "overdue": (2, 1, 0.5)},
    ),
]


@pytest.mark.parametrize(("results", "expected"), [row[1:] for row in MEASURED], ids=[row[0] for row in MEASURED])
def test_the_measures_count_what_was_judged(
    results: tuple[PatientResult, ...], expected: dict[str, tuple[int, int, float | None]]
) -> None:
    report = measure_report(tally(*results), ON)
    assert faults(report) == []
    found = {}
    for group in report["group"]:
        counts = {each["code"]["coding"][0]["code"]: each["count"] for each in group["population"]}
        score = group.get("measureScore", {}).get("value")
        found[group["code"]["coding"][0]["code"]] = (counts["denominator"], counts["numerator"], score)
    assert found == expected
    assert report["period"]["end"] == "2026-05-01"


def test_the_rate_of_each_step_is_a_stratum() -> None:
    report = measure_report(tally(result(), result("Patient/p2", given("b1", "2026-03-01"))), ON)
    [stratum] = report["group"][0]["stratifier"][0]["stratum"]
    assert (stratum["value"]["text"], stratum["measureScore"]["value"]) == ("loading-2", 0.0)


def test_files_appear_together_and_only_when_all_are_complete(tmp_path: Path) -> None:
    output, work = tmp_path / "out", tmp_path / "out" / "work"
    work.mkdir(parents=True)
    (output / "a").write_text("of the audit before")

    def written() -> list[str]:
        return sorted(f"{path.name}: {path.read_text()}" for path in output.iterdir() if path.is_file())

    with pytest.raises(FileNotFoundError), complete(output, work) as folder:
        (folder / "a").write_text((folder / "nowhere").read_text())
    assert written() == ["a: of the audit before"]
    with complete(output, work) as folder:
        assert list(folder.iterdir()) == []
        (folder / "a").write_text("new")
        (folder / "b").write_text("new too")
    assert written() == ["a: new", "b: new too"]
