"""The connections to the FHIR servers of a site, and whose turn it is to send a request."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self, TypeAlias

import httpx

from cds.fhir.allowed import Allowed
from cds.fhir.limits import Limits
from cds.fhir.outbound import NO_PROXY, Outbound
from cds.fhir.turns import Turns
from cds.fhir.watch import Watch, unwatched

AT_ONCE = 100
"""Requests to the servers of a site that are under way at one time."""
_IN_ONE_POOL = 10
"""Connections in one pool of httpx, which at each request looks at every connection for every one that is idle: with
100 in one pool that took more time than all else that a read takes."""

Transport: TypeAlias = httpx.AsyncBaseTransport
"""What takes the place of the network in a test."""


class Http:
    """The connections that the clients of all requests of a site share, and the servers that they may lead to: an async
    context manager. One site has one: a connection that is used again was checked by the list of the same site.

    Nothing but transports of httpx: no cookies, since a session of one user must not serve the next, no redirects, no
    log of URLs, which name the patient. It goes through the proxy of `outbound` alone, and none of the environment:
    behind a proxy nobody sees which address is called.
    """

    def __init__(
        self,
        limits: Limits,
        allowed: Allowed,
        transport: Transport | None = None,
        watch: Watch = unwatched,
        outbound: Outbound = NO_PROXY,
    ) -> None:
        self.allowed, self.watch, self.outbound = allowed, watch, outbound
        # Requests wait for their turn here: a pool would look through all that wait in it, again and again, so that of
        # a thousand calls at once none would be in time.
        self._turns = Turns(AT_ONCE)
        self._transport, self._trusted = transport, None if transport else httpx.create_ssl_context()
        self._pools = [self._new_pool() for _ in range(AT_ONCE // _IN_ONE_POOL)]
        self._left: set[_Pool] = set()
        self._closing: set[asyncio.Task[None]] = set()
        self._timeout = httpx.Timeout(limits.seconds).as_dict()

    @asynccontextmanager
    async def turn(self, until: float) -> AsyncIterator[Transport]:
        """The way for one request, once it is its turn: the first pool with a free connection, so that those that are
        open are used again. `until`: the deadline of its call, a time of the event loop."""
        await self._turns.take(until)
        pool = next(pool for pool in self._pools if pool.free)
        pool.free -= 1
        try:
            yield pool
        except BaseException:
            self._leave(pool)
            raise
        finally:
            pool.free += 1
            self._turns.give_back()
            if pool in self._left and pool.free == _IN_ONE_POOL:
                self._left.discard(pool)
                task = asyncio.create_task(pool.aclose())
                self._closing.add(task)
                task.add_done_callback(self._closing.discard)

    def _leave(self, pool: _Pool) -> None:
        """A new pool in place of one in which a request was broken off, as by a deadline: httpcore can then keep the
        connection as in use for ever, and a pool full of these answers nobody. It is closed after its last one."""
        if pool in self._pools and self._transport is None:
            self._pools[self._pools.index(pool)] = self._new_pool()
            self._left.add(pool)

    def _new_pool(self) -> _Pool:
        return _Pool(self.outbound, self._transport, self._trusted)

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        *,
        content: str | None = None,
        data: Mapping[str, str] | None = None,
    ) -> httpx.Request:
        """A request within the time limit. Raises httpx.InvalidURL."""
        within = {"timeout": self._timeout}
        return httpx.Request(method, url, headers=headers, content=content, data=data, extensions=within)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, of_type: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for pool in (*self._pools, *self._left):
            await pool.aclose()
        await asyncio.gather(*self._closing)


class _Pool(httpx.AsyncBaseTransport):
    """A few connections, with and without the proxy. `free`: how many requests it may take."""

    def __init__(self, outbound: Outbound, transport: Transport | None, trusted: ssl.SSLContext | None) -> None:
        self.free = _IN_ONE_POOL
        self._outbound = outbound
        self._direct = transport or _connections(trusted)
        self._proxied = _connections(trusted, outbound.proxy) if outbound.proxy and not transport else self._direct

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """One request, on its way."""
        way = self._proxied if self._outbound.proxied(request.url.host) else self._direct
        return await way.handle_async_request(request)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._direct.aclose()
        await self._proxied.aclose()


def _connections(trusted: ssl.SSLContext | None, proxy: str | None = None) -> Transport:
    many = httpx.Limits(max_connections=_IN_ONE_POOL, max_keepalive_connections=_IN_ONE_POOL)
    return httpx.AsyncHTTPTransport(verify=trusted or True, limits=many, proxy=proxy)
