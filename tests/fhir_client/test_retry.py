"""When a request is made again, and after how long."""

from __future__ import annotations

import time

import httpx
import pytest
import respx

from cds.fhir.errors import FhirError, Kind
from cds.fhir.limits import Limits
from cds.fhir.retry import pause_before, retry_after
from tests.fhir_client.server import BASE, PATIENT, administration, ask, searchset

URL = f"{BASE}/MedicationAdministration"
GOOD = httpx.Response(200, json=searchset([administration(1)]))
DATE = "Sun, 01 Mar 2026 10:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "3"}, 3.0),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "Sun, 01 Mar 2026 10:00:07 GMT", "date": DATE}, 7.0),
        ({"retry-after": "Sun, 01 Mar 2026 09:00:00 GMT", "date": DATE}, 0.0),
        ({"retry-after": "Sun, 01 Mar 2026 10:00:07 GMT"}, None),
    ],
)
def test_retry_after(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers) == seconds


@pytest.mark.parametrize(
    ("attempt", "random", "seconds"), [(1, 0.0, 0.1), (1, 1.0, 0.2), (2, 0.0, 0.2), (2, 1.0, 0.4), (3, 0.5, 0.6)]
)
def test_the_pause_doubles_and_is_not_the_same_for_all_callers(attempt: int, random: float, seconds: float) -> None:
    assert pause_before(attempt, {}, first=0.2, random=lambda: random) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("answers", "tries"),
    [
        ([httpx.Response(503), GOOD], 2),
        ([httpx.Response(429, headers={"retry-after": "0"}), httpx.Response(504), GOOD], 3),
        ([httpx.ConnectError("refused"), GOOD], 2),
        ([httpx.ReadError("reset"), GOOD], 2),
        ([httpx.RemoteProtocolError("peer closed connection without sending complete message body"), GOOD], 2),
    ],
)
def test_what_passes_is_asked_again(answers: list[httpx.Response | Exception], tries: int) -> None:
    with respx.mock() as network:
        route = network.get(URL).mock(side_effect=answers)
        assert ask(None, lambda client: client.history(PATIENT)).whole
        assert route.call_count == tries


@pytest.mark.parametrize(
    ("answer", "tries", "kind"),
    [
        (httpx.Response(503), 3, Kind.UNAVAILABLE),
        (httpx.Response(429), 3, Kind.UNAVAILABLE),
        (httpx.ConnectError("refused"), 3, Kind.UNAVAILABLE),
        (httpx.Response(500), 1, Kind.UNAVAILABLE),
        (httpx.Response(401), 1, Kind.DENIED),
        (httpx.Response(403), 1, Kind.DENIED),
        (httpx.Response(404), 1, Kind.UNUSABLE),
        (httpx.Response(200, content=b"{"), 1, Kind.UNUSABLE),
        (httpx.Response(503, headers={"retry-after": "60"}), 1, Kind.UNAVAILABLE),
    ],
)
def test_how_often_and_what_then(answer: httpx.Response | Exception, tries: int, kind: Kind) -> None:
    with respx.mock() as network:
        route = network.get(URL).mock(side_effect=[answer] * 5)
        started = time.monotonic()
        with pytest.raises(FhirError) as caught:
            ask(None, lambda client: client.history(PATIENT))
        assert (route.call_count, caught.value.kind) == (tries, kind)
        assert time.monotonic() - started < 2, "a Retry-After beyond the deadline is not waited for"


def test_the_limits_must_make_sense() -> None:
    for wrong in ({"seconds": 0}, {"pages": 0}, {"tries": 0}, {"megabytes": -1}, {"pause": -1}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            Limits(**wrong)
