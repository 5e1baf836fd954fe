"""Which regimen judges a dose, where several can: by its amount (W11), and by the texts in force on its day (W12)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from cds.dosing.codes import MAINTENANCE, Code, Phase
from cds.dosing.facts import DateRange
from cds.dosing.findings import found
from cds.dosing.in_force import Regimens
from cds.dosing.regimen import Regimen, Switch, unexpected
from cds.dosing.state import State, Taken, under
from cds.dosing.walk import Judged, first_dose, judge_maintenance, next_dose


def take(
    state: State | None,
    when: DateRange,
    regimens: Regimens,
    amounts: tuple[Decimal, ...] = (),
    *,
    proposed: bool = False,
) -> Taken:
    """Walk one dose of known `amounts` in mg, by the regimen that it belongs to. `proposed`: its date is to come."""
    if state is None:
        return first_dose(when, regimens.only or _belongs_to(amounts, regimens.on(when.latest), None))
    if regimens.only is None:
        state = standing(state, regimens, when.latest)
        regimen = _belongs_to(amounts, regimens.on(when.latest), state.regimen)
        if regimen.id != state.regimen.id:
            return _changed(state, when, regimen, amounts, proposed=proposed)
    return next_dose(state, when, proposed=proposed)


def standing(state: State, regimens: Regimens, day: date) -> State:
    """Where a history stands on a day, by the text that is then in force in the place of that of the last dose (W12).

    A regimen with another maintenance dose takes nobody's place: to go over to it is a switch (W11)."""
    if regimens.only is not None:
        return state
    allowed = regimens.on(day)
    if any(each.id == state.regimen.id for each in allowed):
        return state
    amount = state.regimen.maintenance_amount
    instead = next((each for each in allowed if not unexpected(each.maintenance_amount, amount)), None)
    return state if instead is None else under(state, instead)


def _belongs_to(amounts: tuple[Decimal, ...], allowed: tuple[Regimen, ...], before: Regimen | None) -> Regimen:
    """The regimen whose steps prescribe all amounts, that of the dose before first of all (W11)."""
    known = next((each for each in allowed if before is not None and each.id == before.id), None)
    if amounts and not (known is not None and known.prescribes(amounts)):
        fitting = next((each for each in allowed if each.prescribes(amounts)), None)
        if fitting is not None:
            return fitting
    return known or allowed[0]


def _changed(state: State, when: DateRange, regimen: Regimen, amounts: tuple[Decimal, ...], *, proposed: bool) -> Taken:
    """A dose of another regimen than the one before it (W11): a switch that the new regimen declares, or none."""
    left = state.regimen
    switch = next(
        (each for each in regimen.switches if not unexpected(left.maintenance_amount, each.from_amount)), None
    )
    followed: Switch | None = None

    def judge(before: State, when: DateRange) -> Judged:
        nonlocal followed
        after = State(regimen, Phase.MAINTENANCE, when, before.doses + 1, when.latest)
        if switch is None or not _fits(switch, before, when, amounts):
            return (
                MAINTENANCE,
                (found(Code.REGIMEN_SWITCH_UNDEFINED, "W11", observed=min(amounts, default=None)),),
                after,
            )
        followed = switch
        _, findings, _ = judge_maintenance(before._replace(regimen=left), when)
        # what the regimen left says of the dose after this one no longer matters
        kept = [finding for finding in findings if finding.code is not Code.SCHEDULE_UNDEFINED]
        return MAINTENANCE, (*kept, found(Code.REGIMEN_SWITCH, "W11", observed=min(amounts, default=None))), after

    taken = next_dose(state._replace(regimen=regimen), when, proposed=proposed, judge=judge)
    return taken if followed is None else taken._replace(amount=followed.amount)


def _fits(switch: Switch, before: State, when: DateRange, amounts: tuple[Decimal, ...]) -> bool:
    """Whether a dose is the one that a declared switch prescribes: in the place of a maintenance dose, and in time."""
    return (
        before.phase is Phase.MAINTENANCE
        and when.latest < switch.within.after(before.last.latest)
        and bool(amounts)
        and not any(unexpected(amount, switch.amount) for amount in amounts)
    )
