"""How servers behave that are good all the same, over real sockets: packing, busy times, odd searches and pages."""

from __future__ import annotations

import asyncio
import gzip
import tracemalloc
import zlib
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pytest
from starlette.responses import Response

from cds.dosing.facts import Administration
from cds.fhir.allowed import Allowed
from cds.fhir.client import FhirClient
from cds.fhir.connections import Http
from cds.fhir.errors import FhirError, Kind
from cds.fhir.fetch import Fetched
from cds.fhir.history import read_history
from cds.fhir.limits import Limits
from cds.regimens.library import load
from tests.fhir_client.server import (
    PATIENT,
    TOKEN,
    Json,
    Server,
    administration,
    answer,
    medication,
    outcome,
    searchset,
)
from tests.fhir_client.sockets import Peer, listening, reply, run, running

DRUG = load().get("eu-12mg").drug
ZONE = ZoneInfo("Pacific/Chatham")
QUICK = Limits(seconds=5, pause=0)
BODY = orjson.dumps(searchset([administration(1)]))


def history(peer: Peer, limits: Limits = QUICK) -> Fetched:
    async def asking() -> Fetched:
        async with listening(peer.serve) as port:
            base = f"http://127.0.0.1:{port}/fhir"
            async with Http(limits, Allowed([base])) as http:
                return await FhirClient(http, base, token=TOKEN, limits=limits).history(PATIENT)

    return run(asking)


@pytest.mark.parametrize(
    "packed", [gzip.compress(BODY), gzip.compress(BODY[:50]) + gzip.compress(BODY[50:])], ids=["one part", "two parts"]
)
def test_packed_answers_are_asked_for_and_read(packed: bytes) -> None:
    peer = Peer(reply(packed, Content_Encoding="gzip"))
    assert history(peer).resources == (administration(1),)
    assert b"accept-encoding: gzip\r\n" in peer.requests[0].lower()


def test_a_small_answer_that_unpacks_to_more_than_the_limit_never_fills_the_memory() -> None:
    bomb = gzip.compress(bytes(400_000_000), 9)
    assert len(bomb) < 500_000
    peer = Peer(reply(bomb, Content_Encoding="gzip"))
    tracemalloc.start()
    try:
        with pytest.raises(FhirError, match="go beyond the limit of 2 MB; raise the limit") as caught:
            history(peer, Limits(seconds=30, megabytes=2))
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert caught.value.kind is Kind.UNUSABLE
    assert most < 20_000_000
    assert len(peer.requests) == 1


@pytest.mark.parametrize(
    ("packed", "encoding"),
    [
        (gzip.compress(BODY)[:-9], "gzip"),
        (b"no gzip", "gzip"),
        (gzip.compress(BODY) + b"more", "gzip"),
        (zlib.compress(BODY), "deflate"),
        (gzip.compress(gzip.compress(BODY)), "gzip, gzip"),
        (BODY, "br"),
    ],
    ids=["cut short", "spoilt", "rubbish behind it", "another packing", "packed twice", "not asked for"],
)
def test_an_answer_that_cannot_be_unpacked_is_no_history(packed: bytes, encoding: str) -> None:
    with pytest.raises(FhirError, match="cannot be decoded") as caught:
        history(Peer(reply(packed, Content_Encoding=encoding)))
    assert caught.value.kind is Kind.UNUSABLE


BUSY = [
    # the answers before the good one, how often is asked
    ([reply(b"", "503 Service Unavailable")], 2),
    ([reply(b"", "429 Too Many Requests", Retry_After="0"), reply(b"", "504 Gateway Timeout")], 3),
    ([reply(b"", "503 Service Unavailable", Retry_After="1")], 2),
]


@pytest.mark.parametrize(("before", "asked"), BUSY)
def test_a_busy_server_is_asked_again(before: list[bytes], asked: int) -> None:
    peer = Peer(*before, reply(BODY))
    assert history(peer).whole
    assert len(peer.requests) == asked


