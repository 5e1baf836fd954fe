"""The rich console of the command line: no colour or cut text where no terminal is, no markup read from records."""

from __future__ import annotations

import sys

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from hooks.console import printable

_WIDTH = 110
"""Columns of a file or pipe, which has none of its own."""


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Tell the command, which has an exit code for it; rich would end it with that of findings."""
        raise BrokenPipeError


def stdout_console() -> Console:
    """A console on standard output that shows text from records as it is."""
    console = _Console(file=sys.stdout, markup=False, emoji=False, highlight=False)
    if not console.is_terminal:
        console.width = max(console.width, _WIDTH)
    return console


def table(*columns: str, right: tuple[str, ...] = (), header: bool = True) -> Table:
    """An empty table whose cells fold: an id of any length stays whole."""
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold", show_header=header)
    for column in columns:
        made.add_column(column, overflow="fold", justify="right" if column in right else "left")
    return made


def labelled(width: int) -> Table:
    """An empty table of a word and a text a row; `width` keeps several such tables in line."""
    made = table(header=False)
    made.add_column(no_wrap=True, min_width=width)
    made.add_column(overflow="fold")
    return made


def cells(*values: object) -> tuple[Text, ...]:
    """The cells of a row; a line break in a value stays one."""
    return tuple(
        Text("\n".join(map(printable, str(value).split("\n"))) if value is not None else "") for value in values
    )


def indented(content: Table | Text | str, columns: int = 2) -> Padding:
    """A block a little to the right."""
    return Padding(Text(printable(content)) if isinstance(content, str) else content, (0, 0, 0, columns))
