"""Made-up entries of the journal, and how a test reads what became of them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Table, select

from hooks.database.database import Database, DatabaseDown
from hooks.database.tables import cards, counters, decisions
from hooks.journal.decision import Decision, Feedback, ShownCard
from hooks.journal.journal import Journal

TIME = datetime(2026, 5, 3, 23, 45, tzinfo=UTC)


def decision(name: str, *, kinds: Iterable[str] = ("NusinersenTooEarly",), **changes: Any) -> Decision:
    """A decision with one card of each kind; its cards are called `<name>-1` and so on."""
    shown = [
        ShownCard(f"{name}-{n}", kind, ("interval-too-short",), (f"{name}-{n}-s",)) for n, kind in enumerate(kinds, 1)
    ]
    values: dict[str, Any] = {
        "id": name,
        "time": TIME,
        "incident": name,
        "service": "nusinersen-order",
        "hook": "order-sign",
        "hook_instance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "site": "default",
        "outcome": "checked",
        "silent": False,
        "latency_ms": 1.5,
        "patient": "f" * 64,
        "key_id": "0123456789ab",
        "input": "e" * 64,
        "on": date(2026, 5, 4),
        "zone": "Pacific/Chatham",
        "tolerance_loading": 0,
        "tolerance_maintenance": 7,
        "regimen": "eu-12mg",
        "regimen_version": "1",
        "regimen_digest": f"sha256:{'d' * 64}",
        "engine": "0.1.0",
        "findings": ("interval-too-short",),
        "cards": tuple(shown),
    }
    return Decision(**{**values, **changes})


def feedback(name: str, card: str, **changes: Any) -> Feedback:
    """Feedback on a card: overridden, since the dose was given already."""
    values: dict[str, Any] = {
        "id": name,
        "card": card,
        "service": "nusinersen-order",
        "outcome": "overridden",
        "suggestions": (),
        "reason_system": "http://terminology.hl7.org/CodeSystem/non-adherence-reason-codes",
        "reason_code": "action-completed",
        "comment": None,
        "outcome_time": TIME,
        "received": TIME,
    }
    return Feedback(**{**values, **changes})


def keep(journal: Journal, *given: Decision) -> list[bool]:
    """Keep decisions, all at once, as concurrent calls do; whether each is safe."""

    async def all_at_once() -> list[bool]:
        return await asyncio.gather(*(journal.keep(one) for one in given))

    return asyncio.run(all_at_once())


def keep_feedback(journal: Journal, *given: Feedback) -> bool:
    """Keep feedback, as one call brings it; whether all of it is safe."""
    return asyncio.run(journal.keep_feedback(given))


def rows(database: Database, table: Table) -> list[dict[str, Any]]:
    """The rows of a table, by their first column."""
    with database.reading() as connection:
        found = connection.execute(select(table).order_by(table.columns[0])).mappings()
        return [dict(row) for row in found]


def ids(database: Database) -> list[str]:
    """The decisions in the database."""
    return [row["id"] for row in rows(database, decisions)]


def uuids(database: Database) -> list[str]:
    """The cards in the database."""
    return [row["uuid"] for row in rows(database, cards)]


def counted(database: Database) -> dict[str, int]:
    """The sums of the counters by kind."""
    sums: dict[str, int] = {}
    for row in rows(database, counters):
        sums[row["kind"]] = sums.get(row["kind"], 0) + row["number"]
    return sums


def wait(until: Callable[[], bool], what: str, seconds: float = 60) -> None:
    """Wait for what happens in the background; the time is long, since it only bounds a test that fails."""
    end = time.monotonic() + seconds
    while True:
        try:
            if until():
                return
        except DatabaseDown:
            pass
        assert time.monotonic() < end, f"waited in vain: {what}"
        time.sleep(0.05)
