"""Orders that repeat a dose within days (rules P2 and P3): the day of the second one."""

from __future__ import annotations

from datetime import date, tzinfo
from fractions import Fraction
from math import ceil, isfinite
from typing import Any

from cds.dosing.calendar import add_days
from cds.fhir.dates import read_date
from cds.fhir.order_dates import ProposedDay

_SOONEST_DAYS = 14
"""So many days lie between any two doses by every label (rules.md 1). A repeat that keeps them is not looked at: how
orders write a whole schedule differs too much, and the doses after the first are ordered again."""
_DAYS = {"min": Fraction(1, 1440), "h": Fraction(1, 24), "d": Fraction(1), "wk": Fraction(7)}


def second_day(said: ProposedDay, zone: tzinfo) -> date | None:
    """The day of the second dose, where a timing says that the dose is given more than once, and sooner than any label
    allows: by its count, or by an end of its bounds that leaves time for it. None for all others."""
    period, instruction = said.place.period, said.place.instruction
    if period is None or instruction is None:
        return None
    repeat = instruction["timing"]["repeat"]
    every = _every(repeat)
    if every is None or every >= _SOONEST_DAYS:
        return None
    day = add_days(said.day, max(1, ceil(every)))
    count = _positive(repeat.get("count"))
    return day if (count > 1 if count is not None else _lasts(period.get("end"), day, zone)) else None


def _every(repeat: dict[str, Any]) -> Fraction | None:
    """The days from dose to dose; None where they are not said."""
    unit, period = repeat.get("periodUnit"), _positive(repeat.get("period"))
    times = _positive(repeat.get("frequency", 1))
    if not isinstance(unit, str) or unit not in _DAYS or period is None or times is None:
        return None
    return period * _DAYS[unit] / times


def _positive(value: object) -> Fraction | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value) or value <= 0:
        return None
    return Fraction(value)


def _lasts(end: object, day: date, zone: tzinfo) -> bool:
    dated = read_date(end, zone) if isinstance(end, str) else None
    return dated is not None and dated[0].earliest >= day
