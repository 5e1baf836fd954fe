"""The drawing of a patient's doses on a time axis: what lies where. The template turns it into SVG."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from cds.dosing.calendar import add_days, add_months
from cds.dosing.codes import MAINTENANCE, Severity, Status
from cds.dosing.facts import DateRange
from cds.dosing.windows import Window
from hooks.pages.axis import Axis, Tick
from hooks.pages.doses import Dose
from hooks.pages.flags import Flag, Placed, place, rows
from hooks.pages.story import look_of_verdict
from hooks.pages.view import View
from hooks.phrases import step_title
from hooks.wording import FINDINGS

WIDTHS = (350, 690, 1040)
"""The widths in which a drawing is made, for a phone, paper and a screen; the page shows the one that fits."""
_ROW, _LANE, _FOOT = 17.0, 46.0, 30.0
_SIDE = 10.0
_DOSES = 6
"""Doses, the latest, that are drawn with what comes next; all are drawn in the line of the whole history."""
_MONTHS_BACK, _MONTHS_BEFORE, _MONTHS_AHEAD, _MONTHS_TO_TRY, _YEARS = 20, 6, 13, 36, 15
_SHAPES = {Severity.INFO: "circle", Severity.WARNING: "triangle", Severity.CRITICAL: "diamond"}


class Bar(NamedTuple):
    """Days in a row. `kind` is how they look."""

    x: float
    width: float
    kind: str


class Mark(NamedTuple):
    """One day. `shape` and `kind` are how it looks."""

    x: float
    shape: str
    kind: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing. Flags `above` the line tell what is off, those `below` what was given and what is planned."""

    name: str
    width: int
    above: tuple[Placed, ...]
    below: tuple[Placed, ...]
    bars: tuple[Bar, ...]
    marks: tuple[Mark, ...]
    today: float | None
    tried: float | None
    ticks: tuple[Tick, ...]

    @property
    def top(self) -> float:
        """The upper edge of the line."""
        return rows(self.above) * _ROW + 8

    @property
    def bottom(self) -> float:
        """The lower edge of the line."""
        return self.top + _LANE

    @property
    def axis(self) -> float:
        """Where the axis is drawn."""
        return self.bottom + rows(self.below) * _ROW + 8

    @property
    def height(self) -> float:
        """All of it."""
        return self.axis + _FOOT

    def text_above(self, flag: Placed) -> float:
        """The line on which the text of a flag above stands."""
        return self.top - 6 - flag.row * _ROW

    def text_below(self, flag: Placed) -> float:
        """The line on which the text of a flag below stands."""
        return self.bottom + 14 + flag.row * _ROW


class Charts(NamedTuple):
    """The drawings of a page: `near` what is recent and next, `whole` the history where it is longer than that, each
    in every width. `hidden` doses are older than what is drawn at all; `out_of_sight`: the date tried is far off;
    `undated` records that are not counted have no date to be drawn at, `beyond` ones lie outside of what is drawn;
    `ranges`: some of what is drawn can be of any of several days."""

    near: tuple[Chart, ...]
    whole: tuple[Chart, ...]
    hidden: int
    out_of_sight: bool
    undated: int
    beyond: int
    ranges: bool


def draw(view: View, doses: Sequence[Dose], after: Window | None) -> Charts:
    """The drawings of a view. `after` are the days on which the next dose is on time."""
    on = view.assessment.on
    near_days, near = _near(view, doses, after)
    charts = tuple(_labelled(f"near-{width}", width, view, near, after, near_days) for width in WIDTHS)
    oldest = date(max(on.year - _YEARS, 1), 1, 1)
    drawn = [dose for dose in doses if dose.day >= oldest]
    dated = _not_counted(view)
    known = [when for when in dated if oldest <= when.latest <= on]
    days = _span([*(dose.day for dose in drawn), *(when.latest for when in known), *near_days])
    whole: tuple[Chart, ...] = ()
    first, last = near_days
    if len(near) < len(drawn) or any(when.latest < first for when in known):
        first, last = days
        whole = tuple(_plain(f"whole-{width}", width, view, drawn, after, days) for width in WIDTHS)
    return Charts(
        near=charts,
        whole=whole,
        hidden=len(doses) - len(drawn),
        out_of_sight=_far(view),
        undated=len(view.assessment.unreadable) + len(view.assessment.unidentified) - len(dated),
        beyond=sum(not first <= when.latest <= last for when in dated),
        ranges=any(when.days > 1 for when in [*dated, *(dose.evaluation.when for dose in doses)]),
    )


