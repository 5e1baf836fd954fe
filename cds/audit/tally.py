"""The figures of an audit, added up patient by patient."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from cds.dosing.assessment import Assessment, Evaluation
from cds.dosing.codes import Code, Status


def from_(assessment: Assessment, since: date | None) -> Assessment:
    """An assessment with the doses that can have been given on that day or later, and no others."""
    if since is None:
        return assessment
    return replace(assessment, evaluations=tuple(dose for dose in assessment.evaluations if dose.when.latest >= since))


_UNSAFE = frozenset({Code.INTERVAL_TOO_SHORT, Code.INTERVAL_UNDECIDABLE})
_NOT_ON_TIME = _UNSAFE | {Code.EARLIER_THAN_SCHEDULE, Code.LATE}


@dataclass(slots=True)
class Tally:
    """Counts; the keys are codes, statuses, steps, months (`YYYY-MM`) and days between doses.

    A dose is on time where it has an interval before it and no finding that it came too soon, earlier than scheduled
    or late. `doses` and `on_time` are by step and month, so that both can be summed.
    """

    patients: int = 0
    findings: Counter[tuple[str, str]] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    doses: Counter[tuple[str, str]] = field(default_factory=Counter)
    on_time: Counter[tuple[str, str]] = field(default_factory=Counter)
    intervals: Counter[tuple[str, int]] = field(default_factory=Counter)
    unsafe: int = 0

    def add(self, assessment: Assessment) -> None:
        """Count one patient."""
        self.patients += 1
        self.statuses[assessment.forecast.status.value] += 1
        for finding in (*assessment.forecast.findings, *assessment.findings):
            self.findings[finding.code.value, finding.severity.value] += 1
        for evaluation in assessment.evaluations:
            self._dose(evaluation)

    def _dose(self, evaluation: Evaluation) -> None:
        for finding in evaluation.findings:
            self.findings[finding.code.value, finding.severity.value] += 1
        codes = {finding.code for finding in evaluation.findings}
        self.unsafe += not codes.isdisjoint(_UNSAFE)
        if evaluation.interval_days is not None:
            key = (evaluation.step, evaluation.when.latest.isoformat()[:7])
            self.doses[key] += 1
            self.on_time[key] += codes.isdisjoint(_NOT_ON_TIME)
            self.intervals[evaluation.step, evaluation.interval_days] += 1

    def merge(self, other: Tally) -> None:
        """Add the figures of other patients."""
        self.patients += other.patients
        self.unsafe += other.unsafe
        for name in ("findings", "statuses", "doses", "on_time", "intervals"):
            getattr(self, name).update(getattr(other, name))

    def as_json(self) -> dict[str, Any]:
        """The figures of `summary.json`, every list in order."""
        return {
            "patients": self.patients,
            "statuses": {status.value: self.statuses[status.value] for status in Status},
            "unsafe_intervals": self.unsafe,
            "findings": [
                {"code": code, "severity": severity, "count": count}
                for (code, severity), count in sorted(self.findings.items())
            ],
            "on_time_by_step": self.by_step(),
            "on_time_by_month": self.by_month(),
            "intervals": [
                {"step": step, "days": days, "doses": doses} for (step, days), doses in sorted(self.intervals.items())
            ],
        }

    def by_step(self) -> list[dict[str, Any]]:
        """Doses on time by step, in order of name."""
        return [_rate(step, *both) for step, both in sorted(self._by(0).items())]

    def by_month(self) -> list[dict[str, Any]]:
        """Doses on time by month, in order of time."""
        return [_rate(month, *both) for month, both in sorted(self._by(1).items())]

    def _by(self, part: int) -> dict[str, tuple[int, int]]:
        """Doses and those on time, by step (0) or month (1)."""
        found: dict[str, tuple[int, int]] = {}
        for key, doses in self.doses.items():
            before = found.get(key[part], (0, 0))
            found[key[part]] = (before[0] + doses, before[1] + self.on_time[key])
        return found


def _rate(name: str, doses: int, on_time: int) -> dict[str, Any]:
    return {"of": name, "doses": doses, "on_time": on_time, "rate": round(on_time / doses, 4)}
