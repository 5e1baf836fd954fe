"""`nusinersen-cds audit`: what it writes of an export, what it says, and how it ends."""

from __future__ import annotations

import base64
import csv
import gzip
import json
import sys
from io import BytesIO
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.cli.files import ON, ZONE, Json, Result, check, dose, run

LOADED = ("2025-10-01", "2025-10-15", "2025-10-29", "2025-12-03")
OTHER = {"coding": [{"system": "http://www.whocc.no/atc", "code": "N02BE01", "display": "paracetamol"}]}


def history(patient: str, *days: str) -> list[Json]:
    return [dose(f"{patient}-{number}", day, patient) for number, day in enumerate(days, 1)]


ON_SCHEDULE = history("p3", *LOADED, "2026-04-03")
TOO_EARLY = history("p2", *LOADED, "2025-12-10", "2026-04-03")
DUE = history("p1", *LOADED)


def ndjson(*resources: Json) -> bytes:
    return b"".join(json.dumps(resource).encode() + b"\n" for resource in resources)


def audit(folder: Path, *options: str | Path, output: str = "out") -> tuple[Result, Path]:
    written = folder.parent / output
    asked = ("--regimen", "eu-12mg", "--on", ON, "--time-zone", ZONE, "--output", written, "--jobs", "1")
    return run("audit", folder, *asked, *options), written


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as lines:
        return list(csv.DictReader(lines))


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """Three patients over two files, another drug between them."""
    folder = tmp_path / "export"
    folder.mkdir()
    other = dose("x", "2026-01-01", "p9", medicationCodeableConcept=OTHER)
    (folder / "MedicationAdministration.1.ndjson").write_bytes(ndjson(*TOO_EARLY, other, *DUE[:2]))
    (folder / "MedicationAdministration.2.ndjson.gz").write_bytes(gzip.compress(ndjson(*DUE[2:], *ON_SCHEDULE)))
    (folder / "manifest.json").write_text("{}")
    return folder


def test_what_is_written(export: Path) -> None:
    ended, out = audit(export)
    assert ended.exit_code == 1
    assert sorted(path.name for path in out.iterdir()) == [
        "assessments.ndjson", "detected-issues.ndjson", "findings.csv", "findings.parquet", "ledger.json",
        "measure-report.json", "recall.csv", "report.html", "summary.json",
    ]  # fmt: skip
    assert "16 lines in 2 files: 15 used, 1 no_trace." in ended.stderr
    assert "3 patients assessed: 1 due, 2 upcoming." in ended.stderr


def test_an_amount_beyond_all_reason_is_written_as_a_number(export: Path) -> None:
    """Whole numbers of more than 64 bits cannot be, and would end the audit of all patients."""
    amount = {"dose": {"value": 10**30, "unit": "mg"}}
    (export / "more.ndjson").write_bytes(ndjson(dose("x1", "2026-01-01", "p5", dosage=amount)))
    ended, out = audit(export)
    (row,) = [row for row in table(out / "findings.csv") if row["code"] == "unexpected-amount"]
    assert (ended.exit_code, row["observed"]) == (1, "1E+30")
    (read,) = [json.loads(line) for line in (out / "assessments.ndjson").read_bytes().splitlines() if b"/p5" in line]
    assert read["evaluations"][0]["findings"][0]["observed"] == 1e30
    assert read == check(export, "--patient", "p5").assessments[0]


def test_assessments_are_those_of_check(export: Path, tmp_path: Path) -> None:
    _, out = audit(export)
    plain = tmp_path / "all.ndjson"
    plain.write_bytes(ndjson(*TOO_EARLY, *DUE, *ON_SCHEDULE))
    assert (out / "assessments.ndjson").read_text() == check(plain).stdout


def test_a_finding_names_its_dose_and_its_line(export: Path) -> None:
    _, out = audit(export, "--severity", "critical")
    (row,) = table(out / "findings.csv")
    file = export / "MedicationAdministration.1.ndjson"
    assert row == {
        "patient": "Patient/p2", "about": "dose", "earliest": "2025-12-10", "latest": "2025-12-10",
        "step": "maintenance", "interval_days": "7", "code": "interval-too-short", "severity": "critical", "rule": "W2",
        "required": "14", "observed": "7", "regimen": "eu-12mg",
        "references": "MedicationAdministration/p2-4; MedicationAdministration/p2-5", "files": f"{file}; {file}",
        "lines": "4; 5",
    }  # fmt: skip
    assert json.loads(file.read_bytes().splitlines()[4])["id"] == "p2-5"
    (same,) = pq.read_table(out / "findings.parquet").to_pylist()
    lists = {name: row[name].split("; ") for name in ("references", "files", "lines")}
    assert same == row | lists | {"interval_days": 7, "lines": [4, 5]}


