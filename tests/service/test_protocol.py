"""The contract of CDS Hooks 2.0: discovery, bad requests, CORS, the chart service."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

import hooks.endpoint
import hooks.feedback_page
from cds.fhir.resources import explain
from hooks.wire import CardsResponse, Discovery
from tests.service.ehr import (
    APPOINTMENT,
    CHART,
    ENCOUNTER,
    LAST_WEEK,
    LOADED,
    ON_SCHEDULE,
    ORDER,
    PATIENT,
    ask,
    bundle,
    call,
    draft,
    given,
    kinds,
    prefetched,
    service,
    with_server,
)

Resource = dict[str, Any]


def test_discovery_is_valid_and_lists_each_hook_of_each_service() -> None:
    with service() as client:
        answer = client.get("/cds-services")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    Discovery.model_validate(answer.json())
    offered = {(entry["id"], entry["hook"]) for entry in answer.json()["services"]}
    assert offered == {
        (CHART, "patient-view"),
        (ORDER, "order-select"),
        (ORDER, "order-sign"),
        (APPOINTMENT, "appointment-book"),
        (ENCOUNTER, "encounter-start"),
    }
    history = "MedicationAdministration?patient={{context.patientId}}&_sort=-effective-time"
    orders = "MedicationRequest?patient={{context.patientId}}&status=active&_sort=-authoredon"
    booked = "Appointment?patient={{context.patientId}}&status=booked,pending,arrived,checked-in&_sort=-date"
    statements = "MedicationStatement?patient={{context.patientId}}&_sort=-effective"
    all_ = {"orders": orders, "statements": statements, "patient": "Patient/{{context.patientId}}"}
    both = {**all_, "appointments": booked}
    beside = {CHART: both, ORDER: all_, APPOINTMENT: all_, ENCOUNTER: both}
    for entry in answer.json()["services"]:
        assert entry["prefetch"] == {"administrations": history, **beside[entry["id"]]}
        assert "inline" in entry["usageRequirements"]


def test_the_filter_by_code_is_a_setting() -> None:
    with service(filter_by_code=True) as client:
        [template] = {entry["prefetch"]["administrations"] for entry in client.get("/cds-services").json()["services"]}
    assert "code=" in template
    assert "http://www.whocc.no/atc|M09AX07" in template


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"", None),
        (b'{"hook": ', None),
        (b"[]", None),
        (b"null", None),
        ({"hook": None}, "hook"),
        ({"hook": "order-dispatch"}, "hook"),
        ({"hook": "patient-view"}, "hook"),
        ({"hookInstance": None}, "hookInstance"),
        ({"context": None}, "context"),
        ({"context": {"draftOrders": {"resourceType": "Bundle"}}}, "context.patientId"),
        ({"context": {"patientId": "x"}}, "context.draftOrders"),
        ({"context": {"patientId": "x", "draftOrders": []}}, "context.draftOrders"),
    ],
)
def test_a_bad_request_is_told_which_field_is_wrong(body: bytes | Resource, field: str | None) -> None:
    with service() as client:
        if isinstance(body, bytes):
            answer = client.post(f"/cds-services/{ORDER}", content=body)
        else:
            request = {**call("order-sign", drafts=[draft()]), **body}
            answer = ask(client, ORDER, {name: value for name, value in request.items() if value is not None})
    assert answer.status_code == 400
    assert answer.json()["resourceType"] == "OperationOutcome"
    assert answer.headers["X-Incident-Id"]
    if field is not None:
        assert [issue["expression"] for issue in answer.json()["issue"]] == [[field]]


def test_an_unknown_service_is_404_and_the_message_lists_ours() -> None:
    with service() as client:
        answer = ask(client, "unknown", call("patient-view"))
    assert answer.status_code == 404
    assert CHART in answer.json()["issue"][0]["diagnostics"]


@pytest.mark.parametrize("path", ["/", "/cds-services//", "/metadata", "/cds-services/nusinersen-chart"])
def test_other_pages_are_errors_with_an_outcome(path: str) -> None:
    with service() as client:
        answer = client.get(path, follow_redirects=False)
    assert answer.status_code in {404, 405}
    if answer.status_code != 307:
        assert answer.json()["resourceType"] == "OperationOutcome"


def test_every_error_is_a_valid_outcome(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each way to fail, with the status and the issue codes of its answer."""
    drafted = call("order-sign", drafts=[draft()])
    pointing = call("order-sign", drafts=[draft(medicationReference={"reference": "Medication/m1"})])
    del pointing["context"]["draftOrders"]["entry"][0]["resource"]["medicationCodeableConcept"]
    with service(lambda _: httpx.Response(403), order_failure="status") as client:
        answers = [
            client.get("/"),
            client.get(f"/cds-services/{CHART}"),
            ask(client, "unknown", drafted),
            client.post(f"/cds-services/{ORDER}", content=b'{"hook": '),
            client.post(f"/cds-services/{ORDER}", content=b"[]"),
            ask(client, ORDER, {"hook": "order-dispatch", "context": {"patientId": 5}}),
            ask(client, ORDER, drafted),
            ask(client, ORDER, with_server(drafted)),
            ask(client, ORDER, with_server(pointing)),
            ask(client, CHART, with_server(call("patient-view"))),
        ]
        monkeypatch.setattr(hooks.endpoint, "read_request", None)
        answers.append(ask(client, ORDER, drafted))
        monkeypatch.setattr(hooks.feedback_page, "read_feedback", None)
        answers.append(client.post(f"/cds-services/{ORDER}/feedback", json={"feedback": []}))
    assert [(answer.status_code, [issue["code"] for issue in answer.json()["issue"]]) for answer in answers] == [
        (404, ["not-found"]),
        (405, ["not-supported"]),
        (404, ["not-found"]),
        (400, ["structure"]),
        (400, ["structure"]),
        (400, ["required", "not-supported", "value"]),
        (412, ["required"]),
        (412, ["processing"]),
        (412, ["processing"]),
        (412, ["processing"]),
        (412, ["processing"]),
        (500, ["exception"]),
    ]
    for answer in answers:
        assert answer.json()["resourceType"] == "OperationOutcome"
        assert explain(answer.json()) == ()
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["X-Incident-Id"]


