"""A proxy as a hospital has one: it alone knows where the servers are. On a real socket of this machine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit


class Proxy:
    """Passes requests on (http) and opens tunnels (https). `ports` are the servers by host, on this machine. Whom it
    does not know it refuses; `asked` are the first lines of what came, `users` the credentials."""

    def __init__(self, ports: Mapping[str, int]) -> None:
        self._ports = ports
        self.asked: list[str] = []
        self.users: list[str] = []
        self._calls: set[asyncio.Task[None] | None] = set()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[str]:
        """Host and port."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        try:
            yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        finally:
            server.close()
            for call in filter(None, tuple(self._calls)):
                await asyncio.wait([call], timeout=5)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._calls.add(asyncio.current_task())
        writers = [writer]
        try:
            await self._answer(reader, writer, writers)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            for each in writers:
                each.close()
                with suppress(OSError):
                    await each.wait_closed()

    async def _answer(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, writers: list[asyncio.StreamWriter]
    ) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        first, *lines = head.removesuffix("\r\n\r\n").split("\r\n")
        self.asked.append(first)
        self.users += [line for line in lines if line.lower().startswith("proxy-authorization")]
        method, target, _ = first.split()
        parts = urlsplit(f"//{target}" if method == "CONNECT" else target)
        port = self._ports.get(parts.hostname or "")
        if port is None:
            writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
            return
        there, back = await asyncio.open_connection("127.0.0.1", port)
        writers.append(back)
        if method == "CONNECT":
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            path = target.removeprefix(f"{parts.scheme}://{parts.netloc}")
            back.write("\r\n".join([f"{method} {path} HTTP/1.1", *lines, "", ""]).encode())
        pumps = [asyncio.create_task(_pump(reader, back)), asyncio.create_task(_pump(there, writer))]
        await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        for pump in pumps:
            pump.cancel()
        await asyncio.gather(*pumps, return_exceptions=True)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while part := await reader.read(65_536):
            writer.write(part)
            await writer.drain()
