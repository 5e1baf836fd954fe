"""Running a case: its tables through the reader and the engine, the answer as JSON."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from cds.dosing.assess import assess
from cds.dosing.assessment import Assessment
from cds.dosing.document import as_json
from cds.dosing.facts import Proposal, Record
from cds.dosing.regimen import Regimen
from cds.fhir.history import read_history
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
    regimen = library().get(case.regimen)
    return assess(
        PATIENT,
        facts.records(case) + _read_records(case, regimen),
        regimen,
        on=date.fromisoformat(case.on),
        whole=case.whole,
        proposals=facts.proposals(case) + _read_orders(case, regimen),
    )


def _read_records(case: Case, regimen: Regimen) -> tuple[Record, ...]:
    read = resources.administrations(case)
    return read_history(read, drug=regimen.drug, zone=ZoneInfo(case.zone), patient=PATIENT) if read else ()


def _read_orders(case: Case, regimen: Regimen) -> tuple[Proposal, ...]:
    if not case.orders:
        return ()
    from cds.fhir.orders import read_order

    return tuple(
        proposal
        for order in resources.orders(case)
        for proposal in read_order(
            order,
            drug=regimen.drug,
            zone=ZoneInfo(case.zone),
            on=date.fromisoformat(case.on),
            resolve=lambda reference, resource: None,
        ).proposals
    )
