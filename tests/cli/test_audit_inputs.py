"""What `nusinersen-cds audit` reads: Bundles, Parquet, the manifest of an export."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from tests.cli.files import OTHER_DRUG, Json, bundle, dose, lines, loading, write
from tests.cli.test_audit import audit, table

DAYS = ("2026-01-01", "2026-01-15", "2026-01-20")
HISTORY = [dose(f"a{number}", day) for number, day in enumerate(DAYS, 1)]
"""The third dose came nine days too soon."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "export"
    made.mkdir()
    return made


def ledger(out: Path) -> Json:
    read: Json = json.loads((out / "ledger.json").read_text())
    assert read["balanced"]
    return read


def counts(out: Path) -> dict[str, int]:
    """The keys that are not 0, without `lines`."""
    return {name: number for name, number in ledger(out).items() if type(number) is int and number and name != "lines"}


def places(out: Path) -> list[tuple[str, str]]:
    """File and line of each dose that came too soon."""
    rows = [row for row in table(out / "findings.csv") if row["code"] == "interval-too-short"]
    return [(Path(row["files"].split("; ")[-1]).name, row["lines"].split("; ")[-1]) for row in rows]


def test_an_input_without_a_resource_is_bad_usage(folder: Path) -> None:
    (folder / "a.ndjson").write_bytes(b"\n\n")
    ended, out = audit(folder)
    assert (ended.exit_code, counts(out)) == (2, {"blank": 2})
    assert "there is no resource in the input; name the files of an export" in ended.stderr


def test_an_answer_in_place_of_data_is_said_by_its_codes(folder: Path) -> None:
    told = {"severity": "error", "code": "forbidden", "diagnostics": "Patient/p1"}
    outcome = {"resourceType": "OperationOutcome", "issue": [told]}
    (folder / "a.ndjson").write_bytes(lines([*HISTORY, outcome]))
    (folder / "b.json").write_text(json.dumps(outcome))
    ended, out = audit(folder)
    assert (ended.exit_code, counts(out)) == (3, {"used": 3, "rejected": 2})
    assert ended.stderr.count("is an OperationOutcome in place of data: forbidden") == 2
    assert "Patient/p1" not in ended.stderr + (out / "ledger.json").read_text()


# --- Bundles


def test_each_entry_of_a_bundle_is_accounted_for(folder: Path) -> None:
    other = dose("x", "2026-01-01", medicationCodeableConcept=OTHER_DRUG)
    held = bundle(other, *HISTORY)
    held["entry"] += [{"search": {"mode": "match"}}, "rubbish", {"resource": {"id": "no-type"}}]
    (folder / "bundle.json").write_text(json.dumps(held, indent=2))
    ended, out = audit(folder)
    assert counts(out) == {"used": 3, "other_drug": 1, "rejected": 3}
    assert [(each["line"], each["offset"]) for each in ledger(out)["rejections"]] == [(5, 4), (6, 5), (7, 6)]
    assert ended.exit_code == 3
    assert places(out) == [("bundle.json", "4")]


@pytest.mark.parametrize("name", ["one.json", "one.json.gz", "one.json.zst"])
def test_a_resource_on_several_lines_is_one_entry(name: str, folder: Path) -> None:
    pack = {".gz": gzip.compress, ".zst": zstandard.compress}.get(Path(name).suffix, bytes)
    (folder / name).write_bytes(pack(json.dumps(HISTORY[0], indent=2).encode()))
    ended, out = audit(folder)
    assert (ended.exit_code, counts(out)) == (1, {"used": 1}), ended.stderr


def test_a_list_of_resources_and_lines_that_are_called_json(folder: Path) -> None:
    write(folder / "list.json", HISTORY[:2])
    (folder / "lines.json").write_bytes(lines(HISTORY[2:] + loading("p2")))
    _, out = audit(folder)
    assert counts(out) == {"used": 7}
    assert places(out) == [("lines.json", "1")]


