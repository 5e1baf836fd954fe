"""The FHIR client: one server, one token, its histories read within limits."""

from __future__ import annotations

import asyncio
import random
import ssl
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping
from contextlib import aclosing
from typing import Any

import httpx

from cds.dosing.drug import Coding
from cds.fhir import fetch, medications
from cds.fhir.connections import Http, Transport
from cds.fhir.errors import FhirError, Kind, from_status
from cds.fhir.exchange import Exchange, Reply, Tokens
from cds.fhir.fetch import Fetched
from cds.fhir.limits import Budget, Limits
from cds.fhir.links import Base, host_in
from cds.fhir.needs import NEEDS, Need, Parameters, query
from cds.fhir.parsed import parsed
from cds.fhir.plain import Resource
from cds.fhir.retry import RETRIED, pause_before
from cds.fhir.stream import Page, stream
from cds.fhir.unpack import ACCEPTED, BrokenBody, unpack, unpacked

_HEADERS = {
    "Accept": "application/fhir+json, application/json;q=0.9",
    "Accept-Encoding": ACCEPTED,
    # Some servers answer a repeated search from a cache of a minute or so: a dose given just now would be missing.
    "Cache-Control": "no-cache",
    "User-Agent": "nusinersen-cds",
}
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_CONNECTED = "connection.connect_tcp.complete"
"""The event of httpx's `trace` extension when a socket is open and nothing has been sent."""


def exchange(http: Http) -> Exchange:
    """Requests beside the reading of FHIR, over the same connections: see `Exchange`."""

    async def send(
        url: str, what: str, budget: Budget, *, headers: Mapping[str, str], form: Mapping[str, str] | None = None
    ) -> Reply:
        try:
            method = "GET" if form is None else "POST"
            request = http.request(method, url, {**_HEADERS, **headers}, data=form)
            where = f"{request.url.scheme}://{request.url.netloc.decode()}"
            async with asyncio.timeout_at(budget.until), http.turn(budget.until) as way:
                return await _send(http, way, request, what, where, budget)
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

    async def history(
        self,
        patient_id: str,
        *,
        needs: Iterable[Need] = NEEDS,
        seconds: float | None = None,
        also: Collection[str] = (),
    ) -> Fetched:
        """All resources of the needs of one patient, and the Medications that they refer to.

        `patient_id` is `x` or `Patient/x`; `seconds` replaces the time limit; `also` are the other ids (`Patient/x`)
        that the patient is known to have, of which records may come too. Raises FhirError where no page could be
        read: the history is then not read, never empty.
        """
        logical_id = patient_id.removeprefix("Patient/")
        if not logical_id:
            raise FhirError(Kind.UNUSABLE, "the id of the patient is empty; name a patient")
        asked = tuple(
            (need.resource_type, query(need, logical_id, page_size=self._limits.page_size, codes=self._codes))
            for need in needs
        )
        return await fetch.history(self._base, self._get, self._budget(seconds), f"Patient/{logical_id}", asked, also)

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
        elsewhere: Iterable[Base] = (),
    ) -> Reply:
        """One request that is no reading of FHIR, to a URL of the same server, or of those `elsewhere`, to which no
        token goes; answered with any status. `into` takes the body of a 200, however large, part by part; the time
        limit is then that between two parts. Raises FhirError."""
        target = self._base.of_server(url)
        if target is None:
            target = next((found for other in elsewhere if (found := other.of_server(url)) is not None), None)
            with_token = False
        if target is None:
            text = f"{what}: a URL leads away from the server {self._base.url}, to {host_in(url)}"
            raise FhirError(Kind.UNUSABLE, f"{text}; it is used only where that server is named too")
        budget = self._budget(None)
        tokens = self._tokens if with_token else None
        plain = self._headers if with_token else _HEADERS
        for again in (True, False):
            token = await tokens.token(budget) if tokens else None
            signed = plain if token is None else plain | _bearer(token)
            try:
                request = self._http.request(method, target, {**signed, **headers})
            except httpx.InvalidURL as error:
                raise _fault(error, what, self._base.url) from None
            # without a limit for the whole where parts are taken, however many they are
            async with asyncio.timeout_at(budget.until if into is None else None), self._http.turn(budget.until) as way:
                reply = await _send(self._http, way, request, what, self._base.url, budget, into)
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
            try:
                reply = await self._once(url, what, budget, form)
            except FhirError as error:
                pause = self._pause(attempt, {}, budget) if error.kind is Kind.UNAVAILABLE else None
                if pause is None:
                    raise
            else:
                if 200 <= reply.status < 300:
                    return parsed(reply, what, self._base)
                pause = self._pause(attempt, reply.headers, budget) if reply.status in RETRIED else None
                if pause is None:
                    raise from_status(reply.status, what, self._base.url, reply.json, read=read)
            await asyncio.sleep(pause)
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _pause(self, attempt: int, headers: Mapping[str, str], budget: Budget) -> float | None:
        """Seconds until the next attempt; None where none is made. Where the server asks for more time than there is,
        the call fails now and not at the deadline."""
        if attempt == budget.limits.tries:
            return None
        pause = pause_before(attempt, headers, first=budget.limits.pause, random=random.random)
        return pause if pause < budget.until - asyncio.get_running_loop().time() else None

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
            async with self._http.turn(budget.until) as way:
                # not before its turn: a request that is made and never sent costs as much as one that is
                if form is None:
                    request = self._http.request("GET", url, headers)
                else:
                    request = self._http.request("POST", url, headers | _FORM, content=form)
                if _server(request.url) != self._server:
                    text = f"{what}: a link leads away from {self._base.url}; it is not followed"
                    raise FhirError(Kind.UNUSABLE, text)
                reply = await _send(self._http, way, request, what, self._base.url, budget)
        except httpx.InvalidURL as error:
            raise _fault(error, what, self._base.url) from None
        if self._observe is not None:
            self._observe(url if form is None else f"{url}?{form}", reply)
        return reply


