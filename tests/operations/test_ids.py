"""The ids of a request: which are taken from the caller, and which never, since they could name a patient."""

from __future__ import annotations

import contextvars

import pytest

from hooks.operations.call import begin, current

OWN = "00000000-0000-4000-8000-000000000001"
UUID = "6f1c2d3e-4a5b-4c7d-8e9f-0a1b2c3d4e5f"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"


@pytest.mark.parametrize(
    ("request_id", "traceparent", "taken", "parent"),
    [
        pytest.param(None, None, OWN, "", id="none is given"),
        pytest.param(UUID, None, UUID, "", id="a UUID"),
        pytest.param(UUID.upper(), None, UUID.upper(), "", id="in capitals"),
        pytest.param(TRACE, None, TRACE, "", id="32 hexadecimal digits"),
        pytest.param(None, PARENT, TRACE, PARENT, id="the trace of the caller"),
        pytest.param(UUID, PARENT, UUID, PARENT, id="both"),
        pytest.param("Jane Doe", None, OWN, "", id="a name"),
        pytest.param("19770503-1234", None, OWN, "", id="a number of a person"),
        pytest.param(f"{UUID}-Jane", None, OWN, "", id="a UUID and more"),
        pytest.param(f"{UUID}\n", None, OWN, "", id="a line break"),
        pytest.param("", None, OWN, "", id="empty"),
        pytest.param(None, f"00-{'0' * 32}-00f067aa0ba902b7-01", OWN, "", id="a trace of zeros"),
        pytest.param(None, f"00-{TRACE}-{'0' * 16}-01", OWN, "", id="a span of zeros"),
        pytest.param(None, f"ff-{TRACE}-00f067aa0ba902b7-01", OWN, "", id="the version that is forbidden"),
        pytest.param(None, f"{PARENT}-Jane", OWN, "", id="version 00 with more parts"),
        pytest.param(None, f"01-{TRACE}-00f067aa0ba902b7-01-Jane", TRACE, PARENT, id="a later version with more parts"),
        pytest.param(None, PARENT.upper(), OWN, "", id="a traceparent in capitals"),
    ],
)
def test_ids_of_the_caller(request_id: str | None, traceparent: str | None, taken: str, parent: str) -> None:
    given = {b"x-request-id": request_id, b"traceparent": traceparent}
    headers = [(name, value.encode()) for name, value in given.items() if value is not None]

    def begun() -> None:
        call = begin(headers, lambda: OWN)
        assert (call.request_id, call.traceparent, call.incident) == (taken, parent, OWN)
        assert current() is call

    contextvars.copy_context().run(begun)
