"""What somebody asks for: decisions about a patient or of an incident, and who looked at which page."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, RowMapping, select

from hooks.database.database import Database
from hooks.database.tables import cards, decisions, views
from hooks.journal.keys import Keys


def decisions_about(database: Database, keys: Keys, *, site: str, patient: str) -> list[dict[str, Any]]:
    """All decisions about a patient, by the bare id at a site, with their cards; those kept under an old key too, as
    long as it is among the keys. Raises DatabaseDown."""
    return _found(database, decisions.c.patient.in_([key.patient(site, patient) for key in keys.all]))


def decision_of_incident(database: Database, incident: str) -> list[dict[str, Any]]:
    """The decision of an incident, in a list that may be empty. Raises DatabaseDown."""
    return _found(database, decisions.c.incident == incident)


def views_of(
    database: Database, keys: Keys, *, site: str, patient: str | None = None, user: str | None = None
) -> list[dict[str, Any]]:
    """All looks at pages of a patient, by the bare id, by a user, or of the one by the other, in order of time; those
    kept under an old key too, as long as it is among the keys. Raises DatabaseDown."""
    which: list[ColumnElement[bool]] = []
    if patient is not None:
        which.append(views.c.patient.in_([key.patient(site, patient) for key in keys.all]))
    if user is not None:
        which.append(views.c.user.in_([key.user(site, user) for key in keys.all]))
    asked = select(views).where(*which).order_by(views.c.time)
    with database.reading() as connection:
        return [_plain(row) for row in connection.execute(asked).mappings()]


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
