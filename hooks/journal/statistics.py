"""What became of the cards that were shown: by kind of card and by finding, with the reasons for overriding."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

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
    could not be kept, `unknown` the feedback on cards that are not in the journal.
    """

    calls: int
    cards: int
    withheld: int
    lost: int
    unknown: int
    by_kind: dict[str, Tally]
    by_finding: dict[str, Tally]


def statistics(database: Database, *, since: datetime | None, until: datetime | None) -> Statistics:
    """The statistics of decisions from `since` to before `until`. Raises DatabaseDown."""
    with database.writing() as connection:
        recognise_feedback(database, connection)
    with database.reading() as connection:
        last = {row.card: row for row in _feedback(connection, since, until)}
        by_kind: dict[str, Tally] = {}
        by_finding: dict[str, Tally] = {}
        shown = withheld = 0
        of_decisions = cards.join(decisions, cards.c.decision == decisions.c.id)
        wanted = (cards.c.uuid, cards.c.kind, cards.c.findings, decisions.c.silent)
        for card in connection.execute(select(*wanted).select_from(of_decisions).where(*_within(since, until))):
            if card.silent:
                withheld += 1
                continue
            shown += 1
            tallies = [by_kind.setdefault(card.kind, Tally())]
            tallies += [by_finding.setdefault(code, Tally()) for code in card.findings]
            _count(tallies, last.get(card.uuid))
        return Statistics(
            _calls(connection, since, until),
            shown,
            withheld,
            _counted(connection, sorted(LOST), since, until),
            connection.scalar(select(func.count()).select_from(unknown_feedback)) or 0,
            dict(sorted(by_kind.items())),
            dict(sorted(by_finding.items())),
        )


def sealed_comments(
    database: Database, *, since: datetime | None, until: datetime | None
) -> list[tuple[datetime, str, str]]:
    """The comments that are kept: when, on which card, encrypted. Raises DatabaseDown."""
    with database.reading() as connection:
        rows = _feedback(connection, since, until)
        return [(row.outcome_time, row.card, row.comment) for row in rows if row.comment is not None]


def _feedback(connection: Connection, since: datetime | None, until: datetime | None) -> list[Row[tuple[object, ...]]]:
    """All feedback on the cards of a time, the latest last."""
    of_decisions = feedback.join(cards, feedback.c.card == cards.c.uuid).join(
        decisions, cards.c.decision == decisions.c.id
    )
    told = select(*feedback.columns).select_from(of_decisions).where(*_within(since, until))
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


def _calls(connection: Connection, since: datetime | None, until: datetime | None) -> int:
    kept = select(func.count()).select_from(decisions).where(*_within(since, until))
    return (connection.scalar(kept) or 0) + _counted(connection, ["not-ours"], since, until)


def _counted(connection: Connection, kinds: list[str], since: datetime | None, until: datetime | None) -> int:
    which: list[ColumnElement[bool]] = [counters.c.kind.in_(kinds)]
    if since is not None:
        which.append(counters.c.day >= since.date())
    if until is not None:
        which.append(counters.c.day < until.date())
    return int(connection.scalar(select(func.sum(counters.c.number)).where(*which)) or 0)


def _within(since: datetime | None, until: datetime | None) -> list[ColumnElement[bool]]:
    which: list[ColumnElement[bool]] = []
    if since is not None:
        which.append(decisions.c.time >= since)
    if until is not None:
        which.append(decisions.c.time < until)
    return which
