"""The pages of docs/safety say what is: their links lead somewhere, their commands run, their cases come out so."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from hooks.cli import app
from tests.architecture.sources import ROOT
from tests.cli.files import run
from tests.spec.docs_validation import expected_of

PAGES = sorted((ROOT / "docs/safety").glob("*.md"))
ROWS = re.findall(
    r"^\| `([a-z0-9-]+)` \| [^|]* \| `(--[^`|]*)` \| ([^|]*) \|$",
    (ROOT / "docs/safety/validation.md").read_text(encoding="utf-8"),
    re.MULTILINE,
)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)#]+)[^)]*\)", text) if "://" not in link]
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_that_is_named_is_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    commands = {each.name or each.callback.__name__ for each in app.registered_commands if each.callback}
    commands |= {each.name for each in app.registered_groups if each.name}
    made = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"`nusinersen-cds ([a-z]+)", text)) <= commands
    assert set(re.findall(r"`make ([a-z-]+)", text)) <= made


def test_most_cases_have_a_command() -> None:
    assert len(ROWS) > 20


@pytest.mark.parametrize(("name", "options", "expected"), ROWS, ids=[row[0] for row in ROWS])
def test_the_command_of_a_case_finds_what_the_page_says(name: str, options: str, expected: str) -> None:
    history = ROOT / "fixtures/cases" / name / "history.json"
    [assessment] = run("check", history, *shlex.split(options), "--format", "ndjson").assessments
    assert "; ".join(expected_of(assessment)) == expected
