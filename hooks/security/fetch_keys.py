"""A key set read over HTTP: little, quickly, from the listed URL and from nowhere else."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx

from cds.fhir.addresses import Networks
from cds.fhir.outbound import NO_PROXY, Outbound
from hooks.security.key_sources import KeysNotReadError

_CONNECTED = "connection.connect_tcp.complete"
"""The event of httpx's `trace` extension when a socket is open and nothing has been sent."""
_SECONDS = 3.0
_MOST_BYTES = 262_144
_HEADERS = {
    "Accept": "application/jwk-set+json, application/json",
    # nothing packed: a small answer could be a large one in disguise
    "Accept-Encoding": "identity",
    "User-Agent": "nusinersen-cds",
}


async def fetch_keys(
    url: str,
    networks: Networks,
    transport: httpx.AsyncBaseTransport | None = None,
    seconds: float = _SECONDS,
    outbound: Outbound = NO_PROXY,
) -> bytes:
    """The body at the URL. Its server must have a public address, or one in `networks`; no redirect is followed, and no
    proxy but that of `outbound` is used, behind which the address is not seen. Raises KeysNotReadError."""
    proxied = outbound.proxied(httpx.URL(url).host)

    async def check_address(event: str, info: Mapping[str, Any]) -> None:
        """The address is that of the open connection, so that no second look-up of the name can differ."""
        if event == _CONNECTED and not proxied:
            stream = info["return_value"]
            address = stream.get_extra_info("server_addr")
            refusal = networks.refusal(str(address[0]) if address else "", httpx.URL(url).host)
            if refusal:
                await stream.aclose()
                raise KeysNotReadError(f"its server {refusal}; if that is right, add its network to fhir_networks")

    try:
        async with (
            asyncio.timeout(seconds),
            httpx.AsyncClient(transport=transport or _way(outbound if proxied else NO_PROXY), timeout=seconds) as http,
            http.stream(
                "GET", url, headers=_HEADERS, follow_redirects=False, extensions={"trace": check_address}
            ) as response,
        ):
            return await _body(response)
    except TimeoutError:
        raise KeysNotReadError(f"no answer within {seconds:g} s") from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise KeysNotReadError(f"no connection ({type(error).__name__})") from None


def _way(outbound: Outbound) -> httpx.AsyncHTTPTransport:
    return httpx.AsyncHTTPTransport(proxy=outbound.proxy or None)


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
