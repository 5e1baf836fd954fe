"""Rule P3 in the service: a proposed date is compared with the other active orders, and it is said where it was not."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.service.ehr import (
    ATC,
    ON_SCHEDULE,
    ORDER,
    OTHER_DRUG,
    PATIENT,
    ask,
    bundle,
    call,
    draft,
    given,
    history,
    kinds,
    no_calls,
    prefetched,
    service,
    with_server,
)
from tests.service.test_memory import left_behind

Resource = dict[str, Any]
DUE = "2026-08-03"
"""The day that the schedule recommends for the draft; other orders near it are what differs."""


def active(name: str, day: str | None, **changes: Any) -> Resource:
    """An active order of nusinersen."""
    return draft(name, day, **{"status": "active", **changes})


def sign(*drafts: Resource, orders: object, doses: list[Resource] | None = None) -> Resource:
    """An order-sign call whose prefetch holds the history and the active orders."""
    doses = history(*ON_SCHEDULE) if doses is None else doses
    return call("order-sign", drafts=list(drafts), prefetch={"administrations": bundle(doses), "orders": orders})


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        pytest.param(active("x", "2026-08-16"), ["OrderConflict"], id="P3: 13 days after the proposed date"),
        pytest.param(active("x", "2026-08-17"), [], id="P3: 14 days after it"),
        pytest.param(active("x", "2026-07-21"), ["OrderConflict"], id="P3: 13 days before it"),
        pytest.param(active("x", DUE), ["OrderConflict"], id="P3: on the same day"),
        pytest.param(active("x", None), [], id="P3: without a date"),
        pytest.param(active("x", "2026-05-03"), [], id="P3: before the day of the call"),
        pytest.param(active("o1", DUE), [], id="P3: the same id is the order itself"),
        pytest.param(active("x", DUE, medicationCodeableConcept=OTHER_DRUG), [], id="P3: of another drug"),
        pytest.param(active("x", DUE, status="completed"), [], id="P3: not active"),
        pytest.param(active("x", DUE, status="on-hold"), [], id="P3: on hold"),
        pytest.param(active("x", DUE, doNotPerform=True), [], id="P3: not to be carried out"),
        pytest.param(
            active("x", None, dispenseRequest={"validityPeriod": {"start": DUE}}),
            ["OrderConflict"],
            id="P2 P3: dated by its dispense",
        ),
    ],
)
def test_an_order_beside_an_active_one(order: Resource, expected: list[str]) -> None:
    with service(no_calls) as client:
        assert kinds(ask(client, ORDER, sign(draft(day=DUE), orders=bundle([order])))) == expected


POINTER = {"reference": "Medication/m1"}
MEDICATION = {"resourceType": "Medication", "id": "m1", "code": ATC}


@pytest.mark.parametrize(
    ("beside", "expected"),
    [
        pytest.param([active("x", "2026-08-10")], ["OrderConflict"], id="active"),
        pytest.param([active("x", "2026-08-10", status="completed")], [], id="not active"),
        pytest.param([draft("x", "2026-08-10", status=None)], [], id="of a status that nobody asked for"),
        pytest.param([active("o1", "2026-08-10")], [], id="the order itself"),
        pytest.param(
            [active("x", "2026-08-10", medicationCodeableConcept=None, medicationReference=POINTER), MEDICATION],
            ["OrderConflict"],
            id="by a Medication beside it",
        ),
    ],
)
def test_an_order_that_came_with_the_history(beside: list[Resource], expected: list[str]) -> None:
    request = sign(draft(day=DUE), orders=None, doses=[*history(*ON_SCHEDULE), *beside])
    with service(no_calls) as client:
        assert kinds(ask(client, ORDER, request)) == expected


def test_the_card_names_the_other_order_its_day_and_a_date_without_conflict() -> None:
    orders = bundle([active("x", "2026-08-10")])
    with service(no_calls) as client:
        [card] = ask(client, ORDER, sign(draft(day=DUE), orders=orders)).json()["cards"]
    assert card["summary"] == (
        "Nusinersen on 2026-08-03 is 7 days from the dose of another active order; "
        "at least 14 days must lie between doses"
    )
    assert card["indicator"] == "critical"
    assert "**Doses of other active orders:** 2026-08-10 (MedicationRequest/x)." in card["detail"]
    move = card["suggestions"][0]
    assert move["label"] == "Move the nusinersen dose to 2026-08-24"
    with service(no_calls) as client:
        moved = move["actions"][0]["resource"]
        assert kinds(ask(client, ORDER, sign(moved, orders=orders))) == []


def test_an_order_that_the_draft_replaces_is_not_in_its_way() -> None:
    replacing = draft(day=DUE, priorPrescription={"reference": "MedicationRequest/x"})
    with service(no_calls) as client:
        assert kinds(ask(client, ORDER, sign(replacing, orders=bundle([active("x", "2026-08-10")])))) == []


@pytest.mark.parametrize(
    ("status", "expected"), [("completed", []), ("in-progress", []), ("not-done", ["OrderConflict"])]
)
def test_an_order_that_was_carried_out_is_not_in_the_way(status: str, expected: list[str]) -> None:
    done = given("a9", ON_SCHEDULE[-1], status=status, request={"reference": "MedicationRequest/x"})
    asked = sign(draft(day=DUE), orders=bundle([active("x", "2026-08-10")]), doses=[*history(*ON_SCHEDULE), done])
    with service(no_calls) as client:
        assert kinds(ask(client, ORDER, asked)) == expected


def test_an_order_without_a_date_is_warned_of_an_active_one_within_the_minimum() -> None:
    with service(no_calls) as client:
        [card] = ask(client, ORDER, sign(draft(day=None), orders=bundle([active("x", "2026-05-15")]))).json()["cards"]
    assert (card["indicator"], card["source"]["topic"]["code"]) == ("warning", "NusinersenOrderConflict")


@pytest.mark.parametrize(
    "orders",
    [
        pytest.param(
            {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "x"}]}, id="an error"
        ),
        pytest.param("<html>", id="rubbish"),
        pytest.param(bundle([given("a1", "2026-01-01")]), id="other resources"),
        pytest.param(bundle([], link=[{"relation": "next", "url": "https://e.invalid/2"}]), id="a further page"),
        pytest.param(
            bundle(
                [active("x", DUE, medicationCodeableConcept=None, medicationReference={"reference": "Medication/m"})]
            ),
            id="a Medication that is not there",
        ),
        pytest.param(bundle([active("x", DUE, subject={"reference": "Patient/other"})]), id="of another patient"),
    ],
)
def test_that_the_orders_could_not_be_compared_is_a_card_or_a_line_in_another(orders: object) -> None:
    with service(no_calls) as client:
        [card] = ask(client, ORDER, sign(draft(day=DUE), orders=orders)).json()["cards"]
        assert card["source"]["topic"]["code"] == "NusinersenNotChecked"
        assert "NOT checked against other active orders" in card["summary"]
        [card] = ask(client, ORDER, sign(draft(day="2026-05-06"), orders=orders)).json()["cards"]
        assert card["source"]["topic"]["code"] == "NusinersenEarlierThanSchedule"
        assert "**Not compared with all other active orders:**" in card["detail"]


def test_without_prefetch_and_server_for_the_orders_the_history_is_judged_all_the_same() -> None:
    asked = call("order-sign", drafts=[draft(day=DUE)], prefetch=prefetched(*ON_SCHEDULE))
    del asked["prefetch"]["orders"]
    with service(no_calls) as client:
        assert kinds(ask(client, ORDER, asked)) == ["NotChecked"]


@pytest.mark.parametrize(("status", "expected"), [(200, ["OrderConflict"]), (403, ["NotChecked"])])
def test_the_orders_are_read_from_the_server(status: int, expected: list[str]) -> None:
    asked: list[httpx.URL] = []
    reference = {"reference": "Medication/m1"}
    order = active("x", "2026-08-10", medicationReference=reference)
    del order["medicationCodeableConcept"]

    def server(request: httpx.Request) -> httpx.Response:
        asked.append(request.url)
        if request.url.path.endswith("/MedicationRequest"):
            return httpx.Response(status, json=bundle([order]) if status == 200 else {})
        if request.url.path.endswith("/Medication"):
            return httpx.Response(200, json=bundle([{"resourceType": "Medication", "id": "m1", "code": ATC}]))
        if "/Medication/" in request.url.path:
            return httpx.Response(200, json={"resourceType": "Medication", "id": "m1", "code": ATC})
        return httpx.Response(200, json=bundle(history(*ON_SCHEDULE)))

    with service(server) as client:
        assert kinds(ask(client, ORDER, with_server(call("order-sign", drafts=[draft(day=DUE)])))) == expected
    of_orders = [url for url in asked if url.path.endswith("/MedicationRequest")]
    assert dict(of_orders[0].params) == {
        "patient": PATIENT,
        "status": "active",
        "_sort": "-authoredon",
        "_count": "500",
        "_include": "MedicationRequest:medication",
    }


def test_no_order_is_read_for_an_order_of_another_drug() -> None:
    other = draft(medicationCodeableConcept=OTHER_DRUG)
    with service(no_calls) as client:
        assert kinds(ask(client, ORDER, with_server(call("order-sign", drafts=[other])))) == []


def test_a_decision_rests_on_the_orders_too() -> None:
    digests = {
        left_behind(ORDER, sign(draft(day=DUE), orders=orders)).decisions[0].input
        for orders in (None, bundle([active("x", "2026-09-10")]))
    }
    assert len(digests) == 2