@pytest.mark.parametrize(
    ("status", "more", "asked", "kind"),
    [
        ("503 Service Unavailable", {"Retry_After": "60"}, 1, Kind.UNAVAILABLE),
        ("429 Too Many Requests", {"Retry_After": "Wed, 21 Oct 2065 07:28:00 GMT",
                                   "Date": "Wed, 21 Oct 2065 07:27:00 GMT"}, 1, Kind.UNAVAILABLE),
        ("503 Service Unavailable", {}, 3, Kind.UNAVAILABLE),
        ("429 Too Many Requests", {}, 3, Kind.UNAVAILABLE),
        ("500 Internal Server Error", {}, 1, Kind.UNAVAILABLE),
        ("501 Not Implemented", {}, 4, Kind.UNUSABLE),
        ("403 Forbidden", {}, 1, Kind.DENIED),
    ],
    ids=["back too late", "back at a time too late", "stays down", "stays busy", "broken", "cannot", "denies"],
)  # fmt: skip
def test_a_server_that_does_not_answer_is_an_error_with_its_codes_and_not_its_words(
    status: str, more: dict[str, str], asked: int, kind: Kind
) -> None:
    said = orjson.dumps(outcome("error", "throttled", diagnostics=f"Patient/{PATIENT} of Mere Hohepa"))
    peer = Peer(reply(said, status, **more))
    with pytest.raises(FhirError, match=rf"status {status[:3]}, throttled") as caught:
        history(peer)
    assert (caught.value.kind, len(peer.requests)) == (kind, asked)
    assert PATIENT not in caught.value.message
    assert "Mere" not in caught.value.message


def test_a_server_that_never_ends_its_answer_is_ended_by_the_deadline() -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(reply(BODY)[: -len(BODY)])
        try:
            for byte in BODY:
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(0.02)
        except ConnectionError:
            return
        finally:
            writer.close()

    async def asking() -> Fetched:
        async with listening(drip) as port:
            base = f"http://127.0.0.1:{port}/fhir"
            async with Http(QUICK, Allowed([base])) as http:
                return await FhirClient(http, base).history(PATIENT, seconds=0.4)

    with pytest.raises(FhirError, match=r"took longer than the limit of 0\.4 s") as caught:
        run(asking)
    assert caught.value.kind is Kind.UNAVAILABLE


def test_a_redirect_to_another_server_is_not_followed_and_the_token_stays_here() -> None:
    other = Peer(reply(BODY))

    async def asking() -> Fetched:
        async with listening(other.serve) as elsewhere:
            there = f"http://127.0.0.1:{elsewhere}/fhir/MedicationAdministration"
            peer = Peer(reply(b"", "307 Temporary Redirect", Location=there))
            async with listening(peer.serve) as port:
                bases = [f"http://127.0.0.1:{each}/fhir" for each in (port, elsewhere)]
                async with Http(QUICK, Allowed(bases)) as http:
                    return await FhirClient(http, bases[0], token=TOKEN).history(PATIENT)

    with pytest.raises(FhirError, match="redirects elsewhere"):
        run(asking)
    assert other.connections == 0


def test_links_to_pages_are_taken_as_they_are() -> None:
    link = "/fhir?_getpages=a%2Fb%7Cc%20d+e~f%C3%A9;x=1&&y==&z=%25"

    def first(_: bytes) -> bytes:
        return reply(orjson.dumps(searchset([administration(1)], link)))

    peer = Peer(first(b""), reply(orjson.dumps(searchset([administration(2)]))))
    fetched = history(peer)
    assert (fetched.whole, len(fetched.resources)) == (True, 2)
    assert peer.requests[1].startswith(f"GET {link} HTTP/1.1\r\n".encode())
    assert f"authorization: bearer {TOKEN}".encode() in peer.requests[1].lower()


def served(server: Server, limits: Limits = QUICK, **client: Any) -> Fetched:
    """The history that the made-up server gives over a real socket."""

    async def asking() -> Fetched:
        async with running(server.app) as origin, Http(limits, Allowed([origin])) as http:
            return await FhirClient(http, f"{origin}/fhir", token=TOKEN, limits=limits, **client).history(PATIENT)

    return run(asking)


NO_GET: list[tuple[str, int, Json, int]] = [
    # how the server says that it wants no GET, and how many it refuses
    ("method not allowed", 405, {}, 1),
    ("too long", 414, {}, 1),
    ("header too long", 431, {}, 1),
    ("OperationOutcome", 400, outcome("error", "not-supported"), 4),
    ("OperationOutcome of a success", 200, outcome("error", "not-supported"), 1),
]


