"""Real sockets on this machine: a peer that answers bytes, the made-up FHIR server, and names that lead to them."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import uvicorn
from starlette.types import ASGIApp

T = TypeVar("T")
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Peer:
    """Answers every request with the next of its replies, the last again and again; counts what comes."""

    def __init__(self, *replies: bytes, close: bool = False) -> None:
        self.replies, self.close = list(replies), close
        self.connections = 0
        self.requests: list[bytes] = []
        self.received = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        self.connections += 1
        try:
            while request := await self._request(reader):
                self.requests.append(request)
                writer.write(self.replies.pop(0) if len(self.replies) > 1 else self.replies[0])
                await writer.drain()
                if self.close:
                    return
        except ConnectionError:
            return
        finally:
            writer.close()

    async def _request(self, reader: asyncio.StreamReader) -> bytes:
        """Head and body of a request; empty where none comes."""
        request = b""
        while b"\r\n\r\n" not in request:
            chunk = await reader.read(1 << 16)
            self.received += len(chunk)
            if not chunk:
                return b""
            request += chunk
        head, _, body = request.partition(b"\r\n\r\n")
        lengths = [line.split(b":")[1] for line in head.splitlines() if line.lower().startswith(b"content-length:")]
        missing = int(lengths[0]) - len(body) if lengths else 0
        return request + (await reader.readexactly(missing) if missing else b"")


def reply(body: bytes, status: str = "200 OK", **headers: str) -> bytes:
    """An answer with its length."""
    lines = {"Content-Type": "application/fhir+json", "Content-Length": str(len(body)), **headers}
    head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in lines.items())
    return f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + body


@asynccontextmanager
async def listening(serve: Serve, host: str = "127.0.0.1") -> AsyncIterator[int]:
    """The port at which a peer listens."""
    server = await asyncio.start_server(serve, host, 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


@asynccontextmanager
async def running(app: ASGIApp) -> AsyncIterator[str]:
    """The origin at which an application is served, by the server that serves ours."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=1))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        while not server.started:
            if serving.done():
                serving.result()
                raise RuntimeError("the server did not start")
            await asyncio.sleep(0.01)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving
        listener.close()


class Names(asyncio.SelectorEventLoop):
    """A loop with DNS of its own: each look-up of a name takes its next address, the last again and again."""

    def __init__(self, names: Mapping[str, Iterable[str]]) -> None:
        super().__init__()
        self.names = {name: list(addresses) for name, addresses in names.items()}

    async def getaddrinfo(self, host: Any, port: Any, **more: Any) -> Any:
        """As the name server of a test says."""
        addresses = self.names.get(host.decode() if isinstance(host, bytes) else host)
        if addresses is None:
            return await super().getaddrinfo(host, port, **more)
        address = addresses.pop(0) if len(addresses) > 1 else addresses[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (address, port))]


def run(asking: Callable[[], Awaitable[T]], names: Mapping[str, Iterable[str]] | None = None) -> T:
    """Run a coroutine function in a loop of its own, where names mean what is given."""

    async def whole() -> T:
        return await asking()

    with asyncio.Runner(loop_factory=lambda: Names(names or {})) as runner:
        return runner.run(whole())
