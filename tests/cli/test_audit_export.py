"""`audit --export`: a Bulk Data export that a server makes, over loopback, and all that can go wrong with it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from cds.fhir.backend_services import BESIDE, TYPES
from cds.fhir.client_keys import ClientKey
from hooks.sandbox.running import address, listen, serving
from tests.cli.files import ON, ZONE, Json, Result, dose, lines, loading, run
from tests.cli.test_audit_inputs import counts, ledger

TOKEN = "a-token-of-nobody"
THREE = "MedicationAdministration,Medication,Patient"
HISTORY = [*loading("p1"), *loading("p2", 3)]
GONE = {"resourceType": "Bundle", "entry": [{"request": {"method": "DELETE", "url": "MedicationAdministration/p2-3"}}]}
ERROR = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "exception", "diagnostics": "p9"}]}


@dataclass
class Exporter:
    """A server that makes exports. `answers`: status and headers that it gives in turn, by the kind of request, before
    it does what it is asked. `lists`: its files, by the list of the manifest."""

    lists: dict[str, dict[str, list[Json]]] = field(default_factory=lambda: {"output": {"1": HISTORY}})
    answers: dict[str, list[tuple[int, dict[str, str]]]] = field(default_factory=dict)
    manifest: Json = field(default_factory=dict)
    base: str = ""
    asked: list[str] = field(default_factory=list)
    tokens: dict[str, str] = field(default_factory=dict)
    kick_offs: list[tuple[str, dict[str, str], str]] = field(default_factory=list)
    exports: int = 0

    def _first(self, kind: str, request: Request) -> Response | None:
        self.asked.append(kind)
        self.tokens[kind] = request.headers.get("authorization", "")
        if self.answers.get(kind):
            status, headers = self.answers[kind].pop(0)
            return JSONResponse(ERROR if status != 202 else None, status, headers)
        return None

    async def start(self, request: Request) -> Response:
        query = dict(request.query_params)
        self.kick_offs.append((request.url.path, query, request.headers.get("prefer", "")))
        if answer := self._first("start", request):
            return answer
        self.exports += 1
        # beside the base path, as on servers that are met
        return Response(status_code=202, headers={"Content-Location": f"{self.base}/status/{self.exports}"})

    async def status(self, request: Request) -> Response:
        if request.method == "DELETE":
            return self._first("delete", request) or Response(status_code=202)
        if answer := self._first("status", request):
            return answer
        told = {
            name: [{"type": "x", "url": f"{self.base}/file/{file}", "count": len(held)} for file, held in files.items()]
            for name, files in self.lists.items()
        }
        return JSONResponse(
            {"transactionTime": "2026-04-30T00:00:00Z", "requiresAccessToken": True, **told, **self.manifest}
        )

    async def file(self, request: Request) -> Response:
        name = request.path_params["name"]
        if answer := self._first("file", request) or (self._first("file 2", request) if name == "2" else None):
            return answer
        held = next(files[name] for files in self.lists.values() if name in files)
        return Response(lines(held), media_type="application/fhir+ndjson")

    async def configuration(self, _: Request) -> Response:
        return JSONResponse({"token_endpoint": f"{self.base}/token"})

    async def token(self, request: Request) -> Response:
        form = await request.form()
        self.asked.append(f"token for {form['scope']}")
        return JSONResponse({"access_token": f"token-{len(self.asked)}", "token_type": "bearer", "expires_in": 300})

    @contextmanager
    def running(self) -> Iterator[str]:
        routes = [
            Route("/fhir/$export", self.start),
            Route("/fhir/Group/{group}/$export", self.start),
            Route("/fhir/.well-known/smart-configuration", self.configuration),
            Route("/token", self.token, methods=["POST"]),
            Route("/status/{number}", self.status, methods=["GET", "DELETE"]),
            Route("/file/{name}", self.file),
        ]
        with listen(0, "none") as listener:
            self.base = address(listener)
            with serving([(Starlette(routes=routes), listener)]):
                yield f"{self.base}/fhir"


def export(url: str, output: Path, *more: str | Path, token: str = TOKEN) -> Result:
    """An audit of an export; `token` may be empty."""
    asked = ("--regimen", "eu-12mg", "--on", ON, "--time-zone", ZONE, "--jobs", "1", "--output", output)
    return run("audit", "--export", url, *asked, *more, env={"NUSINERSEN_CDS_FHIR_TOKEN": token})


def test_an_export_is_begun_awaited_fetched_audited_and_deleted(tmp_path: Path) -> None:
    server = Exporter(answers={"status": [(202, {"Retry-After": "0"}), (202, {"Retry-After": "0"})]})
    with server.running() as url:
        ended = export(url, tmp_path / "out")
    assert ended.exit_code == 1, ended.stderr
    assert counts(tmp_path / "out") == {"used": 7}
    assert server.asked == ["start", "status", "status", "status", "file", "delete"]
    ((path, query, prefer),) = server.kick_offs
    assert (path, prefer) == ("/fhir/$export", "respond-async")
    assert query == {
        "_outputFormat": "application/fhir+ndjson", "_type": f"{THREE},MedicationStatement,MedicationRequest",
    }  # fmt: skip
    assert set(server.tokens.values()) == {f"Bearer {TOKEN}"}
    assert TOKEN not in ended.stderr


def test_a_death_and_a_statement_of_an_export_count(tmp_path: Path) -> None:
    statement = {
        "resourceType": "MedicationStatement", "id": "s", "status": "active", "subject": {"reference": "Patient/p3"},
        "medicationCodeableConcept": HISTORY[0]["medicationCodeableConcept"], "effectiveDateTime": "2025-01-01",
    }  # fmt: skip
    died = {"resourceType": "Patient", "id": "p1", "deceasedDateTime": "2026-01-01"}
    server = Exporter(lists={"output": {"1": HISTORY[:4], "2": [statement, died]}})
    with server.running() as url:
        export(url, tmp_path / "out")
    told = [json.loads(line) for line in (tmp_path / "out" / "assessments.ndjson").read_text().splitlines()]
    assert {each["patient"]: each["forecast"]["status"] for each in told} == {
        "Patient/p1": "ended",
        "Patient/p3": "decision",
    }


@pytest.mark.parametrize("status", [400, 403, 422, 501])
def test_a_server_that_does_not_export_statements_is_asked_for_the_rest_and_that_is_said(
    status: int, tmp_path: Path
) -> None:
    server = Exporter(answers={"start": [(status, {})]})
    with server.running() as url:
        ended = export(url, tmp_path / "out")
    assert counts(tmp_path / "out") == {"used": 7}
    assert [query["_type"] for _, query, _ in server.kick_offs] == [
        f"{THREE},MedicationStatement,MedicationRequest",
        THREE,
    ]
    assert "asking again without MedicationStatement, MedicationRequest" in ended.stderr
    assert json.loads((tmp_path / "out" / "summary.json").read_text())["not_looked_at"]


def test_tokens_of_backend_services_are_renewed_where_they_are_refused(tmp_path: Path) -> None:
    key = tmp_path / "key.json"
    key.write_text(json.dumps(ClientKey.make("ES384").private_jwk))
    key.chmod(0o600)
    server = Exporter(answers={"file": [(401, {})]})
    with server.running() as url:
        ended = export(url, tmp_path / "out", "--client-id", "audit@example.invalid", "--key", key, token="")
    assert ended.exit_code == 1, ended.stderr
    types = (*TYPES, *BESIDE)
    scopes = f"token for {' '.join(f'system/{each}.rs' for each in types)}"
    assert server.asked == [scopes, "start", "status", "file", scopes, "file", "delete"]


def test_what_was_fetched_stays_where_the_ledger_says(tmp_path: Path) -> None:
    server = Exporter(lists={"output": {"1": [*HISTORY[:1], {"resourceType": 5}]}})
    with server.running() as url:
        assert export(url, tmp_path / "out").exit_code == 3
        export(url, tmp_path / "out")
    (rejected,) = ledger(tmp_path / "out")["rejections"]
    assert json.loads(Path(rejected["file"]).read_bytes().splitlines()[rejected["line"] - 1]) == {"resourceType": 5}
    assert [path.name for path in (tmp_path / "out" / "input").iterdir()] == ["output-00001.ndjson"]
    assert not (tmp_path / "out" / ".work").exists()


def test_a_group_and_what_has_changed_since(tmp_path: Path) -> None:
    server = Exporter(lists={"output": {"1": [dose("p2-4", "2026-03-05", "p2")]}, "deleted": {"2": [GONE]}})
    (tmp_path / "before.ndjson").write_bytes(lines(HISTORY))
    options = ("--group", "a b", "--export-since", "2026-03-01T00:00:00Z")
    with server.running() as url:
        ended = export(url, tmp_path / "out", *options, tmp_path / "before.ndjson")
        assert counts(tmp_path / "out") == {"used": 7, "superseded": 1, "other_resource": 1}
        assert ended.exit_code == 1
        ended = export(url, tmp_path / "alone", *options)
    assert server.kick_offs[0][0] == "/fhir/Group/a b/$export"
    assert server.kick_offs[0][1]["_since"] == "2026-03-01T00:00:00Z"
    assert ended.exit_code == 3
    assert "without an earlier one no history is whole" in ended.stderr
    summary = json.loads((tmp_path / "alone" / "summary.json").read_text())
    assert (summary["server"], summary["group"]) == (url, "a b")
    (alone,) = (tmp_path / "alone" / "assessments.ndjson").read_text().splitlines()
    forecast = json.loads(alone)["forecast"]
    assert (forecast["status"], "recommended" in forecast) == ("decision", False)
    assert "history-incomplete" in {each["code"] for each in forecast["findings"]}


def test_errors_of_the_export_and_files_cut_short_are_said(tmp_path: Path) -> None:
    server = Exporter(lists={"output": {"1": HISTORY}, "error": {"2": [ERROR]}})
    with server.running() as url:
        server.manifest = {"output": [{"type": "x", "url": f"{server.base}/file/1", "count": 9}]}
        ended = export(url, tmp_path / "out")
    assert ended.exit_code == 3
    assert "errors of the export (1 x exception)" in ended.stderr
    assert "output-00001.ndjson: holds 7 resources, and the manifest says 9" in ended.stderr
    assert "p9" not in ended.stderr


@pytest.mark.parametrize("kind", ["start", "status", "file"])
def test_a_server_that_is_busy_is_asked_again(kind: str, tmp_path: Path) -> None:
    server = Exporter(answers={kind: [(503, {"Retry-After": "0"}), (429, {"Retry-After": "0"})]})
    with server.running() as url:
        ended = export(url, tmp_path / "out")
    assert (ended.exit_code, server.asked.count(kind)) == (1, 3), ended.stderr


FAILURES: list[tuple[str, int, str]] = [
    ("start", 401, "denied it (status 401"),
    ("start", 404, "did not answer it (status 404"),
    ("start", 200, "did not begin one (status 200, no Content-Location)"),
    ("status", 500, "did not answer it (status 500, exception)"),
    ("status", 302, "redirects elsewhere"),
    ("file", 403, "a file: "),
]


@pytest.mark.parametrize(("kind", "status", "said"), FAILURES)
def test_what_goes_wrong_ends_the_audit_with_nothing_written(kind: str, status: int, said: str, tmp_path: Path) -> None:
    server = Exporter(answers={kind: [(status, {"Location": "https://x.example.invalid"})] * 2})
    with server.running() as url:
        ended = export(url, tmp_path / "out")
    assert ended.exit_code == 3
    assert "NOT READ, and nothing was assessed" in ended.stderr
    assert said in ended.stderr
    assert not (tmp_path / "out" / "assessments.ndjson").exists()


def test_an_interrupted_export_is_gone_on_with(tmp_path: Path) -> None:
    server = Exporter(lists={"output": {"1": HISTORY[:4], "2": HISTORY[4:]}})
    server.answers = {"status": [(500, {})]}
    with server.running() as url:
        ended = export(url, tmp_path / "out")
        assert (ended.exit_code, "go on with --resume" in ended.stderr) == (3, True)
        assert "an audit was interrupted there" in export(url, tmp_path / "out").stderr
        other = export(url, tmp_path / "out", "--resume", "--group", "g")
        assert "there is a change in the input" in other.stderr
        # the second file does not come, and then it does
        server.answers = {"file 2": [(403, {})]}
        ended = export(url, tmp_path / "out", "--resume")
        assert (ended.exit_code, "a file: " in ended.stderr) == (3, True)
        del server.asked[:]
        ended = export(url, tmp_path / "out", "--resume")
    assert ended.exit_code == 1
    assert server.asked == ["file", "file 2", "delete"]
    assert counts(tmp_path / "out") == {"used": 7}


def test_one_that_the_server_has_forgotten_is_begun_anew(tmp_path: Path) -> None:
    server = Exporter(answers={"status": [(404, {})]})
    with server.running() as url:
        ended = export(url, tmp_path / "out")
    assert ended.exit_code == 1
    assert server.asked == ["start", "status", "start", "status", "file", "delete"]
    assert "the server has forgotten the export; it is begun anew" in ended.stderr


def test_no_file_is_fetched_from_another_server_nor_with_a_token_that_is_not_wanted(tmp_path: Path) -> None:
    server = Exporter()
    elsewhere = "https://files.example.invalid/1"
    server.manifest = {"requiresAccessToken": False, "output": [{"type": "x", "url": elsewhere}]}
    with server.running() as url:
        ended = export(url, tmp_path / "out")
        assert ended.exit_code == 3
        assert "leads away from the server" in ended.stderr
        assert "to files.example.invalid; it is used only where that server is named too" in ended.stderr
        server.manifest = {"requiresAccessToken": False}
        assert export(url, tmp_path / "other").exit_code == 1
    assert server.tokens["file"] == ""
    assert server.tokens["status"] == f"Bearer {TOKEN}"


def test_files_are_fetched_from_a_store_that_is_named_and_never_with_the_token(tmp_path: Path) -> None:
    """As on servers that put exports into the storage of a cloud, under signed URLs."""
    server, store = Exporter(), Exporter()
    with server.running() as url, store.running():
        signed = f"{store.base}/file/1?signature=s3cr3t"
        server.manifest = {"output": [{"type": "x", "url": signed, "count": len(HISTORY)}]}
        ended = export(url, tmp_path / "out")
        assert (ended.exit_code, store.asked) == (3, [])
        ended = export(url, tmp_path / "out", "--resume", "--export-store", f"{store.base}/")
        assert ended.exit_code == 1, ended.stderr
        assert "s3cr3t" not in ended.stderr
    assert counts(tmp_path / "out") == {"used": 7}
    assert (store.asked, store.tokens["file"]) == (["file"], "")
    assert not any(
        "s3cr3t" in each.read_text(errors="replace") for each in (tmp_path / "out").iterdir() if each.is_file()
    )


def test_a_store_of_an_export_is_a_server_and_beside_an_export(tmp_path: Path) -> None:
    ended = export("http://127.0.0.1:1/fhir", tmp_path / "out", "--export-store", "files.example.invalid")
    assert (ended.exit_code, "--export-store: 'files.example.invalid' is no server" in ended.stderr) == (2, True)
    asked = ("--regimen", "eu-12mg", "--on", ON, "--time-zone", ZONE, "--output", tmp_path / "out")
    ended = run("audit", tmp_path, *asked, "--export-store", "https://files.example.invalid")
    assert (ended.exit_code, "--export-store are for an export" in ended.stderr) == (2, True)


@pytest.mark.parametrize("held", [{"output": ["x"]}, {"deleted": [None]}, {"error": "x"}])
def test_a_manifest_whose_files_cannot_be_told_is_no_manifest(held: Json, tmp_path: Path) -> None:
    server = Exporter(manifest=held)
    with server.running() as url:
        ended = export(url, tmp_path / "out")
    assert ended.exit_code == 3
    assert "its manifest" in ended.stderr
    assert "ask its operator why" in ended.stderr


def test_a_server_that_cannot_delete_is_told_of(tmp_path: Path) -> None:
    with Exporter(answers={"delete": [(405, {})]}).running() as url:
        ended = export(url, tmp_path / "out")
    assert ended.exit_code == 1
    assert "did not delete it (status 405)" in ended.stderr


USAGE: list[tuple[list[str], str]] = [
    (
        ["--export", "https://a.example.invalid", "https://b.example.invalid"],
        "name that server as INPUT, or by --export",
    ),
    (["--group", "g", "x.ndjson"], "--group, --export-since and --export-store are for an export"),
    (["--export", "https://a.example.invalid", "--export-since", "May"], "--export-since: 'May' is no instant"),
    (["--export", "https://a.example.invalid", "x.ndjson"], "write --export-since INSTANT too"),
    ([], "INPUT is missing"),
    (["https://a.example.invalid", "x.ndjson"], "name files and folders, or one FHIR server"),
]


@pytest.mark.parametrize(("arguments", "said"), USAGE)
def test_bad_usage_is_said(arguments: list[str], said: str, tmp_path: Path) -> None:
    ended = run("audit", *arguments, "--regimen", "eu-12mg", "--on", ON, "--output", tmp_path / "out")
    assert (ended.exit_code, (tmp_path / "out").exists()) == (2, False)
    assert said in ended.stderr
