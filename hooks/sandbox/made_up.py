"""A made-up quarter in the journal of the demonstration, so that there is something to see: calls, cards, feedback."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import NamedTuple
from zlib import crc32

from cds.dosing.codes import Code
from hooks.card_kinds import OVERRIDE_REASONS, Kind
from hooks.database.database import Database
from hooks.feedback import ACCEPTED, OVERRIDDEN
from hooks.journal.decision import Count, Decision, Feedback, ShownCard
from hooks.journal.store import text_of, text_of_count, write
from hooks.protocol import ORDER_SIGN, PATIENT_VIEW
from hooks.services import CHART, ORDER
from hooks.site_settings import Site

_WEEKS = 13
_RUN = "demonstration"
_CALLS_A_WEEK, _OTHER_ORDERS_A_WEEK = 17, 23
_NOBODY = "0" * 64


class _Case(NamedTuple):
    """A card that came up, and how often of seven times it was accepted and overridden; of the rest nothing was heard.
    `reason` is the place of the reason that is given most in the list of reasons."""

    kind: Kind
    code: Code
    accepted: int
    overridden: int
    reason: int


_CASES = (
    _Case(Kind.TOO_EARLY, Code.INTERVAL_TOO_SHORT, 5, 1, 2),
    _Case(Kind.OVERDUE, Code.OVERDUE, 2, 2, 4),
    _Case(Kind.EARLIER_THAN_SCHEDULE, Code.EARLIER_THAN_SCHEDULE, 1, 5, 0),
    _Case(Kind.CATCH_UP, Code.CATCH_UP_REQUIRED, 3, 2, 1),
    _Case(Kind.HISTORY_INCOMPLETE, Code.HISTORY_INCOMPLETE, 0, 4, 5),
)


def make_up(database: Database, site: Site, now: datetime) -> None:
    """Write it: the same for the same day, thirteen weeks back from `now`."""
    lines: list[bytes] = []
    for week in range(_WEEKS):
        day = now - timedelta(weeks=week, days=1)
        lines.append(
            text_of_count(Count("not-ours", ORDER.id, ORDER_SIGN, site.id, day.date()), _RUN, _OTHER_ORDERS_A_WEEK)
        )
        for number in range(_CALLS_A_WEEK - week % 4):
            lines += map(text_of, _call(week * _CALLS_A_WEEK + number, day, site))
    refused = write(database, lines)
    assert not refused, "lines of our own"


def _call(number: int, day: datetime, site: Site) -> Iterator[Decision | Feedback]:
    """One call, and in most cases a card and what was said of it."""
    name = f"demonstration-{number}"
    when = datetime.combine(day.date(), time(7 + number % 9, number % 60), day.tzinfo)
    case = _CASES[_any(number, "case", 8) % len(_CASES)] if number % 5 else None
    on_chart = case is not None and case.kind is Kind.OVERDUE
    cards = () if case is None else (ShownCard(f"{name}-card", case.kind.value, (case.code.value,), (f"{name}-move",)),)
    yield Decision(
        id=name,
        time=when,
        incident=name,
        service=CHART.id if on_chart else ORDER.id,
        hook=PATIENT_VIEW if on_chart else ORDER_SIGN,
        hook_instance=name,
        site=site.id,
        outcome="checked",
        silent=False,
        latency_ms=12.0 + _any(number, "time", 90) + (400.0 if number % 41 == 0 else 0.0),
        patient=_NOBODY,
        key_id="none",
        input="",
        on=when.astimezone(site.zone).date(),
        zone=site.time_zone,
        tolerance_loading=0,
        tolerance_maintenance=0,
        regimen=" ".join(site.regimen),
        regimen_version="",
        regimen_digest="",
        engine=_RUN,
        findings=() if case is None else (case.code.value,),
        cards=cards,
    )
    if case is not None and (heard := _heard(number, case)):
        other = _any(number, "reason", len(OVERRIDE_REASONS))
        code, system = OVERRIDE_REASONS[case.reason if _any(number, "usual", 3) else other]
        accepted = heard == ACCEPTED
        yield Feedback(
            id=name,
            card=f"{name}-card",
            service=CHART.id if on_chart else ORDER.id,
            outcome=heard,
            suggestions=(f"{name}-move",) if accepted else (),
            reason_system="" if accepted else system,
            reason_code="" if accepted else code,
            comment=None,
            outcome_time=when + timedelta(minutes=2),
            received=when + timedelta(minutes=2),
        )


def _heard(number: int, case: _Case) -> str:
    of_seven = _any(number, "heard", 7)
    if of_seven < case.accepted:
        return ACCEPTED
    return OVERRIDDEN if of_seven < case.accepted + case.overridden else ""


def _any(number: int, of: str, below: int) -> int:
    """A number below a limit that follows no pattern and is always the same."""
    return crc32(f"{of} {number}".encode()) % below
