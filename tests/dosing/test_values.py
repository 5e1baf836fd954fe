"""A value that breaks its own rule cannot be built, and the message says which; periods are read and written."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest

from cds.dosing.calendar import Period, add_days, add_months
from cds.dosing.facts import Administration, DateRange

DAY = date(2026, 3, 1)
BROKEN: list[tuple[Callable[[], object], str]] = [
    (Period, "not 0 days and 0 months"),
    (lambda: Period(days=14, months=1), "not 14 days and 1 months"),
    (lambda: Period(days=1, months=1), "not 1 days and 1 months"),
    (lambda: Period(days=-1), "not -1 days and 0 months"),
    (lambda: Period(days=-1, months=4), "not -1 days and 4 months"),
    (lambda: Period(days=14, months=-1), "not 14 days and -1 months"),
    (lambda: Period.parse("14"), "'14' is not a period: write days"),
    (lambda: Period.parse("0d"), "not 0 days and 0 months"),
    (lambda: Period.parse("4 mo"), "'4 mo' is not a period"),
    (lambda: DateRange(DAY, date(2026, 2, 28)), "cannot end on 2026-02-28, before it begins on 2026-03-01"),
    (lambda: Administration("", DateRange.on(DAY)), "^an administration needs the reference of its record"),
    (lambda: Administration("a", DateRange.on(DAY), Decimal(0)), "a positive number of mg, not 0"),
    (lambda: Administration("a", DateRange.on(DAY), Decimal(-1)), "a positive number of mg, not -1"),
]


@pytest.mark.parametrize(("build", "said"), BROKEN, ids=[said for _, said in BROKEN])
def test_a_value_that_breaks_its_rule_cannot_be_built(build: Callable[[], object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        build()


@pytest.mark.parametrize(
    ("text", "period", "words", "shortest"),
    [
        ("1d", Period(days=1), "1 day", 1),
        ("14d", Period(days=14), "14 days", 14),
        ("1w", Period(days=7), "7 days", 7),
        ("5w", Period(days=35), "35 days", 35),
        ("1mo", Period(months=1), "1 month", 28),
        ("4mo", Period(months=4), "4 months", 112),
    ],
)
def test_a_period_is_read_and_said(text: str, period: Period, words: str, shortest: int) -> None:
    assert Period.parse(text) == period
    assert str(period) == words
    assert period.shortest_days == shortest


def test_periods_are_added_at_once_and_not_one_after_the_other() -> None:
    assert Period(days=14).after(DAY, 3) == date(2026, 4, 12)
    assert Period(months=1).after(date(2026, 1, 31), 2) == date(2026, 3, 31)


@pytest.mark.parametrize(
    ("day", "months", "then"),
    [
        (date(2026, 10, 31), 4, date(2027, 3, 1)),
        (date(2026, 12, 31), 1, date(2027, 1, 31)),
        (date(9999, 8, 31), 1, date(9999, 10, 1)),
        (date(9999, 12, 1), 1, date.max),
        (date(9999, 11, 30), 3, date.max),
    ],
)
def test_months_end_with_the_calendar(day: date, months: int, then: date) -> None:
    assert add_months(day, months) == then


def test_days_end_with_the_calendar() -> None:
    assert add_days(date(9999, 12, 30), 1) == date.max
    assert add_days(date(9999, 12, 31), 1) == date.max


def test_a_range_counts_both_ends() -> None:
    assert DateRange.on(DAY).days == 1
    assert DateRange(date(2026, 3, 1), date(2026, 3, 31)).days == 31


def test_any_amount_above_nothing_can_have_been_given() -> None:
    assert Administration("a", DateRange.on(DAY), Decimal("0.5")).amount == Decimal("0.5")
