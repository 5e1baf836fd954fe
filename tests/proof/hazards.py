"""The hazard log, docs/safety/hazards.toml: hazards, their controls, and the proof of each control."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.proof.cases import node_id
from tests.proof.faults import Fault
from tests.proof.proofs import Proof
from tests.proof.trees import ROOT

DATA = ROOT / "docs/safety/hazards.toml"
SEVERITIES = ("catastrophic", "major", "moderate", "minor")
_HAZARD = {"id", "title", "cause", "effect", "severity", "residual", "control"}
_CONTROL = {"what", "tests", "fault"}


@dataclass(frozen=True)
class Control:
    """What the software does against a hazard, the tests that prove it, and the fault that takes it away."""

    id: str
    what: str
    tests: tuple[str, ...]
    fault: Fault


@dataclass(frozen=True)
class Hazard:
    """One entry of the log. `severity` is that of the effect without controls, `residual` the risk that is left."""

    id: str
    title: str
    cause: str
    effect: str
    severity: str
    residual: str
    controls: tuple[Control, ...]


def hazards(path: Path = DATA) -> tuple[Hazard, ...]:
    """The log in its order. ValueError where an entry is not complete."""
    return tuple(_hazard(data) for data in tomllib.loads(path.read_text(encoding="utf-8"))["hazard"])


def proofs_of_controls() -> tuple[Proof, ...]:
    """One proof for each control, `H03.2` being the second of hazard H03."""
    controls = [control for hazard in hazards() for control in hazard.controls]
    return tuple(Proof(control.id, control.what, control.fault, control.tests) for control in controls)


def _hazard(data: dict[str, Any]) -> Hazard:
    name = data.get("id", "a hazard without id")
    if set(data) != _HAZARD:
        raise ValueError(f"{name} has {sorted(data)}, and not {sorted(_HAZARD)}")
    words = {key: " ".join(data[key].split()) for key in _HAZARD - {"control"}}
    if not all(words.values()) or not data["control"]:
        raise ValueError(f"{name} is not complete")
    if words["severity"] not in SEVERITIES:
        raise ValueError(f"{name}: the severity is one of {', '.join(SEVERITIES)}, not {words['severity']!r}")
    controls = tuple(_control(f"{name}.{number}", each) for number, each in enumerate(data["control"], 1))
    return Hazard(**words, controls=controls)


def _control(name: str, data: dict[str, Any]) -> Control:
    if set(data) != _CONTROL:
        raise ValueError(f"{name} has {sorted(data)}, and not {sorted(_CONTROL)}")
    what = " ".join(data["what"].split())
    if not what or not data["tests"]:
        raise ValueError(f"{name} is not complete")
    try:
        return Control(name, what, tuple(map(node_id, data["tests"])), Fault.of(data["fault"]))
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None
