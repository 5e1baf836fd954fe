"""Which regimen judges a dose, where several can: by the text in force on its day (W12)."""

from __future__ import annotations

from datetime import date

from cds.dosing.facts import DateRange
from cds.dosing.in_force import Regimens
from cds.dosing.regimen import Regimen
from cds.dosing.state import State, Taken, under
from cds.dosing.walk import first_dose, next_dose


def take(state: State | None, when: DateRange, regimens: Regimens, *, proposed: bool = False) -> Taken:
    """Walk one dose, by its regimen. `proposed`: it is a date to come (D5)."""
    if state is None:
        return first_dose(when, regimens.only or regimens.on(when.latest)[0])
    if regimens.only is None:
        state = standing(state, regimens, when.latest)
    return next_dose(state, when, proposed=proposed)


def standing(state: State, regimens: Regimens, day: date) -> State:
    """Where a history stands on a day, by the text that is in force then (W12)."""
    if regimens.only is not None:
        return state
    regimen = _in_the_place_of(state.regimen, regimens.on(day))
    return state if regimen.id == state.regimen.id else under(state, regimen)


def _in_the_place_of(regimen: Regimen, allowed: tuple[Regimen, ...]) -> Regimen:
    return next((each for each in allowed if each.id == regimen.id), allowed[0])
