"""Our FHIR client on HAPI FHIR: pages, references, searches by POST, tokens, refusals."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import TypeVar

import httpx
import pytest

from cds.fhir.addresses import EVERYWHERE
from cds.fhir.allowed import Allowed
from cds.fhir.client import FhirClient
from cds.fhir.connections import Http
from cds.fhir.errors import FhirError, Kind
from cds.fhir.exchange import Reply
from cds.fhir.fetch import Fetched
from cds.fhir.limits import Limits
from cds.fhir.needs import NEEDS
from hooks.sandbox.load import transaction
from tests.servers.hapi.conftest import PATIENTS, RECORD, SECONDS, TOKEN

pytestmark = pytest.mark.hapi

T = TypeVar("T")


@dataclass
class Asking:
    """The client that the service uses, on one server; it keeps the URLs it asked."""

    base: str
    token: str | None = None
    by_post: bool = False
    seen: list[str] = field(default_factory=list)

    def __call__(self, call: Callable[[FhirClient], Awaitable[T]], page_size: int = 2) -> T:
        limits = Limits(seconds=SECONDS, page_size=page_size)

        async def asking() -> T:
            async with Http(limits, Allowed([self.base], EVERYWHERE)) as http:
                client = FhirClient(
                    http,
                    self.base,
                    token=self.token,
                    limits=limits,
                    search_by_post=self.by_post,
                    observe=self._observe,
                )
                return await call(client)

        return asyncio.run(asking())

    def _observe(self, url: str, _: Reply) -> None:
        self.seen.append(url.removeprefix(self.base))


def records(fetched: Fetched) -> list[str]:
    """The references of the administrations that were read, in their order."""
    return [f"{RECORD}/{each['id']}" for each in fetched.resources if each["resourceType"] == RECORD]


def of_patient(name: str) -> set[str]:
    """The administrations of a demo patient, as they stand in the fixtures."""
    return {f"{RECORD}/{each['id']}" for each in PATIENTS[name].resources if each["resourceType"] == RECORD}


def test_it_is_hapi_and_speaks_r4(hapi: str) -> None:
    statement = httpx.get(f"{hapi}/fhir/metadata", timeout=SECONDS).json()
    assert (statement["software"]["name"], statement["fhirVersion"]) == ("HAPI FHIR Server", "4.0.1")


@pytest.mark.parametrize("name", PATIENTS)
def test_each_history_is_read_whole_by_pages_of_two(hapi: str, name: str) -> None:
    ask = Asking(f"{hapi}/fhir")
    fetched = ask(lambda client: client.history(name))
    assert (fetched.whole, fetched.unread) == (True, ()), fetched.problems
    assert sorted(records(fetched)) == sorted(of_patient(name))
    further = [url for url in ask.seen if url.startswith("?_getpages=")]
    assert len(further) == max(0, -(-len(of_patient(name)) // 2) - 1)


def test_a_page_of_the_default_size_holds_a_history(hapi: str) -> None:
    ask = Asking(f"{hapi}/fhir")
    assert ask(lambda client: client.history("overdue"), page_size=500).whole
    assert len(ask.seen) == 1


def test_a_long_history_is_read_whole_though_hapi_gives_smaller_pages_than_asked_for(hapi: str) -> None:
    person = {"resourceType": "Patient", "id": "many"}
    record = {**next(each for each in PATIENTS["overdue"].resources if each["resourceType"] == RECORD)}
    record["subject"] = {"reference": "Patient/many"}
    days = [date(2000, 1, 1) + timedelta(days=number) for number in range(450)]
    doses = [{**record, "id": f"many-{n}", "effectiveDateTime": day.isoformat()} for n, day in enumerate(days)]
    sent = httpx.post(f"{hapi}/fhir", json=transaction([person, *doses]), timeout=600)
    assert sent.status_code == 200, sent.text[:2000]
    ask = Asking(f"{hapi}/fhir")
    fetched = ask(lambda client: client.history("many"), page_size=1000)
    read = [each["effectiveDateTime"] for each in fetched.resources if each["resourceType"] == RECORD]
    assert fetched.whole
    assert read == [day.isoformat() for day in reversed(days)]
    assert len(ask.seen) > 1


def test_medications_come_with_their_records_and_are_not_asked_for_again(hapi: str) -> None:
    ask = Asking(f"{hapi}/fhir")
    fetched = ask(lambda client: client.history("overdue"))
    assert [each["id"] for each in fetched.resources if each["resourceType"] == "Medication"] == ["spinraza-12mg"]
    assert not [url for url in ask.seen if url.startswith(("/Medication/", "/Medication?"))]


def test_medications_are_found_one_by_one_and_many_at_a_time(hapi: str) -> None:
    one, many = Asking(f"{hapi}/fhir"), Asking(f"{hapi}/fhir")
    wanted = ["Medication/spinraza-12mg", "Medication/midazolam", "Medication/not-on-this-server"]
    assert list(one(lambda client: client.medications(wanted[:1])).by_reference) == wanted[:1]
    fetched = many(lambda client: client.medications(wanted))
    assert (sorted(fetched.by_reference), fetched.unread) == (sorted(wanted[:2]), ())
    assert one.seen == ["/Medication/spinraza-12mg"]
    assert many.seen == [
        "/Medication?_id=spinraza-12mg%2Cmidazolam%2Cnot-on-this-server&_count=3",
        "/Medication/not-on-this-server",
    ]


def test_a_medication_that_was_deleted_is_gone_and_not_unread(hapi: str) -> None:
    url = f"{hapi}/fhir/Medication/short-lived"
    assert httpx.put(url, json={"resourceType": "Medication", "id": "short-lived"}, timeout=SECONDS).status_code == 201
    assert httpx.delete(url, timeout=SECONDS).status_code == 200
    assert httpx.get(url, timeout=SECONDS).status_code == 410
    fetched = Asking(f"{hapi}/fhir")(lambda client: client.medications(["Medication/short-lived"]))
    assert (fetched.by_reference, fetched.unread, fetched.whole) == ({}, (), True)


def test_a_search_that_is_refused_is_made_again_with_less(hapi: str) -> None:
    """HAPI answers 400 to an `_include` and a `_sort` that it does not know."""
    ask = Asking(f"{hapi}/fhir")
    unknown = [replace(NEEDS[0], include=(f"{RECORD}:no-such-one",)), replace(NEEDS[0], sort="-no-such-order")]
    for need, asked in zip(unknown, (2, 3), strict=True):
        ask.seen.clear()
        fetched = ask(lambda client, need=need: client.history("overdue", needs=[need]), page_size=50)
        assert (fetched.whole, fetched.problems) == (True, ())
        assert set(records(fetched)) == of_patient("overdue")
        assert len([url for url in ask.seen if url.startswith(f"/{RECORD}?")]) == asked


@pytest.mark.parametrize("name", ["overdue", "transfer", "not-started"])
def test_a_search_by_post_finds_what_one_by_get_does(hapi: str, name: str) -> None:
    by_get, by_post, made_to = Asking(f"{hapi}/fhir"), Asking(f"{hapi}/fhir", by_post=True), Asking(f"{hapi}/posted")
    read = [ask(lambda client: client.history(name)) for ask in (by_get, by_post, made_to)]
    assert [fetched.whole for fetched in read] == [True] * 3
    assert read[0].resources == read[1].resources == read[2].resources
    asked = [[url.partition("?")[0] for url in ask.seen] for ask in (by_get, by_post, made_to)]
    assert (asked[0][0], asked[1][0], asked[2][:2]) == (
        f"/{RECORD}",
        f"/{RECORD}/_search",
        [f"/{RECORD}", f"/{RECORD}/_search"],
    )
    assert len(made_to.seen) == len(by_get.seen) + 1


@pytest.mark.parametrize("token", [None, "another-token"])
def test_a_closed_door_is_an_error_and_no_empty_history(hapi: str, token: str | None) -> None:
    with pytest.raises(FhirError, match="status 401") as caught:
        Asking(f"{hapi}/closed", token)(lambda client: client.history("overdue"))
    assert caught.value.kind is Kind.DENIED


def test_the_token_opens_every_page(hapi: str) -> None:
    ask = Asking(f"{hapi}/closed", TOKEN)
    fetched = ask(lambda client: client.history("overdue"))
    assert fetched.whole
    assert len(ask.seen) == 2
