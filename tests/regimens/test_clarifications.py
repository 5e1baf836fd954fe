"""Every entry of CLARIFICATIONS.md has its four parts, and names a test that is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.spec.reference import rules

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "cds/regimens/CLARIFICATIONS.md").read_text(encoding="utf-8")
_SPLIT = [entry.partition("\n") for entry in re.split(r"^### ", PAGE, flags=re.MULTILINE)[1:]]
ENTRIES = {heading: text for heading, _, text in _SPLIT}
PARTS = ["Issue.", "Our reading.", "Why.", "Test."]


def test_there_are_entries_and_no_two_have_one_heading() -> None:
    assert len(ENTRIES) == PAGE.count("\n### ") > 0


@pytest.mark.parametrize("heading", ENTRIES)
def test_the_heading_names_a_rule(heading: str) -> None:
    assert re.fullmatch(r"([DCWFP]?[0-9]+a?)(, [DCWFP][0-9]+a?)*: \S.*", heading)


@pytest.mark.parametrize("heading", ENTRIES)
def test_the_four_parts_are_there_in_order(heading: str) -> None:
    parts = re.findall(r"^\*\*(.+?)\*\* (?=\S)", ENTRIES[heading].partition("\n## ")[0], flags=re.MULTILINE)
    assert parts == PARTS


@pytest.mark.parametrize("heading", ENTRIES)
def test_the_test_is_there(heading: str) -> None:
    named = ENTRIES[heading].partition("**Test.**")[2].partition("\n\n")[0].split()
    tests = [word.rstrip(",;.") for word in named if word.startswith("tests/")]
    assert tests
    for test in tests:
        path, _, name = test.partition("::")
        assert (ROOT / path).exists(), test
        assert f"def {name}(" in (ROOT / path).read_text(encoding="utf-8") if name else True, test


def test_every_reading_of_ours_in_the_rules_has_its_entry() -> None:
    readings = {rule.id for rule in rules() if "our reading" in f"{rule.source} {rule.statement}".lower()}
    explained = {name for heading in ENTRIES for name in heading.partition(":")[0].split(", ")}
    assert readings - explained == set()
