"""docs/safety/validation.md: the protocol by which a site tries the service, with the cases to run."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.spec.markdown import table

CASES = Path(__file__).parents[2] / "fixtures/cases"
_PAGE = Path(__file__).with_name("validation.md")


def validation_page() -> str:
    """The whole page."""
    rows = table(("case", "what it is about", "options", "expected"), map(_row, sorted(CASES.iterdir())))
    return _PAGE.read_text(encoding="utf-8").replace("{cases}", rows)


def _row(folder: Path) -> tuple[str, ...]:
    case = tomllib.loads((folder / "case.toml").read_text(encoding="utf-8"))
    expected = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    options = f"`--regimen {case['regimen']} --on {case['on']} --time-zone {case['zone']}"
    options += "".join(f" --proposed {order.get('date')}" for order in case.get("proposed", [])) + "`"
    # the command line takes dates and no orders, and sorts records by patient
    wants_a_call = "--proposed None" in options or any(
        each["reason"] == "wrong-patient" for each in expected["unreadable"]
    )
    return (
        f"`{folder.name}`",
        f"{case['title']}. {case['why']}",
        "" if wants_a_call else options,
        "; ".join(expected_of(expected)),
    )


def expected_of(answer: dict[str, Any]) -> Iterator[str]:
    """What an assessment finds, in a few words each."""
    forecast = answer["forecast"]
    dates = [f"{key} {forecast[key]}" for key in ("recommended",) if key in forecast]
    yield ", ".join([f"forecast {forecast['status']} ({forecast['step']})", *dates])
    yield from _findings("", forecast["findings"])
    yield from _findings("history: ", answer["findings"])
    for dose in answer["evaluations"]:
        yield from _findings(f"dose of {dose['latest']}: ", dose["findings"])
    for order in answer["proposed"]:
        yield from (
            _findings(f"order for {order['date']}: ", order["findings"])
            if order["findings"]
            else iter([f"order for {order['date']}: nothing"])
        )


def _findings(about: str, findings: list[dict[str, str]]) -> Iterator[str]:
    if findings:
        yield about + ", ".join(f"`{finding['code']}`" for finding in findings)
