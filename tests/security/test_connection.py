"""The head of a request comes before anybody is known: it may not fill the memory, nor hold a connection for ever."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import anyio
import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from hooks.connection import LONGEST_HEAD, Connection
from hooks.serve import server_options


class Hasty(Connection):
    """Waits less, so that the test does too."""

    seconds = 1.0


async def counting(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with the number of bytes of the body; at /slow, later than a head may take; at /refused, unread."""
    if scope["type"] != "http":
        return
    size, more = 0, scope["path"] != "/refused"
    while more:
        message = await receive()
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
    if scope["path"] == "/slow":
        await anyio.sleep(1.5 * Hasty.seconds)
    body = b"<%d>" % size
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"content-length", str(len(body)).encode())]}
    )
    await send({"type": "http.response.body", "body": body})


@contextmanager
def server(http: type[Connection] = Connection) -> Iterator[socket.socket]:
    """A connection to a server that runs as the service does."""
    listener = socket.create_server(("127.0.0.1", 0))
    running = uvicorn.Server(uvicorn.Config(counting, lifespan="off", **{**server_options(1), "http": http}))
    thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        with socket.create_connection(listener.getsockname(), timeout=20) as client:
            yield client
    finally:
        running.should_exit = True
        thread.join(timeout=20)
        listener.close()


def test_it_is_what_the_service_runs_with() -> None:
    assert server_options(1)["http"] is Connection


def answers(client: socket.socket, number: int) -> bytes:
    """What comes, until so many answers are there or the connection is closed."""
    came = b""
    while came.count(b">") < number:
        part = client.recv(65_536)
        if not part:
            break
        came += part
    return came


def send_until_closed(client: socket.socket, piece: bytes) -> bool:
    """Whether the connection is closed before ten times what a head may have is sent."""
    try:
        for _ in range(10 * LONGEST_HEAD // len(piece)):
            client.sendall(piece)
        client.settimeout(1)
        while client.recv(65_536):
            pass
    except ConnectionError:
        return True
    except TimeoutError:
        return False
    return True


CHUNKED = b"POST /refused HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
ENDLESS = [
    ("one header", b"GET / HTTP/1.1\r\nHost: x\r\nX: ", b"a" * 4096),
    ("many headers", b"GET / HTTP/1.1\r\nHost: x\r\n", b"X-Y: z\r\n" * 512),
    ("an address", b"GET /", b"a" * 4096),
    ("lines before the first one", b"", b"\r\n" * 2048),
    ("headers behind a body that is refused", CHUNKED + b"0\r\n", b"X-Y: z\r\n" * 512),
    ("words beside the size of a piece", CHUNKED + b"1;", b"a" * 4096),
]


@pytest.mark.parametrize(("begun", "piece"), [row[1:] for row in ENDLESS], ids=[row[0] for row in ENDLESS])
def test_what_leads_nowhere_is_cut_off(begun: bytes, piece: bytes) -> None:
    with server() as client:
        client.sendall(begun)
        if b"/refused" in begun:
            assert answers(client, 1).endswith(b"<0>")
        assert send_until_closed(client, piece)


def test_a_head_that_is_too_long_is_answered() -> None:
    with server() as client:
        client.sendall(b"GET / HTTP/1.1\r\nX: " + b"a" * LONGEST_HEAD)
        assert answers(client, 1).endswith(b"The head of the request is too long.")


@pytest.mark.parametrize("begun", [b"", b"GET / HTTP/1.1\r\nHost: x\r\n", b"GET / HTTP/1.1\r\nHost: x\r\n\r\nGET /"])
def test_a_head_that_does_not_come_is_not_waited_for(begun: bytes) -> None:
    with server(Hasty) as client:
        client.sendall(begun)
        expected = begun.count(b"\r\n\r\n")
        assert answers(client, expected + 1).count(b"<0>") == expected


def test_whoever_keeps_within_the_limits_notices_nothing() -> None:
    """One connection: a large body, an answer that takes long, a body that is not read, two requests at once."""
    big = b"a" * (16 * LONGEST_HEAD)
    post = b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n"
    with server(Hasty) as client:
        client.sendall(post % (b"/", len(big)) + big)
        assert answers(client, 1).endswith(b"<%d>" % len(big))
        client.sendall(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
        assert answers(client, 1).endswith(b"<0>")
        client.sendall(post % (b"/refused", len(big)))
        assert answers(client, 1).endswith(b"<0>")
        for start in range(0, len(big), len(big) // 4):
            # whoever is refused may be slow to finish
            time.sleep(Hasty.seconds * 0.4)
            client.sendall(big[start : start + len(big) // 4])
        client.sendall(2 * (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * (LONGEST_HEAD // 2) + b"\r\n\r\n"))
        assert answers(client, 2).count(b"<0>") == 2
