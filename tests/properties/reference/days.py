"""Section 2: days and months, counted one by one."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Literal

from cds.dosing.calendar import Period

Apart = Literal["far enough", "too short", "undecidable"]


def plus_days(day: date, days: int) -> date:
    return day + timedelta(days=days)


def plus_months(day: date, months: int) -> date:
    """D3: calendar months; a day that does not exist rolls forward to the first of the next month."""
    year, month = day.year, day.month
    for _ in range(months):
        year, month = next_month(year, month)
    if day.day > days_in(year, month):
        year, month = next_month(year, month)
        return date(year, month, 1)
    return date(year, month, day.day)


def next_month(year: int, month: int) -> tuple[int, int]:
    return (year + 1, 1) if month == 12 else (year, month + 1)


def days_in(year: int, month: int) -> int:
    if month == 2:
        leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
        return 29 if leap else 28
    return 30 if month in (4, 6, 9, 11) else 31


def plus(day: date, period: Period, times: int = 1) -> date:
    """D4: several intervals are added to an anchor at once, never one after the other."""
    if period.months:
        return plus_months(day, period.months * times)
    return plus_days(day, period.days * times)


def days_of(first: date, last: date) -> list[date]:
    """D2: every day that a partial date can be."""
    days = [first]
    while days[-1] < last:
        days.append(plus_days(days[-1], 1))
    return days


def apart(distances: list[int], least: int) -> Apart:
    """D5: all distances at least m: fine; all less: too short; otherwise it cannot be decided."""
    if all(distance >= least for distance in distances):
        return "far enough"
    if all(distance < least for distance in distances):
        return "too short"
    return "undecidable"


def recorded_distances(one: list[date], other: list[date]) -> list[int]:
    """D5: between two recorded doses, any day of one and any day of the other, in either order."""
    return [abs((b - a).days) for a in one for b in other]


def signed_distances(last: list[date], proposed: date) -> list[int]:
    """D5: for a proposed date the distance is signed: before the last dose is too short."""
    return [(proposed - a).days for a in last]
