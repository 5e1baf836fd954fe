"""What we write is FHIR to a second validator too: suggested orders, errors, fixtures, the sandbox's answers."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from hooks.sandbox.folder import fixtures, read_json
from hooks.sandbox.load import resources, transaction
from tests.contract.fhir import by_models, by_second, faults
from tests.sandbox.conftest import ON, Call
from tests.sandbox.conftest import call as sandbox_call  # noqa: F401  a fixture
from tests.service.ehr import LAST_WEEK, ORDER, ask, call, draft, prefetched, service

Resource = dict[str, Any]
CASES = sorted((fixtures() / "cases").iterdir())
DRAFT = draft()
LONG_AGO = ("2023-10-01", "2023-10-15", "2023-10-29", "2023-12-03", "2024-04-03", "2024-08-03", "2024-12-03")
"""Treated on schedule, the last dose 17 months before the day of the call."""


def without(element: str) -> Resource:
    return {name: value for name, value in DRAFT.items() if name != element}


# What each of the two sees of a fault. The second one knows no calendar, so it counts beside the models of
# fhir.resources and never in their place; these overlook empty lists and nulls; neither knows the value sets.
BROKEN: list[tuple[str, Resource, bool, bool]] = [
    ("a required reference is missing", without("subject"), True, True),
    ("a required code is missing", without("intent"), True, True),
    ("a code of no value set", {**DRAFT, "status": "drawn"}, False, False),
    ("an unknown element", {**DRAFT, "foo": 1}, True, True),
    ("an empty string", {**DRAFT, "medicationCodeableConcept": {"text": ""}}, True, True),
    ("an empty list", {**DRAFT, "note": []}, False, True),
    ("a null", {**DRAFT, "note": None}, False, True),
    ("month 13", {**DRAFT, "authoredOn": "2026-13-01"}, True, True),
    ("a time without a zone", {**DRAFT, "authoredOn": "2026-12-01T10:00"}, True, True),
    ("30 February", {**DRAFT, "dosageInstruction": [{"timing": {"event": ["2026-02-30"]}}]}, True, False),
]  # fmt: skip


@pytest.mark.parametrize(("broken", "models", "second"), [row[1:] for row in BROKEN], ids=[row[0] for row in BROKEN])
def test_what_each_validator_sees(broken: Resource, models: bool, second: bool) -> None:
    assert (bool(by_models(broken)), bool(by_second(broken))) == (models, second)


def test_the_resource_of_a_bundle_is_looked_at_too() -> None:
    assert by_second(
        {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": {"resourceType": "Group"}}]}
    )


@pytest.mark.parametrize("day", ["2026-05-05", "2026-05-10", "2026-05-11", None])
@pytest.mark.parametrize("where", ["event", "bounds", "validity", "contained"])
def test_a_suggested_order_is_valid(day: str | None, where: str) -> None:
    written = suggested(order_at(day, where))
    assert written, "no suggestion with a resource: the test would prove nothing"
    assert [fault for resource in written for fault in faults(resource)] == []


def order_at(day: str | None, where: str) -> Resource:
    """A draft with its day in one of the elements that can hold it."""
    order = draft(day=None)
    if where == "contained":
        del order["medicationCodeableConcept"]
        order["contained"] = [{"resourceType": "Medication", "id": "m", "code": draft()["medicationCodeableConcept"]}]
        order["medicationReference"] = {"reference": "#m"}
    if day is not None and where in {"event", "contained"}:
        order["dosageInstruction"] = [{"text": "12 mg", "timing": {"event": [f"{day}T10:00:00+12:00"]}}]
    if day is not None and where == "bounds":
        order["dosageInstruction"] = [{"timing": {"repeat": {"boundsPeriod": {"start": day}}}}]
    if day is not None and where == "validity":
        order["dispenseRequest"] = {"validityPeriod": {"start": day, "end": "2026-12-31"}}
    return order


@pytest.mark.parametrize("day", ["2026-05-05", "2026-05-10", "2026-06-11", None])
@pytest.mark.parametrize("where", ["event", "bounds", "validity", "contained"])
def test_the_further_orders_of_a_catch_up_are_valid(day: str | None, where: str) -> None:
    """17 months after the last dose two extra doses follow the late one."""
    order = order_at(day, where)
    order |= {"meta": {"versionId": "1"}, "identifier": [{"value": "4711"}], "authoredOn": "2026-05-04"}
    if where == "validity" and day is not None:
        order["dispenseRequest"]["validityPeriod"]["end"] = day
    written = suggested(order, LONG_AGO)
    assert len([each for each in written if "id" not in each]) == 2
    assert len(written) == (3 if day is None else 2)
    assert [fault for resource in written for fault in faults(resource)] == []


def suggested(order: Resource, days: tuple[str, ...] = LAST_WEEK) -> list[Resource]:
    with service() as client:
        answer = ask(client, ORDER, call("order-sign", drafts=[order], prefetch=prefetched(*days)))
    cards = answer.json()["cards"]
    suggestions = [suggestion for card in cards for suggestion in card.get("suggestions", ())]
    return [action["resource"] for each in suggestions for action in each["actions"] if "resource" in action]


BAD_CALLS: list[tuple[str, str, bytes]] = [
    ("no JSON", f"/cds-services/{ORDER}", b"{"),
    ("an array", f"/cds-services/{ORDER}", b"[]"),
    ("nothing that is required", f"/cds-services/{ORDER}", b"{}"),
    ("the hook of another service", f"/cds-services/{ORDER}", json.dumps(call("patient-view")).encode()),
    ("an unknown service", "/cds-services/unknown", b"{}"),
    ("no page", "/metadata", b"{}"),
    ("no data", f"/cds-services/{ORDER}", json.dumps(call("order-sign", drafts=[draft()])).encode()),
]  # fmt: skip


@pytest.mark.parametrize(("path", "body"), [row[1:] for row in BAD_CALLS], ids=[row[0] for row in BAD_CALLS])
def test_an_error_is_a_valid_outcome(path: str, body: bytes) -> None:
    with service() as client:
        answer = client.post(path, content=body)
    assert answer.status_code >= 400
    assert answer.json()["resourceType"] == "OperationOutcome"
    assert faults(answer.json()) == []


@pytest.mark.parametrize("on", [ON, date(2024, 2, 29)], ids=str)
def test_the_made_up_patients_are_valid(on: date) -> None:
    every = resources(on)
    assert len(every) > 100
    assert {f"{one['resourceType']}/{one['id']}": found for one in every if (found := by_second(one))} == {}
    assert by_second(transaction(every)) == []


@pytest.mark.parametrize("folder", CASES, ids=lambda path: path.name)
def test_the_cases_are_valid(folder: Path) -> None:
    assert faults(read_json(folder / "history.json")) == []
    drafts = read_json(folder / "request.json")["context"].get("draftOrders")
    assert drafts is None or faults(drafts) == []


@pytest.mark.parametrize(
    "path",
    [
        "metadata",
        "MedicationAdministration/due-a1",
        "MedicationAdministration?patient=transfer&_sort=-effective-time&_count=1",
        "MedicationAdministration?patient=overdue&_include=MedicationAdministration:medication",
        "MedicationAdministration?patient=nobody-of-this-name",
        "MedicationRequest/due-order",
        "Medication/not-on-this-server",
    ],
)
def test_the_answers_of_the_sandbox_are_valid(sandbox_call: Call, path: str) -> None:  # noqa: F811
    assert faults(sandbox_call("GET", path).json()) == []
