"""The FHIR client: one server, one token, its histories read within limits."""

from __future__ import annotations

import asyncio
import logging
import random
import ssl
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import aclosing
from http.cookiejar import CookieJar, DefaultCookiePolicy
from types import TracebackType
from typing import Any, Self, TypeAlias

import httpx

from cds.dosing.drug import Coding
from cds.fhir import fetch, medications
from cds.fhir.allowed import Allowed
from cds.fhir.errors import FhirError, Kind, from_status
from cds.fhir.exchange import Exchange, Reply, Tokens
from cds.fhir.fetch import Fetched
from cds.fhir.limits import Budget, Limits
from cds.fhir.needs import NEEDS, Need, Parameters, query
from cds.fhir.outbound import NO_PROXY, Outbound
from cds.fhir.parsed import parsed
from cds.fhir.plain import Resource
from cds.fhir.retry import RETRIED, pause_before
from cds.fhir.stream import Page, stream
from cds.fhir.unpack import ACCEPTED, BrokenBody, unpack, unpacked
from cds.fhir.watch import Watch, unwatched

_HEADERS = {
    "Accept": "application/fhir+json, application/json;q=0.9",
    "Accept-Encoding": ACCEPTED,
    # Some servers answer a repeated search from a cache of a minute or so: a dose given just now would be missing.
    "Cache-Control": "no-cache",
    "User-Agent": "nusinersen-cds",
}
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_AT_ONCE = 100
"""Requests to the servers of a site that are under way at one time."""
_CONNECTED = "connection.connect_tcp.complete"
"""The event of httpx's `trace` extension when a socket is open and nothing has been sent."""

# httpx logs the URL of each request at INFO, and ours name the patient. A filter outlives a later logging set-up.
logging.getLogger("httpx").addFilter(lambda record: record.levelno > logging.INFO)


Transport: TypeAlias = httpx.AsyncBaseTransport
"""What takes the place of the network in a test."""


