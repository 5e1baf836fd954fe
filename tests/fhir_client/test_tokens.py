"""The token and the patient: neither reaches another server, another user or a log."""

from __future__ import annotations

import asyncio
import logging

import httpx
import pytest

from cds.fhir.client import FhirClient
from cds.fhir.connections import Http
from cds.fhir.errors import FhirError, Kind
from cds.fhir.limits import Limits
from tests.fhir_client.server import ALLOWED, BASE, PATIENT, TOKEN, administration, ask, searchset

OTHERS = [
    "https://other.example.invalid/fhir/MedicationAdministration?page=2",
    "http://ehr.example.invalid/fhir/MedicationAdministration?page=2",
    "https://ehr.example.invalid/elsewhere",
    "//other.example.invalid/fhir",
    "https://ehr.example.invalid@other.example.invalid/fhir/x",
]


class Network(httpx.MockTransport):
    """Every request that leaves, whatever the host."""

    def __init__(self, *answers: httpx.Response) -> None:
        self.requests: list[httpx.Request] = []
        self.answers = iter(answers)
        super().__init__(self.respond)

    def respond(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return next(self.answers)


@pytest.mark.parametrize("link", OTHERS)
def test_a_next_link_to_another_place_is_not_asked(link: str) -> None:
    network = Network(httpx.Response(200, json=searchset([administration(1)], link)))
    fetched = ask(network, lambda client: client.history(PATIENT))
    assert not fetched.whole
    assert [request.headers["authorization"] for request in network.requests] == [f"Bearer {TOKEN}"]
    assert all(request.url.host == "ehr.example.invalid" for request in network.requests)


@pytest.mark.parametrize("link", OTHERS)
def test_nor_is_that_of_a_prefetched_page(link: str) -> None:
    network = Network()
    assert not ask(network, lambda client: client.complete([administration(1)], link)).whole
    assert network.requests == []


def test_redirects_are_not_followed() -> None:
    network = Network(httpx.Response(307, headers={"location": OTHERS[0]}))
    with pytest.raises(FhirError, match="redirects elsewhere"):
        ask(network, lambda client: client.history(PATIENT))
    assert len(network.requests) == 1


def test_cookies_of_one_call_do_not_reach_the_next() -> None:
    network = Network(*(httpx.Response(200, json=searchset([]), headers={"set-cookie": "session=7; Path=/"}),) * 2)

    async def two_users() -> None:
        async with Http(Limits(), ALLOWED, network) as http:
            await FhirClient(http, BASE, token="first").history(PATIENT)
            await FhirClient(http, BASE, token="second").history(PATIENT)

    asyncio.run(two_users())
    assert [request.headers.get("cookie") for request in network.requests] == [None, None]
    assert [request.headers["authorization"] for request in network.requests] == ["Bearer first", "Bearer second"]


def test_without_a_token_none_is_sent() -> None:
    network = Network(httpx.Response(200, json=searchset([])))
    ask(network, lambda client: client.history(PATIENT), token=None)
    assert "authorization" not in network.requests[0].headers


@pytest.mark.parametrize("token", ["", "two words", "line\nbreak", "t\u00f6ken"])
def test_what_is_no_token_is_refused_without_repeating_it(token: str) -> None:
    with pytest.raises(FhirError, match="the access token is no bearer token") as caught:
        ask(Network(), lambda client: client.history(PATIENT), token=token)
    assert caught.value.kind is Kind.DENIED


def test_no_log_names_the_patient(caplog: pytest.LogCaptureFixture) -> None:
    network = Network(httpx.Response(200, json=searchset([])), httpx.Response(500))
    with caplog.at_level(logging.DEBUG):
        ask(network, lambda client: client.history(PATIENT))
        with pytest.raises(FhirError):
            ask(network, lambda client: client.history(PATIENT))
    assert PATIENT not in caplog.text
    assert TOKEN not in caplog.text


def test_an_error_has_no_cause_that_holds_the_request() -> None:
    def broken(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError(f"cannot reach {request.url}", request=request)

    with pytest.raises(FhirError) as caught:
        ask(httpx.MockTransport(broken), lambda client: client.history(PATIENT))
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)
    assert PATIENT not in str(caught.value)
