"""Bundles that say that a record was deleted: it is no dose any more, for `check` as for `audit`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.files import ON, ZONE, Json, Result, check, dose, lines, loading, run, write

LAST = "MedicationAdministration/p1-4"
BASE = "https://fhir.example.invalid/r4"


def put(record: Json, updated: str = "2026-03-06") -> Json:
    held = {**record, "meta": {"lastUpdated": f"{updated}T10:00:00Z"}}
    return {"resource": held, "request": {"method": "PUT", "url": f"{record['resourceType']}/{record['id']}"}}


def delete(url: str = LAST, when: str | None = None, **more: Any) -> Json:
    response = {} if when is None else {"response": {"status": "204", "lastModified": f"{when}T10:00:00Z"}}
    return {"request": {"method": "DELETE", "url": url}, **response, **more}


def holding(of_type: str, *entries: Json, **more: Any) -> Json:
    return {"resourceType": "Bundle", "type": of_type, "entry": list(entries), **more}


RECORDS = loading()
PUTS = [put(each) for each in RECORDS]
OTHER_DAY = put(dose("p1-4", "2026-03-07"), "2026-03-09")

BUNDLES: list[tuple[str, Json, list[str]]] = [
    ("a history, deleted last", holding("history", delete(when="2026-03-08"), *PUTS), ["p1-1", "p1-2", "p1-3"]),
    ("a deletion without a time", holding("history", delete(), *PUTS), ["p1-1", "p1-2", "p1-3"]),
    ("the time of the Bundle", holding("transaction", delete(), *PUTS, meta={"lastUpdated": "2026-03-08T10:00:00Z"}),
     ["p1-1", "p1-2", "p1-3"]),
    ("deleted, and there again", holding("history", OTHER_DAY, delete(when="2026-03-08"), *PUTS),
     ["p1-1", "p1-2", "p1-3", "p1-4"]),
    ("a deletion that holds what is deleted",
     holding("history", *PUTS[:3], delete(when="2026-03-08", resource=RECORDS[3])), ["p1-1", "p1-2", "p1-3"]),
    ("by an absolute URL", holding("transaction", *PUTS, delete(f"{BASE}/{LAST}")), ["p1-1", "p1-2", "p1-3"]),
    ("of another type with the same id", holding("transaction", *PUTS, delete("Observation/p1-4")),
     ["p1-1", "p1-2", "p1-3", "p1-4"]),
    ("of all that a search of another type finds", holding("transaction", *PUTS, delete("Observation?code=x")),
     ["p1-1", "p1-2", "p1-3", "p1-4"]),
    ("in a Bundle inside another",
     holding("collection", *PUTS, {"resource": holding("history", delete(when="2026-03-08"))}),
     ["p1-1", "p1-2", "p1-3"]),
]  # fmt: skip


def audited(path: Path, output: Path) -> tuple[Result, list[Json]]:
    asked = ("--regimen", "eu-12mg", "--on", ON, "--time-zone", ZONE, "--jobs", "1", "--output", output)
    ended = run("audit", path, *asked)
    ledger = json.loads((output / "ledger.json").read_text())
    assert ledger["balanced"]
    return ended, [json.loads(line) for line in (output / "assessments.ndjson").read_text().splitlines()]


def used(assessment: Json) -> list[str]:
    every = [name for each in assessment["evaluations"] for name in each["administrations"]]
    return [name.partition("/")[2] for name in every]


@pytest.mark.parametrize(("bundle", "expected"), [case[1:] for case in BUNDLES], ids=[case[0] for case in BUNDLES])
def test_a_deleted_record_is_no_dose(bundle: Json, expected: list[str], tmp_path: Path) -> None:
    path = write(tmp_path / "a.json", bundle)
    checked = check(path)
    assert used(checked.assessments[0]) == expected
    assert checked.exit_code in {0, 1}, checked.stderr
    assert audited(path, tmp_path / "out")[1] == checked.assessments


def test_a_deleted_record_is_named(tmp_path: Path) -> None:
    checked = check(write(tmp_path / "a.json", holding("history", delete(when="2026-03-08"), *PUTS)))
    assert f"Deleted, as a Bundle says, and not counted:\n  {tmp_path}/a.json, resource 4: {LAST}\n" in checked.stderr


def test_a_deletion_holds_for_records_of_other_files(tmp_path: Path) -> None:
    (tmp_path / "b.ndjson").write_bytes(lines(RECORDS))
    write(tmp_path / "a.json", holding("transaction", delete()))
    assert used(check(tmp_path).assessments[0]) == ["p1-1", "p1-2", "p1-3"]
    (tmp_path / "a.json").unlink()
    (tmp_path / "c.ndjson").write_bytes(lines([holding("transaction", delete())]))
    assert used(check(tmp_path).assessments[0]) == ["p1-1", "p1-2", "p1-3"]


def test_a_medication_that_was_deleted_still_tells_what_was_given(tmp_path: Path) -> None:
    medication = {"resourceType": "Medication", "id": "m", "code": {"text": "Spinraza"}}
    pointing = {**dose("x", "2026-04-20"), "medicationReference": {"reference": f"{BASE}/Medication/m"}}
    del pointing["medicationCodeableConcept"]
    told = {**put(medication), "fullUrl": f"{BASE}/Medication/m"}
    path = write(tmp_path / "a.json", holding("history", *PUTS, put(pointing), told, delete("Medication/m")))
    checked = check(path)
    assert used(checked.assessments[0])[-1] == "x"
    assert audited(path, tmp_path / "out")[1] == checked.assessments


UNNAMED = ["MedicationAdministration?patient=p1", "MedicationAdministration", "", f"Patient?link={BASE}/Patient/p1"]


@pytest.mark.parametrize("url", UNNAMED)
def test_where_nobody_can_tell_what_was_deleted_something_was_not_read(url: str, tmp_path: Path) -> None:
    path = write(tmp_path / "a.json", holding("transaction", *PUTS, delete(url)))
    checked = check(path)
    assert checked.exit_code == 3
    assert f"{path}: deletes resources without naming them by type and id" in checked.stderr
    assert "history-incomplete" in [each["code"] for each in checked.assessments[0]["findings"]]
    ended, _ = audited(path, tmp_path / "out")
    assert ended.exit_code == 3
    assert "deletes records without naming them by type and id" in ended.stderr


@pytest.mark.parametrize("strict", [False, True])
def test_a_line_with_a_deletion_that_names_nothing_is_rejected_and_its_others_count(
    strict: bool, tmp_path: Path
) -> None:
    gone = holding("transaction", delete(), delete("MedicationAdministration?status=x"))
    (tmp_path / "a.ndjson").write_bytes(lines([*RECORDS, gone]))
    asked = ("--regimen", "eu-12mg", "--on", ON, "--time-zone", ZONE, "--jobs", "1", "--output", tmp_path / "out")
    ended = run("audit", tmp_path / "a.ndjson", *asked, *(["--strict"] if strict else []))
    assert ended.exit_code == 3
    ledger = json.loads((tmp_path / "out" / "ledger.json").read_text())
    assert (ledger["used"], ledger["superseded"], ledger["rejected"], ledger["balanced"]) == (3, 1, 1, True)
