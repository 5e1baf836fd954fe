"""Medications: what cannot be had leaves the history whole, and what could not be read is named."""

from __future__ import annotations

import asyncio
import re

import httpx
import pytest

from cds.fhir.fetch import Fetched
from cds.fhir.limits import Limits
from cds.fhir.medications import batches
from tests.fhir_client.server import BASE, PATIENT, Server, administration, ask, medication, searchset

WANTED = ("Medication/m0", "Medication/m1", "Medication/m2")


def server(**more: object) -> Server:
    return Server(
        [administration(n, f"Medication/m{n}") for n in range(3)],
        {"m0": medication("m0"), "m1": medication("m1")},
        **more,  # type: ignore[arg-type]
    )


CASES = [
    # server, Medications that come, references named in unread, words of the problem
    ("one is not there", {}, 2, (), ""),
    ("no _id search", {"id_search_status": 403}, 2, (), ""),
    ("no such search", {"id_search_status": 404}, 2, (), ""),
    ("reads denied", {"medication_status": 403}, 2, WANTED[2:], "1; the read of a Medication: .* denied it"),
    ("all denied", {"id_search_status": 403, "medication_status": 403}, 0, WANTED, "3; .*denied it"),
    ("token refused", {"id_search_status": 401, "medication_status": 401}, 0, WANTED, "3; .*status 401, security"),
    ("search broken", {"id_search_status": 500}, 0, WANTED, "3; the search for Medication: .*status 500"),
    ("reads gone", {"id_search_status": 400, "medication_status": 410}, 0, (), ""),
]


@pytest.mark.parametrize(("case", "more", "come", "unread", "words"), CASES, ids=[case[0] for case in CASES])
def test_servers(case: str, more: dict[str, object], come: int, unread: tuple[str, ...], words: str) -> None:
    fetched = server(**more).ask(lambda client: client.history(PATIENT))
    assert fetched.whole, "the administrations are all there"
    assert (len(fetched.by_reference), fetched.unread) == (come, unread)
    assert len(fetched.problems) == bool(words)
    assert re.search(words, " ".join(fetched.problems))


def test_many_denied_reads_are_given_up() -> None:
    many = Server(
        [administration(n, f"Medication/m{n}") for n in range(60)], medication_status=403, id_search_status=403
    )
    fetched = many.ask(lambda client: client.history(PATIENT), Limits(concurrency=4))
    assert len(fetched.unread) == 60
    assert len(many.asked) == 1 + 3 + 4, "the page, the searches, and as many reads as may run at once"
    assert fetched.problems[0].startswith("Medications not read: 60; ")


def test_each_is_asked_for_once_however_it_is_written() -> None:
    written = ["Medication/m0", f"{BASE}/Medication/m0", "Medication/m0/_history/1", "#m0", "urn:uuid:0-0"]
    here = server()
    fetched = here.ask(lambda client: client.medications(written))
    assert here.asked == ["Medication/m0"]
    assert fetched == Fetched((medication("m0"),), True, by_reference=dict.fromkeys(written[:3], medication("m0")))


def test_those_on_other_servers_are_not_followed() -> None:
    elsewhere = "https://other.example.invalid/fhir/Medication/m0"
    here = Server([administration(1, elsewhere)])
    fetched = here.ask(lambda client: client.history(PATIENT))
    assert (len(here.asked), fetched.whole, fetched.unread, fetched.not_asked) == (1, True, (), (elsewhere,))
    assert fetched.problems == ("Medications on other servers, where the token must not go: 1",)


def test_the_ingredients_of_a_medication_without_a_code_are_fetched_too() -> None:
    kit = {"resourceType": "Medication", "id": "kit", "ingredient": [{"itemReference": {"reference": "Medication/m0"}}]}
    here = Server([administration(1, "Medication/kit")], {"kit": kit, "m0": medication("m0")})
    fetched = here.ask(lambda client: client.history(PATIENT))
    assert here.asked[1:] == ["Medication/kit", "Medication/m0"]
    assert sorted(fetched.by_reference) == ["Medication/kit", "Medication/m0"]


def test_medications_that_come_too_late_leave_those_that_came() -> None:
    async def slow(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/Medication"):
            return httpx.Response(200, json=searchset([medication("m0")]))
        if "/Medication/" in request.url.path:
            await asyncio.sleep(5)
        return httpx.Response(200, json=searchset(administration(n, f"Medication/m{n}") for n in range(2)))

    fetched = ask(httpx.MockTransport(slow), lambda client: client.history(PATIENT), Limits(seconds=0.3))
    assert (fetched.whole, fetched.unread, list(fetched.by_reference)) == (True, ("Medication/m1",), ["Medication/m0"])
    assert fetched.problems == (f"Medications not read: 1; {BASE} took longer than the limit of 0.3 s",)


def test_a_search_that_ignores_the_ids_gives_only_what_was_asked_for() -> None:
    def respond(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/Medication"):
            return httpx.Response(200, json=searchset(medication(f"x{n}") for n in range(20)))
        return httpx.Response(404)

    fetched = ask(httpx.MockTransport(respond), lambda client: client.medications(WANTED))
    assert fetched == Fetched((), whole=True)


@pytest.mark.parametrize(
    ("ids", "sizes"),
    [([], []), (["a"], [1]), (["a"] * 41, [20, 20, 1]), (["a" * 194] * 10, [7, 3]), (["a" * 2000] * 2, [1, 1])],
)
def test_ids_are_grouped_so_that_urls_stay_short(ids: list[str], sizes: list[int]) -> None:
    assert [len(group) for group in batches(ids)] == sizes


def test_for_nothing_nothing_is_asked() -> None:
    here = server()
    assert here.ask(lambda client: client.medications([])) == Fetched((), whole=True)
    assert here.asked == []
