"""Where a history stands after a dose, and what that says of the next one."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import NamedTuple

from cds.dosing.calendar import Period
from cds.dosing.codes import CATCH_UP, MAINTENANCE, Phase, loading
from cds.dosing.facts import DateRange
from cds.dosing.findings import Finding
from cds.dosing.regimen import CatchUp, CatchUpRow, Regimen


class State(NamedTuple):
    """Where a history stands after a dose.

    `regimen` is the one that judged the last dose, or that judges the next one (W12); `last` are the days of the last
    dose; `doses` how many there were. Maintenance is due at `anchor` plus `k` maintenance intervals, unless the
    schedule is `undefined`. `next_loading` counts in loading, `extra_left` in catch-up, which goes by `table`.
    """

    regimen: Regimen
    phase: Phase
    last: DateRange
    doses: int
    anchor: date
    k: int = 1
    undefined: bool = False
    next_loading: int = 0
    extra_left: int = 0
    table: CatchUp | None = None


class Taken(NamedTuple):
    """A dose walked: the step it filled, the days since the last one, the findings, and the state after it.

    `series` are the findings about the whole series. W4's is the only one: the dose before it was no loading dose.
    `amount`: the mg prescribed in the place of those of the step (W11).
    """

    step: str
    interval_days: int | None
    findings: tuple[Finding, ...]
    state: State
    series: tuple[Finding, ...] = ()
    amount: Decimal | None = None

    @property
    def prescribed(self) -> Decimal:
        """The mg that are right for this dose."""
        return self.state.regimen.amount(self.step) if self.amount is None else self.amount


def under(state: State, regimen: Regimen) -> State:
    """The same history under another label text (W12): loading and catch-up go on, maintenance counts from the last
    dose. A loading that is over by the new text is over; a catch-up goes by its old table if the new text has none."""
    if state.phase is Phase.LOADING and state.next_loading <= len(regimen.loading):
        return state._replace(regimen=regimen)
    if state.phase is Phase.CATCH_UP:
        return state._replace(regimen=regimen, table=regimen.catch_up or state.table)
    return State(regimen, Phase.MAINTENANCE, state.last, state.doses, state.last.latest)


def due(state: State) -> date | None:
    """The day on which the next step is due, by the phase; None where the schedule is undefined."""
    last = state.last.latest
    if state.phase is Phase.LOADING:
        return loading_interval(state).after(last)
    if state.phase is Phase.CATCH_UP:
        return table_in_use(state).interval.after(last)
    return maintenance_due(state)


def tolerance(state: State) -> int:
    """The days within which the next dose is on time, by its phase."""
    days = state.regimen.tolerance
    return days.maintenance if state.phase is Phase.MAINTENANCE else days.loading


def maintenance_due(state: State) -> date | None:
    """The day on which maintenance is due; None where the schedule is undefined."""
    return None if state.undefined else state.regimen.maintenance_interval.after(state.anchor, state.k)


def loading_interval(state: State) -> Period:
    """The interval that the next loading step prescribes."""
    interval = state.regimen.loading[state.next_loading - 1].interval
    assert interval is not None, "a regimen's loading steps after the first have intervals"
    return interval


def table_in_use(state: State) -> CatchUp:
    """The table by which a catch-up goes."""
    assert state.table is not None, "a catch-up begins by a table"
    return state.table


def next_step(state: State) -> str:
    """The name of the step that the walk would fill next, by the phase alone."""
    if state.phase is Phase.LOADING:
        return loading(state.next_loading)
    return CATCH_UP if state.phase is Phase.CATCH_UP else MAINTENANCE


def table_row(state: State, day: date) -> CatchUpRow | None:
    """The row of the table for a maintenance dose delayed to `day`; None below the first row or without a table."""
    return row_for(state.last.latest, day, state.regimen) if state.phase is Phase.MAINTENANCE else None


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
