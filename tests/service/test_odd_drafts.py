"""Drafts of other kinds, of colliding ids, on further pages, and by Medications that could not be read."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.service.ehr import (
    ATC,
    LAST_WEEK,
    ON_SCHEDULE,
    ORDER,
    OTHER_DRUG,
    PATIENT,
    SERVER,
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

HCPCS = {"coding": [{"system": "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets", "code": "J2326"}]}


def of_kind(kind: str, name: str = "s1", **changes: Any) -> Resource:
    """A draft of another kind than MedicationRequest, by billing code."""
    return {
        "resourceType": kind,
        "id": name,
        "status": "draft",
        "intent": "order",
        "code": HCPCS,
        "subject": {"reference": f"Patient/{PATIENT}"},
        **changes,
    }


def by_reference(name: str = "o1", **pointer: str) -> Resource:
    """A draft whose Medication is somewhere else."""
    order = draft(name, medicationReference={"reference": "Medication/m1", **pointer})
    del order["medicationCodeableConcept"]
    return order


OTHER_KINDS = [
    pytest.param([of_kind("ServiceRequest")], ["NotChecked"], id="a listed code"),
    pytest.param(
        [of_kind("DeviceRequest", code=None, codeCodeableConcept=ATC)], ["NotChecked"], id="another listed code"
    ),
    pytest.param(
        [{**draft("s1"), "resourceType": "MedicationDispense"}], ["NotChecked"], id="a medication, of another type"
    ),
    pytest.param(
        [of_kind("SupplyRequest", code=None, medicationCodeableConcept={"text": "Spinraza"})],
        ["NotChecked"],
        id="a medication by its name",
    ),
    pytest.param([of_kind("ServiceRequest"), of_kind("Task", "t1")], ["NotChecked"] * 2, id="two"),
    pytest.param([of_kind("ServiceRequest"), draft()], ["TooEarly", "NotChecked"], id="beside an order that is read"),
    pytest.param([of_kind("ServiceRequest", status="cancelled")], [], id="withdrawn"),
    pytest.param([of_kind("ServiceRequest", doNotPerform=True)], [], id="not to be done"),
    pytest.param([of_kind("ServiceRequest", code=OTHER_DRUG)], [], id="the code of another drug"),
    pytest.param(
        [of_kind("ServiceRequest", code={"text": "lumbar puncture for Spinraza"})], [], id="a procedure, by its text"
    ),
]


@pytest.mark.parametrize(("drafts", "expected"), OTHER_KINDS)
def test_an_order_of_another_kind_is_said_to_be_unchecked(drafts: list[Resource], expected: list[str]) -> None:
    with service(no_calls) as client:
        answer = ask(client, ORDER, call("order-sign", drafts=drafts, prefetch=prefetched(*LAST_WEEK)))
    assert kinds(answer) == expected
    said = [card for card in answer.json()["cards"] if "NOT checked" in card["summary"]]
    assert all("this kind of order is not read" in card["summary"] for card in said)
    assert len(said) == expected.count("NotChecked")


SOON = {"occurrenceDateTime": "2026-05-06T10:00:00+12:45"}
BY_OCCURRENCE = [
    pytest.param([of_kind("ServiceRequest", **SOON)], ["TooEarly"], id="a procedure with a listed code"),
    pytest.param([of_kind("DeviceRequest", code=None, codeCodeableConcept=ATC, **SOON)], ["TooEarly"], id="a device"),
    pytest.param([of_kind("ServiceRequest", occurrenceDateTime="2026-09-20")], [], id="in time"),
    pytest.param([of_kind("ServiceRequest", **SOON), draft()], ["TooEarly", "NotChecked"], id="beside its order"),
    pytest.param(
        [of_kind("ServiceRequest", **SOON), draft(status="cancelled")], ["TooEarly"], id="beside one that is withdrawn"
    ),
    pytest.param([of_kind("SupplyRequest", **SOON)], ["NotChecked"], id="a delivery"),
]


@pytest.mark.parametrize(("drafts", "expected"), BY_OCCURRENCE)
def test_an_order_of_another_kind_is_judged_by_its_occurrence(drafts: list[Resource], expected: list[str]) -> None:
    with service(no_calls) as client:
        answer = ask(client, ORDER, call("order-sign", drafts=drafts, prefetch=prefetched(*LAST_WEEK)))
    assert kinds(answer) == expected


def test_a_later_date_for_such_an_order_is_suggested_where_it_says_when() -> None:
    drafts = [of_kind("ServiceRequest", **SOON)]
    with service(no_calls) as client:
        answer = ask(client, ORDER, call("order-sign", drafts=drafts, prefetch=prefetched(*LAST_WEEK)))
    actions = [each["actions"][0] for each in answer.json()["cards"][0]["suggestions"]]
    [moved] = [each["resource"] for each in actions if each["type"] == "update"]
    assert moved["resourceType"] == "ServiceRequest"
    assert moved["occurrenceDateTime"] > "2026-05-06"
    assert {**moved, **SOON} == drafts[0]


def test_an_order_of_another_kind_needs_no_history() -> None:
    with service(no_calls) as client:
        for request in (
            call("order-sign", drafts=[of_kind("ServiceRequest")]),
            with_server(call("order-sign", drafts=[of_kind("ServiceRequest")])),
        ):
            answer = ask(client, ORDER, request)
            assert kinds(answer) == ["NotChecked"]
            assert "ServiceRequest/s1" in answer.json()["cards"][0]["detail"]


def test_of_orders_of_another_kind_only_those_selected_are_said_to_be_unchecked() -> None:
    drafts = [of_kind("ServiceRequest"), of_kind("Task", "t1")]
    request = call("order-select", drafts=drafts, context={"selections": ["Task/t1"]})
    with service(no_calls) as client:
        answer = ask(client, ORDER, request)
    assert kinds(answer) == ["NotChecked"]
    assert "Task/t1" in answer.json()["cards"][0]["detail"]


@pytest.mark.parametrize("other_first", [True, False])
@pytest.mark.parametrize(
    ("selections", "expected"),
    [
        (["MedicationRequest/o1"], ["TooEarly"]),
        ([f"{SERVER}/MedicationRequest/o1"], ["TooEarly"]),
        (["MedicationRequest/o1/_history/2"], ["TooEarly"]),
        (["o1"], ["TooEarly"]),
        (["ServiceRequest/o1"], []),
        ([f"{SERVER}/ServiceRequest/o1"], []),
        (["ServiceRequest/o1", "MedicationRequest/o1"], ["TooEarly"]),
        # names no draft, so that all are judged
        (["NutritionOrder/o1"], ["TooEarly"]),
    ],
)
def test_two_drafts_of_one_id_are_told_apart_by_their_type(
    selections: list[str], expected: list[str], other_first: bool
) -> None:
    drafts = [of_kind("ServiceRequest", "o1", code={"text": "lumbar puncture"}), draft("o1")]
    request = call(
        "order-select",
        drafts=drafts if other_first else drafts[::-1],
        prefetch=prefetched(*LAST_WEEK),
        context={"selections": selections},
    )
    with service(no_calls) as client:
        assert kinds(ask(client, ORDER, request)) == expected


NEXT = [{"relation": "next", "url": f"{SERVER}?page=2"}]


@pytest.mark.parametrize(
    ("drafts", "expected"),
    [
        ([draft(medicationCodeableConcept=OTHER_DRUG)], ["NotChecked"]),
        ([], ["NotChecked"]),
        ([draft(day="2026-08-03")], ["NotChecked"]),
        ([draft()], ["TooEarly", "NotChecked"]),
    ],
)
def test_drafts_that_go_on_on_a_further_page_are_not_all_checked(drafts: list[Resource], expected: list[str]) -> None:
    request = call("order-sign", drafts=drafts, prefetch=prefetched(*LAST_WEEK))
    request["context"]["draftOrders"]["link"] = NEXT
    with service(no_calls) as client:
        answer = ask(client, ORDER, request)
    assert kinds(answer) == expected
    assert "names a further page of draft orders" in answer.json()["cards"][-1]["detail"]


def test_a_further_page_of_drafts_does_not_matter_where_those_selected_are_here() -> None:
    request = call("order-select", drafts=[draft()], prefetch=prefetched(*LAST_WEEK))
    request["context"]["draftOrders"]["link"] = NEXT
    with service(no_calls) as client:
        for selections, expected in ((["o1"], ["TooEarly"]), (["o1", "o2"], ["TooEarly", "NotChecked"])):
            request["context"]["selections"] = selections
            assert kinds(ask(client, ORDER, request)) == expected


PARACETAMOL = given("a1", "2026-05-01", medicationCodeableConcept=OTHER_DRUG)


@pytest.mark.parametrize("records", [[], [PARACETAMOL]], ids=["no records", "records of another drug"])
@pytest.mark.parametrize("status", [401, 403, 500, 503])
def test_a_first_dose_whose_medication_could_not_be_read_is_never_no_cards(
    status: int, records: list[Resource]
) -> None:
    def server(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/MedicationAdministration"):
            return httpx.Response(200, json=bundle(records))
        return httpx.Response(status)

    for prefetch in ({}, {"prefetch": {"administrations": bundle(records)}}):
        with service(server, deadline_seconds=0.5) as client:
            answer = ask(client, ORDER, with_server(call("order-sign", drafts=[by_reference()], **prefetch)))
        assert answer.status_code == 412, answer.text
        [issue] = answer.json()["issue"]
        assert "Medications not read: 1" in issue["diagnostics"]
        assert PATIENT not in answer.text


def test_a_server_that_cannot_be_used_is_a_medication_that_could_not_be_read() -> None:
    request = call("order-sign", drafts=[by_reference()], prefetch=prefetched(), fhirServer="ftp://x")
    with service(no_calls) as client:
        answer = ask(client, ORDER, request)
    assert answer.status_code == 412, answer.text


@pytest.mark.parametrize(
    ("drafts", "records", "expected"),
    [
        pytest.param([by_reference()], history(*ON_SCHEDULE), ["NotChecked"], id="the patient has nusinersen"),
        pytest.param([by_reference(), draft("o2")], history(*LAST_WEEK), ["TooEarly", "NotChecked"], id="beside ours"),
        pytest.param([by_reference(), of_kind("Task")], [], ["NotChecked"] * 2, id="beside one of another kind"),
        pytest.param(
            [by_reference(), draft("o2"), draft("o3")], [], ["OrderConflict", "NotChecked"], id="beside a conflict"
        ),
    ],
)
def test_a_medication_that_could_not_be_read_is_a_card_where_there_are_cards(
    drafts: list[Resource], records: list[Resource], expected: list[str]
) -> None:
    request = with_server(call("order-sign", drafts=drafts, prefetch={"administrations": bundle(records)}))
    with service(lambda _: httpx.Response(403)) as client:
        assert kinds(ask(client, ORDER, request)) == expected


@pytest.mark.parametrize(
    ("pointer", "expected"),
    [
        ({"display": "nusinersen 12 mg"}, ["TooEarly"]),
        ({"display": "aspirin"}, []),
        ({"display": "injection"}, []),
    ],
)
def test_a_text_beside_a_reference_tells_the_drug_where_the_medication_could_not_be_read(
    pointer: dict[str, str], expected: list[str]
) -> None:
    request = with_server(call("order-sign", drafts=[by_reference(**pointer)], prefetch=prefetched(*LAST_WEEK)))
    with service(lambda _: httpx.Response(403)) as client:
        assert kinds(ask(client, ORDER, request)) == expected


OF_R5 = {"concept": ATC}


def dated_kind(kind: str, **changes: Any) -> Resource:
    """A draft of another kind for a day a week after the last dose."""
    return {**of_kind(kind, code=None, occurrenceDateTime="2026-05-06"), **changes}


def without_id(order: Resource) -> Resource:
    return {name: value for name, value in order.items() if name != "id"}


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        pytest.param(dated_kind("ServiceRequest", code=OF_R5), ["TooEarly"], id="a service of R5"),
        pytest.param(dated_kind("DeviceRequest", code=OF_R5), ["TooEarly"], id="a device of R5"),
        pytest.param(dated_kind("DeviceRequest", codeCodeableConcept=ATC), ["TooEarly"], id="a device of R4"),
        pytest.param(dated_kind("ServiceRequest", code={"concept": OTHER_DRUG}), [], id="another service of R5"),
        pytest.param(dated_kind("ServiceRequest", code={"concept": "M09AX07"}), [], id="a concept that is none"),
        pytest.param(dated_kind("SupplyRequest", itemCodeableConcept=ATC), ["NotChecked"], id="a supply of R4"),
        pytest.param(dated_kind("SupplyRequest", item=OF_R5), ["NotChecked"], id="a supply of R5"),
        pytest.param(dated_kind("SupplyRequest", item={"concept": OTHER_DRUG}), [], id="another supply"),
    ],
)
def test_p2_an_order_of_another_kind_is_known_by_its_code_in_r4_and_in_r5(
    order: dict[str, Any], expected: list[str]
) -> None:
    with service() as client:
        request = call("order-sign", drafts=[order], prefetch=prefetched(*LAST_WEEK))
        assert kinds(ask(client, ORDER, request)) == expected


def doses_of(*milligrams: int) -> dict[str, Any]:
    said = [{"doseQuantity": {"value": each, "unit": "mg"}} for each in milligrams]
    return {"dosageInstruction": [{"timing": {"event": ["2026-08-03"]}, "doseAndRate": said}]}


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        pytest.param(doses_of(12), [], id="12 mg"),
        pytest.param(doses_of(12, 12), [], id="12 mg twice"),
        pytest.param(doses_of(12, 50), ["WrongRouteOrAmount"], id="12 and 50 mg"),
        pytest.param(doses_of(50, 12), ["WrongRouteOrAmount"], id="50 and 12 mg"),
    ],
)
def test_c5_each_amount_that_an_order_says_is_judged(order: dict[str, Any], expected: list[str]) -> None:
    with service() as client:
        request = call("order-sign", drafts=[draft(**order)], prefetch=prefetched(*ON_SCHEDULE))
        assert kinds(ask(client, ORDER, request)) == expected


@pytest.mark.parametrize(
    ("orders", "expected"),
    [
        pytest.param([draft("o1", "2026-08-03")] * 2, [], id="sent twice"),
        pytest.param([draft("o1", "2026-08-03"), draft("o1", "2026-08-04")], ["OrderConflict"], id="two versions"),
        pytest.param([draft("o1", "2026-08-03"), draft("o2", "2026-08-03")], ["OrderConflict"], id="two orders"),
        pytest.param([without_id(draft("o1", "2026-08-03"))] * 2, ["OrderConflict"], id="two that have no id"),
    ],
)
def test_p3_a_draft_that_is_sent_twice_is_in_no_conflict_with_itself(
    orders: list[dict[str, Any]], expected: list[str]
) -> None:
    with service() as client:
        request = call("order-sign", drafts=orders, prefetch=prefetched(*ON_SCHEDULE))
        assert kinds(ask(client, ORDER, request)) == expected


@pytest.mark.parametrize(
    ("name", "target"), [("m1", "Medication/m1"), (None, "urn:uuid:5c1b1b0e-5d0a-4b66-9b67-0c3d0a2f4e11")]
)
@pytest.mark.parametrize(("day", "expected"), [("2026-08-03", []), ("2026-05-06", ["TooEarly"])])
def test_c1_a_medication_among_the_drafts_is_no_order(
    name: str | None, target: str, day: str, expected: list[str]
) -> None:
    order = without_medication(draft("o1", day, medicationReference={"reference": target}))
    product = {"resourceType": "Medication", **({"id": name} if name else {}), "code": ATC}
    request = call("order-sign", drafts=[order], prefetch=prefetched(*(ON_SCHEDULE if not expected else LAST_WEEK)))
    request["context"]["draftOrders"]["entry"].append({"fullUrl": target, "resource": product})
    with service() as client:
        assert kinds(ask(client, ORDER, request)) == expected


def without_medication(order: Resource) -> Resource:
    return {name: value for name, value in order.items() if name != "medicationCodeableConcept"}


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        pytest.param({"status": "active"}, [], id="active"),
        pytest.param({"status": "draft"}, ["OrderConflict"], id="a draft, which can be signed too"),
        pytest.param({"status": "active", "id": "o3"}, ["OrderConflict"], id="another one"),
    ],
)
def test_p3_an_order_that_a_draft_of_the_request_replaces_is_not_in_its_way(
    before: dict[str, Any], expected: list[str]
) -> None:
    revision = draft("o1", "2026-08-05", priorPrescription={"reference": "MedicationRequest/o2"})
    request = call(
        "order-sign", drafts=[draft("o2", "2026-08-03", **before), revision], prefetch=prefetched(*ON_SCHEDULE)
    )
    with service() as client:
        assert kinds(ask(client, ORDER, request)) == expected


def test_p3_an_order_without_a_status_can_still_be_signed_beside_the_one_that_replaces_it() -> None:
    before, revision = draft("o2"), draft("o1", "2026-08-05", priorPrescription={"reference": "MedicationRequest/o2"})
    del before["status"]
    request = call("order-sign", drafts=[before, revision], prefetch=prefetched(*LAST_WEEK))
    with service() as client:
        assert kinds(ask(client, ORDER, request)) == ["TooEarly", "EarlierThanSchedule"]


def test_p3_an_order_that_replaces_itself_is_judged() -> None:
    order = draft("o1", priorPrescription={"reference": "MedicationRequest/o1"})
    for each in (order, {**order, "status": "active"}):
        with service() as client:
            request = call("order-sign", drafts=[each], prefetch=prefetched(*LAST_WEEK))
            assert kinds(ask(client, ORDER, request)) == ["TooEarly"]
