"""The README and the automatic checks speak of what is there."""

from __future__ import annotations

import re

from hooks.settings import PREFIX, CheckSettings, Settings
from tests.architecture.sources import ROOT
from tests.published import VARIABLE

README = (ROOT / "README.md").read_text("utf-8")
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")


def targets() -> dict[str, list[str]]:
    """Each target of the Makefile and what it needs first."""
    rules = re.findall(r"^([a-z-]+):([^=#\n]*)", MAKEFILE, re.MULTILINE)
    return {target: needs.split() for target, needs in rules}


def test_every_setting_that_a_page_names_exists() -> None:
    existing = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields | CheckSettings.model_fields}
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))):
        named = set(re.findall(rf"{PREFIX}[A-Z_]*[A-Z]", page.read_text("utf-8")))
        assert named - existing - {VARIABLE} == set(), page.name


def test_the_page_of_the_settings_names_every_one() -> None:
    page = (ROOT / "docs" / "settings.md").read_text("utf-8")
    existing = Settings.model_fields | CheckSettings.model_fields
    assert [name for name in existing if f"`{PREFIX}{name.upper()}`" not in page] == []


def test_every_link_within_the_project_leads_somewhere() -> None:
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", README) if "://" not in link]
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_a_commit_runs_what_make_check_runs() -> None:
    hooks = re.findall(r"entry: make --silent ([a-z-]+),", (ROOT / ".pre-commit-config.yaml").read_text("utf-8"))
    assert hooks == targets()["check"]


def test_the_clean_run_makes_the_checks_and_the_tests() -> None:
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    assert re.findall("^make (?:--keep-going )?([a-z-]+)", script, re.MULTILINE) == ["check", "test-openid", "test"]
