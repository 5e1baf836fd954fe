"""The gate before the services: who passes, what a refused caller sees, and what the log says of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from hooks.operations.entrance import Operations
from hooks.operations.logs import LogFormat, LogLevel, log_lines
from hooks.security.setup import OFF
from hooks.settings import Settings, SettingsError, load
from tests.security.door import EPIC, SANDBOX, KeyServers, key_file
from tests.security.issuer import BASE, CHART, DISCOVERY, ORDER, Issuer
from tests.service.ehr import (
    LAST_WEEK,
    LOADED,
    NOW,
    ON_SCHEDULE,
    OTHER_DRUG,
    SERVER,
    Client,
    call,
    draft,
    prefetched,
    service,
)

INCIDENT = "X-Incident-Id"
UNKNOWN = "/cds-services/unknown"
CLIENTS = [
    {"issuer": SANDBOX.issuer, "jku": [SANDBOX.jku]},
    {"issuer": EPIC.issuer, "jku": [EPIC.jku], "audiences": [EPIC.audience]},
]
ORIGIN = {"Origin": "https://sandbox.example.invalid"}
OVERDUE = call("patient-view", prefetch=prefetched(*LOADED))


@contextmanager
def guarded(**settings: Any) -> Iterator[Client]:
    """The service, which knows the sandbox and the Epic-like client."""
    usual = {"client_auth": "jwt", "public_url": BASE, "clients": CLIENTS}
    with service(**{"keys": KeyServers(SANDBOX, EPIC).fetch, **usual, **settings}) as client:
        yield client


def signed(issuer: Issuer, path: str, **changes: Any) -> dict[str, str]:
    return {"Authorization": f"Bearer {issuer.token(path, NOW, **changes)}"}


@pytest.mark.parametrize("issuer", [SANDBOX, EPIC])
def test_a_known_client_gets_discovery_and_cards(issuer: Issuer) -> None:
    order = call("order-sign", drafts=[draft()], prefetch=prefetched(*LAST_WEEK))
    with guarded() as client:
        found = client.get(DISCOVERY, headers=signed(issuer, DISCOVERY))
        chart = client.post(CHART, json=OVERDUE, headers=signed(issuer, CHART))
        ordered = client.post(ORDER, json=order, headers=signed(issuer, ORDER))
    assert len(found.json()["services"]) == 5
    assert [card["source"]["topic"]["code"] for card in chart.json()["cards"]] == ["NusinersenOverdue"]
    assert [card["source"]["topic"]["code"] for card in ordered.json()["cards"]] == ["NusinersenTooEarly"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", DISCOVERY),
        ("POST", CHART),
        ("POST", ORDER),
        ("POST", f"{ORDER}/feedback"),
        ("POST", UNKNOWN),
        ("GET", f"{DISCOVERY}/"),
        ("GET", "/%63ds-services"),
        ("OPTIONS", DISCOVERY),
        ("HEAD", DISCOVERY),
    ],
)
def test_a_call_without_a_token_gets_a_bare_401(method: str, path: str) -> None:
    stream, operations = StringIO(), Operations()
    with log_lines(LogFormat.JSON, LogLevel.WARNING, stream), guarded(operations=operations) as client:
        answer = client.request(method, path, headers=ORIGIN, json=OVERDUE if method == "POST" else None)
    assert (answer.status_code, answer.content) == (401, b"")
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    # a script of a browser may see that it was refused, and under which number to ask
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert INCIDENT in answer.headers["Access-Control-Expose-Headers"]
    [line] = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line[name] for name in ("event", "why", "incident")] == [
        "caller-refused",
        "no bearer token",
        answer.headers[INCIDENT],
    ]
    counted = operations.metrics.registry.get_sample_value
    assert counted("nusinersen_cds_refused_callers_total", {"reason": "no-token"}) == 1


def test_a_refusal_is_logged_with_who_it_claims_to_be_and_never_with_the_token() -> None:
    stream = StringIO()
    headers = signed(SANDBOX, CHART, tenant="north\nINFO all is well", exp=NOW.timestamp() - 3600)
    with log_lines(LogFormat.JSON, LogLevel.INFO, stream), guarded() as client:
        answer = client.post(CHART, json=OVERDUE, headers=headers)
    assert answer.status_code == 401
    line, request = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert line["address"] == "127.0.0.1"
    assert {line["incident"], request["incident"]} == {answer.headers[INCIDENT]}
    assert [line[name] for name in ("event", "why", "iss", "tenant")] == [
        "caller-refused",
        "expired: 3600 s ago",
        SANDBOX.issuer,
        "north\\nINFO all is well",
    ]
    assert (request["event"], request["status"], request["outcome"]) == ("request", 401, "refused")
    token = headers["Authorization"].removeprefix("Bearer ")
    for part in (token, *token.split(".")):
        assert part not in stream.getvalue()


@pytest.mark.parametrize("path", [DISCOVERY, CHART, f"{ORDER}/feedback"])
def test_a_preflight_passes_without_a_token(path: str) -> None:
    asked = {
        **ORIGIN,
        "Access-Control-Request-Method": "GET" if path == DISCOVERY else "POST",
        "Access-Control-Request-Headers": "authorization,content-type",
    }
    with guarded() as client:
        answer = client.options(path, headers=asked)
    assert answer.status_code == 200
    assert "authorization" in answer.headers["Access-Control-Allow-Headers"].lower()


def test_a_token_is_good_for_one_call_of_one_endpoint() -> None:
    headers = signed(SANDBOX, CHART)
    with guarded() as client:
        assert client.post(ORDER, json=OVERDUE, headers=headers).status_code == 401
        assert client.post(CHART, json=OVERDUE, headers=headers).status_code == 200
        assert client.post(CHART, json=OVERDUE, headers=headers).status_code == 401


def test_what_has_nothing_to_do_with_the_services_needs_no_token() -> None:
    with guarded() as client:
        assert client.get("/").status_code == 404


def test_a_known_caller_of_an_unknown_service_is_told_so() -> None:
    with guarded() as client:
        assert client.post(UNKNOWN, json={}, headers=signed(SANDBOX, UNKNOWN)).status_code == 404


def test_the_service_has_several_public_urls() -> None:
    with guarded(public_url=f"https://new.example.invalid/cds/ {BASE}/") as client:
        for url in (f"https://new.example.invalid/cds{DISCOVERY}", BASE + DISCOVERY):
            assert client.get(DISCOVERY, headers=signed(SANDBOX, DISCOVERY, aud=url)).status_code == 200
        near = signed(SANDBOX, DISCOVERY, aud=f"https://new.example.invalid{DISCOVERY}")
        assert client.get(DISCOVERY, headers=near).status_code == 401


@pytest.mark.parametrize("aud", ["", "/"], ids=["aud without the slash", "aud with it"])
def test_a_slash_at_the_end_of_a_path_costs_no_token(aud: str) -> None:
    """A redirect would: the token is used up by the first call, and the EHR would show the second as no advice."""
    order = call("order-sign", drafts=[draft()], prefetch=prefetched(*LAST_WEEK))
    with guarded() as client:
        found = client.get(f"{DISCOVERY}/", headers=signed(SANDBOX, DISCOVERY, aud=f"{BASE}{DISCOVERY}{aud}"))
        ordered = client.post(f"{ORDER}/", json=order, headers=signed(SANDBOX, ORDER, aud=f"{BASE}{ORDER}{aud}"))
        [card] = ordered.json()["cards"]
        feedback = {"card": card["uuid"], "outcome": "overridden", "outcomeTimestamp": "2026-05-03T23:46:00Z"}
        path = f"{ORDER}/feedback"
        headers = signed(SANDBOX, path, aud=f"{BASE}{path}{aud}")
        told = client.post(f"{path}/", json={"feedback": [feedback]}, headers=headers)
        again = client.post(f"{path}/", json={"feedback": [feedback]}, headers=headers)
    assert len(found.json()["services"]) == 5
    assert card["source"]["topic"]["code"] == "NusinersenTooEarly"
    assert (told.status_code, again.status_code) == (200, 401)


def test_no_path_is_redirected() -> None:
    with guarded() as client:
        for path in (f"{UNKNOWN}/", f"{DISCOVERY}//", f"{ORDER}//"):
            assert client.post(path, json=OVERDUE, headers=signed(SANDBOX, path)).status_code == 404, path
    with service() as client:
        assert [client.get(f"/{page}/").status_code for page in ("health/live", "nothing", "")] == [200, 404, 404]


def test_keys_from_a_file(tmp_path: Path) -> None:
    """As for the public sandbox, whose tokens name a URL too: it is listed, and never read."""
    clients = [{"issuer": SANDBOX.issuer, "jku": [SANDBOX.jku], "jwks_file": str(key_file(tmp_path, SANDBOX.keys))}]
    with service(client_auth="jwt", public_url=BASE, clients=clients) as client:
        assert client.get(DISCOVERY, headers=signed(SANDBOX, DISCOVERY)).status_code == 200


SITES = """
[[site]]
id = "north"
regimen = "eu-12mg"
time_zone = "Pacific/Chatham"
fhir_servers = ["https://ehr.example.invalid/fhir"]
clients = [{{ issuer = "{issuer}", jku = ["{jku}"], tenants = ["north"] }}]