def _not_counted(view: View) -> list[DateRange]:
    """The dates of the records that are not counted, as far as they have one."""
    unreadable = [record.when for record in view.assessment.unreadable]
    unidentified = [record.when for record in view.assessment.unidentified]
    return [when for when in [*unreadable, *unidentified] if when is not None]


def _near(view: View, doses: Sequence[Dose], after: Window | None) -> tuple[tuple[date, date], Sequence[Dose]]:
    """The days of the drawing of what is recent and next, and its doses."""
    assessment = view.assessment
    forecast, on = assessment.forecast, assessment.on
    ahead = add_months(on, _MONTHS_AHEAD)
    named = [forecast.earliest, forecast.recommended, forecast.overdue_from, *forecast.options]
    named += [planned.date for planned in forecast.plan] + ([after.last] if after is not None else [])
    to_try = [each.date for each in assessment.proposed if not _far(view)]
    later = [on, *to_try, *(day for day in named if day is not None and on <= day <= ahead)]
    # the last dose, and those of the months before it, however long ago it was
    since = add_months(on, -_MONTHS_BACK)
    since = min(since, add_months(doses[-1].day, -_MONTHS_BEFORE)) if doses else since
    kept = [dose for dose in doses[-_DOSES:] if dose.day >= since]
    unread = [record.when.latest for record in assessment.unreadable if record.when is not None]
    earlier = [on, *(dose.day for dose in kept), *(day for day in unread if since <= day <= on)]
    return _span([*later, *earlier]), kept


