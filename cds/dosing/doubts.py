"""When no date can be recommended: the reasons for which a clinician decides, in their order (F1 to F6)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import pairwise

from cds.dosing.calendar import Period, add_days
from cds.dosing.codes import CATCH_UP, Code, Phase, loading
from cds.dosing.facts import DateRange
from cds.dosing.findings import Finding, found
from cds.dosing.go_live import Doubt, before_the_records, loading_not_shown
from cds.dosing.records import Dose, History, possible_doses, told_outside, undated
from cds.dosing.state import State, Taken, due, table_in_use, table_row, tolerance

_INTERVAL_CODES = (Code.INTERVAL_TOO_SHORT, Code.INTERVAL_UNDECIDABLE)


def doubt(history: History, trail: tuple[Taken, ...], state: State | None, on: date) -> Doubt | None:
    """The first reason that applies, in the order F1, F2, F3a, F4, F5, F6; None where the schedule speaks."""
    incomplete = _history_incomplete(history, trail, state, on)
    if incomplete is not None:
        return incomplete
    if state is None:
        return None
    return (
        before_the_records(history, _reference_dose(trail, state), on)
        or loading_not_shown(history, trail, state)
        or _loading_not_documented(trail, state, on)
        or _loading_interrupted(trail, state, on)
        or _last_doses_doubtful(history.doses, trail)
        or _catch_up_omitted(state, on)
        or _schedule_undefined(trail, state, on)
        or _no_label_rule(state, on)
    )


def _history_incomplete(history: History, trail: tuple[Taken, ...], state: State | None, on: date) -> Doubt | None:
    """F1: a dose may be missing that would move the schedule."""
    missing = list(undated(history, on))
    possible = possible_doses(history, on)
    elsewhere = told_outside(history, on, None) if history.outside else ()
    if state is None:
        missing = [record for record in history.unreadable if record.reason is not Code.WRONG_PATIENT]
    elif possible:
        reference = _reference_dose(trail, state)
        missing += [record for record, when in possible if when.latest > reference.earliest]
    if elsewhere and state is not None:
        elsewhere = told_outside(history, on, _reference_dose(trail, state).earliest)
    if history.whole and not missing and not elsewhere:
        return None
    evidence = (*(record.reference for record in missing), *(record.reference for record in elsewhere))
    return Doubt(found(Code.HISTORY_INCOMPLETE, "F1", evidence=evidence))


def _reference_dose(trail: tuple[Taken, ...], state: State) -> DateRange:
    """The dose after whose earliest day a possible dose would move what is forecast (F1)."""
    index = len(trail) - 1
    if state.phase is Phase.LOADING:
        while trail[index].step != loading(1):
            index -= 1
        index -= 1
    elif state.phase is Phase.CATCH_UP:
        while trail[index].step == CATCH_UP:
            index -= 1
        index -= 1
    elif state.k > 1 or state.undefined:
        index -= 1
    return trail[max(index, 0)].state.last


def _loading_not_documented(trail: tuple[Taken, ...], state: State, on: date) -> Doubt | None:
    """F2: either loading stopped after one dose, or earlier doses are not in the record."""
    # the limit of the text that judges the second dose, or would
    judging = trail[1].state.regimen if len(trail) > 1 else state.regimen
    limit = judging.undocumented_loading
    if limit is None:
        return None
    first, last = trail[0].state.last.latest, state.last.latest
    if len(trail) == 1:
        applies = on > limit.after(first)
    else:
        applies = bool(trail[1].series) and not _ended_by_a_long_interval(trail[1:], limit)
    if not applies:
        return None
    options = {state.regimen.minimum_interval.after(last), state.regimen.maintenance_interval.after(last)}
    finding = found(Code.LOADING_NOT_DOCUMENTED, "F2", required=limit.after(first), observed=on)
    return Doubt(finding, tuple(sorted(options)))


def _loading_interrupted(trail: tuple[Taken, ...], state: State, on: date) -> Doubt | None:
    """F2: a loading dose came, or has not come, after the limit; no label text covers it."""
    table, last = state.regimen.catch_up, state.last.latest
    if table is not None and state.phase is Phase.LOADING and on > table.loading_limit.after(last):
        return Doubt(found(Code.LOADING_INTERRUPTED, "F2", required=table.loading_limit.after(last), observed=on))
    for index in reversed(range(len(trail))):
        judging = trail[index].state.regimen.catch_up
        for finding in trail[index].findings if judging is not None else ():
            if finding.code is Code.LOADING_INTERRUPTED:
                assert judging is not None
                if _ended_by_a_long_interval(trail[index:], judging.loading_limit):
                    return None
                return Doubt(finding._replace(rule="F2"))
    return None


def _ended_by_a_long_interval(since: tuple[Taken, ...], limit: Period) -> bool:
    """Whether a dose after the first of these came later than the limit after the dose before it."""
    days = [taken.state.last.latest for taken in since]
    return any(day > limit.after(before) for before, day in pairwise(days))


def _last_doses_doubtful(doses: tuple[Dose, ...], trail: tuple[Taken, ...]) -> Doubt | None:
    """F3a: what counts from a dose that came too soon, or was given in part, is for a clinician."""
    met: dict[Code, Finding] = {}
    for taken in _still_counting(trail):
        for finding in taken.findings:
            met.setdefault(finding.code, finding)
    for finding in doses[-1].findings:
        if finding.code is Code.PARTIAL_DOSE:
            met[finding.code] = finding
    for code in (*_INTERVAL_CODES, Code.PARTIAL_DOSE):
        if code in met:
            return Doubt(met[code]._replace(rule="F3a"))
    return None


def _still_counting(trail: tuple[Taken, ...]) -> Iterator[Taken]:
    """The last dose and, while no maintenance dose came since, every dose of the current loading."""
    first = next(index for index in reversed(range(len(trail))) if not _goes_on_loading(trail[index].step))
    return reversed(trail[first:])


def _goes_on_loading(step: str) -> bool:
    return step.startswith("loading-") and step != loading(1)


def _catch_up_omitted(state: State, on: date) -> Doubt | None:
    """F4: the extra dose of the catch-up is so late that no label text covers it."""
    if state.phase is not Phase.CATCH_UP:
        return None
    limit = table_in_use(state).limit.after(state.last.latest)
    if on <= limit:
        return None
    return Doubt(found(Code.CATCH_UP_OMITTED, "F4", required=limit, observed=on))


def _no_label_rule(state: State, on: date) -> Doubt | None:
    """F6: the next dose is late, and nothing says what follows."""
    if not state.regimen.refers:
        return None
    due_day = due(state)
    assert due_day is not None, "only a table leaves a schedule undefined"
    limit = add_days(due_day, tolerance(state))
    return Doubt(found(Code.NO_LABEL_RULE, "F6", required=limit, observed=on)) if on > limit else None


def _schedule_undefined(trail: tuple[Taken, ...], state: State, on: date) -> Doubt | None:
    """F5: the label's proviso fails, so the next date is one of three."""
    if not state.undefined or table_row(state, on) is not None:
        return None
    regimen, last = state.regimen, state.last.latest
    earliest = regimen.minimum_interval.after(last)
    k = state.k
    while regimen.maintenance_interval.after(state.anchor, k) < earliest:
        k += 1
    slot = regimen.maintenance_interval.after(state.anchor, k)
    options = {earliest, slot, regimen.maintenance_interval.after(last)}
    finding = next(item for item in trail[-1].findings if item.code is Code.SCHEDULE_UNDEFINED)
    return Doubt(finding._replace(rule="F5"), tuple(sorted(options)))
