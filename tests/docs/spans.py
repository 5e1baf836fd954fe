"""The code spans within the sentences and tables of the pages, and the commands among them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from markdown_it import MarkdownIt

from tests.architecture.sources import ROOT
from tests.docs.blocks import commands, pages
from tests.docs.own import NAME, SUBCOMMANDS

PROGRAMS = frozenset({
    NAME, "apt-get", "curl", "docker", "git", "helm", "java", "kubectl", "make", "mvn", "npm", "openssl", "pip",
    "podman", "pre-commit", "psql", "pytest", "python", "python3", "sqlite3", "ssh", "systemctl", "uvicorn",
})  # fmt: skip
"""What begins a command, beside every program that a block runs."""
_FOLDER = re.compile(r"^.*bin/")
_ASSIGNED = re.compile(r"^[A-Z_]+=")


@dataclass(frozen=True, slots=True)
class Span:
    """Code within a paragraph, a heading or a row of a table; `line` is that of the paragraph or row, from 1. `beside`:
    all code of the same paragraph or row. `heading`: the heading above it."""

    page: str
    line: int
    text: str
    beside: tuple[str, ...]
    heading: str

    @property
    def where(self) -> str:
        """Its place, for people."""
        return f"{self.page}:{self.line}: `{self.text}`"


@cache
def spans(page: str) -> tuple[Span, ...]:
    """All code spans of a page, in order."""
    found: dict[int, tuple[str, list[str]]] = {}
    heading, opened = "", False
    for token in MarkdownIt("commonmark").enable("table").parse((ROOT / page).read_text("utf-8")):
        if token.type == "inline":
            assert token.map is not None
            heading = token.content if opened else heading
            codes = [child.content for child in token.children or () if child.type == "code_inline"]
            # all cells of a row begin on one line
            found.setdefault(token.map[0] + 1, (heading, []))[1].extend(codes)
        opened = token.type == "heading_open"
    return tuple(
        Span(page, line, text, tuple(codes), above) for line, (above, codes) in found.items() for text in codes
    )


@cache
def programs() -> frozenset[str]:
    """The programs that begin a command of any page, without their folders."""
    run = {words[0] for page in pages() for command in commands(page) for words in simple(command.plain)}
    return PROGRAMS | run


def simple(text: str) -> Iterator[tuple[str, ...]]:
    """The commands in a line of a shell, apart: words, the program first and without its folder. Variables that are set
    before it and files that are written to are left out."""
    lexer = shlex.shlex(text, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    try:
        words = list(lexer)
    except ValueError:  # a sentence, such as "patient's"
        return
    taken: list[str] = []
    for word in [*words, ";"]:
        if re.fullmatch(r"[|&;()]+", word):
            while taken and _ASSIGNED.match(taken[0]):
                taken.pop(0)
            if taken:
                yield (_FOLDER.sub("", taken[0]), *taken[1:])
            taken = []
        else:
            taken.append(word)


def as_command(text: str) -> tuple[str, ...] | None:
    """The words of a span that is a command, None where it is none. One that begins with a command of ours (`regimens
    ID`) is one of `nusinersen-cds`; one word alone is a name."""
    found = next(simple(text), None) if " " in text else None
    if found is None:
        return None
    if found[0] in SUBCOMMANDS:
        return (NAME, *found)
    return found if found[0] in programs() else None
