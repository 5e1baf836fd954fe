"""Running a case: its tables through the reader and the engine, the answer as JSON."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from cds.dosing.assess import assess
from cds.dosing.assessment import Assessment
from cds.dosing.document import as_json
from cds.dosing.drug import Drug
from cds.dosing.facts import Proposal, Record
from cds.fhir.history import read_history
from cds.fhir.orders import read_order
from cds.regimens.library import Library, load
from tests.spec import facts, resources
from tests.spec.case import Case

PATIENT = "Patient/p1"


@cache
def library() -> Library:
    """The shipped regimens."""
    return load()


def run(case: Case) -> dict[str, Any]:
    """The assessment of a case, as JSON."""
    return as_json(assessment(case))


def assessment(case: Case) -> Assessment:
    """The assessment of a case."""
    regimens = facts.regimens(case, library())
    return assess(
        PATIENT,
        facts.records(case) + _read_records(case, regimens.drug),
        regimens,
        on=date.fromisoformat(case.on),
        whole=case.whole,
        ended=case.ended,
        proposals=facts.proposals(case) + _read_orders(case, regimens.drug),
        ordered=facts.standing(case),
    )


def _read_records(case: Case, drug: Drug) -> tuple[Record, ...]:
    read = resources.administrations(case)
    return read_history(read, drug=drug, zone=ZoneInfo(case.zone), patient=PATIENT) if read else ()


def _read_orders(case: Case, drug: Drug) -> tuple[Proposal, ...]:
    on, zone = date.fromisoformat(case.on), ZoneInfo(case.zone)
    return tuple(
        proposal
        for order in resources.orders(case)
        for proposal in read_order(order, drug=drug, zone=zone, on=on, resolve=_nowhere).proposals
    )


def _nowhere(_reference: str, _resource: object) -> None:
    """No server: a reference that leads out of the order leads nowhere."""


def document(case: Case) -> dict[str, Any]:
    """The whole answer as chapter 8 shows it: dots for version and digest, three keys of each finding."""
    answer = run(case)
    for regimen in answer["regimens"]:
        regimen |= {"version": "...", "digest": "..."}
    shown: dict[str, Any] = _three_keys(answer)
    return shown


def _three_keys(value: Any) -> Any:
    """A JSON value in which findings keep code, severity and rule only, in the order in which they stand."""
    if isinstance(value, list):
        return [_three_keys(item) for item in value]
    if not isinstance(value, dict):
        return value
    kept = list(value)[:3] if "code" in value else list(value)
    return {key: _three_keys(value[key]) for key in kept}
