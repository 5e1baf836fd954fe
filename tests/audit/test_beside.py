"""What stands beside the doses, in an audit: doses noted elsewhere (C7), other therapies (C8), deaths (F10)."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from cds.audit import persons
from cds.audit.beside import DEATH_UNREADABLE
from cds.audit.shares import PatientResult
from cds.dosing.assess import assess
from cds.dosing.document import as_json
from hooks.histories import from_files
from hooks.sandbox.patients import demo_patients, shared_resources
from tests.audit.test_engine import (
    GENE_THERAPY,
    MARKED,
    OTHER,
    OURS,
    QUESTION,
    audited,
    concept,
    counts,
    deleted,
    lines,
    pointing,
    record,
)
from tests.audit.test_same import said

Json = dict[str, Any]
DAYS = ("2025-08-01", "2025-08-15", "2025-08-29", "2025-10-03")
DOSES = [record(f"a{number}", concept(OURS), day) for number, day in enumerate(DAYS)]
MEDICATIONS = [
    {"resourceType": "Medication", "id": "ours", "code": OURS},
    {"resourceType": "Medication", "id": "therapy", "code": GENE_THERAPY},
    {"resourceType": "Medication", "id": "other", "code": OTHER},
]


SUBJECT = {"reference": "Patient/p1"}


def statement(medication: Json, name: str = "s1", day: str = "2026-02-20", **more: Any) -> Json:
    return {**record(name, medication, day), "resourceType": "MedicationStatement", "status": "active", **more}


def order(medication: Json, name: str = "o1", day: str = "2026-02-20", **more: Any) -> Json:
    return {
        **record(name, medication),
        "resourceType": "MedicationRequest",
        "status": "active",
        "authoredOn": day,
    } | more


def person(**more: Any) -> Json:
    return {"resourceType": "Patient", "id": "p1", **more}


def flag(**more: Any) -> Json:
    code = {"coding": [{"system": MARKED.system, "code": MARKED.code}]}
    return {"resourceType": "Flag", "id": "f", "status": "active", "code": code, "subject": SUBJECT, **more}


def updated(resource: Json, day: str) -> Json:
    return {**resource, "meta": {"lastUpdated": f"{day}T00:00:00Z"}}


def outcome(result: PatientResult) -> tuple[str, list[str]]:
    assessment = result.assessment
    return assessment.forecast.status.value, [finding.code.value for finding in assessment.findings]


REPLACES = [{"type": "replaces", "other": {"reference": "Patient/old"}}]
OUTSIDE, THERAPY = ["outside-record"], ["other-smn-therapy"]
CASES: list[tuple[str, list[Json], str, list[str]]] = [
    ("nothing beside the doses", [], "overdue", []),
    ("a statement of the drug", [statement(concept(OURS))], "decision", OUTSIDE),
    ("a statement by a name", [statement(concept({"text": "Spinraza (Lund)"}))], "decision", OUTSIDE),
    ("a statement that refers to a Medication", [statement(pointing("ours"))], "decision", OUTSIDE),
    ("a statement that contains its Medication",
     [statement({"medicationReference": {"reference": "#m"}, "contained": [{**MEDICATIONS[0], "id": "m"}]})],
     "decision", OUTSIDE),
    ("a statement of before the last dose", [statement(concept(OURS), day="2025-09-01")], "overdue", OUTSIDE),
    ("a statement of another drug", [statement(concept(OTHER)), statement(pointing("other"))], "overdue", []),
    ("a statement of another patient", [statement(concept(OURS), subject={"reference": "Patient/q"})], "overdue", []),
    ("a statement of nobody", [statement(concept(OURS), subject=None)], "overdue", []),
    ("a statement that was withdrawn",
     [updated(statement(concept(OURS), status="entered-in-error"), "2026-03-02"),
      updated(statement(concept(OURS)), "2026-03-01")], "overdue", []),
    ("a statement that was corrected to another drug",
     [updated(statement(concept(OURS)), "2026-03-01"), updated(statement(concept(OTHER)), "2026-03-02")],
     "overdue", []),
    ("a statement that was corrected to another patient",
     [updated(statement(concept(OURS)), "2026-03-01"),
      updated(statement(concept(OURS), subject={"reference": "Patient/q"}), "2026-03-02")], "overdue", []),
    ("gene therapy, given", [record("g", concept(GENE_THERAPY), "2026-02-20")], "ended", THERAPY),
    ("gene therapy, by its Medication", [record("g", pointing("therapy"), "2026-02-20")], "ended", THERAPY),
    ("gene therapy, corrected to another drug",
     [updated(record("g", concept(GENE_THERAPY), "2026-02-20"), "2026-03-01"),
      updated(record("g", concept(OTHER), "2026-02-20"), "2026-03-02")], "overdue", []),
    ("gene therapy that was not given", [record("g", concept(GENE_THERAPY), status="not-done")], "overdue", []),
    ("risdiplam, ordered", [order(concept({"text": "Evrysdi"}))], "ended", THERAPY),
    ("risdiplam, ordered by a Medication", [order(pointing("therapy"))], "ended", THERAPY),
    ("risdiplam, shown beside a reference", [order(pointing("nowhere", display="risdiplam"))], "ended", THERAPY),
    ("risdiplam, ordered before the last dose", [order(concept({"text": "Evrysdi"}), day="2025-09-01")], "overdue",
     THERAPY),
    ("orders of another drug and of this one", [order(concept(OTHER)), order(concept(OURS), "o2")], "overdue", []),
    ("died", [person(deceasedDateTime="2026-03")], "ended", []),
    ("died, on no day that is told", [person(deceasedBoolean=True)], "ended", []),
    ("died after the day of the audit", [person(deceasedDateTime="2026-05-02")], "overdue", []),
    ("lives", [person(deceasedBoolean=False)], "overdue", []),
    ("died, and it was taken back",
     [updated(person(), "2026-03-02"), updated(person(deceasedBoolean=True), "2026-03-01")], "overdue", []),
    ("marked as ended", [flag()], "ended", []),
    ("marked as ended since a day", [flag(period={"start": "2026-01-01"})], "ended", []),
    ("marked as ended before the last dose", [flag(period={"start": "2025-10-02"})], "overdue", []),
    ("marked as ended from tomorrow on", [flag(period={"start": "2026-05-02"})], "overdue", []),
    ("marked as ended until yesterday", [flag(period={"end": "2026-04-30"})], "overdue", []),
    ("marked as ended since a day that cannot be read", [flag(period={"start": "2026-13-01"})], "overdue", []),
    ("marked as ended until a day that cannot be read", [flag(period={"end": "soon"})], "overdue", []),
    ("marked as ended in a period that is none", [flag(period=["2026"])], "overdue", []),
    ("on a list of a day that cannot be read",
     [flag(resourceType="List", status="current", date="soon")], "overdue", []),
    ("marked as ended, and a record that may be a dose since then",
     [flag(period={"start": "2026-01-01"}), record("u", concept(OURS), "2026-01-02", status="unknown")],
     "decision", ["status-unknown", "history-incomplete"]),
    ("marked as ended since the day of a record that may be a dose",
     [flag(period={"start": "2026-01-02"}), record("u", concept(OURS), "2026-01-02", status="unknown")],
     "ended", ["status-unknown", "history-incomplete"]),
    ("marked as ended, and no more", [flag(status="inactive")], "overdue", []),
    ("marked with another code", [flag(code={"text": "x"})], "overdue", []),
    ("marked as ended, and taken back by another code",
     [updated(flag(), "2026-03-01"), updated(flag(code={"text": "x"}), "2026-03-02")], "overdue", []),
    ("on a list of those that have ended",
     [flag(resourceType="List", status="current", date="2026-01-01")], "ended", []),
    ("an id that was replaced had a statement",
     [statement(concept(OURS), subject={"reference": "Patient/old"}),
      person(link=REPLACES)], "decision", OUTSIDE),
    ("an id that was replaced had a statement, and was taken apart again",
     [statement(concept(OURS), subject={"reference": "Patient/old"}), updated(person(), "2026-03-02"),
      updated(person(link=REPLACES), "2026-03-01")], "overdue", []),
    ("died under an id that was replaced", [person(link=REPLACES), person(id="old", deceasedBoolean=True)], "ended",
     []),
    ("died under one of two ids that were replaced",
     [person(link=REPLACES), person(id="old", link=[{"type": "replaces", "other": {"reference": "Patient/older"}}]),
      person(id="older", deceasedDateTime="2026-03")], "ended", []),
    ("died under an id that was replaced, and lives under the one that stands for it",
     [person(link=REPLACES, deceasedBoolean=False), person(id="old", deceasedBoolean=True)], "overdue", []),
    ("died under another id, which was replaced no more",
     [updated(person(link=REPLACES), "2026-03-01"), updated(person(), "2026-03-02"),
      person(id="old", deceasedBoolean=True)], "overdue", []),
]  # fmt: skip


@pytest.mark.parametrize("strict", [False, True], ids=["by bytes", "strict"])
@pytest.mark.parametrize(
    ("beside", "status", "findings"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_what_stands_beside_the_doses(
    beside: list[Json], status: str, findings: list[str], strict: bool, tmp_path: Path
) -> None:
    contents = {"a": lines(*DOSES, *beside), "b": lines(*MEDICATIONS)}
    results, account = audited(contents, strict=strict)
    by_patient = {each.assessment.patient: each for each in results}
    assert outcome(by_patient["Patient/p1"]) == (status, findings)
    assert account.balanced
    assert said(results) == said(audited(contents, strict=not strict)[0])
    assert [as_json(each.assessment) for each in results] == checked(contents, tmp_path, sorted(by_patient))


def checked(contents: dict[str, bytes], folder: Path, patients: list[str]) -> list[dict[str, Any]]:
    """What `check` says of the patients of the same files."""
    for name, content in contents.items():
        (folder / f"{name}.ndjson").write_bytes(content)
    histories = from_files([folder], (), (QUESTION.regimens.drug,), QUESTION.zone, QUESTION.markers)
    assert not histories.not_read
    return [
        as_json(
            assess(
                each.patient, each.records, QUESTION.regimens, on=QUESTION.on, whole=each.whole,
                ended=each.died is not None and each.died <= QUESTION.on,
            )
        )
        for each in histories.patients
        if each.patient in patients
    ]  # fmt: skip


def test_the_demonstration_is_judged_as_check_judges_it(tmp_path: Path) -> None:
    resources = [*shared_resources(), *(each for patient in demo_patients(QUESTION.on) for each in patient.resources)]
    before = [each for each in resources if str(each.get("effectiveDateTime", ""))[:10] <= QUESTION.on.isoformat()]
    contents = {"demo": lines(*before)}
    results, _ = audited(contents, strict=False)
    patients = [each.assessment.patient for each in results]
    assert [as_json(each.assessment) for each in results] == checked(contents, tmp_path, patients)
    codes = {code for each in results for code in outcome(each)[1]}
    assert {*THERAPY} <= codes


def test_a_patient_of_whom_there_is_a_statement_alone_is_assessed() -> None:
    (result,), account = audited({"a": lines(statement(concept(OURS)))}, strict=False)
    assert outcome(result) == ("decision", OUTSIDE)
    assert counts(account) == {"other_resource": 1}
    assert audited({"a": lines(order(concept({"text": "Evrysdi"})))}, strict=False)[0] == []


def test_a_statement_that_was_deleted_says_nothing_and_a_dose_of_the_same_id_stays() -> None:
    name = DOSES[1]["id"]
    told = statement(concept(OURS), name)
    (result,), _ = audited({"a": lines(*DOSES, told, deleted(f"MedicationStatement/{name}"))}, strict=False)
    assert outcome(result) == ("overdue", [])
    assert len(result.assessment.evaluations) == len(DOSES)


def test_what_was_kept_for_its_id_alone_has_no_place_among_what_was_used() -> None:
    other = statement(concept(OTHER), DOSES[0]["id"])
    (result,), _ = audited({"a": lines(*DOSES, other)}, strict=False)
    assert set(result.places) == {f"MedicationAdministration/{dose['id']}" for dose in DOSES}


@pytest.mark.parametrize("strict", [False, True], ids=["by bytes", "strict"])
def test_a_statement_without_an_id_is_named_the_same_whatever_else_was_kept(strict: bool) -> None:
    nameless = statement(concept(OURS), "")
    kept_for_its_id = statement(concept(OTHER), DOSES[0]["id"])
    contents = {"a": lines(*DOSES, kept_for_its_id, record("x", concept(OTHER)), nameless)}
    [result] = audited(contents, strict=strict)[0]
    [finding] = result.assessment.findings
    assert finding.evidence == ("MedicationStatement?index=0",)


def test_statements_have_their_place() -> None:
    (result,), _ = audited({"a": lines(*DOSES, statement(concept(OURS)))}, strict=False)
    assert result.places["MedicationStatement/s1"].line == len(DOSES) + 1


LEDGERS: list[tuple[str, list[Json], dict[str, int]]] = [
    ("of another drug", [statement(concept(OTHER)), order(concept(OTHER))], {"no_trace": 2}),
    ("that refer to another drug", [statement(pointing("other")), order(pointing("other"))], {"no_trace": 2}),
    ("that refer to a Medication that is nowhere", [statement(pointing("x")), order(pointing("x"))], {"no_trace": 2}),
    ("of the drug", [statement(concept(OURS)), order(concept(OURS))], {"other_resource": 2}),
    ("that refer to the drug", [statement(pointing("ours")), order(pointing("ours"))], {"other_resource": 2}),
    ("a therapy, given", [record("g", concept(GENE_THERAPY)), record("h", pointing("therapy"))], {"other_drug": 2}),
    ("one therapy twice", [record("g", concept(GENE_THERAPY))] * 2, {"other_drug": 1, "superseded": 1}),
    ("one statement twice", [statement(concept(OURS))] * 2, {"other_resource": 2}),
]  # fmt: skip


@pytest.mark.parametrize(("beside", "expected"), [row[1:] for row in LEDGERS], ids=[row[0] for row in LEDGERS])
def test_statements_and_orders_in_the_ledger(beside: list[Json], expected: dict[str, int]) -> None:
    account = audited({"a": lines(*beside), "b": lines(*MEDICATIONS)}, strict=False)[1]
    expected = {**expected, "other_resource": expected.get("other_resource", 0) + len(MEDICATIONS)}
    assert counts(account) == expected
    assert account.balanced


@pytest.mark.parametrize("strict", [False, True], ids=["by bytes", "strict"])
def test_f10_of_a_death_that_cannot_be_read_the_patient_counts_as_living_and_it_is_said(strict: bool) -> None:
    broken, whole = person(deceasedDateTime="soon"), person()
    (result,), _ = audited({"a": lines(*DOSES, updated(broken, "2026-03-01"))}, strict=strict)
    assert (outcome(result), result.not_known) == (("overdue", []), (DEATH_UNREADABLE,))
    taken_back = lines(*DOSES, updated(broken, "2026-03-01"), updated(whole, "2026-03-02"))
    (result,), _ = audited({"a": taken_back}, strict=strict)
    assert (outcome(result), result.not_known) == (("overdue", []), ())


def test_who_has_died_is_kept_on_disk_in_parts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    every = [person(id=f"p{number}", deceasedDateTime=f"2026-02-{number % 28 + 1:02}") for number in range(500)]
    doses = [record(f"a{number}", concept(OURS), "2026-01-10", f"p{number}") for number in range(0, 500, 50)]
    monkeypatch.setattr(persons, "HELD", 300)
    results, _ = audited({"a": lines(*doses, *every)}, strict=False)
    assert [outcome(each)[0] for each in results] == ["ended"] * 10
    writer = persons.PersonWriter(tmp_path / "x.persons", QUESTION.zone)
    for each in every:
        writer.add(each)
    written = writer.written()
    assert written is not None
    assert json.loads((tmp_path / "x.persons").read_bytes().splitlines()[0])[1] is None
    assert persons.died([written], range(256), {"Patient/p7"}, {}) == {"Patient/p7": date(2026, 2, 8)}
