"""Health: whether this process lives, whether it can answer calls, and what of its parts is down."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from hooks.operations.logs import reduced


class State(StrEnum):
    """How a part of the service is."""

    OK = "ok"
    DEGRADED = "degraded"
    """Something is wrong that somebody must see to. Calls are answered all the same, so traffic stays."""
    DOWN = "down"
    """No call can be answered by this process: traffic must go elsewhere."""


@dataclass(frozen=True, slots=True)
class Status:
    """The state of one part. `why` is for people: no secrets, no addresses, no patient data."""

    state: State = State.OK
    why: str = ""


NOT_RUNNING = Status(State.DOWN, "the service is starting or stopping")


@dataclass(slots=True)
class Health:
    """The parts of the service. Each tells its status by a function that is quick and waits for nothing."""

    running: bool = False
    _parts: dict[str, Callable[[], Status]] = field(default_factory=dict)

    def add(self, name: str, status: Callable[[], Status]) -> None:
        """A part by its name; a name that is there already is replaced."""
        self._parts[name] = status

    def parts(self) -> dict[str, Status]:
        """The status of every part. One that cannot tell its status is degraded, with the type of the error."""
        found = {"service": Status() if self.running else NOT_RUNNING}
        for name, status in self._parts.items():
            try:
                found[name] = status()
            except Exception as error:  # noqa: BLE001  a part that cannot tell is one that somebody must look at
                found[name] = Status(State.DEGRADED, f"its status cannot be told ({reduced(error)['error']})")
        return found

    def not_ok(self) -> int:
        """How many parts are degraded or down."""
        return sum(part.state is not State.OK for part in self.parts().values())

    def ready(self) -> tuple[int, dict[str, Any]]:
        """HTTP status and body of `/health/ready`: 503 where a part is down, else 200, also where one is degraded."""
        parts = self.parts()
        states = {part.state for part in parts.values()}
        worst = next(state for state in (State.DOWN, State.DEGRADED, State.OK) if state in states)
        told = {
            name: {"state": part.state.value, **({"why": part.why} if part.why else {})} for name, part in parts.items()
        }
        return 503 if worst is State.DOWN else 200, {"status": worst.value, "parts": told}
