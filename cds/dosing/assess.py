"""Assessing one patient: sort the records, walk the doses, forecast, judge what is proposed; nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from cds.dosing.assessment import Assessment, Forecast
from cds.dosing.codes import Code, Status, loading
from cds.dosing.evaluate import evaluate, walk
from cds.dosing.facts import Ordered, Proposal, Record
from cds.dosing.findings import Finding, found, in_order
from cds.dosing.forecast import forecast
from cds.dosing.in_force import Regimens
from cds.dosing.proposed import Background, judge
from cds.dosing.records import History, begun_after, marked_as_ended, possible_doses, sort_out
from cds.dosing.regimen import Regimen
from cds.dosing.state import Taken, next_step
from cds.dosing.take import standing


def assess(  # noqa: PLR0913  each says one thing that no record does
    patient: str,
    records: Iterable[Record],
    regimen: Regimen | Regimens,
    *,
    on: date,
    whole: bool,
    proposals: Iterable[Proposal] = (),
    ended: bool = False,
    ordered: Iterable[Ordered] = (),
    complete_since: date | None = None,
) -> Assessment:
    """Everything the rules say of `patient` on the day `on`.

    `records` are the facts of the patient's drug in any order; `regimen` is the only one, or all that judge doses;
    `whole` says whether the history was read to its end (F1); `ended`, that the therapy is known to have ended, as when
    the patient has died (F10); `ordered` are the days of other active orders, from `on` on, with which proposed dates
    are compared (P3); `complete_since`, the first day from which on no dose is missing from the records of the site, as
    when it began to keep them (F1). No history makes this raise; a proposed date before `on` is a ValueError, since it
    proposes nothing (P2).
    """
    proposals = tuple(proposals)
    past = [proposal for proposal in proposals if proposal.day is not None and proposal.day < on]
    if past:
        raise ValueError(f"{past[0].reference}: the proposed date {past[0].day} lies before {on}, so proposes nothing")
    history = sort_out(records, on=on, whole=whole, complete_since=complete_since)
    regimens = regimen if isinstance(regimen, Regimens) else Regimens.of(regimen)
    trail = walk(history, regimens)
    state = standing(trail[-1].state, regimens, on) if trail else None
    ended = ended or marked_as_ended(history, None if state is None else state.last.latest, on)
    if ended or (state is not None and begun_after(history, state.last.latest, on)):
        outlook = Forecast(Status.ENDED, loading(1) if state is None else next_step(state))
    else:
        outlook = forecast(history, trail, state, regimens, on, proposed=bool(proposals))
    background = Background(
        state=trail[-1].state if trail else None,
        last_dose=history.doses[-1].references if history.doses else (),
        possible=possible_doses(history, on),
        forecast=outlook,
        regimens=regimens,
        on=on,
        ordered=tuple(ordered),
    )
    return Assessment(
        patient=patient,
        on=on,
        regimens=regimens.every,
        regimen=state.regimen if state is not None else regimens.on(on)[0],
        evaluations=evaluate(history, trail),
        not_given=history.not_given,
        unreadable=history.unreadable,
        unidentified=history.unidentified,
        forecast=outlook,
        findings=_series(history, trail),
        proposed=judge(proposals, background) if proposals else (),
        ordered=background.ordered,
    )


def _series(history: History, trail: tuple[Taken, ...]) -> tuple[Finding, ...]:
    """The findings about the whole series and about the records that could not be used (section 7)."""
    findings = [finding for taken in trail for finding in taken.series]
    findings += [found(record.reason, record.rule, evidence=(record.reference,)) for record in history.unreadable]
    if history.unidentified:
        evidence = tuple(record.reference for record in history.unidentified)
        findings.append(found(Code.UNIDENTIFIED_RECORD, "C1", evidence=evidence))
    if history.outside:
        evidence = tuple(record.reference for record in history.outside)
        findings.append(found(Code.OUTSIDE_RECORD, "C7", evidence=evidence))
    if history.other_therapies:
        evidence = tuple(record.reference for record in history.other_therapies)
        findings.append(found(Code.OTHER_SMN_THERAPY, "C8", evidence=evidence))
    if not history.whole or history.unreadable:
        evidence = tuple(record.reference for record in history.unreadable)
        findings.append(found(Code.HISTORY_INCOMPLETE, "F1", evidence=evidence))
    return in_order(findings)
