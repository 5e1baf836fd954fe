"""`audit` of a FHIR server by searches: all of its records or named patients, and all that can go wrong with it."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hooks.sandbox.running import address, listen, serving
from tests.cli.files import ON, ZONE, Json, Result, check, dose, lines, loading, run
from tests.cli.test_audit_inputs import counts

TOKEN = "a-token-of-nobody"


def pointing(name: str, day: str, patient: str, to: str) -> Json:
    record = dose(name, day, patient, medicationReference={"reference": f"Medication/{to}"})
    del record["medicationCodeableConcept"]
    return record


RECORDS = [*loading("p1"), *loading("p2", 3), pointing("p3-1", "2026-04-01", "p3", "m1")]
BESIDE = ("Patient", "MedicationStatement", "MedicationRequest")
MEDICATION = {"resourceType": "Medication", "id": "m1", "code": {"text": "Spinraza"}}


@dataclass
class Searched:
    """A server with pages of two records, of all types. `fails`: a status for a request whose URL holds the text."""

    records: list[Json] = field(default_factory=lambda: list(RECORDS))
    medications: dict[str, Json] = field(default_factory=lambda: {"m1": MEDICATION})
    fails: dict[str, int] = field(default_factory=dict)
    total: int | None = None
    base: str = ""
    asked: list[str] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    under_way: int = 0
    most: int = 0

    def _failed(self, request: Request) -> Response | None:
        self.asked.append(f"{request.url.path.removeprefix('/fhir/')}?{request.url.query}")
        self.tokens.add(request.headers.get("authorization", ""))
        for text, status in self.fails.items():
            if text in self.asked[-1]:
                return JSONResponse({"resourceType": "OperationOutcome", "issue": [{"diagnostics": "secret"}]}, status)
        return None

    async def search(self, request: Request) -> Response:
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        await asyncio.sleep(0.05)
        self.under_way -= 1
        if failed := self._failed(request):
            return failed
        query, of_type = dict(request.query_params), request.path_params["of_type"]
        whose = query.get("patient")
        every = [each for each in self.records if each["resourceType"] == of_type]
        found = [each for each in every if whose is None or each["subject"]["reference"] == f"Patient/{whose}"]
        start = int(query.get("_start", "0"))
        bundle: Json = {
            "resourceType": "Bundle",
            "type": "searchset",
            "total": len(found) if self.total is None else self.total,
            "entry": [{"resource": each} for each in found[start : start + 2]],
        }
        if start + 2 < len(found):
            bundle["link"] = [{"relation": "next", "url": str(request.url.include_query_params(_start=start + 2))}]
        return JSONResponse(bundle)

    async def one(self, request: Request) -> Response:
        if failed := self._failed(request):
            return failed
        of_type, name = request.path_params["of_type"], request.path_params["name"]
        found = next((each for each in self.records if (each["resourceType"], each["id"]) == (of_type, name)), None)
        found = self.medications.get(name) if of_type == "Medication" else found
        return JSONResponse(found, 200) if found else JSONResponse({}, 404)

    @contextmanager
    def running(self) -> Iterator[str]:
        routes = [Route("/fhir/{of_type}", self.search), Route("/fhir/{of_type}/{name}", self.one)]
        with listen(0, "none") as listener:
            self.base = f"{address(listener)}/fhir"
            with serving([(Starlette(routes=routes), listener)]):
                yield self.base


def audit(url: str, output: Path, *more: str | Path, env: Mapping[str, str] | None = None) -> Result:
    asked = ("--regimen", "eu-12mg", "--on", ON, "--time-zone", ZONE, "--jobs", "1", "--output", output)
    settings = {"NUSINERSEN_CDS_FHIR_TOKEN": TOKEN, "NUSINERSEN_CDS_DEADLINE_SECONDS": "5"}
    return run("audit", url, *asked, *more, env={**settings, **(env or {})})


def patients(folder: Path, *names: str) -> Path:
    path = folder / "ids"
    path.write_text("".join(f"{name}\n" for name in names))
    return path


def assessed(out: Path) -> dict[str, Json]:
    """The assessments by patient."""
    read = map(json.loads, (out / "assessments.ndjson").read_text().splitlines())
    return {each["patient"].removeprefix("Patient/"): each for each in read}


def same(out: Path, folder: Path) -> bool:
    """Whether the assessments are those of the same records in a file."""
    (folder / "all.ndjson").write_bytes(lines([*RECORDS, MEDICATION]))
    return (out / "assessments.ndjson").read_text() == check(folder / "all.ndjson").stdout


def test_all_records_of_a_server_are_read_page_by_page(tmp_path: Path) -> None:
    server = Searched()
    with server.running() as url:
        ended = audit(url, tmp_path / "out")
    assert ended.exit_code == 1, ended.stderr
    assert counts(tmp_path / "out") == {"used": 8, "other_resource": 1}
    assert same(tmp_path / "out", tmp_path)
    asked = Counter(each.partition("?")[0] for each in server.asked)
    assert asked == {"MedicationAdministration": 4, "Medication/m1": 1, **dict.fromkeys(BESIDE, 1)}
    assert server.tokens == {f"Bearer {TOKEN}"}
    assert (tmp_path / "out" / "input" / "MedicationAdministration.ndjson").read_bytes().count(b"\n") == 9


def test_a_record_that_is_very_deep_ends_no_reading(tmp_path: Path) -> None:
    deep: Json = {}
    for _ in range(200):
        deep = {"extension": [deep]}
    with Searched(records=[dose("a1", "2026-04-01", "p1", extension=[deep]), *loading("p2")]).running() as url:
        ended = audit(url, tmp_path / "out")
        named = audit(url, tmp_path / "named", "--patients", patients(tmp_path, "p1", "p2"))
    assert (ended.exit_code, named.exit_code) == (1, 1), ended.stderr + named.stderr
    assert sorted(assessed(tmp_path / "out")) == ["p1", "p2"]
    assert counts(tmp_path / "out") == counts(tmp_path / "named") == {"used": 5}


def test_named_patients_are_read_several_at_once(tmp_path: Path) -> None:
    server = Searched(records=[dose(f"a{who}", "2026-04-01", f"p{who}") for who in range(9)])
    with server.running() as url:
        names = patients(tmp_path, *(f"p{who}" for who in range(8)))
        ended = audit(url, tmp_path / "out", "--patients", names, "--parallel", "3")
    assert ended.exit_code == 1, ended.stderr
    assert sorted(assessed(tmp_path / "out")) == [f"p{who}" for who in range(8)]
    asked = Counter(each.partition("?")[0].partition("/")[0] for each in server.asked)
    assert asked == dict.fromkeys(("MedicationAdministration", *BESIDE), 8)
    assert 1 < server.most <= 3


def test_named_patients_give_what_the_whole_server_gives(tmp_path: Path) -> None:
    with Searched().running() as url:
        assert audit(url, tmp_path / "out", "--patients", patients(tmp_path, "p1", "p2", "p3")).exit_code == 1
    assert same(tmp_path / "out", tmp_path)


def test_the_history_of_a_patient_that_was_not_read_whole_is_incomplete(tmp_path: Path) -> None:
    server = Searched(records=[*loading("p1"), *loading("p2"), *loading("p4", 2)])
    server.fails = {"patient=p1&": 500, "_start=2": 500}
    with server.running() as url:
        ended = audit(url, tmp_path / "out", "--patients", patients(tmp_path, "p1", "p2", "p4"))
    assert ended.exit_code == 3
    assert "secret" not in ended.stderr
    found = assessed(tmp_path / "out")
    assert {name: "history-incomplete" in json.dumps(each) for name, each in found.items()} == {"p2": True, "p4": False}
    assert "Patient/p1: the search for MedicationAdministration: " in ended.stderr
    assert "NOT ASSESSED" not in ended.stderr


@pytest.mark.parametrize("named", [False, True])
def test_a_medication_that_could_not_be_read_leaves_the_history_of_its_patients_incomplete(
    named: bool, tmp_path: Path
) -> None:
    server = Searched(fails={"Medication/m1": 403})
    server.records = [*loading("p1", 2), pointing("p1-9", "2026-04-01", "p1", "m1"), *loading("p4", 2)]
    with server.running() as url:
        options = ("--patients", patients(tmp_path, "p1", "p4")) if named else ()
        ended = audit(url, tmp_path / "out", *options)
    assert ended.exit_code == 3
    found = assessed(tmp_path / "out")
    assert {name: "history-incomplete" in json.dumps(each) for name, each in found.items()} == {"p1": True, "p4": False}
    assert "Medications not read: 1; " in ended.stderr


@pytest.mark.parametrize(
    "subject", [{"reference": "p1"}, {"reference": "https://x.example.invalid/fhir/Patient/p1"}, "p1"]
)
def test_that_patient_is_found_however_the_record_names_it(subject: Json | str, tmp_path: Path) -> None:
    server = Searched(fails={"Medication/m1": 403})
    server.records = [*loading("p1", 2), {**pointing("p1-9", "2026-04-01", "p1", "m1"), "subject": subject}]
    with server.running() as url:
        ended = audit(url, tmp_path / "out")
    assert ended.exit_code == 3, ended.stderr
    names_it = isinstance(subject, dict)
    assert ("history-incomplete" in json.dumps(assessed(tmp_path / "out")["p1"])) is names_it
    assert counts(tmp_path / "out") == {"used": 2, ("unreadable" if names_it else "rejected"): 1}


def shorter(server: Searched) -> None:
    server.total = 12


def broken(server: Searched) -> None:
    server.fails = {"_start=4": 500}


def denied(server: Searched) -> None:
    server.fails = {"MedicationAdministration": 401}


FAILURES: list[tuple[Callable[[Searched], None], str]] = [
    (shorter, "the server counts 12 and delivered 8; some may not be visible to this user"),
    (broken, "page 3: "),
    (denied, "denied it (status 401"),
]


@pytest.mark.parametrize(("fail", "said"), FAILURES)
def test_a_server_that_does_not_give_all_is_not_audited(
    fail: Callable[[Searched], None], said: str, tmp_path: Path
) -> None:
    server = Searched()
    fail(server)
    with server.running() as url:
        ended = audit(url, tmp_path / "out")
        assert ended.exit_code == 3
        assert "NOT READ, and nothing was assessed: the search for MedicationAdministration" in ended.stderr
        assert said in ended.stderr
        assert not (tmp_path / "out" / "assessments.ndjson").exists()
        server.fails, server.total = {}, None
        assert audit(url, tmp_path / "out", "--resume").exit_code == 1
    assert same(tmp_path / "out", tmp_path)


def test_a_patient_of_whom_the_server_has_nothing_is_named(tmp_path: Path) -> None:
    with Searched().running() as url:
        ended = audit(url, tmp_path / "out", "--patients", patients(tmp_path, "p1", "nobody"))
    assert ended.exit_code == 2
    assert "no record of the drug of these:\n  Patient/nobody" in ended.stderr
