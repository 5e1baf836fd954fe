"""The patients who are shown one by one in the report: those with the gravest findings, a bounded number of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from cds.dosing.assessment import Assessment, Evaluation, Forecast
from cds.dosing.codes import Severity
from cds.dosing.findings import Finding

SHOWN = 20
"""Patients that are shown."""

_Rank = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class Case:
    """What of an assessment is shown. `regimen` is the id of the one by which the next step is forecast: regimens are
    large, and cases go from process to process."""

    patient: str
    on: date
    regimen: str
    evaluations: tuple[Evaluation, ...]
    forecast: Forecast
    findings: tuple[Finding, ...]

    @classmethod
    def of(cls, assessment: Assessment) -> Case:
        """The case of a patient."""
        return cls(
            patient=assessment.patient,
            on=assessment.on,
            regimen=assessment.regimen.id,
            evaluations=assessment.evaluations,
            forecast=assessment.forecast,
            findings=assessment.findings,
        )


def every_finding(assessment: Assessment) -> Iterator[Finding]:
    """All findings of a patient: of the doses, the next step and the history."""
    for evaluation in assessment.evaluations:
        yield from evaluation.findings
    yield from assessment.forecast.findings
    yield from assessment.findings


@dataclass(slots=True)
class Cases:
    """Patients with a finding of warning or above; those with the most critical ones first, then with the most
    warnings, then by reference."""

    _ranked: list[tuple[_Rank, Case]] = field(default_factory=list)

    def add(self, assessment: Assessment, severities: list[Severity]) -> None:
        """Take note of a patient with findings of these severities."""
        critical, warning = severities.count(Severity.CRITICAL), severities.count(Severity.WARNING)
        if critical or warning:
            rank = (-critical, -warning, assessment.patient)
            if len(self._ranked) < SHOWN or rank < self._ranked[-1][0]:
                self._keep([(rank, Case.of(assessment))])

    def merge(self, other: Cases) -> None:
        """Take note of those of other patients."""
        self._keep(other._ranked)

    def _keep(self, more: list[tuple[_Rank, Case]]) -> None:
        self._ranked = sorted([*self._ranked, *more], key=lambda each: each[0])[:SHOWN]

    def __iter__(self) -> Iterator[Case]:
        return (case for _, case in self._ranked)

    def __len__(self) -> int:
        return len(self._ranked)
