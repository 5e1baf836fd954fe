"""Faults of the journal: a killed process, a full disk, a database that is locked or down; lines counted exactly."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import Select, func, select

from hooks.database.engine import connect
from hooks.database.tables import counters, decisions
from tests.chaos.calls import Kind, Seen, ask, request
from tests.chaos.program import Program, program, wait
from tests.chaos.verdict import Count, Promise, Row, count, row
from tests.memory import postgresql

EACH = 20
"""Calls of each kind under a fault."""
KEPT = (Kind.OURS, Kind.CHART)
"""Of an order for another drug there is no line."""
Calls = dict[Kind, list[Seen]]
Found = Iterator[Row | Count]


def keeping(folder: Path) -> Found:
    """Rows of the answers, and what became of their lines."""
    yield from _locked_and_killed(folder / "locked")
    yield from _killed_while_it_answers(folder / "killed")
    with postgresql.running() as server:
        yield from _full(folder / "full", server)


def _locked_and_killed(folder: Path) -> Found:
    """SIGKILL between answers and their way to the database."""
    url = f"sqlite:///{folder / 'state' / 'journal.db'}"
    with program(folder) as service:
        # a line that has left the spool shows that the database is made
        _calls(service, 1)
        wait(lambda: service.metric("journal_backlog") == 0, "the first lines")
        with closing(sqlite3.connect(folder / "state" / "journal.db", timeout=30, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            calls = _calls(service)
            yield from _rows("database locked", calls, Promise.JUDGED)
            yield count("database locked", "lines wait in the spool", service.metric("journal_backlog"), EACH * 2)
            wait(lambda: service.ready()["status"] == "degraded", "readiness that says so")
            service.kill()
    with program(folder) as service:
        yield _all_kept("SIGKILL between answer and database, new start", url, calls)
        yield from _rows("after SIGKILL and a new start", _calls(service, 1), Promise.JUDGED)


def _killed_while_it_answers(folder: Path) -> Found:
    """SIGKILL in the middle of many calls."""
    url = f"sqlite:///{folder / 'state' / 'journal.db'}"
    calls: Calls = {kind: [] for kind in Kind}
    bodies = {kind: request(kind) for kind in Kind}
    with program(folder) as service, ThreadPoolExecutor(16) as pool:
        sent = {pool.submit(ask, service.client, kind, bodies[kind]): kind for _ in range(EACH * 10) for kind in Kind}
        for number, done in enumerate(as_completed(sent)):
            calls[sent[done]].append(done.result())
            if number == EACH * 3:
                service.kill()
    for kind, every in calls.items():
        # how many of them were answered differs from run to run
        yield row("SIGKILL in the middle of calls", kind, dict.fromkeys(one.bare for one in every), Promise.GONE)
    with program(folder):
        yield _all_kept("SIGKILL in the middle of calls, new start", url, calls, exact=False)


def _full(folder: Path, server: postgresql.Server) -> Found:
    """A full disk, then the database down as well, then either alone, then neither."""
    url = server.create("journal")
    with program(folder, DATABASE_URL=url) as service:
        wait(lambda: service.ready()["status"] == "ok", "a service that is ready")
        service.limit_files(0)
        full = _calls(service)
        yield from _rows("disk full", full, Promise.JUDGED)
        yield _all_kept("disk full", url, full)
        yield count("disk full", "readiness says degraded", service.ready()["status"], "degraded")
        server.kill()
        lost = _calls(service)
        yield from _rows("disk full and database down", lost, Promise.JUDGED)
        said = "every lost line is counted"
        yield count("disk full and database down", said, service.metric("journal_lost_total"), EACH * 2)
        service.limit_files(-1)
        down = _calls(service)
        yield from _rows("database down", down, Promise.JUDGED)
        yield count("database down", "lines wait in the spool", service.metric("journal_backlog"), EACH * 2)
        server.start()
        yield _all_kept("database down, then up again", url, down)
        wait(lambda: _lost(url) >= EACH * 2, "the count of lost lines in the database")
        yield count("the same", "the lost lines are counted in the database too", _lost(url), EACH * 2)
        after = _calls(service)
        yield from _rows("after it all", after, Promise.JUDGED)
        yield _all_kept("after it all", url, after)
        yield count("after it all", "no further line is lost", service.metric("journal_lost_total"), EACH * 2)
    yield count("the whole run", "no line is written twice, none of a lost one", _lines(url), EACH * 2 * 3)


def _calls(service: Program, each: int = EACH) -> Calls:
    """Calls of every kind, several at a time."""
    bodies = {kind: request(kind) for kind in Kind}
    with ThreadPoolExecutor(8) as pool:
        sent = {kind: [pool.submit(ask, service.client, kind, bodies[kind]) for _ in range(each)] for kind in Kind}
    return {kind: [one.result() for one in every] for kind, every in sent.items()}


def _rows(fault: str, calls: Calls, promise: Promise) -> list[Row]:
    return [row(fault, kind, every, promise) for kind, every in calls.items()]


def _all_kept(fault: str, url: str, calls: Calls, *, exact: bool = True) -> Count:
    """Waits for the lines of the answered calls in the database; where the number differs from run to run it is not
    said."""
    answered = sum(one.status == 200 for kind in KEPT for one in calls[kind])
    try:
        wait(lambda: _missing(url, calls) == 0, "the lines of answered calls")
    except RuntimeError:
        found = f"{_missing(url, calls)} of {answered} lines are not there"
        return Count(fault, "no line of an answered call is lost", found, (found,))
    return Count(fault, "no line of an answered call is lost", f"{answered} of {answered}" if exact else "all kept")


def _missing(url: str, calls: Calls) -> int:
    """How many answered calls have no line in the database. Its tables are there: the service makes them first."""
    kept = set(_read(url, select(decisions.c.incident)))
    return sum(one.status == 200 and one.incident not in kept for kind in KEPT for one in calls[kind])


def _lost(url: str) -> int:
    return int(_read(url, select(func.sum(counters.c.number)).where(counters.c.kind == "lost-decision"))[0] or 0)


def _lines(url: str) -> int:
    return int(_read(url, select(func.count()).select_from(decisions))[0])


def _read(url: str, wanted: Select[Any]) -> Sequence[Any]:
    engine = connect(url)
    try:
        with engine.connect() as connection:
            return connection.scalars(wanted).all()
    finally:
        engine.dispose()
