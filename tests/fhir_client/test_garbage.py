"""What a read leaves in the memory: no circle of objects, which holds the token until the collector comes round."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from types import FrameType

import httpx
import orjson
import pytest

from cds.fhir.allowed import Allowed
from cds.fhir.client import FhirClient
from cds.fhir.connections import AT_ONCE, Http
from cds.fhir.errors import FhirError
from cds.fhir.limits import Limits
from cds.fhir.needs import NEEDS
from tests.fhir_client.server import PATIENT, TOKEN, administration, outcome, searchset
from tests.fhir_client.sockets import Peer, listening, reply, run

GOOD = reply(orjson.dumps(searchset([administration(1)])))
LIMITS = Limits(seconds=0.3, pause=0, tries=2)


@contextmanager
def circles() -> Iterator[list[str]]:
    """What of ours the collector finds after the block: requests, errors, and the frames of functions."""
    found: list[str] = []
    gc.collect()
    gc.disable()
    try:
        yield found
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        found += sorted({name for each in gc.garbage if (name := named(each))})
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


def named(each: object) -> str:
    match each:
        case httpx.Request() | FhirError():
            return type(each).__name__
        case FrameType() if "/cds/fhir/" in each.f_code.co_filename:
            return each.f_code.co_qualname
        case _:
            return ""


@pytest.mark.parametrize(
    ("answer", "close", "ends"),
    [
        pytest.param(GOOD, False, "whole", id="whole"),
        pytest.param(reply(orjson.dumps(outcome()), status="403 Forbidden"), False, "denied", id="denied"),
        pytest.param(reply(orjson.dumps(outcome()), status="503 Busy"), False, "unavailable", id="busy, asked twice"),
        pytest.param(reply(b"<html>"), False, "unusable", id="no FHIR"),
        pytest.param(b"", True, "unavailable", id="broken off"),
        pytest.param(b"", False, "unavailable", id="mute until the deadline"),
    ],
)
def test_nothing_of_a_read_is_left_to_the_collector(answer: bytes, close: bool, ends: str) -> None:
    async def read() -> list[str]:
        async with listening(Peer(answer, close=close).serve) as port:
            base = f"http://127.0.0.1:{port}/fhir"
            async with Http(Limits(), Allowed([base])) as http:
                with circles() as found:
                    assert await ending(http, base) == ends
                return found

    assert run(read) == []


def test_nor_of_one_whose_turn_did_not_come() -> None:
    base = "http://127.0.0.1:9/fhir"

    async def read() -> list[str]:
        async with Http(Limits(), Allowed([base])) as http, AsyncExitStack() as others:
            for _ in range(AT_ONCE):
                await others.enter_async_context(http.turn(0.0))
            with circles() as found:
                assert await ending(http, base) == "unavailable"
            return found

    assert run(read) == []


async def ending(http: Http, base: str) -> str:
    client = FhirClient(http, base, token=TOKEN, limits=LIMITS)
    try:
        fetched = await client.history(PATIENT, needs=NEEDS * 2)
    except FhirError as error:
        ended = error.kind.value
    else:
        ended = "whole" if fetched.whole else "not whole"
    await asyncio.sleep(0)  # the loop lets go of a task that has ended in its next round
    return ended


def test_a_circle_would_be_seen() -> None:
    request = httpx.Request("GET", "https://ehr.example.invalid")
    with circles() as found:
        request.extensions["itself"] = request
        del request
    assert found == ["Request"]
