"""Traces: spans around the steps of a call. They are off unless a site turns them on, and then cost nothing."""

from __future__ import annotations

from collections.abc import MutableMapping
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

from hooks.console import UsageError


class Span(Protocol):
    """A step that is being taken."""

    def set(self, **attributes: str | int) -> None:
        """Say more of it: names that we know and numbers, nothing of a patient."""


class Traces(Protocol):
    """Where spans go."""

    def call(self, name: str, traceparent: str) -> AbstractContextManager[Span]:
        """The span of a whole call, under that of the caller where `traceparent` is not empty."""

    def step(self, name: str) -> AbstractContextManager[Span]:
        """The span of a step, under the one that is open."""

    def send(self, headers: MutableMapping[str, str]) -> None:
        """Add the open span to the headers of a request to a FHIR server, where the site wants it."""

    def close(self, seconds: float) -> None:
        """Hand over what is left. It waits for `seconds` at most."""


class _NoSpan:
    """A step that nobody watches."""

    __slots__ = ()

    def set(self, **attributes: str | int) -> None:
        """Nothing."""


_NO_SPAN: AbstractContextManager[Span] = nullcontext(_NoSpan())


class NoTraces:
    """Traces turned off."""

    __slots__ = ()

    def call(self, name: str, traceparent: str) -> AbstractContextManager[Span]:  # noqa: ARG002
        """Nothing."""
        return _NO_SPAN

    def step(self, name: str) -> AbstractContextManager[Span]:  # noqa: ARG002
        """Nothing."""
        return _NO_SPAN

    def send(self, headers: MutableMapping[str, str]) -> None:
        """Nothing."""

    def close(self, seconds: float) -> None:
        """Nothing."""


def open_traces(*, endpoint: str | None, share: float, to_servers: bool) -> Traces:
    """Traces sent to an OpenTelemetry collector over HTTP. Raises UsageError where the extra is not installed."""
    try:
        from hooks.operations.otel import OpenTelemetry, exporter
    except ModuleNotFoundError as missing:
        if not (missing.name or "").startswith("opentelemetry"):
            raise
        raise UsageError(
            "NUSINERSEN_CDS_TRACING needs the extra: pip install 'nusinersen-cds[tracing]', or turn it off"
        ) from None
    return OpenTelemetry(exporter(endpoint), share=share, to_servers=to_servers)
