"""Walking a dose by one regimen: which step it fills, and what the rules W1 to W10 find about it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import TypeAlias

from cds.dosing.calendar import add_days
from cds.dosing.codes import CATCH_UP, MAINTENANCE, Code, Phase, Severity, loading
from cds.dosing.facts import DateRange
from cds.dosing.findings import Finding, found
from cds.dosing.regimen import CatchUpRow, Regimen
from cds.dosing.state import State, Taken, loading_interval, maintenance_due, table_in_use, table_row

Judged: TypeAlias = tuple[str, Sequence[Finding], State]
"""The step that a dose fills, what is found, and the state after it."""


def first_dose(when: DateRange, regimen: Regimen) -> Taken:
    """The first dose of a history (W1)."""
    return Taken(loading(1), None, (), _after_loading(1, when, 1, regimen))


def next_dose(
    state: State, when: DateRange, *, proposed: bool = False, judge: Callable[[State, DateRange], Judged] | None = None
) -> Taken:
    """Walk one dose by the regimen of the state. `proposed`: it is a date to come, so its distance from the last dose
    has a sign (D5). `judge` takes the place of the rules of the phase."""
    regimen = state.regimen
    day, last = when.latest, state.last.latest
    spacing = spacing_finding(state.last, when, regimen, proposed=proposed)
    series: tuple[Finding, ...] = ()
    if state.doses == 1 and regimen.undocumented_loading is not None:
        limit = regimen.undocumented_loading.after(last)
        if day > limit:
            series = (found(Code.LOADING_NOT_DOCUMENTED, "W4", required=limit, observed=day),)
            state = State(regimen, Phase.MAINTENANCE, state.last, 1, last)
    step, findings, after = (judge or _JUDGE[state.phase])(state, when)
    if spacing is not None or series:
        replaced = _replaced_by(spacing)
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


def _replaced_by(spacing: Finding | None) -> tuple[Code, ...]:
    """What is not said of a dose because the distance to the dose before (W2), or loading without records (W4), weighs
    more."""
    if spacing is not None and spacing.code is Code.INTERVAL_TOO_SHORT:
        return (Code.EARLIER_THAN_SCHEDULE, Code.LATE)
    return (Code.EARLIER_THAN_SCHEDULE,)


def _after_loading(number: int, when: DateRange, doses: int, regimen: Regimen) -> State:
    """The state after loading dose `number`: the next loading step, or maintenance counted from it (W6)."""
    if number < len(regimen.loading):
        return State(regimen, Phase.LOADING, when, doses, when.latest, next_loading=number + 1)
    return State(regimen, Phase.MAINTENANCE, when, doses, when.latest)


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


def _by_interval(day: date, due_day: date, tolerance: int, regimen: Regimen) -> tuple[Finding, ...]:
    """W9; with *refer* it is W10, and nothing is said of what follows a late dose."""
    if not regimen.refers:
        return _on_time(day, due_day, tolerance, "W9")
    findings = _on_time(day, due_day, tolerance, "W10")
    limit = add_days(due_day, tolerance)
    return (*findings, found(Code.NO_LABEL_RULE, "W10", required=limit, observed=day)) if day > limit else findings


def _judge_loading(state: State, when: DateRange) -> Judged:
    """W3, W5, W6; without the table W9 or W10, and there is no limit."""
    regimen = state.regimen
    day, last = when.latest, state.last.latest
    due_day = loading_interval(state).after(last)
    if regimen.catch_up is None:
        findings = _by_interval(day, due_day, regimen.tolerance.loading, regimen)
    else:
        findings = _on_time(day, due_day, regimen.tolerance.loading, "W3")
        limit = regimen.catch_up.loading_limit.after(last)
        if day > limit:
            findings += (found(Code.LOADING_INTERRUPTED, "W5", required=limit, observed=day),)
    after = _after_loading(state.next_loading, when, state.doses + 1, regimen)
    return loading(state.next_loading), findings, after


def judge_maintenance(state: State, when: DateRange) -> Judged:
    """W7 with the table, else W9 or W10."""
    regimen = state.regimen
    day, last = when.latest, state.last.latest
    interval, tolerance = regimen.maintenance_interval, regimen.tolerance.maintenance
    if regimen.catch_up is None:
        return MAINTENANCE, _by_interval(day, interval.after(last), tolerance, regimen), _anchored(state, when)
    due_day = maintenance_due(state)
    # No dose up to its due day reaches the table: a slot of the schedule follows the last dose within one interval.
    if due_day is not None and day <= due_day:
        return MAINTENANCE, _on_time(day, due_day, tolerance, "W7"), _anchored(state, when)
    by_interval = interval.after(last)
    row = table_row(state, day)
    if row is not None:
        return _judge_delayed(row, state, when, _late(day, due_day or by_interval, "W7"))
    if due_day is None:
        return MAINTENANCE, (), _anchored(state, when)
    if due_day < by_interval and day <= add_days(by_interval, tolerance):
        shifted = found(Code.SCHEDULE_SHIFTED, "W7", required=due_day, observed=day)
        return MAINTENANCE, (shifted,), _anchored(state, when)
    findings = _on_time(day, due_day, tolerance, "W7")
    k, slot = state.k, due_day
    while slot <= day:
        k += 1
        slot = interval.after(state.anchor, k)
    room = (slot - day).days
    least = regimen.minimum_interval.days
    if room < least:
        findings += (found(Code.SCHEDULE_UNDEFINED, "W7", required=least, observed=room),)
    after = State(regimen, state.phase, when, state.doses + 1, state.anchor, k, undefined=room < least)
    return MAINTENANCE, findings, after


def _anchored(state: State, when: DateRange) -> State:
    """The state after a maintenance dose from which the schedule counts on."""
    return State(state.regimen, state.phase, when, state.doses + 1, when.latest)


def _judge_delayed(row: CatchUpRow, state: State, when: DateRange, late: Finding) -> Judged:
    """A maintenance dose so late that the table speaks: extra doses follow, or the whole loading again (W7)."""
    regimen, doses = state.regimen, state.doses + 1
    if row.extra_doses is None:
        return loading(1), (late,), _after_loading(1, when, doses, regimen)
    after = State(regimen, Phase.CATCH_UP, when, doses, when.latest, extra_left=row.extra_doses, table=regimen.catch_up)
    return MAINTENANCE, (late,), after


def _judge_catch_up(state: State, when: DateRange) -> Judged:
    """W8: an extra dose, or, after the limit, a maintenance dose before which the extra ones were left out."""
    day, last = when.latest, state.last.latest
    table = table_in_use(state)
    limit = table.limit.after(last)
    if day > limit:
        as_maintenance = State(state.regimen, Phase.MAINTENANCE, state.last, state.doses, last)
        step, findings, after = judge_maintenance(as_maintenance, when)
        return step, (found(Code.CATCH_UP_OMITTED, "W8", required=limit, observed=day), *findings), after
    due_day = table.interval.after(last)
    findings = (_late(day, due_day, "W8"),) if day > add_days(due_day, state.regimen.tolerance.loading) else ()
    if state.extra_left == 1:
        return CATCH_UP, findings, State(state.regimen, Phase.MAINTENANCE, when, state.doses + 1, day)
    after = state._replace(last=when, doses=state.doses + 1, anchor=day, extra_left=state.extra_left - 1)
    return CATCH_UP, findings, after


_JUDGE: dict[Phase, Callable[[State, DateRange], Judged]] = {
    Phase.LOADING: _judge_loading,
    Phase.MAINTENANCE: judge_maintenance,
    Phase.CATCH_UP: _judge_catch_up,
}
