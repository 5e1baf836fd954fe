"""Log lines: one JSON object or one line of text an event, with the ids of the call and without patient data.

Our own lines are made of words and values that hold none. Of what a library logs, only the words that stand in its code
are kept, and of every exception its type and place: their texts may quote a request, a record or a password.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

from hooks.console import printable
from hooks.operations.call import current

_OURS = "nusinersen_cds"
_PACKAGES = frozenset({"cds", "hooks"})
# At INFO these write of themselves only: where the server listens, which step of the database's form is taken.
_SERVER = ("uvicorn.error", "alembic.runtime.migration")
_SERVER_AND_ABOVE = ("uvicorn", *_SERVER)
_WARNING = re.compile(r"([^/\\\s]+:\d+): (\w+)")

_log = logging.getLogger(_OURS)


class LogFormat(StrEnum):
    """How log lines are written."""

    JSON = "json"
    TEXT = "text"


class LogLevel(StrEnum):
    """From which level on our lines are written; there is no debug, which libraries fill with requests."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


def event(name: str, level: int = logging.INFO, /, **fields: object) -> None:
    """Log one event with its fields. Only what holds no patient data may be given: ids of ours, names, numbers."""
    if _log.isEnabledFor(level):
        _log.log(level, name, extra={"fields": fields})


def reduced(error: BaseException) -> dict[str, str]:
    """What a log line tells of an exception: its type, its place, and the type of its cause; never its text."""
    told = {"error": type(error).__name__, "at": _place(error.__traceback__)}
    if error.__cause__ is not None:
        told["cause"] = type(error.__cause__).__name__
    return told


def _place(trace: TracebackType | None) -> str:
    """Module and line where an error was raised, and the last place of our own code on the way there."""
    last = own = ""
    while trace is not None:
        module = str(trace.tb_frame.f_globals.get("__name__", "unknown"))
        last = f"{module}:{trace.tb_lineno}"
        if module.partition(".")[0] in _PACKAGES:
            own = last
        trace = trace.tb_next
    if not own or own == last:
        return last or "an unknown place"
    return f"{last} from {own}"


def entry(record: logging.LogRecord) -> dict[str, Any]:
    """The fields of one line."""
    line: dict[str, Any] = {
        "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
        "level": record.levelname.lower(),
        "event": _words(record),
    }
    if not _is_of(record.name, (_OURS,)):
        line |= {"logger": record.name, "logged_at": f"{record.filename}:{record.lineno}"}
    with suppress(LookupError):
        call = current()
        line |= {"incident": call.incident, "request_id": call.request_id}
    line |= vars(record).get("fields", {})
    error = record.exc_info[1] if record.exc_info else None
    if error is not None:
        line |= reduced(error)
    return line


def _words(record: logging.LogRecord) -> str:
    of_server = _is_of(record.name, _SERVER)
    if _is_of(record.name, (_OURS,)) or (of_server and record.levelno <= logging.INFO):
        return record.getMessage().partition("\n")[0]
    if record.name == "py.warnings":
        found = _WARNING.search(record.getMessage())
        return f"{found[2]} at {found[1]}" if found else "a warning"
    # With arguments, the message is a template that stands in the library's code; without, it may be put together.
    return str(record.msg).partition("\n")[0] if record.args or of_server else "a message of a library"


def _is_of(name: str, loggers: tuple[str, ...]) -> bool:
    return any(name == logger or name.startswith(f"{logger}.") for logger in loggers)


class _Json(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        return json.dumps(entry(record), default=_plain)


def _plain(value: object) -> str:
    """A value that JSON has no form for: a path as it is, of anything else the type, since its text may hold data."""
    return str(value) if isinstance(value, Path) else type(value).__name__


class _Text(logging.Formatter):
    """The same for people: time, level, event, then the fields."""

    def format(self, record: logging.LogRecord) -> str:
        line = entry(record)
        time, level, words = line.pop("time")[11:19], line.pop("level"), line.pop("event")
        said = " ".join(f"{name}={_value(value)}" for name, value in line.items())
        return f"{time} {level:7} {printable(words)} {said}".rstrip()


def _value(value: object) -> str:
    if isinstance(value, list | tuple):
        return ",".join(map(_value, value)) or "-"
    text = printable(str(value)).replace('"', "'")
    return f'"{text}"' if " " in text else text


class _Handler(logging.StreamHandler[TextIO]):
    """Writes to a stream. Of a line that cannot be made, the place is told; the standard library shows its content."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  the name is the standard library's
        try:
            self.stream.write(f"a log line of {record.name} ({record.filename}:{record.lineno}) could not be written\n")
        except (OSError, ValueError):
            return  # the stream is full or closed: nobody is left to tell


@contextmanager
def log_lines(form: LogFormat, level: LogLevel, stream: TextIO | None = None) -> Iterator[None]:
    """Within the block, every log line of this process goes to `stream` (standard error) in this form, warnings and
    errors of threads included."""
    root = logging.getLogger()
    loggers = [logging.getLogger(name) for name in (_OURS, *_SERVER_AND_ABOVE)]
    # whoever set up a server in this process may have given its loggers ways of their own, past this one
    levels = [(each, each.level, each.propagate, each.handlers[:]) for each in loggers]
    before = root.handlers[:], root.level, threading.excepthook, sys.unraisablehook
    handler = _Handler(stream or sys.stderr)
    handler.setFormatter(_Json() if form is LogFormat.JSON else _Text())
    root.handlers[:], root.level = [handler], logging.WARNING
    for each in loggers:
        if each.name in (_OURS, *_SERVER):
            each.setLevel(level.upper())
        each.propagate, each.handlers[:] = True, []
    logging.captureWarnings(True)
    threading.excepthook = lambda failed: _told("a thread failed", failed.exc_value)
    sys.unraisablehook = lambda failed: _told("an error that nobody could take", failed.exc_value)
    try:
        yield
    finally:
        logging.captureWarnings(False)
        root.handlers[:], root.level, threading.excepthook, sys.unraisablehook = before
        for each, was, up, handlers in levels:
            each.setLevel(was)
            each.propagate, each.handlers[:] = up, handlers


def _told(what: str, error: BaseException | None) -> None:
    event(what, logging.ERROR, **(reduced(error) if error is not None else {}))
