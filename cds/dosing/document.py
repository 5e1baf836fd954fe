"""The assessment as JSON (rules.md section 8): keys in order, lists always there, no value without meaning."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from cds.dosing.assessment import Assessment, Evaluation, Forecast, Planned, Proposed
from cds.dosing.findings import Finding, Quantity
from cds.dosing.regimen import Regimen

_LARGEST = math.nextafter(math.inf, 0)
_EXACT_BELOW = 2**53
"""A whole number from here on is written as other numbers are: many readers refuse it, or make another of it."""


def as_json(assessment: Assessment) -> dict[str, Any]:
    """A JSON object of plain dicts, lists, strings and numbers."""
    return {
        "patient": assessment.patient,
        "on": assessment.on.isoformat(),
        "regimens": regimens_as_json(assessment.regimens),
        "evaluations": [_evaluation(evaluation) for evaluation in assessment.evaluations],
        "not_given": [record.reference for record in assessment.not_given],
        "unreadable": [
            {"reference": record.reference, "reason": record.reason.value} for record in assessment.unreadable
        ],
        "unidentified": [record.reference for record in assessment.unidentified],
        "forecast": _forecast(assessment.forecast),
        "findings": _findings(assessment.findings),
        "proposed": [_proposed(proposed) for proposed in assessment.proposed],
    }


def regimens_as_json(regimens: Iterable[Regimen]) -> list[dict[str, str]]:
    """The regimens by which was judged, each so that its files can be told for good."""
    return [regimen_as_json(regimen) for regimen in regimens]


def regimen_as_json(regimen: Regimen) -> dict[str, str]:
    """One regimen; `unverified` says what is missing, and is absent where nothing is."""
    named = {"id": regimen.id, "version": regimen.version, "digest": regimen.digest}
    return named if regimen.unverified is None else {**named, "unverified": regimen.unverified}


def _evaluation(evaluation: Evaluation) -> dict[str, Any]:
    # written out, as an audit has millions of them
    when = evaluation.when
    latest = when.latest.isoformat()
    told: dict[str, Any] = {
        "administrations": list(evaluation.administrations),
        "earliest": latest if when.earliest == when.latest else when.earliest.isoformat(),
        "latest": latest,
        "regimen": evaluation.regimen,
        "step": evaluation.step,
    }
    if evaluation.interval_days is not None:
        told["interval_days"] = evaluation.interval_days
    told["findings"] = _findings(evaluation.findings) if evaluation.findings else []
    return told


def _forecast(forecast: Forecast) -> dict[str, Any]:
    return _without_absent(
        status=forecast.status.value,
        step=forecast.step,
        earliest=forecast.earliest,
        recommended=forecast.recommended,
        overdue_from=forecast.overdue_from,
        plan=_plan(forecast.plan),
        options=[option.isoformat() for option in forecast.options],
        findings=_findings(forecast.findings),
    )


def _proposed(proposed: Proposed) -> dict[str, Any]:
    return _without_absent(
        reference=proposed.reference,
        date=proposed.date,
        step=proposed.step,
        interval_days=proposed.interval_days,
        findings=_findings(proposed.findings),
        suggested=proposed.suggested,
        plan=_plan(proposed.plan) or None,
    )


def _plan(plan: Iterable[Planned]) -> list[dict[str, str]]:
    return [{"step": planned.step, "date": planned.date.isoformat()} for planned in plan]


def _findings(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    # written out, as an audit has millions of them
    told = []
    for code, severity, rule, required, observed, evidence in findings:
        one: dict[str, Any] = {"code": code._value_, "severity": severity._value_, "rule": rule}
        if required is not None:
            one["required"] = _plain(required)
        if observed is not None:
            one["observed"] = _plain(observed)
        if evidence:
            one["evidence"] = list(evidence)
        told.append(one)
    return told


def _without_absent(**values: Quantity | list[Any] | None) -> dict[str, Any]:
    """The values that are there, dates and decimals as JSON has them."""
    return {key: _plain(value) for key, value in values.items() if value is not None}


def _plain(value: Quantity | list[Any]) -> str | int | float | list[Any]:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        whole = value == value.to_integral_value() and abs(value) < _EXACT_BELOW
        return int(value) if whole else min(float(value), _LARGEST)
    return value
