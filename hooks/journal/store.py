"""From the lines of the spool to the rows of the database: each line once, however often it is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import orjson
from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from hooks.database.database import Database, DatabaseDown
from hooks.database.tables import cards, counters, decisions, feedback, unknown_feedback, views
from hooks.journal.decision import Count, Decision, Feedback, PageView

Row = dict[str, Any]
_MANY = 10_000
"""More names than this are too many for one statement."""
_KINDS: Mapping[type, str] = {Decision: "decision", Feedback: "feedback", PageView: "view"}


def text_of(entry: Decision | Feedback | PageView) -> bytes:
    """An entry as the text of a line."""
    return orjson.dumps({"kind": _KINDS[type(entry)], "entry": entry})


def text_of_count(count: Count, run: str, number: int) -> bytes:
    """A count of a run so far, as the text of a line."""
    return orjson.dumps({"kind": "count", "entry": {"run": run, "number": number, "count": count}})


def write(database: Database, texts: Sequence[bytes]) -> list[bytes]:
    """Write lines; those that nobody can write to this database, now or later, are returned. Raises DatabaseDown."""
    try:
        _write(database, texts)
    except (_RefusedLine, DatabaseDown) as error:
        if isinstance(error, DatabaseDown) and not error.refused:
            raise
        if len(texts) == 1:
            return list(texts)
        return [refused for text in texts for refused in write(database, [text])]
    return []


class _RefusedLine(Exception):
    """A text that is no line of ours."""


def _write(database: Database, texts: Sequence[bytes]) -> None:
    rows = _Rows()
    for text in texts:
        rows.add(text)
    with database.writing() as connection:
        rows.write(database, connection)


def recognise_feedback(database: Database, connection: Connection, named: list[str] | None = None) -> None:
    """Move feedback whose card is known by now to where it belongs; of all cards, or of those `named`."""
    if connection.scalar(select(unknown_feedback.c.id).limit(1)) is None:
        return
    ours = select(cards.c.uuid) if named is None else select(cards.c.uuid).where(cards.c.uuid.in_(named))
    known = unknown_feedback.c.card.in_(ours)
    columns = [column.name for column in feedback.columns]
    moved = select(*unknown_feedback.columns).where(known)
    connection.execute(database.insert_new(feedback).from_select(columns, moved))
    connection.execute(delete(unknown_feedback).where(known))


class _Rows:
    """The rows of several lines."""

    def __init__(self) -> None:
        self.decisions: list[Row] = []
        self.cards: list[Row] = []
        self.feedback: list[Row] = []
        self.views: list[Row] = []
        self.counters: dict[tuple[Any, ...], Row] = {}

    def add(self, text: bytes) -> None:
        """Read one line. Raises _RefusedLine."""
        try:
            line = orjson.loads(text)
            add = {"decision": self._decision, "feedback": self._feedback, "view": self._view, "count": self._count}
            add[line["kind"]](line["entry"])
        except (KeyError, ValueError, TypeError) as error:
            raise _RefusedLine(type(error).__name__) from None

    def write(self, database: Database, connection: Connection) -> None:
        """Write them all."""
        own = {decisions: self.decisions, cards: self.cards, unknown_feedback: self.feedback, views: self.views}
        for table, rows in own.items():
            if rows:
                connection.execute(database.insert_new(table), rows)
        if named := [*(row["uuid"] for row in self.cards), *(row["card"] for row in self.feedback)]:
            recognise_feedback(database, connection, named if len(named) < _MANY else None)
        if self.counters:
            write_counts(connection, list(self.counters.values()))

    def _decision(self, entry: Row) -> None:
        shown = entry.pop("cards")
        self.decisions.append(
            {**entry, "time": datetime.fromisoformat(entry["time"]), "on": date.fromisoformat(entry["on"])}
        )
        self.cards += [{**card, "decision": entry["id"]} for card in shown]

    def _feedback(self, entry: Row) -> None:
        moments = {name: datetime.fromisoformat(entry[name]) for name in ("outcome_time", "received")}
        self.feedback.append({**entry, **moments})

    def _view(self, entry: Row) -> None:
        self.views.append({**entry, "time": datetime.fromisoformat(entry["time"])})

    def _count(self, entry: Row) -> None:
        count = {**entry["count"], "day": date.fromisoformat(entry["count"]["day"])}
        self.counters[entry["run"], *count.values()] = {"run": entry["run"], **count, "number": entry["number"]}


def write_counts(connection: Connection, rows: list[Row]) -> None:
    """Set counts to what they have come to; a count never goes back."""
    own = {column.name for column in counters.primary_key}
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    insertion = dialect.insert(counters)
    higher = insertion.excluded.number > counters.c.number
    connection.execute(
        insertion.on_conflict_do_update(
            index_elements=sorted(own), set_={"number": insertion.excluded.number}, where=higher
        ),
        rows,
    )
