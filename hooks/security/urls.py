"""URLs of the trust boundary: where keys may be read from, and how the outside names our endpoints in an `aud`."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

_PORTS = {"http": 80, "https": 443}


def key_url(url: str) -> str:
    """The URL of a key set. Raises ValueError where keys cannot, or must not, be read from it."""
    parts, host = _parts(url)
    if parts.scheme == "http" and not is_loopback(host):
        raise ValueError("keys are read over https; http is for this machine only")
    return url


def public_url(url: str) -> str:
    """A base URL without a slash at its end. Raises ValueError for what cannot be one."""
    parts, _ = _parts(url)
    if parts.query or parts.path.rstrip("/").endswith("/cds-services"):
        raise ValueError("write the URL before /cds-services, without a query")
    return normal(url)


def normal(url: str) -> str:
    """The URL without a slash at its end, with scheme and host in lower case and without the scheme's own port.
    What is no URL, as an audience can be any text, stays as it is."""
    try:
        parts, host = _parts(url)
    except ValueError:
        return url
    if parts.query:
        return url
    host = f"[{host}]" if ":" in host else host
    port = "" if parts.port is None or parts.port == _PORTS[parts.scheme] else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}{parts.path.removesuffix('/')}"


class Endpoints:
    """The URLs of our endpoints under each public base URL."""

    def __init__(self, bases: Iterable[str]) -> None:
        """`bases` are what comes before `/cds-services`."""
        self._bases = tuple(normal(base) for base in bases)

    def named(self, audiences: Iterable[str], path: str) -> bool:
        """Whether one of the audiences is the URL of the endpoint at `path`, such as `/cds-services`."""
        path = path.removesuffix("/")
        return not {f"{base}{path}" for base in self._bases}.isdisjoint({normal(audience) for audience in audiences})


def _parts(url: str) -> tuple[SplitResult, str]:
    """The URL and its host. Raises ValueError for anything but a plain http or https URL."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError("this is no URL") from None
    if parts.scheme not in _PORTS or not host or any(char.isspace() for char in url):
        raise ValueError("this is no http or https URL")
    if parts.username is not None or parts.password is not None or "#" in url:
        raise ValueError("a URL with a user, a password or a fragment is of no use here")
    return parts, host


def is_loopback(host: str) -> bool:
    """Whether a host, as an address or a name, is this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
