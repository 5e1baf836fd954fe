"""Answers written to the server as they are: for what stands outside of the routes, or is called most."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from starlette.types import Send

_JSON = (b"content-type", b"application/json")
PAGE_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""Those of a plain page: it runs nothing, loads nothing and is kept nowhere."""


async def send_json(send: Send, status: int, body: bytes, headers: Iterable[tuple[bytes, bytes]] = ()) -> None:
    """A whole answer whose body is JSON."""
    length = (b"content-length", b"%d" % len(body))
    await send({"type": "http.response.start", "status": status, "headers": [length, _JSON, *headers]})
    await send({"type": "http.response.body", "body": body})


def plain_page(headline: str, *lines: str) -> bytes:
    """A page in a few words, for people where no other can be made; it needs no template."""
    said = "".join(f"<p>{escape(line)}</p>" for line in lines)
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{escape(headline)}</title></head><body><main><h1>{escape(headline)}</h1>{said}</main></body></html>\n"
    ).encode()


async def send_page(send: Send, status: int, body: bytes) -> None:
    """A whole answer whose body is such a page."""
    headers = [(name.lower().encode(), value.encode()) for name, value in PAGE_HEADERS.items()]
    headers.append((b"content-length", b"%d" % len(body)))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
