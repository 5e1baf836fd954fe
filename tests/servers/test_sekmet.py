"""sekmet-fhir, started as a program: loaded, read, checked, examined and asked about, with and without tokens."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import jwt
import pytest

from cds.fhir.addresses import EVERYWHERE
from cds.fhir.allowed import Allowed
from cds.fhir.backend_services import BackendServices, Client
from cds.fhir.client import FhirClient, exchange
from cds.fhir.client_keys import ClientKey
from cds.fhir.connections import Http
from cds.fhir.errors import FhirError, Kind
from cds.fhir.limits import Budget, Limits
from hooks.app import create_app
from hooks.doctor.checks import CHECKS
from hooks.sandbox.calls import chart_request, order_request, send
from hooks.sandbox.demo import demo_settings
from hooks.sandbox.load import resources, transaction
from hooks.sandbox.patients import demo_patients
from hooks.sandbox.running import address, listen, serving
from hooks.settings import Settings
from hooks.wire import CardsResponse
from tests.cli.files import check, lines, run
from tests.sandbox.expected import expected
from tests.servers.sekmet import CLIENT, READS, Sekmet, running

ON = date(2026, 5, 1)
# 18:30 UTC on 30 April is the first of May in Kathmandu, which is where `check` is asked too.
NOW = datetime(2026, 4, 30, 18, 30, tzinfo=UTC)
ZONE = "Asia/Kathmandu"
MANY = 45
PATIENTS = demo_patients(ON)
REGIMENS = demo_settings().sites()[0].regimen
LIMITS = Limits(seconds=60)

Json = dict[str, Any]
T = TypeVar("T")

pytestmark = pytest.mark.xdist_group("sekmet")


def many() -> list[Json]:
    """A patient with more doses than fit on a page, of three months each, all of one Medication."""
    patient: Json = {"resourceType": "Patient", "id": "many", "name": [{"family": "Made-up"}]}
    return [patient] + [
        {
            "resourceType": "MedicationAdministration",
            "id": f"many-{number}",
            "status": "completed",
            "subject": {"reference": "Patient/many"},
            "effectiveDateTime": (date(2015, 1, 1) + timedelta(days=91 * number)).isoformat(),
            "medicationReference": {"reference": "Medication/spinraza-12mg"},
        }
        for number in range(MANY)
    ]


MODES = {
    "open": {"smart": False},
    "smart": {"smart": True},
    "absolute references": {"smart": False, "absolute": True},
}


@pytest.fixture(scope="module", params=MODES.values(), ids=MODES.keys())
def sekmet(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sekmet]:
    with running(tmp_path_factory.mktemp("sekmet"), **request.param) as started:
        bundle = transaction([*resources(ON), *many()])
        assert started.load(bundle) == ["201 Created"] * len(bundle["entry"])
        yield started


def ask(sekmet: Sekmet, call: Callable[[Http], Awaitable[T]]) -> T:
    async def asking() -> T:
        async with Http(LIMITS, Allowed([sekmet.base], EVERYWHERE)) as http:
            return await call(http)

    return asyncio.run(asking())


def tokens(sekmet: Sekmet, http: Http, key: ClientKey | None = None) -> BackendServices | None:
    chosen = key or sekmet.key
    if chosen is None:
        return None
    return BackendServices(exchange(http), sekmet.base, Client(CLIENT, chosen), clock=lambda: datetime.now(UTC))


def token(sekmet: Sekmet, key: ClientKey | None = None) -> str | None:
    async def asking(http: Http) -> str | None:
        source = tokens(sekmet, http, key)
        return None if source is None else await source.token(Budget.start(LIMITS, asyncio.get_running_loop().time()))

    return ask(sekmet, asking)


def test_a_history_is_read_over_pages_with_its_medication(sekmet: Sekmet) -> None:
    small = Limits(seconds=60, page_size=20)
    urls: list[str] = []

    async def reading(http: Http) -> Any:
        client = FhirClient(
            http, sekmet.base, token=tokens(sekmet, http), limits=small, observe=lambda url, _: urls.append(url)
        )
        return await client.history("many")

    fetched = ask(sekmet, reading)
    assert (fetched.whole, fetched.problems) == (True, ())
    assert [each["id"] for each in fetched.resources if each["id"].startswith("many-")] == [
        f"many-{number}" for number in reversed(range(MANY))
    ]
    assert [each["id"] for each in fetched.resources if each["resourceType"] == "Medication"] == ["spinraza-12mg"]
    assert len(urls) == 3


def test_check_says_of_each_patient_what_its_file_expects(sekmet: Sekmet) -> None:
    names = [patient.id for patient in PATIENTS]
    wanted = [option for name in names for option in ("--patient", name)]
    ended = check(sekmet.base, *wanted, *sekmet.options, on=ON.isoformat(), regimens=REGIMENS)
    found = {each["patient"].removeprefix("Patient/"): each["forecast"]["status"] for each in ended.assessments}
    assert found == {name: expected(name).status for name in names}
    assert ended.exit_code == 1, ended.stderr


def test_check_follows_pages(sekmet: Sekmet) -> None:
    ended = check(sekmet.base, "--patient", "many", *sekmet.options, env={"NUSINERSEN_CDS_PAGE_SIZE": "20"})
    (assessment,) = ended.assessments
    assert len(assessment["evaluations"]) == MANY
    assert "history-incomplete" not in {finding["code"] for finding in assessment["findings"]}


def audited(given: str | Path, output: Path, *options: str | Path) -> list[str]:
    """The assessments of an audit, line by line."""
    regimens = [option for regimen in REGIMENS for option in ("--regimen", regimen)]
    asked = ("--on", ON.isoformat(), "--time-zone", ZONE, "--jobs", "1", "--output", output)
    ended = run("audit", given, *regimens, *asked, *options, env={"NUSINERSEN_CDS_DEADLINE_SECONDS": "60"})
    assert ended.exit_code == 1, ended.stderr
    assert json.loads((output / "summary.json").read_text())["not_looked_at"] == []
    return (output / "assessments.ndjson").read_text().splitlines()


def test_an_audit_of_its_records_gives_what_one_of_the_same_files_gives(sekmet: Sekmet, tmp_path: Path) -> None:
    (tmp_path / "export.ndjson").write_bytes(lines([*resources(ON), *many()]))
    of_files = audited(tmp_path / "export.ndjson", tmp_path / "files")
    (tmp_path / "ids").write_text("".join(f"{json.loads(each)['patient']}\n" for each in of_files))
    assert audited(sekmet.base, tmp_path / "whole", *sekmet.options) == of_files
    assert audited(sekmet.base, tmp_path / "named", *sekmet.options, "--patients", tmp_path / "ids") == of_files


def test_the_doctor_finds_what_the_service_needs(sekmet: Sekmet) -> None:
    ended = run("doctor", sekmet.base, "--patient", "many", "--format", "json", "--time-zone", ZONE, *sekmet.options)
    document = json.loads(ended.stdout)
    found = {each["id"]: each["outcome"] for each in document["checks"]}
    assert list(found) == list(CHECKS)
    # `code` of R4 does not look into the Medication that a record refers to: this is why the filter is off
    not_ok = {"code-filter": "warning"}
    if sekmet.key is None:
        # without tokens it still publishes where they would be issued, in the CapabilityStatement or beside it
        not_ok |= dict.fromkeys(("token", "scopes", "wrong-token"), "not possible")
    assert {name: outcome for name, outcome in found.items() if outcome != "ok"} == not_ok, document
    assert ended.exit_code == 1


@contextmanager
def served(sekmet: Sekmet) -> Iterator[str]:
    """The service, which may read from this server."""
    settings = Settings(
        regimen=REGIMENS, time_zone=ZONE, fhir_servers=(sekmet.base,), client_auth="off", deadline_seconds=30,
        show_assessment=True,
    )  # fmt: skip
    with listen(0, "none") as listener, serving([(create_app(settings, clock=lambda: NOW), listener)]):
        yield address(listener)


@pytest.fixture(scope="module")
def service(sekmet: Sekmet) -> Iterator[str]:
    with served(sekmet) as url:
        yield url


def authorised(request: Json, access_token: str | None) -> Json:
    if access_token is None:
        return request
    given = {
        "access_token": access_token,
        "token_type": "Bearer",
        "expires_in": 300,
        "scope": READS,
        "subject": CLIENT,
    }
    return {**request, "fhirAuthorization": given}


def test_hook_calls_are_answered_from_its_records(sekmet: Sekmet, service: str) -> None:
    access_token = token(sekmet)
    for patient in PATIENTS:
        status, body = send(
            f"{service}/cds-services/nusinersen-chart", authorised(chart_request(sekmet.base, patient.id), access_token)
        )
        assert status == 200, body
        CardsResponse.model_validate(body)
        (shown,) = body["extension"].values()
        assert shown["assessment"]["forecast"]["status"] == expected(patient.id).status, patient.id
        assert tuple(each["code"] for each in shown["assessment"]["findings"]) == expected(patient.id).series
    for patient in PATIENTS:
        if patient.order is None:
            continue
        request = authorised(order_request(sekmet.base, patient.id, patient.order), access_token)
        status, body = send(f"{service}/cds-services/nusinersen-order", request)
        assert (status, "not-checked" in str(body)) == (200, False), body
        CardsResponse.model_validate(body)


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sekmet]:
    """One that lets the client read administrations and nothing else."""
    only = "system/MedicationAdministration.read"
    with running(tmp_path_factory.mktemp("guarded"), smart=True, scopes=only) as started:
        started.load(transaction([*resources(ON)]))
        yield started


def test_a_call_without_a_token_is_never_all_clear(guarded: Sekmet) -> None:
    patient = next(each for each in PATIENTS if each.order)
    with served(guarded) as service:
        chart = send(f"{service}/cds-services/nusinersen-chart", chart_request(guarded.base, patient.id))
        order = send(
            f"{service}/cds-services/nusinersen-order", order_request(guarded.base, patient.id, patient.order or {})
        )
    assert (chart[0], chart[1]["resourceType"]) == (412, "OperationOutcome")
    assert order[0] == 200
    assert "NOT checked" in order[1]["cards"][0]["summary"]


def test_the_token_is_issued_for_our_key_alone(guarded: Sekmet) -> None:
    issued = token(guarded)
    assert issued is not None
    assert jwt.decode(issued, options={"verify_signature": False})["scope"] == "system/MedicationAdministration.rs"
    with pytest.raises(FhirError, match="invalid_client") as caught:
        token(guarded, ClientKey.make("ES384"))
    assert caught.value.kind is Kind.DENIED


def test_a_token_of_another_server_is_renewed(guarded: Sekmet) -> None:
    class Stale(BackendServices):
        """Gives a token first that the server does not know."""

        first = True

        async def token(self, budget: Budget) -> str:
            stale, self.first = self.first, False
            return "a.stale.token" if stale else await super().token(budget)

    async def reading(http: Http) -> Any:
        assert guarded.key is not None
        source = Stale(exchange(http), guarded.base, Client(CLIENT, guarded.key), clock=lambda: datetime.now(UTC))
        return await FhirClient(http, guarded.base, token=source, limits=LIMITS).history("upcoming")

    fetched = ask(guarded, reading)
    assert fetched.whole
    assert fetched.resources


def test_scopes_that_are_missing_are_told(guarded: Sekmet) -> None:
    ended = run("doctor", guarded.base, "--patient", "overdue", "--format", "json", *guarded.options)
    found = {each["id"]: each for each in json.loads(ended.stdout)["checks"]}
    assert found["scopes"]["outcome"] == "warning"
    assert "The token may not read and search Medication, Patient" in found["scopes"]["text"]
    assert found["medication-read"]["outcome"] == "failed"
    assert ended.exit_code == 3


def test_a_clock_that_is_wrong_gets_no_token(guarded: Sekmet) -> None:
    async def asking(http: Http) -> str:
        assert guarded.key is not None
        ahead = datetime.now(UTC) + timedelta(minutes=10)
        source = BackendServices(exchange(http), guarded.base, Client(CLIENT, guarded.key), clock=lambda: ahead)
        return await source.token(Budget.start(LIMITS, asyncio.get_running_loop().time()))

    with pytest.raises(FhirError, match="and the clocks") as caught:
        ask(guarded, asking)
    assert caught.value.kind is Kind.DENIED
