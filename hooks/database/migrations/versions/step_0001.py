"""The first tables: decisions with their cards, feedback, counters, token ids."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make them."""
    op.create_table(
        "decisions",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("time", _MOMENT, nullable=False),
        sa.Column("incident", sa.String(64), nullable=False),
        sa.Column("service", sa.String(64), nullable=False),
        sa.Column("hook", sa.String(64), nullable=False),
        sa.Column("hook_instance", sa.String(128), nullable=False),
        sa.Column("site", sa.String(128), nullable=False),
        sa.Column("outcome", sa.String(32), nullable=False),
        sa.Column("silent", sa.Boolean, nullable=False),
        sa.Column("latency_ms", sa.Float, nullable=False),
        sa.Column("patient", sa.String(64), nullable=False),
        sa.Column("key_id", sa.String(16), nullable=False),
        sa.Column("input", sa.String(64), nullable=False),
        sa.Column("on", sa.Date, nullable=False),
        sa.Column("zone", sa.String(64), nullable=False),
        sa.Column("tolerance_loading", sa.Integer, nullable=False),
        sa.Column("tolerance_maintenance", sa.Integer, nullable=False),
        sa.Column("regimen", sa.String(128), nullable=False),
        sa.Column("regimen_version", sa.String(64), nullable=False),
        sa.Column("regimen_digest", sa.String(128), nullable=False),
        sa.Column("engine", sa.String(64), nullable=False),
        sa.Column("findings", sa.JSON, nullable=False),
    )
    for column in ("time", "incident", "patient"):
        op.create_index(f"ix_decisions_{column}", "decisions", [column])
    op.create_table(
        "cards",
        sa.Column("uuid", sa.String(64), primary_key=True),
        sa.Column("decision", sa.String(36), nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("findings", sa.JSON, nullable=False),
        sa.Column("suggestions", sa.JSON, nullable=False),
    )
    op.create_index("ix_cards_decision", "cards", ["decision"])
    for name in ("feedback", "unknown_feedback"):
        op.create_table(name, *_feedback_columns())
        op.create_index(f"ix_{name}_card", name, ["card"])
        op.create_index(f"ix_{name}_received", name, ["received"])
    op.create_table(
        "counters",
        sa.Column("run", sa.String(36), primary_key=True),
        sa.Column("kind", sa.String(32), primary_key=True),
        sa.Column("service", sa.String(64), primary_key=True),
        sa.Column("hook", sa.String(64), primary_key=True),
        sa.Column("site", sa.String(128), primary_key=True),
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("number", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "token_ids",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("expires", _MOMENT, nullable=False),
    )
    op.create_index("ix_token_ids_expires", "token_ids", ["expires"])


def _feedback_columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("card", sa.String(64), nullable=False),
        sa.Column("service", sa.String(64), nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("suggestions", sa.JSON, nullable=False),
        sa.Column("reason_system", sa.String(256), nullable=False),
        sa.Column("reason_code", sa.String(128), nullable=False),
        sa.Column("comment", sa.Text, nullable=True),
        sa.Column("outcome_time", _MOMENT, nullable=False),
        sa.Column("received", _MOMENT, nullable=False),
    ]