async def _send(
    http: Http,
    way: Transport,
    request: httpx.Request,
    what: str,
    where: str,
    budget: Budget,
    into: Callable[[bytes], object] | None = None,
) -> Reply:
    """Send one request and read its answer within the budget; the body of a 200 goes to `into`,
    where that is given, and costs nothing. Raises FhirError for every fault of the connection, and for a server whose
    address may not be called: it is asked nothing."""

    # not the request itself: it holds the function, and a circle of the two would keep the token for a while
    host = request.url.host

    async def check_address(event: str, info: Mapping[str, Any]) -> None:
        """The address is that of the open connection, so that no second look-up of the name can differ."""
        if event == _CONNECTED and not http.outbound.proxied(host):
            opened = info["return_value"]
            address = opened.get_extra_info("server_addr")
            refusal = http.allowed.refusal(str(address[0]) if address else "", host)
            if refusal:
                await opened.aclose()
                text = f"{what}: the server {where} {refusal}"
                raise FhirError(Kind.DENIED, f"{text}. If that is right, add its network to the setting fhir_networks")

    request.extensions["trace"] = check_address
    with http.watch(what, request.headers) as answered:
        try:
            response = await way.handle_async_request(request)
            stream = response.stream
            assert isinstance(stream, httpx.AsyncByteStream), "an answer to an asynchronous client is one"
            async with aclosing(stream):
                packed = response.headers.get("content-encoding", "")
                # as it came: httpx would unpack each part whole, however large it becomes
                body = b""
                if into is not None and response.status_code == 200:
                    await unpack(stream, packed, lambda _: None, into)
                else:
                    body = await unpacked(stream, packed, lambda size: budget.spend(size, what, where))
                answered(response.status_code)
                return Reply(response.status_code, response.headers, body)
        except (httpx.HTTPError, httpx.InvalidURL, BrokenBody) as error:
            fault = _fault(error, what, where)
        try:
            # raised here, since an error of httpx holds the request and with it the token
            raise fault
        finally:
            del fault  # it holds this frame: a circle, which stays in the memory for a while


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
