"""Key servers: asked seldom, for a little, and known keys outlive a server that is down."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Callable
from functools import partial

import httpx
import pytest

from cds.fhir.addresses import Networks
from hooks.security.clients import Caller, RefusedError, Why
from hooks.security.fetch_keys import fetch_keys
from hooks.security.key_sources import KeysNotReadError, UrlKeys
from tests.fhir_client.sockets import Peer, listening, reply, run
from tests.security.door import EPIC, NOW, SANDBOX, Door
from tests.security.issuer import CHART, Issuer

# kept, and read again


async def found(keys: UrlKeys, kid: str = SANDBOX.kid) -> int | str:
    try:
        return len(await keys.find(kid, "ES384"))
    except RefusedError as error:
        return error.why.name


def source(door: Door) -> UrlKeys:
    return UrlKeys(SANDBOX.jku, door.servers.fetch, ticks=door.ticks)


def test_keys_are_read_once_and_again_after_ten_minutes() -> None:
    door = Door()

    async def story() -> None:
        keys = source(door)
        for seconds, asked in ((0, 1), (1, 1), (598, 1), (2, 2), (1, 2)):
            door.wait(seconds)
            assert await found(keys) == 1
            assert len(door.servers.asked) == asked

    asyncio.run(story())


def test_a_new_key_is_found_at_once_and_the_old_one_is_then_gone() -> None:
    door = Door()

    async def story() -> None:
        keys = source(door)
        assert await found(keys) == 1
        door.wait(10)
        door.servers.bodies[SANDBOX.jku] = Issuer(SANDBOX.issuer, "key-2").keys
        assert await found(keys, "key-2") == 1
        assert await found(keys) == 0

    asyncio.run(story())


def test_made_up_ids_of_keys_make_no_flood() -> None:
    door = Door()

    async def story() -> None:
        keys = source(door)
        assert await asyncio.gather(*(found(keys, f"made-up-{n}") for n in range(100))) == [0] * 100
        assert len(door.servers.asked) == 1
        for second in range(1, 61):
            door.wait(1)
            assert await found(keys, f"made-up-later-{second}") == 0
        assert len(door.servers.asked) == 7
        assert await found(keys) == 1

    asyncio.run(story())


def test_many_calls_at_once_wait_for_one_reading() -> None:
    door = Door()
    released = asyncio.Event()

    async def slow(url: str) -> bytes:
        await released.wait()
        return await door.servers.fetch(url)

    async def story() -> None:
        keys = UrlKeys(SANDBOX.jku, slow, ticks=door.ticks)
        calls = [asyncio.create_task(found(keys)) for _ in range(20)]
        await asyncio.sleep(0)
        calls[0].cancel()
        await asyncio.sleep(0)
        released.set()
        assert await asyncio.gather(*calls[1:]) == [1] * 19
        assert door.servers.asked == [SANDBOX.jku]

    asyncio.run(story())


def test_while_the_key_server_is_down_known_keys_are_used_for_a_day(caplog: pytest.LogCaptureFixture) -> None:
    door = Door()

    async def story() -> None:
        keys = source(door)
        assert await found(keys) == 1
        door.servers.bodies[SANDBOX.jku] = KeysNotReadError("status 503")
        door.wait(3600)
        assert await found(keys) == 1
        door.wait(82_799)
        assert await found(keys) == 1
        door.wait(1)
        assert await found(keys) == "KEYS_NOT_READ"
        door.servers.bodies[SANDBOX.jku] = SANDBOX.keys
        door.wait(10)
        assert await found(keys) == 1

    asyncio.run(story())
    told = [vars(record)["fields"] for record in caplog.records if record.getMessage() == "keys-not-read"]
    assert {(said["url"], said["why"]) for said in told} == {(SANDBOX.jku, "status 503")}


def test_a_known_key_does_not_wait_for_a_server_that_has_just_failed() -> None:
    door = Door()
    answers = iter([SANDBOX.keys, KeysNotReadError("no answer within 3 s"), None])
    never = asyncio.Event()

    async def failing(url: str) -> bytes:
        answer = next(answers)
        if answer is None:
            await never.wait()
        if isinstance(answer, Exception):
            raise answer
        assert isinstance(answer, bytes)
        return answer

    async def story() -> None:
        keys = UrlKeys(SANDBOX.jku, failing, ticks=door.ticks)
        for seconds in (0, 600, 10):
            door.wait(seconds)
            assert await asyncio.wait_for(found(keys), 5) == 1

    asyncio.run(story())


def test_a_server_that_was_never_reached_is_told_by_the_log_and_asked_again_later() -> None:
    door = Door()
    door.servers.bodies[SANDBOX.jku] = KeysNotReadError("status 404")

    async def story() -> None:
        token = partial(SANDBOX.token, CHART, NOW)
        assert await door.opens(token(), CHART) == f"{Why.KEYS_NOT_READ.value}: {SANDBOX.jku}"
        door.servers.bodies[SANDBOX.jku] = SANDBOX.keys
        assert await door.opens(token(), CHART) == f"{Why.KEYS_NOT_READ.value}: {SANDBOX.jku}"
        door.wait(10)
        assert await door.opens(token(), CHART) == Caller(SANDBOX.issuer)

    asyncio.run(story())
    assert len(door.servers.asked) == 2


def test_a_key_set_that_cannot_be_read_leaves_the_old_keys() -> None:
    door = Door()

    async def story() -> None:
        keys = source(door)
        assert await found(keys) == 1
        door.servers.bodies[SANDBOX.jku] = b"<html>login</html>"
        door.wait(700)
        assert await found(keys) == 1

    asyncio.run(story())


# the wire

Answer = Callable[[httpx.Request], httpx.Response]


class Endless(httpx.AsyncByteStream):
    """A body that never ends; it counts what was read of it."""

    read = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            self.read += 65_536
            yield bytes(65_536)


def fetched(answer: Answer, seconds: float = 3.0) -> bytes | str:
    async def once() -> bytes | str:
        try:
            return await fetch_keys(SANDBOX.jku, Networks(), httpx.MockTransport(answer), seconds)
        except KeysNotReadError as error:
            return str(error)

    return asyncio.run(once())


def refuses(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("refused", request=request)


def test_a_key_set_is_read_with_one_request() -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, content=SANDBOX.keys)

    assert fetched(answer) == SANDBOX.keys
    [request] = asked
    assert (request.method, str(request.url)) == ("GET", SANDBOX.jku)
    assert not {"authorization", "cookie"} & set(request.headers)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        pytest.param(lambda _: httpx.Response(302, headers={"location": EPIC.jku}), "status 302", id="a redirect"),
        pytest.param(lambda _: httpx.Response(500), "status 500", id="an error"),
        pytest.param(refuses, "no connection (ConnectError)", id="nobody there"),
        pytest.param(
            lambda _: httpx.Response(200, content=gzip.compress(SANDBOX.keys), headers={"content-encoding": "gzip"}),
            "the answer is packed, which was not asked for",
            id="packed",
        ),
    ],
)
def test_any_other_answer_is_no_key_set(answer: Answer, why: str) -> None:
    assert fetched(answer) == why


def test_a_body_without_end_is_not_read_to_its_end() -> None:
    body = Endless()
    assert fetched(lambda _: httpx.Response(200, stream=body)) == "more than 262144 bytes"
    assert body.read <= 262_144 + 2 * 65_536


def test_a_server_that_answers_too_slowly_is_given_up() -> None:
    class Slow(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            yield b"{"
            await asyncio.sleep(3600)

    assert fetched(lambda _: httpx.Response(200, stream=Slow()), 0.01) == "no answer within 0.01 s"


HERE = {"keys.example.invalid": ["127.0.0.1"]}


async def at_this_machine(host: str, networks: Networks) -> bytes | str:
    """A key set at a host, which is this machine; what it answered, or why it was not asked."""
    peer = Peer(reply(SANDBOX.keys))
    async with listening(peer.serve) as port:
        try:
            return await fetch_keys(f"http://{host}:{port}/keys", networks)
        except KeysNotReadError as error:
            assert peer.requests == []
            return str(error)


@pytest.mark.parametrize(
    ("host", "networks"),
    [("127.0.0.1", ()), ("localhost", ()), ("keys.example.invalid", ("127.0.0.0/8",))],
)
def test_a_key_server_at_a_listed_address_is_asked(host: str, networks: tuple[str, ...]) -> None:
    assert run(partial(at_this_machine, host, Networks(networks)), HERE) == SANDBOX.keys


def test_a_name_that_leads_to_an_address_within_is_not_followed() -> None:
    answer = run(partial(at_this_machine, "keys.example.invalid", Networks(["10.0.0.0/8"])), HERE)
    assert isinstance(answer, str)
    assert answer.startswith("its server has the address 127.0.0.1, which is not one of the public internet")
