"""Looks at pages: kept like decisions, each once, with user and patient as keyed hashes, and purged with the rest."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hooks.database.tables import views
from hooks.journal.decision import PageView
from hooks.journal.keys import Key, Keys
from hooks.journal.purge import purge
from hooks.memory import Memory
from tests.memory.conftest import NOW, Open
from tests.memory.entries import TIME, rows
from tests.memory.test_journal import Journals
from tests.service.noted import NotedSessions

KEY = Key(b"the newest key of the tests, long enough")


def note(memory: Memory, **changes: Any) -> bool:
    given = {"page": "worklist", "outcome": "shown", "site": "north", "user": "nurse-7", "incident": "i1", **changes}
    return asyncio.run(memory.note_view(**given))


def test_a_look_at_a_page_is_kept_with_user_and_patient_as_hashes(url: str, journals: Journals, opened: Open) -> None:
    journal = journals(url)
    memory = Memory(journal, opened(url), NotedSessions(), Keys((KEY,)), None, lambda: NOW)
    assert note(memory)
    assert note(memory, page="timeline", patient="4711")
    journal.close()
    kept = sorted(rows(opened(url), views), key=lambda row: str(row["page"]))
    assert [(row["page"], row["user"], row["patient"]) for row in kept] == [
        ("timeline", KEY.user("north", "nurse-7"), KEY.patient("north", "4711")),
        ("worklist", KEY.user("north", "nurse-7"), ""),
    ]
    assert {(row["time"], row["site"], row["outcome"], row["incident"], row["key_id"]) for row in kept} == {
        (NOW, "north", "shown", "i1", KEY.id)
    }
    assert not [row for row in kept if "nurse-7" in str(row) or "4711" in str(row)]


def test_a_user_at_another_site_and_a_patient_of_the_same_name_have_other_hashes() -> None:
    assert len({KEY.user("north", "7"), KEY.user("south", "7"), KEY.patient("north", "7")}) == 3


def test_looks_at_pages_are_purged_with_the_decisions_of_their_time(url: str, journals: Journals, opened: Open) -> None:
    journal = journals(url)
    for name, days in (("old", 40), ("new", 1)):
        view = PageView(name, TIME - timedelta(days=days), "i", "worklist", "north", "shown", "u", "", KEY.id)
        assert asyncio.run(journal.keep_view(view))
    journal.close()
    before = NOW - timedelta(days=30)
    assert purge(opened(url), before=before, now=NOW, dry_run=True)["views"] == 1
    assert purge(opened(url), before=before, now=NOW, dry_run=False)["views"] == 1
    assert [row["id"] for row in rows(opened(url), views)] == ["new"]


@pytest.mark.parametrize("down", ["the disk", "the journal"])
def test_one_that_can_be_kept_nowhere_is_told_and_counted(
    tmp_path: Path, journals: Journals, opened: Open, down: str
) -> None:
    url = f"sqlite:///{tmp_path / 'state' / 'journal.db'}"
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where the folder should be")
    journal = journals(f"sqlite:///{blocked / 'journal.db'}" if down == "the disk" else url, spool=blocked / "spool")
    if down == "the journal":
        journal.close()
    memory = Memory(journal, opened(url), NotedSessions(), Keys((KEY,)), None, lambda: NOW)
    assert not note(memory)
    assert journal.status().lost == 1
