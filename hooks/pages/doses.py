"""The doses of a view as rows: amount, status, the days on which each was due, and how far off it was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from cds.dosing.assessment import Evaluation
from cds.dosing.codes import Code, Severity
from cds.dosing.facts import Administration
from cds.dosing.findings import Finding
from cds.dosing.in_force import Regimens
from cds.dosing.windows import Window, past_window
from hooks.pages.view import View
from hooks.phrases import quantity, span, step_title
from hooks.wording import FINDINGS

_MOST_WINDOWS = 60
"""Doses, the latest, whose window is worked out: each means judging the doses before it again."""


class Found(NamedTuple):
    """A finding of a dose in a few words. `off`: they say how far off the dose was, in days."""

    text: str
    severity: Severity
    rule: str
    off: bool


@dataclass(frozen=True, slots=True)
class Dose:
    """One dose. `window` is absent where no text says when it was due."""

    evaluation: Evaluation
    amount: str
    status: str
    window: Window | None
    found: tuple[Found, ...]

    @property
    def off(self) -> tuple[Found, ...]:
        """What says how far off it was."""
        return tuple(each for each in self.found if each.off)

    @property
    def day(self) -> date:
        """The day that the schedule counts."""
        return self.evaluation.when.latest

    @property
    def gravest(self) -> Severity:
        """The gravest of its findings, which come in that order."""
        return self.evaluation.findings[0].severity if self.evaluation.findings else Severity.INFO

    @property
    def when(self) -> str:
        """The date in words."""
        return span(self.evaluation.when)

    @property
    def step(self) -> str:
        """The step in words."""
        return step_title(self.evaluation.step)


def doses(view: View, regimens: Regimens) -> tuple[Dose, ...]:
    """All doses that count, in their order."""
    evaluations = view.assessment.evaluations
    first = len(evaluations) - _MOST_WINDOWS
    return tuple(
        _dose(view, evaluations[:number], evaluation, regimens if number >= first else None)
        for number, evaluation in enumerate(evaluations)
    )


def _dose(view: View, before: Sequence[Evaluation], evaluation: Evaluation, regimens: Regimens | None) -> Dose:
    records = _records(view, [evaluation])
    window = None
    if regimens is not None and before:
        window = past_window(_records(view, before), before[-1].when.latest, evaluation.step, regimens)
    return Dose(
        evaluation,
        _amount(records),
        _status(records),
        window,
        tuple(map(_found, evaluation.findings)),
    )


def _records(view: View, evaluations: Sequence[Evaluation]) -> list[Administration]:
    return [view.doses[reference] for evaluation in evaluations for reference in evaluation.administrations]


def _amount(records: Sequence[Administration]) -> str:
    known = sorted({record.amount for record in records if record.amount is not None})
    return " and ".join(map(quantity, known)) if known else "not stated"


def _status(records: Sequence[Administration]) -> str:
    stopped = [record.stopped for record in records]
    if all(stopped):
        return "stopped, given in part"
    return "given; stopped by another record" if any(stopped) else "given"


def _found(finding: Finding) -> Found:
    off = _off(finding)
    return Found(off or FINDINGS[finding.code].short, finding.severity, finding.rule, bool(off))


def _off(finding: Finding) -> str:
    required, observed = finding.required, finding.observed
    if required is None or observed is None:
        return ""
    if finding.code is Code.INTERVAL_TOO_SHORT:
        return f"{quantity(observed)}, minimum {required}"
    if finding.code is Code.INTERVAL_UNDECIDABLE:
        return f"{quantity(observed)}, not certain"
    if isinstance(required, date) and isinstance(observed, date):
        if finding.code is Code.LATE:
            return f"{quantity((observed - required).days)} late"
        if finding.code is Code.EARLIER_THAN_SCHEDULE:
            return f"{quantity((required - observed).days)} early"
    return ""
