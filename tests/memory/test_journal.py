"""The journal on both databases: each line once, whatever is down, and what could be kept nowhere is counted."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from hooks.database.tables import cards, decisions, feedback, unknown_feedback
from hooks.journal.decision import Count
from hooks.journal.journal import Journal
from hooks.journal.lines import framed
from hooks.journal.spool import Spool
from hooks.journal.store import text_of
from tests.memory.conftest import NOW, Open
from tests.memory.entries import TIME, counted, decision, ids, keep, keep_feedback, rows, uuids, wait
from tests.memory.entries import feedback as said
from tests.memory.postgresql import Server

Journals = Callable[..., Journal]
NOT_OURS = Count("not-ours", "nusinersen-order", "order-sign", "default", TIME.date())


def spooled(folder: Path) -> list[str]:
    """What is left in a spool that nobody uses."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*")) if folder.is_dir() else []


def test_what_is_kept_is_in_the_database_as_it_was_and_nothing_is_left_in_the_spool(
    url: str, journals: Journals, opened: Open, tmp_path: Path
) -> None:
    journal, database = journals(url), opened(url)
    one = decision("d1", kinds=["NusinersenTooEarly", "NusinersenOverdue"])
    keep(journal, one)
    wait(lambda: ids(database) == ["d1"], "the decision")
    journal.close()

    [row] = rows(database, decisions)
    assert row == {name: getattr(one, name) for name in row} | {"findings": ["interval-too-short"]}
    assert [(card["uuid"], card["decision"], card["kind"], card["suggestions"]) for card in rows(database, cards)] == [
        ("d1-1", "d1", "NusinersenTooEarly", ["d1-1-s"]),
        ("d1-2", "d1", "NusinersenOverdue", ["d1-2-s"]),
    ]
    assert spooled(tmp_path / "spool") == []
    assert journal.status().is_well


def test_a_journal_that_nobody_started_keeps_what_it_is_given(url: str, opened: Open, tmp_path: Path) -> None:
    database = opened(url)
    journal = Journal(database, folder=tmp_path / "spool", limit=1_000_000, run="run", clock=lambda: NOW)
    keep(journal, decision("d1"))
    wait(lambda: ids(database) == ["d1"], "the decision")
    journal.close()
    assert (journal.status().late, spooled(tmp_path / "spool")) == (0, [])


def test_many_calls_at_once_are_each_kept_once(url: str, journals: Journals, opened: Open) -> None:
    journal = journals(url)
    keep(journal, *(decision(f"d{n:04}") for n in range(1000)))
    journal.close()
    journals(url).close()
    assert ids(opened(url)) == [f"d{n:04}" for n in range(1000)]


def test_a_line_that_is_written_again_changes_nothing(url: str, journals: Journals, opened: Open) -> None:
    first = journals(url)
    keep(first, decision("d1"), decision("d1", site="changed"))
    keep_feedback(first, said("f1", "d1-1"), said("f1", "d1-1"))
    first.close()
    again = journals(url)
    keep(again, decision("d1"))
    keep_feedback(again, said("f1", "d1-1"))
    again.close()
    database = opened(url)
    assert (ids(database), uuids(database)) == (["d1"], ["d1-1"])
    assert len(rows(database, feedback)) == 1
    assert rows(database, unknown_feedback) == []


def test_feedback_that_comes_before_its_decision_finds_it_and_on_unknown_cards_stays_apart(
    url: str, journals: Journals, opened: Open
) -> None:
    journal, database = journals(url), opened(url)
    keep_feedback(journal, said("f1", "d1-1"), said("f2", "nobody's"))
    wait(lambda: len(rows(database, unknown_feedback)) == 2, "both, apart")
    keep(journal, decision("d1"))
    wait(lambda: [row["card"] for row in rows(database, feedback)] == ["d1-1"], "the one whose card is ours")
    assert [row["card"] for row in rows(database, unknown_feedback)] == ["nobody's"]


def test_calls_are_counted_by_run_and_the_counts_of_runs_add_up(url: str, journals: Journals, opened: Open) -> None:
    for _ in range(2):
        journal = journals(url)
        for _ in range(3):
            journal.count(NOT_OURS)
        journal.close()
    assert counted(opened(url)) == {"not-ours": 6}


