"""The monitoring before the next dose, put to an assessment (rule 10): a reminder, which changes nothing else in it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from cds.dosing.assessment import Assessment
from cds.dosing.calendar import add_days
from cds.dosing.codes import Code, Status
from cds.dosing.findings import found, in_order
from cds.dosing.laboratory import Laboratory, Monitored, Standing, check


def asks(assessment: Assessment) -> bool:
    """Whether the regimen asks for tests before each dose, and a dose is near: proposed, due, overdue, or for a
    clinician to decide and not sooner than the minimum interval."""
    if not assessment.regimen.monitoring.tests:
        return False
    forecast = assessment.forecast
    if assessment.proposed or forecast.status in (Status.DUE, Status.OVERDUE):
        return True
    return forecast.status is Status.DECISION and (forecast.earliest is None or forecast.earliest <= assessment.on)


def monitor(assessment: Assessment, laboratory: Laboratory) -> Assessment:
    """The assessment with where each test stands; unchanged where none is asked for now."""
    if not asks(assessment):
        return assessment
    monitoring = assessment.regimen.monitoring
    since = _since(assessment, laboratory.days)
    tests = tuple(check(test, laboratory, since=since, on=assessment.on) for test in monitoring.tests)
    monitored = Monitored(monitoring, since, laboratory.days, tests)
    if not monitored.due:
        return replace(assessment, monitored=monitored)
    evidence = tuple(
        each.latest.reference for each in tests if each.standing is Standing.OLD and each.latest is not None
    )
    finding = found(Code.MONITORING_DUE, "10", required=since, evidence=evidence)
    return replace(assessment, monitored=monitored, findings=in_order((*assessment.findings, finding)))


def _since(assessment: Assessment, days: int | None) -> date | None:
    """From when results count: the window of the site; without one, after the last dose, since each dose has its own
    tests; before the first dose, ever."""
    if days is not None:
        return add_days(assessment.on, -days)
    return add_days(assessment.evaluations[-1].when.latest, 1) if assessment.evaluations else None
