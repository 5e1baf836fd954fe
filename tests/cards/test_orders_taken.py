"""The law of the suggestions with real orders: read, judged, moved, read again, and no card is left."""

from __future__ import annotations

from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from cds.dosing.assess import assess
from cds.fhir.orders import Order, moved, read_order
from hooks.card_kinds import Kind
from hooks.cards import Card, order_cards
from tests.cards.desk import EU, REGULAR, context, day, doses, proposal, strict
from tests.properties.strategies import Case, cases

CHATHAM = ZoneInfo("Pacific/Chatham")
REFERENCE = "MedicationRequest/m1"
TIMES = ["", "T09:30:00+12:45", "T00:00:00+13:45", "T12:00:00Z"]


def as_sent(case: Case, time: str, element: str) -> dict[str, Any]:
    """One draft with the days of the case's proposals, as events, as a bounds period or as a validity period."""
    days = sorted({one.day for one in case.proposals if one.day is not None})
    order: dict[str, Any] = {
        "resourceType": "MedicationRequest",
        "id": "m1",
        "status": "draft",
        "medicationCodeableConcept": {"text": "Nusinersen (Spinraza) 12 mg"},
    }
    if days and element == "event":
        order["dosageInstruction"] = [{"timing": {"event": [f"{one}{time}" for one in days]}}]
    elif days and element == "bounds":
        order["dosageInstruction"] = [{"timing": {"repeat": {"boundsPeriod": {"start": f"{days[0]}{time}"}}}}]
    elif days:
        order["dispenseRequest"] = {"validityPeriod": {"start": f"{days[0]}{time}", "end": days[0].isoformat()}}
    return order


def read(case: Case, resource: dict[str, Any]) -> Order:
    return read_order(resource, drug=case.regimen.drug, zone=CHATHAM, on=case.on, resolve=lambda *_: None)


def cards_on(case: Case, order: Order) -> list[Card]:
    assessment = assess(
        "Patient/p", case.records, case.regimen, on=case.on, whole=case.whole, proposals=order.proposals
    )
    move = partial(moved, zone=CHATHAM, on=case.on)
    here = context(case.regimen)._replace(move=move)
    return strict(order_cards(assessment, [order], judged=[REFERENCE], context=here))


@pytest.mark.parametrize("element", ["event", "bounds", "validity", "none"])
@pytest.mark.parametrize("time", TIMES)
def test_an_order_a_week_after_the_last_dose_is_moved_wherever_it_says_its_day(element: str, time: str) -> None:
    days = () if element == "none" else (proposal("2026-03-22"),)
    case = Case(doses(*REGULAR), EU, day("2026-03-20"), proposals=days)
    order = read(case, as_sent(case, time, element))
    (card,) = cards_on(case, order)
    assert card["indicator"] == ("warning" if element == "none" else "critical")
    first = card["suggestions"][0]["actions"][0]
    assert first["type"] == "update"
    assert [one.day for one in read(case, first["resource"]).proposals] == [day("2026-07-13")]
    assert cards_on(case, read(case, first["resource"])) == []


@given(
    cases(whole=True, odd=False),
    st.sampled_from(TIMES),
    st.sampled_from(["event", "event", "bounds", "validity"]),
)
@settings(max_examples=400, deadline=None)
def test_a_suggestion_that_is_taken_leaves_no_card(case: Case, time: str, element: str) -> None:
    order = read(case, as_sent(case, time, element))
    for card in cards_on(case, order):
        if card["source"]["topic"]["code"] == Kind.CATCH_UP:
            # its suggestions are to be taken together: test_catch_up.py
            continue
        for suggestion in card.get("suggestions", ()):
            (action,) = suggestion["actions"]
            if action["type"] == "update":
                event("moved")
                assert action["resource"]["id"] == "m1"
                assert cards_on(case, read(case, action["resource"])) == []
            else:
                event("removed")
                assert action["resourceId"] == REFERENCE
