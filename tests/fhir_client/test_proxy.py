"""FHIR servers and key servers that are reached through a proxy, which a setting names and never the environment."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TypeVar

import httpx
import orjson
import pytest
from anyio.from_thread import start_blocking_portal

from cds.fhir.addresses import Networks
from cds.fhir.allowed import Allowed
from cds.fhir.client import FhirClient
from cds.fhir.connections import Http
from cds.fhir.errors import FhirError, Kind
from cds.fhir.fetch import Fetched
from cds.fhir.limits import Limits
from cds.fhir.outbound import NO_PROXY, Outbound
from hooks.security.fetch_keys import fetch_keys
from hooks.security.key_sources import KeysNotReadError
from hooks.settings import SettingsError, load
from tests.chaos import calls as chaos
from tests.fhir_client.proxy import Proxy
from tests.fhir_client.server import PATIENT, TOKEN, administration, searchset
from tests.fhir_client.sockets import Peer, listening, reply
from tests.security.authority import Authority, served

T = TypeVar("T")
HOST = "ehr.example.invalid"
LIMITS = Limits(seconds=20, pause=0, tries=1)
BODY = orjson.dumps(searchset([administration(1)]))


def through(
    asking: Callable[[str, int], Awaitable[T]], *, tls: ssl.SSLContext | None = None
) -> tuple[T | FhirError | KeysNotReadError, Proxy, Peer]:
    """What becomes of a request, and what proxy and server saw of it. `asking` gets the proxy, as host and port, and
    the port of the server, which has a name that only the proxy knows."""

    async def whole() -> tuple[T | FhirError | KeysNotReadError, Proxy, Peer]:
        peer = Peer(reply(BODY))
        async with AsyncExitStack() as opened:
            if tls is None:
                port = await opened.enter_async_context(listening(peer.serve))
            else:
                server = await asyncio.start_server(peer.serve, "127.0.0.1", 0, ssl=tls)
                opened.callback(server.close)
                port = server.sockets[0].getsockname()[1]
            proxy = Proxy({HOST: port})
            at = await opened.enter_async_context(proxy.listening())
            try:
                return await asking(at, port), proxy, peer
            except (FhirError, KeysNotReadError) as error:
                return error, proxy, peer

    return asyncio.run(whole())


async def history(base: str, outbound: Outbound) -> Fetched:
    async with Http(LIMITS, Allowed([base]), outbound=outbound) as http:
        return await FhirClient(http, base, token=TOKEN, limits=LIMITS).history(PATIENT)


def test_a_server_is_read_through_the_proxy_that_is_set() -> None:
    found, proxy, peer = through(lambda at, _: history(f"http://{HOST}/fhir", Outbound(f"http://{at}")))
    assert isinstance(found, Fetched)
    assert found.whole
    assert proxy.asked[0].startswith(f"GET http://{HOST}/fhir/MedicationAdministration?patient=")
    assert f"authorization: bearer {TOKEN}".lower() in peer.requests[0].decode().lower()


def test_over_https_the_proxy_sees_the_name_of_the_server_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = Authority(tmp_path / "authority")
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.certificate))
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(*authority.issue("ehr", host=HOST))
    found, proxy, peer = through(
        lambda at, _: history(f"https://{HOST}/fhir", Outbound(f"http://somebody:secret@{at}")), tls=tls
    )
    assert isinstance(found, Fetched)
    assert found.whole
    assert [line.split()[:2] for line in proxy.asked] == [["CONNECT", f"{HOST}:443"]]
    # the proxy gets its own credentials, and the server none of them
    assert proxy.users == ["Proxy-Authorization: Basic c29tZWJvZHk6c2VjcmV0"]
    assert b"proxy-authorization" not in peer.requests[0].lower()


def test_what_is_on_this_machine_or_listed_is_called_directly() -> None:
    found, proxy, _ = through(lambda at, port: history(f"http://127.0.0.1:{port}/fhir", Outbound(f"http://{at}")))
    assert isinstance(found, Fetched)
    assert proxy.asked == []
    found, proxy, _ = through(lambda at, _: history(f"http://{HOST}/fhir", Outbound(f"http://{at}", [HOST.upper()])))
    # nobody but the proxy knows the name
    assert isinstance(found, FhirError)
    assert proxy.asked == []


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    def asking(at: str, _: int) -> Awaitable[Fetched]:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, f"http://{at}")
        return history(f"http://{HOST}/fhir", NO_PROXY)

    found, proxy, _ = through(asking)
    assert isinstance(found, FhirError)
    assert proxy.asked == []


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_refuses_is_a_history_that_was_not_read(scheme: str) -> None:
    elsewhere = f"{scheme}://other.example.invalid/fhir"
    found, proxy, peer = through(lambda at, _: history(elsewhere, Outbound(f"http://somebody:secret@{at}")))
    assert isinstance(found, FhirError)
    assert found.kind is (Kind.DENIED if scheme == "http" else Kind.UNAVAILABLE)
    assert "secret" not in found.message
    assert (len(proxy.asked), peer.connections) == (1, 0)


def test_a_proxy_that_is_down_is_a_history_that_was_not_read() -> None:
    found, _, peer = through(lambda _, __: history(f"http://{HOST}/fhir", Outbound("http://127.0.0.1:9")))
    assert isinstance(found, FhirError)
    assert (found.kind, peer.connections) == (Kind.UNAVAILABLE, 0)


def test_the_keys_of_clients_are_read_through_it_too() -> None:
    url = f"http://{HOST}/keys"
    found, proxy, _ = through(lambda at, _: fetch_keys(url, Networks(), outbound=Outbound(f"http://{at}")))
    assert found == BODY
    assert proxy.asked == [f"GET {url} HTTP/1.1"]
    found, proxy, _ = through(lambda at, _: fetch_keys(url, Networks(), outbound=Outbound(f"http://{at}", [HOST])))
    assert isinstance(found, KeysNotReadError)
    assert proxy.asked == []


@pytest.mark.parametrize(
    "value",
    ["proxy.example.invalid:3128", "socks5://proxy.example.invalid", "http://u:secret@p/path", "http://u:secret@"],
)
def test_a_proxy_that_cannot_be_one_stops_the_start_and_is_not_shown(value: str) -> None:
    with pytest.raises(SettingsError, match="NUSINERSEN_CDS_OUTBOUND_PROXY: ") as refused:
        load(regimen="eu-12mg", time_zone="UTC", outbound_proxy=value)
    assert "write the URL of a proxy" in str(refused.value)
    assert "secret" not in str(refused.value)


def test_the_service_goes_through_the_proxy_of_its_settings() -> None:
    peer = Peer(reply(orjson.dumps(searchset(chaos.history("dose-last-week")))))
    url = f"http://{HOST}/fhir"
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(listening(peer.serve)) as port:
        proxy = Proxy({HOST: port})
        with portal.wrap_async_context_manager(proxy.listening()) as at:
            settings = {"client_auth": "off", "fhir_servers": url, "outbound_proxy": f"http://{at}"}
            with served(**settings) as base, httpx.Client(base_url=base, timeout=60) as client:
                seen = chaos.ask(client, chaos.Kind.OURS, chaos.request(chaos.Kind.OURS, fhir=url))
    assert seen.cards == ("TooEarly",)
    assert proxy.asked[0].startswith(f"GET {url}/MedicationAdministration?")
