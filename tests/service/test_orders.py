"""Order entry: the alert is right, quick and rare."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import httpx
import pytest

from hooks.wire import CardsResponse
from tests.service.ehr import (
    ATC,
    LAST_WEEK,
    LOADED,
    ON_SCHEDULE,
    ORDER,
    OTHER_DRUG,
    PATIENT,
    SERVER,
    TOKEN,
    ask,
    bundle,
    call,
    draft,
    given,
    history,
    prefetched,
    service,
    with_server,
)

Resource = dict[str, Any]


def topics(answer: httpx.Response) -> list[str]:
    """The kinds of the cards, the answer being strictly valid."""
    assert answer.status_code == 200, answer.text
    CardsResponse.model_validate(answer.json())
    return [card["source"]["topic"]["code"] for card in answer.json()["cards"]]


@pytest.mark.parametrize(
    ("days", "order", "expected"),
    [
        pytest.param(LAST_WEEK, draft(day="2026-05-10"), ["NusinersenTooEarly"], id="13 days after the last dose"),
        pytest.param(LAST_WEEK, draft(day="2026-08-03"), [], id="on the day that is recommended"),
        pytest.param(LAST_WEEK, draft(day="2026-05-11"), ["NusinersenEarlierThanSchedule"], id="14 days, far too soon"),
        pytest.param(LAST_WEEK, draft(day="2026-07-06"), [], id="28 days early is within tolerance"),
        pytest.param(LAST_WEEK, draft(day="2026-07-05"), ["NusinersenEarlierThanSchedule"], id="29 days early"),
        pytest.param(LAST_WEEK, draft(day=None), ["NusinersenTooEarly"], id="no date, the last dose a week ago"),
        pytest.param(LAST_WEEK, draft(day="2026-05-02"), ["NusinersenTooEarly"], id="a past date is no date"),
        pytest.param(ON_SCHEDULE, draft(day=None), [], id="no date, and a dose today would keep the minimum"),
        pytest.param((), draft(), [], id="the first dose"),
        pytest.param(LOADED, draft(day="2026-05-20"), [], id="late alone is no card: the order is the cure"),
        pytest.param(
            ("2025-06-01", *LOADED), draft(), ["NusinersenDecision"], id="transferred, loading not documented"
        ),
        pytest.param(
            ("2024-01-01", "2024-01-15", "2024-01-29", "2024-03-04", "2024-07-04"),
            draft(),
            ["NusinersenCatchUp"],
            id="22 months after the last dose",
        ),
        pytest.param(
            ("2021-01-01", "2021-01-15", "2021-01-29", "2021-03-05", "2021-07-05"),
            draft(),
            ["NusinersenRestart"],
            id="58 months after the last dose",
        ),
    ],
)
def test_one_order(days: tuple[str, ...], order: Resource, expected: list[str]) -> None:
    with service() as client:
        for hook, context in (("order-sign", {}), ("order-select", {"selections": ["MedicationRequest/o1"]})):
            request = call(hook, drafts=[order], prefetch=prefetched(*days), context=context)
            assert topics(ask(client, ORDER, request)) == expected


def test_the_card_of_an_order_that_is_too_early() -> None:
    with service() as client:
        answer = ask(client, ORDER, call("order-sign", drafts=[draft()], prefetch=prefetched(*LAST_WEEK)))
    [card] = answer.json()["cards"]
    assert card["indicator"] == "critical"
    assert card["summary"].startswith("Nusinersen on 2026-05-06 is 9 days after the last dose; not before 2026-05-11")
    assert "2026-05-04T12:30:00+12:45" in card["detail"]
    assert card["extension"]["org.nusinersen-cds"]["findings"][0] == "interval-too-short"
    move, remove = card["suggestions"]
    assert move["actions"][0]["type"] == "update"
    assert move["actions"][0]["resource"]["dosageInstruction"][0]["timing"]["event"] == ["2026-08-03"]
    assert remove["actions"] == [
        {"type": "delete", "resourceId": "MedicationRequest/o1", "description": remove["label"]}
    ]
    assert {reason["code"] for reason in card["overrideReasons"]}


@pytest.mark.parametrize("day", ["2026-05-05", "2026-05-10", "2026-05-11", "2026-07-01", None])
@pytest.mark.parametrize("where", ["event", "bounds", "validity"])
def test_law_after_a_suggestion_is_accepted_there_is_no_card(day: str | None, where: str) -> None:
    order = draft(day=None)
    if day is not None and where == "event":
        order["dosageInstruction"] = [{"timing": {"event": [f"{day}T10:00:00+12:00"]}}]
    elif day is not None and where == "bounds":
        bounds = {"start": day, "end": "2026-07-15"}
        order["dosageInstruction"] = [{"timing": {"repeat": {"boundsPeriod": bounds}}}]
    elif day is not None:
        order["dispenseRequest"] = {"validityPeriod": {"start": day}}
    with service() as client:
        request = call("order-sign", drafts=[order], prefetch=prefetched(*LAST_WEEK))
        [card] = ask(client, ORDER, request).json()["cards"]
        for suggestion in card["suggestions"]:
            action = suggestion["actions"][0]
            accepted = [action["resource"]] if action["type"] == "update" else []
            again = call("order-sign", drafts=deepcopy(accepted), prefetch=prefetched(*LAST_WEEK))
            assert topics(ask(client, ORDER, again)) == []


def test_two_orders_too_near_one_another() -> None:
    orders = [draft("o1", "2026-08-03"), draft("o2", "2026-08-10")]
    with service() as client:
        answer = ask(client, ORDER, call("order-sign", drafts=orders, prefetch=prefetched(*ON_SCHEDULE)))
    assert topics(answer) == ["NusinersenOrderConflict"]
    assert answer.json()["cards"][0]["extension"]["org.nusinersen-cds"]["orders"] == ["MedicationRequest/o2"]


@pytest.mark.parametrize("prefix", ["", "MedicationRequest/"])
def test_on_order_select_only_what_is_selected_is_judged_and_the_rest_is_context(prefix: str) -> None:
    orders = [draft("o1", "2026-08-03"), draft("o2", "2026-08-10")]
    with service() as client:
        for selected, expected in (
            (["o1"], []),
            (["o2"], ["NusinersenOrderConflict"]),
            (["o1", "o2"], ["NusinersenOrderConflict"]),
            (None, ["NusinersenOrderConflict"]),
        ):
            context = {} if selected is None else {"selections": [prefix + name for name in selected]}
            request = call("order-select", drafts=orders, prefetch=prefetched(*LAST_WEEK), context=context)
            assert topics(ask(client, ORDER, request)) == expected


@pytest.mark.parametrize(
    "orders",
    [
        pytest.param([], id="no order at all"),
        pytest.param([draft(medicationCodeableConcept=OTHER_DRUG)], id="another drug"),
        pytest.param([{"resourceType": "ServiceRequest", "id": "s1", "status": "draft"}], id="no medication order"),
    ],
)
def test_an_order_that_is_not_ours_reads_nothing_and_needs_no_history(orders: list[Resource]) -> None:
    with service() as client:
        for request in (call("order-sign", drafts=orders), with_server(call("order-sign", drafts=orders))):
            answer = ask(client, ORDER, request)
            assert (answer.status_code, answer.json()) == (200, {"cards": []})


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"status": "cancelled"}, []),
        ({"status": "entered-in-error"}, []),
        ({"doNotPerform": True}, []),
        ({"status": "active"}, ["NusinersenTooEarly"]),
        ({"intent": "plan"}, ["NusinersenTooEarly"]),
    ],
)
def test_a_draft_that_is_withdrawn_proposes_nothing(changes: Resource, expected: list[str]) -> None:
    with service() as client:
        request = call("order-sign", drafts=[draft(**changes)], prefetch=prefetched(*LAST_WEEK))
        assert topics(ask(client, ORDER, request)) == expected


def test_a_wrong_route_and_a_wrong_amount_are_cards() -> None:
    route = {"coding": [{"system": "http://snomed.info/sct", "code": "47625008"}]}
    dose = {"doseQuantity": {"value": 50, "system": "http://unitsofmeasure.org", "code": "mg"}}
    event = {"timing": {"event": ["2026-08-03"]}}
    with service() as client:
        for instruction, indicator in (({"route": route}, "critical"), ({"doseAndRate": [dose]}, "warning")):
            order = draft(dosageInstruction=[{**event, **instruction}])
            answer = ask(client, ORDER, call("order-sign", drafts=[order], prefetch=prefetched(*LAST_WEEK)))
            assert topics(answer) == ["NusinersenWrongRouteOrAmount"]
            assert answer.json()["cards"][0]["indicator"] == indicator


def medication_server(request: httpx.Request) -> httpx.Response:
    """Has the Medication of the order and the history; wants the token of the call."""
    assert request.headers["Authorization"] == f"Bearer {TOKEN}"
    if request.url.path == "/fhir/Medication/m1":
        return httpx.Response(200, json={"resourceType": "Medication", "id": "m1", "code": ATC})
    if request.url.path == "/fhir/Medication/m2":
        return httpx.Response(200, json={"resourceType": "Medication", "id": "m2", "code": OTHER_DRUG})
    if request.url.path == "/fhir/MedicationAdministration":
        return httpx.Response(200, json=bundle(history(*LAST_WEEK)))
    return httpx.Response(404, json={"resourceType": "OperationOutcome", "issue": []})


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        pytest.param({"reference": "Medication/m1"}, ["NusinersenTooEarly"], id="read by the token of the call"),
        pytest.param({"reference": f"{SERVER}/Medication/m1"}, ["NusinersenTooEarly"], id="absolute"),
        pytest.param({"reference": "Medication/m2"}, [], id="another drug"),
        pytest.param({"reference": "Medication/gone", "display": "Spinraza"}, ["NusinersenTooEarly"], id="a display"),
        pytest.param(
            {"reference": "Medication/gone"}, ["NusinersenNotChecked"], id="nobody knows, patient has nusinersen"
        ),
        pytest.param({"reference": "#c1"}, ["NusinersenTooEarly"], id="contained"),
    ],
)
def test_a_draft_that_only_refers_to_its_medication(reference: Resource, expected: list[str]) -> None:
    order = draft(medicationReference=reference, contained=[{"resourceType": "Medication", "id": "c1", "code": ATC}])
    del order["medicationCodeableConcept"]
    with service(medication_server) as client:
        assert topics(ask(client, ORDER, with_server(call("order-sign", drafts=[order])))) == expected


def test_a_draft_that_nobody_can_identify_is_silent_for_a_patient_without_the_drug() -> None:
    order = draft(medicationReference={"reference": "Medication/gone"})
    del order["medicationCodeableConcept"]
    paracetamol = given("a1", "2026-05-01", medicationCodeableConcept=OTHER_DRUG)
    with service() as client:
        request = call("order-sign", drafts=[order], prefetch={"administrations": bundle([paracetamol])})
        assert topics(ask(client, ORDER, request)) == []


def test_unidentified_records_are_one_line_on_an_order_that_is_ours() -> None:
    nameless = [
        given("u1", "2026-01-07", medicationReference={"reference": "Medication/x"}),
        given("u2", "2026-02-09", medicationReference={"reference": "Medication/y"}),
    ]
    for record in nameless:
        del record["medicationCodeableConcept"]
    with service() as client:
        prefetch = {"administrations": bundle([*history(*LAST_WEEK), *nameless])}
        [card] = ask(client, ORDER, call("order-sign", drafts=[draft()], prefetch=prefetch)).json()["cards"]
    [line] = [line for line in card["detail"].splitlines() if "could not be identified" in line]
    assert line.startswith("2 records")
    assert "2026-01-07 to 2026-02-09" in line


def test_the_assessment_is_in_the_extension_where_a_setting_asks_for_it() -> None:
    with service(show_assessment=True) as client:
        answer = ask(client, ORDER, call("order-sign", drafts=[draft()], prefetch=prefetched(*LAST_WEEK)))
    assessment = answer.json()["extension"]["org.nusinersen-cds"]["assessment"]
    assert assessment["patient"] == f"Patient/{PATIENT}"
    assert [dose["step"] for dose in assessment["evaluations"]][-1] == "maintenance"
    assert assessment["proposed"][0]["suggested"] == "2026-08-03"
