"""`audit` and `check` of a FHIR server: what stands beside the doses is read there as from the files of an export."""

from __future__ import annotations

import asyncio
import csv
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from cds.audit.beside import DEATH_UNREADABLE
from cds.audit.ledger import Key
from cds.dosing.in_force import Regimens
from cds.fhir.addresses import EVERYWHERE
from cds.fhir.allowed import Allowed
from cds.fhir.client import FhirClient
from cds.fhir.connections import Http
from cds.fhir.limits import Limits
from cds.regimens.library import load
from hooks.audit_searches import whole
from hooks.delivered import Delivered, note, noted
from hooks.question import Question
from hooks.sandbox.load import resources
from hooks.sandbox.running import address, listen, serving
from hooks.sandbox.server import create_sandbox
from hooks.settings import CheckSettings
from tests.cli.files import ON, ZONE, Json, Result, check, dose, lines, loading, run
from tests.cli.test_audit_server import Searched, assessed, audit, patients

MARKED = "urn:site|ended"
MARKS = {"NUSINERSEN_CDS_ENDED_FLAGS": MARKED, "NUSINERSEN_CDS_ENDED_LISTS": MARKED}
CODED = {"coding": [{"system": "urn:site", "code": "ended"}]}
SPINRAZA, RISDIPLAM, ASPIRIN = {"text": "Spinraza"}, {"text": "Evrysdi"}, {"text": "aspirin"}
MEDICATIONS: dict[str, Json] = {
    name: {"resourceType": "Medication", "id": name, "code": code}
    for name, code in (("spinraza", SPINRAZA), ("evrysdi", RISDIPLAM), ("aspirin", ASPIRIN))
}


def beside(of_type: str, patient: str, **more: Any) -> Json:
    subject = {"subject": {"reference": f"Patient/{patient}"}, "status": "active"}
    return {"resourceType": of_type, "id": f"{patient}-{of_type.lower()}", **subject, **more}


def statement(patient: str, **more: Any) -> Json:
    return beside("MedicationStatement", patient, effectiveDateTime="2026-04-20", **more)


def order(patient: str, **more: Any) -> Json:
    return beside("MedicationRequest", patient, authoredOn="2026-04-20", **more)


def person(name: str, *links: tuple[str, str], **more: Any) -> Json:
    link = [{"type": of_type, "other": {"reference": f"Patient/{other}"}} for of_type, other in links]
    return {"resourceType": "Patient", "id": name, **({"link": link} if link else {}), **more}


def pointing(name: str) -> Json:
    return {"medicationReference": {"reference": f"Medication/{name}"}}


PEOPLE: dict[str, tuple[list[Json], str, list[str]]] = {
    "plain": ([], "upcoming", []),
    "elsewhere": ([statement("elsewhere", medicationCodeableConcept=SPINRAZA)], "decision", ["outside-record"]),
    "elsewhere-too": ([statement("elsewhere-too", **pointing("spinraza"))], "decision", ["outside-record"]),
    "other": ([statement("other", **pointing("aspirin")), order("other", **pointing("aspirin"))], "upcoming", []),
    "changed": ([order("changed", medicationCodeableConcept=RISDIPLAM)], "ended", ["other-smn-therapy"]),
    "changed-too": ([order("changed-too", **pointing("evrysdi"), status="completed")], "ended", ["other-smn-therapy"]),
    "not-changed": ([order("not-changed", **pointing("evrysdi"), status="cancelled")], "upcoming", []),
    "died": ([person("died", deceasedDateTime="2026-04-01")], "ended", []),
    "dies": ([person("dies", deceasedDateTime="2026-06-01")], "upcoming", []),
    "flagged": ([beside("Flag", "flagged", code=CODED)], "ended", []),
    "listed": ([beside("List", "listed", code=CODED, status="current")], "ended", []),
}
"""What stands beside four doses on time, and what comes of it."""
MERGED = [
    *loading("now", 2), *(dose(f"old-{day}", f"2026-{day}", "old") for day in ("01-29", "03-05")),
    person("now", ("replaces", "old")), person("old", ("replaced-by", "now")),
    statement("old", medicationCodeableConcept=SPINRAZA),
]  # fmt: skip
"""A patient with two ids."""
ALONE = [statement("alone", medicationCodeableConcept=SPINRAZA), person("alone")]
"""A patient of whom there is a statement alone."""


