"""The EHRs that people can sign in at: listed FHIR servers of sites with a client id, and what each tells of itself."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from cds.fhir.client import exchange
from cds.fhir.errors import FhirError
from cds.fhir.exchange import Exchange
from cds.fhir.limits import Budget
from cds.fhir.links import Base
from cds.fhir.smart_configuration import SmartConfiguration, discover, usable
from hooks.desk import Desk
from hooks.launch.client import Client
from hooks.launch.failure import ADMINISTRATOR, LaunchError
from hooks.security.key_sources import KeysNotReadError, KeySource, UrlKeys
from hooks.security.urls import is_loopback

_FRESH = 600.0
"""Seconds for which what a server tells of itself is believed."""
_SECONDS = 10.0
"""Time for one request to a server, while a person waits."""
_OPENID = ".well-known/openid-configuration"
_CHALLENGE = "S256"


@dataclass(slots=True)
class Server:
    """One EHR: its FHIR server, the site it is of, and this service as its client."""

    base: Base
    desk: Desk
    client: Client
    ticks: Callable[[], float] = time.monotonic
    _told: SmartConfiguration | None = field(default=None, init=False)
    _told_at: float = field(default=0.0, init=False)
    _keys: dict[str, UrlKeys] = field(default_factory=dict, init=False)

    @property
    def exchange(self) -> Exchange:
        """Requests to it, over the connections of the site."""
        if self.desk.http is None:
            raise RuntimeError("the connections to FHIR servers are opened when the application starts")
        return exchange(self.desk.http)

    def budget(self) -> Budget:
        """The time for one request."""
        return Budget.start(self.desk.limits, asyncio.get_running_loop().time(), _SECONDS)

    async def configuration(self) -> SmartConfiguration:
        """Its endpoints. Raises LaunchError where nobody can sign in there."""
        if self._told is None or self.ticks() - self._told_at >= _FRESH:
            try:
                told = await discover(self.exchange, self.base, self.budget())
                if not told.authorization_endpoint:
                    raise _no_launch("names no address at which people sign in")
                usable(told.authorization_endpoint, self.base, "authorization endpoint")
            except FhirError as error:
                raise LaunchError("not-discovered", f"{error.message}.", ADMINISTRATOR, 502) from None
            if told.challenges and _CHALLENGE not in told.challenges:
                raise _no_launch(f"does not list the code challenge {_CHALLENGE}")
            self._told, self._told_at = told, self.ticks()
        return self._told

    async def issuer(self) -> tuple[str, KeySource]:
        """The `iss` of its id_tokens, and the keys that sign them. Raises LaunchError."""
        told = await self.configuration()
        if not (told.issuer and told.jwks_uri):
            told = await self._openid(told)
            self._told = told
        if told.jwks_uri not in self._keys:
            self._keys = {told.jwks_uri: UrlKeys(told.jwks_uri, self._fetch)}
        return told.issuer, self._keys[told.jwks_uri]

    async def _openid(self, told: SmartConfiguration) -> SmartConfiguration:
        """SMART 1 leaves issuer and keys to OpenID Connect Discovery."""
        at = (told.issuer or self.base.url).rstrip("/")
        try:
            usable(at, self.base, "issuer")
            reply = await self.exchange(
                f"{at}/{_OPENID}", "the OpenID configuration", self.budget(), headers={"Accept": "application/json"}
            )
            found = reply.json if reply.status == 200 else None
            names = found if isinstance(found, dict) else {}
            issuer, url = names.get("issuer"), names.get("jwks_uri")
            if not isinstance(issuer, str) or not isinstance(url, str) or (told.issuer and issuer != told.issuer):
                raise _no_launch(f"names no keys of its id_tokens, neither itself nor at {_OPENID}")
            return replace(told, issuer=issuer, jwks_uri=usable(url, self.base, "address of keys"))
        except FhirError as error:
            raise LaunchError("not-discovered", f"{error.message}.", ADMINISTRATOR, 502) from None

    async def _fetch(self, url: str) -> bytes:
        try:
            usable(url, self.base, "address of keys")
            headers = {"Accept": "application/jwk-set+json, application/json"}
            reply = await self.exchange(url, "the keys of id_tokens", self.budget(), headers=headers)
        except FhirError as error:
            raise KeysNotReadError(error.message) from None
        if reply.status != 200:
            raise KeysNotReadError(f"status {reply.status}")
        return reply.body


class Servers:
    """All of them, by base URL."""

    def __init__(self, servers: Iterable[Server]) -> None:
        self._by_url = {server.base.url: server for server in servers}

    def __iter__(self) -> Iterator[Server]:
        """Each server once: the first of those that are names of this machine alone stands for all of them."""
        found: dict[tuple[str, int | None, str], Server] = {}
        for server in self._by_url.values():
            found.setdefault(_where(server.base.url), server)
        return iter(found.values())

    def several(self, site: str) -> bool:
        """Whether the bare id of a patient can mean more than one person at a site."""
        return sum(server.desk.site.id == site for server in self) > 1

    def same(self, one: str, other: str) -> bool:
        """Whether two base URLs are of one listed server: equal, or names of this machine alone."""
        found = [self.find(url) for url in (one, other)]
        first, second = (_where(each.base.url) if each is not None else None for each in found)
        return first is not None and first == second

    def find(self, issuer: str) -> Server | None:
        """The listed server with this base URL; None for any other: nothing is asked of it."""
        try:
            return self._by_url.get(Base(issuer).url)
        except FhirError:
            return None


def _where(url: str) -> tuple[str, int | None, str]:
    parts = urlsplit(url)
    host = parts.hostname or ""
    return ("" if is_loopback(host) else f"{parts.scheme} {host}"), parts.port, parts.path


def _no_launch(why: str) -> LaunchError:
    return LaunchError("no-launch", f"The EHR {why}.", ADMINISTRATOR, 502)
