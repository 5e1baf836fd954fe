"""How the service is used: calls, cards and times of answers by hook and service, and the cards of each week."""

from __future__ import annotations

import math
from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo

from sqlalchemy import ColumnElement, Connection, and_, func, select

from hooks.database.database import Database
from hooks.database.tables import cards, counters, decisions
from hooks.journal.statistics import Statistics, statistics

PERCENTILES = (50, 90, 95, 99)


@dataclass(slots=True)
class Calls:
    """Calls of one hook: `ours` concern the drug or failed, `others` do not concern it; `cards` were shown, on
    `answers` of the calls."""

    ours: int = 0
    others: int = 0
    cards: int = 0
    answers: int = 0

    @property
    def every(self) -> int:
        """All of them."""
        return self.ours + self.others


@dataclass(frozen=True, slots=True)
class Times:
    """How long answers took, in milliseconds: so many calls, and the times that a share of them took at most, by
    percentile."""

    calls: int
    at_most: Mapping[int, float]


@dataclass(frozen=True, slots=True)
class Usage:
    """What became of the cards of a site in a time, and what they cost."""

    figures: Statistics
    by_hook: Mapping[str, Calls] = field(default_factory=dict)
    by_service: Mapping[str, Times] = field(default_factory=dict)


def usage(database: Database, *, site: str, first: date, last: date, zone: tzinfo) -> Usage:
    """The usage from the day `first` to the day `last` at a site. Counted calls are by day in UTC. Raises
    DatabaseDown."""
    since = datetime.combine(first, datetime.min.time(), zone)
    until = datetime.combine(last + timedelta(days=1), datetime.min.time(), zone)
    figures = statistics(database, since=since, until=until, site=site, zone=zone)
    within = (decisions.c.time >= since, decisions.c.time < until, decisions.c.site == site)
    with database.reading() as connection:
        return Usage(figures, _by_hook(connection, within, site, first, last), _by_service(connection, within))


def _by_hook(
    connection: Connection, within: Sequence[ColumnElement[bool]], site: str, first: date, last: date
) -> dict[str, Calls]:
    found: dict[str, Calls] = {}
    asked = select(decisions.c.hook, func.count()).where(*within).group_by(decisions.c.hook)
    for hook, number in connection.execute(asked):
        found.setdefault(hook, Calls()).ours += number
    days = and_(counters.c.day >= first, counters.c.day <= last, counters.c.site == site)
    counted = select(counters.c.hook, func.sum(counters.c.number)).where(counters.c.kind == "not-ours", days)
    for hook, number in connection.execute(counted.group_by(counters.c.hook)):
        found.setdefault(hook, Calls()).others += int(number)
    shown = select(decisions.c.hook, func.count(), func.count(decisions.c.id.distinct()))
    of_decisions = cards.join(decisions, cards.c.decision == decisions.c.id)
    wanted = shown.select_from(of_decisions).where(*within, decisions.c.silent.is_(False))
    for hook, number, answers in connection.execute(wanted.group_by(decisions.c.hook)):
        calls = found.setdefault(hook, Calls())
        calls.cards, calls.answers = number, answers
    return dict(sorted(found.items()))


def _by_service(connection: Connection, within: Iterable[ColumnElement[bool]]) -> dict[str, Times]:
    """Worked out here, since SQLite has no percentiles; eight bytes a call are held."""
    times: dict[str, array[float]] = {}
    for service, took in connection.execute(select(decisions.c.service, decisions.c.latency_ms).where(*within)):
        times.setdefault(service, array("d")).append(took)
    return {service: _times(took) for service, took in sorted(times.items())}


def _times(took: Iterable[float]) -> Times:
    """Percentiles by nearest rank: each is a time that was measured."""
    ordered = sorted(took)
    return Times(len(ordered), {each: ordered[math.ceil(len(ordered) * each / 100) - 1] for each in PERCENTILES})


def small(groups: Mapping[str, int] | Counter[str], least: int) -> frozenset[str]:
    """The groups of which no figures are to be shown: those of fewer than `least`, and, where what is hidden would
    follow from a total, the next ones, until at least two groups and `least` together are hidden."""
    hidden = {name for name, number in groups.items() if 0 < number < least}
    if not hidden:
        return frozenset()
    rest = sorted((number, name) for name, number in groups.items() if number and name not in hidden)
    while rest and (len(hidden) < 2 or sum(groups[name] for name in hidden) < least):
        hidden.add(rest.pop(0)[1])
    return frozenset(hidden)
