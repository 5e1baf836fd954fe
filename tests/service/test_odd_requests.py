"""Requests that no client should send: none of them makes an unchecked order look checked."""

from __future__ import annotations

import json
import time
from typing import Any

import httpx
import pytest

from tests.service.ehr import (
    ATC,
    CHART,
    LAST_WEEK,
    ON_SCHEDULE,
    ORDER,
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

Resource = dict[str, Any]


@pytest.mark.parametrize(
    "value",
    [
        {"resourceType": "Patient", "id": "p"},
        {"resourceType": "Parameters"},
        {"resourceType": "bundle", "entry": [{"resource": given("a1", "2026-05-01")}]},
        bundle([{"resourceType": "Patient", "id": "p"}]),
        {"resourceType": "Bundle", "type": "searchset", "entry": [{"response": {"status": "200"}}]},
        {"resourceType": "Bundle", "type": "searchset", "entry": [{"fullUrl": "https://ehr.example.invalid/fhir/x"}]},
        {"resourceType": "Bundle", "type": "searchset", "total": "5"},
    ],
)
def test_a_prefetch_that_is_no_answer_is_not_an_empty_history(value: Resource) -> None:
    with service(no_calls) as client:
        request = call("order-sign", drafts=[draft()], prefetch={"administrations": value})
        assert kinds(ask(client, ORDER, request)) == ["NotChecked"]


@pytest.mark.parametrize(
    "drafts",
    [
        pytest.param({"resourceType": "Bundle", "entry": [draft()]}, id="resources without the wrapper"),
        pytest.param({"entry": [{"resource": draft()}]}, id="no resourceType"),
    ],
)
def test_drafts_that_can_be_understood_are_judged(drafts: Resource) -> None:
    with service(no_calls) as client:
        request = call("order-sign", prefetch=prefetched(*LAST_WEEK), context={"draftOrders": drafts})
        assert kinds(ask(client, ORDER, request)) == ["TooEarly"]


@pytest.mark.parametrize(
    "entry",
    [
        {"resource": draft()},
        [[{"resource": draft()}]],
        [{"resource": json.dumps(draft())}],
        [{"resource": [draft()]}],
        [{"resource": {**draft(), "resourceType": None}}],
        [{}],
    ],
)
def test_drafts_that_cannot_be_read_are_a_warning(entry: object) -> None:
    with service(no_calls) as client:
        drafts = {"resourceType": "Bundle", "entry": entry}
        request = call("order-sign", prefetch=prefetched(*LAST_WEEK), context={"draftOrders": drafts})
        assert kinds(ask(client, ORDER, request)) == ["NotChecked"]


@pytest.mark.parametrize("server", ["ftp://x", "not a url", "https://u:p@h", "http://h?q=1", "http://h:99999", 5])
def test_a_server_that_is_none_does_not_matter_where_the_prefetch_is_whole(server: object) -> None:
    with service(no_calls) as client:
        order = call("order-sign", drafts=[draft()], prefetch=prefetched(*LAST_WEEK), fhirServer=server)
        assert kinds(ask(client, ORDER, order)) == ["TooEarly"]
        chart = call("patient-view", prefetch=prefetched(*ON_SCHEDULE), fhirServer=server)
        assert kinds(ask(client, CHART, chart)) == []


@pytest.mark.parametrize("token", ["a b", "x\n", "é", ""])
def test_a_token_that_is_none_does_not_matter_where_the_prefetch_is_whole(token: str) -> None:
    request = with_server(call("order-sign", drafts=[draft()], prefetch=prefetched(*LAST_WEEK)))
    request["fhirAuthorization"]["access_token"] = token
    with service(no_calls) as client:
        assert kinds(ask(client, ORDER, request)) == ["TooEarly"]


def test_a_server_that_is_none_is_a_failure_where_it_is_needed() -> None:
    with service(no_calls) as client:
        request = call("order-sign", drafts=[draft()], fhirServer="ftp://x")
        assert kinds(ask(client, ORDER, request)) == ["NotChecked"]
        answer = ask(client, CHART, call("patient-view", fhirServer="ftp://x"))
        assert answer.status_code == 412
        wrong_type = ask(client, CHART, call("patient-view", fhirServer=5))
        assert "fhirServer was sent" in wrong_type.json()["issue"][0]["diagnostics"]


def nameless(name: str, day: str, **changes: Any) -> Resource:
    """A record whose Medication is somewhere else."""
    record = given(name, day, **{"medicationReference": {"reference": f"Medication/{name}"}, **changes})
    del record["medicationCodeableConcept"]
    return record


def test_records_whose_medication_nobody_was_asked_for_make_the_history_of_an_order_incomplete() -> None:
    prefetch = {"administrations": bundle([nameless("m1", "2026-05-01")])}
    with service(no_calls) as client:
        assert kinds(ask(client, ORDER, call("order-sign", drafts=[draft()], prefetch=prefetch))) == [
            "HistoryIncomplete"
        ]
        assert kinds(ask(client, CHART, call("patient-view", prefetch=prefetch))) == []


NOWHERE = {
    "no such resource in the Bundle": {"reference": "urn:uuid:11111111-1111-4111-8111-111111111111"},
    "nothing contained": {"reference": "#m1"},
    "a bare id": {"reference": "m1"},
    "a search": {"reference": "Medication?code=x"},
    "an identifier alone": {"identifier": {"value": "x"}},
}


@pytest.mark.parametrize("pointer", NOWHERE.values(), ids=NOWHERE)
def test_a_record_whose_medication_nobody_could_ask_for_makes_the_history_of_an_order_incomplete(
    pointer: Resource,
) -> None:
    records = [*history(*ON_SCHEDULE), nameless("a6", "2026-05-01", medicationReference=pointer)]
    told = [*history(*ON_SCHEDULE), nameless("a6", "2026-05-01", medicationReference={**pointer, "display": "aspirin"})]
    with service(no_calls) as client:
        order = call("order-sign", drafts=[draft(day="2026-08-03")], prefetch={"administrations": bundle(records)})
        answer = ask(client, ORDER, order)
        assert kinds(answer) == ["HistoryIncomplete"]
        assert (
            "1 of the records name their medication by a reference that leads nowhere"
            in (answer.json()["cards"][0]["detail"])
        )
        chart = call("patient-view", prefetch={"administrations": bundle(records)})
        assert kinds(ask(client, CHART, chart)) == []
        order["prefetch"]["administrations"] = bundle(told)
        assert kinds(ask(client, ORDER, order)) == []


@pytest.mark.parametrize("status", [404, 410])
def test_a_record_whose_medication_the_server_does_not_have_makes_the_history_of_an_order_incomplete(
    status: int,
) -> None:
    records = [*history(*ON_SCHEDULE), nameless("a6", "2026-05-01")]

    def server(request: httpx.Request) -> httpx.Response:
        if "/Medication/" in request.url.path:
            return httpx.Response(status, json=bundle([]))
        return httpx.Response(200, json=bundle([] if request.url.path.endswith("/Medication") else records))

    with service(server) as client:
        order = with_server(
            call("order-sign", drafts=[draft(day="2026-08-03")], prefetch={"administrations": bundle(records)})
        )
        assert kinds(ask(client, ORDER, order)) == ["HistoryIncomplete"]


def test_a_record_whose_medication_is_on_another_server_makes_the_history_of_an_order_incomplete() -> None:
    elsewhere = {"reference": "https://other.example.invalid/fhir/Medication/m1"}
    record = nameless("a6", "2026-05-01", medicationReference=elsewhere)
    records = [*history(*ON_SCHEDULE), record]

    def server(request: httpx.Request) -> httpx.Response:
        assert request.url.host == "ehr.example.invalid"
        of_doses = request.url.path.endswith("/MedicationAdministration")
        assert of_doses or request.url.path.endswith(("/MedicationRequest", "/MedicationStatement", f"/{PATIENT}"))
        return httpx.Response(200, json=bundle(records if of_doses else []))

    for prefetch in ({}, {"prefetch": {"administrations": bundle(records)}}):
        with service(server) as client:
            order = with_server(call("order-sign", drafts=[draft(day="2026-08-03")], **prefetch))
            assert kinds(ask(client, ORDER, order)) == ["HistoryIncomplete"]
            chart = with_server(call("patient-view", **prefetch))
            assert kinds(ask(client, CHART, chart)) == []
    record["medicationReference"]["display"] = "aspirin"
    with service(server) as client:
        assert kinds(ask(client, ORDER, with_server(call("order-sign", drafts=[draft(day="2026-08-03")])))) == []


@pytest.mark.parametrize("status", [403, 500])
def test_a_chart_whose_medications_could_not_be_read_is_a_failure_and_no_card_on_every_chart(status: int) -> None:
    def server(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("MedicationAdministration"):
            return httpx.Response(200, json=bundle([nameless("m1", "2026-05-01")]))
        return httpx.Response(status)

    with service(server, deadline_seconds=0.5) as client:
        assert ask(client, CHART, with_server(call("patient-view"))).status_code == 412


@pytest.mark.parametrize(
    ("identifier", "status"),
    [
        (f"Patient/{PATIENT}", 200),
        (f"https://ehr.example.invalid/fhir/Patient/{PATIENT}", 200),
        (f"Patient/{PATIENT}/_history/3", 200),
        (f"https://ehr.example.invalid/{PATIENT}", 400),
        (f"Practitioner/{PATIENT}", 400),
        ("urn:uuid:1", 400),
        ("Patient/", 400),
        ("a b", 400),
    ],
)
def test_the_patient_is_named_by_id_or_reference(identifier: str, status: int) -> None:
    with service(no_calls) as client:
        request = call("order-sign", drafts=[draft()], prefetch=prefetched(*LAST_WEEK))
        request["context"]["patientId"] = identifier
        answer = ask(client, ORDER, request)
    assert answer.status_code == status
    if status == 200:
        assert kinds(answer) == ["TooEarly"]


def test_an_order_for_another_patient_is_judged_and_said_to_be_so() -> None:
    with service(no_calls) as client:
        order = draft(subject={"reference": "Patient/somebody-else"})
        request = call("order-sign", drafts=[order], prefetch=prefetched(*LAST_WEEK))
        assert kinds(ask(client, ORDER, request)) == ["TooEarly", "NotChecked"]


def test_a_withdrawn_order_needs_no_history() -> None:
    with service(no_calls) as client:
        answer = ask(client, ORDER, call("order-sign", drafts=[draft(status="cancelled")]))
    assert answer.json() == {"cards": []}


def test_the_medication_of_a_draft_may_be_in_the_prefetch() -> None:
    order = draft(medicationReference={"reference": "Medication/m1"})
    del order["medicationCodeableConcept"]
    medication = {"resourceType": "Medication", "id": "m1", "code": ATC}
    with service(no_calls) as client:
        prefetch = {"administrations": bundle([*history(*LAST_WEEK), medication])}
        assert kinds(ask(client, ORDER, call("order-sign", drafts=[order], prefetch=prefetch))) == ["TooEarly"]


def test_an_order_that_nobody_can_identify_is_412_where_nothing_could_be_read() -> None:
    order = draft(medicationReference={"reference": "Medication/m1"})
    del order["medicationCodeableConcept"]
    with service(lambda _: httpx.Response(503), deadline_seconds=0.5) as client:
        for request in (call("order-sign", drafts=[order]), with_server(call("order-sign", drafts=[order]))):
            assert ask(client, ORDER, request).status_code == 412


@pytest.mark.parametrize(
    "selections",
    [
        ["MedicationRequest/other", "MedicationRequest/unknown"],
        ["MedicationRequest/other", {"reference": "MedicationRequest/o1"}],
        ["urn:uuid:1"],
        [],
        "MedicationRequest/other",
    ],
)
def test_a_selection_that_names_no_draft_does_not_turn_the_check_off(selections: object) -> None:
    other = draft("other", medicationCodeableConcept={"text": "paracetamol"})
    with service(no_calls) as client:
        request = call("order-select", drafts=[other, draft()], prefetch=prefetched(*LAST_WEEK))
        request["context"]["selections"] = selections
        assert kinds(ask(client, ORDER, request)) == ["TooEarly"]


@pytest.mark.parametrize(
    "days", [["2026-05-05", "9999-12-31"], [f"2026-{5 + n // 28:02}-{n % 28 + 1:02}" for n in range(6, 120)]]
)
def test_many_and_far_dates_are_answered_in_good_time(days: list[str]) -> None:
    dose = {"doseQuantity": {"value": 12, "system": "http://unitsofmeasure.org", "code": "mg"}}
    order = draft(dosageInstruction=[{"timing": {"event": days}, "doseAndRate": [dose]}])
    with service(no_calls) as client:
        started = time.perf_counter()
        answer = ask(client, ORDER, call("order-sign", drafts=[order], prefetch=prefetched(*LAST_WEEK)))
        took = time.perf_counter() - started
    assert kinds(answer) == ["TooEarly"]
    # not a measure of speed: without a bound on the search this took minutes
    assert took < 10


@pytest.mark.parametrize(
    "body",
    [
        b"\xef\xbb\xbf%b",
        b'{"userText": "\\ud800", %b',
        b'{"number": 1e999, %b',
    ],
)
def test_json_that_only_some_parsers_take_is_read(body: bytes) -> None:
    request = json.dumps(call("order-sign", drafts=[draft()], prefetch=prefetched(*LAST_WEEK))).encode()
    request = request if body.startswith(b"\xef") else request[1:]
    with service(no_calls) as client:
        assert kinds(client.post(f"/cds-services/{ORDER}", content=body % request)) == ["TooEarly"]


def test_a_draft_nested_without_end_costs_its_suggestions_and_not_its_warning() -> None:
    deep: Resource = {"url": "x"}
    for _ in range(200):
        deep = {"url": "x", "extension": [deep]}
    with service(no_calls) as client:
        request = call("order-sign", drafts=[draft(extension=[deep])], prefetch=prefetched(*LAST_WEEK))
        assert kinds(ask(client, ORDER, request)) == ["TooEarly"]


def test_a_draft_by_reference_with_a_vague_display_is_read() -> None:
    order = draft(medicationReference={"reference": "Medication/m1", "display": "12 mg/5 mL injection"})
    del order["medicationCodeableConcept"]

    def server(request: httpx.Request) -> httpx.Response:
        assert request.url.path.endswith("/Medication/m1")
        return httpx.Response(200, json={"resourceType": "Medication", "id": "m1", "code": ATC})

    with service(server) as client:
        request = with_server(call("order-sign", drafts=[order], prefetch=prefetched(*LAST_WEEK)))
        assert kinds(ask(client, ORDER, request)) == ["TooEarly"]


@pytest.mark.parametrize(
    ("severity", "code", "expected"),
    [
        ("warning", "suppressed", ["HistoryIncomplete"]),
        ("warning", "incomplete", ["HistoryIncomplete"]),
        ("warning", "forbidden", ["HistoryIncomplete"]),
        ("warning", "timeout", ["HistoryIncomplete"]),
        ("warning", "too-costly", ["HistoryIncomplete"]),
        ("information", "processing", []),
        ("error", "processing", ["HistoryIncomplete"]),
    ],
)
def test_a_warning_that_something_was_left_out_makes_the_history_incomplete(
    severity: str, code: str, expected: list[str]
) -> None:
    outcome = {"resourceType": "OperationOutcome", "issue": [{"severity": severity, "code": code}]}
    left_out = bundle(history(*ON_SCHEDULE))
    left_out["entry"].append({"resource": outcome, "search": {"mode": "outcome"}})
    with service(no_calls) as client:
        chart = call("patient-view", prefetch={"administrations": left_out})
        assert kinds(ask(client, CHART, chart)) == expected


@pytest.mark.parametrize(
    "more",
    [{"meta": {"tag": [{"code": "SUBSETTED"}]}}, {"total": "6"}],
    ids=["tagged SUBSETTED", "a count in a string"],
)
def test_a_prefetch_of_which_something_was_left_out_is_an_incomplete_history(more: Resource) -> None:
    with service(no_calls) as client:
        chart = call("patient-view", prefetch={"administrations": bundle(history(*ON_SCHEDULE), **more)})
        assert kinds(ask(client, CHART, chart)) == ["HistoryIncomplete"]


def test_two_doses_under_one_id_are_no_whole_history() -> None:
    twice = [given("a4", "2026-04-27"), *history(*ON_SCHEDULE)]
    with service(no_calls) as client:
        chart = call("patient-view", prefetch={"administrations": bundle(twice)})
        assert kinds(ask(client, CHART, chart)) == ["HistoryIncomplete"]
        twice[0]["meta"] = {"lastUpdated": "2026-04-28T10:00:00Z"}
        assert kinds(ask(client, CHART, chart)) == ["HistoryIncomplete"]
        twice[4]["meta"] = {"lastUpdated": "2026-04-29T10:00:00Z"}
        assert kinds(ask(client, CHART, call("patient-view", prefetch={"administrations": bundle(twice)}))) == []


@pytest.mark.parametrize(
    "instruction",
    [
        [{"timing": {"event": ["2026-05-06T10:00+12:00"]}}],
        [{"timing": {"event": ["2026-05-06 10:00"]}}],
        [{"timing": {"event": "2026-05-06"}}],
        {"timing": {"event": ["2026-05-06"]}},
    ],
)
def test_an_order_that_says_its_day_oddly_is_judged_on_that_day(instruction: object) -> None:
    with service(no_calls) as client:
        order = draft(dosageInstruction=instruction)
        request = call("order-sign", drafts=[order], prefetch=prefetched(*LAST_WEEK))
        answer = ask(client, ORDER, request)
        assert kinds(answer) == ["TooEarly"]
        [card] = answer.json()["cards"]
        assert card["indicator"] == "critical"
        assert "2026-05-06" in card["summary"]
        moved = card["suggestions"][0]["actions"][0]["resource"]
        assert kinds(ask(client, ORDER, call("order-sign", drafts=[moved], prefetch=prefetched(*LAST_WEEK)))) == []
