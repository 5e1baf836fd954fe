"""The FHIR servers that a site allows us to call; no other is ever contacted."""

from __future__ import annotations

from collections.abc import Iterable

from cds.fhir.addresses import Networks
from cds.fhir.errors import FhirError, Kind
from cds.fhir.links import Base


class Allowed:
    """The base URLs that a site lists, and the networks in which their servers may be (see Networks). Raises FhirError
    for what is no base URL, ValueError for what is no network."""

    __slots__ = ("_listed", "_networks")

    def __init__(self, servers: Iterable[str], networks: Iterable[str] = ()) -> None:
        self._listed = tuple(Base(each) for each in servers)
        self._networks = Networks(networks)

    def base(self, url: str) -> Base:
        """The base URL of a server that may be called: one that is listed, or a path below one on the same origin.

        Raises FhirError (denied) for any other, without asking anything of it, and unusable for what is no base URL.
        """
        base = Base(url)
        if not any(each.covers(base) for each in self._listed):
            # Of a URL that came with a request only the server is repeated: its path could hold anything.
            server = base.url.removesuffix(base.path)
            text = f"the FHIR server {server}, with its path, is not on the list of those that this service may call"
            raise FhirError(Kind.DENIED, f"{text}; if it should be, add its base URL to the setting fhir_servers")
        return base

    def admits(self, url: str) -> bool:
        """Whether a server may be called."""
        try:
            self.base(url)
        except FhirError:
            return False
        return True

    def refusal(self, address: str, host: str) -> str:
        """Why a server of this host must not be called at this address; empty where it may be (see Networks)."""
        listed = any(each.host == host for each in self._listed)
        return self._networks.refusal(address, host if listed else "")
