"""Over real sockets: dead and mute servers, one connection for many requests, and which addresses are called."""

from __future__ import annotations

import asyncio

import orjson
import pytest
import uvloop

from cds.fhir.allowed import Allowed
from cds.fhir.client import FhirClient
from cds.fhir.connections import Http
from cds.fhir.errors import FhirError, Kind
from cds.fhir.fetch import Fetched
from cds.fhir.limits import Limits
from tests.fhir_client.server import PATIENT, TOKEN, administration, searchset
from tests.fhir_client.sockets import Peer, listening, reply, run

LIMITS = Limits(seconds=0.5, pause=0, tries=2)
BODY = orjson.dumps(searchset([administration(1)]))
GOOD = reply(BODY)
NAME = "ehr.example.invalid"


async def calls(base: str, allowed: Allowed, number: int) -> list[Fetched]:
    async with Http(LIMITS, allowed) as http:
        client = FhirClient(http, base, token=TOKEN, limits=LIMITS)
        return [await client.history(PATIENT) for _ in range(number)]


def ask(peer: Peer, number: int = 1, *, dead: bool = False) -> list[Fetched]:
    async def asking() -> list[Fetched]:
        async with listening(peer.serve) as port:
            base = f"http://127.0.0.1:{port}/fhir"
            if not dead:
                return await calls(base, Allowed([base]), number)
        return await calls(base, Allowed([base]), number)

    return run(asking)


def test_one_connection_serves_many_requests() -> None:
    peer = Peer(GOOD)
    assert all(fetched.whole for fetched in ask(peer, 5))
    assert (peer.connections, len(peer.requests)) == (1, 5)


@pytest.mark.parametrize(
    ("answer", "close", "requests", "words"),
    [
        (GOOD[: -len(BODY) + 20], True, 2, "broke off"),
        (b"", True, 2, "broke off"),
        (b"no HTTP at all\r\n\r\n", True, 2, "broke off"),
        (GOOD[: -len(BODY) + 20], False, 1, "limit of 0.5 s"),
        (b"", False, 1, "limit of 0.5 s"),
    ],
    ids=["half a body", "no answer", "no HTTP", "stuck in the body", "mute"],
)
def test_peers_that_fail(answer: bytes, close: bool, requests: int, words: str) -> None:
    peer = Peer(answer, close=close)
    with pytest.raises(FhirError, match=words) as caught:
        ask(peer)
    assert (caught.value.kind, len(peer.requests)) == (Kind.UNAVAILABLE, requests)


def test_a_dead_server_is_unavailable() -> None:
    with pytest.raises(FhirError, match="cannot be reached") as caught:
        ask(Peer(b""), dead=True)
    assert caught.value.kind is Kind.UNAVAILABLE


def reach(
    host: str,
    *networks: str,
    addresses: tuple[str, ...] = ("127.0.0.1",),
    number: int = 1,
    scheme: str = "http",
    close: bool = False,
) -> tuple[Peer, list[Fetched] | FhirError]:
    """What comes of calls to a listed URL whose name leads to this machine: the peer, and the answers or the error."""
    peer = Peer(GOOD, close=close)

    async def asking() -> list[Fetched]:
        async with listening(peer.serve, "0.0.0.0") as port:
            base = f"{scheme}://{host}:{port}/fhir"
            return await calls(base, Allowed([base], networks), number)

    try:
        return peer, run(asking, {NAME: addresses})
    except FhirError as error:
        return peer, error


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_name_that_leads_to_a_private_address_is_refused_before_a_byte_is_sent(scheme: str) -> None:
    peer, error = reach(NAME, "10.0.0.0/8", scheme=scheme)
    assert isinstance(error, FhirError)
    assert error.kind is Kind.DENIED
    assert "has the address 127.0.0.1, which is not one of the public internet" in error.message
    assert error.message.endswith("add its network to the setting fhir_networks")
    assert (peer.connections, peer.received) == (1, 0), "connected, once, and nothing sent"


@pytest.mark.parametrize(
    ("host", "networks"),
    [(NAME, ("127.0.0.0/8",)), (NAME, ("10.0.0.0/8", "127.0.0.1")), ("127.0.0.1", ()), ("localhost", ())],
)
def test_it_is_called_where_its_network_is_listed_or_the_url_names_the_address(
    host: str, networks: tuple[str, ...]
) -> None:
    peer, fetched = reach(host, *networks)
    assert isinstance(fetched, list)
    assert fetched[0].whole
    assert len(peer.requests) == 1


def test_a_name_that_changes_its_address_between_two_connections_is_refused_at_the_second() -> None:
    peer, error = reach(NAME, "127.0.0.2/32", addresses=("127.0.0.2", "127.0.0.1"), number=2, close=True)
    assert isinstance(error, FhirError)
    assert "has the address 127.0.0.1" in error.message
    assert (peer.connections, len(peer.requests)) == (2, 1)


def test_the_check_holds_in_the_event_loop_of_the_service_too() -> None:
    peer = Peer(GOOD)

    async def asking() -> None:
        async with listening(peer.serve) as port:
            assert (await calls(f"http://127.0.0.1:{port}", Allowed([f"http://127.0.0.1:{port}"]), 1))[0].whole
            # to the system this is another name for 127.0.0.1, and to the list it is another address
            unspecified = f"http://0.0.0.0:{port}"
            with pytest.raises(FhirError, match=r"has the address 127\.0\.0\.1"):
                await calls(unspecified, Allowed([unspecified]), 1)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(asking())
    assert (peer.connections, len(peer.requests)) == (2, 1)


def test_a_pool_in_which_a_read_was_broken_off_is_left() -> None:
    peer = Peer(GOOD)

    async def asking() -> bool:
        async with listening(peer.serve) as port:
            base = f"http://127.0.0.1:{port}/fhir"
            async with Http(LIMITS, Allowed([base])) as http:
                client = FhirClient(http, base, token=TOKEN, limits=LIMITS)
                await asyncio.gather(client.history(PATIENT), client.history(PATIENT))
                peer.replies = [b""]
                broken_off = asyncio.create_task(client.history(PATIENT))
                await asyncio.sleep(0.1)
                broken_off.cancel()
                await asyncio.gather(broken_off, return_exceptions=True)
                peer.replies = [GOOD]
                return (await client.history(PATIENT)).whole

    assert run(asking)
    assert peer.connections == 3, "the second of the two that were open is not used again"
