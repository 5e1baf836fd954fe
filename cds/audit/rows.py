"""What one patient adds to the outputs: findings, one row each, and a line of the recall list."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any, TypeAlias

from cds.audit.shares import PatientResult
from cds.dosing.assessment import Assessment, Evaluation
from cds.dosing.codes import Severity, Status
from cds.dosing.findings import Finding, Quantity

FINDING_COLUMNS = (
    "patient", "about", "earliest", "latest", "step", "interval_days", "code", "severity", "rule", "required",
    "observed", "regimen", "references", "files", "lines",
)  # fmt: skip
"""`about`: a dose, the next step, or the history as a whole. Dates are ISO texts. `references`, `files` and `lines` are
lists, in the same order, with nothing in the place of a line that is not known. Quantities are in days, dates or
milligrams, as the rule has them. `regimen`: the label text that judged it."""
RECALL_COLUMNS = (
    "date", "patient", "status", "step", "earliest", "recommended", "overdue_from", "options", "last_dose", "findings",
    "regimen", "not_known",
)  # fmt: skip
"""`date`: the day from which somebody has to act: the earliest or recommended one, else the day of the audit. `options`
and `findings` are lists; so is `not_known`, which says in words what could not be read of this patient."""
RECALLED = frozenset({Status.DUE, Status.OVERDUE, Status.DECISION, Status.ENDED})
"""Patients for whom something is to be done on the day of the audit, and those whose therapy has ended (F10)."""

_WANTED = {least: frozenset(list(Severity)[: number + 1]) for number, least in enumerate(Severity)}
"""A severity and all that are graver."""

Row = dict[str, Any]


def findings(result: PatientResult, at_least: Severity = Severity.INFO, since: date | None = None) -> Iterator[Row]:
    """A row for each finding of a severity or a graver one, in the order of doses; then the next step, the history.
    Those of a dose that was given before the day `since` are left out."""
    assessment = result.assessment
    wanted = _WANTED[at_least]
    for evaluation in assessment.evaluations:
        if not evaluation.findings or (since is not None and evaluation.when.latest < since):
            continue
        of_dose = _of_dose(evaluation)
        for finding in evaluation.findings:
            if finding.severity in wanted:
                yield _finding(result, finding, of_dose, finding.evidence or evaluation.administrations)
    last = assessment.evaluations[-1].administrations if assessment.evaluations else ()
    for finding in assessment.forecast.findings:
        if finding.severity in wanted:
            yield _finding(result, finding, _of_step(assessment), finding.evidence or last)
    for finding in assessment.findings:
        if finding.severity in wanted:
            yield _finding(result, finding, _of_history(assessment), finding.evidence)


_About: TypeAlias = tuple[str, str, str, str, int | None, str]
"""What findings of one dose, of the next step or of the history have in common: `about`, `earliest`, `latest`, `step`,
`interval_days`, `regimen`."""


def _of_dose(dose: Evaluation) -> _About:
    latest = dose.when.latest.isoformat()
    earliest = latest if dose.when.earliest == dose.when.latest else dose.when.earliest.isoformat()
    return "dose", earliest, latest, dose.step, dose.interval_days, dose.regimen


def _of_step(assessment: Assessment) -> _About:
    on = assessment.on.isoformat()
    return "next step", on, on, assessment.forecast.step, None, assessment.regimen.id


def _of_history(assessment: Assessment) -> _About:
    return "history", "", "", "", None, assessment.regimen.id


def _finding(result: PatientResult, finding: Finding, common: _About, references: tuple[str, ...]) -> Row:
    about, earliest, latest, step, interval_days, regimen = common
    places = [result.places.get(reference) for reference in references]
    return {
        "patient": result.assessment.patient,
        "about": about,
        "earliest": earliest,
        "latest": latest,
        "step": step,
        "interval_days": interval_days,
        "code": finding.code._value_,
        "severity": finding.severity._value_,
        "rule": finding.rule,
        "required": _text(finding.required),
        "observed": _text(finding.observed),
        "regimen": regimen,
        "references": list(references),
        "files": [place.file if place else None for place in places],
        "lines": [place.line if place else None for place in places],
    }


def recall(assessment: Assessment, not_known: Iterable[str] = ()) -> Row | None:
    """The line of the recall list; None where nothing is to be done yet. `not_known`: see shares.PatientResult."""
    forecast = assessment.forecast
    if forecast.status not in RECALLED:
        return None
    last = assessment.evaluations[-1].when.latest if assessment.evaluations else None
    due = forecast.recommended or (forecast.options[0] if forecast.options else None) or forecast.earliest
    return {
        "date": (due or assessment.on).isoformat(),
        "patient": assessment.patient,
        "status": forecast.status.value,
        "step": forecast.step,
        "earliest": _day(forecast.earliest),
        "recommended": _day(forecast.recommended),
        "overdue_from": _day(forecast.overdue_from),
        "options": [day.isoformat() for day in forecast.options],
        "last_dose": _day(last),
        "findings": [finding.code.value for finding in forecast.findings],
        "regimen": assessment.regimen.id,
        "not_known": list(not_known),
    }


def _day(day: date | None) -> str:
    return day.isoformat() if day is not None else ""


def _text(value: Quantity | None) -> str:
    return "" if value is None else str(value)
