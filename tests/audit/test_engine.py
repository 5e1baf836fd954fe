"""An export scanned by bytes and one parsed line by line say the same, and every line is accounted for."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from cds.audit.engine import ledger, results, scan
from cds.audit.files import InputFile
from cds.audit.ledger import Ledger
from cds.audit.plan import Plan, tasks
from cds.audit.shares import Account, PatientResult, Question
from cds.audit.workers import Processes
from cds.dosing.drug import Coding
from cds.dosing.in_force import Regimens
from cds.fhir.markers import Markers
from cds.regimens.library import load

MARKED = Coding("http://ehr.example.invalid/flags", "therapy-ended")
QUESTION = Question(
    Regimens.of(load().get("eu-12mg")),
    date(2026, 5, 1),
    ZoneInfo("Europe/Stockholm"),
    markers=Markers(flags=frozenset([MARKED]), lists=frozenset([MARKED])),
)
OURS = {"coding": [{"system": "http://www.whocc.no/atc", "code": "M09AX07"}]}
OTHER = {"coding": [{"system": "http://www.whocc.no/atc", "code": "N02BE01", "display": "paracetamol"}]}
UNKNOWN = {"coding": [{"system": "urn:oid:1.2.3", "code": "4711"}]}
GENE_THERAPY = {"coding": [{"system": "http://www.whocc.no/atc", "code": "M09AX09"}]}


def audited(contents: dict[str, bytes], *, strict: bool) -> tuple[list[PatientResult], Ledger]:
    """The results and the ledger of some files, in this process."""
    with TemporaryDirectory() as folder:
        found = []
        for name, content in contents.items():
            path = Path(folder, name)
            path.write_bytes(content)
            found.append(InputFile.of(path))
        work = Path(folder, "work")
        work.mkdir()
        planned = Plan(tasks(found), QUESTION, work, strict)
        with Processes(planned, 1) as workers:
            scanned = scan(planned, workers)
        account = Account()
        return list(results(planned, scanned, account)), ledger(scanned, [account])


def record(
    name: str, medication: dict[str, Any], day: str = "2026-03-01", patient: str = "p1", **more: Any
) -> dict[str, Any]:
    return {
        "resourceType": "MedicationAdministration",
        "id": name,
        "status": "completed",
        **medication,
        "subject": {"reference": f"Patient/{patient}"},
        "effectiveDateTime": day,
        **more,
    }


def concept(medication: dict[str, Any]) -> dict[str, Any]:
    return {"medicationCodeableConcept": medication}


def pointing(name: str, **more: Any) -> dict[str, Any]:
    return {"medicationReference": {"reference": f"Medication/{name}", **more}}


def deleted(reference: str, when: str | None = None) -> dict[str, Any]:
    meta = {} if when is None else {"meta": {"lastUpdated": when}}
    request = {"request": {"method": "DELETE", "url": reference}}
    return {"resourceType": "Bundle", "type": "transaction", **meta, "entry": [request]}


def outcome(severity: str, code: str) -> dict[str, Any]:
    issue = {"severity": severity, "code": code, "diagnostics": "Patient/p1"}
    return {"resourceType": "OperationOutcome", "issue": [issue]}


def lines(*resources: object) -> bytes:
    return b"".join(json.dumps(each, separators=(",", ":")).encode() + b"\n" for each in resources)


def counts(account: Ledger) -> dict[str, int]:
    return {key.value: number for key, number in account.counts.items() if number}


MEDICATIONS = lines(
    {"resourceType": "Medication", "id": "ours", "code": OURS},
    {"resourceType": "Medication", "id": "other", "code": OTHER},
)
LEDGERS: list[tuple[str, dict[str, bytes], dict[str, int]]] = [
    ("doses", {"a": lines(record("a1", concept(OURS)), record("a2", concept(OURS), "2026-04-01"))}, {"used": 2}),
    ("another drug", {"a": lines(record("a1", concept(OTHER)))}, {"no_trace": 1}),
    ("another resource", {"a": lines({"resourceType": "Observation", "id": "o"})}, {"no_trace": 1}),
    ("a look-alike", {"a": lines(record("a1", concept({"text": "not Spinraza"})))}, {"used": 1}),
    ("a day after", {"a": lines(record("a1", concept(OURS), "2026-05-02"))}, {"after_on": 1}),
    ("not given", {"a": lines(record("a1", concept(OURS), status="not-done"))}, {"not_given": 1}),
    ("no date", {"a": lines(record("a1", concept(OURS), effectiveDateTime=None))}, {"unreadable": 1}),
    ("nobody knows which drug", {"a": lines(record("a1", concept(UNKNOWN)))}, {"unreadable": 1}),
    ("of nobody", {"a": lines(record("a1", concept(OURS), subject=None))}, {"rejected": 1}),
    ("in error", {"a": lines(record("a1", concept(OURS), status="entered-in-error"))}, {"entered_in_error": 1}),
    (
        "of another drug and in error",
        {"a": lines(record("a1", concept(OTHER), status="entered-in-error", note=[{"text": "spinraza"}]))},
        {"other_drug": 1},
    ),
    ("blank and broken", {"a": b"\n \n{\n[1]\n\xff\n{}\n"}, {"blank": 2, "rejected": 4}),
    ("cut short", {"a": lines(record("a1", concept(OTHER)))[:-20]}, {"rejected": 1}),
    (
        "Medications in another file, after",
        {"a": lines(record("a1", pointing("ours")), record("a2", pointing("other"))), "b": MEDICATIONS},
        {"used": 1, "no_trace": 1, "other_resource": 2},
    ),
    (
        "cut short behind a reference to a Medication",
        {"a": lines(record("a1", pointing("ours")))[:-2] + b"\n", "b": MEDICATIONS},
        {"rejected": 1, "other_resource": 2},
    ),
    (
        "another resource that refers to a Medication",
        {"a": lines({"resourceType": "Basic", **pointing("nowhere")})},
        {"other_resource": 1},
    ),
    (
        "Medications that are nowhere",
        {"a": lines(record("a1", pointing("x")), record("a2", pointing("x", display="paracetamol")))},
        {"unreadable": 1, "no_trace": 1},
    ),
    (
        "the same line twice",
        {"a": lines(record("a1", concept(OURS))), "b": lines(record("a1", concept(OURS)))},
        {"used": 1, "superseded": 1},
    ),
    (
        "corrected to another drug later",
        {"a": lines(record("a1", concept(OURS)), record("a1", concept(OTHER)))},
        {"superseded": 1, "other_drug": 1},
    ),
    (
        "an older version of another drug",
        {
            "a": lines(record("a1", concept(OURS), meta={"lastUpdated": "2026-03-02T00:00:00Z"})),
            "b": lines(record("a1", concept(OTHER), meta={"lastUpdated": "2026-03-01T00:00:00Z"})),
        },
        {"superseded": 1, "used": 1},
    ),
    (
        "corrected to another drug by a line that writes the id with an escape",
        {
            "a": lines(record("a1", concept(OURS))),
            "b": lines(record("a1", concept(OTHER))).replace(b'"a1"', rb'"\u00611"'),
        },
        {"superseded": 1, "other_drug": 1},
    ),
    (
        "Medications behind a byte order mark, twice",
        {
            "a": lines(record("a1", pointing("ours"))),
            "b": b"\xef\xbb\xbf" + MEDICATIONS,
            "c": b"\xef\xbb\xbf" + MEDICATIONS,
        },
        {"used": 1, "other_resource": 4},
    ),
    (
        "a Medication with half of a surrogate pair in it",
        {
            "a": lines(
                record("a1", pointing("m")),
                {"resourceType": "Medication", "id": "m", "code": {**OURS, "text": "\ud800"}},
            )
        },
        {"used": 1, "other_resource": 1},
    ),
    (
        "deleted",
        {
            "a": lines(record("a1", concept(OURS))),
            "d": lines(deleted("MedicationAdministration/a1")),
        },
        {"superseded": 1, "other_resource": 1},
    ),
    (
        "resources of other types deleted that have the id of a dose",
        {"a": lines(record("a1", concept(OURS)), deleted("Observation/a1"), deleted("Patient/a1"))},
        {"used": 1, "other_resource": 2},
    ),
    (
        "deleted, put back, and deleted again, told of in any order",
        {
            "a": lines(
                record("a1", concept(OURS), meta={"lastUpdated": "2026-03-02T00:00:00Z"}),
                deleted("MedicationAdministration/a1", "2026-03-03T00:00:00Z"),
                deleted("MedicationAdministration/a1", "2026-03-01T00:00:00Z"),
            ),
        },
        {"superseded": 1, "other_resource": 2},
    ),
    (
        "deleted, and put back",
        {
            "a": lines(
                record("a1", concept(OURS), meta={"lastUpdated": "2026-03-02T00:00:00Z"}),
                deleted("MedicationAdministration/a1", "2026-03-01T00:00:00Z"),
            ),
        },
        {"used": 1, "other_resource": 1},
    ),
    (
        "what a server says of data that it did not give, and a remark",
        {"a": lines(outcome("error", "forbidden"), outcome("warning", "incomplete"), outcome("information", "code"))},
        {"rejected": 2, "other_resource": 1},
    ),
    (
        "half of a surrogate pair in the ids of records and patients, and in a text",
        {
            "a": lines(
                record("\ud800", concept(OURS)),
                record("\ud801", concept(OURS), "2026-04-01"),
                record("a3", concept(OURS), patient="\udfff"),
                record("a4", concept(OURS), "2026-04-20", note=[{"text": "\udc00"}]),
            )
        },
        {"used": 4},
    ),
]


@pytest.mark.parametrize(("contents", "expected"), [row[1:] for row in LEDGERS], ids=[row[0] for row in LEDGERS])
def test_every_line_stands_under_one_key(contents: dict[str, bytes], expected: dict[str, int]) -> None:
    _, account = audited(contents, strict=False)
    assert counts(account) == expected
    assert account.balanced


def test_each_record_keeps_its_place() -> None:
    first, second = record("a1", concept(OURS)), record("a2", concept(OURS), "2026-04-01")
    other = lines(record("x", concept(OTHER)))
    (result,), _ = audited({"a": lines(first), "b": other + lines(second)}, strict=False)
    assert {name: (Path(place.file).name, place.offset, place.line) for name, place in result.places.items()} == {
        "MedicationAdministration/a1": ("a", 0, 1),
        "MedicationAdministration/a2": ("b", len(other), 2),
    }


@pytest.mark.parametrize("days", [["2026-03-01"], ["2026-03-01", "2026-04-01"]])
def test_a_patient_who_was_merged_is_one(days: list[str]) -> None:
    merged = {
        "resourceType": "Patient",
        "id": "p2",
        "link": [{"type": "replaces", "other": {"reference": "Patient/p1"}}],
    }
    doses = [record(f"a{number}", concept(OURS), day, f"p{number}") for number, day in enumerate(days, 1)]
    (result,), account = audited({"a": lines(*doses, merged)}, strict=False)
    assert result.assessment.patient == "Patient/p2"
    assert [evaluation.when.latest.isoformat() for evaluation in result.assessment.evaluations] == days
    assert counts(account) == {"used": len(days), "other_resource": 1}


def test_a_file_that_changes_before_its_references_are_followed_is_a_fault(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a"
    path.write_bytes(lines(record("a1", pointing("ours")), record("a2", concept(OURS))) + MEDICATIONS)
    work = tmp_path / "work"
    work.mkdir()
    planned = Plan(tasks([InputFile.of(path)]), QUESTION, work)
    with Processes(planned, 1) as workers:
        scanned = scan(planned, workers, tell=lambda _: path.write_bytes(b"\n" * 5000) and None)
    account = Account()
    [result] = results(planned, scanned, account)
    told = ledger(scanned, [account])
    assert [each.reason for each in told.faults] == ["the file has changed since the audit began"]
    assert not told.balanced
    assert len(result.assessment.evaluations) == 1
