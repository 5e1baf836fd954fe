"""The commands within sentences and tables that tests/docs/test_inline.py runs, and what it runs for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

from tests.docs.blocks import commands, pages
from tests.docs.not_run import NOT_RUN
from tests.docs.own import NAME, Call, call_of, stands_for
from tests.docs.spans import simple

_LANGUAGE = "sed 's/^locale = .*/locale = \"en-ward\"/'"
RUN: Mapping[str, str] = {
    ".venv/bin/pre-commit install": "git init --quiet . && .venv/bin/pre-commit install",
    "PORT=9000 SANDBOX_PORT=9001 make run": "PORT=9000 SANDBOX_PORT=9001 make run",
    "REGIMEN=us-12mg make run": "REGIMEN=us-12mg make run",
    "nusinersen-cds demo": "nusinersen-cds demo --port 9002 --sandbox-port 9003",
    "nusinersen-cds regimens": "nusinersen-cds regimens",
    "nusinersen-cds regimens eu-12mg": "nusinersen-cds regimens eu-12mg",
    "nusinersen-cds regimens export ID": "nusinersen-cds regimens export eu-12mg",
    "nusinersen-cds regimens schema regimen": "nusinersen-cds regimens schema regimen",
    "nusinersen-cds sandbox": "nusinersen-cds sandbox --port 9004",
    "nusinersen-cds serve --help": "nusinersen-cds serve --help",
    "nusinersen-cds wording check FOLDER": (
        f"mkdir words && nusinersen-cds wording shipped | {_LANGUAGE} >words/en-ward.toml && "
        "nusinersen-cds wording check words"
    ),
    "nusinersen-cds wording shipped": "nusinersen-cds wording shipped",
    "openssl rand -base64 32": "openssl rand -base64 32",
    "python -m cProfile -m tests.bench_audit.embedded embedded 0 FOLDER FILE": (
        "python -m cProfile -m tests.bench_audit.embedded embedded 0 . export/doses.ndjson"
    ),
}
"""What a page says -> what is run, in a checkout: the same, or with what stands in the place of capitals, with ports of
its own, and with the files that it needs."""


@cache
def runs() -> tuple[tuple[str, ...], ...]:
    """The words of every command that some test runs."""
    shown = (command.plain for page in pages() for command in commands(page))
    return tuple(words for text in (*shown, *RUN.values()) if text not in NOT_RUN for words in simple(text))


@cache
def calls() -> tuple[Call, ...]:
    """Those of them that are of this project."""
    return tuple(call_of(words[1:]) for words in runs() if words[0] == NAME)


def is_run(words: Sequence[str]) -> bool:
    """Whether a command is the very one that a test runs, or, of our own, its beginning: the same command and the first
    of its arguments, with some of its options. Raises ValueError where there is no such command or option."""
    if words[0] != NAME:
        return any(same(words, each) for each in runs())
    return any(begins(call_of(words[1:]), each) for each in calls())


def same(shown: Sequence[str], run: Sequence[str]) -> bool:
    """Whether the words are the same, but for what stands in the place of capitals."""
    return len(shown) == len(run) and all(map(stands_for, shown, run))


def begins(shown: Call, run: Call) -> bool:
    """Whether what is shown is the beginning of what is run."""
    arguments = [each for each in shown.arguments if each != "..."]
    begun = run.arguments[: len(arguments)]
    return (
        shown.command == run.command
        and same(arguments, begun)
        and all(any(_option(each, other) for other in run.options) for each in shown.options)
    )


def _option(shown: tuple[str, str | None], run: tuple[str, str | None]) -> bool:
    return shown[0] == run[0] and stands_for(shown[1] or "", run[1] or "")
