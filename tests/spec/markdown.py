"""Small pieces of Markdown: tables, links, headings to link to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from tests.spec.reference import Rule


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; a bar in a cell is escaped."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def anchor(heading: str) -> str:
    """The anchor that GitHub gives a heading: small letters, hyphens for spaces, no punctuation."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def link(text: str, heading: str, page: str = "") -> str:
    """A link to a heading of this page or of another one."""
    return f"[{text}]({page}#{anchor(heading)})"


def rule_links(ids: Iterable[str], known: Iterable[Rule], page: str = "rules.md") -> str:
    """Links to rules by their ids."""
    headings = {rule.id: rule.heading for rule in known}
    return ", ".join(link(f"section {id_}" if id_.isdigit() else id_, headings[id_], page) for id_ in ids)
