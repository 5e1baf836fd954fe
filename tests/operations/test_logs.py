"""Log lines: one an event, with ids, readable by machine or person, and without the texts of libraries and errors."""

from __future__ import annotations

import asyncio
import contextvars
import json
import logging
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from hooks.operations.call import begin
from hooks.operations.logs import LogFormat, LogLevel, event, log_lines, reduced

SECRET = "Jane-Doe-1977"
OWN = "00000000-0000-4000-8000-000000000001"
Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines() -> Iterator[Lines]:
    stream = StringIO()
    with log_lines(LogFormat.JSON, LogLevel.INFO, stream):
        yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


def test_an_event_is_one_line_with_its_fields_and_the_ids_of_the_call(lines: Lines) -> None:
    def during_a_call() -> None:
        begin([], lambda: OWN)
        event("a-thing", logging.WARNING, number=3, names=("a", "b"))

    contextvars.copy_context().run(during_a_call)
    [line] = lines()
    time = line.pop("time")
    assert time.endswith("+00:00")
    assert line == {
        "level": "warning",
        "event": "a-thing",
        "number": 3,
        "names": ["a", "b"],
        "incident": OWN,
        "request_id": OWN,
    }


def test_outside_of_a_call_there_are_no_ids(lines: Lines) -> None:
    event("started", port=8000)
    [line] = lines()
    assert line.keys() == {"time", "level", "event", "port"}


def test_a_path_is_written_and_of_other_objects_the_type_alone(lines: Lines) -> None:
    event("key-made", file=Path("/var/lib/keys"), error=ValueError(SECRET))
    [line] = lines()
    assert (line["file"], line["error"]) == ("/var/lib/keys", "ValueError")


def boom() -> None:
    raise ValueError(SECRET) from KeyError(SECRET)


def test_of_an_exception_type_and_place_are_told_and_never_the_text(lines: Lines) -> None:
    try:
        boom()
    except ValueError as error:
        logging.getLogger("nusinersen_cds").exception("failed")
        told = reduced(error)
    [line] = lines()
    assert (line["error"], line["cause"]) == ("ValueError", "KeyError")
    assert line["at"] == told["at"]
    assert line["at"].startswith("tests.operations.test_logs:")
    assert SECRET not in json.dumps(line)


def test_the_place_of_an_error_names_our_own_code_too() -> None:
    from cds.dosing.calendar import Period

    with pytest.raises(ValueError, match=SECRET) as caught:
        Period.parse(SECRET)
    assert reduced(caught.value)["at"].startswith("cds.dosing.calendar:")
    with pytest.raises(TypeError) as caught_within:
        json.loads(object())  # type: ignore[arg-type]
    assert reduced(caught_within.value)["at"].startswith("json:")


def library(name: str, message: str, *args: object, level: int = logging.WARNING) -> Callable[[], None]:
    return lambda: logging.getLogger(name).log(level, message, *args)


def thread_fails() -> None:
    thread = threading.Thread(target=boom)
    thread.start()
    thread.join()


def task_fails_unseen() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        loop.call_exception_handler(
            {"message": f"Exception in callback f({SECRET})", "exception": ValueError(SECRET), "task": SECRET}
        )

    asyncio.run(main())


def finaliser_fails() -> None:
    class Broken:
        def __del__(self) -> None:
            raise ValueError(SECRET)

    Broken()


