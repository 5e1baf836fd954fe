"""Over real sockets: a dead server, one that breaks off, one that is mute, and one connection for many requests."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import httpx
import orjson
import pytest

from cds.fhir.client import FhirClient, connections
from cds.fhir.errors import FhirError, Kind
from cds.fhir.fetch import Fetched
from cds.fhir.limits import Limits
from tests.fhir_client.server import PATIENT, TOKEN, administration, searchset

Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]
LIMITS = Limits(seconds=0.5, pause=0, tries=2)
BODY = orjson.dumps(searchset([administration(1)]))
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/fhir+json\r\nContent-Length: %d\r\n\r\n" % len(BODY)


class Peer:
    """Answers every request with the same bytes and counts connections and requests."""

    def __init__(self, reply: bytes, *, close: bool) -> None:
        self.reply, self.close = reply, close
        self.connections = self.requests = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                self.requests += 1
                writer.write(self.reply)
                await writer.drain()
                if self.close:
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()


def ask(peer: Peer, calls: int = 1, *, dead: bool = False) -> list[Fetched]:
    async def asking() -> list[Fetched]:
        listening = await asyncio.start_server(peer.serve, "127.0.0.1", 0)
        base = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/fhir"
        if dead:
            listening.close()
            await listening.wait_closed()
        try:
            # A transport of its own goes through no proxy of the environment.
            async with connections(LIMITS, httpx.AsyncHTTPTransport()) as http:
                client = FhirClient(http, base, token=TOKEN, limits=LIMITS)
                return [await client.history(PATIENT) for _ in range(calls)]
        finally:
            listening.close()

    return asyncio.run(asking())


def test_one_connection_serves_many_requests() -> None:
    peer = Peer(HEAD + BODY, close=False)
    assert all(fetched.whole for fetched in ask(peer, 5))
    assert (peer.connections, peer.requests) == (1, 5)


@pytest.mark.parametrize(
    ("reply", "close", "requests", "words"),
    [
        (HEAD + BODY[:20], True, 2, "broke off"),
        (b"", True, 2, "broke off"),
        (b"no HTTP at all\r\n\r\n", True, 2, "broke off"),
        (HEAD + BODY[:20], False, 1, "limit of 0.5 s"),
        (b"", False, 1, "limit of 0.5 s"),
    ],
    ids=["half a body", "no answer", "no HTTP", "stuck in the body", "mute"],
)
def test_peers_that_fail(reply: bytes, close: bool, requests: int, words: str) -> None:
    peer = Peer(reply, close=close)
    with pytest.raises(FhirError, match=words) as caught:
        ask(peer)
    assert (caught.value.kind, peer.requests) == (Kind.UNAVAILABLE, requests)


def test_a_dead_server_is_unavailable() -> None:
    with pytest.raises(FhirError, match="cannot be reached") as caught:
        ask(Peer(b"", close=True), dead=True)
    assert caught.value.kind is Kind.UNAVAILABLE
