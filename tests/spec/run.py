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
from cds.dosing.laboratory import Laboratory, Monitored
from cds.dosing.monitor import monitor
from cds.dosing.regimen import Regimen
from cds.fhir.history import read_history
from cds.fhir.orders import read_order
from cds.fhir.results import read_results
from cds.regimens.library import Library, load
from tests.spec import facts, resources
from tests.spec.case import Case

PATIENT = "Patient/p1"


@cache
def library() -> Library:
    """The shipped regimens."""
    return load()


def run(case: Case) -> dict[str, Any]:
    """The assessment of a case, as JSON, with where each test of the monitoring stands."""
    found = assessment(case)
    return as_json(found) | (
        {"tests": [] if found.monitored is None else _tests(found.monitored)} if case.tests else {}
    )


def _tests(monitored: Monitored) -> list[dict[str, str]]:
    return [
        {
            "test": checked.test.name,
            "standing": checked.standing.value,
            "latest": checked.latest.reference.rpartition("/")[2] if checked.latest else "-",
            "above": {True: "yes", False: "no", None: "-"}[checked.above],
        }
        for checked in monitored.tests
    ]


def assessment(case: Case) -> Assessment:
    """The assessment of a case."""
    regimens = facts.regimens(case, library())
    found = assess(
        PATIENT,
        facts.records(case) + _read_records(case, regimens.drug),
        regimens,
        on=date.fromisoformat(case.on),
        whole=case.whole,
        ended=case.ended,
        complete_since=date.fromisoformat(case.complete_since) if case.complete_since else None,
        proposals=facts.proposals(case) + _read_orders(case, regimens.drug),
        ordered=facts.standing(case),
    )
    return monitor(found, _laboratory(case, found.regimen)) if case.laboratory else found


def _laboratory(case: Case, regimen: Regimen) -> Laboratory:
    """What was read of the laboratory; a table of `-` is one without a result."""
    observations = resources.observations(case)
    read = read_results(observations, regimen.monitoring, patient=PATIENT, zone=ZoneInfo(case.zone))
    return Laboratory(*read, whole=case.laboratory_whole, days=case.window)


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