@pytest.mark.parametrize(
    ("happens", "words"),
    [
        pytest.param(library("httpx", "HTTP Request: %s", f"https://x/{SECRET}"), "HTTP Request: %s", id="a template"),
        pytest.param(library("httpx", f"HTTP Request: {SECRET}"), "a message of a library", id="a text put together"),
        pytest.param(library("sqlalchemy.engine.Engine", "[raw sql] %r", (SECRET,)), "[raw sql] %r", id="parameters"),
        pytest.param(library("uvicorn.error", "Started [%d]", 7, level=logging.INFO), "Started [7]", id="the server"),
        pytest.param(library("uvicorn.error", "failed on %s", SECRET), "failed on %s", id="an error of the server"),
        pytest.param(library("uvicorn.error", f"Traceback:\n{SECRET}"), "Traceback:", id="a traceback as text"),
        pytest.param(
            library("alembic.runtime.migration", "Running %s", "1 -> 2", level=20),
            "Running 1 -> 2",
            id="the database's form",
        ),
        pytest.param(lambda: warnings.warn(SECRET, stacklevel=1), "UserWarning at test_logs.py:", id="a warning"),
        pytest.param(thread_fails, "a thread failed", id="a thread"),
        pytest.param(task_fails_unseen, "a message of a library", id="a task that nobody waits for"),
        pytest.param(finaliser_fails, "an error that nobody could take", id="a finaliser"),
    ],
)
@pytest.mark.parametrize("form", LogFormat)
def test_what_libraries_say_is_kept_without_values(
    capfd: pytest.CaptureFixture[str],
    form: LogFormat,
    happens: Callable[[], None],
    words: str,
) -> None:
    stream = StringIO()
    # warnings are errors in the tests, and lines here
    with warnings.catch_warnings(), log_lines(form, LogLevel.INFO, stream):
        warnings.simplefilter("always")
        happens()
    [line] = stream.getvalue().splitlines()
    assert words in line
    assert SECRET not in line
    written = capfd.readouterr()
    assert SECRET not in written.out + written.err


@pytest.mark.parametrize("name", ["httpx", "sqlalchemy.engine", "asyncio", "opentelemetry.sdk"])
def test_libraries_are_heard_from_warnings_on(lines: Lines, name: str) -> None:
    logging.getLogger(name).info("a request for %s", SECRET)
    logging.getLogger(name).debug("a request for %s", SECRET)
    assert lines() == []


def test_the_level_is_chosen() -> None:
    stream = StringIO()
    with log_lines(LogFormat.JSON, LogLevel.WARNING, stream):
        event("request")
        event("not-checked", logging.WARNING)
    assert [json.loads(line)["event"] for line in stream.getvalue().splitlines()] == ["not-checked"]


def test_text_is_for_people_and_one_line_whatever_is_in_it() -> None:
    stream = StringIO()
    with log_lines(LogFormat.TEXT, LogLevel.INFO, stream):
        event("not-checked", logging.WARNING, why="the server\nsaid \x1b[31mno", cards=("A", "B"), none=())
    [line] = stream.getvalue().splitlines()
    assert line[8:] == r' warning not-checked why="the server\nsaid \x1b[31mno" cards=A,B none=-'


def test_a_line_that_cannot_be_made_is_told_of_without_its_content(
    capfd: pytest.CaptureFixture[str],
) -> None:
    stream = StringIO()
    with log_lines(LogFormat.JSON, LogLevel.INFO, stream):
        logging.getLogger("nusinersen_cds").warning("%d", SECRET)
    assert "a log line of nusinersen_cds (test_logs.py:" in stream.getvalue()
    written = capfd.readouterr()
    assert SECRET not in stream.getvalue() + written.out + written.err


def test_afterwards_everything_is_as_before() -> None:
    def now() -> tuple[object, ...]:
        root = logging.getLogger()
        return root.handlers[:], threading.excepthook, sys.unraisablehook, warnings.showwarning

    before = now()
    with log_lines(LogFormat.JSON, LogLevel.INFO, StringIO()):
        assert all(was != is_now for was, is_now in zip(before, now(), strict=True))
    assert now() == before


def test_a_server_that_was_set_up_before_says_nothing_past_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    uvicorn = logging.getLogger("uvicorn")
    before = uvicorn.propagate, uvicorn.handlers[:]
    uvicorn.propagate, uvicorn.handlers[:] = False, [logging.StreamHandler(sys.stderr)]
    try:
        stream = StringIO()
        with log_lines(LogFormat.JSON, LogLevel.INFO, stream):
            logging.getLogger("uvicorn.error").warning("failed on %s", SECRET)
        assert json.loads(stream.getvalue())["event"] == "failed on %s"
        assert (uvicorn.propagate, len(uvicorn.handlers)) == (False, 1)
        assert SECRET not in capsys.readouterr().err
    finally:
        uvicorn.propagate, uvicorn.handlers[:] = before
