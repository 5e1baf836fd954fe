"""Traces by OpenTelemetry: the only module that imports it, from the optional extra [tracing]."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from contextlib import AbstractContextManager, contextmanager
from importlib.metadata import version

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import Span, SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from hooks.operations.logs import reduced

_PROPAGATOR = TraceContextTextMapPropagator()


def exporter(endpoint: str | None) -> SpanExporter:
    """Sends to a collector by OTLP over HTTP, by default to port 4318 of this machine."""
    return OTLPSpanExporter(endpoint=endpoint)


class _Step:
    """A span, of which only attributes can be set."""

    __slots__ = ("_span",)

    def __init__(self, span: Span) -> None:
        self._span = span

    def set(self, **attributes: str | int) -> None:
        """Attributes under our own prefix."""
        for name, value in attributes.items():
            self._span.set_attribute(f"nusinersen_cds.{name}", value)


class OpenTelemetry:
    """Spans, handed to an exporter in the background. `share` of the calls whose caller sends no trace are traced."""

    def __init__(self, to: SpanExporter, *, share: float, to_servers: bool) -> None:
        about = {"service.name": "nusinersen-cds", "service.version": version("nusinersen-cds")}
        sampler = ParentBased(TraceIdRatioBased(share))
        self._provider = TracerProvider(resource=Resource.create(about), sampler=sampler, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(to))
        self._tracer = self._provider.get_tracer("nusinersen_cds")
        self._to_servers = to_servers

    def call(self, name: str, traceparent: str) -> AbstractContextManager[_Step]:
        """The span of a whole call."""
        parent = _PROPAGATOR.extract({"traceparent": traceparent}, Context()) if traceparent else Context()
        return self._open(name, parent, SpanKind.SERVER)

    def step(self, name: str) -> AbstractContextManager[_Step]:
        """The span of a step."""
        return self._open(name, None, SpanKind.INTERNAL)

    @contextmanager
    def _open(self, name: str, parent: Context | None, kind: SpanKind) -> Iterator[_Step]:
        # OpenTelemetry would keep the text of an exception, which may quote a record: ours tells its type and place.
        with self._tracer.start_as_current_span(
            name, context=parent, kind=kind, record_exception=False, set_status_on_exception=False
        ) as span:
            try:
                yield _Step(span)
            except Exception as error:
                span.set_status(StatusCode.ERROR, reduced(error)["error"])
                raise

    def send(self, headers: MutableMapping[str, str]) -> None:
        """Add `traceparent`, where the site wants it."""
        if self._to_servers:
            _PROPAGATOR.inject(headers)

    def close(self, seconds: float) -> None:
        """Hand over what is left."""
        self._provider.force_flush(int(seconds * 1000))
        self._provider.shutdown()