def test_the_recall_list_is_in_order_of_day(export: Path) -> None:
    """Two patients on schedule are not on it."""
    forgotten = history("p4", "2025-07-01", "2025-07-15", "2025-07-29", "2025-09-02")
    undocumented = history("p0", "2026-01-20")
    (export / "more.ndjson").write_bytes(ndjson(*undocumented, *forgotten))
    _, out = audit(export)
    assert [(row["date"], row["patient"], row["status"]) for row in table(out / "recall.csv")] == [
        ("2026-01-02", "Patient/p4", "overdue"),
        ("2026-02-03", "Patient/p0", "decision"),
        ("2026-04-03", "Patient/p1", "due"),
    ]


def test_the_report_shows_hashes_beside_plain_files_unless_told_otherwise(export: Path) -> None:
    _, out = audit(export)
    report = (out / "report.html").read_text()
    assert "Patient/p" not in report
    assert "Patient/p2" in (audit(export, "--identifiers", "plain")[1] / "report.html").read_text()


def test_the_summary_adds_up(export: Path) -> None:
    _, out = audit(export)
    summary: dict[str, Any] = json.loads((out / "summary.json").read_text())
    assert (summary["patients"], summary["unsafe_intervals"]) == (3, 1)
    by_step = {row["of"]: (row["doses"], row["on_time"]) for row in summary["on_time_by_step"]}
    assert by_step["loading-2"] == (3, 3)
    assert sum(doses for doses, _ in by_step.values()) == 15 - 3
    assert sum(row["doses"] for row in summary["on_time_by_month"]) == 12


def test_what_the_input_holds_nothing_of_is_said(export: Path) -> None:
    said = "Not known, since nothing that could be read tells of it: "
    ended, out = audit(export)
    elsewhere, ordered, died = json.loads((out / "summary.json").read_text())["not_looked_at"]
    assert f"{said}{elsewhere}; {ordered}; {died}." in ended.stderr
    assert "deaths" in died
    assert f"Not known, since nothing that could be read tells of it: {elsewhere}" in (out / "report.html").read_text()
    held = [{"resourceType": name, "id": "x"} for name in ("MedicationStatement", "MedicationRequest", "Patient")]
    (export / "others.ndjson").write_bytes(ndjson(*held))
    ended, out = audit(export, output="all")
    assert said not in ended.stderr
    assert json.loads((out / "summary.json").read_text())["not_looked_at"] == []
    assert "Not known, since nothing that could be read tells of it" not in (out / "report.html").read_text()


def test_f1_records_that_are_complete_since_a_day_only_are_said_and_judged_so(export: Path, tmp_path: Path) -> None:
    asked = ("--history-complete-since", "2026-01-01")
    ended, out = audit(export, *asked)
    assert "Records complete since 2026-01-01; doses of before may be missing" in ended.stderr
    assert json.loads((out / "summary.json").read_text())["history_complete_since"] == "2026-01-01"
    assert "complete since 2026-01-01" in (out / "report.html").read_text()
    statuses = {row["patient"]: row["status"] for row in table(out / "recall.csv")}
    assert statuses["Patient/p1"] == "decision"
    assert "Patient/p3" not in statuses
    plain = tmp_path / "all.ndjson"
    plain.write_bytes(ndjson(*TOO_EARLY, *DUE, *ON_SCHEDULE))
    assert (out / "assessments.ndjson").read_text() == check(plain, *asked).stdout
    refused, _ = audit(export, "--history-complete-since", "20260101", output="refused")
    assert refused.exit_code == 2
    assert "--history-complete-since: no date: write YYYY-MM-DD" in refused.stderr


def test_two_runs_give_the_same_bytes_and_so_does_any_number_of_processes(export: Path) -> None:
    outputs = [audit(export, *jobs, output=name)[1] for name, jobs in {"a": (), "b": (), "c": ("--jobs", "2")}.items()]
    contents = [{path.name: path.read_bytes() for path in out.iterdir()} for out in outputs]
    assert contents[0] == contents[1] == contents[2]


def test_damage_is_named_by_file_and_line_and_the_rest_goes_on(export: Path) -> None:
    marked = ndjson(dose("secret-id", "2026-01-01", "secret-patient"))[:-30]
    (export / "broken.ndjson").write_bytes(b"{\n\n" + marked)
    (export / "cut.ndjson.gz").write_bytes(gzip.compress(ndjson(*ON_SCHEDULE))[:-9])
    ended, out = audit(export)
    assert ended.exit_code == 3
    ledger = json.loads((out / "ledger.json").read_text())
    assert ledger["balanced"]
    assert [(Path(each["file"]).name, each["line"]) for each in ledger["rejections"]] == [
        ("broken.ndjson", 1),
        ("broken.ndjson", 3),
    ]
    assert [(Path(each["file"]).name, each["reason"]) for each in ledger["faults"]] == [
        ("cut.ndjson.gz", "the gzip data is cut short")
    ]
    assert "secret" not in (out / "ledger.json").read_text() + ended.stderr
    assert json.loads((out / "summary.json").read_text())["patients"] == 3


