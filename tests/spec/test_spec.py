"""Every case of the specification, by its title; and that the cases leave out no rule and no finding."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from cds.dosing.codes import Code
from tests.spec.case import Case
from tests.spec.chapters import CASES, CHAPTERS
from tests.spec.docs import main
from tests.spec.expect import expected, observed
from tests.spec.markdown import anchor
from tests.spec.reference import rules, sections
from tests.spec.run import document, run

RULES = (
    *("D1", "D2", "D3", "D4", "D5"),
    *("C1", "C2", "C3", "C4", "C5", "C6", "C7", "C8", "C9"),
    *("W1", "W2", "W3", "W4", "W5", "W6", "W7", "W8", "W9", "W10", "W11", "W12"),
    *("F1", "F2", "F3", "F3a", "F4", "F5", "F6", "F7", "F8", "F9", "F10"),
    *("P1", "P2", "P3", "P4", "P5", "P6", "P7"),
    *("7", "8", "10"),
)
"""The ids of all rules; 7, 8 and 10 are sections that are one rule."""


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(case: Case) -> None:
    wanted = expected(case)
    assert wanted or case.document, "a case that expects nothing proves nothing"
    assert observed(run(case), wanted) == wanted
    if case.document:
        assert json.dumps(document(case), indent=1) == json.dumps(json.loads(case.document), indent=1)


def test_titles_are_unique_since_the_document_links_to_them() -> None:
    headings = [case.title for case in CASES] + [f"{c.section}. {c.title}" for c in CHAPTERS]
    assert [title for title, times in Counter(map(anchor, headings)).items() if times > 1] == []
    headings = [rule.heading for rule in rules()] + [f"{section.number}. {section.title}" for section in sections()]
    assert [title for title, times in Counter(map(anchor, headings)).items() if times > 1] == []


def test_every_rule_has_a_case() -> None:
    assert tuple(rule.id for rule in rules()) == RULES
    proven = {rule for case in CASES for rule in case.rule_ids}
    assert proven - set(RULES) == set(), "cases name rules that the reference does not know"
    assert {rule.id for rule in rules()} - proven == set()


def test_every_finding_is_produced_by_a_case() -> None:
    produced = {code for case in CASES for code in _codes(run(case))}
    assert set(Code) - produced == set()


def test_the_pages_are_written_from_these_cases() -> None:
    assert main(["--check"]) == 0, "docs/ is stale: run python -m tests.spec.docs"


def _codes(value: object) -> set[str]:
    if isinstance(value, list):
        return {code for item in value for code in _codes(item)}
    if isinstance(value, dict):
        own = {value["code"]} if "code" in value else set()
        return own | {code for item in value.values() for code in _codes(item)}
    return set()
