"""A call as its operators see it: ids, one log line, counters, spans, and an answer whatever breaks."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import StringIO
from typing import Any

import httpx
import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

import hooks.endpoint
import hooks.feedback_page
import hooks.found
from hooks.operations.entrance import Operations
from hooks.operations.health import State, Status
from hooks.operations.logs import LogFormat, LogLevel, log_lines
from hooks.operations.otel import OpenTelemetry
from tests.service.ehr import (
    CHART,
    LAST_WEEK,
    ON_SCHEDULE,
    ORDER,
    OTHER_DRUG,
    SERVER,
    Answer,
    Client,
    Resource,
    ask,
    bundle,
    call,
    draft,
    history,
    kinds,
    no_calls,
    prefetched,
    service,
    with_server,
)

REQUEST_ID = "6f1c2d3e-4a5b-4c7d-8e9f-0a1b2c3d4e5f"
PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@dataclass
class Watched:
    """A service, and what its operators see."""

    client: Client
    operations: Operations
    spans: InMemorySpanExporter
    stream: StringIO = field(default_factory=StringIO)

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.stream.getvalue().splitlines()]

    def sample(self, name: str, **labels: str) -> float | None:
        return self.operations.metrics.registry.get_sample_value(f"nusinersen_cds_{name}", labels)


@contextmanager
def watched(answer: Answer = no_calls, *, to_servers: bool = False, **settings: Any) -> Iterator[Watched]:
    spans = InMemorySpanExporter()
    operations = Operations(traces=OpenTelemetry(spans, share=1.0, to_servers=to_servers))
    stream = StringIO()
    with log_lines(LogFormat.JSON, LogLevel.INFO, stream), service(answer, operations=operations, **settings) as client:
        # what is said at the start is not what these tests are about
        stream.truncate(stream.seek(0))
        yield Watched(client, operations, spans, stream)


TOO_EARLY = call("order-sign", drafts=[draft()], prefetch=prefetched(*LAST_WEEK))
FINE = call("order-sign", drafts=[draft(day="2026-08-03")], prefetch=prefetched(*ON_SCHEDULE))
OTHER = call("order-select", drafts=[draft(medicationCodeableConcept=OTHER_DRUG)])
UNREAD = with_server(call("order-sign", drafts=[draft()]))


def refuses(_: httpx.Request) -> httpx.Response:
    return httpx.Response(403)


@pytest.mark.parametrize(
    ("service_id", "request_", "status", "outcome", "hook", "kinds"),
    [
        pytest.param(ORDER, TOO_EARLY, 200, "checked", "order-sign", ["NusinersenTooEarly"], id="too early"),
        pytest.param(ORDER, FINE, 200, "checked", "order-sign", [], id="nothing wrong"),
        pytest.param(ORDER, OTHER, 200, "not-ours", "order-select", [], id="another drug"),
        pytest.param(ORDER, UNREAD, 200, "not-checked", "order-sign", ["NusinersenNotChecked"], id="not read"),
        pytest.param(CHART, with_server(call("patient-view")), 412, "not-answered", "patient-view", [], id="412"),
        pytest.param(CHART, {"hook": "x"}, 400, "bad-request", "none", [], id="bad request"),
    ],
)
def test_a_call_is_one_line_one_count_and_one_trace(
    service_id: str, request_: Resource, status: int, outcome: str, hook: str, kinds: list[str]
) -> None:
    with watched(refuses) as seen:
        answer = ask(seen.client, service_id, request_)
    [line] = [line for line in seen.lines if line["event"] == "request"]
    assert answer.status_code == status
    site = "none" if status == 400 else "default"
    assert {name: line[name] for name in ("page", "hook", "site", "status", "outcome", "cards")} == {
        "page": service_id,
        "hook": hook,
        "site": site,
        "status": status,
        "outcome": outcome,
        "cards": kinds,
    }
    assert line["incident"] == answer.headers["X-Incident-Id"]
    assert line["request_id"] == answer.headers["X-Request-Id"]
    where = {"service": service_id, "hook": hook, "site": site}
    assert seen.sample("calls_total", **where, outcome=outcome) == 1
    assert [seen.sample("cards_total", **where, kind=kind) for kind in kinds] == [1] * len(kinds)
    assert seen.sample("call_seconds_count", service=service_id) == 1
    assert seen.sample("calls_in_flight") == 0
    assert [span.name for span in seen.spans.get_finished_spans()][-1] == service_id


def test_the_steps_of_a_call_are_spans() -> None:
    with watched() as seen:
        ask(seen.client, ORDER, TOO_EARLY)
    spans = seen.spans.get_finished_spans()
    assert [span.name for span in spans] == ["gather", "orders", "assess", "cards", "journal", ORDER]
    assert {span.parent.span_id for span in spans[:-1] if span.parent} == {spans[-1].get_span_context().span_id}


def pages(request: httpx.Request) -> httpx.Response:
    """A history of two pages, of which the second breaks off."""
    if "page" in request.url.params:
        raise httpx.ReadError("gone", request=request)
    link = [{"relation": "next", "url": f"{SERVER}?page=2"}]
    return httpx.Response(200, json=bundle(history(*LAST_WEEK), link=link))


def slow(_: httpx.Request) -> httpx.Response:
    raise TimeoutError


SEARCH = "the search for MedicationAdministration"


@pytest.mark.parametrize(
    ("answer", "ended"),
    [
        pytest.param(refuses, {"denied": 1}, id="refused"),
        pytest.param(lambda _: httpx.Response(429, headers={"Retry-After": "60"}), {"throttled": 1}, id="too many"),
        pytest.param(lambda _: httpx.Response(404), {"4xx": 1}, id="not there"),
        pytest.param(pages, {"2xx": 1, "unavailable": 3}, id="a page that breaks off, asked for again"),
        pytest.param(slow, {"cut-off": 1}, id="an end that is none of the server's"),
    ],
)
def test_requests_to_servers_are_counted_and_traced_by_what_they_ask_for(answer: Answer, ended: dict[str, int]) -> None:
    with watched(answer) as seen:
        ask(seen.client, ORDER, UNREAD)
    counted = {
        sample.labels["outcome"]: sample.value
        for family in seen.operations.metrics.registry.collect()
        for sample in family.samples
        if sample.name == "nusinersen_cds_fhir_requests_total" and sample.labels["asked"] == SEARCH
    }
    spans = [span for span in seen.spans.get_finished_spans() if span.name == SEARCH]
    assert counted == ended
    assert Counter((span.attributes or {})["nusinersen_cds.outcome"] for span in spans) == ended


@pytest.mark.parametrize("to_servers", [True, False])
def test_a_server_is_told_of_the_trace_where_the_site_wants_it(to_servers: bool) -> None:
    sent: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request.headers.get("traceparent", ""))
        return httpx.Response(200, json=bundle([]))

    with watched(answer, to_servers=to_servers) as seen:
        seen.client.post(f"/cds-services/{ORDER}", json=UNREAD, headers={"traceparent": PARENT})
    assert [parent[3:35] for parent in sent] == ([PARENT[3:35]] * 4 if to_servers else [""] * 4)


def test_ids_of_the_caller_are_kept_where_well_formed_and_reach_every_line_of_the_call() -> None:
    with watched(refuses) as seen:
        headers = {"X-Request-Id": REQUEST_ID, "traceparent": PARENT}
        answer = seen.client.post(f"/cds-services/{ORDER}", json=UNREAD, headers=headers)
    assert answer.headers["X-Request-Id"] == REQUEST_ID
    assert [(line["event"], line["request_id"]) for line in seen.lines if "request_id" in line] == [
        ("not-checked", REQUEST_ID),
        ("request", REQUEST_ID),
    ]
    assert {f"{span.get_span_context().trace_id:032x}" for span in seen.spans.get_finished_spans()} == {PARENT[3:35]}


def test_an_id_that_could_be_a_name_is_not_taken() -> None:
    with watched() as seen:
        answer = seen.client.post(f"/cds-services/{ORDER}", json=OTHER, headers={"X-Request-Id": "Jane-Doe"})
    assert answer.headers["X-Request-Id"] == answer.headers["X-Incident-Id"]
    assert "Jane" not in seen.stream.getvalue()


@pytest.mark.parametrize(
    ("method", "path", "page"),
    [
        ("GET", "/cds-services", "discovery"),
        ("POST", "/cds-services/Jane-Doe", "other"),
        ("GET", "/Jane-Doe?name=Jane-Doe", "other"),
        ("JANE", "/cds-services", "discovery"),
    ],
)
def test_a_path_is_logged_by_the_name_of_its_page_alone(method: str, path: str, page: str) -> None:
    with watched() as seen:
        seen.client.request(method, path)
    [line] = seen.lines
    assert (line["event"], line["page"]) == ("request", page)
    assert "jane" not in seen.stream.getvalue().lower()


@pytest.mark.parametrize("fails", ["choose", "read_request"])
def test_an_error_outside_of_the_check_is_a_card_at_an_order_and_counts_as_failed(
    fails: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object, **__: object) -> None:
        raise ValueError("Jane-Doe")

    where: Any = hooks.endpoint if fails == "read_request" else hooks.endpoint.Sites
    monkeypatch.setattr(where, fails, crash)
    with watched() as seen:
        answer = ask(seen.client, ORDER, TOO_EARLY)
    assert (answer.status_code, kinds(answer)) == (200, ["NotChecked"])
    incident = answer.headers["X-Incident-Id"]
    assert incident in answer.json()["cards"][0]["detail"]
    assert [line["event"] for line in seen.lines] == ["failed", "request"]
    assert {line["incident"] for line in seen.lines} == {incident}
    assert "Jane" not in seen.stream.getvalue() + answer.text
    hook = "none" if fails == "read_request" else "order-sign"
    assert seen.sample("calls_total", service=ORDER, hook=hook, site="default", outcome="failed") == 1


def test_an_error_that_nothing_else_answers_is_500_with_the_incident(monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object, **__: object) -> None:
        raise ValueError("Jane-Doe")

    monkeypatch.setattr(hooks.feedback_page, "read_feedback", crash)
    with watched() as seen:
        answer = ask(seen.client, f"{ORDER}/feedback", {"feedback": []})
    assert answer.status_code == 500
    incident = answer.headers["X-Incident-Id"]
    assert incident in answer.json()["issue"][0]["diagnostics"]
    assert [line["event"] for line in seen.lines] == ["failed", "request"]
    assert {line["incident"] for line in seen.lines} == {incident}
    assert "Jane" not in seen.stream.getvalue() + answer.text


def test_an_error_within_the_check_counts_as_failed_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object, **__: object) -> None:
        raise ValueError("Jane-Doe")

    monkeypatch.setattr(hooks.found, "assess", crash)
    with watched() as seen:
        card = ask(seen.client, ORDER, TOO_EARLY)
        chart = ask(seen.client, CHART, call("patient-view", prefetch=prefetched(*ON_SCHEDULE)))
    assert (card.status_code, chart.status_code) == (200, 412)
    assert [line["outcome"] for line in seen.lines if line["event"] == "request"] == ["failed", "failed"]
    [step] = [span for span in seen.spans.get_finished_spans() if span.name == "assess"][:1]
    assert step.status.description == "ValueError"


def test_an_answer_that_breaks_off_is_not_begun_again() -> None:
    from hooks.operations.entrance import Entrance

    async def broken(_: Any, __: Any, send: Callable[..., Any]) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise OSError

    sent: list[dict[str, Any]] = []

    async def run() -> None:
        async def send(message: Any) -> None:
            sent.append(message)

        entrance = Entrance(
            broken,
            operations=Operations(),
            new_id=lambda: "i",
            pages={"/x": "x"},
            services=frozenset({"x"}),
            quiet=frozenset(),
            people=frozenset({"x"}),
        )
        await entrance({"type": "http", "method": "GET", "path": "/x", "headers": []}, None, send)  # type: ignore[arg-type]

    import asyncio

    asyncio.run(run())
    assert [message["type"] for message in sent] == ["http.response.start"]


def test_live_ready_and_metrics() -> None:
    with watched(metrics_open=True) as seen:
        live, ready = seen.client.get("/health/live"), seen.client.get("/health/ready")
        assert (live.status_code, live.json()) == (200, {"status": "ok"})
        parts = {"service": {"state": "ok"}, "journal": {"state": "ok"}}
        assert (ready.status_code, ready.json()) == (200, {"status": "ok", "parts": parts})
        seen.operations.health.add("database", lambda: Status(State.DEGRADED, "does not answer"))
        degraded = seen.client.get("/health/ready")
        assert (degraded.status_code, degraded.json()["status"]) == (200, "degraded")
        seen.operations.health.add("keys", lambda: Status(State.DOWN, "none could be read"))
        assert seen.client.get("/health/ready").status_code == 503
        assert seen.client.get("/health/live").status_code == 200
        page = seen.client.get("/metrics")
        assert (page.status_code, page.headers["content-type"].partition(";")[0]) == (200, "text/plain")
        assert 'nusinersen_cds_regimen{digest="sha256:' in page.text
    assert seen.lines == [], "health and metrics leave no log lines"
    assert seen.operations.health.ready()[0] == 503, "a service that has stopped is not ready"


def test_metrics_are_not_shown_on_the_port_of_the_service_unless_a_site_wants_it() -> None:
    with watched() as seen:
        assert seen.client.get("/metrics").status_code == 404
