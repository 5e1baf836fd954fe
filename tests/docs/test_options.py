"""An option that a sentence names is one of the command of which it speaks, and takes what is said behind it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache

import pytest

from tests.cli.files import run
from tests.docs.blocks import commands, pages
from tests.docs.not_run import NAME as NOT_RUN_PAGE
from tests.docs.own import NAME, SUBCOMMANDS, call_of, options_of
from tests.docs.spans import Span, as_command, simple, spans
from tests.spec.docs_validation import CASES, expected_of

OPTIONS = [span for page in pages() if page != NOT_RUN_PAGE for span in spans(page) if span.text.startswith("--")]
OTHERS: Mapping[tuple[str, str], str] = {("docs/audit.md", "--archives"): "spark-submit"}
"""Options of other programs: page and option -> the program, which a block of the page begins with."""
CASE_ROWS = [span for span in spans("docs/safety/validation.md") if span.text.startswith("--regimen ")]


def about(span: Span) -> tuple[str, ...]:
    """The commands of ours of which a span speaks: those that stand in its paragraph or row, else in its heading, else
    those that are named by their word alone beside it (`check`) or anywhere on the page."""
    whole = _called(*span.beside) or _called(span.heading)
    return whole or (*(each for each in span.beside if each in SUBCOMMANDS), *_of_page(span.page))


@cache
def _of_page(page: str) -> tuple[str, ...]:
    return _called(*(each.text for each in spans(page)), *(each.plain for each in commands(page)))


def _called(*texts: str) -> tuple[str, ...]:
    """The commands of ours in texts, each once."""
    words = map(as_command, texts)
    return tuple(dict.fromkeys(call_of(each[1:]).command for each in words if each and each[0] == NAME))


def faults(span: Span) -> list[str]:
    """What is wrong with the options of a span, for each command of which it speaks; nothing where one takes them."""
    if (span.page, span.text) in OTHERS:
        return []
    found = []
    for command in about(span):
        takes = options_of(command)
        parts = re.split(r" (?:/ )?(?=--)", span.text)
        wrong = [fault for part in parts for fault in _faults(part, takes)]
        if not wrong:
            return []
        found.extend(f"{span.where}: {command}: {fault}" for fault in wrong)
    return found or [f"{span.where}: of which command?"]


def _faults(text: str, takes: Mapping[str, str | None]) -> Iterator[str]:
    name, _, value = text.partition(" ")
    if name not in takes:
        yield f"there is no option {name}"
    elif value and takes[name] is None:
        yield f"{name} takes nothing"
    elif value and "|" in (choice := takes[name] or "") and not {*value.split("|")} <= {*choice.split("|")}:
        yield f"{name} takes one of {choice}"


def test_every_option_in_a_sentence_is_one_of_its_command() -> None:
    assert [fault for span in OPTIONS for fault in faults(span)] == []


def test_options_of_other_programs_are_on_their_page() -> None:
    shown = {(span.page, span.text) for span in OPTIONS}
    assert [each for each in OTHERS if each not in shown] == []
    for (page, _), program in OTHERS.items():
        assert program in {words[0] for command in commands(page) for words in simple(command.plain)}


@pytest.mark.parametrize(
    ("text", "beside", "heading", "expected"),
    [
        ("--resume", (), "Audit", ["docs/clarifications.md:1: `--resume`: of which command?"]),
        ("--resume", ("audit",), "", []),
        ("--resume", (), "nusinersen-cds audit", []),
        (
            "--resume",
            ("nusinersen-cds check INPUT",),
            "audit",
            ["docs/clarifications.md:1: `--resume`: check: there is no option --resume"],
        ),
        ("--resume", ("check", "audit"), "", []),
        ("--resume now", ("audit",), "", ["docs/clarifications.md:1: `--resume now`: audit: --resume takes nothing"]),
        ("--format text|ndjson", ("check",), "", []),
        (
            "--format xml",
            ("doctor",),
            "",
            ["docs/clarifications.md:1: `--format xml`: doctor: --format takes one of text|json"],
        ),
        (
            "--group ID --nothing",
            ("audit",),
            "",
            ["docs/clarifications.md:1: `--group ID --nothing`: audit: there is no option --nothing"],
        ),
    ],
)
def test_options_that_are_not_there_are_found(
    text: str, beside: tuple[str, ...], heading: str, expected: list[str]
) -> None:
    assert faults(Span("docs/clarifications.md", 1, text, beside, heading)) == expected


@pytest.mark.parametrize("row", CASE_ROWS, ids=lambda row: row.beside[0])
def test_the_options_of_a_made_up_case_give_its_findings(row: Span) -> None:
    case = CASES / row.beside[0]
    [found] = run("check", case / "history.json", *row.text.split(), "--format", "ndjson").assessments
    expected = json.loads((case / "expected.json").read_text("utf-8"))
    assert list(expected_of(found)) == list(expected_of(expected))