def population() -> list[Json]:
    found = [each for name, (more, *_) in PEOPLE.items() for each in (*loading(name), *more)]
    held = {each["id"] for each in found}
    return [*found, *MERGED, *ALONE, *(person(name) for name in PEOPLE if name not in held)]


def exported(folder: Path, *records: Json) -> Path:
    (folder / "export.ndjson").write_bytes(lines([*records, *MEDICATIONS.values()]))
    return folder / "export.ndjson"


def of_files(path: Path, output: Path) -> Result:
    asked = ("--regimen", "eu-12mg", "--on", ON, "--time-zone", ZONE, "--jobs", "1", "--output", output)
    return run("audit", path, *asked, env=MARKS)


def rows(path: Path) -> list[dict[str, str]]:
    """Rows without the places where the records stand."""
    with path.open(newline="", encoding="utf-8") as table:
        return [{name: row[name] for name in row if name not in {"files", "lines"}} for row in csv.DictReader(table)]


def told(output: Path) -> tuple[object, ...]:
    """What an audit says of the patients."""
    summary: Json = json.loads((output / "summary.json").read_text())
    of_input = ("input", "server", "patients_asked_for", "not_looked_at")
    return (
        (output / "assessments.ndjson").read_text().splitlines(),
        rows(output / "findings.csv"),
        rows(output / "recall.csv"),
        {name: value for name, value in summary.items() if name not in of_input},
    )


def not_looked_at(output: Path) -> list[str]:
    found: list[str] = json.loads((output / "summary.json").read_text())["not_looked_at"]
    return found


def balanced(output: Path) -> bool:
    ledger: Json = json.loads((output / "ledger.json").read_text())
    return bool(ledger["lines"] == sum(ledger[key.value] for key in Key))


@pytest.mark.parametrize("named", [False, True], ids=["all records", "named patients"])
def test_a_server_gives_what_an_export_of_the_same_records_gives(named: bool, tmp_path: Path) -> None:
    records = population()
    assert of_files(exported(tmp_path, *records), tmp_path / "files").exit_code == 1
    server = Searched(records=records, medications=MEDICATIONS)
    names = ("--patients", patients(tmp_path, *PEOPLE, "old", "alone")) if named else ()
    with server.running() as url:
        ended = audit(url, tmp_path / "server", *names, "--parallel", "3", env=MARKS)
    assert ended.exit_code == 1, ended.stderr
    assert told(tmp_path / "server") == told(tmp_path / "files")
    assert balanced(tmp_path / "server")
    assert not_looked_at(tmp_path / "server") == []
    assert server.most <= 3
    found = assessed(tmp_path / "server")
    outcomes = {
        name: (each["forecast"]["status"], [one["code"] for one in each["findings"]]) for name, each in found.items()
    }
    assert outcomes == {
        **{name: (status, codes) for name, (_, status, codes) in PEOPLE.items()},
        "now": ("decision", ["outside-record"]),
        "alone": ("decision", ["outside-record"]),
    }
    assert len(found["now"]["evaluations"]) == 4


def test_check_of_a_server_gives_what_it_gives_of_files(tmp_path: Path) -> None:
    records = population()
    names = [word for name in (*PEOPLE, "old", "now") for word in ("--patient", name)]
    with Searched(records=records, medications=MEDICATIONS).running() as url:
        of_server = check(url, *names, env=MARKS)
    files = check(exported(tmp_path, *records), *names, env=MARKS)
    assert (of_server.exit_code, of_server.stdout) == (files.exit_code, files.stdout), of_server.stderr
    assert "Patient/old was replaced by Patient/now, by a Patient resource of the server" in of_server.stderr


