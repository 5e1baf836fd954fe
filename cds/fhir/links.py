"""URLs of one FHIR server: those we build, and whether a link that it gives stays within it."""

from __future__ import annotations

from urllib.parse import SplitResult, quote, unquote, urlencode, urljoin, urlsplit

from cds.fhir.errors import FhirError, Kind
from cds.fhir.needs import Parameters

_PORTS = {"http": 80, "https": 443}


class Base:
    """The base URL of a FHIR server, as `https://ehr.example.invalid/fhir`.

    The access token goes to URLs within it only: same scheme, host and port, and a path at or below its path.
    Raises FhirError (unusable) for anything but an http or https URL without user, query and fragment.
    """

    __slots__ = ("_origin", "_path", "url")

    def __init__(self, url: str) -> None:
        parts = _split(url.strip())
        origin = _origin(parts) if parts else None
        if parts is None or origin is None or parts.query or parts.fragment or "\\" in url:
            raise FhirError(Kind.UNUSABLE, "the base URL of the FHIR server is not an http or https URL; correct it")
        self._origin = origin
        self._path = parts.path.rstrip("/")
        self.url = f"{parts.scheme}://{parts.netloc}{self._path}"

    def search(self, resource_type: str, parameters: Parameters) -> str:
        """The URL of a search."""
        return f"{self.url}/{resource_type}?{urlencode(parameters, quote_via=quote)}"

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
        if parts is None or _origin(parts) != self._origin or "\\" in url:
            return None
        path, own = unquote(parts.path), unquote(self._path)
        inside = path.rstrip("/") == own or path.startswith(f"{own}/")
        # A dot segment, encoded or not, could climb out of the base path at the server.
        return url if inside and ".." not in path.split("/") else None

    def resource(self, reference: str) -> tuple[str, str] | None:
        """(type, id) of a reference to a resource of this server, with or without base and version, else None."""
        url = self.within(reference)
        if url is None or reference.startswith(("#", "urn:")):
            return None
        path = urlsplit(url).path.removeprefix(self._path).strip("/")
        parts = [unquote(part) for part in path.split("/")]
        if len(parts) == 4 and parts[2] == "_history":
            parts = parts[:2]
        return (parts[0], parts[1]) if len(parts) == 2 and all(parts) and parts[1] != "." else None


def _split(url: str) -> SplitResult | None:
    try:
        return urlsplit(url)
    except ValueError:
        return None


def _origin(parts: SplitResult) -> tuple[str, str, int] | None:
    """Scheme, host and port; None for other schemes, for a URL with a user in it, and for a port that is none."""
    try:
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _PORTS or not parts.hostname or "@" in parts.netloc:
        return None
    return parts.scheme, parts.hostname, port or _PORTS[parts.scheme]