def test_counts_reach_the_database_while_the_service_runs_and_no_line_is_kept(
    url: str, journals: Journals, opened: Open
) -> None:
    journal, database = journals(url), opened(url)
    for number in (1, 2):
        journal.count(NOT_OURS)
        wait(lambda number=number: counted(database) == {"not-ours": number}, "the count")  # type: ignore[misc]


def test_counts_that_the_database_did_not_take_at_the_end_wait_in_the_spool(
    url: str, journals: Journals, opened: Open
) -> None:
    journal = journals("postgresql://nobody@127.0.0.1:9/journal")
    journal.count(NOT_OURS)
    keep(journal, decision("d1"))
    journal.close()
    journals(url).close()
    assert (ids(opened(url)), counted(opened(url))) == (["d1"], {"not-ours": 1})


def test_while_the_database_is_down_answers_go_on_and_the_status_says_so_without_its_address(
    journals: Journals,
) -> None:
    journal = journals("postgresql://somebody:secret@127.0.0.1:9/journal")
    keep(journal, decision("d1"), decision("d2"))
    wait(lambda: journal.status().database != "", "the fault in the status")
    status = journal.status()
    assert (status.database, status.backlog, status.oldest) == ("the database cannot be written", 2, NOW)
    assert (status.spool, status.lost, status.is_well) == ("", 0, False)


def test_a_database_that_is_down_is_seen_before_anything_is_to_be_kept(journals: Journals) -> None:
    journal = journals("postgresql://somebody@127.0.0.1:9/journal")
    wait(lambda: journal.status().database != "", "the fault in the status")
    assert (journal.status().is_well, journal.status().lost) == (False, 0)


