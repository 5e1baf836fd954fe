"""Never silent: a check that was not made never looks like one that found nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from io import StringIO
from types import ModuleType
from typing import Any

import httpx
import pytest

import hooks.endpoint
import hooks.found
import hooks.orders
from hooks.operations.logs import LogFormat, LogLevel, log_lines
from hooks.wire import CardsResponse
from tests.service.ehr import (
    CHART,
    LAST_WEEK,
    ON_SCHEDULE,
    ORDER,
    PATIENT,
    TOKEN,
    Answer,
    ask,
    bundle,
    call,
    draft,
    given,
    history,
    kinds,
    no_calls,
    prefetched,
    service,
    with_server,
)

Resource = dict[str, Any]


def always(response: Callable[[], httpx.Response]) -> Answer:
    """A server that always answers the same."""
    return lambda _: response()


def dead(request: httpx.Request) -> httpx.Response:
    """A server that cannot be reached."""
    raise httpx.ConnectError("refused", request=request)


def slow(request: httpx.Request) -> httpx.Response:
    """A server that does not answer in time."""
    raise httpx.ReadTimeout("slow", request=request)


FAULTS = [
    pytest.param(dead, "the dose history could not be read", id="unreachable"),
    pytest.param(slow, "the dose history could not be read", id="slow"),
    pytest.param(always(lambda: httpx.Response(401)), "no access to the dose history", id="401"),
    pytest.param(always(lambda: httpx.Response(403)), "no access to the dose history", id="403"),
    pytest.param(always(lambda: httpx.Response(500)), "the dose history could not be read", id="500"),
    pytest.param(always(lambda: httpx.Response(404)), "the dose history could not be read", id="404"),
    pytest.param(always(lambda: httpx.Response(200, text="<html>login</html>")), "could not be read", id="HTML"),
    pytest.param(always(lambda: httpx.Response(200, text='{"resourceType":')), "could not be read", id="cut short"),
    pytest.param(always(lambda: httpx.Response(200, json=[])), "could not be read", id="not a Bundle"),
    pytest.param(
        always(lambda: httpx.Response(200, json=bundle([{"resourceType": "Patient", "id": "p"}]))),
        "could not be read",
        id="other resources",
    ),
]


@pytest.mark.parametrize(("server", "reason"), FAULTS)
def test_a_server_that_fails_is_a_warning_card_on_an_order_and_412_on_a_chart(server: Answer, reason: str) -> None:
    with service(server, deadline_seconds=0.5) as client:
        answer = ask(client, ORDER, with_server(call("order-sign", drafts=[draft()])))
        assert answer.status_code == 200
        CardsResponse.model_validate(answer.json())
        [card] = answer.json()["cards"]
        assert card["source"]["topic"]["code"] == "NusinersenNotChecked"
        assert card["indicator"] == "warning"
        assert "NOT checked" in card["summary"]
        assert reason in card["summary"]
        assert answer.headers["X-Incident-Id"] in card["detail"]
        chart = ask(client, CHART, with_server(call("patient-view")))
        assert chart.status_code == 412
        [issue] = chart.json()["issue"]
        assert chart.headers["X-Incident-Id"] in issue["diagnostics"]
        assert PATIENT not in chart.text


@pytest.mark.parametrize(("server", "reason"), FAULTS)
def test_both_answers_to_a_failure_are_settings(server: Answer, reason: str) -> None:
    with service(server, deadline_seconds=0.5, order_failure="status", chart_failure="card") as client:
        assert ask(client, ORDER, with_server(call("order-sign", drafts=[draft()]))).status_code == 412
        chart = ask(client, CHART, with_server(call("patient-view")))
        assert chart.status_code == 200
        assert reason in chart.json()["cards"][0]["summary"]


@pytest.mark.parametrize(
    ("service_id", "hook"), [(ORDER, "order-sign"), (ORDER, "order-select"), (CHART, "patient-view")]
)
def test_without_prefetch_and_server_the_answer_is_412_and_names_what_is_missing(service_id: str, hook: str) -> None:
    drafts = None if hook == "patient-view" else [draft()]
    for prefetch in ({}, {"prefetch": {}}, {"prefetch": None}, {"prefetch": {"another": {}}}):
        with service(no_calls) as client:
            answer = ask(client, service_id, call(hook, drafts=drafts, **prefetch))
        assert answer.status_code == 412
        [issue] = answer.json()["issue"]
        assert issue["expression"] == ["prefetch.administrations"]
        assert "fhirServer" in issue["diagnostics"]


OUTCOME = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "timeout"}]}


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(OUTCOME, id="OperationOutcome"),
        pytest.param(bundle([OUTCOME]), id="OperationOutcome in a Bundle"),
        pytest.param("<html>error</html>", id="HTML"),
        pytest.param(17, id="a number"),
        pytest.param([], id="a list"),
        pytest.param({}, id="an object that is no resource"),
    ],
)
def test_a_prefetch_that_cannot_be_used_is_read_again_from_the_server_or_is_a_failure(value: object) -> None:
    request = call("order-sign", drafts=[draft()], prefetch={"administrations": value})
    with service(always(lambda: httpx.Response(200, json=bundle(history(*LAST_WEEK))))) as client:
        assert kinds(ask(client, ORDER, with_server(request))) == ["TooEarly"]
    with service(no_calls) as client:
        assert kinds(ask(client, ORDER, request)) == ["NotChecked"]
        chart = call("patient-view", prefetch={"administrations": value})
        assert ask(client, CHART, chart).status_code == 412


@pytest.mark.parametrize("empty", [None, bundle([]), {"resourceType": "Bundle", "type": "searchset", "total": 0}])
def test_a_prefetch_that_is_known_to_be_empty_is_an_empty_history(empty: object) -> None:
    with service(no_calls) as client:
        request = call("order-sign", drafts=[draft()], prefetch={"administrations": empty})
        assert kinds(ask(client, ORDER, request)) == []
        assert kinds(ask(client, CHART, call("patient-view", prefetch={"administrations": empty}))) == []


def test_a_single_resource_as_prefetch_is_a_history_of_one() -> None:
    with service(no_calls) as client:
        request = call("order-sign", drafts=[draft()], prefetch={"administrations": given("a1", "2026-05-01")})
        assert kinds(ask(client, ORDER, request)) == ["TooEarly"]


MORE = [{"relation": "next", "url": "https://ehr.example.invalid/fhir?page=2"}]


def test_a_prefetched_page_is_continued_from_the_server_or_is_incomplete() -> None:
    old, new = history(*ON_SCHEDULE)[:-1], given("a9", "2026-05-01")
    request = call("order-sign", drafts=[draft()], prefetch={"administrations": bundle(old, link=MORE)})
    with service(always(lambda: httpx.Response(200, json=bundle([new])))) as client:
        assert kinds(ask(client, ORDER, with_server(request))) == ["TooEarly"]
    for client_request, server in ((request, no_calls), (with_server(request), always(lambda: httpx.Response(500)))):
        with service(server, deadline_seconds=0.5) as client:
            assert kinds(ask(client, ORDER, client_request)) == ["HistoryIncomplete"]
            chart = {**client_request, "hook": "patient-view"}
            assert kinds(ask(client, CHART, chart)) == ["HistoryIncomplete"]


def test_a_total_above_what_was_delivered_is_incomplete() -> None:
    prefetch = {"administrations": bundle(history(*ON_SCHEDULE), total=40)}
    with service(no_calls) as client:
        assert kinds(ask(client, CHART, call("patient-view", prefetch=prefetch))) == ["HistoryIncomplete"]


def test_a_medication_that_could_not_be_read_makes_the_history_incomplete() -> None:
    nameless = given("u1", "2026-05-01", medicationReference={"reference": "Medication/m1"})
    del nameless["medicationCodeableConcept"]

    def server(request: httpx.Request) -> httpx.Response:
        if "Medication/" in request.url.path or "_id" in request.url.params:
            return httpx.Response(403)
        return httpx.Response(200, json=bundle([*history(*ON_SCHEDULE), nameless]))

    with service(server) as client:
        request = with_server(call("order-sign", drafts=[draft(day="2026-08-03")]))
        assert kinds(ask(client, ORDER, request)) == ["HistoryIncomplete"]


def test_a_record_of_another_patient_is_never_counted() -> None:
    theirs = given("a9", "2026-05-01", subject={"reference": "Patient/somebody-else"})
    with service(no_calls) as client:
        prefetch = {"administrations": bundle([*history(*ON_SCHEDULE), theirs])}
        [card] = ask(client, CHART, call("patient-view", prefetch=prefetch)).json()["cards"]
    assert "wrong-patient" in card["extension"]["org.nusinersen-cds"]["findings"]


@pytest.mark.parametrize(
    ("module", "broken"),
    [
        *((hooks.found, name) for name in ("assess", "read_history", "gather")),
        *((hooks.orders, name) for name in ("order_cards", "read_drafts", "read_orders")),
        # outside of the flow too
        *((hooks.endpoint, name) for name in ("check_rate", "read_request", "answer_each")),
    ],
)
def test_a_crash_is_a_warning_card_with_an_incident_and_no_patient_data(
    module: ModuleType, broken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object, **__: object) -> None:
        raise ValueError(f"a text that quotes Patient/{PATIENT}")

    stream = StringIO()
    with service(no_calls) as client, log_lines(LogFormat.JSON, LogLevel.INFO, stream):
        monkeypatch.setattr(module, broken, crash)
        answer = ask(client, ORDER, call("order-sign", drafts=[draft()], prefetch=prefetched(*LAST_WEEK)))
    assert kinds(answer) == ["NotChecked"]
    incident = answer.headers["X-Incident-Id"]
    assert incident in answer.json()["cards"][0]["detail"]
    logged = [json.loads(line) for line in stream.getvalue().splitlines()]
    [failed] = [line for line in logged if line["event"] == "failed"]
    assert (failed["level"], failed["incident"], failed["error"]) == ("error", incident, "ValueError")
    assert PATIENT not in stream.getvalue()
    assert TOKEN not in stream.getvalue()
    assert PATIENT not in answer.text


@pytest.mark.parametrize(("module", "broken"), [(hooks.found, "assess"), (hooks.endpoint, "read_request")])
def test_a_crash_on_a_chart_is_412(module: ModuleType, broken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object, **__: object) -> None:
        raise KeyError("x")

    with service(no_calls) as client:
        monkeypatch.setattr(module, broken, crash)
        answer = ask(client, CHART, call("patient-view", prefetch=prefetched(*LAST_WEEK)))
    assert answer.status_code == 412
    assert answer.headers["X-Incident-Id"] in answer.json()["issue"][0]["diagnostics"]
