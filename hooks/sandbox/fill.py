"""The made-up patients put into a FHIR server of somebody else's, once it answers."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date

from hooks.console import UsageError, say
from hooks.sandbox.calls import DemoFailed, send
from hooks.sandbox.load import resources, transaction

_BETWEEN = 2.0
_SECONDS_TO_LOAD = 300.0


def fill(base_url: str, on: date, *, seconds: float = 300.0, wait: Callable[[float], None] = time.sleep) -> None:
    """Put the fixtures as of the day `on` into the server at `base_url`, by one transaction; done again it changes
    nothing. Waits up to `seconds` for the server to start. Raises UsageError where it cannot be done."""
    base = base_url.rstrip("/")
    if not base.startswith("http://"):
        raise UsageError(
            f"{base_url}: is not the base URL of a FHIR server on http; this is for trials, not for others"
        )
    _await_server(base, seconds, wait)
    bundle = transaction(resources(on))
    try:
        status, answer = send(base, bundle, seconds=_SECONDS_TO_LOAD)
    except DemoFailed as error:
        raise UsageError(str(error)) from None
    if status != 200 or answer.get("resourceType") != "Bundle":
        raise UsageError(f"{base} did not take the made-up patients (status {status}); its own log says why")
    say(f"{len(bundle['entry'])} resources put into {base}")


def _await_server(base: str, seconds: float, wait: Callable[[float], None]) -> None:
    for left in range(int(seconds / _BETWEEN), -1, -1):
        try:
            status, about = send(f"{base}/metadata")
            if status == 200 and about.get("resourceType") == "CapabilityStatement":
                return
        except DemoFailed:
            pass
        if left:
            wait(_BETWEEN)
    raise UsageError(f"{base} has not answered as a FHIR server within {seconds:g} s; check the URL, and that it runs")