def test_references_within_a_bundle_lead_to_its_entries(folder: Path) -> None:
    """As in records that were made up for trials, which have addresses and no ids."""
    patient, drug = "urn:uuid:0c1d", "urn:uuid:0e2f"
    given = dose(None, DAYS[0], subject={"reference": patient}, medicationReference={"reference": drug})
    del given["medicationCodeableConcept"]
    held = bundle()
    held["entry"] = [
        {"fullUrl": patient, "resource": {"resourceType": "Patient", "id": "p7"}},
        {"fullUrl": "urn:uuid:0a3b", "resource": given},
        {"fullUrl": drug, "resource": {"resourceType": "Medication", "code": {"text": "Spinraza"}}},
    ]
    write(folder / "bundle.json", held)
    _, out = audit(folder)
    (line,) = (out / "assessments.ndjson").read_text().splitlines()
    read = json.loads(line)
    assert read["patient"] == "Patient/p7"
    assert read["evaluations"][0]["administrations"] == ["MedicationAdministration/0a3b"]
    assert counts(out) == {"used": 1, "other_resource": 2}


def test_an_entry_without_an_id_has_that_of_its_address(folder: Path) -> None:
    base = "https://x.example.invalid/fhir"
    given = dose(None, DAYS[0], medicationReference={"reference": f"{base}/Medication/m1"})
    other = dose(None, DAYS[1])
    del given["medicationCodeableConcept"]
    held = bundle()
    held["entry"] = [
        {"fullUrl": f"{base}/MedicationAdministration/a7", "resource": given},
        {"fullUrl": f"{base}/Medication/m1", "resource": {"resourceType": "Medication", "code": {"text": "Spinraza"}}},
        {"fullUrl": f"{base}/Observation/o1", "resource": other},
    ]
    write(folder / "bundle.json", held)
    _, out = audit(folder)
    (line,) = (out / "assessments.ndjson").read_text().splitlines()
    found = [each["administrations"] for each in json.loads(line)["evaluations"]]
    # an address of another type is no name for a dose
    assert found == [["MedicationAdministration/a7"], ["MedicationAdministration?index=1"]]


def test_a_deletion_in_a_bundle_deletes(folder: Path) -> None:
    gone = {"request": {"method": "DELETE", "url": "MedicationAdministration/a3"}}
    held = bundle(*HISTORY, type="history")
    write(folder / "bundle.json", {**held, "entry": [*held["entry"], gone]})
    ended, out = audit(folder)
    assert counts(out) == {"used": 2, "superseded": 1, "other_resource": 1}
    assert (ended.exit_code, places(out)) == (1, [])


INCOMPLETE: list[tuple[Json, str]] = [
    ({"total": 9, "type": "searchset"}, "Bundle.total says 9, 3 were delivered"),
    ({"meta": {"tag": [{"code": "SUBSETTED"}]}}, "is tagged SUBSETTED: something was left out"),
    ({"link": [{"relation": "next", "url": "https://x.example.invalid/2"}]}, "goes on on a further page"),
]


@pytest.mark.parametrize(("more", "said"), INCOMPLETE)
def test_a_bundle_that_is_not_whole_is_said(more: Json, said: str, folder: Path) -> None:
    write(folder / "bundle.json", bundle(*HISTORY, **more))
    ended, out = audit(folder)
    assert ended.exit_code == 3
    assert said in ended.stderr
    assert counts(out) == {"used": 3}


def test_pages_that_are_all_there_are_whole(folder: Path) -> None:
    second = "https://x.example.invalid/2"
    write(folder / "1.json", bundle(*HISTORY[:1], link=[{"relation": "next", "url": second}]))
    write(folder / "2.json", bundle(*HISTORY[1:2], link=[{"relation": "self", "url": second}]))
    assert audit(folder)[0].exit_code == 1


def test_a_bundle_on_a_line_hides_no_dose(folder: Path) -> None:
    (folder / "a.ndjson").write_bytes(lines([bundle(*HISTORY)]))
    ended, out = audit(folder)
    assert (ended.exit_code, counts(out)) == (3, {"rejected": 1})
    assert "a.ndjson:1: is a Bundle with records; write it to a .json file" in ended.stderr


