"""The URL of a called endpoint as the outside knows it: what the `aud` of a token must name."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

_PORTS = {"http": 80, "https": 443}


def normal(url: str) -> str:
    """The URL without a slash at its end, with scheme and host in lower case and without the scheme's own port.
    What is no URL, as an audience can be any text, stays as it is."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return url
    if parts.scheme not in _PORTS or not host or parts.username is not None or parts.query or parts.fragment:
        return url
    host = f"[{host}]" if ":" in host else host
    shown = "" if port is None or port == _PORTS[parts.scheme] else f":{port}"
    return f"{parts.scheme}://{host}{shown}{parts.path.removesuffix('/')}"


class Endpoints:
    """The URLs of our endpoints under each public base URL."""

    def __init__(self, bases: Iterable[str]) -> None:
        """`bases` are what comes before `/cds-services`."""
        self._bases = tuple(normal(base) for base in bases)

    def named(self, audiences: Iterable[str], path: str) -> bool:
        """Whether one of the audiences is the URL of the endpoint at `path`, such as `/cds-services`."""
        path = path.removesuffix("/")
        return not {f"{base}{path}" for base in self._bases}.isdisjoint({normal(audience) for audience in audiences})
