"""The Assessment of one patient: complete, so that a card, a page or an audit row needs nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from cds.dosing.codes import Status
from cds.dosing.facts import DateRange, NotGiven, Unidentified, Unreadable
from cds.dosing.findings import Finding
from cds.dosing.regimen import Regimen


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One dose judged: the records that tell of it, the step it filled, the days since the dose before."""

    administrations: tuple[str, ...]
    when: DateRange
    regimen: str
    step: str
    interval_days: int | None
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Planned:
    """One step of a plan with its date."""

    step: str
    date: date


@dataclass(frozen=True, slots=True)
class Forecast:
    """The next step on the day asked about (rules.md section 5); dates are absent where a clinician decides."""

    status: Status
    step: str
    earliest: date | None = None
    recommended: date | None = None
    overdue_from: date | None = None
    plan: tuple[Planned, ...] = ()
    options: tuple[date, ...] = ()
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Proposed:
    """A proposed date judged (section 6). `assumed`: the order says no date, so `date` is the day asked about."""

    reference: str
    date: date
    step: str
    interval_days: int | None
    findings: tuple[Finding, ...]
    suggested: date | None = None
    plan: tuple[Planned, ...] = ()
    assumed: bool = False


@dataclass(frozen=True, slots=True)
class Assessment:
    """Everything the rules say of one patient, one drug with its regimens, on one day."""

    patient: str
    on: date
    regimens: tuple[Regimen, ...]
    evaluations: tuple[Evaluation, ...]
    not_given: tuple[NotGiven, ...]
    unreadable: tuple[Unreadable, ...]
    unidentified: tuple[Unidentified, ...]
    forecast: Forecast
    findings: tuple[Finding, ...]
    proposed: tuple[Proposed, ...] = ()