def _span(days: Sequence[date]) -> tuple[date, date]:
    first, last = min(days), max(days)
    room = max((last - first).days // 40, 6)
    return (first - timedelta(min(room, (first - date.min).days)), add_days(last, room))


def _far(view: View) -> bool:
    limit = add_months(view.assessment.on, _MONTHS_TO_TRY)
    return any(each.date > limit for each in view.assessment.proposed)


def _labelled(
    name: str, width: int, view: View, doses: Sequence[Dose], after: Window | None, days: tuple[date, date]
) -> Chart:
    axis = Axis(*days, _SIDE, width - _SIDE)
    return Chart(
        name=name,
        width=width,
        above=place(_above(view, doses, axis), width),
        below=place(_below(view, doses, axis, narrow=width == WIDTHS[0]), width),
        bars=tuple(_bars(view, doses, after, axis)),
        marks=tuple(_marks(view, doses, axis)),
        today=axis.at(view.assessment.on),
        tried=next((axis.at(each.date) for each in view.assessment.proposed if axis.shows(each.date, each.date)), None),
        ticks=axis.ticks(),
    )


def _plain(
    name: str, width: int, view: View, doses: Sequence[Dose], after: Window | None, days: tuple[date, date]
) -> Chart:
    axis = Axis(*days, _SIDE, width - _SIDE)
    off = [Flag(axis.at(dose.day), each.text, each.severity.value) for dose in doses for each in dose.off]
    today = Flag(axis.at(view.assessment.on), "today", "today")
    return Chart(
        name=name,
        width=width,
        above=place([today, *(off if width == WIDTHS[-1] and len(off) < 8 else ())], width),
        below=(),
        bars=tuple(_bars(view, doses, after, axis)),
        marks=tuple(_marks(view, doses, axis)),
        today=axis.at(view.assessment.on),
        tried=None,
        ticks=axis.ticks(),
    )


def _above(view: View, doses: Sequence[Dose], axis: Axis) -> Iterator[Flag]:
    """What is off, and today."""
    assessment = view.assessment
    yield Flag(axis.at(assessment.on), f"today {assessment.on}", "today")
    for dose in doses:
        for off in dose.off:
            yield Flag(axis.at(dose.day), off.text, off.severity.value)
    for proposed in assessment.proposed:
        if axis.shows(proposed.date, proposed.date):
            yield Flag(axis.at(proposed.date), f"if on {proposed.date}", _verdict(view))
    for record in assessment.unreadable:
        if record.when is not None and axis.shows(record.when.earliest, record.when.latest):
            yield Flag(axis.at(record.when.latest), f"not counted: {FINDINGS[record.reason].short}", "unread")


def _below(view: View, doses: Sequence[Dose], axis: Axis, *, narrow: bool) -> Iterator[Flag]:
    """What was given, and what comes next."""
    forecast, on = view.assessment.forecast, view.assessment.on
    for dose in doses:
        amount = f" {dose.amount}" if dose.amount != "not stated" else ""
        yield Flag(axis.at(dose.day), f"{dose.when}{amount}", "given")
    if forecast.earliest is not None and forecast.earliest > on:
        yield Flag(axis.at(forecast.earliest), f"not before {forecast.earliest}", "critical")
    for planned in forecast.plan:
        if axis.shows(planned.date, planned.date):
            named = "" if narrow and planned.step == MAINTENANCE else f" {_short(planned.step)}"
            yield Flag(axis.at(planned.date), f"{planned.date}{named}", "planned")
    for option in forecast.options:
        if axis.shows(option, option):
            yield Flag(axis.at(option), f"option {option}", "planned")


def _short(step: str) -> str:
    return step_title(step).removesuffix(" of the catch-up").removesuffix(" dose")


def _bars(view: View, doses: Sequence[Dose], after: Window | None, axis: Axis) -> Iterator[Bar]:
    """Windows first, so that all else lies on them."""
    least = view.assessment.regimen.minimum_interval
    for dose in doses:
        if dose.window is not None:
            yield from _bar(dose.window.first, dose.window.last, "due", axis)
    if after is not None:
        yield from _bar(after.first, after.last, "next", axis)
    for dose in doses:
        yield from _bar(dose.evaluation.when.earliest, add_days(least.after(dose.day), -1), "least", axis)
        if dose.window is not None and dose.day > dose.window.last:
            yield from _bar(dose.window.last, dose.day, "late", axis)
    forecast, on = view.assessment.forecast, view.assessment.on
    if after is not None and on > after.last and forecast.status is Status.OVERDUE:
        yield from _bar(after.last, on, "late", axis)
    ranges = [dose.evaluation.when for dose in doses]
    ranges += _not_counted(view)
    for when in ranges:
        if when.days > 1:
            yield from _bar(when.earliest, when.latest, "range", axis)


def _bar(first: date, last: date, kind: str, axis: Axis) -> Iterator[Bar]:
    if axis.shows(first, last) and first <= last:
        left = axis.at(first)
        yield Bar(left, round(max(axis.at(last) - left, 1.0), 1), kind)


def _marks(view: View, doses: Sequence[Dose], axis: Axis) -> Iterator[Mark]:
    """What may be covered first."""
    assessment = view.assessment
    forecast = assessment.forecast
    yield from _mark([planned.date for planned in forecast.plan], "circle", "planned", axis)
    yield from _mark(forecast.options, "square", "planned", axis)
    yield from _mark([when.latest for when in _not_counted(view)], "question", "unread", axis)
    for dose in doses:
        yield from _mark([dose.day], _SHAPES[dose.gravest], dose.gravest.value, axis)
    for proposed in assessment.proposed:
        yield from _mark([proposed.date], "pin", _verdict(view), axis)


def _mark(days: Iterable[date], shape: str, kind: str, axis: Axis) -> Iterator[Mark]:
    return (Mark(axis.at(day), shape, kind) for day in days if axis.shows(day, day))


def _verdict(view: View) -> str:
    """How the date that was tried looks."""
    look = look_of_verdict(view)
    return "tried" if look == "good" else look
