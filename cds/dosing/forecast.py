"""The forecast on a day: the next step, its dates, the plan that follows, or the decision a clinician must take."""

from __future__ import annotations

from datetime import date, timedelta

from cds.dosing.assessment import Forecast, Planned
from cds.dosing.calendar import add_days
from cds.dosing.codes import Code, Phase, Status, loading
from cds.dosing.doubts import doubt
from cds.dosing.facts import DateRange
from cds.dosing.findings import Finding, found, in_order
from cds.dosing.records import History
from cds.dosing.regimen import Regimen
from cds.dosing.walk import State, Taken, due, next_step, row_for, table_row, take

PLANNED_STEPS = 4
"""How many steps ahead a plan goes (F9)."""


def forecast(history: History, trail: tuple[Taken, ...], regimen: Regimen, on: date) -> Forecast:
    """The Forecast of a history that was walked as `trail`, on the day `on` (rules.md section 5)."""
    undecided = doubt(history, trail, regimen, on)
    if not trail:
        if undecided is not None:
            return Forecast(Status.DECISION, loading(1), findings=(undecided.finding,))
        return Forecast(Status.NOT_STARTED, loading(1), plan=plan(None, on, regimen))
    state = trail[-1].state
    recommended = recommended_day(state, regimen)
    overdue_from = overdue_day(state, recommended, regimen)
    lateness = _lateness(state, overdue_from, regimen, on)
    findings = [*lateness, *near_boundary(state, regimen, on)]
    earliest = earliest_day(state, regimen)
    if undecided is not None:
        findings.insert(0, undecided.finding)
        return Forecast(
            Status.DECISION, next_step(state), earliest, options=undecided.options, findings=in_order(findings)
        )
    step = next_step(state)
    delayed = table_row(state, on, regimen)
    if delayed is not None and delayed.extra_doses is None:
        step = loading(1)
    return Forecast(
        status=Status.OVERDUE if lateness else _status(state, recommended, regimen, on),
        step=step,
        earliest=earliest,
        recommended=recommended,
        overdue_from=None if recommended is None else overdue_from,
        plan=plan(state, max(on, earliest, recommended or earliest), regimen),
        findings=in_order(findings),
    )


def earliest_day(state: State, regimen: Regimen) -> date:
    """The first day that keeps the minimum interval for certain."""
    return regimen.minimum_interval.after(state.last.latest)


def recommended_day(state: State, regimen: Regimen) -> date | None:
    """The day the next step is due, never before `earliest` (F2, F3, F4); None where the schedule is undefined."""
    day = due(state, regimen)
    return None if day is None else max(day, earliest_day(state, regimen))


def overdue_day(state: State, recommended: date | None, regimen: Regimen) -> date:
    """The first day on which the next dose is overdue, by the tolerance of its phase."""
    if state.phase is not Phase.MAINTENANCE:
        assert recommended is not None, "only maintenance can have an undefined schedule"
        return add_days(recommended, regimen.tolerance.loading + 1)
    by_interval = regimen.maintenance_interval.after(state.last.latest)
    return add_days(max(recommended or by_interval, by_interval), regimen.tolerance.maintenance + 1)


def plan(state: State | None, first: date, regimen: Regimen) -> tuple[Planned, ...]:
    """The next steps if the next dose is given on `first` and the rest on time (F9)."""
    steps: list[Planned] = []
    day: date | None = first
    while day is not None:
        taken = take(state, DateRange.on(day), regimen, proposed=True)
        steps.append(Planned(taken.step, day))
        state = taken.state
        day = recommended_day(state, regimen) if len(steps) < PLANNED_STEPS else None
    return tuple(steps)


def table_finding(last: date, day: date, regimen: Regimen, rule: str) -> tuple[Finding, ...]:
    """The catch-up or the restart that a maintenance dose on `day` would begin after one on `last` (F6, P7)."""
    row = row_for(last, day, regimen)
    if row is None:
        return ()
    code = Code.RESTART_REQUIRED if row.extra_doses is None else Code.CATCH_UP_REQUIRED
    return (found(code, rule, required=row.from_.after(last), observed=day),)


def near_boundary(state: State, regimen: Regimen, day: date) -> tuple[Finding, ...]:
    """`near-boundary` where `day` lies so near a row of the table that both actions are shown (F8)."""
    if regimen.catch_up is None or state.phase is not Phase.MAINTENANCE:
        return ()
    margin = regimen.catch_up.near_boundary_days
    for row in regimen.catch_up.rows:
        if day < add_days(row.from_.after(state.last.earliest), -margin):
            break
        latest = row.from_.after(state.last.latest)
        if day <= add_days(latest, margin):
            return (found(Code.NEAR_BOUNDARY, "F8", required=latest, observed=day),)
    return ()


def _lateness(state: State, overdue_from: date, regimen: Regimen, on: date) -> tuple[Finding, ...]:
    """What is found of lateness on `on`, beside a decision too (F6, F7)."""
    delayed = table_finding(state.last.latest, on, regimen, "F6") if state.phase is Phase.MAINTENANCE else ()
    if delayed:
        return delayed
    if on >= overdue_from:
        return (found(Code.OVERDUE, "F7", required=overdue_from, observed=on),)
    return ()


def _status(state: State, recommended: date | None, regimen: Regimen, on: date) -> Status:
    """Upcoming or due; where neither is right, the dose is overdue or a clinician decides."""
    assert recommended is not None, "an undefined schedule is a decision or late"
    in_maintenance = state.phase is Phase.MAINTENANCE
    tolerance = regimen.tolerance.maintenance if in_maintenance else regimen.tolerance.loading
    due_from = max(recommended - timedelta(tolerance), earliest_day(state, regimen))
    return Status.DUE if on >= due_from else Status.UPCOMING
