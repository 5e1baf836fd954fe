"""The plots of the whole: doses on time by step and by month, and the days between doses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from cds.audit.report.drawing import CRITICAL, FINE, GREY, INK, PALE, WARNING, figure, inline, whole_numbers
from cds.dosing.codes import CATCH_UP, MAINTENANCE
from cds.dosing.regimen import Regimen

WEEK = 7
_MOST_MONTHS = 120
_LAST_WEEK = 53
"""Intervals of a year and more are counted together."""


@dataclass(frozen=True, slots=True)
class Bin:
    """Doses given so many days after the one before: from `first` to `last`, or longer where `last` is absent."""

    first: int
    last: int | None
    loading: int
    maintenance: int
    catch_up: int

    @property
    def doses(self) -> int:
        """All of them."""
        return self.loading + self.maintenance + self.catch_up


def bins(intervals: Mapping[tuple[str, int], int]) -> list[Bin]:
    """Intervals by week, up to the last week that has one."""
    counted: dict[int, list[int]] = {}
    for (step, days), doses in intervals.items():
        kind = 1 if step == MAINTENANCE else 2 if step == CATCH_UP else 0
        counted.setdefault(min(days // WEEK, _LAST_WEEK), [0, 0, 0])[kind] += doses
    return [
        Bin(week * WEEK, week * WEEK + WEEK - 1 if week < _LAST_WEEK else None, *counted.get(week, (0, 0, 0)))
        for week in range(max(counted, default=-1) + 1)
    ]


def by_step(rates: Sequence[Mapping[str, Any]]) -> str:
    """A bar a step: the share of doses on time."""
    drawn = figure(0.75 + 0.38 * len(rates))
    axes = drawn.subplots()
    names = [rate["of"] for rate in rates]
    shares = [100 * rate["rate"] for rate in rates]
    axes.barh(names, [100] * len(rates), color=PALE, height=0.62)
    axes.barh(names, shares, color=FINE, height=0.62)
    for row, rate in enumerate(rates):
        axes.text(101, row, f"{100 * rate['rate']:.0f} %  ({rate['on_time']:,} of {rate['doses']:,})", va="center")
    axes.invert_yaxis()
    axes.set_xlim(0, 122)
    axes.set_xticks(range(0, 101, 20), [f"{share} %" for share in range(0, 101, 20)])
    axes.tick_params(axis="y", length=0)
    axes.spines[["left", "bottom"]].set_visible(False)
    said = "; ".join(f"{rate['of']} {100 * rate['rate']:.0f} % of {rate['doses']:,}" for rate in rates)
    return inline(drawn, "by-step", "Doses on time by step", f"Bars. {said}.")


def by_month(rates: Sequence[Mapping[str, Any]]) -> str:
    """Two plots above one another: the share of doses on time, and how many doses there were, month by month; of the
    last ten years, since a date that was mistyped can lie anywhere."""
    since = list(_months(rates[0]["of"], rates[-1]["of"]))[-_MOST_MONTHS:][0]
    rates = [rate for rate in rates if rate["of"] >= since]
    drawn = figure(3.5)
    above, below = drawn.subplots(2, 1, sharex=True, height_ratios=(3, 2))
    index = {month: number for number, month in enumerate(_months(rates[0]["of"], rates[-1]["of"]))}
    places = [index[rate["of"]] for rate in rates]
    above.plot(places, [100 * rate["rate"] for rate in rates], color=FINE, marker="o", markersize=3.5, linewidth=1.2)
    above.set_ylim(-4, 104)
    above.set_yticks([0, 50, 100], ["0 %", "50 %", "100 %"])
    above.set_title("on time", loc="left", fontsize=9.5)
    above.grid(visible=True, axis="y")
    on_time = [rate["on_time"] for rate in rates]
    below.bar(places, on_time, color=FINE, label="on time", width=0.8)
    rest = [rate["doses"] - rate["on_time"] for rate in rates]
    below.bar(places, rest, bottom=on_time, color="white", edgecolor=WARNING, hatch="////", label="not", width=0.8)
    below.set_title("doses", loc="left", fontsize=9.5)
    whole_numbers(below.yaxis)
    below.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2, borderaxespad=0.2)
    names = list(index)
    step = max(1, -(-len(names) // 12))
    below.set_xticks(range(0, len(names), step), names[::step], rotation=30, ha="right")
    lowest = min(rates, key=lambda rate: (rate["rate"], rate["of"]))
    said = (
        f"A line and bars, from {names[0]} to {names[-1]}. "
        f"The lowest share is {100 * lowest['rate']:.0f} %, in {lowest['of']}. The table below has every month."
    )
    return inline(drawn, "by-month", "Doses on time by month", said)


def intervals(found: Sequence[Bin], regimen: Regimen) -> str:
    """A bar a week, parted by phase, with the minimum interval and the maintenance interval as lines."""
    drawn = figure(3.3)
    axes = drawn.subplots()
    kinds = (("loading", FINE, ""), ("maintenance", "#8fb8de", ""), ("catch_up", "white", "xxxx"))
    bottom = [0] * len(found)
    for name, colour, hatch in kinds:
        counts = [getattr(each, name) for each in found]
        if any(counts):
            axes.bar(
                [each.first for each in found], counts, width=WEEK, bottom=bottom, align="edge", color=colour,
                edgecolor=INK if hatch else "white", linewidth=0.6, hatch=hatch, label=name.replace("_", "-"),
            )  # fmt: skip
        bottom = [one + other for one, other in zip(bottom, counts, strict=True)]
    least, usual = regimen.minimum_interval.days, _usual_days(regimen)
    top = max(bottom)
    axes.set_ylim(0, top * 1.22)
    axes.set_xlim(0, max(found[-1].first + WEEK, usual + 6 * WEEK))
    for days, colour, text in (
        (least, CRITICAL, f"at least {least} days"),
        (usual, GREY, f"maintenance: {regimen.maintenance_interval}"),
    ):
        axes.axvline(days, color=colour, linestyle="--", linewidth=1.3)
        axes.text(days + 2, top * 1.2, text, color=colour if colour != GREY else INK, va="top")
    axes.set_xlabel("days since the dose before, by week" + ("; a year and more at the end" * (found[-1].last is None)))
    axes.set_ylabel("doses")
    whole_numbers(axes.yaxis)
    axes.grid(visible=True, axis="y")
    axes.legend(loc="upper right", bbox_to_anchor=(1, 0.88))
    short = sum(each.doses for each in found if each.first < least)
    said = (
        f"Bars by week, with a line at {least} days and one at {regimen.maintenance_interval}. "
        f"{short:,} of {sum(bottom):,} intervals lie left of the first line. The table below has every week."
    )
    return inline(drawn, "intervals", "Days between doses", said)


def _usual_days(regimen: Regimen) -> int:
    """The maintenance interval in days, from a day in the middle of a year."""
    start = date(2025, 7, 1)
    return (regimen.maintenance_interval.after(start) - start).days


def _months(first: str, last: str) -> Iterable[str]:
    """Every month from the first to the last, as `YYYY-MM`."""
    year, month = int(first[:4]), int(first[5:])
    while (name := f"{year:04d}-{month:02d}") <= last:
        yield name
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
