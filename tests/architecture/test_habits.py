"""The habits of the house that can be seen in the source: one clock, one reader of the environment, small rooms."""

from __future__ import annotations

import ast
import re

import pytest

from tests.architecture.sources import ROOT, attributes, imported, modules

CLOCKS = (
    "date.today",
    "datetime.now",
    "datetime.today",
    "datetime.utcnow",
    "time.time",
    "time.localtime",
    "time.gmtime",
)
ENVIRONMENT = ("os.environ", "os.environb", "os.getenv", "os.putenv")
LONGEST_FILE = 400


def speaks_of(tree: ast.Module, names: tuple[str, ...]) -> set[str]:
    spoken = {*imported(tree), *attributes(tree)}
    return {name for name in names if any(f".{word}".endswith(f".{name}") for word in spoken)}


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("from datetime import date\ndate.today()", {"date.today"}),
        ("import datetime as d\nd.datetime.now(zone)", {"datetime.now"}),
        ("from time import time", {"time.time"}),
        ("clock = datetime.now", {"datetime.now"}),
        ("import time\ntime.monotonic()", set()),
        ("today = clock()", set()),
    ],
)
def test_a_reading_of_the_clock_is_seen(source: str, found: set[str]) -> None:
    assert speaks_of(ast.parse(source), CLOCKS) == found


def test_the_clock_is_read_in_one_place_of_hooks() -> None:
    places = {path for path, tree in modules("cds", "hooks") if speaks_of(tree, CLOCKS)}
    assert len(places) <= 1, f"the clock is read in {sorted(places)}: pass it on from one place"
    assert all(path.startswith("hooks/") for path in places)


def test_only_the_settings_read_the_environment() -> None:
    places = {path for path, tree in modules("cds", "hooks") if speaks_of(tree, ENVIRONMENT)}
    assert places <= {"hooks/settings.py"}


def test_every_module_begins_with_one_line_that_says_what_it_is() -> None:
    without = [
        path
        for path, tree in modules("cds", "hooks", "tests")
        if not re.match(r".+[.:](\n\n|$)", ast.get_docstring(tree) or "")
    ]
    assert without == []


def test_no_file_is_longer_than_a_reader_can_hold() -> None:
    lengths = {
        path.relative_to(ROOT).as_posix(): len(path.read_text("utf-8").splitlines())
        for folder in ("cds", "hooks", "tests")
        for path in (ROOT / folder).rglob("*.py")
    }
    assert {path: length for path, length in lengths.items() if length > LONGEST_FILE} == {}


def test_fixtures_are_data() -> None:
    assert [path.name for path in (ROOT / "fixtures").rglob("*.py")] == []
