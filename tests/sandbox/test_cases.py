"""The cases of fixed date: the engine must give the assessment that was derived by hand from the rules."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from cds.dosing.assess import assess
from cds.dosing.assessment import Assessment
from cds.dosing.document import as_json
from cds.fhir.history import read_history
from cds.fhir.orders import read_order
from cds.regimens.library import load as load_regimens
from hooks.protocol import ORDER_SIGN, PATIENT_VIEW, read_request
from hooks.sandbox.folder import fixtures, only, read_json, read_toml

CASES = sorted(path for path in (fixtures() / "cases").iterdir())
LIBRARY = load_regimens()


def no_fetch(_: str, __: object) -> None:
    """The medications of the cases are inline."""


def assessed(folder: Path) -> Assessment:
    case = read_toml(folder / "case.toml")
    regimen, zone, on = LIBRARY.get(case["regimen"]), ZoneInfo(case["zone"]), case["on"]
    history = [entry["resource"] for entry in read_json(folder / "history.json")["entry"]]
    records = read_history(history, drug=regimen.drug, zone=zone, patient=case["patient"])
    drafts = read_json(folder / "request.json")["context"].get("draftOrders", {}).get("entry", [])
    orders = [read_order(one["resource"], drug=regimen.drug, zone=zone, on=on, resolve=no_fetch) for one in drafts]
    proposals = [proposal for order in orders for proposal in order.proposals]
    assert [
        {"reference": proposal.reference, **({"date": proposal.day} if proposal.day else {})} for proposal in proposals
    ] == case.get("proposed", [])
    return assess(case["patient"], records, regimen, on=on, whole=True, proposals=proposals)


def without_editions(value: Any) -> Any:
    """The document without what the regimen file says of itself, and findings by code, severity and rule alone."""
    if isinstance(value, dict):
        keys = ("code", "severity", "rule") if "severity" in value else value
        return {key: without_editions(value[key]) for key in keys if key not in {"version", "digest", "unverified"}}
    return [without_editions(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("folder", CASES, ids=lambda path: path.name)
def test_the_assessment_is_the_one_derived_by_hand(folder: Path) -> None:
    expected = read_json(folder / "expected.json")
    document = without_editions(as_json(assessed(folder)))
    assert document == expected
    assert list(document) == list(expected)


@pytest.mark.parametrize("folder", CASES, ids=lambda path: path.name)
def test_a_case_says_what_it_is_about(folder: Path) -> None:
    case = only(
        read_toml(folder / "case.toml"),
        needed={"title", "why", "regimen", "on", "zone", "patient"},
        allowed={"source", "proposed"},
        where=folder.name,
    )
    assert case["patient"] == f"Patient/case-{folder.name}"
    assert {path.name for path in folder.iterdir()} == {"case.toml", "history.json", "request.json", "expected.json"}


@pytest.mark.parametrize("folder", CASES, ids=lambda path: path.name)
def test_the_request_is_one_that_the_service_takes(folder: Path) -> None:
    case = read_toml(folder / "case.toml")
    request = read_request(read_json(folder / "request.json"), serves=(PATIENT_VIEW, ORDER_SIGN))
    assert f"Patient/{request.patient_id}" == case["patient"]
    assert (request.hook == ORDER_SIGN) == ("proposed" in case)
    assert request.fhir_server == "https://ehr.example.invalid/fhir"


def test_there_are_at_least_twelve() -> None:
    assert len(CASES) >= 12
