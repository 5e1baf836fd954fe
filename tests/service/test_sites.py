"""Several sites in one service, the servers that each may read from, and silent mode."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from cds.regimens.library import load as load_regimens
from hooks.security.clients import Caller
from hooks.services import SERVICES, discovery
from hooks.settings import Settings, SettingsError
from hooks.sites import Sites
from tests.service.ehr import (
    CHART,
    LAST_WEEK,
    NOW,
    ORDER,
    OTHER_DRUG,
    SERVER,
    ask,
    bundle,
    call,
    draft,
    history,
    prefetched,
    service,
    with_server,
)

TWO_SITES = """
[[site]]
id = "north"
regimen = "eu-12mg"
time_zone = "Pacific/Chatham"
fhir_servers = ["https://ehr.example.invalid/fhir"]
clients = [
  { issuer = "https://a.example.invalid", jku = ["https://a.example.invalid/keys"], tenants = ["north"] },
  { issuer = "https://n.example.invalid", jku = ["https://n.example.invalid/keys"] },
]

[[site]]
id = "south"
regimen = "us-12mg"
time_zone = "America/Chicago"
fhir_servers = ["https://south.example.invalid/fhir"]
clients = [{ issuer = "https://a.example.invalid", jku = ["https://a.example.invalid/keys"], tenants = ["south"] }]
silent = ["nusinersen-chart"]
"""
SOUTH = "https://south.example.invalid/fhir"
A, N = "https://a.example.invalid", "https://n.example.invalid"


@pytest.fixture
def two_sites(tmp_path: Path) -> dict[str, Any]:
    """The settings of a service with two sites."""
    path = tmp_path / "sites.toml"
    path.write_text(TWO_SITES)
    return {"sites_file": path, "regimen": None, "time_zone": None, "fhir_servers": ()}


def the_sites(path: Path) -> Sites:
    return Sites.of(Settings(sites_file=path), load_regimens(), clock=lambda: NOW, new_id=lambda: "id")


def signed(caller: Caller, sites: Sites) -> Caller:
    """The caller with the clients whose keys would have signed its token."""
    every = [client for desk in sites for client in desk.site.clients]
    own = [client for client in every if client.issuer == caller.issuer and client.serves(caller.tenant)]
    return replace(caller, clients=tuple(own))


CHOSEN: list[tuple[Caller | None, str | None, str]] = [
    (None, SERVER, "north"),
    (None, SOUTH, "south"),
    (None, f"{SOUTH}/", "south"),
    (None, None, "more than one site"),
    (None, "https://elsewhere.example.invalid/fhir", "no site"),
    (Caller(A, "north"), None, "north"),
    (Caller(A, "south"), None, "south"),
    (Caller(A, "south"), SOUTH, "south"),
    # whose server it names does not make a caller of the south one of the north
    (Caller(A, "south"), SERVER, "south"),
    (Caller(A), SERVER, "north"),
    (Caller(A), None, "more than one site"),
    (Caller(N, "any"), None, "north"),
    (Caller(N), SOUTH, "north"),
    (Caller("https://unknown.example.invalid"), SERVER, "no site"),
    (Caller(A, "west"), SERVER, "no site"),
]


@pytest.mark.parametrize(("caller", "server", "site"), CHOSEN)
def test_the_caller_tells_the_site_and_else_the_server(
    caller: Caller | None, server: str | None, site: str, two_sites: dict[str, Any]
) -> None:
    sites = the_sites(two_sites["sites_file"])
    desk = sites.choose(caller and signed(caller, sites), server)
    if desk.refusal:
        assert desk.refusal.startswith(site)
    else:
        assert desk.site.id == site


def test_of_two_clients_of_one_issuer_the_one_whose_key_has_signed_tells_the_site(two_sites: dict[str, Any]) -> None:
    """Whatever the token leaves out, and whichever server it names."""
    sites = the_sites(two_sites["sites_file"])
    [south] = [client for desk in sites for client in desk.site.clients if client.tenants == ("south",)]
    for server in (None, SERVER, SOUTH):
        assert sites.choose(Caller(A, clients=(south,)), server).site.id == "south"


def test_one_site_serves_every_call(tmp_path: Path) -> None:
    settings = Settings(regimen="eu-12mg", time_zone="UTC")
    sites = Sites.of(settings, load_regimens(), clock=lambda: NOW, new_id=lambda: "id")
    for caller, server, _ in CHOSEN:
        assert sites.choose(caller, server).refusal == ""


def test_each_site_judges_by_its_regimen_and_its_day(two_sites: dict[str, Any]) -> None:
    too_early = call("order-sign", drafts=[draft()], prefetch=prefetched(*LAST_WEEK))
    with service(**two_sites) as client:
        cards = [ask(client, ORDER, {**too_early, "fhirServer": url}).json()["cards"][0] for url in (SERVER, SOUTH)]
    dates = [card["extension"]["org.nusinersen-cds"] for card in cards]
    assert [said["regimen"]["id"] for said in dates] == ["eu-12mg", "us-12mg"]
    assert [said["dates"]["on"] for said in dates] == ["2026-05-04", "2026-05-03"]


@pytest.mark.parametrize("server", [None, "https://elsewhere.example.invalid/fhir"])
def test_a_call_of_no_known_site_is_not_judged(server: str | None, two_sites: dict[str, Any]) -> None:
    more = {"prefetch": prefetched(*LAST_WEEK), **({"fhirServer": server} if server else {})}
    with service(**two_sites) as client:
        ours = ask(client, ORDER, call("order-sign", drafts=[draft()], **more))
        other = ask(client, ORDER, call("order-sign", drafts=[draft(medicationCodeableConcept=OTHER_DRUG)], **more))
        vague = ask(client, ORDER, call("order-sign", drafts=[draft(medicationCodeableConcept={})], **more))
        chart = ask(client, CHART, call("patient-view", **more))
    assert [card["extension"]["org.nusinersen-cds"]["reason"] for card in ours.json()["cards"]] == ["no-site"]
    assert other.json() == {"cards": []}
    assert (vague.status_code, chart.status_code) == (412, 412)
    assert "site of this service" in chart.json()["issue"][0]["diagnostics"]


@pytest.mark.parametrize(
    "server",
    [
        "https://ehr.example.invalid",
        "https://ehr.example.invalid/fhir2",
        "https://ehr.example.invalid/fhir/../other",
        "https://ehr.example.invalid:8443/fhir",
        "http://ehr.example.invalid/fhir",
        "https://user@ehr.example.invalid/fhir",
        "https://ehr.example.invalid.evil.invalid/fhir",
        "http://169.254.169.254/latest",
    ],
)
def test_a_server_that_is_not_listed_is_never_asked(server: str) -> None:
    """The FHIR server of this service fails the test when it is asked."""
    with service() as client:
        ours = ask(client, ORDER, {**with_server(call("order-sign", drafts=[draft()])), "fhirServer": server})
        chart = ask(client, CHART, {**with_server(call("patient-view")), "fhirServer": server})
        enough = call("order-sign", drafts=[draft()], prefetch=prefetched(*LAST_WEEK))
        judged = ask(client, ORDER, {**with_server(enough), "fhirServer": server})
    assert [card["source"]["topic"]["code"] for card in ours.json()["cards"]] == ["NusinersenNotChecked"]
    assert chart.status_code == 412
    assert [card["source"]["topic"]["code"] for card in judged.json()["cards"]] == ["NusinersenTooEarly"]


def test_each_site_has_the_networks_that_it_lists(two_sites: dict[str, Any]) -> None:
    path: Path = two_sites["sites_file"]
    path.write_text(TWO_SITES + 'fhir_networks = ["10.20.0.0/16"]')
    refusals = {desk.site.id: desk.allowed.refusal("10.20.30.40", "ehr.example.invalid") for desk in the_sites(path)}
    assert refusals["south"] == ""
    assert "not one of the public internet" in refusals["north"]


def test_a_path_below_a_listed_server_is_listed() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        doses = history(*LAST_WEEK) if request.url.path.endswith("/MedicationAdministration") else []
        return httpx.Response(200, json=bundle(doses))

    with service(answer) as client:
        request = {**with_server(call("patient-view")), "fhirServer": f"{SERVER}/tenant-1/"}
        assert ask(client, CHART, request).status_code == 200
    assert {path.rpartition("/")[0] for path in asked} == {"/fhir/tenant-1", "/fhir/tenant-1/Patient"}


def test_silent_mode_finds_and_withholds() -> None:
    request = call("order-sign", drafts=[draft()], prefetch=prefetched(*LAST_WEEK))
    with service(silent=ORDER, show_assessment=True) as client:
        services = client.get("/cds-services").json()["services"]
        answer = ask(client, ORDER, request)
        unread = ask(client, ORDER, with_server({**request, "prefetch": {}}))
        chart = ask(client, CHART, call("patient-view", prefetch=prefetched("2025-10-01")))
    quiet = {said["id"] for said in services if said["usageRequirements"].startswith("Silent mode is on: ")}
    assert quiet == {ORDER}
    assert answer.json() == unread.json() == {"cards": []}
    assert len(chart.json()["cards"]) == 1


@pytest.mark.parametrize("quiet", ["north", "south"])
def test_what_one_site_withholds_is_not_withheld_where_the_site_is_not_known(quiet: str, tmp_path: Path) -> None:
    loud = "south" if quiet == "north" else "north"
    path = tmp_path / "sites.toml"
    path.write_text(
        "".join(
            f'[[site]]\nid = "{name}"\nregimen = "eu-12mg"\ntime_zone = "UTC"\nsilent = ["{ORDER}"]\n'
            f'order_failure = "status"\nfhir_servers = ["https://{name}.example.invalid/fhir"]\n'
            for name in ("north", "south")
        ).replace(
            f'id = "{loud}"\nregimen = "eu-12mg"\ntime_zone = "UTC"\nsilent = ["{ORDER}"]\norder_failure = "status"',
            f'id = "{loud}"\nregimen = "eu-12mg"\ntime_zone = "UTC"',
        )
    )
    request = call("order-sign", drafts=[draft()], prefetch=prefetched(*LAST_WEEK))
    sites = {"sites_file": path, "regimen": None, "time_zone": None, "fhir_servers": ()}
    with service(**sites, max_body_megabytes=0.01) as client:
        unknown = ask(client, ORDER, request)
        elsewhere = ask(client, ORDER, {**request, "fhirServer": "https://elsewhere.example.invalid/fhir"})
        too_much = ask(client, ORDER, {**request, "extension": {"x": "x" * 10_000}})
        silent = ask(client, ORDER, {**request, "fhirServer": f"https://{quiet}.example.invalid/fhir"})
    reasons = [
        [card["extension"]["org.nusinersen-cds"]["reason"] for card in answer.json()["cards"]]
        for answer in (unknown, elsewhere, too_much)
    ]
    assert reasons == [["no-site"], ["no-site"], ["limit"]]
    assert silent.json() == {"cards": []}


def test_silent_mode_at_some_sites_is_said() -> None:
    said = {
        service["id"]: service["usageRequirements"]
        for service in discovery(silent=[frozenset({CHART}), frozenset()])["services"]
    }
    assert said[CHART].startswith("Silent mode is on for some of the sites: ")
    assert "Silent" not in said[ORDER]
    assert set(said) == set(SERVICES)


BROKEN: list[tuple[str, str]] = [
    ("", "write one table [[site]] for each site"),
    ("x = 1\n" + TWO_SITES, "nothing outside of them"),
    ("[[site]\n", "is no TOML file"),
    ('[[site]]\nregimen = "eu-12mg"\n', "site number 1: id: is not set"),
    ('[[site]]\nid = "a"\ntime_zone = "UTC"\n', "site a: regimen: is not set"),
    (TWO_SITES.replace("time_zone", "timezone"), "timezone: there is no such setting"),
    (TWO_SITES.replace("America/Chicago", "America/Chicagoo"), "site south: time_zone: no such time zone"),
    (TWO_SITES.replace('"south"\nregimen', '"north"\nregimen'), "its id north is that of site north already"),
    (TWO_SITES.replace("south.example", "ehr.example"), "its FHIR server https://ehr.example.invalid/fhir is that of"),
    (TWO_SITES.replace('["south"]', '["north"]'), "its issuer and tenant https://a.example.invalid north is that of"),
    (TWO_SITES.replace("nusinersen-chart", "nusinersen"), "no such service: write one of nusinersen-chart"),
    (TWO_SITES.replace("https://south.example.invalid/fhir", "south"), "not the base URL of a FHIR server"),
    (
        TWO_SITES + 'fhir_networks = ["10.0.0.0/8", "intranet"]',
        "fhir_networks.1: 'intranet' is no network: write it as",
    ),
    (TWO_SITES.replace("issuer =", "iss ="), "clients.0.issuer: is not set"),
    (TWO_SITES.replace("jku", "keys"), "clients.0.keys: there is no such setting"),
    (TWO_SITES.replace("https://n.example.invalid/keys", "http://n.example.invalid/keys"), "keys are read over https"),
]


@pytest.mark.parametrize(("content", "fault"), BROKEN)
def test_a_file_of_sites_with_faults_stops_the_start(content: str, fault: str, tmp_path: Path) -> None:
    path = tmp_path / "sites.toml"
    path.write_text(content)
    with pytest.raises(SettingsError) as refused:
        Settings(sites_file=path).sites()
    assert fault in str(refused.value)
    assert str(path) in str(refused.value)


def test_what_tells_sites_apart_cannot_be_shared(two_sites: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match="FHIR_SERVERS: write it in the file of the sites"):
        Settings(sites_file=two_sites["sites_file"], fhir_servers=SERVER).sites()


def test_what_sites_share_stands_in_the_variables(two_sites: dict[str, Any]) -> None:
    settings = Settings(sites_file=two_sites["sites_file"], regimen="eu-12mg-2017", show_upcoming=True)
    assert [(site.regimen, site.show_upcoming) for site in settings.sites()] == [
        (("eu-12mg",), True),
        (("us-12mg",), True),
    ]


def test_a_file_of_sites_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"SITES_FILE: .*none\.toml: cannot be read"):
        Settings(sites_file=tmp_path / "none.toml").sites()


def test_a_regimen_that_is_not_verified_is_used_only_where_the_site_says_so() -> None:
    def desk(**more: Any) -> Sites:
        settings = Settings(regimen="eu-12mg us-high-dose", time_zone="UTC", **more)
        return Sites.of(settings, load_regimens(), clock=lambda: NOW, new_id=lambda: "id")

    with pytest.raises(ValueError, match="regimen us-high-dose is not verified: the US prescribing information"):
        desk()
    with pytest.raises(ValueError, match="name it in NUSINERSEN_CDS_UNVERIFIED_REGIMENS"):
        desk(unverified_regimens="eu-high-dose")
    [allowed] = desk(unverified_regimens="us-high-dose")
    assert [each.id for each in allowed.regimens.every] == ["eu-12mg", "us-high-dose"]


def test_every_card_says_that_its_regimen_is_not_verified() -> None:
    chosen = {"regimen": "us-high-dose", "unverified_regimens": "us-high-dose"}
    with service(**chosen) as client:
        answers = [
            client.post(f"/cds-services/{CHART}", json=call("patient-view", prefetch=prefetched(*LAST_WEEK))),
            client.post(
                f"/cds-services/{ORDER}", json=call("order-sign", drafts=[draft()], prefetch=prefetched(*LAST_WEEK))
            ),
        ]
    cards = [card for answer in answers for card in answer.json()["cards"]]
    assert cards
    for card in cards:
        assert "Not verified: the US prescribing information of 2026-03 was not read" in card["detail"]
        assert card["extension"]["org.nusinersen-cds"]["regimen"]["unverified"]
