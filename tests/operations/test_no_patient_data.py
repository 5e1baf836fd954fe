"""Nothing of a patient, a user or a token gets out: marked data through every path, and a search of all that is said.

Where it may stand, and nowhere else:
- in cards about a dose or an order, and in the assessment beside them: the dates, references and words of the record,
  since they go back to the EHR from which they came;
- in a card that says "not checked": the reference of the order that it is about, such as `MedicationRequest/17`;
- in errors, cards and log lines: the base URL of a FHIR server that the site lists, and of any other scheme and host;
- in log lines: what the token of a refused caller says of its issuer and tenant.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import StringIO
from typing import Any

import httpx
import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

import hooks.charts
import hooks.endpoint
import hooks.found
import hooks.orders
from hooks.operations.entrance import Operations
from hooks.operations.logs import LogFormat, LogLevel, log_lines
from hooks.operations.otel import OpenTelemetry
from tests.operations.marked import (
    HEADERS,
    MARK,
    REFERENCE,
    SECRET,
    SERVERS,
    asked,
    dose,
    nameless,
    order,
    prefetch,
    readable,
)
from tests.security.issuer import segment
from tests.service.ehr import CHART, ORDER, SERVER, Answer, Client, Resource, no_calls, service

Perform = Callable[[Client], httpx.Response]


@contextmanager
def searched(answer: Answer = no_calls, **settings: Any) -> Iterator[tuple[Client, Callable[[], str]]]:
    """The service, and all that its operators see of it."""
    spans, stream = InMemorySpanExporter(), StringIO()
    operations = Operations(traces=OpenTelemetry(spans, share=1.0, to_servers=True))
    said: list[str] = []
    usual = {"metrics_open": True, "deadline_seconds": 0.4, **settings}
    with log_lines(LogFormat.JSON, LogLevel.INFO, stream), service(answer, operations=operations, **usual) as client:
        client.get("/cds-services", headers=HEADERS)
        yield client, lambda: "\n".join([stream.getvalue(), *said])
        said += [client.get(page).text for page in ("/metrics", "/health/live", "/health/ready")]
    said += [span.to_json() for span in spans.get_finished_spans()]
    assert spans.get_finished_spans(), "nothing was traced: the search would find nothing"
    assert '"event": "request"' in stream.getvalue(), "nothing was logged: the search would find nothing"
    assert "nusinersen_cds_calls" in "".join(said), "nothing was counted: the search would find nothing"


def marks(text: str) -> set[str]:
    """The marked values in a text, also where it is escaped."""
    return set(MARK.findall(text))


def found_in(answer: httpx.Response) -> set[str]:
    """The marked values that an answer holds where it may not: see the list above."""
    in_headers = marks(str(answer.headers))
    if answer.status_code != 200 or "json" not in answer.headers["content-type"]:
        return in_headers | marks(answer.text)
    body = answer.json()
    cards = body.get("cards", [])
    unchecked = [card for card in cards if card["source"]["topic"]["code"] == "NusinersenNotChecked"]
    return in_headers | (marks(json.dumps(unchecked)) - {REFERENCE}) | (marks(answer.text) & {SECRET})


def to(service_id: str, request: Resource) -> Perform:
    return lambda client: client.post(
        f"/cds-services/{service_id}",
        content=json.dumps(request),
        headers={**HEADERS, "Authorization": f"Bearer {SECRET}"},
    )


def raw(body: str, path: str = f"/cds-services/{ORDER}", method: str = "POST", **headers: str) -> Perform:
    return lambda client: client.request(method, path, content=body, headers={**HEADERS, **headers})


ORDERED = asked("order-sign", order(), prefetch=prefetch(dose()))
CALLS = {
    "an order, too early": to(ORDER, ORDERED),
    "a chart": to(CHART, asked("patient-view", prefetch=prefetch(dose("2025-10-01")))),
    "an order of which nobody knows the drug": to(
        ORDER, asked("order-sign", nameless(order()), prefetch=prefetch(dose()))
    ),
    "an order for another patient": to(
        ORDER, asked("order-sign", order(subject={"reference": "Patient/zqAnotherqz"}), prefetch=prefetch(dose()))
    ),
    "an order of another kind": to(
        ORDER, asked("order-sign", order(resourceType="MedicationDispense"), prefetch=prefetch(dose()))
    ),
    "an order that cannot be read": to(
        ORDER,
        asked("order-sign", order(), "zqBrokenqz", 7, prefetch=prefetch(dose())),  # type: ignore[arg-type]
    ),
    "an order with odd values": to(
        ORDER,
        asked(
            "order-sign",
            order(dosageInstruction=["zqTimingqz"], subject="zqSubjectqz", status=["zqStatusqz"]),
            prefetch=prefetch(dose()),
        ),
    ),
    "no history and no server": to(ORDER, asked("order-sign", order())),
    "a prefetch with an error": to(CHART, asked("patient-view", prefetch={"administrations": "<p>zqPersonqz</p>"})),
    "a prefetch that goes on": to(
        CHART, asked("patient-view", prefetch=prefetch(dose(), link=[{"relation": "next", "url": "zqNextqz"}]))
    ),
    "prefetched records that contradict one another": to(
        ORDER, asked("order-sign", order(), prefetch=prefetch(dose(), dose("2026-04-01")))
    ),
    "a server that is not listed": to(
        ORDER, readable(asked("order-sign", order()), "https://other.example.invalid/zqPathqz")
    ),
    "a server with a user and a query": to(
        CHART, readable(asked("patient-view"), f"https://{SECRET}@ehr.example.invalid/fhir?patient=zqPatientqz")
    ),
    "a server of no form": to(ORDER, readable(asked("order-sign", order()), "zqServerqz://[")),
    "a token of no form": to(
        CHART,
        {**asked("patient-view"), "fhirServer": SERVER, "fhirAuthorization": {"access_token": f"{SECRET} {SECRET}"}},
    ),
    "another hook": to(ORDER, {**ORDERED, "hook": "zqHookqz"}),
    "a patient id of no form": to(CHART, {**asked("patient-view"), "context": {"patientId": "zqPatientqz zqMoreqz"}}),
    "a context of no form": to(CHART, {**asked("patient-view"), "context": ["zqContextqz"]}),
    "no JSON": raw('{"hook": "zqHookqz", zqPersonqz'),
    "JSON that is no object": raw('["zqPersonqz"]'),
    "a body that is no text": raw("zqPersonqz\x00"),
    "another media type": raw("zqPersonqz=zqPersonqz", **{"Content-Type": "application/x-zqTypeqz"}),
    "a service that is not there": raw("{}", "/cds-services/zqServiceqz?patient=zqPatientqz"),
    "a page that is not there": raw("", "/Patient/zqPatientqz?name=zqPersonqz", "GET"),
    "a method that is not there": raw("", f"/cds-services/{ORDER}?patient=zqPatientqz", "DELETE"),
    "a method of no sense": raw("", "/cds-services?zqQueryqz", "ZQMETHODQZ"),
    "a query": raw(json.dumps(ORDERED), f"/cds-services/{ORDER}?patient=zqPatientqz"),
    "a preflight": raw(
        "",
        f"/cds-services/{ORDER}",
        "OPTIONS",
        **{"Origin": f"https://{SECRET}", "Access-Control-Request-Method": "POST"},
    ),
    "feedback": raw(
        json.dumps(
            {
                "feedback": [
                    {
                        "card": "zqCardqz",
                        "outcome": "overridden",
                        "overrideReason": {
                            "reason": {"code": "zqReasonqz", "system": "zqSystemqz"},
                            "userComment": "zqCommentqz",
                        },
                        "outcomeTimestamp": "zqTimeqz",
                    }
                ]
            }
        ),
        f"/cds-services/{ORDER}/feedback",
    ),
    "feedback of no form": raw(
        '{"feedback": [{"card": "zqCardqz", "userComment": zqCommentqz', f"/cds-services/{ORDER}/feedback"
    ),
}


@pytest.mark.parametrize("failures", ["card", "status"])
@pytest.mark.parametrize("perform", CALLS.values(), ids=CALLS.keys())
def test_calls(perform: Perform, failures: str, capfd: pytest.CaptureFixture[str]) -> None:
    with searched(order_failure=failures, chart_failure=failures) as (client, said):
        answer = perform(client)
    assert found_in(answer) == set()
    assert marks(said()) == set()
    assert marks("".join(capfd.readouterr())) == set()


@pytest.mark.parametrize("failures", ["card", "status"])
@pytest.mark.parametrize("server", SERVERS.values(), ids=SERVERS.keys())
def test_servers_that_repeat_what_they_are_asked(
    server: Callable[[], httpx.Response], failures: str, capfd: pytest.CaptureFixture[str]
) -> None:
    requests = [
        to(ORDER, readable(asked("order-sign", order()))),
        to(ORDER, readable(asked("order-select", nameless(order())))),
        to(CHART, readable(asked("patient-view", prefetch=prefetch(nameless(dose()))))),
        to(CHART, readable(asked("patient-view"))),
    ]
    with searched(lambda _: server(), order_failure=failures, chart_failure=failures) as (client, said):
        answers = [perform(client) for perform in requests]
    assert set().union(*map(found_in, answers)) == set()
    assert marks(said()) == set()
    assert marks("".join(capfd.readouterr())) == set()


def crash(*_: object, **__: object) -> None:
    """An error whose text quotes the record, from another one that does."""
    try:
        {}["zqPatientqz"]
    except KeyError as error:
        raise ValueError(f"Patient/zqPatientqz with {SECRET}") from error


@pytest.mark.parametrize(
    ("where", "name"),
    [
        *[(hooks.found, name) for name in ("assess", "read_history", "gather")],
        *[(hooks.orders, name) for name in ("order_cards", "read_drafts", "read_orders")],
        (hooks.charts, "chart_cards"),
        *[(hooks.endpoint, name) for name in ("answer_each", "read_request")],
        *[(hooks.endpoint.Intake, name) for name in ("body", "parsed")],
    ],
)
@pytest.mark.parametrize("failures", ["card", "status"])
def test_errors_of_our_own(
    where: Any, name: str, failures: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(where, name, crash)
    with searched(order_failure=failures, chart_failure=failures) as (client, said):
        answers = [CALLS[call](client) for call in ("an order, too early", "a chart")]
    assert set().union(*map(found_in, answers)) == set()
    assert marks(said()) == set()
    assert marks("".join(capfd.readouterr())) == set()
    assert '"error": "ValueError"' in said(), "nothing failed: the test would prove nothing"


@pytest.mark.parametrize("comment", ["zqCommentqz", 7, None])
def test_feedback_on_a_card_that_was_shown(comment: object, capfd: pytest.CaptureFixture[str]) -> None:
    with searched() as (client, said):
        [card, *_] = CALLS["an order, too early"](client).json()["cards"]
        given = {
            "card": card["uuid"],
            "outcome": "overridden",
            "overrideReason": {"reason": {"code": "zqReasonqz", "system": "zqSystemqz"}, "userComment": comment},
            "outcomeTimestamp": "2026-05-04T10:00:00Z",
            "zqFieldqz": "zqValueqz",
        }
        answer = raw(json.dumps({"feedback": [given]}), f"/cds-services/{ORDER}/feedback")(client)
    assert marks(answer.text + str(answer.headers)) == set()
    assert marks(said()) == set()
    assert marks("".join(capfd.readouterr())) == set()


LIMITS = {
    "a body too large": ({"max_body_megabytes": 0.0001}, ORDERED),
    "too many resources": ({"max_resources": 1}, ORDERED),
    "too deep": ({}, {**ORDERED, "zqDeepqz": json.loads("[" * 900 + '"zqDeeperqz"' + "]" * 900)}),
}


@pytest.mark.parametrize("failures", ["card", "status"])
@pytest.mark.parametrize(("settings", "request_"), LIMITS.values(), ids=LIMITS.keys())
def test_limits(settings: dict[str, Any], request_: Resource, failures: str, capfd: pytest.CaptureFixture[str]) -> None:
    with searched(order_failure=failures, chart_failure=failures, **settings) as (client, said):
        answers = [to(ORDER, request_)(client), to(CHART, {**request_, "hook": "patient-view"})(client)]
    assert all(answer.status_code != 200 or answer.json()["cards"] for answer in answers), "the limit was not reached"
    assert set().union(*map(found_in, answers)) == set()
    assert marks(said()) == set()
    assert marks("".join(capfd.readouterr())) == set()


CLIENT = {"issuer": "https://ehr.example.invalid", "jku": ["https://ehr.example.invalid/keys"]}
CLAIMS = {
    "iss": "https://ehr.example.invalid",
    "aud": "zqAudienceqz",
    "sub": SECRET,
    "jti": SECRET,
    "exp": 4e9,
    "iat": 1,
    "fhirUser": "zqUserqz",
}
TOKENS = {
    "no form": SECRET,
    "three parts": f"{SECRET}.{SECRET}.{SECRET}",
    "claims": ".".join(
        [segment({"alg": "ES384", "typ": "JWT", "kid": "zqKidqz"}), segment(CLAIMS), segment("zqSignqz")]
    ),
    "a header of no sense": ".".join(
        [segment({"alg": "zqAlgqz", "typ": "zqTypqz"}), segment(CLAIMS), segment("zqSignqz")]
    ),
}


@pytest.mark.parametrize("token", TOKENS.values(), ids=TOKENS.keys())
def test_callers_that_are_refused(token: str, capfd: pytest.CaptureFixture[str]) -> None:
    settings = {"client_auth": "jwt", "clients": [CLIENT], "public_url": "https://cds.example.invalid"}
    with searched(**settings) as (client, said):
        headers = {**HEADERS, "Authorization": f"Bearer {token}"}
        answer = client.post(f"/cds-services/{ORDER}", content=json.dumps(ORDERED), headers=headers)
    assert (answer.status_code, answer.content) == (401, b"")
    assert found_in(answer) == set()
    written = said() + "".join(capfd.readouterr())
    assert marks(written) == set()
    assert not any(part in written for part in token.split("."))


def test_a_mark_that_gets_out_would_be_found() -> None:
    with searched() as (client, said):
        from hooks.operations.logs import event

        event("zqFoundqz", patient="Patient/ZQALSOQZ-1")
        CALLS["a chart"](client)
    assert marks(said()) == {"zqFoundqz", "ZQALSOQZ"}
