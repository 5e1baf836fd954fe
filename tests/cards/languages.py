"""A made-up language: every letter of the shipped words has a sign of its own, so that it can be read back."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from string import Formatter, ascii_letters
from typing import Any

from hooks.wording_files import shipped_text

NAME = "qaa"
"""A code that is kept free for the use of those who need one."""
_FIRST = 0x4E00
_THERE = {ord(letter): chr(_FIRST + index) for index, letter in enumerate(ascii_letters)}
_BACK = {_FIRST + index: letter for index, letter in enumerate(ascii_letters)}
_ABOUT = {"locale": NAME, "language": "Made-up", "reviewed": "nobody, 2026-05-01"}


def made_up() -> dict[str, Any]:
    """The file of the made-up language, as it would be read."""
    return {**_turned(tomllib.loads(shipped_text())), **_ABOUT}


def read_back(text: str) -> str:
    """A text of the made-up language in English."""
    return text.translate(_BACK)


def write(folder: Path, content: dict[str, Any], name: str = NAME) -> Path:
    """A folder with one file of words."""
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.toml").write_text(_toml(content), encoding="utf-8")
    return folder


def _turned(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _turned(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_turned(inner) for inner in value]
    parts = Formatter().parse(value)
    return "".join(said.translate(_THERE) + (f"{{{name}}}" if name is not None else "") for said, name, _, _ in parts)


def _toml(table: dict[str, Any], path: str = "") -> str:
    """A table as TOML; its own values before the tables in it."""
    lines = [f"{json.dumps(name)} = {json.dumps(each)}" for name, each in table.items() if not isinstance(each, dict)]
    for name, inner in table.items():
        if isinstance(inner, dict):
            place = f"{path}{json.dumps(name)}"
            lines += [f"[{place}]", _toml(inner, f"{place}.")]
    return "\n".join(lines)
