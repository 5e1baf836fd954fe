"""The tables as they are now; migrations/ makes them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, Column, Date, Dialect, Float, Integer, MetaData, String, Table, Text
from sqlalchemy.types import DateTime, TypeDecorator


class Moment(TypeDecorator[datetime]):
    """A moment in UTC. SQLite keeps no offset, so it is taken off on the way in and put back on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """A moment with an offset, as UTC."""
        if value is None:
            return None
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """The same moment in UTC, with its offset."""
        if value is None:
            return None
        moment: datetime = value
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


metadata = MetaData()
LAST_STEP = "0003"
"""The step of the migration that makes these tables."""

decisions = Table(
    "decisions",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("time", Moment, nullable=False, index=True),
    Column("incident", String(64), nullable=False, index=True),
    Column("service", String(64), nullable=False),
    Column("hook", String(64), nullable=False),
    Column("hook_instance", String(128), nullable=False),
    Column("site", String(128), nullable=False),
    Column("outcome", String(32), nullable=False),
    Column("silent", Boolean, nullable=False),
    Column("latency_ms", Float, nullable=False),
    Column("patient", String(64), nullable=False, index=True),
    Column("key_id", String(16), nullable=False),
    Column("input", String(64), nullable=False),
    Column("on", Date, nullable=False),
    Column("zone", String(64), nullable=False),
    Column("tolerance_loading", Integer, nullable=False),
    Column("tolerance_maintenance", Integer, nullable=False),
    Column("regimen", String(128), nullable=False),
    Column("regimen_version", String(64), nullable=False),
    Column("regimen_digest", String(128), nullable=False),
    Column("engine", String(64), nullable=False),
    Column("findings", JSON, nullable=False),
)
"""One call that concerned the drug, or that failed. The patient only as a keyed hash."""

cards = Table(
    "cards",
    metadata,
    Column("uuid", String(64), primary_key=True),
    Column("decision", String(36), nullable=False, index=True),
    Column("kind", String(64), nullable=False),
    Column("findings", JSON, nullable=False),
    Column("suggestions", JSON, nullable=False),
)
"""The cards of a decision, shown or (in silent mode) withheld."""


def _feedback_columns() -> list[Column[Any]]:
    return [
        Column("id", String(64), primary_key=True),
        Column("card", String(64), nullable=False, index=True),
        Column("service", String(64), nullable=False),
        Column("outcome", String(16), nullable=False),
        Column("suggestions", JSON, nullable=False),
        Column("reason_system", String(256), nullable=False),
        Column("reason_code", String(128), nullable=False),
        Column("comment", Text, nullable=True),
        Column("outcome_time", Moment, nullable=False),
        Column("received", Moment, nullable=False, index=True),
    ]


feedback = Table("feedback", metadata, *_feedback_columns())
"""What became of our cards. The comment, where one is kept at all, is encrypted."""

unknown_feedback = Table("unknown_feedback", metadata, *_feedback_columns())
"""Feedback on cards that no decision here knows: not ours, or its decision is still on its way."""

counters = Table(
    "counters",
    metadata,
    Column("run", String(36), primary_key=True),
    Column("kind", String(32), primary_key=True),
    Column("service", String(64), primary_key=True),
    Column("hook", String(64), primary_key=True),
    Column("site", String(128), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("number", BigInteger, nullable=False),
)
"""Calls that were counted and not kept, and lines that were lost: each run of the service has rows of its own."""

views = Table(
    "views",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("time", Moment, nullable=False, index=True),
    Column("incident", String(64), nullable=False),
    Column("page", String(64), nullable=False),
    Column("site", String(128), nullable=False),
    Column("outcome", String(32), nullable=False),
    Column("user", String(64), nullable=False, index=True),
    Column("patient", String(64), nullable=False, index=True),
    Column("key_id", String(16), nullable=False),
)
"""Who looked at which page: user and patient only as keyed hashes, no patient where the page is about many."""

token_ids = Table(
    "token_ids",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("expires", Moment, nullable=False, index=True),
)
"""Ids of the tokens seen, by digest, until they expire."""

sessions = Table(
    "sessions",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("sealed", Text, nullable=False),
    Column("expires", Moment, nullable=False, index=True),
)
"""Who is signed in to the pages, by the digest of the browser's cookie: sealed, since a token of the EHR is in it."""
