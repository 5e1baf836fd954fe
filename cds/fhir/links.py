"""URLs of one FHIR server: those we build, and whether a link that it gives stays within it."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address
from urllib.parse import SplitResult, quote, unquote, urlencode, urljoin, urlsplit

from cds.fhir.errors import FhirError, Kind
from cds.fhir.needs import Parameters

_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"(?:[a-z0-9_-]+\.)*(?P<last>[a-z0-9_-]+)\.?")
_NUMBER = re.compile(r"\d+|0x[0-9a-f]*")
_SEPARATORS = re.compile(r"[/\\]")
_DECODED_AT_MOST = 4
"""How often a path is decoded in search of dots: a server behind a proxy decodes twice."""


class Base:
    """The base URL of a FHIR server, as `https://ehr.example.invalid/fhir`.

    The access token goes to URLs within it only: same scheme, host and port, and a path at or below its path. `host`
    is that of its server: a name in lower case, or an address as it is written shortest.
    Raises FhirError (unusable) for anything but an http or https URL without user, query and fragment, its host a name
    in ASCII or an address written in full, its path without dot segments.
    """

    __slots__ = ("host", "origin", "path", "segments", "url")

    def __init__(self, url: str) -> None:
        url = url.strip()
        parts = _split(url) if url.isprintable() and not set(url) & set(" \\?#") else None
        origin = _origin(parts) if parts else None
        if parts is None or origin is None or _climbs(parts.path):
            raise FhirError(Kind.UNUSABLE, "the base URL of the FHIR server is not an http or https URL; correct it")
        self.origin = origin
        scheme, self.host, port = origin
        self.path = parts.path.rstrip("/")
        self.segments = _segments(self.path)
        written = f"[{self.host}]" if ":" in self.host else self.host
        self.url = f"{scheme}://{written}{'' if port == _PORTS[scheme] else f':{port}'}{self.path}"

    def covers(self, other: Base) -> bool:
        """Whether another base URL is this one, or is below it on the same origin."""
        return other.origin == self.origin and other.segments[: len(self.segments)] == self.segments

    def search(self, resource_type: str, parameters: Parameters) -> str:
        """The URL of a search; without parameters that of one by POST, whose body is a `form`."""
        return f"{self.url}/{resource_type}{'?' if parameters else '/_search'}{form(parameters)}"

    def read(self, resource_type: str, logical_id: str) -> str:
        """The URL of one resource."""
        return f"{self.url}/{quote(resource_type, safe='')}/{quote(logical_id, safe='')}"

    def within(self, link: str, page: str | None = None) -> str | None:
        """The absolute form of a link that stays within this server, else None. `page` is where it was found."""
        try:
            url = urljoin(page or f"{self.url}/", link.strip())
        except ValueError:
            return None
        parts = _split(url)
        if parts is None or _origin(parts) != self.origin or "\\" in url:
            return None
        inside = _segments(parts.path)[: len(self.segments)] == self.segments
        return url if inside and not _climbs(parts.path) else None

    def of_server(self, link: str) -> str | None:
        """The absolute form of a link to the same server, also beside the base path, else None: where the answer to an
        asynchronous request is fetched is for the server to say."""
        try:
            url = urljoin(f"{self.url}/", link.strip())
        except ValueError:
            return None
        parts = _split(url)
        return url if parts is not None and _origin(parts) == self.origin and "\\" not in url else None

    def resource(self, reference: str) -> tuple[str, str] | None:
        """(type, id) of a reference to a resource of this server, with or without base and version, else None."""
        url = self.within(reference)
        if url is None or reference.startswith(("#", "urn:")):
            return None
        path = urlsplit(url).path.removeprefix(self.path).strip("/")
        parts = [unquote(part) for part in path.split("/")]
        if len(parts) == 4 and parts[2] == "_history":
            parts = parts[:2]
        return (parts[0], parts[1]) if len(parts) == 2 and all(parts) and parts[1] != "." else None


def host_in(url: str) -> str:
    """The host of a URL, to be told: nothing else of it, since a URL can be signed."""
    parts = _split(url)
    origin = _origin(parts) if parts is not None else None
    return origin[1] if origin is not None else "no host"


def form(parameters: Parameters) -> str:
    """Search parameters as they stand in a URL, or in the body of a search by POST."""
    return urlencode(parameters, quote_via=quote)


def _split(url: str) -> SplitResult | None:
    try:
        return urlsplit(url)
    except ValueError:
        return None


def _origin(parts: SplitResult) -> tuple[str, str, int] | None:
    """Scheme, host and port; None for other schemes, a URL with a user in it, and a host or port that is none."""
    try:
        port = parts.port
    except ValueError:
        return None
    host = _host(parts.hostname or "")
    if parts.scheme not in _PORTS or not host or "@" in parts.netloc or port == 0:
        return None
    return parts.scheme, host, port or _PORTS[parts.scheme]


def _host(name: str) -> str:
    """A host in its one spelling, empty if it has none: names that resolvers take for addresses (`0x7f.1`, `127.1`),
    and names that are not ASCII, which libraries turn into ASCII in different ways."""
    try:
        if ":" in name:
            return "" if "%" in name else IPv6Address(name).compressed
        found = _HOST.fullmatch(name)
        if found is None:
            return ""
        return str(IPv4Address(name)) if _NUMBER.fullmatch(found["last"]) else name
    except ValueError:
        return ""


def _segments(path: str) -> list[str]:
    """The segments of a path, each decoded for itself: an encoded slash divides nothing."""
    return [unquote(segment, errors="surrogateescape") for segment in path.split("/")]


def _climbs(path: str) -> bool:
    """Whether a server could take a path as leading upwards: a dot segment, encoded once or several times, or one with
    a path parameter (`..;x`), which some servers cut off."""
    for _ in range(_DECODED_AT_MOST):
        names = [segment.partition(";")[0].strip() for segment in _SEPARATORS.split(path)]
        if ".." in names or any(char < " " for char in path):
            return True
        before, path = path, unquote(path, errors="surrogateescape")
        if path == before:
            return False
    return True
