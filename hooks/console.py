"""What the command line says: messages on standard error, faults of the user without a traceback, exit codes."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path

import typer


class ExitCode(IntEnum):
    """How a command ends. Where several apply: usage before not read before findings."""

    CLEAR = 0
    FINDINGS = 1
    USAGE = 2
    NOT_READ = 3
    INTERNAL = 70
    """A fault of this program; apart from 1, so that a crash is never taken for findings, nor for none."""
    BROKEN_PIPE = 141


class UsageError(Exception):
    """The user can mend it: the message says what, where, and what to do. It ends the command with exit code 2."""


def printable(text: str) -> str:
    """Text from files and servers, safe for a terminal: what is not printable is shown as an escape."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape", "surrogatepass").decode() for char in text
    )


def say(text: str = "") -> None:
    """One message, of one line or more, on standard error."""
    typer.echo("\n".join(printable(line) for line in text.splitlines()), err=True)


def say_all(title: str, lines: list[str]) -> None:
    """A title with its lines indented below it; nothing where there are none."""
    if lines:
        say("\n".join([f"{title}:", *(f"  {line}" for line in lines)]))


def counted(number: int, one: str, many: str = "") -> str:
    """`1 record`, `3 records`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


@contextmanager
def plain_errors() -> Iterator[None]:
    """Ends a command without a traceback. An error of the program tells its kind and place only."""
    try:
        yield
        sys.stdout.flush()
    except UsageError as error:
        say(f"nusinersen-cds: {error}")
        raise typer.Exit(ExitCode.USAGE) from None
    except BrokenPipeError:
        # Whoever read our output has gone; what is still buffered must not fail again at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(ExitCode.BROKEN_PIPE) from None
    except (typer.Exit, typer.Abort, typer.TyperException):
        raise
    except Exception as error:  # noqa: BLE001  whatever went wrong, its text may quote a record
        frame = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{Path(frame.filename).name}:{frame.lineno}"
        say(f"nusinersen-cds: a fault of this program: {type(error).__name__} at {place}; please report it")
        raise typer.Exit(ExitCode.INTERNAL) from None
