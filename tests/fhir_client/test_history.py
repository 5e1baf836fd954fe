"""Whole histories: every page, every Medication once, from servers that can much or little."""

from __future__ import annotations

import time
from collections import Counter

import httpx
import pytest

from cds.dosing.drug import Coding
from cds.fhir.client import FhirClient
from cds.fhir.connections import Http
from cds.fhir.errors import FhirError, Kind
from cds.fhir.fetch import Fetched
from cds.fhir.limits import Limits
from cds.fhir.needs import NEEDS
from tests.fhir_client.server import (
    ALLOWED,
    BASE,
    PATIENT,
    Json,
    Server,
    administration,
    answer,
    ask,
    medication,
    searchset,
)

INCLUDE = "_include=MedicationAdministration%3Amedication"
FIRST = f"MedicationAdministration?patient={PATIENT}&_sort=-effective-time&_count=1000"


def references(fetched: Fetched) -> list[str]:
    return [f"{resource['resourceType']}/{resource['id']}" for resource in fetched.resources]


def with_medications(records: int, kinds: int, **more: object) -> Server:
    return Server(
        administrations=[administration(n, f"Medication/m{n % kinds}") for n in range(records)],
        medications={f"m{n}": medication(f"m{n}") for n in range(kinds)},
        **more,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("includes", [True, False], ids=["with _include", "with _id searches"])
def test_5000_administrations_and_300_medications_within_the_deadline(includes: bool) -> None:
    server = with_medications(5000, 300, includes=includes)
    started = time.monotonic()
    fetched = server.ask(lambda client: client.history(PATIENT), Limits())
    took = time.monotonic() - started
    assert (fetched.whole, fetched.problems, fetched.unread) == (True, (), ())
    counts = Counter(resource["resourceType"] for resource in fetched.resources)
    assert counts == {"MedicationAdministration": 5000, "Medication": 300}
    assert len(set(references(fetched))) == 5300, "each once"
    ids = [n for asked in server.asked if asked.startswith("Medication?_id=") for n in asked.split("&")[0].split("%2C")]
    assert len(ids) == (0 if includes else 300), "no Medication is asked for twice"
    assert len(server.asked) == 50 + (0 if includes else 15)
    assert took < Limits().seconds


def test_the_order_is_that_of_the_server_then_the_medications() -> None:
    fetched = with_medications(3, 2).ask(lambda client: client.history(PATIENT))
    assert references(fetched) == [
        "MedicationAdministration/a0",
        "MedicationAdministration/a1",
        "MedicationAdministration/a2",
        "Medication/m0",
        "Medication/m1",
    ]
    assert sorted(fetched.by_reference) == ["Medication/m0", "Medication/m1"]
    assert sorted(fetched.full_urls) == [f"{BASE}/MedicationAdministration/a{n}" for n in range(3)]


@pytest.mark.parametrize("written", [PATIENT, f"Patient/{PATIENT}"])
def test_the_first_page_is_asked_for_as_the_table_of_needs_says(written: str) -> None:
    server = Server(administrations=[administration(1)])
    assert server.ask(lambda client: client.history(written)).whole
    assert server.asked == [f"{FIRST}&{INCLUDE}"]
    assert server.seen[0].headers["accept"].startswith("application/fhir+json")
    assert server.seen[0].headers["cache-control"] == "no-cache", "a dose of a minute ago is not in a cached answer"


@pytest.mark.parametrize(
    ("refuses", "asked"),
    [
        ({"_include"}, [f"{FIRST}&{INCLUDE}", FIRST]),
        (
            {"_sort"},
            [
                f"{FIRST}&{INCLUDE}",
                FIRST,
                f"{FIRST}&{INCLUDE}".replace("effective-time", "date"),
                f"MedicationAdministration?patient={PATIENT}",
            ],
        ),
    ],
)
def test_a_server_that_refuses_a_parameter_is_asked_without_it(refuses: set[str], asked: list[str]) -> None:
    server = Server(administrations=[administration(1)], refuses=frozenset(refuses))
    assert server.ask(lambda client: client.history(PATIENT)).whole
    assert server.asked == asked


def test_a_server_that_refuses_the_patient_is_an_error_without_his_name() -> None:
    server = Server(refuses=frozenset({"patient"}))
    with pytest.raises(FhirError, match=r"status 400, not-supported") as caught:
        server.ask(lambda client: client.history(PATIENT))
    assert caught.value.kind is Kind.UNUSABLE
    assert PATIENT not in str(caught.value)
    assert [request.method for request in server.seen] == ["GET"] * 4 + ["POST"] * 4


def test_nobody_is_not_asked_about() -> None:
    with pytest.raises(FhirError, match="the id of the patient is empty"):
        Server().ask(lambda client: client.history("Patient/"))


def test_an_empty_history_is_whole() -> None:
    assert Server().ask(lambda client: client.history(PATIENT)) == Fetched((), whole=True)


def test_a_server_that_ignores_paging_is_believed() -> None:
    every = [administration(n) for n in range(2500)]
    server = Server(spoil=lambda _page, _bundle: answer(searchset(every, total=2500)))
    fetched = server.ask(lambda client: client.history(PATIENT))
    assert (fetched.whole, len(fetched.resources), len(server.asked)) == (True, 2500, 1)


def test_a_record_that_comes_on_two_pages_is_kept_once_and_both_versions_if_it_changed() -> None:
    one, two, changed = administration(1), administration(2), {**administration(1), "status": "entered-in-error"}

    def call(second: list[Json]) -> Fetched:
        server = Server([one, two], page=1, counts=False)
        server.spoil = lambda page, bundle: answer(bundle if page == 1 else searchset(second))
        return server.ask(lambda client: client.history(PATIENT))

    same = call([one, two])
    assert (same.resources, same.whole) == ((one, two), True)
    differs = call([changed, two])
    assert (differs.resources, differs.whole) == ((one, changed, two), False)
    assert "a record changed while its pages were read" in differs.problems[0]


def test_records_without_an_id_are_all_kept() -> None:
    record = {"resourceType": "MedicationAdministration", "status": "completed"}
    fetched = Server([record, record]).ask(lambda client: client.history(PATIENT))
    assert fetched.resources == (record, record)


def test_a_site_filters_by_code_where_it_wants() -> None:
    server = Server([administration(1)])

    async def call(_: FhirClient) -> Fetched:
        async with Http(Limits(), ALLOWED, server.transport) as http:
            client = FhirClient(http, BASE, codes=[Coding("http://www.whocc.no/atc", "M09AX07")])
            return await client.history(PATIENT, needs=NEEDS)

    server.ask(call)
    assert "&code=http%3A%2F%2Fwww.whocc.no%2Fatc%7CM09AX07&" in server.asked[0]
    assert "authorization" not in server.seen[0].headers


def test_a_prefetched_page_is_completed() -> None:
    server = with_medications(5, 2, page=2)
    given = server.administrations[:2]
    link = f"{BASE}/MedicationAdministration?patient={PATIENT}&_count=2&_start=2"
    fetched = server.ask(lambda client: client.complete(given, link))
    assert fetched.whole
    assert references(fetched) == [f"MedicationAdministration/a{n}" for n in range(5)] + [
        "Medication/m0",
        "Medication/m1",
    ]


def test_a_prefetched_page_whose_next_page_is_lost_is_not_whole() -> None:
    given = [administration(1)]
    fetched = Server().ask(lambda client: client.complete(given, f"{BASE}/nowhere?page=2"))
    assert (fetched.resources, fetched.whole) == (tuple(given), False)
    assert "page 2" in fetched.problems[0]


def test_a_prefetched_history_without_next_page_needs_its_medications_only() -> None:
    server = with_medications(2, 1)
    fetched = server.ask(lambda client: client.complete(server.administrations))
    assert (fetched.whole, server.asked) == (True, ["Medication/m0"])


def test_one_resource_is_read() -> None:
    server = with_medications(0, 1)
    assert server.ask(lambda client: client.read("Medication", "m0")) == medication("m0")


@pytest.mark.parametrize(
    ("status", "answer", "kind"),
    [
        (404, {}, Kind.MISSING),
        (410, {}, Kind.MISSING),
        (403, {}, Kind.DENIED),
        (200, medication("another"), Kind.UNUSABLE),
        (200, administration(1), Kind.UNUSABLE),
        (200, [], Kind.UNUSABLE),
    ],
)
def test_a_read_that_fails(status: int, answer: object, kind: Kind) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(status, json=answer))
    with pytest.raises(FhirError) as caught:
        ask(transport, lambda client: client.read("Medication", "m0"))
    assert caught.value.kind is kind
