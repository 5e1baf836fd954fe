"""Requests to FHIR servers, counted and traced: what was asked for, never of whom."""

from __future__ import annotations

from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager

from cds.fhir.errors import FhirError
from cds.fhir.watch import Watch
from hooks.operations.metrics import Metrics
from hooks.operations.traces import Traces

_STATUSES = {401: "denied", 403: "denied", 429: "throttled"}


def watching(metrics: Metrics, traces: Traces) -> Watch:
    """Counts each request by what it asks for and how it ended, in a span of its own."""

    @contextmanager
    def watch(what: str, headers: MutableMapping[str, str]) -> Iterator[Callable[[int], None]]:
        # without the number of the page: labels are few
        asked = what.partition(",")[0]
        ended = "cut-off"

        def answered(status: int) -> None:
            nonlocal ended
            ended = _STATUSES.get(status) or f"{status // 100}xx"

        with traces.step(asked) as span:
            traces.send(headers)
            try:
                yield answered
            except FhirError as error:
                ended = error.kind.value
                raise
            finally:
                metrics.asked(asked, ended)
                span.set(outcome=ended)

    return watch
