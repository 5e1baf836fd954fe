"""The commands within sentences and tables are run too, or stand in the table with the reason why not."""

from __future__ import annotations

import json
import subprocess
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT
from tests.cli.files import dose
from tests.docs import inline, not_run
from tests.docs.blocks import Command, commands, pages
from tests.docs.inline import RUN, is_run
from tests.docs.not_run import NOT_RUN
from tests.docs.own import NAME, call_of
from tests.docs.session import run
from tests.docs.spans import Span, as_command, simple, spans
from tests.docs.test_commands import faults_of
from tests.docs.worlds import World, checkout, free_port

SPANS = [span for page in pages() if page != not_run.NAME for span in spans(page)]
SERVERS = ("PORT=", "REGIMEN=", "nusinersen-cds demo", "nusinersen-cds sandbox")


def told(span: Span) -> str | None:
    """What is wrong with a span that is a command; None where it is none, or one that is run or listed."""
    words = as_command(span.text)
    if words is None or span.text in RUN or span.text in NOT_RUN:
        return None
    try:
        alone = words[0] == NAME or span.text.split()[0].rpartition("bin/")[2] == words[0]
        return None if alone and is_run(words) else "no test runs it"
    except ValueError as error:
        return str(error)


def test_every_command_in_a_sentence_is_run_or_listed() -> None:
    wrong = [f"{span.where}: {fault}" for span in SPANS if (fault := told(span)) is not None]
    assert wrong == [], (
        "show it in a block, or write it into RUN (inline.py), or into NOT_RUN (not_run.py) with the reason"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("nusinersen-cds check INPUT... --format ndjson", None),
        ("regimens check FOLDER", None),
        ("make run", None),
        ("make", None),
        ("eu-12mg eu-high-dose", None),
        ("nusinersen-cds check --output FILE", "nusinersen-cds check has no option --output"),
        ("nusinersen-cds report", "there is no command report"),
        ("nusinersen-cds regimens show ID --severity info", "nusinersen-cds regimens show has no option --severity"),
        ("nusinersen-cds audit INPUT... --strict", "no test runs it"),
        ("make all", "no test runs it"),
        ("PORT=1 make run", "no test runs it"),
        ("curl https://fhir.example.invalid/r4", "no test runs it"),
        ("docker ps", "no test runs it"),
    ],
)
def test_a_command_that_no_test_runs_is_found(text: str, expected: str | None) -> None:
    assert told(Span("a page", 1, text, (text,), "")) == expected


def test_what_is_run_or_not_run_is_on_a_page() -> None:
    shown = {span.text for span in SPANS} | {command.plain for page in pages() for command in commands(page)}
    assert [text for text in (*RUN, *NOT_RUN) if text not in shown] == []
    assert RUN.keys() & NOT_RUN.keys() == set()


@pytest.mark.parametrize("text", RUN)
def test_what_is_run_is_what_the_page_says(text: str) -> None:
    ran = list(simple(RUN[text]))
    shown = as_command(text)
    assert shown is not None
    if shown[0] == NAME:
        assert any(inline.begins(call_of(shown[1:]), call_of(words[1:])) for words in ran if words[0] == NAME)
    else:
        assert any(inline.same(shown, words) for words in ran)


@contextmanager
def everything(folder: Path) -> Iterator[World]:
    """A checkout, with an export in it, and ports for servers beside each other."""
    with checkout(folder) as world:
        (folder / "export").mkdir()
        (folder / "export" / "doses.ndjson").write_text(json.dumps(dose("a1", "2026-04-20")) + "\n", "utf-8")
        ports = [f"{before}{number}" for before in ("PORT=", "port ") for number in range(9000, 9005)]
        yield World(
            {each: f"{each[:5]}{free_port()}" for each in ports}, world.variables, dict.fromkeys(SERVERS, "Ctrl-C")
        )


def test_the_commands_in_sentences_work(tmp_path: Path) -> None:
    folder, notes = tmp_path / "folder", tmp_path / "notes"
    folder.mkdir()
    notes.mkdir()
    with everything(folder) as world:
        results = run(
            [Command("a page", line, text) for line, text in enumerate(RUN.values(), 1)], world, folder, notes
        )
    wrong = list(faults_of(results, world))
    if wrong:
        pytest.fail("\n\n".join(wrong), pytrace=False)
    assert [result.command.plain for result in results if not result.output.strip()] == []


@pytest.mark.parametrize("text", [text for text in NOT_RUN if text.startswith("make ")])
def test_a_command_of_make_that_is_not_run_is_there(text: str) -> None:
    words = next(simple(text))
    ended = subprocess.run(["make", "--dry-run", *words[1:]], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    makefile = (ROOT / "Makefile").read_text("utf-8")
    variables = [word.partition("=")[0] for word in words if "=" in word]
    assert [name for name in variables if f"$({name})" not in makefile and f"$(if $({name})" not in makefile] == []


@pytest.mark.parametrize("text", [text for text in NOT_RUN if "nusinersen-cds[" in text])
def test_an_extra_that_is_not_installed_here_is_there(text: str) -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    assert text.partition("[")[2].partition("]")[0] in extras


def test_a_command_of_ours_that_is_not_run_has_its_options() -> None:
    ours = [words for text in NOT_RUN for words in simple(text) if words[0] == NAME]
    assert [call_of(words[1:]).command for words in ours] == ["audit", "audit"]
