"""The further orders of a catch-up by real calls: all suggestions taken, and the next call has no card."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from cds.fhir.resources import explain
from tests.service.ehr import APPOINTMENT, ATC, CHART, ORDER, PATIENT, ask, call, draft, prefetched, service

LONG_AGO = ("2023-10-01", "2023-10-15", "2023-10-29", "2023-12-03", "2024-04-03", "2024-08-03", "2024-12-03")
"""Treated on schedule, the last dose 17 months before the day of the call, 2026-05-04: two extra doses follow."""


def answered(hook: str, service_id: str, **more: Any) -> list[dict[str, Any]]:
    with service() as client:
        answer = ask(client, service_id, call(hook, prefetch=prefetched(*LONG_AGO), **more))
    cards: list[dict[str, Any]] = answer.json()["cards"]
    return cards


@pytest.mark.parametrize("day", ["2026-05-06", "2026-05-06T10:00:00+12:45", None])
def test_all_suggestions_taken_leave_no_card(day: str | None) -> None:
    order = draft(day=day)
    (card,) = answered("order-sign", ORDER, drafts=[order])
    assert card["selectionBehavior"] == "any"
    assert all(UUID(each["uuid"]) for each in card["suggestions"])
    drafts = [order]
    for number, suggestion in enumerate(card["suggestions"]):
        (action,) = suggestion["actions"]
        assert explain(action["resource"]) == ()
        if action["type"] == "update":
            drafts = [action["resource"]]
        else:
            assert action["type"] == "create"
            drafts.append({**action["resource"], "id": f"new-{number}"})
    assert len(drafts) == 3
    assert answered("order-sign", ORDER, drafts=drafts) == []
    # nor has the one that is selected among them
    chosen = {"selections": [f"MedicationRequest/{drafts[0]['id']}"]}
    assert answered("order-select", ORDER, drafts=drafts, context=chosen) == []


def test_nothing_is_created_on_a_chart_or_for_an_appointment() -> None:
    (chart,) = answered("patient-view", CHART)
    visit = {
        "resourceType": "Appointment",
        "id": "v1",
        "status": "proposed",
        "start": "2026-05-06T10:00:00+12:45",
        "end": "2026-05-06T11:00:00+12:45",
        "reasonCode": [ATC],
        "participant": [{"actor": {"reference": f"Patient/{PATIENT}"}, "status": "tentative"}],
    }
    booked = {"appointments": {"resourceType": "Bundle", "entry": [{"resource": visit}]}}
    (appointment,) = answered("appointment-book", APPOINTMENT, context=booked)
    for card in (chart, appointment):
        assert "catch-up" in card["summary"]
        assert "suggestions" not in card
