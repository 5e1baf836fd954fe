"""One patient on a line: the doses, the days on which each was due, what came too soon or too late."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any

from matplotlib import dates
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from cds.audit.cases import Case
from cds.audit.report.drawing import CRITICAL, FINE, GREY, INK, WARNING, WIDTH, WINDOW, figure, inline
from cds.dosing.assessment import Evaluation
from cds.dosing.calendar import add_months
from cds.dosing.codes import Code, Severity
from cds.dosing.facts import Administration
from cds.dosing.in_force import Regimens
from cds.dosing.windows import Window, next_window, past_window

MOST_DOSES = 60
"""Doses of one patient that are drawn: the last ones."""
_MOST_YEARS = 15
_EPOCH = date(1970, 1, 1).toordinal()
_MARKS = {
    None: ("o", FINE),
    Severity.INFO: ("o", FINE),
    Severity.WARNING: ("^", WARNING),
    Severity.CRITICAL: ("D", CRITICAL),
}


@dataclass(frozen=True, slots=True)
class Dose:
    """A dose as it is drawn. `window` is absent where no text says when it was due."""

    evaluation: Evaluation
    window: Window | None

    @property
    def gravest(self) -> Severity | None:
        """The gravest of its findings, which come in that order."""
        return self.evaluation.findings[0].severity if self.evaluation.findings else None

    @property
    def day(self) -> date:
        """The day that the schedule counts."""
        return self.evaluation.when.latest


def doses(case: Case, regimens: Regimens) -> tuple[Dose, ...]:
    """The last doses of a patient, each with its window: what the forecast would have said after the dose before."""
    evaluations = case.evaluations
    first = max(0, len(evaluations) - MOST_DOSES)
    return tuple(
        Dose(evaluation, _window(evaluations[:number], evaluation.step, regimens))
        for number, evaluation in enumerate(evaluations[first:], first)
    )


def window_after(case: Case, regimens: Regimens) -> Window | None:
    """The days on which the next dose is on time; none where a clinician decides."""
    [judged_by] = [regimen for regimen in regimens.every if regimen.id == case.regimen]
    return next_window(case.forecast, judged_by)


def _window(before: tuple[Evaluation, ...], step: str, regimens: Regimens) -> Window | None:
    if not before:
        return None
    given = [Administration(str(number), each.when) for number, each in enumerate(before)]
    return past_window(given, before[-1].when.latest, step, regimens)


def timeline(case: Case, shown: tuple[Dose, ...], after: Window | None, name: str, title: str) -> str:
    """The line of one patient, as `svg`."""
    # laid out by hand, which takes a third of the time
    drawn = Figure(figsize=(WIDTH, 1.15))
    axes = drawn.add_axes((0.035, 0.26, 0.93, 0.72))
    for dose in shown:
        _dose(axes, dose)
    for before, dose in pairwise(shown):
        if _too_near(dose):
            axes.hlines(0.62, _at(before.day), _at(dose.day), color=CRITICAL, linewidth=3)
    _next(axes, case, after)
    axes.axvline(_at(case.on), color=INK, linestyle=":", linewidth=1.2)
    axes.set_ylim(-1.05, 1.05)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    first, last = _span(case, shown, after)
    room = max((last - first).days * 0.03, 5)
    left, right = _at(first) - room, _at(last) + room
    axes.set_xlim(max(left, _at(date.min)), min(right, _at(date.max)))
    _calendar(axes.xaxis)
    return inline(drawn, name, title, _said(case, shown))


def _at(day: date) -> float:
    """Where a day lies on the line."""
    return float(day.toordinal() - _EPOCH)


def _calendar(axis: Any) -> None:
    """Ticks at months or years."""
    library: Any = dates  # without types
    locator = library.AutoDateLocator(minticks=3, maxticks=8)
    axis.set_major_locator(locator)
    forms = ["%Y", "%Y-%m", "%Y-%m-%d", *["%Y-%m-%d"] * 3]
    axis.set_major_formatter(
        library.ConciseDateFormatter(locator, formats=forms, zero_formats=forms, show_offset=False)
    )


def _span(case: Case, shown: tuple[Dose, ...], after: Window | None) -> tuple[date, date]:
    """The days that are drawn. A date that was mistyped can lie anywhere, so the line is not longer than some years."""
    days = [case.on, *(each.day for each in shown)]
    latest = add_months(case.on, 12)
    return (
        max(min(days), date(max(case.on.year - _MOST_YEARS, 1), 1, 1)),
        min(after.last, latest) if after is not None and after.last > case.on else case.on,
    )


def legend() -> str:
    """What the marks of the lines mean, as `svg`."""
    drawn = figure(0.62)
    axes = drawn.subplots()
    axes.set_axis_off()
    marks = [
        axes.plot([], [], marker=mark, color=colour, linestyle="", markersize=7)[0]
        for mark, colour in (_MARKS[None], _MARKS[Severity.WARNING], _MARKS[Severity.CRITICAL])
    ]
    lines = [axes.plot([], [], color=colour, linewidth=3)[0] for colour in (CRITICAL, WARNING)]
    today = axes.plot([], [], color=INK, linestyle=":", linewidth=1.2)[0]
    windows = [Patch(color=WINDOW), Patch(facecolor="white", edgecolor=FINE, hatch="////")]
    names = (
        "dose", "dose with a warning", "dose with a critical finding", "interval too short", "late or overdue",
        "day of the audit", "days on which a dose was due", "days on which the next is due",
    )  # fmt: skip
    axes.legend([*marks, *lines, today, *windows], names, loc="center", ncols=4, fontsize=9)
    said = (
        "Dots are doses, triangles doses with a warning, diamonds doses with a critical finding. Pale bars are the "
        "days on which a dose was due, hatched ones those of the next. A line above joins doses too near each other; "
        "one below runs from the last day due to a late dose, or to the day of the audit, the dotted line."
    )
    return inline(drawn, "legend", "Marks in the lines", said)


def _dose(axes: Any, dose: Dose) -> None:
    at = _at(dose.day)
    if dose.window is not None:
        first, last = _at(dose.window.first), _at(dose.window.last)
        axes.barh(0, last - first + 1, left=first - 0.5, height=0.7, color=WINDOW, zorder=1)
        if dose.day > dose.window.last:
            axes.hlines(-0.62, last, at, color=WARNING, linewidth=3)
    if dose.evaluation.when.days > 1:
        axes.hlines(0, _at(dose.evaluation.when.earliest), at, color=GREY, linewidth=1.5)
    mark, colour = _MARKS[dose.gravest]
    axes.plot(
        [at], [0], marker=mark, color=colour, markersize=7, markeredgecolor="white", markeredgewidth=0.7, zorder=3
    )


def _next(axes: Any, case: Case, after: Window | None) -> None:
    if after is not None:
        first, last = _at(after.first), _at(after.last)
        axes.barh(
            0, last - first + 1, left=first - 0.5, height=0.7, color="white", edgecolor=FINE, hatch="////", zorder=1,
            linewidth=0.6,
        )  # fmt: skip
        if case.on > after.last:
            axes.hlines(-0.62, last, _at(case.on), color=WARNING, linewidth=3)


def _too_near(dose: Dose) -> bool:
    return any(each.code is Code.INTERVAL_TOO_SHORT for each in dose.evaluation.findings)


def _said(case: Case, shown: tuple[Dose, ...]) -> str:
    given = f"{len(shown)} doses from {shown[0].day} to {shown[-1].day}" if shown else "No dose that could be counted"
    return f"{given}. The day of the audit is {case.on}. The text and the table around the line tell of each."