def test_a_sqlite_database_that_somebody_locks_is_written_when_it_is_free(
    journals: Journals, opened: Open, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path / 'journal.db'}"
    journal, database = journals(url), opened(url)
    keep(journal, decision("d1"))
    wait(lambda: ids(database) == ["d1"], "the tables")
    other = sqlite3.connect(tmp_path / "journal.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    keep(journal, decision("d2"))
    wait(lambda: journal.status().database != "", "the fault in the status")
    assert (ids(database), journal.status().lost) == (["d1"], 0)
    other.execute("ROLLBACK")
    other.close()
    wait(lambda: ids(database) == ["d1", "d2"], "both decisions")
    wait(lambda: journal.status().is_well, "the status")
    assert journal.status().oldest is None


@pytest.mark.xdist_group("postgresql")
def test_a_postgresql_server_that_is_killed_gets_all_when_it_is_back(
    postgresql: Server, journals: Journals, opened: Open
) -> None:
    url = postgresql.create("killed")
    journal, database = journals(url), opened(url)
    keep(journal, decision("d1"))
    wait(lambda: ids(database) == ["d1"], "the first decision")
    postgresql.kill()
    try:
        keep(journal, *(decision(f"d{n}") for n in range(2, 10)))
        wait(lambda: journal.status().database != "", "the fault in the status")
        assert (journal.status().backlog, journal.status().lost) == (8, 0)
    finally:
        postgresql.start()
    wait(lambda: ids(database) == [f"d{n}" for n in range(1, 10)], "all decisions")
    wait(lambda: journal.status().is_well, "the status")


@pytest.fixture
def no_spool(tmp_path: Path) -> Path:
    """A spool that cannot be made, since a file is in its way: as read-only or gone."""
    (tmp_path / "file").write_text("", "utf-8")
    return tmp_path / "file" / "spool"


def test_without_a_spool_the_database_is_written_before_the_answer(
    url: str, journals: Journals, opened: Open, no_spool: Path
) -> None:
    journal, database = journals(url, spool=no_spool), opened(url)
    keep(journal, decision("d1"), decision("d2"))
    keep_feedback(journal, said("f1", "d1-1"))
    assert ids(database) == ["d1", "d2"]
    assert [row["card"] for row in rows(database, feedback)] == ["d1-1"]
    assert (journal.status().spool, journal.status().lost) == ("Not a directory", 0)


def test_where_neither_can_be_written_each_loss_is_counted_and_the_answer_goes_out(
    url: str, journals: Journals, opened: Open, no_spool: Path, tmp_path: Path
) -> None:
    nowhere = journals("postgresql://nobody@127.0.0.1:9/journal", spool=no_spool)
    assert keep(nowhere, *(decision(f"d{n}") for n in range(7))) == [False] * 7
    assert not keep_feedback(nowhere, said("f1", "d1-1"), said("f2", "d2-1"))
    assert nowhere.status().lost == 9

    # the same run, whose database comes back before its end
    lock = sqlite3.connect(tmp_path / "late.db", isolation_level=None)
    lock.execute("PRAGMA journal_mode=WAL")
    lock.execute("BEGIN EXCLUSIVE")
    late = journals(f"sqlite:///{tmp_path / 'late.db'}", spool=no_spool)
    keep(late, decision("lost"))
    wait(lambda: late.status().lost == 1, "the loss, which is known when the database is given up")
    lock.execute("ROLLBACK")
    lock.close()
    database = opened(f"sqlite:///{tmp_path / 'late.db'}")
    wait(lambda: counted(database) == {"lost-decision": 1}, "the count of what was lost")
    keep(late, decision("kept"))
    assert ids(database) == ["kept"]
    assert not late.status().is_well, "what was lost is said to the end of the run"


def test_a_spool_at_its_limit_takes_no_more_and_the_rest_is_counted_as_lost(
    url: str, journals: Journals, opened: Open
) -> None:
    room = len(framed([text_of(decision("d0"))])) * 3
    journal = journals("postgresql://nobody@127.0.0.1:9/journal", limit=room)
    for number in range(5):
        keep(journal, decision(f"d{number}"))
    assert (journal.status().backlog, journal.status().lost) == (3, 2)
    assert journal.status().spool == "the spool has reached its limit"
    journal.close()
    journals(url).close()
    assert ids(opened(url)) == ["d0", "d1", "d2"]


def test_the_spool_of_an_earlier_run_counts_towards_the_limit(journals: Journals) -> None:
    room = len(framed([text_of(decision("d0"))])) * 3
    first = journals("postgresql://nobody@127.0.0.1:9/journal", limit=room)
    keep(first, decision("d0"), decision("d1"), decision("d2"))
    first.close()
    second = journals("postgresql://nobody@127.0.0.1:9/journal", limit=room)
    wait(lambda: second.status().backlog == 3, "the spool of the first")
    keep(second, decision("d3"))
    assert second.status().lost == 1


def test_a_spool_that_somebody_removes_is_made_again_and_nothing_is_lost(
    url: str, journals: Journals, opened: Open, tmp_path: Path
) -> None:
    journal, database = journals(url), opened(url)
    keep(journal, decision("d1"))
    wait(lambda: ids(database) == ["d1"], "the first decision")
    for path in (tmp_path / "spool").rglob("*.lines"):
        path.unlink()
    assert keep(journal, decision("d2")) == [True]
    assert keep(journal, decision("d3")) == [True]
    wait(lambda: ids(database) == ["d1", "d2", "d3"], "all decisions")


def test_a_line_that_the_database_refuses_is_set_aside_and_holds_up_no_other(
    url: str, journals: Journals, opened: Open, tmp_path: Path
) -> None:
    journal, database = journals(url), opened(url)
    keep(journal, decision("d1"), decision("d2", site=None), decision("d3"))
    wait(lambda: ids(database) == ["d1", "d3"], "the others")
    wait(lambda: journal.status().set_aside == 1, "the refused one, set aside")
    assert b'"id":"d2"' in (tmp_path / "spool" / "refused.set-aside").read_bytes()
    assert not journal.status().is_well


def test_a_damaged_file_of_a_dead_run_is_kept_and_its_good_lines_are_written(
    url: str, journals: Journals, opened: Open, tmp_path: Path
) -> None:
    spool = Spool(tmp_path / "spool", "dead", limit=1_000_000)
    spool.append([text_of(decision(f"d{n}")) for n in range(3)])
    spool.close()
    [file] = (tmp_path / "spool" / "dead").glob("*.lines")
    file.write_bytes(file.read_bytes().replace(b'"d1"', b'"dX"', 1))
    journal = journals(url)
    wait(lambda: ids(opened(url)) == ["d0", "d2"], "the good lines")
    wait(lambda: journal.status().set_aside == 1, "the file, set aside")
    assert not (tmp_path / "spool" / "dead").exists()