class Http:
    """The connections that the clients of all requests of a site share, and the servers that they may lead to: an async
    context manager. One site has one: a connection that is used again was checked by the list of the same site.

    It keeps no cookies, since a session of one user must not serve the next, and follows no redirects. It goes through
    the proxy of `outbound` alone, and none of the environment: behind a proxy nobody sees which address is called.
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
        # Requests wait for their turn here: the pool of httpx looks through all that wait in it, again and again, so
        # that of a thousand calls at once none would be in time.
        self.turns = asyncio.Semaphore(_AT_ONCE)
        many = httpx.Limits(max_connections=_AT_ONCE, max_keepalive_connections=_AT_ONCE)
        self.pool = httpx.AsyncClient(
            transport=transport or _Ways(outbound, many),
            timeout=httpx.Timeout(limits.seconds),
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            follow_redirects=False,
        )

    async def __aenter__(self) -> Self:
        await self.pool.__aenter__()
        return self

    async def __aexit__(
        self, of_type: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.pool.__aexit__(of_type, error, trace)


class _Ways(httpx.AsyncBaseTransport):
    """The connections, with and without the proxy."""

    def __init__(self, outbound: Outbound, limits: httpx.Limits) -> None:
        self._outbound = outbound
        self._direct = httpx.AsyncHTTPTransport(limits=limits)
        proxy = outbound.proxy or None
        self._proxied = self._direct if proxy is None else httpx.AsyncHTTPTransport(limits=limits, proxy=proxy)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """One request, on its way."""
        way = self._proxied if self._outbound.proxied(request.url.host) else self._direct
        return await way.handle_async_request(request)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._direct.aclose()
        await self._proxied.aclose()


def exchange(http: Http) -> Exchange:
    """Requests beside the reading of FHIR, over the same connections: see `Exchange`."""

    async def send(
        url: str, what: str, budget: Budget, *, headers: Mapping[str, str], form: Mapping[str, str] | None = None
    ) -> Reply:
        try:
            request = http.pool.build_request(
                "GET" if form is None else "POST", url, headers={**_HEADERS, **headers}, data=form
            )
            async with asyncio.timeout_at(budget.until), http.turns:
                return await _send(http, request, what, f"{request.url.scheme}://{request.url.netloc.decode()}", budget)
        except TimeoutError:
            raise FhirError(Kind.UNAVAILABLE, f"{what}: {budget.time_limit}; try again later") from None
        except httpx.InvalidURL:
            raise FhirError(Kind.UNUSABLE, f"{what}: its address is no URL; tell the server's operator") from None

    return send


class FhirClient:
    """Reads from one FHIR server (R4, R4B, R5) at `base_url`, with a bearer token where one is needed.

    `token`: one token, or where tokens come from. `codes` turns on the filter by code of a site. `search_by_post`: no
    search by GET is tried. `observe` is shown each request as a URL, and its answer. Raises FhirError (unusable,
    denied) for a base URL that is not allowed, and for one or a token that cannot be used. The token is sent to URLs
    within the base URL only.
    """

    def __init__(
        self,
        http: Http,
        base_url: str,
        *,
        token: str | Tokens | None = None,
        limits: Limits | None = None,
        codes: Iterable[Coding] = (),
        search_by_post: bool = False,
        observe: Callable[[str, Reply], None] | None = None,
    ) -> None:
        self._http = http
        self._base = http.allowed.base(base_url)
        try:
            self._server = _server(httpx.URL(self._base.url))
        except httpx.InvalidURL:
            raise FhirError(Kind.UNUSABLE, "the base URL of the FHIR server is no URL; correct it") from None
        self._limits = limits or Limits()
        self._codes = tuple(codes)
        self._by_post = search_by_post
        self._tokens = None if token is None or isinstance(token, str) else token
        self._headers = _HEADERS | _bearer(token) if isinstance(token, str) else _HEADERS
        self._observe = observe

    async def history(self, patient_id: str, *, needs: Iterable[Need] = NEEDS, seconds: float | None = None) -> Fetched:
        """All resources of the needs of one patient, and the Medications that they refer to.

        `patient_id` is `x` or `Patient/x`; `seconds` replaces the time limit. Raises FhirError where no page could be
        read: the history is then not read, never empty.
        """
        logical_id = patient_id.removeprefix("Patient/")
        if not logical_id:
            raise FhirError(Kind.UNUSABLE, "the id of the patient is empty; name a patient")
        asked = tuple(
            (need.resource_type, query(need, logical_id, page_size=self._limits.page_size, codes=self._codes))
            for need in needs
        )
        return await fetch.history(self._base, self._get, self._budget(seconds), f"Patient/{logical_id}", asked)

    async def complete(
        self,
        resources: Iterable[Resource],
        next_url: str | None = None,
        *,
        full_urls: Mapping[str, Resource] | None = None,
        patient: str | None = None,
        seconds: float | None = None,
    ) -> Fetched:
        """What a prefetched page lacks: the pages after it, of `patient` (`Patient/x`), and the Medications it refers
        to. The given ones are part of the answer. Never raises FhirError: what could not be read is a problem, and a
        lost page makes the history not whole."""
        budget = self._budget(seconds)
        return await fetch.complete(self._base, self._get, budget, resources, next_url, full_urls or {}, patient)

    async def medications(self, references: Iterable[str], *, seconds: float | None = None) -> Fetched:
        """The Medications behind literal references, those of drafts for example, in `by_reference`. Never raises
        FhirError: what is not on the server is left out, what could not be read is a problem and in `unread`."""
        return await fetch.medications(self._base, self._get, self._budget(seconds), references)

    async def read(self, resource_type: str, logical_id: str, *, seconds: float | None = None) -> Resource:
        """One resource. Raises FhirError: missing (404, 410), denied, unavailable, unusable."""
        budget = self._budget(seconds)
        try:
            async with asyncio.timeout_at(budget.until):
                return await medications.read(self._base, self._get, budget, resource_type, logical_id)
        except TimeoutError:
            raise budget.too_late(f"the read of a {resource_type}", self._base.url) from None

    async def pages(self, resource_type: str, parameters: Parameters) -> AsyncIterator[Page]:
        """All resources of a type, page by page, in memory that does not grow; the limits are those of one page. Raises
        FhirError where a page cannot be had, and where something of it is missing."""
        async for page in stream(self._base, self._get, self._budget, resource_type, parameters):
            yield page

    async def send(
        self,
        method: str,
        url: str,
        what: str,
        headers: Mapping[str, str],
        *,
        with_token: bool = True,
        into: Callable[[bytes], object] | None = None,
    ) -> Reply:
        """One request that is no reading of FHIR, to a URL of the same server; answered with any status. `into` takes
        the body of a 200, however large, part by part; the time limit is then that between two parts. Raises
        FhirError."""
        target = self._base.of_server(url)
        if target is None:
            raise FhirError(Kind.UNUSABLE, f"{what}: a URL leads away from the server {self._base.url}; it is not used")
        budget = self._budget(None)
        tokens = self._tokens if with_token else None
        plain = self._headers if with_token else _HEADERS
        for again in (True, False):
            token = await tokens.token(budget) if tokens else None
            signed = plain if token is None else plain | _bearer(token)
            try:
                request = self._http.pool.build_request(method, target, headers={**signed, **headers})
            except httpx.InvalidURL as error:
                raise _fault(error, what, self._base.url) from None
            async with self._http.turns:
                if into is None:
                    async with asyncio.timeout_at(budget.until):
                        reply = await _send(self._http, request, what, self._base.url, budget)
                else:
                    reply = await _send(self._http, request, what, self._base.url, budget, into)
            if reply.status != 401 or tokens is None or token is None or not again:
                return reply
            tokens.refused(token)
        raise AssertionError("unreachable: the second attempt returns or raises")

    def _budget(self, seconds: float | None) -> Budget:
        return Budget.start(self._limits, asyncio.get_running_loop().time(), seconds, by_post=self._by_post)

    async def _get(self, url: str, what: str, budget: Budget, *, read: bool = False, form: str | None = None) -> object:
        """The JSON value at a URL within the base, asked for again where that may help. A search by POST changes
        nothing on the server, so that it is as safe to repeat as a GET."""
        for attempt in range(1, budget.limits.tries + 1):
            headers: Mapping[str, str] = {}
            try:
                reply = await self._once(url, what, budget, form)
            except FhirError as fault:
                error, again = fault, fault.kind is Kind.UNAVAILABLE
            else:
                if 200 <= reply.status < 300:
                    return parsed(reply, what, self._base)
                error = from_status(reply.status, what, self._base.url, reply.json, read=read)
                again, headers = reply.status in RETRIED, reply.headers
            left = budget.until - asyncio.get_running_loop().time()
            pause = pause_before(attempt, headers, first=budget.limits.pause, random=random.random)
            # Where the server asks for more time than there is, the call fails now and not at the deadline.
            if not again or attempt == budget.limits.tries or pause >= left:
                raise error
            await asyncio.sleep(pause)
        raise AssertionError("unreachable: the last attempt returns or raises")

    async def _once(self, url: str, what: str, budget: Budget, form: str | None) -> Reply:
        """One answer. A token that was refused is renewed once, since it may have expired or been withdrawn."""
        if self._tokens is None:
            return await self._ask(url, what, budget, self._headers, form)
        token = await self._tokens.token(budget)
        reply = await self._ask(url, what, budget, self._headers | _bearer(token), form)
        if reply.status != 401:
            return reply
        self._tokens.refused(token)
        return await self._ask(url, what, budget, self._headers | _bearer(await self._tokens.token(budget)), form)

    async def _ask(self, url: str, what: str, budget: Budget, headers: dict[str, str], form: str | None) -> Reply:
        """One request within the base. Raises FhirError where no answer comes."""
        try:
            if form is None:
                request = self._http.pool.build_request("GET", url, headers=headers)
            else:
                request = self._http.pool.build_request("POST", url, headers=headers | _FORM, content=form)
        except httpx.InvalidURL as error:
            raise _fault(error, what, self._base.url) from None
        if _server(request.url) != self._server:
            raise FhirError(Kind.UNUSABLE, f"{what}: a link leads away from {self._base.url}; it is not followed")
        async with self._http.turns:
            reply = await _send(self._http, request, what, self._base.url, budget)
        if self._observe is not None:
            self._observe(url if form is None else f"{url}?{form}", reply)
        return reply


async def _send(
    http: Http,
    request: httpx.Request,
    what: str,
    where: str,
    budget: Budget,
    into: Callable[[bytes], object] | None = None,
) -> Reply:
    """Send one request and read its answer within the budget; the body of a 200 goes to `into`, where that is given,
    and costs nothing. Raises FhirError for every fault of the connection, and
    for a server whose address may not be called: it is asked nothing."""

    async def check_address(event: str, info: Mapping[str, Any]) -> None:
        """The address is that of the open connection, so that no second look-up of the name can differ."""
        if event == _CONNECTED and not http.outbound.proxied(request.url.host):
            stream = info["return_value"]
            address = stream.get_extra_info("server_addr")
            refusal = http.allowed.refusal(str(address[0]) if address else "", request.url.host)
            if refusal:
                await stream.aclose()
                text = f"{what}: the server {where} {refusal}"
                raise FhirError(Kind.DENIED, f"{text}. If that is right, add its network to the setting fhir_networks")

    request.extensions["trace"] = check_address
    with http.watch(what, request.headers) as answered:
        try:
            response = await http.pool.send(request, stream=True, auth=None, follow_redirects=False)
            async with aclosing(response):
                packed = response.headers.get("content-encoding", "")
                assert isinstance(response.stream, httpx.AsyncByteStream), "an answer to an asynchronous client is one"
                # as it came: httpx would unpack each part whole, however large it becomes
                body = b""
                if into is not None and response.status_code == 200:
                    await unpack(response.stream, packed, lambda _: None, into)
                else:
                    body = await unpacked(response.stream, packed, lambda size: budget.spend(size, what, where))
                answered(response.status_code)
                return Reply(response.status_code, response.headers, body)
        except (httpx.HTTPError, httpx.InvalidURL, BrokenBody) as error:
            fault = _fault(error, what, where)
        # raised here, since an error of httpx holds the request and with it the token
        raise fault


def _fault(error: Exception, what: str, where: str) -> FhirError:
    """A fault of the connection, classed."""
    match error:
        case httpx.TimeoutException():
            return FhirError(Kind.UNAVAILABLE, f"{what}: {where} did not answer in time; try again later")
        case httpx.NetworkError() | httpx.RemoteProtocolError() | httpx.ProxyError():
            untrusted = _certificate_fault(error)
            if untrusted:
                text = f"{what}: the certificate of {where} is not trusted ({untrusted}); mend it or trust its issuer"
                return FhirError(Kind.UNUSABLE, text)
            text = f"{what}: {where} cannot be reached or broke off; check that it runs, and try again later"
            return FhirError(Kind.UNAVAILABLE, text)
        case _:
            text = f"{what}: the answer of {where} cannot be decoded, or its link is no URL; ask its operator"
            return FhirError(Kind.UNUSABLE, text)


def _certificate_fault(error: BaseException | None) -> str:
    """Why a certificate was refused, in the words of OpenSSL; empty where that is not what went wrong."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return error.verify_message
        error = error.__cause__ or error.__context__
    return ""


def _bearer(token: str) -> dict[str, str]:
    """The header for a token. Raises FhirError (denied) for what cannot be one."""
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise FhirError(Kind.DENIED, "the access token is no bearer token; get a new one")
    return {"Authorization": f"Bearer {token}"}


def _server(url: httpx.URL) -> tuple[str, bytes, int | None]:
    return url.scheme, url.raw_host, url.port
