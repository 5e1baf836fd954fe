"""Readiness: what is down is named, and only what keeps this process from answering takes it out of rotation."""

from __future__ import annotations

import pytest

from hooks.operations.health import Health, State, Status

OK, SLOW, GONE = Status(), Status(State.DEGRADED, "does not answer"), Status(State.DOWN, "no keys")


@pytest.mark.parametrize(
    ("running", "parts", "code", "status", "not_ok"),
    [
        (True, {}, 200, "ok", {}),
        (False, {}, 503, "down", {"service": "the service is starting or stopping"}),
        (True, {"database": OK}, 200, "ok", {}),
        (True, {"database": SLOW}, 200, "degraded", {"database": "does not answer"}),
        (True, {"database": SLOW, "keys": GONE}, 503, "down", {"database": "does not answer", "keys": "no keys"}),
    ],
)
def test_readiness(running: bool, parts: dict[str, Status], code: int, status: str, not_ok: dict[str, str]) -> None:
    health = Health(running=running)
    for name, part in parts.items():
        health.add(name, lambda part=part: part)  # type: ignore[misc]
    answered, body = health.ready()
    assert (answered, body["status"]) == (code, status)
    assert health.not_ok() == len(not_ok)
    assert body["parts"].keys() == {"service", *parts}
    assert {name: part["why"] for name, part in body["parts"].items() if part["state"] != "ok"} == not_ok


def test_a_part_that_cannot_tell_is_degraded_and_its_text_is_not_shown() -> None:
    def fails() -> Status:
        raise RuntimeError("postgresql://user:password@host")

    health = Health(running=True)
    health.add("database", fails)
    assert health.ready() == (
        200,
        {
            "status": "degraded",
            "parts": {
                "service": {"state": "ok"},
                "database": {"state": "degraded", "why": "its status cannot be told (RuntimeError)"},
            },
        },
    )
