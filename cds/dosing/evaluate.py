"""Evaluating a history: every dose with the step it filled and all that was found about it."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from cds.dosing.assessment import Evaluation
from cds.dosing.codes import MAINTENANCE, Code
from cds.dosing.findings import Finding, found, in_order
from cds.dosing.in_force import Regimens
from cds.dosing.records import History
from cds.dosing.regimen import unexpected
from cds.dosing.state import State, Taken
from cds.dosing.take import take
from cds.dosing.walk import next_dose


def walk(history: History, regimens: Regimens) -> tuple[Taken, ...]:
    """All doses of the history walked in order, the first relabelled where W4 says so."""
    trail: list[Taken] = []
    state: State | None = None
    single = regimens.only is not None
    for dose in history.doses:
        # the way of nearly all doses, without the question which of several regimens judges
        taken = (
            next_dose(state, dose.when)
            if single and state is not None
            else take(state, dose.when, regimens, dose.amounts)
        )
        if taken.series:
            trail[-1] = trail[-1]._replace(step=MAINTENANCE)
        trail.append(taken)
        state = taken.state
    return tuple(trail)


def evaluate(history: History, trail: tuple[Taken, ...]) -> tuple[Evaluation, ...]:
    """One Evaluation a dose, in the order walked."""
    evaluations = []
    before: tuple[str, ...] = ()
    for dose, taken in zip(history.doses, trail, strict=True):
        findings: tuple[Finding, ...] = ()
        wrong = amount_finding(dose.amounts, taken, evidence=dose.references) if dose.amounts else ()
        if wrong or taken.findings or dose.findings:
            evidence = (*before, *dose.references)
            walked = [finding if finding.evidence else Finding(*finding[:5], evidence) for finding in taken.findings]
            findings = in_order((*walked, *dose.findings, *wrong))
        evaluations.append(
            Evaluation(dose.references, dose.when, taken.state.regimen.id, taken.step, taken.interval_days, findings)
        )
        before = dose.references
    return tuple(evaluations)


def amount_finding(amounts: Iterable[Decimal], taken: Taken, *, evidence: tuple[str, ...]) -> tuple[Finding, ...]:
    """`unexpected-amount` for the first of the known amounts, in mg, that is not prescribed for the dose (C5)."""
    prescribed = taken.prescribed
    for amount in amounts:
        if unexpected(amount, prescribed):
            return (found(Code.UNEXPECTED_AMOUNT, "C5", required=prescribed, observed=amount, evidence=evidence),)
    return ()