TYPES = ("Patient", "MedicationStatement", "MedicationRequest", "Flag", "List")


@pytest.mark.parametrize("of_type", TYPES)
@pytest.mark.parametrize("status", [403, 500])
def test_a_type_that_the_server_refuses_is_not_known_of_anyone(of_type: str, status: int, tmp_path: Path) -> None:
    server = Searched(records=loading("p1", 2), fails={f"{of_type}?": status})
    with server.running() as url:
        ended = audit(url, tmp_path / "out", env=MARKS)
    assert ended.exit_code == 3
    assert f"the search for {of_type}: " in ended.stderr
    [unknown] = not_looked_at(tmp_path / "out")
    assert of_type in unknown
    assert f"Not known, since nothing that could be read tells of it: {unknown}." in ended.stderr
    assert unknown in (tmp_path / "out" / "report.html").read_text()
    assert balanced(tmp_path / "out")
    # the doses are judged by what is known
    [assessment] = assessed(tmp_path / "out").values()
    assert [each["code"] for each in assessment["forecast"]["findings"]] == ["overdue", "loading-interrupted"]


def test_an_interrupted_audit_asks_again_for_a_type_that_was_refused(tmp_path: Path) -> None:
    """It was interrupted while the last type was read."""
    server = Searched(records=[*loading("p1", 2), person("p1", deceasedBoolean=True)], fails={"Patient?": 500})
    question = Question((Regimens.of(load().get("eu-12mg")),), date.fromisoformat(ON), ZoneInfo(ZONE))

    limits = Limits(seconds=5)

    async def read(url: str) -> Delivered:
        async with Http(limits, Allowed([url], EVERYWHERE)) as http:
            client = FhirClient(http, url, limits=limits)
            return await whole(client, CheckSettings(), 2, tmp_path, question)

    with server.running() as url:
        assert asyncio.run(read(url)).unread == {"Patient"}
        server.fails, server.asked = {}, []
        again = asyncio.run(read(url))
    assert (again.unread, again.lost) == (set(), [])
    assert [asked.partition("?")[0] for asked in server.asked] == ["Patient"]


def test_what_came_before_a_page_was_lost_counts(tmp_path: Path) -> None:
    others = [person(f"x{number}") for number in range(3)]
    server = Searched(records=[*loading("p1", 2), person("p1", deceasedBoolean=True), *others])
    server.fails = {"_start=2": 500}
    with server.running() as url:
        ended = audit(url, tmp_path / "out")
    assert (ended.exit_code, len(not_looked_at(tmp_path / "out"))) == (3, 1)
    assert "the search for Patient, page 2: " in ended.stderr
    assert assessed(tmp_path / "out")["p1"]["forecast"]["status"] == "ended"


REFUSED = [
    ("Patient/p1", "Patient"),
    ("MedicationStatement?patient=p1&", "MedicationStatement"),
    ("MedicationRequest?patient=p1&", "MedicationRequest"),
    ("Flag?patient=p1&", "Flag"),
    ("List?patient=p1&", "List"),
]


@pytest.mark.parametrize(("refused", "of_type"), REFUSED)
def test_what_the_server_refuses_of_a_patient_is_said_of_that_patient(
    refused: str, of_type: str, tmp_path: Path
) -> None:
    records = [*loading("p1", 2), *loading("p2", 2), person("p1"), person("p2")]
    server = Searched(records=records, fails={refused: 403})
    with server.running() as url:
        ended = audit(url, tmp_path / "out", "--patients", patients(tmp_path, "p1", "p2"), env=MARKS)
    assert ended.exit_code == 3
    assert f"Patient/p1: the {'read of a' if of_type == 'Patient' else 'search for'} {of_type}: " in ended.stderr
    assert "Patient/p2: " not in ended.stderr
    not_known = {row["patient"]: row["not_known"] for row in rows(tmp_path / "out" / "recall.csv")}
    assert of_type in not_known["Patient/p1"]
    assert not_known["Patient/p2"] == ""
    assert not_looked_at(tmp_path / "out") == [f"{not_known['Patient/p1']}: of 1 patient"]
    assert f"not known: {not_known['Patient/p1']}" in (tmp_path / "out" / "report.html").read_text()
    assert balanced(tmp_path / "out")


