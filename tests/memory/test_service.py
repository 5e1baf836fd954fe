"""The service with a journal of its own, on both databases: they take all that real calls leave."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

from hooks.database.database import Database
from hooks.database.tables import cards, decisions, feedback
from hooks.journal.journal import Journal
from hooks.memory import Memory, open_memory
from hooks.operations.logs import LogFormat, LogLevel, log_lines
from hooks.settings import Settings
from tests.memory.conftest import Open
from tests.memory.entries import counted, decision, ids, keep, rows, wait
from tests.service.ehr import (
    CHART,
    LAST_WEEK,
    NOW,
    ORDER,
    OTHER_DRUG,
    SERVER,
    Client,
    ask,
    call,
    draft,
    prefetched,
    service,
    with_server,
)

Journals = Callable[..., Journal]
HISTORY = prefetched(*LAST_WEEK)


def remembering(url: str, folder: Path) -> Memory:
    settings = Settings(database_url=url, state_folder=folder)  # type: ignore[arg-type]
    return open_memory(settings, clock=lambda: NOW)


def say_no(client: Client, uuid: str) -> int:
    entry = {"card": uuid, "outcome": "overridden", "outcomeTimestamp": "2026-05-04T10:00:00Z"}
    return client.post(f"/cds-services/{ORDER}/feedback", json={"feedback": [entry]}).status_code


def test_calls_and_feedback_are_in_the_database_when_the_service_has_ended(
    url: str, opened: Open, tmp_path: Path
) -> None:
    memory = remembering(url, tmp_path / "state")
    with service(memory=memory) as client:
        order = call("order-sign", drafts=[draft()], prefetch=HISTORY)
        [card] = ask(client, ORDER, order).json()["cards"]
        ask(client, CHART, call("patient-view", prefetch=HISTORY))
        ask(client, ORDER, {**order, "hookInstance": "\N{GRINNING FACE}\x00" * 500})
        ask(client, ORDER, call("order-sign", drafts=[draft()]))
        ask(client, ORDER, {"hook": "order-sign"})
        ask(client, ORDER, call("order-sign", drafts=[draft(medicationCodeableConcept=OTHER_DRUG)]))
        assert say_no(client, card["uuid"]) == 200
        assert client.get("/health/ready").json()["parts"]["journal"] == {"state": "ok"}
    database = opened(url)
    kept = [(row["service"], row["outcome"]) for row in rows(database, decisions)]
    assert kept == [(ORDER, "checked"), (CHART, "checked"), (ORDER, "checked"), (ORDER, "not-answered")]
    assert [row["card"] for row in rows(database, feedback)] == [card["uuid"]]
    assert card["uuid"] in [row["uuid"] for row in rows(database, cards)]
    assert counted(database) == {"not-ours": 1, "bad-request": 1}
    assert list((tmp_path / "state" / "spool").iterdir()) == []
    assert memory.journal.status().set_aside == 0


def test_while_the_database_is_down_the_service_answers_and_readiness_says_so(
    url: str, opened: Open, tmp_path: Path
) -> None:
    nowhere = "postgresql://somebody:secret@127.0.0.1:9/journal"
    with service(memory=remembering(nowhere, tmp_path / "state")) as client:
        order = call("order-sign", drafts=[draft()], prefetch=HISTORY)
        [card] = ask(client, ORDER, order).json()["cards"]
        assert say_no(client, card["uuid"]) == 200

        def journal() -> dict[str, str]:
            ready = client.get("/health/ready")
            assert ready.status_code == 200, "traffic stays"
            part: dict[str, str] = ready.json()["parts"]["journal"]
            return part

        wait(lambda: journal()["state"] == "degraded", "readiness")
        why = journal()["why"]
        assert "the database cannot be written: 2 lines wait in the spool; the oldest since 2026-05-03T23:45" in why
        assert [word for word in ("secret", "somebody", "127.0.0.1", str(tmp_path)) if word in why] == []
    with service(memory=remembering(url, tmp_path / "state")):
        database: Database = opened(url)
        wait(lambda: [row["card"] for row in rows(database, feedback)] == [card["uuid"]], "what the spool held")
    assert len(rows(database, decisions)) == 1


def test_a_start_and_an_end_without_calls_leave_nothing_in_the_spool(url: str, tmp_path: Path) -> None:
    with service(memory=remembering(url, tmp_path / "state")) as client:
        assert ask(client, ORDER, with_server({"hook": SERVER})).status_code == 400
    assert list((tmp_path / "state" / "spool").iterdir()) == []


def purged(memory: Memory, stream: StringIO) -> list[dict[str, Any]]:
    """What the log of a running service says of its purges."""
    with log_lines(LogFormat.JSON, LogLevel.INFO, stream), service(memory=memory):
        wait(lambda: "purged" in stream.getvalue(), "a purge")
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    return [line for line in lines if line["event"] in {"purged", "not-purged"}]


def test_a_service_that_is_told_to_removes_what_is_older_than_the_retention(
    url: str, journals: Journals, opened: Open, tmp_path: Path
) -> None:
    journal, database = journals(url), opened(url)
    keep(journal, decision("old", time=NOW - timedelta(days=31)), decision("new", time=NOW - timedelta(days=29)))
    wait(lambda: ids(database) == ["new", "old"], "both decisions")
    settings = Settings(database_url=url, state_folder=tmp_path / "state", purge_hours=24, retention_days=30)  # type: ignore[arg-type]
    [said] = purged(open_memory(settings, clock=lambda: NOW), StringIO())
    assert (said["event"], said["days"], said["decisions"]) == ("purged", 30, 1)
    assert ids(database) == ["new"]


def test_a_purge_that_the_database_does_not_take_is_told(tmp_path: Path) -> None:
    nowhere = "postgresql://somebody:secret@127.0.0.1:9/journal"
    settings = Settings(database_url=nowhere, state_folder=tmp_path / "state", purge_hours=24)  # type: ignore[arg-type]
    said = purged(open_memory(settings, clock=lambda: NOW), stream := StringIO())
    assert said[0]["event"] == "not-purged"
    assert "secret" not in stream.getvalue()
