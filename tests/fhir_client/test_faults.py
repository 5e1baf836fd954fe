"""Faults: a history that was not read is an error, one read in part is not whole, and neither is ever empty."""

from __future__ import annotations

import asyncio
import gzip
import re
from collections.abc import Awaitable, Callable

import httpx
import pytest
from starlette.responses import Response

from cds.fhir.client import FhirClient
from cds.fhir.errors import FhirError, Kind
from cds.fhir.fetch import Fetched
from cds.fhir.limits import Limits
from tests.fhir_client.server import (
    BASE,
    PATIENT,
    Json,
    Server,
    administration,
    answer,
    ask,
    outcome,
    searchset,
)

Spoil = Callable[[int, Json], Response | Awaitable[Response]]
QUICK = Limits(seconds=0.4, pause=0, page_size=2)


def on(number: int, wrong: Callable[[Json], Response]) -> Spoil:
    """The fault on one page; the others are good."""
    return lambda page, bundle: wrong(bundle) if page == number else answer(bundle)


def html(_: Json) -> Response:
    return Response("<!doctype html><title>Log in</title>", media_type="text/html")


def cut(bundle: Json) -> Response:
    whole = answer(bundle).body
    return Response(whole[: len(whole) // 2], media_type="application/fhir+json")


def with_entry(entry: Json) -> Callable[[Json], Response]:
    return lambda bundle: answer({**bundle, "entry": [*bundle["entry"], entry]})


def changed(**more: object) -> Callable[[Json], Response]:
    return lambda bundle: answer({**bundle, **more})


def linked(url: str) -> Callable[[Json], Response]:
    return changed(link=[{"relation": "next", "url": url}])


def status(code: int) -> Callable[[Json], Response]:
    return lambda _: answer(outcome("error", "security", diagnostics=f"not for {PATIENT}"), code)


async def asleep(page: int, bundle: Json) -> Response:
    if page == 2:
        await asyncio.sleep(5)
    return answer(bundle)


async def all_asleep(_: int, bundle: Json) -> Response:
    await asyncio.sleep(5)
    return answer(bundle)


OTHERS: Json = {"resource": {"resourceType": "Patient", "id": PATIENT}}


# Six administrations on three pages of two. What is wrong -> the kind of the error and its words.
NOT_READ: list[tuple[str, Spoil, Kind, str]] = [
    ("slow", all_asleep, Kind.UNAVAILABLE, "took longer than the limit of 0.4 s"),
    ("401", on(1, status(401)), Kind.DENIED, "status 401, security"),
    ("403", on(1, status(403)), Kind.DENIED, "status 403, security"),
    ("404", on(1, status(404)), Kind.UNUSABLE, "status 404"),
    ("410", on(1, status(410)), Kind.UNUSABLE, "status 410"),
    ("500", on(1, status(500)), Kind.UNAVAILABLE, "status 500"),
    ("503", on(1, status(503)), Kind.UNAVAILABLE, "status 503"),
    ("redirect", on(1, lambda _: Response(None, 302, {"location": f"{BASE}/login"})), Kind.UNUSABLE, "redirects"),
    ("HTML", on(1, html), Kind.UNUSABLE, "answered HTML or XML"),
    ("truncated JSON", on(1, cut), Kind.UNUSABLE, "no JSON, or JSON cut short"),
    ("nothing", on(1, lambda _: Response(b"")), Kind.UNUSABLE, "an empty body"),
    ("null", on(1, lambda _: answer(None)), Kind.UNUSABLE, "no Bundle of type searchset"),
    ("a resource", on(1, lambda _: answer(administration(1))), Kind.UNUSABLE, "no Bundle of type searchset"),
    ("another Bundle", on(1, changed(type="collection")), Kind.UNUSABLE, "no Bundle of type searchset"),
    ("OperationOutcome", on(1, lambda _: answer(outcome())), Kind.UNUSABLE, r"OperationOutcome \(security\)"),
    ("other resources", on(1, changed(entry=[OTHERS])), Kind.UNUSABLE, "other resources and none of these"),
    (
        "other resources and no count",
        on(1, lambda _: answer(searchset([OTHERS["resource"]]))),
        Kind.UNUSABLE,
        "other resources and none of these",
    ),
]
# -> how many administrations are kept, and the words of the problem
NOT_WHOLE: list[tuple[str, Spoil, int, str]] = [
    ("slow page", asleep, 2, "took longer than the limit of 0.4 s; pages read: 1"),
    ("401 on page 2", on(2, status(401)), 2, "page 2: .* denied it .status 401, security."),
    ("403 on page 3", on(3, status(403)), 4, "page 3: .* denied it"),
    ("404 on page 2", on(2, status(404)), 2, "page 2: .*status 404"),
    ("HTML on page 2", on(2, html), 2, "page 2: .*answered HTML or XML"),
    ("half of page 2", on(2, cut), 2, "page 2: .*JSON cut short"),
    ("page 2 is no Bundle", on(2, lambda _: answer({})), 2, "no Bundle of type searchset"),
    (
        "loop",
        on(
            2,
            lambda _: answer(
                searchset(
                    [administration(9)],
                    f"{BASE}/MedicationAdministration?patient={PATIENT}"
                    "&_sort=-effective-time&_count=2&_include=MedicationAdministration%3Amedication",
                )
            ),
        ),
        3,
        "already read",
    ),
    (
        "the same page under another link",
        lambda page, _: answer(
            searchset([administration(1)], f"{BASE}/MedicationAdministration?_count=2&_start={2 * page}")
        ),
        1,
        "page 2 brings nothing new",
    ),
    ("link to another server", on(2, linked("https://other.example.invalid/fhir?page=3")), 4, "leads away from"),
    ("link without URL", on(2, changed(link=[{"relation": "next"}])), 4, "next link without a URL"),
    ("fewer than counted", on(3, changed(entry=[])), 4, "counts 6 and delivered 4"),
    ("more counted in a string", on(3, changed(total="7")), 6, "counts 7 and delivered 6"),
    ("tagged as a subset", on(2, changed(meta={"tag": [{"code": "SUBSETTED"}]})), 6, "page 2: .*tagged SUBSETTED"),
    (
        "error in a page",
        on(2, with_entry({"resource": outcome("error", "suppressed"), "search": {"mode": "outcome"}})),
        6,
        "page 2: .*error, suppressed",
    ),
    ("error as an entry", on(2, with_entry({"resource": outcome("fatal", "exception")})), 6, "fatal, exception"),
    ("an entry without resource", on(2, with_entry({"fullUrl": f"{BASE}/x/1"})), 6, "holds no resource"),
    ("rubbish as entry", on(3, changed(entry=7)), 4, "is a number, not a list"),
]


def history() -> Server:
    return Server([administration(n) for n in range(6)], page=2)


@pytest.mark.parametrize(("case", "spoil", "kind", "words"), NOT_READ, ids=[case[0] for case in NOT_READ])
def test_no_page_is_an_error(case: str, spoil: Spoil, kind: Kind, words: str) -> None:
    server = history()
    server.spoil = spoil
    with pytest.raises(FhirError, match=words) as caught:
        server.ask(lambda client: client.history(PATIENT), QUICK)
    assert caught.value.kind is kind
    assert BASE in caught.value.message
    assert PATIENT not in caught.value.message


@pytest.mark.parametrize(("case", "spoil", "kept", "words"), NOT_WHOLE, ids=[case[0] for case in NOT_WHOLE])
def test_some_pages_are_a_history_that_is_not_whole(case: str, spoil: Spoil, kept: int, words: str) -> None:
    server = history()
    server.spoil = spoil
    fetched = server.ask(lambda client: client.history(PATIENT), QUICK)
    assert not fetched.whole
    assert len(fetched.resources) == kept
    assert re.search(words, fetched.problems[0])
    assert all("MedicationAdministration" in problem for problem in fetched.problems)
    assert PATIENT not in "".join(fetched.problems)


@pytest.mark.parametrize(("severity", "code"), [("warning", "not-supported"), ("information", "processing")])
def test_a_remark_in_a_page_takes_nothing_away(severity: str, code: str) -> None:
    server = history()
    warning = {"resource": outcome(severity, code), "search": {"mode": "outcome"}}
    server.spoil = on(2, with_entry(warning))
    fetched = server.ask(lambda client: client.history(PATIENT), QUICK)
    assert (fetched.whole, fetched.problems, len(fetched.resources)) == (True, (), 6)


def test_a_first_page_with_nothing_but_a_remark_is_an_empty_history() -> None:
    remark = {"resource": outcome("information", "processing"), "search": {"mode": "outcome"}}
    server = Server(spoil=on(1, changed(entry=[remark])))
    fetched = server.ask(lambda client: client.history(PATIENT), QUICK)
    assert (fetched.whole, fetched.resources) == (True, ())


def test_an_empty_page_between_others_is_no_loop() -> None:
    server = history()
    server.counts = False
    server.spoil = on(2, changed(entry=[]))
    fetched = server.ask(lambda client: client.history(PATIENT), QUICK)
    assert (fetched.whole, len(fetched.resources)) == (True, 4)


@pytest.mark.parametrize(("pages", "kept", "whole"), [(2, 4, False), (3, 6, True)])
def test_the_limit_of_pages(pages: int, kept: int, whole: bool) -> None:
    fetched = history().ask(lambda client: client.history(PATIENT), Limits(pages=pages, page_size=2))
    assert (len(fetched.resources), fetched.whole) == (kept, whole)
    assert fetched.problems == (
        ()
        if whole
        else ("the search for MedicationAdministration: there is more after 2 pages, which is the limit; raise it",)
    )


def test_the_limit_of_bytes_on_the_first_page_is_an_error_and_later_a_page_lost() -> None:
    with pytest.raises(FhirError, match=r"beyond the limit of 0\.0005 MB") as caught:
        history().ask(lambda client: client.history(PATIENT), Limits(megabytes=0.0005, page_size=2))
    assert caught.value.kind is Kind.UNUSABLE
    fetched = history().ask(lambda client: client.history(PATIENT), Limits(megabytes=0.0015, page_size=2))
    assert (len(fetched.resources), fetched.whole) == (2, False)
    assert "beyond the limit of 0.0015 MB" in fetched.problems[0]


def test_packed_answers_are_counted_unpacked() -> None:
    body = gzip.compress(b'{"resourceType":"Bundle","x":"' + b" " * 2_000_000 + b'"}')
    transport = httpx.MockTransport(lambda _: httpx.Response(200, headers={"content-encoding": "gzip"}, content=body))
    with pytest.raises(FhirError, match="beyond the limit of 1 MB"):
        ask(transport, lambda client: client.history(PATIENT), Limits(megabytes=1))


def test_a_packed_answer_that_is_spoilt_is_unusable() -> None:
    transport = httpx.MockTransport(
        lambda _: httpx.Response(200, headers={"content-encoding": "gzip"}, stream=httpx.ByteStream(b"no gzip"))
    )
    with pytest.raises(FhirError, match="cannot be decoded") as caught:
        ask(transport, lambda client: client.history(PATIENT))
    assert caught.value.kind is Kind.UNUSABLE


def test_a_caller_may_shorten_the_deadline() -> None:
    server = history()
    server.spoil = all_asleep
    with pytest.raises(FhirError, match=r"limit of 0\.05 s"):
        server.ask(lambda client: client.history(PATIENT, seconds=0.05))


def test_a_read_has_a_deadline_too() -> None:
    async def slow(_: httpx.Request) -> httpx.Response:
        await asyncio.sleep(5)
        raise AssertionError("the read was not cancelled")

    with pytest.raises(
        FhirError, match=r"the read of a Medication: .* took longer than the limit of 0\.05 s"
    ) as caught:
        ask(httpx.MockTransport(slow), lambda client: client.read("Medication", "m0", seconds=0.05))
    assert caught.value.kind is Kind.UNAVAILABLE


class Crowd:
    """A server that answers when it is let, and counts how many requests are with it."""

    def __init__(self) -> None:
        self.now = self.most = 0
        self.full, self.open = asyncio.Event(), asyncio.Event()

    async def __call__(self, _: httpx.Request) -> httpx.Response:
        self.now += 1
        self.most = max(self.most, self.now)
        if self.now == 100:
            self.full.set()
        try:
            await self.open.wait()
        finally:
            self.now -= 1
        return httpx.Response(200, json=searchset([administration(1)]))


def crowded(server: Crowd, calls: int, *, mute: bool) -> list[object]:
    """What becomes of so many calls at once; of a mute server, none is answered."""

    async def asking(client: FhirClient) -> list[object]:
        asked = [asyncio.ensure_future(client.history(PATIENT)) for _ in range(calls)]
        if not mute:
            await server.full.wait()
            # time in which more would come, if they could
            await asyncio.sleep(0.05)
            server.open.set()
        return await asyncio.gather(*asked, return_exceptions=True)

    limits = Limits(seconds=0.4 if mute else 60, pause=0)
    return ask(httpx.MockTransport(server), asking, limits)


def test_of_many_calls_at_once_a_hundred_are_with_the_server_and_the_others_wait_their_turn() -> None:
    server = Crowd()
    found = crowded(server, 500, mute=False)
    assert server.most == 100
    assert [fetched.whole for fetched in found if isinstance(fetched, Fetched)] == [True] * 500


def test_a_call_whose_turn_does_not_come_in_time_is_an_error() -> None:
    server = Crowd()
    found = crowded(server, 500, mute=True)
    assert server.most == 100
    assert {error.kind for error in found if isinstance(error, FhirError)} == {Kind.UNAVAILABLE}
    assert sum(isinstance(error, FhirError) for error in found) == 500
