"""The fenced blocks of the pages, and the commands in them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from markdown_it import MarkdownIt

from tests.architecture.sources import ROOT

COMMANDS = ("sh", "console")
"""`sh`: a command a line, no output. `console`: commands behind `$ `, each followed by what it prints."""
OTHERS = ("ini", "json", "mermaid", "nginx", "python", "text", "toml", "yaml", "{include}", "{toctree}")
_PROMPT = "$ "
_HERE = re.compile(r"<<-?'?(\w+)'?")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: `language` is the first word behind the fence, `line` that of the fence, from 1."""

    page: str
    line: int
    language: str
    text: str


@dataclass(frozen=True, slots=True)
class Command:
    """A command as it is shown, over several lines where it is; `output` is what is shown of what it prints, if any."""

    page: str
    line: int
    text: str
    output: str | None = None

    @property
    def plain(self) -> str:
        """On one line, without its comment: the name by which the tables of the tests know it."""
        joined = re.sub(r"\\\n\s*", "", self.text)
        return re.sub(r"\s+#\s.*$", "", joined, flags=re.MULTILINE).strip()


@cache
def pages() -> tuple[str, ...]:
    """README.md and every page of docs/, by path."""
    return ("README.md", *sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*.md")))


@cache
def blocks(page: str) -> tuple[Block, ...]:
    """All blocks of a page that are set off as code, in order; `language` is empty where none is named."""
    found = []
    for token in MarkdownIt("commonmark").enable("table").parse((ROOT / page).read_text("utf-8")):
        if token.type in {"fence", "code_block"}:
            assert token.map is not None
            found.append(Block(page, token.map[0] + 1, (token.info.split() or [""])[0], token.content))
    return tuple(found)


@cache
def commands(page: str) -> tuple[Command, ...]:
    """All commands of a page, in order."""
    return tuple(command for block in blocks(page) if block.language in COMMANDS for command in commands_of(block))


def commands_of(block: Block) -> Iterator[Command]:
    """The commands of one block; blank lines and comments between them are none."""
    if block.language == "sh":
        lines = [(number, line) for number, line in enumerate(block.text.splitlines(), block.line + 1)]
        while lines:
            first = lines[0][0]
            text = _take(lines)
            if text.strip() and not text.lstrip().startswith("#"):
                yield Command(block.page, first, text)
        return
    for part in re.split(rf"^(?={re.escape(_PROMPT)})", block.text, flags=re.MULTILINE):
        if part:
            assert part.startswith(_PROMPT), f"{block.page}:{block.line}: a console block begins with a command"
            rest = list(enumerate(part.removeprefix(_PROMPT).splitlines(), block.line + 1))
            text = _take(rest)
            yield Command(block.page, block.line, text, "\n".join(line for _, line in rest))


def _in_quotes(text: str) -> bool:
    try:
        shlex.split(text, comments=True)
    except ValueError:
        return True
    return False


def _take(lines: list[tuple[int, str]]) -> str:
    """Takes one command from the front. Lines that end in a backslash go on, as do those within quotation marks; a
    here-document has its own end."""
    taken = [lines.pop(0)[1]]
    while lines and (taken[-1].endswith("\\") or _in_quotes("\n".join(taken))):
        taken.append(lines.pop(0)[1])
    here = _HERE.search(taken[-1])
    while here and lines and taken[-1].strip() != here[1]:
        taken.append(lines.pop(0)[1])
    return "\n".join(taken)
