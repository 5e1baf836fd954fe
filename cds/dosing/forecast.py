"""The forecast on a day: the next step, its dates, the plan that follows, or the decision a clinician must take."""

from __future__ import annotations

from datetime import date, timedelta

from cds.dosing.assessment import Forecast, Planned
from cds.dosing.calendar import add_days
from cds.dosing.codes import Code, Phase, Status, loading
from cds.dosing.doubts import doubt
from cds.dosing.facts import DateRange
from cds.dosing.findings import Finding, found, in_order
from cds.dosing.go_live import not_begun_for_certain
from cds.dosing.in_force import Regimens
from cds.dosing.records import History
from cds.dosing.regimen import Regimen
from cds.dosing.state import State, Taken, due, next_step, row_for, table_row, tolerance
from cds.dosing.take import take

PLANNED_STEPS = 4
"""How many steps ahead a plan goes (F9)."""


def forecast(
    history: History, trail: tuple[Taken, ...], state: State | None, regimens: Regimens, on: date, *, proposed: bool
) -> Forecast:
    """The Forecast of a history that was walked as `trail` and that stands as `state` on the day `on` (rules.md
    section 5). `proposed`: a dose is proposed."""
    undecided = doubt(history, trail, state, on)
    if state is None:
        if undecided is None and (proposed or history.not_given or history.unidentified):
            undecided = not_begun_for_certain(history, regimens.on(on)[0], on)
        if undecided is not None:
            return Forecast(Status.DECISION, loading(1), findings=(undecided.finding,))
        return Forecast(Status.NOT_STARTED, loading(1), plan=plan(None, on, regimens))
    recommended = recommended_day(state)
    overdue_from = overdue_day(state, recommended)
    lateness = _lateness(state, overdue_from, on)
    findings = [*lateness, *near_boundary(state, on)]
    earliest = earliest_day(state)
    if undecided is not None:
        findings.insert(0, undecided.finding)
        return Forecast(
            Status.DECISION, next_step(state), earliest, options=undecided.options, findings=in_order(findings)
        )
    step = next_step(state)
    delayed = table_row(state, on)
    if delayed is not None and delayed.extra_doses is None:
        step = loading(1)
    return Forecast(
        status=Status.OVERDUE if lateness else _status(state, recommended, on),
        step=step,
        earliest=earliest,
        recommended=recommended,
        overdue_from=None if recommended is None else overdue_from,
        plan=plan(state, max(on, earliest, recommended or earliest), regimens),
        findings=in_order(findings),
    )


def earliest_day(state: State) -> date:
    """The first day that keeps the minimum interval for certain."""
    return state.regimen.minimum_interval.after(state.last.latest)


def recommended_day(state: State) -> date | None:
    """The day the next step is due, never before `earliest` (F2, F3, F4); None where the schedule is undefined."""
    day = due(state)
    return None if day is None else max(day, earliest_day(state))


def overdue_day(state: State, recommended: date | None) -> date:
    """The first day on which the next dose is overdue, by the tolerance of its phase."""
    regimen = state.regimen
    if state.phase is not Phase.MAINTENANCE:
        assert recommended is not None, "only maintenance can have an undefined schedule"
        return add_days(recommended, tolerance(state) + 1)
    by_interval = regimen.maintenance_interval.after(state.last.latest)
    return add_days(max(recommended or by_interval, by_interval), tolerance(state) + 1)


def plan(state: State | None, first: date, regimens: Regimens) -> tuple[Planned, ...]:
    """The next steps if the next dose is given on `first` and the rest on time (F9)."""
    steps: list[Planned] = []
    day: date | None = first
    while day is not None:
        taken = take(state, DateRange.on(day), regimens, proposed=True)
        steps.append(Planned(taken.step, day))
        state = taken.state
        day = recommended_day(state) if len(steps) < PLANNED_STEPS else None
    return tuple(steps)


def table_finding(last: date, day: date, regimen: Regimen, rule: str) -> tuple[Finding, ...]:
    """The catch-up or the restart that a maintenance dose on `day` would begin after one on `last` (F6, P7)."""
    row = row_for(last, day, regimen)
    if row is None:
        return ()
    code = Code.RESTART_REQUIRED if row.extra_doses is None else Code.CATCH_UP_REQUIRED
    return (found(code, rule, required=row.from_.after(last), observed=day),)


def near_boundary(state: State, day: date) -> tuple[Finding, ...]:
    """`near-boundary` where `day` lies so near a row of the table that both actions are shown (F8)."""
    table = state.regimen.catch_up
    if table is None or state.phase is not Phase.MAINTENANCE:
        return ()
    margin = table.near_boundary_days
    for row in table.rows:
        if day < add_days(row.from_.after(state.last.earliest), -margin):
            break
        latest = row.from_.after(state.last.latest)
        if day <= add_days(latest, margin):
            return (found(Code.NEAR_BOUNDARY, "F8", required=latest, observed=day),)
    return ()


def _lateness(state: State, overdue_from: date, on: date) -> tuple[Finding, ...]:
    """What is found of lateness on `on`, beside a decision too (F6, F7)."""
    if state.phase is Phase.MAINTENANCE:
        delayed = table_finding(state.last.latest, on, state.regimen, "F6")
        if delayed:
            return delayed
    if on >= overdue_from:
        return (found(Code.OVERDUE, "F7", required=overdue_from, observed=on),)
    return ()


def _status(state: State, recommended: date | None, on: date) -> Status:
    """Upcoming or due; where neither is right, the dose is overdue or a clinician decides."""
    assert recommended is not None, "an undefined schedule is a decision or late"
    due_from = max(recommended - timedelta(tolerance(state)), earliest_day(state))
    return Status.DUE if on >= due_from else Status.UPCOMING
