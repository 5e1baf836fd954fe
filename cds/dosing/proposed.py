"""Proposed dates: each order or appointment judged as if the dose were given on its day (rules.md section 6)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import NamedTuple

from cds.dosing.assessment import Forecast, Planned, Proposed
from cds.dosing.calendar import add_days
from cds.dosing.codes import Code, Severity, Status
from cds.dosing.evaluate import amount_finding
from cds.dosing.facts import DateRange, Ordered, Proposal, Unreadable
from cds.dosing.findings import Finding, found, in_order
from cds.dosing.forecast import near_boundary, plan, recommended_day, table_finding
from cds.dosing.in_force import Regimens
from cds.dosing.state import State, Taken, applies_table
from cds.dosing.take import standing, take
from cds.dosing.walk import spacing_finding

_SEARCH_DAYS = 400
"""How far after the recommended and all proposed dates a better one is looked for (P4): beyond, every dose is late."""
_FARTHEST_DAYS = 400
"""A proposed date farther than this from the recommended one does not widen the search: `9999-12-31` is met."""
_MOST_PROPOSALS = 4
"""With more dates than a loading has in one request no better one is looked for: each day would be judged for all."""

_TOO_EARLY = frozenset({Code.INTERVAL_TOO_SHORT, Code.EARLIER_THAN_SCHEDULE})
_SPACING = (Code.INTERVAL_TOO_SHORT, Code.INTERVAL_UNDECIDABLE)
_PRESUMES_A_SCHEDULE = (Code.EARLIER_THAN_SCHEDULE, Code.SCHEDULE_SHIFTED)


@dataclass(frozen=True, slots=True)
class Background:
    """What proposed dates are judged against: the history as walked, the possible doses, the forecast, and the days of
    other active orders."""

    state: State | None
    last_dose: tuple[str, ...]
    possible: tuple[tuple[Unreadable, DateRange], ...]
    forecast: Forecast
    regimens: Regimens
    on: date
    ordered: tuple[Ordered, ...] = ()


class _Verdict(NamedTuple):
    """A proposal judged on its day, or on the day asked about where it has none; `before` is the state before it."""

    proposal: Proposal
    day: date
    before: State | None
    taken: Taken
    findings: tuple[Finding, ...]
    plan: tuple[Planned, ...]


def judge(proposals: Iterable[Proposal], background: Background) -> tuple[Proposed, ...]:
    """Every proposal judged, in the order of their dates; those without a date on the day asked about (P1)."""
    in_turn = sorted(proposals, key=lambda proposal: (proposal.day or background.on, proposal.reference))
    judged = _verdicts(in_turn, background)
    return tuple(
        [
            Proposed(
                verdict.proposal.reference,
                verdict.day,
                verdict.taken.step,
                verdict.taken.interval_days,
                verdict.findings,
                suggested=_suggested(index, judged, background),
                plan=verdict.plan,
                assumed=verdict.proposal.day is None,
            )
            for index, verdict in enumerate(judged)
        ]
    )


def _verdicts(in_turn: Sequence[Proposal], background: Background) -> list[_Verdict]:
    """Dated proposals are walked one after the other; undated ones are judged on the recorded history alone."""
    verdicts = []
    state = background.state
    for index, proposal in enumerate(in_turn):
        if proposal.day is None:
            verdicts.append(_undated(index, in_turn, background))
            continue
        verdict = _dated(proposal, proposal.day, state, background)
        verdicts.append(verdict)
        state = verdict.taken.state
    return verdicts


def _dated(proposal: Proposal, day: date, before: State | None, background: Background) -> _Verdict:
    regimens = background.regimens
    taken = take(before, DateRange.on(day), regimens, proposal.amounts, proposed=True)
    regimen = taken.state.regimen
    findings = [_against_recorded(finding, day, before, taken, background) for finding in taken.findings]
    findings += taken.series
    if background.forecast.status is Status.DECISION:
        findings = [finding for finding in findings if finding.code not in _PRESUMES_A_SCHEDULE]
    least = regimen.minimum_interval.days
    if all(finding.code is not Code.INTERVAL_TOO_SHORT for finding in findings):
        near = _near_ordered_dose(day, least, background)
        if near:
            findings = [finding for finding in findings if finding.code is not Code.INTERVAL_UNDECIDABLE]
        findings += near or _near_possible_dose(day, least, background)
    plan_from_here: tuple[Planned, ...] = ()
    if before is not None:
        findings += near_boundary(standing(before, regimens, day), day)
        if applies_table(taken):
            findings += table_finding(before.last.latest, day, regimen, "P7")
            plan_from_here = plan(before, day, regimens)
    findings += amount_finding(proposal.amounts, taken, evidence=(proposal.reference,))
    # what the order itself says comes last: of one code the distance to the last dose tells more
    return _Verdict(proposal, day, before, taken, in_order((*findings, *proposal.notes)), plan_from_here)


def _against_recorded(
    finding: Finding, day: date, before: State | None, taken: Taken, background: Background
) -> Finding:
    """Which rule speaks of a distance: W2 where the last recorded dose is too near, else P3, for a proposal is."""
    if finding.code in _SPACING and before is not background.state:
        recorded = None
        if background.state is not None:
            regimen = taken.state.regimen
            recorded = spacing_finding(background.state.last, DateRange.on(day), regimen, proposed=True)
        if recorded is None or recorded.code is not finding.code:
            return finding._replace(rule="P3")
        finding = recorded
    return finding._replace(evidence=background.last_dose)


def _near_ordered_dose(day: date, least: int, background: Background) -> list[Finding]:
    """P3: another active order asks for a dose less than the minimum interval from `day`, before or after."""
    if not background.ordered:
        return []
    gap, reference = min((abs((other.day - day).days), other.reference) for other in background.ordered)
    if gap >= least:
        return []
    return [found(Code.INTERVAL_TOO_SHORT, "P3", required=least, observed=gap, evidence=(reference,))]


def _near_possible_dose(day: date, least: int, background: Background) -> list[Finding]:
    """P6: an unreadable record can be a dose less than the minimum interval from `day`, before or after."""
    for record, when in background.possible:
        gap = max((day - when.latest).days, (when.earliest - day).days, 0)
        if gap < least:
            return [found(Code.INTERVAL_UNDECIDABLE, "P6", required=least, observed=gap, evidence=(record.reference,))]
    return []


def _undated(index: int, in_turn: Sequence[Proposal], background: Background) -> _Verdict:
    """An order without a date: judged on the day asked about, and never as given for the others (P1)."""
    on = background.on
    verdict = _dated(in_turn[index], on, background.state, background)
    findings = [found(Code.PROPOSED_DATE_ASSUMED, "P1", observed=on)]
    least = verdict.taken.state.regimen.minimum_interval.days
    for other_index, other in enumerate(in_turn):
        comes_first = other.day is not None or other_index < index
        gap = abs(((other.day or on) - on).days)
        if other_index != index and comes_first and gap < least:
            short = found(Code.INTERVAL_TOO_SHORT, "P3", required=least, observed=gap, evidence=(other.reference,))
            findings.append(short)
    findings = [
        finding._replace(severity=Severity.WARNING) if finding.code is Code.INTERVAL_TOO_SHORT else finding
        for finding in (*verdict.findings, *findings)
        if finding.code is not Code.EARLIER_THAN_SCHEDULE
    ]
    if any(finding.code is Code.INTERVAL_TOO_SHORT for finding in findings):
        findings = [finding for finding in findings if finding.code is not Code.INTERVAL_UNDECIDABLE]
    return verdict._replace(findings=in_order(findings))


def _suggested(index: int, judged: Sequence[_Verdict], background: Background) -> date | None:
    """P4: the first date from the recommended one on that gives this proposal no finding above info, and gives no
    other proposal of the request one that it did not have."""
    verdict = judged[index]
    codes = {finding.code for finding in verdict.findings}
    if (
        not codes & _TOO_EARLY
        or Code.REGIMEN_SWITCH_UNDEFINED in codes
        or background.forecast.status is Status.DECISION
        or verdict.before is None
    ):
        return None
    recommended = recommended_day(standing(verdict.before, background.regimens, background.on))
    if recommended is None or len(judged) > _MOST_PROPOSALS or _no_date_cures(verdict.proposal, background.regimens):
        return None
    first = max(recommended, background.on)
    latest = max(first, *[other.proposal.day or first for other in judged])
    latest = min(latest, add_days(first, _FARTHEST_DAYS))
    for ahead in range((latest - first).days + _SEARCH_DAYS):
        day = add_days(first, ahead)
        if _keeps_the_peace(index, day, judged, background):
            return day
    return None


def _no_date_cures(proposal: Proposal, regimens: Regimens) -> bool:
    """Whether a finding above info stays on every date: a note on the order, or an amount that no step prescribes."""
    if any(note.severity is not Severity.INFO for note in proposal.notes):
        return True
    return bool(proposal.amounts) and not any(each.prescribes(proposal.amounts) for each in regimens.every)


def _keeps_the_peace(index: int, day: date, judged: Sequence[_Verdict], background: Background) -> bool:
    """Whether moving one proposal to `day` leaves it without a finding above info and makes no other worse."""
    if len(judged) == 1:
        return not _above_info(_dated(judged[0].proposal, day, background.state, background))
    moved = replace(judged[index].proposal, day=day)
    others = [verdict for at, verdict in enumerate(judged) if at != index]
    rearranged = sorted(
        [*(verdict.proposal for verdict in others), moved], key=lambda p: (p.day or background.on, p.reference)
    )
    again = {id(verdict.proposal): verdict for verdict in _verdicts(rearranged, background)}
    if _above_info(again[id(moved)]):
        return False
    return all(_above_info(again[id(verdict.proposal)]) <= _above_info(verdict) for verdict in others)


def _above_info(verdict: _Verdict) -> frozenset[tuple[Code, Severity]]:
    return frozenset(
        (finding.code, finding.severity) for finding in verdict.findings if finding.severity is not Severity.INFO
    )