# --- Parquet


def parquet(path: Path, values: list[Any], column: str = "resource", rows: int = 2) -> Path:
    pq.write_table(pa.table({"id": [None] * len(values), column: values}), path, row_group_size=rows)
    return path


@pytest.mark.parametrize("of_type", [pa.string(), pa.large_string(), pa.binary()])
def test_each_row_of_parquet_is_a_line(of_type: Any, folder: Path) -> None:
    other = dose("x", "2026-01-01", medicationCodeableConcept=OTHER_DRUG)
    texts = [json.dumps(each, indent=1).encode() for each in [other, *HISTORY]]
    parquet(folder / "a.parquet", pa.array([*texts, None, b'{"resourceType": 5'], pa.binary()).cast(of_type))
    ended, out = audit(folder)
    assert counts(out) == {"used": 3, "other_drug": 1, "blank": 1, "rejected": 1}
    assert [(each["line"], each["offset"]) for each in ledger(out)["rejections"]] == [(6, 5)]
    assert places(out) == [("a.parquet", "4")]
    assert ended.exit_code == 3


def test_the_column_can_have_another_name(folder: Path) -> None:
    parquet(folder / "a.parquet", [json.dumps(each) for each in HISTORY], column="json")
    ended, _ = audit(folder)
    assert "a.parquet: has no column 'resource'; it has 'id', 'json': name the one" in ended.stderr
    assert ended.exit_code == 3
    assert counts(audit(folder, "--parquet-column", "json")[1]) == {"used": 3}


def test_parquet_that_is_broken_or_holds_something_else_is_said(folder: Path) -> None:
    whole = parquet(folder / "whole.parquet", [json.dumps(each) for each in HISTORY])
    (folder / "cut.parquet").write_bytes(whole.read_bytes()[:-9])
    content = bytearray(whole.read_bytes())
    content[8:200] = bytes(192)
    (folder / "spoilt.parquet").write_bytes(content)
    pq.write_table(pa.table({"resource": [{"resourceType": "Patient"}]}), folder / "typed.parquet")
    ended, out = audit(folder)
    assert ended.exit_code == 3
    assert "cut.parquet: the Parquet data is damaged or cut short, or it is no Parquet" in ended.stderr
    assert "spoilt.parquet:1: the Parquet data is damaged" in ended.stderr
    assert "typed.parquet: the column 'resource' holds no JSON text but struct<" in ended.stderr
    assert counts(out)["used"] == 3


# --- The manifest of an export

SERVER = "https://ehr.example.invalid/bulk/7f"


def manifest(folder: Path, name: str = "manifest.json", **more: Any) -> Path:
    told = {"transactionTime": "2026-04-30T00:00:00Z", "request": f"{SERVER}/$export", "requiresAccessToken": True}
    return write(folder / name, {**told, "output": [], "error": [], **more})


def output(name: str, **more: Any) -> Json:
    return {"type": "MedicationAdministration", "url": f"{SERVER}/{name}?sig=1", **more}


def test_a_manifest_in_a_folder_is_held_against_it(folder: Path) -> None:
    (folder / "1.ndjson.gz").write_bytes(gzip.compress(lines(HISTORY)))
    manifest(folder, output=[output("1.ndjson", count=3)])
    assert (audit(folder)[0].exit_code, counts(audit(folder)[1])) == (1, {"used": 3})
    manifest(folder, output=[output("1.ndjson", count=4), output("2.ndjson")], error=[output("errors.ndjson")])
    ended, _ = audit(folder)
    assert ended.exit_code == 3
    assert "manifest.json: names 2.ndjson, which is not beside it; fetch it again" in ended.stderr
    assert "manifest.json: names the errors errors.ndjson, which are not beside it" in ended.stderr
    assert "1.ndjson.gz: holds 3 resources, and the manifest says 4" in ended.stderr


