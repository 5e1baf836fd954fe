"""The parts of an audit that can be asked for: a sample of the patients, findings from a day on, a severity."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.files import dose, lines
from tests.cli.test_audit import audit, table

EARLY = ("2019-01-01", "2019-01-08")
"""A week apart in 2019: too soon."""
LATER = ("2025-10-01", "2025-10-15", "2025-10-29", "2025-11-20")


@pytest.fixture
def export(tmp_path: Path) -> Path:
    folder = tmp_path / "export"
    folder.mkdir()
    doses = [dose(f"{who}-{day}", day, f"p{who}") for who in range(12) for day in (*EARLY, *LATER)]
    (folder / "a.ndjson").write_bytes(lines(doses))
    return folder


def patients(out: Path) -> list[str]:
    return [json.loads(line)["patient"] for line in (out / "assessments.ndjson").read_text().splitlines()]


def test_a_sample_is_always_the_same_and_part_of_a_larger_one(export: Path) -> None:
    _, out = audit(export, "--sample", "3")
    few = patients(out)
    assert len(few) == 3
    assert json.loads((out / "summary.json").read_text())["sample"] == 3
    (export / "b.ndjson").write_bytes(lines([dose("more", "2026-01-01", "p0")]))
    _, out = audit(export, "--sample", "3", "--jobs", "2", output="again")
    assert patients(out) == few
    _, out = audit(export, "--sample", "7", output="more")
    assert len(patients(out)) == 7
    assert set(few) < set(patients(out))
    _, out = audit(export, "--sample", "99", output="all")
    assert len(patients(out)) == 12
    assert json.loads((out / "ledger.json").read_text())["used"] == 73


def test_a_sample_is_drawn_of_those_asked_for(export: Path, tmp_path: Path) -> None:
    (tmp_path / "ids").write_text("p1\np2\np3\n")
    ended, out = audit(export, "--sample", "2", "--patients", tmp_path / "ids")
    assert ended.exit_code == 1
    assert len(patients(out)) == 2
    assert set(patients(out)) < {"Patient/p1", "Patient/p2", "Patient/p3"}


def test_from_a_day_on_the_whole_history_is_judged_and_later_doses_are_listed(export: Path) -> None:
    _, whole = audit(export)
    _, out = audit(export, "--since", "2025-11-20", output="since")
    assert (out / "assessments.ndjson").read_bytes() == (whole / "assessments.ndjson").read_bytes()
    assert (out / "recall.csv").read_bytes() == (whole / "recall.csv").read_bytes()
    every = table(whole / "findings.csv")
    assert {row["earliest"] for row in every if row["about"] == "dose"} > {"2019-01-08", "2025-11-20"}
    later = [row for row in every if row["about"] != "dose" or row["latest"] >= "2025-11-20"]
    assert table(out / "findings.csv") == later
    summary = json.loads((out / "summary.json").read_text())
    assert summary["doses_since"] == "2025-11-20"
    assert sum(row["doses"] for row in summary["on_time_by_month"]) == 12
    assert summary["unsafe_intervals"] == 0
    assert json.loads((whole / "summary.json").read_text())["unsafe_intervals"] == 12


def test_a_dose_that_may_be_of_that_day_is_listed(tmp_path: Path) -> None:
    (tmp_path / "a.ndjson").write_bytes(lines([dose("1", "2025-10-01"), dose("2", "2025-10")]))
    codes = [
        {row["code"] for row in table(audit(tmp_path / "a.ndjson", "--since", day)[1] / "findings.csv")}
        for day in ("2025-10-31", "2025-11-01")
    ]
    assert "date-imprecise" in codes[0] - codes[1]


USAGE = [
    (["--since", "2026-05-02"], "--since 2026-05-02: lies after 2026-05-01, the day of the audit"),
    (["--since", "May"], "--since: 'May' is no date; write YYYY-MM-DD"),
    (["--sample", "0"], "--sample"),
]


@pytest.mark.parametrize(("options", "said"), USAGE)
def test_bad_usage_is_said(options: list[str], said: str, export: Path) -> None:
    ended, out = audit(export, *options)
    assert (ended.exit_code, out.exists()) == (2, False)
    assert said in ended.stderr


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "names no patient; write one id a line"),
        (b"\n \n", "names no patient; write one id a line"),
        (b"\xff\xfep\x001\x00", "is no UTF-8; write it as text, one id a line"),
        (None, "cannot be read (No such file or directory)"),
    ],
)
def test_a_list_of_patients_that_names_none_is_bad_usage(
    content: bytes | None, said: str, export: Path, tmp_path: Path
) -> None:
    if content is not None:
        (tmp_path / "ids").write_bytes(content)
    ended, out = audit(export, "--patients", tmp_path / "ids")
    assert (ended.exit_code, out.exists()) == (2, False)
    assert f"--patients {tmp_path / 'ids'}: {said}" in ended.stderr


def test_a_line_that_names_no_patient_is_said_with_its_place(export: Path, tmp_path: Path) -> None:
    (tmp_path / "ids").write_text("p1\n\n# of the ward\n")
    ended, out = audit(export, "--patients", tmp_path / "ids")
    assert (ended.exit_code, out.exists()) == (2, False)
    assert f"--patients {tmp_path / 'ids'}:3: '# of the ward' names no patient" in ended.stderr


def test_a_list_of_patients_as_spreadsheets_write_it_is_read(export: Path, tmp_path: Path) -> None:
    (tmp_path / "ids").write_bytes(b"\xef\xbb\xbfp1\r\nPatient/p2\r\n")
    ended, out = audit(export, "--patients", tmp_path / "ids")
    assert (ended.exit_code, patients(out)) == (1, ["Patient/p1", "Patient/p2"])


def test_files_can_say_at_which_server_their_patients_have_their_ids(export: Path) -> None:
    _, out = audit(export)
    assert "server" not in json.loads((out / "summary.json").read_text())
    _, out = audit(export, "--server", "https://fhir.example.invalid/r4/", output="named")
    assert json.loads((out / "summary.json").read_text())["server"] == "https://fhir.example.invalid/r4"


@pytest.mark.parametrize(
    ("url", "more", "why"),
    [
        ("fhir.example.invalid/r4", (), "--server: the base URL of the FHIR server is not an http or https URL"),
        ("", (), "--server: the base URL of the FHIR server is not an http or https URL"),
        (
            "https://fhir.example.invalid/r4",
            ("--export", "https://fhir.example.invalid/r4", "--export-since", "2026-01-01T00:00:00Z"),
            "--server is for files; the server that is read is told by itself",
        ),
    ],
)
def test_a_server_that_cannot_be_meant_is_refused(export: Path, url: str, more: tuple[str, ...], why: str) -> None:
    ended, out = audit(export, "--server", url, *more)
    assert ended.exit_code == 2
    assert why in " ".join(ended.stderr.split())
    assert not (out / "summary.json").exists()
