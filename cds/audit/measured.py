"""The figures of an audit as a FHIR MeasureReport (R4)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from cds.audit.tally import Tally
from cds.dosing.codes import Status

MEASURE = "urn:org.nusinersen-cds:measure:dosing-intervals"
"""The measure that the report is of; what its groups count is said in docs/audit.md."""
GROUP_SYSTEM = "urn:org.nusinersen-cds:measure-group"
_POPULATION = "http://terminology.hl7.org/CodeSystem/measure-population"


def measure_report(tally: Tally, on: date) -> dict[str, Any]:
    """Three groups: doses given on time (by step too), intervals that were unsafe, patients overdue on the day. The
    period runs from the first month of a dose that has one before it. A rate of nothing has no score."""
    months = sorted(month for _, month in tally.doses)
    doses, on_time = sum(tally.doses.values()), sum(tally.on_time.values())
    by_step = [_stratum(row["of"], row["on_time"], row["doses"]) for row in tally.by_step()]
    return {
        "resourceType": "MeasureReport",
        "status": "complete",
        "type": "summary",
        "measure": MEASURE,
        "date": on.isoformat(),
        "period": {"start": min(months[0] if months else on.isoformat(), on.isoformat()), "end": on.isoformat()},
        "group": [
            _group("on-time", on_time, doses)
            | ({"stratifier": [{"code": [{"text": "step"}], "stratum": by_step}]} if by_step else {}),
            _group("unsafe-intervals", tally.unsafe, doses),
            _group("overdue", tally.statuses[Status.OVERDUE.value], tally.patients),
        ],
    }


def _group(name: str, numerator: int, denominator: int) -> dict[str, Any]:
    code = {"coding": [{"system": GROUP_SYSTEM, "code": name}], "text": name.replace("-", " ")}
    return {"code": code, **_counted(numerator, denominator)}


def _stratum(name: str, numerator: int, denominator: int) -> dict[str, Any]:
    return {"value": {"text": name}, **_counted(numerator, denominator)}


def _counted(numerator: int, denominator: int) -> dict[str, Any]:
    population = [
        {"code": {"coding": [{"system": _POPULATION, "code": name}]}, "count": count}
        for name, count in _populations(numerator, denominator)
    ]
    score = {"measureScore": {"value": round(numerator / denominator, 4)}} if denominator else {}
    return {"population": population, **score}


def _populations(numerator: int, denominator: int) -> Iterable[tuple[str, int]]:
    return (("initial-population", denominator), ("denominator", denominator), ("numerator", numerator))
