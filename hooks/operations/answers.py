"""Answers of JSON written to the server as they are: for what stands outside of the routes, or is called most."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.types import Send

_JSON = (b"content-type", b"application/json")


async def send_json(send: Send, status: int, body: bytes, headers: Iterable[tuple[bytes, bytes]] = ()) -> None:
    """A whole answer whose body is JSON."""
    length = (b"content-length", b"%d" % len(body))
    await send({"type": "http.response.start", "status": status, "headers": [length, _JSON, *headers]})
    await send({"type": "http.response.body", "body": body})