[[site]]
id = "south"
regimen = "us-12mg"
time_zone = "America/Chicago"
fhir_servers = ["https://south.example.invalid/fhir"]
clients = [{{ issuer = "{issuer}", jku = ["{jku}"], tenants = ["south"] }}]
"""


@pytest.fixture
def two_sites(tmp_path: Path) -> dict[str, Any]:
    path = tmp_path / "sites.toml"
    path.write_text(SITES.format(issuer=SANDBOX.issuer, jku=SANDBOX.jku))
    return {"sites_file": path, "regimen": None, "time_zone": None, "fhir_servers": (), "clients": ()}


@pytest.mark.parametrize(("tenant", "regimen"), [("north", "eu-12mg"), ("south", "us-12mg")])
def test_the_tenant_of_the_token_tells_the_site(tenant: str, regimen: str, two_sites: dict[str, Any]) -> None:
    order = call("order-sign", drafts=[draft()], prefetch=prefetched(*LAST_WEEK))
    # whichever server the request names
    with guarded(**two_sites) as client:
        headers = signed(SANDBOX, ORDER, tenant=tenant)
        [card] = client.post(ORDER, json={**order, "fhirServer": SERVER}, headers=headers).json()["cards"]
        other = client.post(ORDER, json=order, headers=signed(SANDBOX, ORDER, tenant="west"))
    assert card["extension"]["org.nusinersen-cds"]["regimen"]["id"] == regimen
    assert other.status_code == 401


def test_off_is_said_loudly_at_the_start(caplog: pytest.LogCaptureFixture) -> None:
    with service(client_auth="off") as client:
        assert client.post(CHART, json=call("patient-view", prefetch=prefetched(*ON_SCHEDULE))).status_code == 200
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [("WARNING", OFF)]
    assert "NOT authenticated" in OFF


def test_a_token_is_not_looked_at_where_the_check_is_off() -> None:
    other = call("order-sign", drafts=[draft(medicationCodeableConcept=OTHER_DRUG)])
    with service(client_auth="off") as client:
        assert client.post(ORDER, json=other, headers={"Authorization": "Bearer x"}).json() == {"cards": []}


UNUSABLE: list[tuple[dict[str, Any], str]] = [
    ({"clients": []}, "NUSINERSEN_CDS_CLIENTS: site default has none, so nobody may call it"),
    ({"public_url": ""}, f"NUSINERSEN_CDS_PUBLIC_URL: is not set.* of client {SANDBOX.issuer}"),
    (
        {"clients": [{"issuer": "i", "jwks_file": "/nonexistent/keys"}]},
        "CLIENTS: client i: the key file /nonexistent/keys cannot be read: No such file",
    ),
]


@pytest.mark.parametrize(("settings", "fault"), UNUSABLE)
def test_settings_that_let_nobody_call_stop_the_start(settings: dict[str, Any], fault: str) -> None:
    with pytest.raises(SettingsError, match=fault), guarded(**settings):
        pytest.fail("the service started")


WRONG = [
    ("client_auth", "no", "'jwt' or 'off'"),
    ("client_algorithms", "ES384 HS256", "HS256 cannot be allowed"),
    ("client_algorithms", "none", "none cannot be allowed"),
    ("client_algorithms", "es384", "es384 cannot be allowed"),
    ("public_url", "cds.example.invalid", "no http or https URL"),
    ("public_url", "https://cds.example.invalid/cds-services", "write the URL before /cds-services"),
    ("public_url", "https://user@cds.example.invalid", "a user, a password or a fragment"),
    ("client_token_seconds", "7200", "less than or equal to 3600"),
    ("clients", json.dumps([{"issuer": "i"}]), "name where its keys are"),
    ("clients", json.dumps([{"issuer": "i", "jku": ["http://ehr.example.invalid/k"]}]), "keys are read over https"),
]


@pytest.mark.parametrize(("name", "value", "fault"), WRONG)
def test_a_wrong_setting_is_named(name: str, value: str, fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"NUSINERSEN_CDS_{name.upper()}", value)
    with pytest.raises(SettingsError) as refused:
        load(regimen="eu-12mg", time_zone="UTC")
    assert f"NUSINERSEN_CDS_{name.upper()}" in str(refused.value)
    assert fault in str(refused.value)


def test_callers_are_asked_for_tokens_unless_a_setting_says_otherwise() -> None:
    settings = Settings(regimen="eu-12mg", time_zone="UTC")
    assert settings.client_auth == "jwt"
    assert settings.client_algorithms == ("ES384", "RS384")


def test_readiness_names_keys_that_could_not_be_read_and_calls_go_on() -> None:
    servers = KeyServers(SANDBOX, EPIC)
    servers.bodies[EPIC.jku] = b"<html>login</html>"
    with guarded(keys=servers.fetch) as client:
        assert client.get("/health/ready").json()["status"] == "ok"
        assert client.get(DISCOVERY, headers=signed(EPIC, DISCOVERY)).status_code == 401
        ready = client.get("/health/ready")
        assert client.get(DISCOVERY, headers=signed(SANDBOX, DISCOVERY)).status_code == 200
    assert (ready.status_code, ready.json()["parts"]["client-keys"]) == (
        200,
        {"state": "degraded", "why": "1 key sets of clients could not be read"},
    )
