"""`check` and `audit` with regimens of several drugs: each drug is judged apart, and each record accounted for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from hooks.sandbox.running import address, listen, serving
from hooks.sandbox.server import create_sandbox
from tests.cli.files import ON, OTHER_DRUG, ZONE, Json, Result, bundle, check, dose, loading, run, write, write_lines
from tests.sandbox.conftest import ON as DAY

TOFERSEN = {"coding": [{"system": "http://fdasis.nlm.nih.gov", "code": "2NU6F9601K"}], "text": "tofersen"}
BOTH = ("eu-12mg", "qalsody")


def tofersen(patient: str, *days: str) -> list[Json]:
    return [
        dose(f"{patient}-t{number}", day, patient, medicationCodeableConcept=TOFERSEN)
        for number, day in enumerate(days, 1)
    ]


LATE = tofersen("p2", "2026-01-01", "2026-01-15", "2026-01-29")
OTHER = dose("x", "2026-01-02", "p3", medicationCodeableConcept={**OTHER_DRUG, "text": "paracetamol"})


def told(ended: Result) -> list[tuple[str, str, str, int]]:
    """Of each assessment: patient, first regimen, status, and the number of counted doses."""
    return [
        (each["patient"], each["regimens"][0]["id"], each["forecast"]["status"], len(each["evaluations"]))
        for each in ended.assessments
    ]


EACH = [
    ("Patient/p1", "eu-12mg", "upcoming", 4),
    ("Patient/p1", "qalsody", "not-started", 0),
    ("Patient/p2", "eu-12mg", "not-started", 0),
    ("Patient/p2", "qalsody", "overdue", 3),
    ("Patient/p3", "eu-12mg", "not-started", 0),
    ("Patient/p3", "qalsody", "not-started", 0),
]


def test_check_gives_an_assessment_for_each_patient_and_drug(tmp_path: Path) -> None:
    path = write(tmp_path / "a.json", bundle(*loading("p1"), *LATE, OTHER))
    ended = check(path, regimens=BOTH)
    assert told(ended) == EACH
    assert ended.exit_code == 1
    every = "Read from 1 file: 8 MedicationAdministrations"
    assert f"nusinersen: {every}: 4 counted, 4 of another drug or entered in error." in ended.stderr
    assert f"tofersen: {every}: 3 counted, 5 of another drug or entered in error." in ended.stderr


def test_an_assessment_is_the_one_of_its_drug_asked_alone(tmp_path: Path) -> None:
    path = write(tmp_path / "a.json", bundle(*loading("p1"), *LATE))
    together, alone = check(path, regimens=BOTH), [check(path, regimens=[each]) for each in BOTH]
    apart = [assessment for ended in alone for assessment in ended.assessments]
    assert sorted(map(json.dumps, together.assessments)) == sorted(map(json.dumps, apart))


def test_the_text_names_the_drug_of_each_assessment(tmp_path: Path) -> None:
    path = write(tmp_path / "a.json", bundle(*loading("p1")))
    lines = check(path, regimens=BOTH, form="text").stdout.splitlines()
    headings = [line for line in lines if line.startswith("Patient/")]
    assert [line.split()[1] for line in headings] == ["Nusinersen", "Tofersen"]
    assert "Nusinersen" not in check(path, form="text").stdout


@pytest.mark.parametrize(
    ("concept", "said", "statuses"),
    [
        (TOFERSEN, "is of the drug and of no patient", ["upcoming", "decision"]),
        ({}, "may be of the drug, and is of no patient", ["decision", "decision"]),
    ],
    ids=["of the second drug", "of nobody knows which"],
)
def test_a_dose_of_nobody_is_rejected_once_and_in_doubt_are_the_histories_of_its_drug(
    tmp_path: Path, concept: Json, said: str, statuses: list[str]
) -> None:
    nobody = dose("n", "2026-01-02", None, medicationCodeableConcept=concept)
    ended = check(write(tmp_path / "a.json", bundle(*loading("p1"), nobody)), regimens=BOTH)
    assert ended.exit_code == 3
    assert ended.stderr.count(said) == 1
    assert [each["forecast"]["status"] for each in ended.assessments] == statuses


@pytest.fixture
def sandbox() -> Iterator[str]:
    with listen(0, "none") as listener:
        base = f"{address(listener)}/fhir"
        person = {"resourceType": "Patient", "id": "p2"}
        with serving([(create_sandbox(base, DAY, more=[person, *LATE], fixtures=False), listener)]):
            yield base


def test_a_server_is_asked_for_both(sandbox: str) -> None:
    assert told(check(sandbox, "--patient", "p2", regimens=BOTH)) == EACH[2:4]


def audit(tmp_path: Path, *options: str | Path) -> tuple[Result, Path]:
    folder = tmp_path / "export"
    folder.mkdir(exist_ok=True)
    write_lines(folder / "MedicationAdministration.ndjson", [*loading("p1"), *LATE, OTHER])
    asked = [word for regimen in BOTH for word in ("--regimen", regimen)]
    out = tmp_path / "out"
    return run("audit", folder, *asked, "--on", ON, "--time-zone", ZONE, "--output", out, "--jobs", "1", *options), out


def test_an_audit_writes_a_folder_for_each_drug_and_counts_each_record_once_in_it(tmp_path: Path) -> None:
    ended, out = audit(tmp_path)
    assert sorted(path.name for path in out.iterdir()) == ["nusinersen", "tofersen"]
    ledgers = [json.loads((out / drug / "ledger.json").read_text()) for drug in ("nusinersen", "tofersen")]
    assert [(each["lines"], each["balanced"], each["used"]) for each in ledgers] == [(8, True, 4), (8, True, 3)]
    written = (out / "tofersen" / "assessments.ndjson").read_text().splitlines()
    assert [json.loads(line)["patient"] for line in written] == ["Patient/p2"]
    assert ended.exit_code == 1, ended.stderr


@pytest.mark.parametrize(
    ("wanted", "exit_code", "unknown"), [("p1\np2\n", 1, []), ("p1\np9\n", 2, ["Patient/p9"])], ids=["known", "unknown"]
)
def test_a_patient_has_to_be_known_for_one_of_the_drugs(
    tmp_path: Path, wanted: str, exit_code: int, unknown: list[str]
) -> None:
    names = tmp_path / "wanted.txt"
    names.write_text(wanted)
    ended, _ = audit(tmp_path, "--patients", names)
    assert ended.exit_code == exit_code, ended.stderr
    assert [each for each in ("Patient/p1", "Patient/p2", "Patient/p9") if f"  {each}\n" in ended.stderr] == unknown
