"""Records as they are and as they should not be, each near a day: doses, doubtful ones, and what stands beside them."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import strategies as st

from cds.dosing.codes import Code
from cds.dosing.facts import (
    Administration,
    DateRange,
    NotGiven,
    OtherTherapy,
    Outside,
    Record,
    Unidentified,
    Unreadable,
)
from cds.dosing.findings import found
from tests.properties.reference.days import days_in


def month_of(day: date) -> DateRange:
    return DateRange(day.replace(day=1), day.replace(day=days_in(day.year, day.month)))


def year_of(day: date) -> DateRange:
    return DateRange(date(day.year, 1, 1), date(day.year, 12, 31))


@st.composite
def a_range(draw: st.DrawFn, day: date) -> DateRange:
    """A day, a month, or a stretch of days that ends around the widest that can be used."""
    if draw(st.integers(0, 5)) < 5:
        return DateRange.on(day)
    if draw(st.booleans()):
        return month_of(day)
    before = draw(st.sampled_from([0, 1, 6, 13, 14, 20]))
    width = draw(st.sampled_from([2, 3, 14, 15, 31, 32, 60]))
    first = day - timedelta(days=before)
    return DateRange(first, first + timedelta(days=width - 1))


AMOUNT = st.sampled_from(
    [None, *map(Decimal, ["12", "12.0", "12.6", "12.61", "11.4", "11.39", "5", "28", "50", "50", "100"])]
)
RIGHT_AMOUNT_MOSTLY = st.one_of(st.sampled_from([None, Decimal(12)]), st.sampled_from([None, Decimal(12)]), AMOUNT)
WITHOUT_OFFSET = found(Code.DATE_IMPRECISE, "D1")
BY_TEXT = found(Code.IDENTIFIED_BY_TEXT, "C1")
ODD_ROUTE = found(Code.ROUTE_UNRECOGNISED, "C4")
WRONG_ROUTE = found(Code.UNEXPECTED_ROUTE, "C4")


@st.composite
def administration(draw: st.DrawFn, reference: str, day: date, *, neat: bool = False) -> Administration:
    """The record of a dose on that day; a neat one is dated to the day and leaves nothing to say."""
    if neat:
        return Administration(reference, DateRange.on(day), draw(st.sampled_from([None, Decimal(12)])))
    when = draw(a_range(day))
    notes = draw(st.sampled_from([[], [], [], [BY_TEXT], [ODD_ROUTE]]))
    if when.days == 1 and draw(st.integers(0, 9)) == 9:
        notes = [*notes, WITHOUT_OFFSET]
    stopped = draw(st.integers(0, 11)) == 11
    return Administration(reference, when, draw(RIGHT_AMOUNT_MOSTLY), stopped, tuple(notes))


REASONS = [
    (Code.STATUS_UNKNOWN, "C2"),
    (Code.UNEXPECTED_ROUTE, "C4"),
    (Code.UNREADABLE_RECORD, "C1"),
    (Code.WRONG_PATIENT, "C9"),
    (Code.DATE_MISSING, "C3"),
]


@st.composite
def other_record(draw: st.DrawFn, reference: str, day: date) -> Record:
    """A record that is no dose, dated near the day, or to a month, to a year, or not at all."""
    kind = draw(st.sampled_from(["unreadable", "unreadable", "not given", "unidentified"]))
    if kind == "not given":
        return NotGiven(reference)
    if kind == "unidentified":
        return Unidentified(reference, "no code and no text", DateRange.on(day))
    reason, rule = draw(st.sampled_from(REASONS))
    when: DateRange | None = None
    if reason is not Code.DATE_MISSING:
        when = draw(st.sampled_from([DateRange.on(day), DateRange.on(day), month_of(day), year_of(day), None]))
    return Unreadable(reference, reason, rule, "element", "detail", when)


@st.composite
def possible_dose(draw: st.DrawFn, reference: str, day: date) -> Unreadable:
    """A record that may be a dose, dated to a day or to a month."""
    when = draw(st.sampled_from([DateRange.on(day), DateRange.on(day), month_of(day)]))
    reason, rule = draw(st.sampled_from(REASONS[:3]))
    return Unreadable(reference, reason, rule, "element", "detail", when)


@st.composite
def told_beside(draw: st.DrawFn, number: int, day: date) -> Record:
    """What stands beside the doses: a statement of doses elsewhere, open at either end or not; another therapy."""
    if draw(st.booleans()):
        before = day - timedelta(days=draw(st.sampled_from([30, 400])))
        earliest, latest = draw(st.sampled_from([(day, day), (before, day), (None, day), (day, None), (None, None)]))
        return Outside(f"MedicationStatement/s{number}", earliest, latest)
    when = draw(st.sampled_from([DateRange.on(day), DateRange.on(day), month_of(day), None]))
    return OtherTherapy(
        f"MedicationRequest/r{number}",
        draw(st.sampled_from(["risdiplam", "risdiplam", "onasemnogene"])),
        when,
        stopped=draw(st.integers(0, 3)) == 3,
        goes_on=draw(st.integers(0, 4)) == 4,
    )
