"""Decisions that somebody asks for: about a patient, or of an incident."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, RowMapping, select

from hooks.database.database import Database
from hooks.database.tables import cards, decisions
from hooks.journal.keys import Keys


def decisions_about(database: Database, keys: Keys, *, site: str, patient: str) -> list[dict[str, Any]]:
    """All decisions about a patient, by the bare id at a site, with their cards; those kept under an old key too, as
    long as it is among the keys. Raises DatabaseDown."""
    return _found(database, decisions.c.patient.in_([key.patient(site, patient) for key in keys.all]))


def decision_of_incident(database: Database, incident: str) -> list[dict[str, Any]]:
    """The decision of an incident, in a list that may be empty. Raises DatabaseDown."""
    return _found(database, decisions.c.incident == incident)


def _found(database: Database, which: ColumnElement[bool]) -> list[dict[str, Any]]:
    with database.reading() as connection:
        rows = connection.execute(select(decisions).where(which).order_by(decisions.c.time)).mappings().all()
        return [
            {**_plain(row), "cards": [_plain(card) for card in connection.execute(_cards_of(row["id"])).mappings()]}
            for row in rows
        ]


def _plain(row: RowMapping) -> dict[str, Any]:
    """A row by the names of its columns as plain texts; SQLAlchemy has a type of its own for reserved words."""
    return {f"{name}": value for name, value in row.items()}


def _cards_of(decision: str) -> Any:
    own = (cards.c.uuid, cards.c.kind, cards.c.findings, cards.c.suggestions)
    return select(*own).where(cards.c.decision == decision)
