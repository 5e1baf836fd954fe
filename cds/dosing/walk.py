"""Walking a history dose by dose: which step a dose fills, and what the rules W1 to W9 find about it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple, TypeAlias

from cds.dosing.calendar import Period, add_days
from cds.dosing.codes import CATCH_UP, MAINTENANCE, Code, Phase, Severity, loading
from cds.dosing.facts import DateRange
from cds.dosing.findings import Finding, found
from cds.dosing.regimen import CatchUp, CatchUpRow, Regimen


class State(NamedTuple):
    """Where a history stands after a dose.

    `last` are the days of the last dose; `doses` how many there were. Maintenance is due at `anchor` plus `k`
    maintenance intervals, unless the schedule is `undefined`. `next_loading` counts in loading, `extra_left` in
    catch-up.
    """

    phase: Phase
    last: DateRange
    doses: int
    anchor: date
    k: int = 1
    undefined: bool = False
    next_loading: int = 0
    extra_left: int = 0


class Taken(NamedTuple):
    """A dose walked: the step it filled, the days since the last one, the findings, and the state after it.

    `series` are the findings about the whole series. W4's is the only one: the dose before it was no loading dose.
    """

    step: str
    interval_days: int | None
    findings: tuple[Finding, ...]
    state: State
    series: tuple[Finding, ...] = ()


_Judged: TypeAlias = tuple[str, Sequence[Finding], State]
"""The step that a dose fills, what is found, and the state after it."""


def take(state: State | None, when: DateRange, regimen: Regimen, *, proposed: bool = False) -> Taken:
    """Walk one dose. `proposed`: it is a date to come, so its distance from the last dose has a sign (D5)."""
    if state is None:
        return Taken(loading(1), None, (), _after_loading(1, when, 1, regimen))
    day, last = when.latest, state.last.latest
    spacing = spacing_finding(state.last, when, regimen, proposed=proposed)
    series: tuple[Finding, ...] = ()
    if state.doses == 1 and regimen.undocumented_loading is not None:
        limit = regimen.undocumented_loading.after(last)
        if day > limit:
            series = (found(Code.LOADING_NOT_DOCUMENTED, "W4", required=limit, observed=day),)
            state = state._replace(phase=Phase.MAINTENANCE, anchor=last, k=1, next_loading=0)
    step, findings, after = _JUDGE[state.phase](state, when, regimen)
    if findings:
        replaced = _replaced_by(spacing, bool(series))
        findings = [finding for finding in findings if finding.code not in replaced]
    if spacing is not None:
        findings = (*findings, spacing)
    return Taken(step, (day - last).days, tuple(findings), after, series)


def spacing_finding(last: DateRange, when: DateRange, regimen: Regimen, *, proposed: bool) -> Finding | None:
    """The minimum interval between two doses by their ranges (D5, W2); None where it is kept for certain."""
    least = regimen.minimum_interval.days
    nearest = (when.earliest - last.latest).days
    if nearest >= least:
        return None
    farthest = (when.latest - last.earliest).days
    if not proposed:
        # Recorded doses whose ranges overlap can have been given in either order.
        farthest = max(farthest, -nearest)
        nearest = max(nearest, 0)
    if farthest < least:
        exact = nearest == farthest
        return found(
            Code.INTERVAL_TOO_SHORT, "W2", required=least, observed=farthest if exact else f"{nearest} to {farthest}"
        )
    return found(Code.INTERVAL_UNDECIDABLE, "W2", required=least, observed=f"{nearest} to {farthest}")


def due(state: State, regimen: Regimen) -> date | None:
    """The day on which the next step is due, by the phase; None where the schedule is undefined."""
    last = state.last.latest
    if state.phase is Phase.LOADING:
        return _loading_interval(state, regimen).after(last)
    if state.phase is Phase.CATCH_UP:
        return _table(regimen).interval.after(last)
    return _maintenance_due(state, regimen)


def _maintenance_due(state: State, regimen: Regimen) -> date | None:
    return None if state.undefined else regimen.maintenance_interval.after(state.anchor, state.k)


def next_step(state: State) -> str:
    """The name of the step that the walk would fill next, by the phase alone."""
    if state.phase is Phase.LOADING:
        return loading(state.next_loading)
    return CATCH_UP if state.phase is Phase.CATCH_UP else MAINTENANCE


def table_row(state: State, day: date, regimen: Regimen) -> CatchUpRow | None:
    """The row of the table for a maintenance dose delayed to `day`; None below the first row or without a table."""
    return row_for(state.last.latest, day, regimen) if state.phase is Phase.MAINTENANCE else None


def row_for(last: date, day: date, regimen: Regimen) -> CatchUpRow | None:
    """The row of the table for a dose on `day`, if it is judged as maintenance after a dose on `last`."""
    chosen = None
    if regimen.catch_up is not None:
        for row in regimen.catch_up.rows:
            if day < row.from_.after(last):
                break
            chosen = row
    return chosen


def applies_table(taken: Taken) -> bool:
    """Whether a dose, not the first, was judged by a row of the table: it begins a catch-up or a restart (W7)."""
    return taken.step == loading(1) or (taken.step == MAINTENANCE and taken.state.phase is Phase.CATCH_UP)


def _replaced_by(spacing: Finding | None, undocumented: bool) -> tuple[Code, ...]:
    """What is not said of a dose because something weightier is (W2, W4)."""
    if spacing is not None and spacing.code is Code.INTERVAL_TOO_SHORT:
        return (Code.EARLIER_THAN_SCHEDULE, Code.LATE)
    if spacing is not None or undocumented:
        return (Code.EARLIER_THAN_SCHEDULE,)
    return ()


def _after_loading(number: int, when: DateRange, doses: int, regimen: Regimen) -> State:
    """The state after loading dose `number`: the next loading step, or maintenance counted from it (W6)."""
    if number < len(regimen.loading):
        return State(Phase.LOADING, when, doses, when.latest, next_loading=number + 1)
    return State(Phase.MAINTENANCE, when, doses, when.latest)


def _loading_interval(state: State, regimen: Regimen) -> Period:
    interval = regimen.loading[state.next_loading - 1].interval
    assert interval is not None, "a regimen's loading steps after the first have intervals"
    return interval


def _table(regimen: Regimen) -> CatchUp:
    assert regimen.catch_up is not None, "only a regimen with the table has a catch-up phase"
    return regimen.catch_up


def _early(day: date, due_day: date, tolerance: int, rule: str) -> Finding:
    beyond = (due_day - day).days > tolerance
    severity = Severity.WARNING if beyond else Severity.INFO
    return found(Code.EARLIER_THAN_SCHEDULE, rule, severity=severity, required=due_day, observed=day)


def _late(day: date, due_day: date, rule: str) -> Finding:
    return found(Code.LATE, rule, required=due_day, observed=day)


def _on_time(day: date, due_day: date, tolerance: int, rule: str) -> tuple[Finding, ...]:
    """Earlier than schedule, late beyond tolerance, or nothing."""
    if day < due_day:
        return (_early(day, due_day, tolerance, rule),)
    if day > add_days(due_day, tolerance):
        return (_late(day, due_day, rule),)
    return ()


def _judge_loading(state: State, when: DateRange, regimen: Regimen) -> _Judged:
    """W3, W5, W6; with *resume* the rule is W9 and there is no limit."""
    day, last = when.latest, state.last.latest
    rule = "W3" if regimen.catch_up is not None else "W9"
    findings = _on_time(day, _loading_interval(state, regimen).after(last), regimen.tolerance.loading, rule)
    if regimen.catch_up is not None:
        limit = regimen.catch_up.loading_limit.after(last)
        if day > limit:
            findings += (found(Code.LOADING_INTERRUPTED, "W5", required=limit, observed=day),)
    after = _after_loading(state.next_loading, when, state.doses + 1, regimen)
    return loading(state.next_loading), findings, after


def _judge_maintenance(state: State, when: DateRange, regimen: Regimen) -> _Judged:
    """W7 with the table, W9 with *resume*."""
    day, last = when.latest, state.last.latest
    interval, tolerance = regimen.maintenance_interval, regimen.tolerance.maintenance
    anchored = State(state.phase, when, state.doses + 1, day)
    if regimen.catch_up is None:
        return MAINTENANCE, _on_time(day, interval.after(last), tolerance, "W9"), anchored
    due_day = _maintenance_due(state, regimen)
    # No dose up to its due day reaches the table: a slot of the schedule follows the last dose within one interval.
    if due_day is not None and day <= due_day:
        return MAINTENANCE, _on_time(day, due_day, tolerance, "W7"), anchored
    by_interval = interval.after(last)
    row = table_row(state, day, regimen)
    if row is not None:
        return _judge_delayed(row, state, when, _late(day, due_day or by_interval, "W7"), regimen)
    if due_day is None:
        return MAINTENANCE, (), anchored
    if due_day < by_interval and day <= add_days(by_interval, tolerance):
        shifted = found(Code.SCHEDULE_SHIFTED, "W7", required=due_day, observed=day)
        return MAINTENANCE, (shifted,), anchored
    findings = _on_time(day, due_day, tolerance, "W7")
    k = state.k
    while interval.after(state.anchor, k) <= day:
        k += 1
    room = (interval.after(state.anchor, k) - day).days
    least = regimen.minimum_interval.days
    if room < least:
        findings += (found(Code.SCHEDULE_UNDEFINED, "W7", required=least, observed=room),)
    return MAINTENANCE, findings, anchored._replace(anchor=state.anchor, k=k, undefined=room < least)


def _judge_delayed(row: CatchUpRow, state: State, when: DateRange, late: Finding, regimen: Regimen) -> _Judged:
    """A maintenance dose so late that the table speaks: extra doses follow, or the whole loading again (W7)."""
    doses = state.doses + 1
    if row.extra_doses is None:
        return loading(1), (late,), _after_loading(1, when, doses, regimen)
    after = State(Phase.CATCH_UP, when, doses, when.latest, extra_left=row.extra_doses)
    return MAINTENANCE, (late,), after


def _judge_catch_up(state: State, when: DateRange, regimen: Regimen) -> _Judged:
    """W8: an extra dose, or, after the limit, a maintenance dose before which the extra ones were left out."""
    day, last = when.latest, state.last.latest
    table = _table(regimen)
    limit = table.limit.after(last)
    if day > limit:
        as_maintenance = state._replace(phase=Phase.MAINTENANCE, anchor=last, k=1, extra_left=0)
        step, findings, after = _judge_maintenance(as_maintenance, when, regimen)
        return step, (found(Code.CATCH_UP_OMITTED, "W8", required=limit, observed=day), *findings), after
    due_day = table.interval.after(last)
    findings = (_late(day, due_day, "W8"),) if day > add_days(due_day, regimen.tolerance.loading) else ()
    if state.extra_left == 1:
        return CATCH_UP, findings, State(Phase.MAINTENANCE, when, state.doses + 1, day)
    after = State(Phase.CATCH_UP, when, state.doses + 1, day, extra_left=state.extra_left - 1)
    return CATCH_UP, findings, after


_JUDGE = {
    Phase.LOADING: _judge_loading,
    Phase.MAINTENANCE: _judge_maintenance,
    Phase.CATCH_UP: _judge_catch_up,
}
