"""The request that is being answered: its ids, and what its log line and the counters tell of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from dataclasses import dataclass

# Ids of these forms alone are taken from a caller: free text could name the patient, and goes into the log.
_REQUEST_ID = re.compile(r"[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}|[0-9A-Fa-f]{32}", re.ASCII)
# https://www.w3.org/TR/trace-context/: version, trace id, id of the calling span, flags; later versions may add parts.
_TRACEPARENT = re.compile(r"(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")

NOTHING = "none"
"""The label for a service, hook or site that a request does not come to."""


@dataclass(slots=True)
class Call:
    """One HTTP request. Nothing in it is taken from the request but ids of a fixed form and names that we know.

    `page` is what was asked for: a service, `discovery`, or another page by its kind. `cards` are the kinds found.
    """

    request_id: str
    incident: str
    traceparent: str = ""
    page: str = "other"
    service: str = NOTHING
    hook: str = NOTHING
    site: str = NOTHING
    outcome: str = ""
    cards: tuple[str, ...] = ()


_current: ContextVar[Call] = ContextVar("nusinersen_cds_call")


def begin(headers: Iterable[tuple[bytes, bytes]], new_id: Callable[[], str]) -> Call:
    """The call for a request with these headers, from now on the current one of this task.

    The request id is that of `X-Request-Id`, else the trace id of `traceparent`, where well-formed; else a new one.
    """
    request_id = traceparent = ""
    for name, value in headers:
        if name == b"x-request-id":
            request_id = request_id or _well_formed(_REQUEST_ID, value)
        elif name == b"traceparent":
            traceparent = traceparent or _parent(value)
    incident = new_id()
    call = Call(request_id or traceparent[3:35] or incident, incident, traceparent)
    _current.set(call)
    return call


def current() -> Call:
    """The call that this task answers. Raises LookupError outside of calls."""
    return _current.get()


def _well_formed(pattern: re.Pattern[str], value: bytes) -> str:
    text = value.decode("latin-1")
    return text if pattern.fullmatch(text) else ""


def _parent(value: bytes) -> str:
    """The first four parts of a traceparent, as version 00 has them; empty where it is not well-formed."""
    found = _TRACEPARENT.fullmatch(value.decode("latin-1").strip())
    if found is None or (found[1] == "00" and found[5]):
        return ""
    return f"00-{found[2]}-{found[3]}-{found[4]}"
