"""A regimen as a FHIR PlanDefinition (R4B), so that other systems can read what is judged by."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from cds.dosing.calendar import Period
from cds.dosing.codes import CATCH_UP, MAINTENANCE, loading
from cds.dosing.drug import Coding, Drug
from cds.dosing.regimen import CatchUp, Regimen
from cds.fhir.plain import Resource

UCUM = "http://unitsofmeasure.org"
_TYPE = "http://terminology.hl7.org/CodeSystem/plan-definition-type"


def plan_definition(regimen: Regimen) -> Resource:
    """The PlanDefinition of a regimen: an action a step, each dose as a contained ActivityDefinition. A regimen that is
    not verified has the status `draft`, and says what is missing."""
    said = dict(regimen.statements)
    unverified = f" Not verified: {regimen.unverified}." if regimen.unverified is not None else ""
    return {
        "resourceType": "PlanDefinition",
        "id": regimen.id,
        "contained": [_dose(amount, regimen.drug) for amount in sorted(regimen.amounts)],
        "url": f"urn:org.nusinersen-cds:regimen:{regimen.id}",
        "identifier": [{"system": "urn:org.nusinersen-cds:digest", "value": regimen.digest}],
        "version": regimen.version,
        "title": regimen.title,
        "type": {"coding": [{"system": _TYPE, "code": "protocol"}]},
        "status": "active" if regimen.unverified is None else "draft",
        "description": f"{said['schedule']} {said['minimum-interval']}{unverified}",
        "usage": f"{said['delayed-loading']} {said['delayed-dose']}",
        "relatedArtifact": [
            {
                "type": "citation",
                "citation": f"{source.title}, {source.date}: {source.section}",
                **({} if source.url is None else {"url": source.url}),
            }
            for source in regimen.sources
        ],
        "action": [
            *_steps(regimen),
            *([] if regimen.catch_up is None else _delays(regimen.catch_up, regimen)),
            *_tests(regimen),
        ],
    }


def _steps(regimen: Regimen) -> list[dict[str, Any]]:
    actions = []
    for number, step in enumerate(regimen.loading, start=1):
        action: dict[str, Any] = {
            "id": loading(number),
            "title": f"Loading dose {number}",
            "definitionCanonical": f"#{_name(step.amount)}",
        }
        if step.interval is not None:
            action["relatedAction"] = [_after(loading(number - 1), step.interval)]
        actions.append(action)
    every = regimen.maintenance_interval
    maintenance = {
        "id": MAINTENANCE,
        "title": "Maintenance dose",
        "relatedAction": [_after(loading(len(regimen.loading)), every)],
        "timingTiming": {"repeat": {"frequency": 1, "period": every.months or every.days, "periodUnit": _unit(every)}},
        "definitionCanonical": f"#{_name(regimen.maintenance_amount)}",
    }
    return [*actions, maintenance]


def _delays(table: CatchUp, regimen: Regimen) -> list[dict[str, Any]]:
    """An action for each row of the table: from so long after the last dose, what to give."""
    actions = []
    for number, row in enumerate(table.rows, start=1):
        again = f"{row.extra_doses} more, {table.interval} apart" if row.extra_doses else "the whole loading again"
        actions.append(
            {
                "id": f"{CATCH_UP}-{number}",
                "title": f"Maintenance dose delayed to {row.from_} or more after the last dose: {again}",
                "relatedAction": [_after(MAINTENANCE, row.from_)],
                "definitionCanonical": f"#{_name(regimen.maintenance_amount)}",
            }
        )
    return actions


def _tests(regimen: Regimen) -> list[dict[str, Any]]:
    """An action for each laboratory test that the label asks for before each dose."""
    steps = [*(loading(number) for number in range(1, len(regimen.loading) + 1)), MAINTENANCE]
    before = [{"actionId": step, "relationship": "before"} for step in steps]
    actions = []
    for number, test in enumerate(regimen.monitoring.tests, start=1):
        action: dict[str, Any] = {
            "id": f"monitoring-{number}",
            "title": f"Before each dose: {test.name}",
            "code": [{"coding": [_coding(code.coding) for code in test.codes], "text": test.name}],
            "relatedAction": before,
        }
        if test.threshold is not None:
            limit = test.threshold
            action["description"] = f"Above {limit.above} {limit.unit}: {limit.advice}."
        actions.append(action)
    return actions


def _dose(amount: Decimal, drug: Drug) -> Resource:
    milligrams = {"value": float(amount), "unit": "mg", "system": UCUM, "code": "mg"}
    return {
        "resourceType": "ActivityDefinition",
        "id": _name(amount),
        "title": f"{drug.title}, {amount} mg",
        "status": "active",
        "kind": "MedicationRequest",
        "productCodeableConcept": {"coding": [_coding(each) for each in drug.products], "text": drug.title},
        "dosage": [
            {
                "route": {"coding": [_coding(each) for each in drug.routes]},
                "doseAndRate": [{"doseQuantity": milligrams}],
            }
        ],
    }


def _name(amount: Decimal) -> str:
    return f"dose-{amount}mg"


def _coding(coding: Coding) -> dict[str, str]:
    return {"system": coding.system, "code": coding.code}


def _after(step: str, period: Period) -> dict[str, Any]:
    """After the dose of a step, by a calendar period."""
    length = {"value": period.months or period.days, "unit": str(period).partition(" ")[2]}
    return {
        "actionId": step,
        "relationship": "after",
        "offsetDuration": length | {"system": UCUM, "code": _unit(period)},
    }


def _unit(period: Period) -> str:
    return "mo" if period.months else "d"
