"""The command line of this project as its parser knows it: which command words mean, and what it takes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import typer

from hooks.cli import app

NAME = "nusinersen-cds"
_ROOT: Any = typer.main.get_command(app)
SUBCOMMANDS = frozenset(_ROOT.commands)
HELP = "--help"


@dataclass(frozen=True, slots=True)
class Call:
    """What words mean: the command (`regimens check`), its arguments in order, and its options with what they say."""

    command: str
    arguments: tuple[str, ...]
    options: tuple[tuple[str, str | None], ...]


def call_of(words: Sequence[str]) -> Call:
    """The words behind `nusinersen-cds`. Raises ValueError where there is no such command or option."""
    command, path, rest = _ROOT, [], list(words)
    while rest and hasattr(command, "commands") and not rest[0].startswith("-"):
        if command is _ROOT and rest[0] not in SUBCOMMANDS:
            raise ValueError(f"there is no command {rest[0]}")
        name, command, rest = command.resolve_command(typer.Context(command), rest)
        path.append(name)
    takes = options_of(" ".join(path))
    arguments: list[str] = []
    options: list[tuple[str, str | None]] = []
    while rest:
        word = rest.pop(0)
        if not word.startswith("--"):
            arguments.append(word)
            continue
        if word not in takes:
            raise ValueError(f"{' '.join((NAME, *path))} has no option {word}")
        says = takes[word]
        options.append((word, rest.pop(0) if says is not None and rest else None))
    return Call(" ".join(path), tuple(arguments), tuple(options))


@cache
def options_of(command: str) -> dict[str, str | None]:
    """The options of a command and what they say, as its help shows that; None for one that says nothing."""
    found: Any = _ROOT
    for name in command.split():
        found = found.commands[name]
    known: dict[str, str | None] = {HELP: None}
    for each in found.params:
        if each.param_type_name == "option":
            says = None if each.is_flag else each.metavar or each.name.upper()
            known |= dict.fromkeys((*each.opts, *each.secondary_opts), says)
    return known


def stands_for(shown: str, run: str) -> bool:
    """Whether a word that a page shows is the one that is run, where capitals in it stand for anything."""
    pattern = re.sub(r"[A-Z][A-Z_]+", ".+", re.escape(shown.removesuffix("...")))
    return re.fullmatch(pattern, run) is not None