def test_strict_finds_what_was_left_unparsed(export: Path) -> None:
    (export / "other.ndjson").write_bytes(b'{"resourceType":"Observation",}\n')
    _, quick = audit(export)
    ended, strict = audit(export, "--strict", output="strict")
    assert ended.exit_code == 3
    counts = [json.loads((out / "ledger.json").read_text()) for out in (quick, strict)]
    assert [(count["no_trace"], count["other_drug"], count["rejected"]) for count in counts] == [(2, 0, 0), (0, 1, 1)]
    for name in ("assessments.ndjson", "findings.csv", "recall.csv"):
        assert (quick / name).read_bytes() == (strict / name).read_bytes()


def test_c9_a_dose_of_nobody_is_rejected_and_listed(export: Path) -> None:
    (export / "nobody.ndjson").write_bytes(ndjson(dose("n1", "2026-01-01", None)))
    ended, out = audit(export)
    assert ended.exit_code == 3
    assert f"{export / 'nobody.ndjson'}:1" in ended.stderr
    counts = json.loads((out / "ledger.json").read_text())
    [rejected] = counts["rejections"]
    assert (Path(rejected["file"]).name, rejected["line"], rejected["reason"]) == (
        "nobody.ndjson",
        1,
        "names no patient; it is of the drug",
    )
    assert (counts["rejected"], counts["balanced"]) == (1, True)


def test_identifiers_as_hashes_or_not_at_all(export: Path, tmp_path: Path) -> None:
    """The same key gives the same hashes, in every file; the key stands in none of them."""
    (export / "broken-p2.ndjson").write_bytes(b"{\n")
    key = tmp_path / "key"
    key.write_text(base64.b64encode(b"32 bytes that nobody would guess").decode())
    asked = [("hash", "--identifier-key", key), ("hash", "--identifier-key", key), ("hash",), ("none",)]
    hashed, again, other, none = (
        audit(export, "--identifiers", *options, output=str(number))[1] for number, options in enumerate(asked)
    )
    contents = [{path.name: path.read_bytes() for path in out.iterdir()} for out in (hashed, again, other, none)]
    assert contents[0] == contents[1] != contents[2]
    for written in contents:
        rows = pq.read_table(BytesIO(written["findings.parquet"])).to_pylist()
        for name, content in (written | {"findings.parquet": str(rows).encode()}).items():
            assert not [each for each in (b"/p1", b"/p2", b"/p3", b"MedicationAdministration.1") if each in content], (
                name
            )
            assert base64.b64encode(b"32 bytes that")[:16] not in content
    patients = [json.loads(line)["patient"] for line in (hashed / "assessments.ndjson").read_text().splitlines()]
    assert len(set(patients)) == 3
    assert {row["patient"] for row in table(hashed / "findings.csv")} < set(patients)
    assert [json.loads(line)["patient"] for line in contents[3]["assessments.ndjson"].splitlines()] == ["Patient"] * 3
    assert json.loads(contents[3]["ledger.json"])["rejections"][0]["file"] == "file 3"


def test_the_key_of_this_machine_is_made_once(export: Path, tmp_path: Path) -> None:
    state = {"NUSINERSEN_CDS_STATE_FOLDER": str(tmp_path / "state")}
    asked = ("audit", export, "--regimen", "eu-12mg", "--on", ON, "--identifiers", "hash", "--jobs", "1", "--output")
    first, second = (run(*asked, tmp_path / name, env=state) for name in ("a", "b"))
    made = tmp_path / "state" / "audit.keys"
    assert f"Made {made}" in first.stderr
    assert "Made" not in second.stderr
    assert made.stat().st_mode & 0o077 == 0
    assert (tmp_path / "a" / "findings.csv").read_bytes() == (tmp_path / "b" / "findings.csv").read_bytes()


def test_only_some_patients(export: Path, tmp_path: Path) -> None:
    (tmp_path / "ids").write_text("p1\nPatient/p3\n")
    _, out = audit(export, "--patients", tmp_path / "ids")
    patients = [json.loads(line)["patient"] for line in (out / "assessments.ndjson").read_text().splitlines()]
    assert patients == ["Patient/p1", "Patient/p3"]


