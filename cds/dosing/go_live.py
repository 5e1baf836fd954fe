"""What nobody can know of the time before a site began to keep complete records (rule F1)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from cds.dosing.codes import Code, Phase, loading
from cds.dosing.facts import DateRange
from cds.dosing.findings import Finding, found
from cds.dosing.records import History
from cds.dosing.regimen import Regimen
from cds.dosing.state import State, Taken


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a clinician decides, and the dates between which, where the rules name any."""

    finding: Finding
    options: tuple[date, ...] = ()


def before_the_records(history: History, reference: DateRange, on: date) -> Doubt | None:
    """F1: a dose may be missing that was given after the reference dose and before the records were complete."""
    since = history.complete_since
    if since is None or min(since - timedelta(1), on) <= reference.earliest:
        return None
    return Doubt(_may_be_missing(since))


def loading_not_shown(history: History, trail: tuple[Taken, ...], state: State) -> Doubt | None:
    """F1: the first dose on record need not be the first one. Where it came so soon after the records began that the
    label would not load again, whoever is in loading by the records can be in maintenance or a catch-up instead."""
    since = history.complete_since
    first = trail[0].state.last
    in_first_loading = (
        state.phase is Phase.LOADING
        and trail[0].step == loading(1)
        and all(taken.step != loading(1) for taken in trail[1:])
    )
    if since is None or not in_first_loading or _loads_again(since, first.earliest, trail[0].state.regimen):
        return None
    last, regimen = state.last.latest, state.regimen
    options = {regimen.minimum_interval.after(last), regimen.maintenance_interval.after(last)}
    return Doubt(_may_be_missing(since), tuple(sorted(options)))


def not_begun_for_certain(history: History, regimen: Regimen, on: date) -> Doubt | None:
    """F1: no dose is on record, and one of before need not be."""
    since = history.complete_since
    if since is None or _loads_again(since, on, regimen):
        return None
    return Doubt(_may_be_missing(since))


def _loads_again(since: date, day: date, regimen: Regimen) -> bool:
    """Whether a dose on a day begins a loading, whatever was given before the records were complete: the table says so
    of one that comes long enough after the last one."""
    rows = () if regimen.catch_up is None else regimen.catch_up.rows
    return any(row.extra_doses is None and row.from_.after(since - timedelta(1)) <= day for row in rows)


def _may_be_missing(since: date) -> Finding:
    return found(Code.HISTORY_INCOMPLETE, "F1", required=since)
