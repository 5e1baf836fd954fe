"""Where the fixtures are, and how their files are read: TOML and JSON, unknown keys refused."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any


@cache
def fixtures() -> Path:
    """The folder of fixtures: in the wheel beside this package, in a checkout at its root."""
    here = Path(__file__).resolve().parent
    for place in (here / "fixtures", here.parents[1] / "fixtures"):
        if place.is_dir():
            return place
    raise FileNotFoundError(f"the folder of fixtures is neither in {here} nor in {here.parents[1]}")


def read_toml(path: Path) -> dict[str, Any]:
    """The file as tables; a fault names the file."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as fault:
        raise ValueError(f"{path.name}: {fault}") from fault


def read_json(path: Path) -> Any:
    """The file as JSON; a fault names the file."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as fault:
        raise ValueError(f"{path.name}: {fault}") from fault


def only(table: Mapping[str, Any], *, needed: set[str], allowed: set[str], where: str) -> Mapping[str, Any]:
    """The table, if it has the needed keys and no key beyond the allowed ones; else a ValueError that says which."""
    missing, unknown = needed - table.keys(), table.keys() - needed - allowed
    if missing or unknown:
        raise ValueError(f"{where}: missing {sorted(missing)}, unknown {sorted(unknown)}")
    return table
