"""Limits on what a caller may send: beyond them an order is not checked, which is said, and never silence."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import anyio
import pytest

from hooks.intake import Intake, TooMuchError
from hooks.security.rate import Rate
from hooks.settings import Settings, SettingsError
from hooks.wire import CardsResponse
from tests.security.door import EPIC, SANDBOX
from tests.security.issuer import CHART, DISCOVERY, FEEDBACK, ORDER
from tests.security.test_gate import guarded, signed
from tests.service.ehr import (
    LAST_WEEK,
    OTHER_DRUG,
    Client,
    call,
    draft,
    given,
    prefetched,
    service,
)

JSON = {"Content-Type": "application/json"}
TOO_EARLY = call("order-sign", drafts=[draft()], prefetch=prefetched(*LAST_WEEK))
OTHER = call("order-sign", drafts=[draft(medicationCodeableConcept=OTHER_DRUG)])
VIEW = call("patient-view", prefetch=prefetched(*LAST_WEEK))


def nested(request: dict[str, Any], levels: int) -> bytes:
    """The request with a field that goes so many levels deep."""
    body = json.dumps({**request, "extension": "DEEP"})
    return body.replace('"DEEP"', "[" * levels + "]" * levels).encode()


def padded(request: dict[str, Any], size: int) -> bytes:
    body = json.dumps(request).encode()
    return body[:-1] + b" " * (size - len(body)) + b"}"


def crowded(request: dict[str, Any], number: int) -> bytes:
    entries = [{"resource": given(f"x{count}", "2025-12-03")} for count in range(number)]
    bundle = {"resourceType": "Bundle", "type": "searchset", "entry": entries}
    return json.dumps({**request, "prefetch": {"administrations": bundle}}).encode()


async def in_pieces(body: bytes) -> AsyncIterator[bytes]:
    """A body that is sent without saying how long it is."""
    for start in range(0, len(body), 4096):
        yield body[start : start + 4096]


BEYOND = [
    pytest.param({"max_body_megabytes": 0.01}, lambda r: padded(r, 10_001), 413, "larger than 0.01 MB", id="size"),
    pytest.param(
        {"max_bodies_megabytes": 0.01}, lambda r: padded(r, 10_001), 413, "all calls together", id="all sizes"
    ),
    pytest.param({"max_nesting": 40}, lambda r: nested(r, 40), 412, "deeper than 40 levels", id="depth"),
    pytest.param({}, lambda r: nested(r, 1_200), 412, "deeper than 500 levels", id="deeper than the quick parser goes"),
    pytest.param({}, lambda r: nested(r, 200_000), 412, "deeper than 500 levels", id="deeper than any parser goes"),
    pytest.param({"max_resources": 20}, lambda r: crowded(r, 21), 412, "more than 20 resources", id="resources"),
]


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize(("limits", "grown", "status", "reason"), BEYOND)
def test_beyond_a_limit_an_order_is_not_checked_and_a_chart_is_refused(
    limits: dict[str, Any], grown: Any, status: int, reason: str, streamed: bool, caplog: pytest.LogCaptureFixture
) -> None:
    def send(client: Client, path: str, body: bytes) -> Any:
        return client.post(path, content=in_pieces(body) if streamed else body, headers=JSON)

    with service(**limits) as client:
        # whatever the order is for, since nothing of it was looked at
        for request in (TOO_EARLY, OTHER):
            answer = send(client, ORDER, grown(request))
            assert answer.status_code == 200
            CardsResponse.model_validate(answer.json())
            [card] = answer.json()["cards"]
            assert card["extension"]["org.nusinersen-cds"]["reason"] == "limit"
            assert (card["indicator"], "NOT checked" in card["summary"]) == ("warning", True)
            assert reason in card["detail"]
            assert answer.headers["X-Incident-Id"] in card["detail"]
        chart = send(client, CHART, grown(VIEW))
        assert chart.status_code == status
        [issue] = chart.json()["issue"]
        assert (issue["code"], reason in issue["diagnostics"]) == ("too-costly", True)
    told = [record for record in caplog.records if record.getMessage() == "not-checked"]
    assert [vars(record)["fields"]["reason"] for record in told] == ["limit"] * 3


def test_at_the_limit_all_is_looked_at() -> None:
    limits = {"max_body_megabytes": 0.02, "max_bodies_megabytes": 0.02, "max_nesting": 40, "max_resources": 6}
    with service(**limits) as client:
        for body in (padded(TOO_EARLY, 20_000), nested(TOO_EARLY, 39), json.dumps(TOO_EARLY).encode()):
            [card] = client.post(ORDER, content=body, headers=JSON).json()["cards"]
            assert card["source"]["topic"]["code"] == "NusinersenTooEarly"


def test_both_answers_beyond_a_limit_are_settings() -> None:
    with service(max_body_megabytes=0.001, order_failure="status", chart_failure="card") as client:
        body = padded(TOO_EARLY, 2_000)
        assert client.post(ORDER, content=body, headers=JSON).status_code == 413
        assert len(client.post(CHART, content=body, headers=JSON).json()["cards"]) == 1


def test_a_body_that_says_it_is_too_large_is_not_read() -> None:
    read = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal read
        read += 1
        yield b" " * 1_000

    with service(max_body_megabytes=0.001) as client:
        headers = {**JSON, "Content-Length": "2000"}
        answer = client.post(CHART, content=body(), headers=headers)
    assert (answer.status_code, read) == (413, 0)


def test_a_body_without_end_is_not_kept() -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 10_000
            yield b" " * 10_000

    with service(max_body_megabytes=0.1) as client:
        assert client.post(CHART, content=endless(), headers=JSON).status_code == 413
        assert sent <= 120_000
        # and nothing is counted as held any more
        assert client.post(CHART, json=VIEW).status_code == 200


def test_a_body_that_comes_too_slowly_is_given_up() -> None:
    async def slow() -> AsyncIterator[bytes]:
        yield b"{"
        await anyio.sleep(3600)

    with service(body_seconds=0.05) as client:
        [card] = client.post(ORDER, content=slow(), headers=JSON).json()["cards"]
        assert "did not arrive within 0.05 s" in card["detail"]
        assert client.post(CHART, content=slow(), headers=JSON).status_code == 412


def test_what_is_held_by_all_calls_is_bounded_and_given_back() -> None:
    settings = Settings(regimen="eu-12mg", time_zone="UTC", max_body_megabytes=1, max_bodies_megabytes=2.5)

    async def in_one() -> dict[str, Any]:
        return {"type": "http.request", "body": bytes(1_000_000)}

    async def story() -> None:
        intake = Intake.of(settings)
        sent: dict[str, Any] = {"headers": []}
        async with intake.body(sent, in_one), intake.body(sent, in_one):
            assert intake.held == 2_000_000
            with pytest.raises(TooMuchError, match="max_bodies_megabytes"):
                async with intake.body(sent, in_one):
                    pytest.fail("a third one was taken")
            assert intake.held == 2_000_000
        assert intake.held == 0

    anyio.run(story)


@pytest.fixture(scope="module")
def ten_thousand() -> bytes:
    """The history of a patient with 10,000 administrations, 32 MB, and a draft order of today."""
    order = call("order-sign", drafts=[draft(day="2026-05-04")])
    more = {"note": [{"text": "x" * 2_850}]}
    entries = [{"resource": given(f"x{n}", f"2025-{n % 12 + 1:02}-01", **more)} for n in range(10_000)]
    entries.append({"resource": given("last", "2026-05-01")})
    bundle = {"resourceType": "Bundle", "type": "searchset", "entry": entries}
    return json.dumps({**order, "prefetch": {"administrations": bundle}}).encode()


def test_a_patient_with_ten_thousand_administrations_is_within_the_limits(ten_thousand: bytes) -> None:
    assert len(ten_thousand) > 31_000_000
    with service() as client:
        [card] = client.post(ORDER, content=ten_thousand, headers=JSON).json()["cards"]
    assert card["source"]["topic"]["code"] == "NusinersenTooEarly"


# rate


def test_calls_of_an_issuer_are_counted_by_the_minute() -> None:
    seconds = 0.0
    rate = Rate(60, ticks=lambda: seconds)
    assert [rate.wait("a") for _ in range(61)] == [0.0] * 60 + [1.0]
    assert rate.wait("b") == 0.0
    seconds = 0.5
    assert rate.wait("a") == 0.5
    seconds = 1.0
    assert [rate.wait("a"), rate.wait("a")] == [0.0, 1.0]
    seconds = 3600.0
    assert [rate.wait("a") for _ in range(61)] == [0.0] * 60 + [1.0]


def test_over_the_rate_an_order_is_not_checked_and_the_rest_is_put_off() -> None:
    with guarded(calls_per_minute=1) as client:
        assert client.get(DISCOVERY, headers=signed(SANDBOX, DISCOVERY)).status_code == 200
        for method, path in (("GET", DISCOVERY), ("POST", CHART), ("POST", FEEDBACK)):
            answer = client.request(method, path, headers=signed(SANDBOX, path))
            assert answer.status_code == 429
            assert answer.headers["Retry-After"] == "60"
            [issue] = answer.json()["issue"]
            assert answer.headers["X-Incident-Id"] in issue["diagnostics"]
        ordered = client.post(ORDER, json=OTHER, headers=signed(SANDBOX, ORDER))
        [card] = ordered.json()["cards"]
        assert card["extension"]["org.nusinersen-cds"]["reason"] == "rate"
        assert "call less often" in card["detail"]
        # another client has its own count
        assert client.post(ORDER, json=OTHER, headers=signed(EPIC, ORDER)).json() == {"cards": []}


def test_who_is_refused_does_not_use_up_the_calls_of_a_client() -> None:
    with guarded(calls_per_minute=1) as client:
        for _ in range(3):
            bad = signed(SANDBOX, DISCOVERY, key=EPIC.key, header={"alg": "RS384"})
            assert client.get(DISCOVERY, headers=bad).status_code == 401
        assert client.get(DISCOVERY, headers=signed(SANDBOX, DISCOVERY)).status_code == 200


def test_without_a_setting_there_is_no_rate() -> None:
    with guarded() as client:
        answers = [client.get(DISCOVERY, headers=signed(SANDBOX, DISCOVERY)).status_code for _ in range(100)]
    assert set(answers) == {200}


def test_a_rate_needs_callers_that_are_known() -> None:
    with pytest.raises(SettingsError, match="CALLS_PER_MINUTE"), service(calls_per_minute=1):
        pytest.fail("the service started")
