"""The Assessment of one patient: complete, so that a card, a page or an audit row needs nothing else."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import NamedTuple

from cds.dosing.codes import Status
from cds.dosing.facts import DateRange, NotGiven, Ordered, Unidentified, Unreadable
from cds.dosing.findings import Finding
from cds.dosing.laboratory import Monitored
from cds.dosing.regimen import Regimen


class Evaluation(NamedTuple):
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
    date: dt.date


@dataclass(frozen=True, slots=True)
class Forecast:
    """The next step on the day asked about (rules.md section 5); dates are absent where a clinician decides."""

    status: Status
    step: str
    earliest: dt.date | None = None
    recommended: dt.date | None = None
    overdue_from: dt.date | None = None
    plan: tuple[Planned, ...] = ()
    options: tuple[dt.date, ...] = ()
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Proposed:
    """A proposed date judged (section 6). `assumed`: the order says no date, so `date` is the day asked about."""

    reference: str
    date: dt.date
    step: str
    interval_days: int | None
    findings: tuple[Finding, ...]
    suggested: dt.date | None = None
    plan: tuple[Planned, ...] = ()
    assumed: bool = False


@dataclass(frozen=True, slots=True)
class Assessment:
    """Everything the rules say of one patient, one drug with its regimens, on one day.

    `regimens` are all by which doses are judged; `regimen` is the one by which the next step is forecast.
    `ordered` are the days of other active orders with which the proposed dates were compared. `monitored` are the tests
    before the next dose, where the laboratory was read and a dose is near (rule 10).
    """

    patient: str
    on: dt.date
    regimens: tuple[Regimen, ...]
    regimen: Regimen
    evaluations: tuple[Evaluation, ...]
    not_given: tuple[NotGiven, ...]
    unreadable: tuple[Unreadable, ...]
    unidentified: tuple[Unidentified, ...]
    forecast: Forecast
    findings: tuple[Finding, ...]
    proposed: tuple[Proposed, ...] = ()
    ordered: tuple[Ordered, ...] = ()
    monitored: Monitored | None = None