@pytest.mark.parametrize(("case", "status", "body", "gets"), NO_GET, ids=[case[0] for case in NO_GET])
def test_a_server_that_wants_searches_by_post_is_searched_so(case: str, status: int, body: Json, gets: int) -> None:
    medicated = [administration(n, f"Medication/m{n}") for n in range(3)]
    server = Server(medicated, {f"m{n}": medication(f"m{n}") for n in range(3)}, page=2, refuses_get=(status, body))
    fetched = served(server)
    assert (fetched.whole, fetched.unread, len(fetched.resources)) == (True, (), 6)
    asked = [f"{request.method} {name}" for request, name in zip(server.seen, server.asked, strict=True)]
    assert len([line for line in asked if line.startswith("GET MedicationAdministration?patient")]) == gets
    assert asked[gets] == "POST MedicationAdministration/_search"
    assert asked[gets + 1] == "GET MedicationAdministration?_start=2", "a next link is followed as it is"
    assert asked[-1] == "POST Medication/_search", "what the server wants is remembered within the call"
    assert server.forms[0].startswith(f"patient={PATIENT}&_sort=-effective-time&_count=1000&_include=")
    assert server.forms[-1] == "_id=m0%2Cm1%2Cm2&_count=3"


def test_a_site_may_search_by_post_alone_so_that_no_patient_stands_in_a_url() -> None:
    server = Server([administration(n) for n in range(3)])
    assert served(server, search_by_post=True).whole
    assert [(request.method, str(request.url.query)) for request in server.seen] == [("POST", "")]


def test_a_search_by_post_is_repeated_where_that_may_help() -> None:
    peer = Peer(reply(b"", "405 Method Not Allowed"), reply(b"", "503 Service Unavailable"), reply(BODY))
    assert history(peer).whole
    assert [request.split(b" ")[0] for request in peer.requests] == [b"GET", b"POST", b"POST"]
    assert peer.requests[1] == peer.requests[2]


@pytest.mark.parametrize(
    ("second", "kind", "words"),
    [
        (reply(b"", "404 Not Found"), Kind.UNUSABLE, "status 405"),
        (reply(b"", "403 Forbidden"), Kind.DENIED, "status 403"),
        (reply(b"", "500 Internal Server Error"), Kind.UNAVAILABLE, "status 500"),
    ],
)
def test_where_neither_get_nor_post_is_answered_the_telling_one_is_said(second: bytes, kind: Kind, words: str) -> None:
    with pytest.raises(FhirError, match=words) as caught:
        history(Peer(reply(b"", "405 Method Not Allowed"), second))
    assert caught.value.kind is kind


@pytest.mark.parametrize(("page", "asked"), [(2, 3), (100, 1)], ids=["pages of its own size", "all at once"])
def test_a_server_that_ignores_the_size_of_pages_is_read_whole(page: int, asked: int) -> None:
    server = Server([administration(n) for n in range(5)], page=page, ignores=frozenset({"_count"}))
    fetched = served(server, Limits(seconds=5, page_size=3))
    assert (fetched.whole, len(fetched.resources), len(server.seen)) == (True, 5, asked)


def of(patient: str, number: int) -> Json:
    return {**administration(number), "subject": {"reference": f"Patient/{patient}"}}


@pytest.mark.parametrize(
    ("records", "others"),
    [
        ([of("somebody-else", 1)], 1),
        ([of(PATIENT, 1), of("somebody-else", 2), of(PATIENT, 3), of("a-third", 4)], 2),
        ([of(PATIENT, 1), {**administration(2), "medicationCodeableConcept": {"text": "water"},
                           "subject": {"reference": "https://ehr.example.invalid/fhir/Patient/somebody-else"}}], 1),
    ],
    ids=["only records of another", "some of others", "one of another drug"],
)  # fmt: skip
def test_a_server_that_does_not_search_by_patient_gives_no_whole_history(records: list[Json], others: int) -> None:
    fetched = served(Server(records))
    assert not fetched.whole
    assert fetched.problems[0].startswith(
        "the search for MedicationAdministration: the answer holds records of other patients "
        f"({others}), which are not counted"
    )
    read = read_history(fetched.resources, drug=DRUG, zone=ZONE, patient=f"Patient/{PATIENT}")
    own = [record for record in records if record["subject"]["reference"] == f"Patient/{PATIENT}"]
    assert len([record for record in read if isinstance(record, Administration)]) == len(own)


def test_records_of_an_id_that_the_patient_replaces_are_his_own() -> None:
    merged = {
        "resourceType": "Patient",
        "id": PATIENT,
        "link": [{"type": "replaces", "other": {"reference": "Patient/old-7"}}],
    }
    fetched = served(Server([of(PATIENT, 1), of("old-7", 2), merged], counts=False))
    assert (fetched.whole, fetched.problems) == (True, ())


