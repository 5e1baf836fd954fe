"""Both databases: each test that asks for `url` runs once on SQLite and once on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest

from hooks.database.database import Database
from hooks.journal.journal import Journal
from tests.memory.postgresql import Server, running

NOW = datetime(2026, 5, 3, 23, 45, tzinfo=UTC)
_numbers = count(1)

Open = Callable[..., Database]


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    """One server for all tests of a worker."""
    with running() as server:
        yield server


# one worker runs all tests on PostgreSQL, so that one server is started
@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.xdist_group("postgresql"))])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database that is empty."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'state' / 'journal.db'}"
    server: Server = request.getfixturevalue("postgresql")
    return server.create(f"test_{next(_numbers)}")


@pytest.fixture
def opened() -> Iterator[Open]:
    """Opens databases at a moment of the test's choice, and closes them at its end."""
    every: list[Database] = []

    def open_database(url: str, now: datetime = NOW) -> Database:
        every.append(Database(url, clock=lambda: now))
        return every[-1]

    yield open_database
    for database in every:
        database.close()


@pytest.fixture
def journals(tmp_path: Path, opened: Open) -> Iterator[Callable[..., Journal]]:
    """Starts journals, each a run of its own with the same spool, and closes them at the end."""
    every: list[Journal] = []

    def start(url: str, *, spool: Path = tmp_path / "spool", limit: int = 10_000_000, run: str = "") -> Journal:
        name = run or f"run-{len(every) + 1}"
        every.append(Journal(opened(url), folder=spool, limit=limit, run=name, clock=lambda: NOW))
        every[-1].start()
        return every[-1]

    yield start
    for journal in every:
        journal.close()
