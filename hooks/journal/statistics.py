"""What became of the cards that were shown: by kind of card and by finding, with the reasons for overriding."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo

from sqlalchemy import ColumnElement, Connection, Row, func, select

from hooks.database.database import Database
from hooks.database.tables import cards, counters, decisions, feedback, unknown_feedback
from hooks.feedback import ACCEPTED
from hooks.journal.counts import LOST
from hooks.journal.store import recognise_feedback


@dataclass(slots=True)
class Tally:
    """Cards of one kind, or with one finding. `reasons` counts overrides by (system, code); ("", "") is none given."""

    shown: int = 0
    accepted: int = 0
    overridden: int = 0
    reasons: Counter[tuple[str, str]] = field(default_factory=Counter)

    @property
    def unanswered(self) -> int:
        """Cards of which nothing was heard: ignored, or the client sends no feedback."""
        return self.shown - self.accepted - self.overridden


@dataclass(frozen=True, slots=True)
class Statistics:
    """The cards shown in a time, each with the last that was heard of it by its outcomeTimestamp.

    `calls` are all that were answered, `cards` those shown, `withheld` those of silent mode, `lost` the lines that
    could not be kept, `unknown` the feedback on cards that are not in the journal, of any site. Weeks are named by
    their Mondays.
    """

    calls: int
    cards: int
    withheld: int
    lost: int
    unknown: int
    by_kind: dict[str, Tally]
    by_finding: dict[str, Tally]
    by_week: dict[str, Tally]
    total: Tally


def statistics(
    database: Database,
    *,
    since: datetime | None,
    until: datetime | None,
    site: str | None = None,
    zone: tzinfo = UTC,
) -> Statistics:
    """The statistics of decisions from `since` to before `until`, of one site or of all; weeks are those of `zone`.
    Raises DatabaseDown."""
    within = _within(since, until, site)
    with database.writing() as connection:
        recognise_feedback(database, connection)
    with database.reading() as connection:
        last = {row.card: row for row in _feedback(connection, within)}
        by_kind: dict[str, Tally] = {}
        by_finding: dict[str, Tally] = {}
        by_week: dict[str, Tally] = {}
        total, withheld = Tally(), 0
        of_decisions = cards.join(decisions, cards.c.decision == decisions.c.id)
        wanted = (cards.c.uuid, cards.c.kind, cards.c.findings, decisions.c.silent, decisions.c.time)
        for card in connection.execute(select(*wanted).select_from(of_decisions).where(*within)):
            if card.silent:
                withheld += 1
                continue
            tallies = [total, by_kind.setdefault(card.kind, Tally())]
            tallies.append(by_week.setdefault(_week(card.time, zone), Tally()))
            tallies += [by_finding.setdefault(code, Tally()) for code in card.findings]
            _count(tallies, last.get(card.uuid))
        return Statistics(
            _calls(connection, within, since, until, site),
            total.shown,
            withheld,
            _counted(connection, sorted(LOST), since, until, site),
            connection.scalar(select(func.count()).select_from(unknown_feedback)) or 0,
            dict(sorted(by_kind.items())),
            dict(sorted(by_finding.items())),
            dict(sorted(by_week.items())),
            total,
        )


def sealed_comments(
    database: Database, *, since: datetime | None, until: datetime | None
) -> list[tuple[datetime, str, str]]:
    """The comments that are kept: when, on which card, encrypted. Raises DatabaseDown."""
    with database.reading() as connection:
        rows = _feedback(connection, _within(since, until, None))
        return [(row.outcome_time, row.card, row.comment) for row in rows if row.comment is not None]


def _week(time: datetime, zone: tzinfo) -> str:
    """The Monday of a moment's week."""
    day = time.astimezone(zone).date()
    return (day - timedelta(days=day.weekday())).isoformat()


def _feedback(connection: Connection, within: Iterable[ColumnElement[bool]]) -> list[Row[tuple[object, ...]]]:
    """All feedback on the cards of a time, the latest last."""
    of_decisions = feedback.join(cards, feedback.c.card == cards.c.uuid).join(
        decisions, cards.c.decision == decisions.c.id
    )
    told = select(*feedback.columns).select_from(of_decisions).where(*within)
    return list(connection.execute(told.order_by(feedback.c.outcome_time, feedback.c.received, feedback.c.id)))


def _count(tallies: Iterable[Tally], heard: Row[tuple[object, ...]] | None) -> None:
    for tally in tallies:
        tally.shown += 1
        if heard is None:
            continue
        if heard.outcome == ACCEPTED:
            tally.accepted += 1
        else:
            tally.overridden += 1
            tally.reasons[heard.reason_system, heard.reason_code] += 1


def _calls(
    connection: Connection,
    within: Iterable[ColumnElement[bool]],
    since: datetime | None,
    until: datetime | None,
    site: str | None,
) -> int:
    kept = select(func.count()).select_from(decisions).where(*within)
    return (connection.scalar(kept) or 0) + _counted(connection, ["not-ours"], since, until, site)


def _counted(
    connection: Connection, kinds: list[str], since: datetime | None, until: datetime | None, site: str | None
) -> int:
    which: list[ColumnElement[bool]] = [counters.c.kind.in_(kinds)]
    if since is not None:
        which.append(counters.c.day >= since.date())
    if until is not None:
        which.append(counters.c.day < until.date())
    if site is not None:
        # of some losses nobody knows the site
        which.append(counters.c.site.in_([site, ""]))
    return int(connection.scalar(select(func.sum(counters.c.number)).where(*which)) or 0)


def _within(since: datetime | None, until: datetime | None, site: str | None) -> list[ColumnElement[bool]]:
    which: list[ColumnElement[bool]] = []
    if since is not None:
        which.append(decisions.c.time >= since)
    if until is not None:
        which.append(decisions.c.time < until)
    if site is not None:
        which.append(decisions.c.site == site)
    return which
