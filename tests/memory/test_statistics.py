"""What became of the cards: the last that was heard of each, by kind and by finding; and what is purged, and when."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from hooks.database.tables import cards, counters, decisions, feedback, token_ids, unknown_feedback
from hooks.journal.decision import Count
from hooks.journal.purge import purge
from hooks.journal.statistics import Tally, statistics
from tests.memory.conftest import NOW, Open
from tests.memory.entries import TIME, decision, ids, keep, keep_feedback, rows
from tests.memory.entries import feedback as said
from tests.memory.test_journal import Journals

EARLY, LATE = "NusinersenTooEarly", "NusinersenOverdue"
HL7 = "http://terminology.hl7.org/CodeSystem/non-adherence-reason-codes"


def hours(number: int) -> datetime:
    return TIME + timedelta(hours=number)


@pytest.fixture
def filled(url: str, journals: Journals) -> str:
    """Six calls: three cards too early, one of them with another card; one silent; one that was not ours; feedback."""
    journal = journals(url)
    keep(
        journal,
        decision("d1", kinds=[EARLY, LATE]),
        decision("d2", kinds=[EARLY]),
        decision("d3", kinds=[EARLY], time=hours(24)),
        decision("silent", kinds=[EARLY], silent=True),
        decision("old", kinds=[LATE], time=hours(-24 * 40)),
        decision("no-card", kinds=[]),
    )
    journal.count(Count("not-ours", "nusinersen-order", "order-sign", "default", TIME.date()))
    keep_feedback(
        journal,
        said("f1", "d1-1", outcome_time=hours(1)),
        said("f2", "d1-1", outcome_time=hours(3), outcome="accepted", suggestions=("d1-1-s",)),
        said("f3", "d1-1", outcome_time=hours(2), reason_code="patient-contraindication"),
        said("f4", "d2-1", reason_system="", reason_code=""),
        said("f5", "d3-1"),
        said("f6", "old-1", comment="sealed"),
        said("f7", "nobody's", received=hours(-24 * 40)),
    )
    journal.close()
    return url


def numbers(tally: Tally) -> tuple[int, int, int, int]:
    return tally.shown, tally.accepted, tally.overridden, tally.unanswered


def test_each_card_is_counted_by_the_last_that_was_heard_of_it(filled: str, opened: Open) -> None:
    found = statistics(opened(filled), since=None, until=None)
    assert (found.calls, found.cards, found.withheld, found.unknown, found.lost) == (7, 5, 1, 1, 0)
    assert {kind: numbers(tally) for kind, tally in found.by_kind.items()} == {
        LATE: (2, 0, 1, 1),
        EARLY: (3, 1, 2, 0),
    }
    assert found.by_kind[EARLY].reasons == {("", ""): 1, (HL7, "action-completed"): 1}
    assert {code: numbers(tally) for code, tally in found.by_finding.items()} == {"interval-too-short": (5, 1, 3, 1)}


def test_a_time_is_that_of_the_decisions(filled: str, opened: Open) -> None:
    day = datetime(2026, 5, 4, tzinfo=UTC)
    found = statistics(opened(filled), since=day, until=day + timedelta(days=1))
    assert {kind: numbers(tally) for kind, tally in found.by_kind.items()} == {EARLY: (1, 0, 1, 0)}
    assert (found.calls, found.cards, found.withheld) == (1, 1, 0)
    assert statistics(opened(filled), since=None, until=day - timedelta(days=30)).cards == 1


def test_an_empty_journal_has_no_statistics_and_nothing_to_purge(url: str, opened: Open) -> None:
    found = statistics(opened(url), since=None, until=None)
    assert (found.calls, found.cards, found.by_kind, found.by_finding) == (0, 0, {}, {})
    assert set(purge(opened(url), before=NOW, now=NOW, dry_run=False).values()) == {0}


def test_a_purge_takes_what_is_older_with_all_that_hangs_on_it_and_a_dry_run_takes_nothing(
    filled: str, opened: Open
) -> None:
    database = opened(filled)
    database.claim_token("iss", "expired", NOW - timedelta(minutes=1))
    database.claim_token("iss", "good", NOW + timedelta(minutes=1))
    expected = {"decisions": 1, "cards": 1, "feedback": 1, "unknown_feedback": 1, "views": 0, "counters": 0}
    expected |= {"token_ids": 1, "sessions": 0}
    before = NOW - timedelta(days=30)
    assert purge(database, before=before, now=NOW, dry_run=True) == expected
    assert "old" in ids(database)
    assert purge(database, before=before, now=NOW, dry_run=False) == expected
    assert ids(database) == ["d1", "d2", "d3", "no-card", "silent"]
    assert [row["id"] for row in rows(database, feedback)] == ["f1", "f2", "f3", "f4", "f5"]
    assert set(purge(database, before=before, now=NOW, dry_run=False).values()) == {0}


def test_a_purge_of_everything_leaves_nothing(filled: str, opened: Open) -> None:
    database = opened(filled)
    purge(database, before=NOW + timedelta(days=2), now=NOW, dry_run=False)
    left = [
        table.name
        for table in (decisions, cards, feedback, unknown_feedback, counters, token_ids)
        if rows(database, table)
    ]
    assert left == []


def test_many_decisions_are_purged_in_several_transactions(url: str, journals: Journals, opened: Open) -> None:
    journal = journals(url)
    keep(journal, *(decision(f"d{n:04}") for n in range(2500)))
    journal.close()
    journals(url).close()
    assert purge(opened(url), before=NOW + timedelta(days=1), now=NOW, dry_run=False)["decisions"] == 2500
    assert ids(opened(url)) == []


def test_counts_go_by_their_day(url: str, journals: Journals, opened: Open) -> None:
    journal = journals(url)
    for day in (1, 2, 3):
        journal.count(Count("not-ours", "nusinersen-order", "order-sign", "default", date(2026, 5, day)))
    journal.close()
    assert statistics(opened(url), since=datetime(2026, 5, 2, tzinfo=UTC), until=None).calls == 2
    assert purge(opened(url), before=datetime(2026, 5, 3, tzinfo=UTC), now=NOW, dry_run=False)["counters"] == 2
    assert [row["day"] for row in rows(opened(url), counters)] == [date(2026, 5, 3)]