@pytest.mark.parametrize("named", [False, True], ids=["all records", "named patients"])
def test_an_order_of_a_medication_that_cannot_be_read_may_be_of_another_therapy(named: bool, tmp_path: Path) -> None:
    records = [*loading("p1", 2), person("p1"), order("p1", **pointing("evrysdi"))]
    server = Searched(records=records, fails={"Medication/": 403, "Medication?": 403})
    with server.running() as url:
        ended = audit(url, tmp_path / "out", *(("--patients", patients(tmp_path, "p1")) if named else ()))
    assert ended.exit_code == 3
    assert "Medications not read: 1" in ended.stderr
    [row] = rows(tmp_path / "out" / "recall.csv")
    assert "orders of other therapies" in row["not_known"]


def test_a_page_of_statements_that_is_lost_is_said_and_what_came_counts(tmp_path: Path) -> None:
    told_of = [statement("p1", medicationCodeableConcept=SPINRAZA) | {"id": f"s{number}"} for number in range(3)]
    server = Searched(records=[*loading("p1", 2), person("p1"), *told_of], fails={"_start=2": 500})
    with server.running() as url:
        ended = audit(url, tmp_path / "out", "--patients", patients(tmp_path, "p1"))
    assert ended.exit_code == 3
    [row] = rows(tmp_path / "out" / "recall.csv")
    assert "MedicationStatement" in row["not_known"]
    assert row["status"] == "decision"


def test_who_has_no_dose_and_whose_statements_cannot_be_read_is_not_said_to_have_no_record(tmp_path: Path) -> None:
    server = Searched(
        records=[*loading("p2"), person("p1"), person("p2")], fails={"MedicationStatement?patient=p1": 403}
    )
    with server.running() as url:
        ended = audit(url, tmp_path / "out", "--patients", patients(tmp_path, "p1", "p2"))
    assert ended.exit_code == 3
    assert "Patient/p1: the search for MedicationStatement: " in ended.stderr
    assert "NOT ASSESSED" not in ended.stderr


def test_a_server_that_has_none_of_the_patients_leaves_open_whether_somebody_has_died(tmp_path: Path) -> None:
    with Searched(records=loading("p1", 2)).running() as url:
        ended = audit(url, tmp_path / "out", "--patients", patients(tmp_path, "p1"))
    assert ended.exit_code == 1
    [unknown] = not_looked_at(tmp_path / "out")
    assert "deaths" in unknown


def test_of_a_type_that_the_server_does_not_have_nothing_is_claimed_and_nothing_is_wrong(tmp_path: Path) -> None:
    with Searched(records=[*loading("p1", 2), person("p1")], fails={"MedicationStatement": 404}).running() as url:
        whole = audit(url, tmp_path / "whole")
        named = audit(url, tmp_path / "named", "--patients", patients(tmp_path, "p1"))
    for ended, out in ((whole, tmp_path / "whole"), (named, tmp_path / "named")):
        assert ended.exit_code == 1, ended.stderr
        [unknown] = not_looked_at(out)
        assert "MedicationStatement" in unknown


@pytest.mark.parametrize("failing", ["MedicationAdministration?patient=old", "MedicationAdministration?patient=now"])
def test_c9_doses_under_another_id_that_cannot_be_read_make_the_history_incomplete(
    failing: str, tmp_path: Path
) -> None:
    with Searched(records=MERGED, medications=MEDICATIONS, fails={failing: 403}).running() as url:
        ended = audit(url, tmp_path / "out", "--patients", patients(tmp_path, "now" if "old" in failing else "old"))
        checked = check(url, "--patient", "now" if "old" in failing else "old")
    assert (ended.exit_code, checked.exit_code) == (3, 3)
    for stderr in (ended.stderr, checked.stderr):
        assert "under another id: the search for MedicationAdministration: " in stderr
    for assessment in (assessed(tmp_path / "out")["now"], checked.assessments[0]):
        assert "history-incomplete" in [each["code"] for each in assessment["findings"]]
        assert len(assessment["evaluations"]) == 2


