"""What the command line says: messages on standard error, faults of the user without a traceback, exit codes."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
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
    OUTPUT = 74
    """Standard output or error is closed or full."""
    BROKEN_PIPE = 141
    """Whoever read the output has gone. Ctrl-C ends a command with 130, which typer sees to."""


class UsageError(Exception):
    """The user can mend it: the message says what, where, and what to do. It ends the command with exit code 2."""


class OutputError(Exception):
    """What the command has to say cannot be written: the message says where to, and why."""


def printable(text: str) -> str:
    """Text from files and servers, safe for a terminal: what is not printable is shown as an escape."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape", "surrogatepass").decode() for char in text
    )


def say(text: str = "") -> None:
    """One message, of one line or more, on standard error."""
    with _written("standard error"):
        typer.echo("\n".join(printable(line) for line in text.splitlines()), err=True)


def say_all(title: str, lines: list[str]) -> None:
    """A title with its lines indented below it; nothing where there are none."""
    if lines:
        say("\n".join([f"{title}:", *(f"  {line}" for line in lines)]))


def counted(number: int, one: str, many: str = "") -> str:
    """`1 record`, `3 records`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


@contextmanager
def output() -> Iterator[None]:
    """Around the writing of results. Raises OutputError where they do not all get out."""
    # None, whatever the type says, where the command was started with it closed
    if sys.stdout is None:
        raise OutputError("standard output is closed")
    with _written("standard output"):
        yield
        sys.stdout.flush()


@contextmanager
def _written(name: str) -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(f"{name} cannot be written ({error.strerror})") from None


@contextmanager
def plain_errors() -> Iterator[None]:
    """Ends a command without a traceback. An error of the program tells its kind and place only."""
    try:
        with _told():
            yield
    except OutputError as error:
        raise typer.Exit(output_failed(str(error))) from None
    except BrokenPipeError:
        _discard_output()
        raise typer.Exit(ExitCode.BROKEN_PIPE) from None


def output_failed(why: str) -> ExitCode:
    """Says so, where that can still be said."""
    with suppress(OutputError, OSError):
        say(f"nusinersen-cds: {why}; what was to be written there is lost or cut short")
    _discard_output()
    return ExitCode.OUTPUT


def _discard_output() -> None:
    """What is still buffered must not fail again at the end."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, AttributeError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except UsageError as error:
        say(f"nusinersen-cds: {error}")
        raise typer.Exit(ExitCode.USAGE) from None
    except (OutputError, BrokenPipeError, typer.Exit, typer.Abort, typer.TyperException):
        raise
    except Exception as error:  # noqa: BLE001  whatever went wrong, its text may quote a record
        frame = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{Path(frame.filename).name}:{frame.lineno}"
        say(f"nusinersen-cds: a fault of this program: {type(error).__name__} at {place}; please report it")
        raise typer.Exit(ExitCode.INTERNAL) from None
