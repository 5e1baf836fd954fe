"""How the service is used: by hook, by service, by week; and which groups are too small to be shown."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from hooks.journal.decision import Count
from hooks.journal.usage import Calls, Usage, small, usage
from tests.memory.conftest import Open
from tests.memory.entries import decision, keep, keep_feedback
from tests.memory.entries import feedback as said
from tests.memory.test_journal import Journals

ZONE = ZoneInfo("Pacific/Chatham")
MONDAY = datetime(2026, 5, 4, 0, 15, tzinfo=ZONE)
"""The third of May in UTC, a Sunday."""
DAY = MONDAY.date()


@pytest.fixture
def filled(url: str, journals: Journals) -> str:
    """Two orders and a chart with cards on a Monday, a silent one, one the day before, one of another site; three that
    were not about the drug."""
    journal = journals(url)
    keep(
        journal,
        decision("d1", kinds=["A", "B"], time=MONDAY, latency_ms=10.0),
        decision("d2", kinds=["A"], time=MONDAY + timedelta(hours=5), latency_ms=30.0),
        decision("d3", kinds=[], time=MONDAY, latency_ms=20.0),
        decision("silent", time=MONDAY, silent=True, latency_ms=40.0),
        decision("chart", time=MONDAY, hook="patient-view", service="nusinersen-chart", latency_ms=5.0),
        decision("before", time=MONDAY - timedelta(minutes=30)),
        decision("south", time=MONDAY, site="south"),
    )
    for site, day in (("default", DAY), ("default", DAY), ("south", DAY), ("default", DAY - timedelta(days=9))):
        journal.count(Count("not-ours", "nusinersen-order", "order-sign", site, day))
    keep_feedback(journal, said("f1", "d1-1"), said("f2", "d2-1", outcome="accepted", suggestions=("d2-1-s",)))
    journal.close()
    return url


def of(url: str, opened: Open, first: date = DAY, last: date = DAY) -> Usage:
    return usage(opened(url), site="default", first=first, last=last, zone=ZONE)


def test_calls_and_cards_by_hook_are_those_of_the_site_and_its_days(filled: str, opened: Open) -> None:
    by_hook = of(filled, opened).by_hook
    assert by_hook == {
        "order-sign": Calls(ours=4, others=2, cards=3, answers=2),
        "patient-view": Calls(ours=1, others=0, cards=1, answers=1),
    }
    assert by_hook["order-sign"].every == 6


def test_times_by_service_are_measured_ones_by_nearest_rank(filled: str, opened: Open) -> None:
    times = of(filled, opened).by_service
    assert {name: (each.calls, dict(each.at_most)) for name, each in times.items()} == {
        "nusinersen-chart": (1, {50: 5.0, 90: 5.0, 95: 5.0, 99: 5.0}),
        "nusinersen-order": (4, {50: 20.0, 90: 40.0, 95: 40.0, 99: 40.0}),
    }


def test_percentiles_of_a_hundred_calls(url: str, journals: Journals, opened: Open) -> None:
    journal = journals(url)
    keep(journal, *(decision(f"d{n}", kinds=[], time=MONDAY, latency_ms=float(n)) for n in range(100, 0, -1)))
    journal.close()
    assert of(url, opened).by_service["nusinersen-order"].at_most == {50: 50.0, 90: 90.0, 95: 95.0, 99: 99.0}


def test_weeks_begin_on_the_monday_of_the_site(filled: str, opened: Open) -> None:
    figures = of(filled, opened, first=DAY - timedelta(days=7)).figures
    assert {week: tally.shown for week, tally in figures.by_week.items()} == {"2026-04-27": 1, "2026-05-04": 4}
    assert (figures.total.shown, figures.total.accepted, figures.total.overridden) == (5, 1, 1)
    assert (figures.withheld, figures.calls) == (1, 8)


def test_a_time_without_calls_has_no_figures(filled: str, opened: Open) -> None:
    found = of(filled, opened, first=date(2020, 1, 1), last=date(2020, 2, 1))
    assert (found.figures.total.shown, found.by_hook, found.by_service) == (0, {}, {})


GROUPS: dict[str, tuple[Mapping[str, int], set[str]]] = {
    "none is small": ({"a": 5, "b": 9}, set()),
    "those without cards tell nothing": ({"a": 5, "b": 0}, set()),
    "two small ones hide one another": ({"a": 4, "b": 3, "c": 9}, {"a", "b"}),
    "one small one would follow from the total": ({"a": 1, "b": 9, "c": 7}, {"a", "c"}),
    "two of one card are too few together": ({"a": 1, "b": 1, "c": 9, "d": 7}, {"a", "b", "d"}),
    "the only one": ({"a": 3}, {"a"}),
    "all are small": ({"a": 1, "b": 2}, {"a", "b"}),
    "nothing": ({}, set()),
}


@pytest.mark.parametrize("case", GROUPS)
def test_which_groups_are_hidden(case: str) -> None:
    groups, hidden = GROUPS[case]
    assert small(groups, 5) == hidden
