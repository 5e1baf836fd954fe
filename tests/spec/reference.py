"""The rules in words: data from the folder `rules`, one file a section."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "rules"
_KEYS = {"id", "title", "statement", "source", "later_note"}


@dataclass(frozen=True)
class Rule:
    """One rule: `later_note` says which part of it is not implemented yet."""

    id: str
    title: str
    statement: str
    source: str
    later_note: str = ""

    @property
    def heading(self) -> str:
        """The heading of the rule in the reference; a section that is one rule has no id of its own."""
        return self.title if self.id.isdigit() else f"{self.id}: {self.title}"


@dataclass(frozen=True)
class Section:
    """One section of the rules."""

    number: int
    title: str
    text: str
    rules: tuple[Rule, ...]


@cache
def sections() -> tuple[Section, ...]:
    """All sections in order."""
    return tuple(sorted((_section(path) for path in FOLDER.glob("*.toml")), key=lambda section: section.number))


def rules() -> tuple[Rule, ...]:
    """All rules in order."""
    return tuple(rule for section in sections() for rule in section.rules)


def _section(path: Path) -> Section:
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    for rule in data.get("rule", []):
        if unknown := rule.keys() - _KEYS:
            raise ValueError(f"{path.name}, rule {rule.get('id')}: unknown keys {sorted(unknown)}")
    return Section(
        data["section"],
        data["title"],
        data["text"].strip(),
        tuple(_rule(rule) for rule in data.get("rule", [])),
    )


def _rule(rule: dict[str, Any]) -> Rule:
    stripped: dict[str, Any] = {key: value.strip() if isinstance(value, str) else value for key, value in rule.items()}
    return Rule(**stripped)
