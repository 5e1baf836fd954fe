"""A small HTTP load generator: prepared requests over a few kept-alive connections, latencies in seconds."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Load:
    """What one round of load measured: requests answered, seconds it took, each request's latency in seconds."""

    seconds: float
    latencies: tuple[float, ...]

    @property
    def rate(self) -> float:
        """Requests per second."""
        return len(self.latencies) / self.seconds

    def percentile(self, percent: float) -> float:
        """The latency in seconds below which `percent` of the requests were answered."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


class _Connection(asyncio.Protocol):
    """One kept-alive connection that sends the next request whenever the answer to the one before has come."""

    def __init__(self, requests: Iterator[bytes], expect: bytes, until: float, done: asyncio.Future[None]) -> None:
        self.requests, self.expect, self.until, self.done = requests, expect, until, done
        self.latencies: list[float] = []
        self.buffer = b""
        self.sent = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._send()

    def _send(self) -> None:
        self.sent = time.perf_counter()
        request = next(self.requests, None)
        if request is None:
            self.transport.close()
        else:
            self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, separator, body = self.buffer.partition(b"\r\n\r\n")
        if not separator:
            return
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        if len(body) < length:
            return
        self.latencies.append(time.perf_counter() - self.sent)
        if b" 200 " not in head[:16] or self.expect not in body:
            self.done.set_exception(RuntimeError(f"not the expected answer: {self.buffer[:600]!r}"))
            self.transport.close()
            return
        self.buffer = b""
        if time.perf_counter() < self.until:
            self._send()
        else:
            self.transport.close()

    def connection_lost(self, _exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(None)


def http_request(path: str, body: bytes, token: str = "") -> bytes:
    """A POST as it goes over the wire."""
    sender = f"Authorization: Bearer {token}\r\n" if token else ""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"{sender}Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def run_load(port: int, requests: Iterator[bytes], *, expect: bytes, seconds: float, connections: int) -> Load:
    """Send `requests` for `seconds`, or until there are no more; each answer must be a 200 that contains `expect`."""
    loop = asyncio.get_running_loop()
    started = time.perf_counter()
    protocols = []
    for _ in range(connections):
        done: asyncio.Future[None] = loop.create_future()
        make = lambda done=done: _Connection(requests, expect, started + seconds, done)  # noqa: E731
        _, protocol = await loop.create_connection(make, "127.0.0.1", port)
        protocols.append(protocol)
    await asyncio.gather(*(protocol.done for protocol in protocols))
    latencies = tuple(latency for protocol in protocols for latency in protocol.latencies)
    return Load(time.perf_counter() - started, latencies)
