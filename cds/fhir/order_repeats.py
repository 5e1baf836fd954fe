"""Orders that repeat a dose within days (rules P2 and P3): the day of the second one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, tzinfo
from fractions import Fraction
from math import ceil, isfinite
from typing import Any

from cds.dosing.calendar import add_days
from cds.fhir.dates import read_date
from cds.fhir.order_dates import Instruction, instructions
from cds.fhir.plain import Resource

SOONEST_DAYS = 14
"""So many days lie between any two doses by every label (rules.md 1). A repeat that keeps them is not looked at: how
orders write a whole schedule differs too much, and the doses after the first are ordered again."""
# Months and years are none of days; whatever they are taken for, they are no few.
_DAYS = {
    "s": Fraction(1, 86400),
    "min": Fraction(1, 1440),
    "h": Fraction(1, 24),
    "d": Fraction(1),
    "wk": Fraction(7),
    "mo": Fraction(30),
    "a": Fraction(365),
}
_WEEK = 7


def days_to_second(order: Resource, instruction: Instruction | None, first: date, zone: tzinfo) -> int | None:
    """The days from the first dose of an order, on `first`, to the second, where a timing says that the dose is given
    more than once, and sooner than any label allows: by its count, or by an end that leaves time for it. None for all
    others. `instruction` is the one that the first dose is of; all of them, where it is None."""
    found = [_to_second(timing, first, zone) for timing in _timings(order, instruction)]
    return min((days for days in found if days is not None), default=None)


def _timings(order: Resource, instruction: Instruction | None) -> Iterator[dict[str, Any]]:
    given = [instruction] if instruction is not None else instructions(order)
    for timing in (*(each.get("timing") for each in given), order.get("occurrenceTiming")):
        if isinstance(timing, dict):
            yield timing


def _to_second(timing: dict[str, Any], first: date, zone: tzinfo) -> int | None:
    repeat, events = timing.get("repeat"), timing.get("event")
    # of several events each is a dose: what is repeated is these
    if not isinstance(repeat, dict) or (isinstance(events, list) and len(events) > 1):
        return None
    every = _every(repeat)
    if every is None or every >= SOONEST_DAYS:
        return None
    days = max(1, ceil(every))
    count = _positive(repeat.get("count"))
    if count is None:
        return days if _lasts(repeat, every, add_days(first, days), zone) else None
    return days if count - _gone(repeat, every, first, zone) > 1 else None


def _every(repeat: dict[str, Any]) -> Fraction | None:
    """The days from dose to dose; None where they are not said."""
    unit, period = repeat.get("periodUnit"), _positive(repeat.get("period"))
    times = _positive(repeat.get("frequency", 1))
    weekdays = repeat.get("dayOfWeek")
    if "period" not in repeat and isinstance(weekdays, list) and weekdays:
        return Fraction(_WEEK, len(weekdays))
    if not isinstance(unit, str) or unit not in _DAYS or period is None or times is None:
        return None
    return period * _DAYS[unit] / times


def _positive(value: object) -> Fraction | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value) or value <= 0:
        return None
    return Fraction(value)


def _gone(repeat: dict[str, Any], every: Fraction, first: date, zone: tzinfo) -> int:
    """How many doses lie before the first that is looked at, where the bounds began before it."""
    began = _day(repeat.get("boundsPeriod"), "start", zone)
    return ceil((first - began).days / every) if began is not None and began < first else 0


def _day(period: object, name: str, zone: tzinfo) -> date | None:
    text = period.get(name) if isinstance(period, dict) else None
    dated = read_date(text, zone) if isinstance(text, str) else None
    return None if dated is None else dated[0].earliest


def _lasts(repeat: dict[str, Any], every: Fraction, second: date, zone: tzinfo) -> bool:
    """Whether the bounds leave time for a second dose: by the end of a Period, or by how long they last."""
    end, range_ = _day(repeat.get("boundsPeriod"), "end", zone), repeat.get("boundsRange")
    if end is not None:
        return end >= second
    duration = range_.get("low") if isinstance(range_, dict) else repeat.get("boundsDuration")
    return isinstance(duration, dict) and _length(duration) > every


def _length(duration: dict[str, Any]) -> Fraction:
    """The days of a Duration; none where it is none."""
    unit, value = duration.get("code", duration.get("unit")), _positive(duration.get("value"))
    return value * _DAYS[unit] if isinstance(unit, str) and unit in _DAYS and value is not None else Fraction(0)