def test_a_patient_of_whom_there_is_nothing_is_named_and_a_merged_one_is_found(export: Path, tmp_path: Path) -> None:
    other = {"type": "replaces", "other": {"reference": "Patient/p1"}}
    (export / "Patient.ndjson").write_bytes(ndjson({"resourceType": "Patient", "id": "p0", "link": [other]}))
    (tmp_path / "ids").write_text("p1\n")
    ended, out = audit(export, "--patients", tmp_path / "ids")
    assert ended.exit_code == 0
    assert json.loads((out / "assessments.ndjson").read_text())["patient"] == "Patient/p0"
    (tmp_path / "ids").write_text("p1\nnobody\n")
    ended, _ = audit(export, "--patients", tmp_path / "ids")
    assert ended.exit_code == 2
    assert "no record of the drug of these:\n  Patient/nobody" in ended.stderr


def test_what_a_folder_holds_and_cannot_be_read_is_not_passed_over(export: Path) -> None:
    (export / "gone.ndjson").symlink_to(export / "nowhere")
    (export / "elsewhere").symlink_to(export.parent)
    ended, _ = audit(export)
    assert ended.exit_code == 3
    lost = ended.stderr.partition("NOT READ")[2]
    assert "gone.ndjson: cannot be read (No such file or directory); not read" in lost
    assert "elsewhere: is a link to another folder, which is not followed" in lost
    assert "passed over:\n  " + str(export / "manifest.json") in ended.stderr


USAGE: list[tuple[list[str], str]] = [
    (["--severity", "grave"], "--severity: 'grave' is none; write one of: critical, warning, info"),
    (["--patients", "nowhere"], "--patients nowhere: cannot be read"),
    (["--regimen", "none"], "--regimen: "),
    (["--identifiers", "names"], "--identifiers: 'names' is none; write one of: plain, hash, none"),
    (["--identifier-key", "nowhere"], "nowhere: cannot be read (No such file or directory)"),
]


@pytest.mark.parametrize(("options", "said"), USAGE)
def test_bad_usage_is_said(options: list[str], said: str, export: Path) -> None:
    ended, out = audit(export, *options)
    assert (ended.exit_code, out.exists()) == (2, False)
    assert said in ended.stderr


def test_an_input_without_a_file_to_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    ended, _ = audit(tmp_path / "empty")
    assert ended.exit_code == 2
    assert "no file of the input ends in one of .ndjson" in ended.stderr
    assert "there is no such file or folder; correct the path" in audit(tmp_path / "nowhere")[0].stderr


def test_what_only_the_report_needs_is_asked_for_before_the_scan(export: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hooks.audit_cli._DRAWING", ("jinja2", "no_such_library"))
    ended, out = audit(export)
    assert (ended.exit_code, out.exists()) == (2, False)
    assert "the audit needs no_such_library: pip install 'nusinersen-cds[audit]'" in ended.stderr


def test_without_the_extra_the_command_says_what_to_install(export: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyperscan", None)
    for name in [name for name in sys.modules if name.startswith(("cds.audit", "hooks.audit"))]:
        if name != "hooks.audit_cli":
            monkeypatch.delitem(sys.modules, name)
    ended, _ = audit(export)
    assert ended.exit_code == 2
    assert "the audit needs pyperscan: pip install 'nusinersen-cds[audit]'" in ended.stderr


TIMELINE = """\
[[in_force]]
regimens = ["eu-12mg-2017"]

[[in_force]]
from = 2026-01-01
regimens = ["eu-12mg"]
"""


def test_each_row_says_by_which_text_of_a_timeline_was_judged(export: Path) -> None:
    timeline = export.parent / "timeline.toml"
    timeline.write_text(TIMELINE)
    out = export.parent / "out"
    ended = run("audit", export, "--regimen-timeline", timeline, "--on", ON, "--output", out, "--jobs", "1")
    assert ended.exit_code == 1
    texts = ["eu-12mg-2017", "eu-12mg"]
    judged = {
        dose["regimen"]
        for line in (out / "assessments.ndjson").read_text().splitlines()
        for dose in json.loads(line)["evaluations"]
    }
    assert judged == set(texts)
    assert [each["id"] for each in json.loads((out / "summary.json").read_text())["regimens"]] == texts
    doses = [row for row in table(out / "findings.csv") if row["about"] == "dose"]
    assert {(row["regimen"], row["latest"] >= "2026-01-01") for row in doses} == {
        ("eu-12mg-2017", False),
        ("eu-12mg", True),
    }
    assert {row["regimen"] for row in table(out / "recall.csv")} == {"eu-12mg"}
    assert "Regimen eu-12mg from 2026-01-01 on, version" in ended.stderr
