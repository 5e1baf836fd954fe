"""How SQLite and PostgreSQL are connected to: short waits, and what a commit promises."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

IMMEDIATE = "nusinersen_cds_immediate"
"""Execution option: take the write lock of SQLite at the start, not in the middle, where it may be refused."""
QUICK = "nusinersen_cds_quick"
"""Execution option: commit without waiting for the disk."""

_WAIT_MS = 1000
"""How long another connection's lock is waited for."""
_JSON: dict[str, Any] = {
    "json_serializer": lambda value: orjson.dumps(value).decode(),
    "json_deserializer": orjson.loads,
}
_FORMS = "write sqlite:////folder/file.db or postgresql://user:password@host/database"


def shown(url: str) -> str:
    """The URL as it may be logged: without user, password and options. Raises ValueError."""
    parsed = _parsed(url)
    kind = parsed.get_backend_name()
    return f"{kind} {parsed.database}" if kind == "sqlite" else f"{kind} {parsed.host or 'local'}/{parsed.database}"


def connect(url: str) -> Engine:
    """The engine of a URL; nothing is opened yet. Raises ValueError."""
    parsed = _parsed(url)
    return _sqlite(parsed) if parsed.get_backend_name() == "sqlite" else _postgresql(parsed)


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url.replace("postgres://", "postgresql://", 1) if url.startswith("postgres://") else url)
    except ArgumentError:
        raise ValueError(f"this is not the URL of a database: {_FORMS}") from None
    kind = parsed.get_backend_name()
    if kind not in {"sqlite", "postgresql"}:
        raise ValueError(f"{kind} is no database that can be used: {_FORMS}")
    if kind == "sqlite" and parsed.database in {None, "", ":memory:"}:
        raise ValueError(f"SQLite needs a file, since what is kept must outlive the process: {_FORMS}")
    if kind == "postgresql":
        if importlib.util.find_spec("psycopg") is None:
            raise ValueError("PostgreSQL needs its driver: pip install 'nusinersen-cds[postgresql]'")
        parsed = parsed.set(drivername="postgresql+psycopg")
    return parsed


def _sqlite(url: URL) -> Engine:
    assert url.database is not None
    folder = Path(url.database).absolute().parent
    engine = create_engine(url, connect_args={"timeout": _WAIT_MS / 1000}, **_JSON)

    @event.listens_for(engine, "do_connect")
    def make_folder(*_: Any) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    @event.listens_for(engine, "connect")
    def set_up(connection: Any, _: Any) -> None:
        # transactions begin where we say so, below, and not where the driver guesses
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode=WAL")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        connection.exec_driver_sql(f"PRAGMA synchronous={'NORMAL' if options.get(QUICK) else 'FULL'}")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get(IMMEDIATE) else "BEGIN")

    return engine


def _postgresql(url: URL) -> Engine:
    engine = create_engine(
        url,
        pool_pre_ping=True,
        pool_timeout=1,
        **_JSON,
        connect_args={
            "connect_timeout": 2,
            "tcp_user_timeout": 3000,
            "options": f"-c lock_timeout={_WAIT_MS} -c statement_timeout=5000",
        },
    )

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        if connection.get_execution_options().get(QUICK):
            connection.exec_driver_sql("SET LOCAL synchronous_commit TO OFF")

    return engine
