"""The days on which a dose is on time: from a tolerance before its day to the day before it is overdue."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from cds.dosing.assess import assess
from cds.dosing.assessment import Forecast
from cds.dosing.calendar import add_days
from cds.dosing.codes import MAINTENANCE, Code
from cds.dosing.facts import Administration
from cds.dosing.in_force import Regimens
from cds.dosing.regimen import Regimen


@dataclass(frozen=True, slots=True)
class Window:
    """The days on which a dose is on time, both ends counted."""

    first: date
    last: date


def next_window(forecast: Forecast, regimen: Regimen) -> Window | None:
    """That of the next dose by the schedule of `regimen`; where that dose was missed (F6), the one it was missed in.
    None where the forecast recommends no day."""
    if forecast.recommended is None or forecast.earliest is None or forecast.overdue_from is None:
        return None
    missed = any(finding.code is Code.RESTART_REQUIRED for finding in forecast.findings)
    of_maintenance = missed or forecast.step == MAINTENANCE
    margin = regimen.tolerance.maintenance if of_maintenance else regimen.tolerance.loading
    return Window(
        max(add_days(forecast.recommended, -margin), forecast.earliest),
        add_days(forecast.overdue_from, -1),
    )


def past_window(before: Iterable[Administration], last: date, step: str, regimens: Regimens) -> Window | None:
    """That of a dose given as `step` after the doses `before`, the last of them on `last`: what the forecast would have
    said then. None for a first dose, and where the forecast would have named no day, or another step."""
    given = tuple(before)
    if not given:
        return None
    then = assess("", given, regimens, on=last, whole=True)
    return next_window(then.forecast, then.regimen) if then.forecast.step == step else None