def test_a_manifest_named_alone_stands_for_its_files(folder: Path) -> None:
    (folder / "5").write_bytes(lines(HISTORY))
    gone = {
        "resourceType": "Bundle",
        "entry": [{"request": {"method": "DELETE", "url": "MedicationAdministration/a3"}}],
    }
    (folder / "deleted.ndjson").write_bytes(lines([gone]))
    (folder / "not-of-it.ndjson").write_bytes(lines(loading("p2")))
    named = manifest(folder, output=[output("5")], deleted=[output("deleted.ndjson")])
    ended, out = audit(named)
    assert (ended.exit_code, counts(out)) == (1, {"used": 2, "superseded": 1, "other_resource": 1}), ended.stderr


def test_files_of_a_manifest_that_are_called_alike_are_not_taken_for_one(folder: Path) -> None:
    (folder / "0.ndjson").write_bytes(lines(HISTORY))
    manifest(folder, output=[output("Patient/0.ndjson"), output("MedicationAdministration/0.ndjson")])
    ended, out = audit(folder)
    assert (ended.exit_code, counts(out)) == (3, {"used": 3})
    assert "manifest.json: several of its files are called 0.ndjson; only one can be beside it" in ended.stderr
    (folder / "0.ndjson").rename(folder / "0")
    named = manifest(folder, output=[output("0"), output("0")])
    ended, out = audit(named)
    assert (ended.exit_code, counts(out)) == (1, {"used": 3}), "one that is named twice is read once"


def test_errors_of_an_export_are_said_by_their_codes(folder: Path) -> None:
    told = [
        {
            "resourceType": "OperationOutcome",
            "issue": [{"severity": severity, "code": code, "diagnostics": "Patient/p1"}],
        }
        for severity, code in [("error", "exception"), ("warning", "not-supported"), ("fatal", "a-secret")]
    ]
    (folder / "a.ndjson").write_bytes(lines(HISTORY))
    (folder / "e.ndjson").write_bytes(lines(told))
    manifest(folder, output=[output("a.ndjson")], error=[output("e.ndjson")])
    ended, _ = audit(folder)
    assert ended.exit_code == 3
    assert "e.ndjson: errors of the export (1 x exception, 1 x no code)" in ended.stderr
    assert "a-secret" not in ended.stderr
    (folder / "e.ndjson").write_bytes(lines(told[1:2]))
    assert audit(folder)[0].exit_code == 1


def test_a_manifest_names_no_file_elsewhere(folder: Path) -> None:
    (folder.parent / "secret.ndjson").write_bytes(lines(HISTORY))
    manifest(folder, output=[output("..%2Fsecret.ndjson"), output("%2e%2e")])
    ended, _ = audit(folder)
    assert ended.exit_code == 3
    assert ended.stderr.count("names ?, which is not beside it") == 2


@pytest.mark.parametrize("held", [["x"], [None], "x", {"url": "1.ndjson"}])
def test_an_entry_that_names_no_file_is_a_file_that_is_missing(held: object, folder: Path) -> None:
    (folder / "1.ndjson").write_bytes(lines(HISTORY))
    manifest(folder, deleted=held)
    ended, _ = audit(folder)
    assert ended.exit_code == 3
    assert "manifest.json: names ?, which is not beside it" in ended.stderr


@pytest.mark.parametrize("told", [{"resourceType": "Patient"}, {"resourceType": "OperationOutcome"}, ["x"]])
def test_errors_that_cannot_be_read_are_counted(told: object, folder: Path) -> None:
    (folder / "a.ndjson").write_bytes(lines(HISTORY))
    (folder / "e.ndjson").write_text(json.dumps(told))
    manifest(folder, output=[output("a.ndjson")], error=[output("e.ndjson")])
    ended, _ = audit(folder)
    assert ended.exit_code == 3
    assert "e.ndjson: errors of the export (1 x unreadable)" in ended.stderr


# --- Damage
