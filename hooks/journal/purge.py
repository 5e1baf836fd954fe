"""Removes what is older than the site keeps it: decisions with cards and feedback, counts, and what has expired."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, delete, func, select

from hooks.database.database import Database
from hooks.database.tables import cards, counters, decisions, feedback, sessions, token_ids, unknown_feedback, views

_AT_ONCE = 1000
"""Decisions in one transaction: the service writes in between."""


def purge(database: Database, *, before: datetime, now: datetime, dry_run: bool) -> dict[str, int]:
    """How many rows of each table were removed, or would be. Raises DatabaseDown.

    Decisions, views and counts go by their day, unknown feedback by when it came; feedback goes with its decision, and
    with it what a clinician wrote.
    """
    old = select(decisions.c.id).where(decisions.c.time < before)
    removed = _decisions(database, old, dry_run=dry_run)
    rest: list[tuple[Table, ColumnElement[bool]]] = [
        (unknown_feedback, unknown_feedback.c.received < before),
        (views, views.c.time < before),
        (counters, counters.c.day < before.date()),
        (token_ids, token_ids.c.expires < now),
        (sessions, sessions.c.expires < now),
    ]
    for table, which in rest:
        removed[table.name] = _remove(database, table, which, dry_run=dry_run)
    return removed


def _decisions(database: Database, old: Select[Any], *, dry_run: bool) -> dict[str, int]:
    removed = {"decisions": 0, "cards": 0, "feedback": 0}
    if dry_run:
        of_old = select(cards.c.uuid).where(cards.c.decision.in_(old))
        wheres = {
            decisions: decisions.c.id.in_(old),
            cards: cards.c.decision.in_(old),
            feedback: feedback.c.card.in_(of_old),
        }
        return {table.name: _remove(database, table, which, dry_run=True) for table, which in wheres.items()}
    while True:
        with database.writing() as connection:
            ids = list(connection.scalars(old.limit(_AT_ONCE)))
            if not ids:
                return removed
            uuids = select(cards.c.uuid).where(cards.c.decision.in_(ids))
            removed["feedback"] += connection.execute(delete(feedback).where(feedback.c.card.in_(uuids))).rowcount
            removed["cards"] += connection.execute(delete(cards).where(cards.c.decision.in_(ids))).rowcount
            removed["decisions"] += connection.execute(delete(decisions).where(decisions.c.id.in_(ids))).rowcount


def _remove(database: Database, table: Table, which: ColumnElement[bool], *, dry_run: bool) -> int:
    if dry_run:
        with database.reading() as connection:
            return connection.scalar(select(func.count()).select_from(table).where(which)) or 0
    with database.writing() as connection:
        return connection.execute(delete(table).where(which)).rowcount
