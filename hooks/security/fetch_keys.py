"""A key set read over HTTP: little, quickly, from the listed URL and from nowhere else."""

from __future__ import annotations

import asyncio

import httpx

from hooks.security.key_sources import KeysNotReadError

_SECONDS = 3.0
_MOST_BYTES = 262_144
_HEADERS = {
    "Accept": "application/jwk-set+json, application/json",
    # nothing packed: a small answer could be a large one in disguise
    "Accept-Encoding": "identity",
    "User-Agent": "nusinersen-cds",
}


async def fetch_keys(url: str, transport: httpx.AsyncBaseTransport | None = None, seconds: float = _SECONDS) -> bytes:
    """The body at the URL. No redirect is followed. Raises KeysNotReadError."""
    try:
        async with (
            asyncio.timeout(seconds),
            httpx.AsyncClient(transport=transport, timeout=seconds) as http,
            http.stream("GET", url, headers=_HEADERS, follow_redirects=False) as response,
        ):
            return await _body(response)
    except TimeoutError:
        raise KeysNotReadError(f"no answer within {seconds:g} s") from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise KeysNotReadError(f"no connection ({type(error).__name__})") from None


async def _body(response: httpx.Response) -> bytes:
    if response.status_code != 200:
        raise KeysNotReadError(f"status {response.status_code}")
    if response.headers.get("content-encoding", "identity") != "identity":
        raise KeysNotReadError("the answer is packed, which was not asked for")
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > _MOST_BYTES:
            raise KeysNotReadError(f"more than {_MOST_BYTES} bytes")
    return bytes(body)
