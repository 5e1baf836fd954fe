"""The way out of the house: a proxy through which servers are called, and the hosts that need none."""

from __future__ import annotations

from collections.abc import Iterable

from cds.fhir.smart_configuration import is_loopback


class Outbound:
    """`proxy` is its URL (http or https, perhaps with user and password), empty where there is none. `direct` are hosts
    that are called without it, as this machine always is.

    A server behind a proxy is looked up by the proxy: at which address it is cannot be seen from here.
    """

    __slots__ = ("_direct", "proxy")

    def __init__(self, proxy: str = "", direct: Iterable[str] = ()) -> None:
        self.proxy, self._direct = proxy, frozenset(host.lower() for host in direct)

    def proxied(self, host: str) -> bool:
        """Whether the server of this host is called through the proxy."""
        return bool(self.proxy) and host.lower() not in self._direct and not is_loopback(host)


NO_PROXY = Outbound()
