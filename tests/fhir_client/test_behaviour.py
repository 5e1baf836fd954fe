"""How servers behave that are no fault of theirs, over real sockets: packing, busy times, odd searches, odd pages."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib

import orjson
import pytest

from cds.fhir.allowed import Allowed
from cds.fhir.client import FhirClient, Http
from cds.fhir.errors import FhirError, Kind
from cds.fhir.fetch import Fetched
from cds.fhir.limits import Limits
from tests.fhir_client.server import PATIENT, TOKEN, administration, searchset
from tests.fhir_client.sockets import Peer, listening, reply, run

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
