"""The figures of an audit, added up patient by patient."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from cds.audit.cases import Cases, every_finding
from cds.dosing.assessment import Assessment, Evaluation
from cds.dosing.codes import CATCH_UP, MAINTENANCE, Code, Severity, Status
from cds.dosing.findings import Finding

_UNSAFE = frozenset({Code.INTERVAL_TOO_SHORT, Code.INTERVAL_UNDECIDABLE})
_GRAVEST_FIRST = list(Severity)
_BEYOND_TOLERANCE = frozenset({Code.EARLIER_THAN_SCHEDULE, Code.LATE})
_STEPS = ("loading-", MAINTENANCE, CATCH_UP)


@dataclass(slots=True)
class Tally:
    """Counts; the keys are codes, statuses, steps, months (`YYYY-MM`) and days between doses.

    A dose is on time where it has an interval before it and no finding that it came too soon, or, by more than the
    tolerance, earlier than scheduled or late. `doses` and `on_time` are by step and month, so that both can be summed;
    `unsafe` are the doses too near the one before, and those of which nobody can tell, which are `undecidable` too.
    `gravest` are the patients by the gravest severity of their findings; `cases` are some of them, to be shown;
    `not_known`: of how many patients something is not known, by its words.
    """

    patients: int = 0
    findings: Counter[tuple[str, str]] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    doses: Counter[tuple[str, str]] = field(default_factory=Counter)
    on_time: Counter[tuple[str, str]] = field(default_factory=Counter)
    intervals: Counter[tuple[str, int]] = field(default_factory=Counter)
    gravest: Counter[str] = field(default_factory=Counter)
    not_known: Counter[str] = field(default_factory=Counter)
    unsafe: int = 0
    undecidable: int = 0
    cases: Cases = field(default_factory=Cases)

    def add(self, whole: Assessment, since: date | None = None) -> None:
        """Count one patient, with the doses that can have been given on the day `since` or later."""
        assessment = whole
        if since is not None:
            counted = tuple(dose for dose in whole.evaluations if dose.when.latest >= since)
            assessment = replace(whole, evaluations=counted)
        self.patients += 1
        self.statuses[assessment.forecast.status.value] += 1
        findings = list(every_finding(assessment))
        # of an export of one drug alone there are millions: what counts them is quicker than a loop
        self.findings.update([(finding.code._value_, finding.severity._value_) for finding in findings])
        if findings:
            severities = [finding.severity for finding in findings]
            self.gravest[min(severities, key=_GRAVEST_FIRST.index).value] += 1
            self.cases.add(whole, severities)
        self._doses(assessment.evaluations)

    def _doses(self, evaluations: Iterable[Evaluation]) -> None:
        doses, on_time, intervals = [], [], []
        for evaluation in evaluations:
            _, when, _, step, interval_days, findings = evaluation
            wrong = False
            if findings:
                codes = frozenset([finding.code for finding in findings])
                unsafe = not codes.isdisjoint(_UNSAFE)
                self.unsafe += unsafe
                self.undecidable += Code.INTERVAL_UNDECIDABLE in codes
                wrong = unsafe or any(map(_beyond_tolerance, findings))
            if interval_days is not None:
                key = (step, when.latest.isoformat()[:7])
                doses.append(key)
                intervals.append((step, interval_days))
                if not wrong:
                    on_time.append(key)
        self.doses.update(doses)
        self.on_time.update(on_time)
        self.intervals.update(intervals)

    def merge(self, other: Tally) -> None:
        """Add the figures of other patients."""
        self.patients += other.patients
        self.unsafe += other.unsafe
        self.undecidable += other.undecidable
        self.cases.merge(other.cases)
        for name in ("findings", "statuses", "doses", "on_time", "intervals", "gravest", "not_known"):
            getattr(self, name).update(getattr(other, name))

    def as_json(self) -> dict[str, Any]:
        """The figures of `summary.json`, every list in order."""
        return {
            "patients": self.patients,
            "statuses": {status.value: self.statuses[status.value] for status in Status},
            "gravest_findings": {severity.value: self.gravest[severity.value] for severity in Severity},
            "unsafe_intervals": self.unsafe,
            "undecidable_intervals": self.undecidable,
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
        """Doses on time by step: loading, maintenance, catch-up."""
        return [_rate(step, *both) for step, both in sorted(self._by(0).items(), key=_order)]

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


def _beyond_tolerance(finding: Finding) -> bool:
    """Within the tolerance, earlier than scheduled is for information."""
    return finding.code in _BEYOND_TOLERANCE and finding.severity is not Severity.INFO


def _order(by_step: tuple[str, tuple[int, int]]) -> tuple[int, int, str]:
    step = by_step[0]
    return next(n for n, name in enumerate(_STEPS) if step.startswith(name)), len(step), step


def _rate(name: str, doses: int, on_time: int) -> dict[str, Any]:
    return {"of": name, "doses": doses, "on_time": on_time, "rate": round(on_time / doses, 4)}
