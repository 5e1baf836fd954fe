"""Traces: steps under the call, the call under its caller, and nothing of an exception but its type."""

from __future__ import annotations

import builtins
import sys
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from hooks.console import UsageError
from hooks.operations.otel import OpenTelemetry
from hooks.operations.traces import NoTraces, open_traces

SECRET = "Jane-Doe-1977"
TRACE, CALLER = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


def traced(parent: str = "", *, share: float = 1.0, fails: bool = False) -> dict[str, ReadableSpan]:
    """The spans, by name, of a call with one step."""
    spans = InMemorySpanExporter()
    traces = OpenTelemetry(spans, share=share, to_servers=False)
    try:
        with traces.call("nusinersen-order", parent) as call:
            call.set(status=200)
            with traces.step("assess"):
                int(SECRET if fails else "1")
    except ValueError:
        assert fails
    traces.close(1.0)
    return {span.name: span for span in spans.get_finished_spans()}


def test_a_step_stands_under_its_call() -> None:
    spans = traced()
    call, step = spans["nusinersen-order"], spans["assess"]
    assert call.parent is None
    assert step.parent == call.context
    assert dict(call.attributes or {}) == {"nusinersen_cds.status": 200}


@pytest.mark.parametrize(("flags", "share", "kept"), [("01", 0.0, True), ("00", 1.0, False)])
def test_the_caller_decides_whether_its_call_is_traced(flags: str, share: float, kept: bool) -> None:
    spans = traced(f"00-{TRACE}-{CALLER}-{flags}", share=share)
    assert bool(spans) is kept
    for span in spans.values():
        assert span.context is not None
        assert f"{span.context.trace_id:032x}" == TRACE
    if kept:
        parent = spans["nusinersen-order"].parent
        assert parent is not None
        assert f"{parent.span_id:016x}" == CALLER


def test_a_share_of_the_other_calls_is_traced() -> None:
    assert traced(share=0.0) == {}


def test_of_an_exception_the_type_is_told() -> None:
    step = traced(fails=True)["assess"]
    assert step.status.description == "ValueError"
    assert SECRET not in step.to_json()


@pytest.mark.parametrize("to_servers", [True, False])
def test_a_server_is_told_of_the_trace_only_where_the_site_wants_it(to_servers: bool) -> None:
    traces = OpenTelemetry(InMemorySpanExporter(), share=1.0, to_servers=to_servers)
    headers: dict[str, str] = {}
    with traces.call("nusinersen-order", f"00-{TRACE}-{CALLER}-01"):
        traces.send(headers)
    traces.close(1.0)
    assert [value[3:35] for value in headers.values()] == ([TRACE] if to_servers else [])


def test_turned_off_they_do_nothing() -> None:
    traces, headers = NoTraces(), {"a": "b"}
    with traces.call("nusinersen-order", "") as call, traces.step("assess") as step:
        call.set(status=200)
        step.set(status=200)
        traces.send(headers)
    traces.close(1.0)
    assert headers == {"a": "b"}


def test_without_the_extra_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any, **more: Any) -> Any:
        if name.startswith("opentelemetry"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return real(name, *args, **more)

    monkeypatch.delitem(sys.modules, "hooks.operations.otel", raising=False)
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(UsageError, match=r"nusinersen-cds\[tracing\]"):
        open_traces(endpoint=None, share=1.0, to_servers=False)