def test_a_record_on_two_pages_is_one_and_a_record_in_two_versions_is_no_whole_history() -> None:
    one, two = administration(1), administration(2)
    twice = served(Server([one, two, one, two], page=2, counts=False))
    assert (twice.whole, twice.resources) == (True, (one, two))
    changed = served(Server([one, two, {**one, "status": "entered-in-error"}], page=2, counts=False))
    assert not changed.whole
    assert "a record changed while its pages were read" in changed.problems[0]


def test_what_an_entry_is_there_for_is_looked_at() -> None:
    warning = {"resource": outcome("warning", "not-supported"), "search": {"mode": "outcome"}}
    kept_back = {"resource": outcome("warning", "suppressed"), "search": {"mode": "outcome"}}
    included = {"resource": medication("m0"), "search": {"mode": "include"}}

    def told(*entries: Json) -> Fetched:
        def more(_: int, bundle: Json) -> Response:
            return answer({**bundle, "entry": [*bundle["entry"], *entries]})

        return served(Server([administration(1, "Medication/m0")], spoil=more))

    fetched = told(included, warning)
    assert (fetched.whole, fetched.problems) == (True, ())
    where = "the search for MedicationAdministration, page 1: Bundle.entry[2].resource"
    assert fetched.notes == (f"{where} is an OperationOutcome: warning, not-supported",)
    assert [resource["resourceType"] for resource in fetched.resources] == ["MedicationAdministration", "Medication"]
    withheld = told(included, kept_back)
    assert not withheld.whole
    assert "warning, suppressed" in withheld.problems[0]


OLDER = [
    ({"notGiven": True}, "STU3"),
    ({"prescription": {"reference": "MedicationRequest/m1"}}, "STU3 or DSTU2"),
    ({"effectiveTimeDateTime": "2020-05-01", "wasNotGiven": False}, "DSTU2"),
]


@pytest.mark.parametrize(("elements", "version"), OLDER, ids=[case[1] for case in OLDER])
def test_a_server_of_an_older_version_is_refused_by_the_shape_of_its_records(elements: Json, version: str) -> None:
    paracetamol = {**administration(2), "medicationCodeableConcept": {"text": "paracetamol"}, **elements}
    with pytest.raises(FhirError, match=f"records that look like FHIR {version}, which is not read") as caught:
        served(Server([administration(1), paracetamol]))
    assert caught.value.kind is Kind.UNUSABLE
    assert caught.value.message.endswith("use the base URL of its R4 or R5 endpoint")
    later = served(Server([administration(1), paracetamol], page=1))
    assert (later.whole, len(later.resources)) == (False, 1)
    assert f"look like FHIR {version}" in later.problems[0]


@pytest.mark.parametrize(
    ("media_type", "version"),
    [
        ("application/fhir+json; fhirVersion=3.0", "STU3"),
        ('application/fhir+json;charset=utf-8;FHIRVERSION="1.0"', "DSTU2"),
        ("application/fhir+json; fhirVersion=6.0", "6.0"),
        ("application/fhir+json; fhirVersion=4.0; charset=UTF-8", ""),
        ("application/fhir+json; fhirVersion=4.3", ""),
        ("application/fhir+json; fhirVersion=5.0", ""),
    ],
)
def test_an_empty_history_of_an_older_version_is_none(media_type: str, version: str) -> None:
    peer = Peer(reply(orjson.dumps(searchset([])), Content_Type=media_type))
    if not version:
        assert history(peer) == Fetched((), whole=True)
        return
    with pytest.raises(FhirError, match=f"speaks FHIR {version}, which is not read") as caught:
        history(peer)
    assert caught.value.kind is Kind.UNUSABLE


def test_a_server_of_r5_is_read_whole_though_it_sorts_by_another_name() -> None:
    def of_r5(number: int) -> Json:
        plain = administration(number)
        return {
            "resourceType": "MedicationAdministration",
            "id": f"a{number}",
            "status": "completed",
            "subject": plain["subject"],
            "medication": {"reference": {"reference": "Medication/m0"}},
            "occurenceDateTime": plain["effectiveDateTime"],
        }

    server = Server([of_r5(n) for n in range(3)], {"m0": medication("m0")}, page=2, refuses_sort="-effective-time")
    fetched = served(server)
    assert (fetched.whole, fetched.unread) == (True, ())
    assert server.asked[2].startswith(f"MedicationAdministration?patient={PATIENT}&_sort=-date&_count=1000")
    read = read_history(
        fetched.resources, drug=DRUG, zone=ZONE, patient=f"Patient/{PATIENT}", medications=fetched.by_reference
    )
    assert [type(record) for record in read] == [Administration] * 3