def test_requests_as_real_clients_send_them_are_accepted() -> None:
    with service() as client:
        request = call("order-sign", drafts=[draft(id="x" * 194)], prefetch=prefetched(*LAST_WEEK))
        request["context"] |= {"patientId": f"Patient/{PATIENT}", "unknown": {"deep": [1]}}
        del request["context"]["userId"]
        request |= {"fhirServer": None, "fhirAuthorization": None, "extension": {"x": "y"}, "unknown": 1}
        order = request["context"]["draftOrders"]["entry"][0]["resource"]
        del order["intent"]
        answer = ask(client, ORDER, request)
    assert [card["indicator"] for card in answer.json()["cards"]] == ["critical"]


def test_a_browser_may_call_from_another_origin() -> None:
    with service() as client:
        for path, method, headers in (
            ("/cds-services", "GET", "authorization"),
            (f"/cds-services/{ORDER}", "POST", "authorization,content-type"),
        ):
            preflight = client.options(
                path,
                headers={
                    "Origin": "https://sandbox.example.invalid",
                    "Access-Control-Request-Method": method,
                    "Access-Control-Request-Headers": headers,
                },
            )
            assert preflight.status_code == 200
            assert preflight.headers["access-control-allow-origin"] == "*"
        answer = client.get("/cds-services", headers={"Origin": "https://sandbox.example.invalid"})
    assert answer.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        pytest.param((), [], id="a patient without nusinersen"),
        pytest.param(ON_SCHEDULE, [], id="the next dose is months away"),
        pytest.param(
            ("2025-11-05", "2025-11-19", "2025-12-03", "2026-01-07"), [], id="within tolerance, three days to go"
        ),
        pytest.param(("2025-11-02", "2025-11-16", "2025-11-30", "2026-01-04"), ["NusinersenDue"], id="on the day"),
        pytest.param(("2025-10-05", "2025-10-19", "2025-11-02", "2025-12-07"), ["NusinersenDue"], id="27 days over"),
        pytest.param(LOADED, ["NusinersenOverdue"], id="31 days over"),
        pytest.param(("2025-06-01", "2025-06-15", "2025-06-29", "2025-08-03"), ["NusinersenCatchUp"], id="nine months"),
        pytest.param(("2020-06-01", "2020-06-15", "2020-06-29", "2020-08-03"), ["NusinersenRestart"], id="years"),
        pytest.param(("2025-10-01",), ["NusinersenDecision"], id="one dose long ago"),
    ],
)
def test_the_chart(days: tuple[str, ...], expected: list[str]) -> None:
    with service() as client:
        answer = ask(client, CHART, call("patient-view", prefetch=prefetched(*days)))
    assert answer.status_code == 200
    CardsResponse.model_validate(answer.json())
    assert [card["source"]["topic"]["code"] for card in answer.json()["cards"]] == expected


def test_the_upcoming_dose_is_shown_where_a_setting_asks_for_it() -> None:
    with service(show_upcoming=True) as client:
        [card] = ask(client, CHART, call("patient-view", prefetch=prefetched(*ON_SCHEDULE))).json()["cards"]
    assert card["indicator"] == "info"
    assert "2026-08-03" in card["summary"]


def test_unidentified_records_alone_are_no_card_on_a_chart() -> None:
    nameless = given("u1", "2026-01-07", medicationReference={"reference": "Medication/x"})
    del nameless["medicationCodeableConcept"]
    with service() as client:
        answer = ask(client, CHART, call("patient-view", prefetch={"administrations": bundle([nameless])}))
    assert answer.json() == {"cards": []}


@pytest.mark.parametrize("origin", [{}, {"Origin": "https://sandbox.example.invalid"}])
def test_an_answer_says_that_it_depends_on_the_origin(origin: dict[str, str]) -> None:
    with service(cors_origins="https://other.example.invalid") as client:
        answer = client.get("/cds-services", headers=origin)
    assert answer.headers["vary"] == "Origin"
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("prefix", ["", "/prefix"])
def test_a_call_is_answered_behind_a_prefix_too(prefix: str) -> None:
    with service(root_path=prefix) as client:
        body = call("order-sign", drafts=[draft()], prefetch=prefetched(*LAST_WEEK))
        assert kinds(client.post(f"{prefix}/cds-services/{ORDER}", json=body)) == ["TooEarly"]