def test_c9_another_id_on_another_server_is_not_read_and_said(tmp_path: Path) -> None:
    link = {"type": "replaces", "other": {"reference": "https://other.example.invalid/fhir/Patient/old"}}
    records = [*loading("now"), dose("stranger", "2026-04-20", "old"), person("now", link=[link])]
    with Searched(records=records).running() as url:
        ended = audit(url, tmp_path / "out", "--patients", patients(tmp_path, "now"))
    assert ended.exit_code == 3
    assert "Patient/now: another id of the patient is on another server, which is not read" in ended.stderr
    assert len(assessed(tmp_path / "out")["now"]["evaluations"]) == 4


def test_f10_a_death_that_cannot_be_read_takes_nobody_off_the_recall_list_and_is_said(tmp_path: Path) -> None:
    records = [*loading("p1", 2), *loading("p2", 2), person("p1", deceasedDateTime="spring"), person("p2")]
    (tmp_path / "export.ndjson").write_bytes(lines(records))
    ended = of_files(tmp_path / "export.ndjson", tmp_path / "files")
    files = check(tmp_path / "export.ndjson")
    with Searched(records=records).running() as url:
        audit(url, tmp_path / "server", env=MARKS)
        of_server = check(url, "--patient", "p1", "--patient", "p2")
    assert told(tmp_path / "server") == told(tmp_path / "files")
    p1, p2 = rows(tmp_path / "files" / "recall.csv")
    assert (p1["status"], p1["not_known"]) == ("decision", DEATH_UNREADABLE)
    assert (p2["status"], p2["not_known"]) == ("decision", "")
    unknown = f"{DEATH_UNREADABLE}: of 1 patient"
    assert unknown in not_looked_at(tmp_path / "files")
    assert unknown in ended.stderr
    assert unknown in (tmp_path / "files" / "report.html").read_text()
    for checked in (files, of_server):
        assert [each["forecast"]["status"] for each in checked.assessments] == ["decision", "decision"]
        said = checked.stderr.partition(
            "A death is told of in a form that cannot be read; judged as living (rule F10):\n"
        )[2]
        assert said.startswith("  Patient/p1\n")
        assert "Patient/p2" not in said


def test_what_could_not_be_read_is_noted_beside_the_files_for_an_audit_that_goes_on(tmp_path: Path) -> None:
    found = Delivered(lost=["x"], incomplete={"Patient/a"}, answered={"Patient"}, unread={"Flag"})
    found.miss("Patient/b", "List")
    found.miss("Patient/c", "MedicationAdministration")
    note(tmp_path / "done", found)
    assert noted(tmp_path / "done") == found
    assert found.incomplete == {"Patient/a", "Patient/c"}
    assert noted(tmp_path / "not-done") is None


@pytest.fixture(scope="module")
def sandbox() -> Iterator[str]:
    with listen(0, "none") as listener:
        base = f"{address(listener)}/fhir"
        with serving([(create_sandbox(base, date.fromisoformat(ON)), listener)]):
            yield base


@pytest.mark.parametrize("named", [False, True], ids=["all records", "named patients"])
def test_the_sandbox_gives_what_an_export_of_its_fixtures_gives(named: bool, sandbox: str, tmp_path: Path) -> None:
    held = resources(date.fromisoformat(ON))
    (tmp_path / "export.ndjson").write_bytes(lines(held))
    of_files(tmp_path / "export.ndjson", tmp_path / "files")
    names = [name.removeprefix("Patient/") for name in assessed(tmp_path / "files")]
    audit(sandbox, tmp_path / "out", *(("--patients", patients(tmp_path, *names)) if named else ()), env=MARKS)
    assert told(tmp_path / "out") == told(tmp_path / "files")
    assert not_looked_at(tmp_path / "out") == []
