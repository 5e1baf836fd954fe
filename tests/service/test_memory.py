"""What a call leaves behind: a decision from which it can be come to again, or a count, and no word of the patient."""

from __future__ import annotations

import dataclasses
import json
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import orjson
import pytest

from cds.dosing.assess import assess
from cds.dosing.regimen import Regimen
from cds.fhir.history import read_history
from cds.fhir.orders import read_order
from cds.regimens.library import load
from hooks.gather import Gathered
from hooks.journal.decision import Count, Decision
from hooks.journal.record import input_digest
from hooks.protocol import read_request
from tests.service.ehr import (
    CHART,
    LAST_WEEK,
    NOW,
    ON_SCHEDULE,
    ORDER,
    OTHER_DRUG,
    PATIENT,
    PERSON,
    SERVER,
    TOKEN,
    Answer,
    ask,
    bundle,
    call,
    draft,
    given,
    history,
    no_calls,
    prefetched,
    service,
    with_server,
)
from tests.service.noted import KEYS, NotedJournal, noting

Resource = dict[str, Any]
TOO_EARLY = call("order-sign", drafts=[draft()], prefetch=prefetched(*LAST_WEEK))
OTHERS = call("order-sign", drafts=[draft(medicationCodeableConcept=OTHER_DRUG)])
REGIMEN: Regimen = load().get("eu-12mg")


def left_behind(service_id: str, request: Any, *, server: Answer = no_calls, **settings: Any) -> NotedJournal:
    """What one call leaves in the journal."""
    journal = NotedJournal()
    with service(server, memory=noting(lambda: NOW, journal=journal), **settings) as client:
        ask(client, service_id, request)
    return journal


def test_a_decision_holds_what_it_was_made_of() -> None:
    journal = NotedJournal()
    with service(memory=noting(lambda: NOW, journal=journal)) as client:
        answer = ask(client, ORDER, TOO_EARLY)
    [card] = answer.json()["cards"]
    [decision] = journal.decisions
    assert dataclasses.asdict(decision) | {"latency_ms": 0} == {
        "id": answer.headers["X-Incident-Id"],
        "time": NOW,
        "incident": answer.headers["X-Incident-Id"],
        "service": ORDER,
        "hook": "order-sign",
        "hook_instance": TOO_EARLY["hookInstance"],
        "site": "default",
        "outcome": "checked",
        "silent": False,
        "latency_ms": 0,
        "patient": KEYS.newest.patient("default", PATIENT),
        "key_id": KEYS.newest.id,
        "input": decision.input,
        "on": NOW.astimezone(ZoneInfo("Pacific/Chatham")).date(),
        "zone": "Pacific/Chatham",
        "tolerance_loading": REGIMEN.tolerance.loading,
        "tolerance_maintenance": REGIMEN.tolerance.maintenance,
        "regimen": REGIMEN.id,
        "regimen_version": REGIMEN.version,
        "regimen_digest": REGIMEN.digest,
        "engine": decision.engine,
        "findings": decision.findings,
        "cards": (
            {
                "uuid": card["uuid"],
                "kind": "NusinersenTooEarly",
                "findings": tuple(card["extension"]["org.nusinersen-cds"]["findings"]),
                "suggestions": tuple(suggestion["uuid"] for suggestion in card["suggestions"]),
            },
        ),
    }
    assert "interval-too-short" in decision.findings
    assert (len(decision.input), decision.engine.count("."), decision.latency_ms > 0) == (64, 2, True)


def test_nothing_in_a_decision_tells_of_the_patient_or_of_the_token() -> None:
    server = lambda _: httpx.Response(200, json=bundle(history(*LAST_WEEK)))  # noqa: E731
    journal = left_behind(ORDER, with_server(call("order-sign", drafts=[draft()])), server=server)
    written = orjson.dumps(journal.decisions).decode()
    assert journal.decisions[0].outcome == "checked"
    told = [PATIENT, TOKEN, SERVER, "Practitioner", "MedicationRequest", "2026-04-27", "2026-05-06"]
    assert [word for word in told if word in written] == []


def replayed(decision: Decision, request: Resource) -> tuple[str, set[str]]:
    """The digest and the findings of a request that brings its history, by the parameters of a decision alone."""
    regimen = load().get(decision.regimen)
    assert (regimen.version, regimen.digest) == (decision.regimen_version, decision.regimen_digest)
    regimen = regimen.with_tolerance(loading=decision.tolerance_loading, maintenance=decision.tolerance_maintenance)
    zone = ZoneInfo(decision.zone)
    called = read_request(request, serves=[decision.hook])
    resources = tuple(entry["resource"] for entry in request["prefetch"]["administrations"]["entry"])
    patient = f"Patient/{called.patient_id}"
    records = read_history(resources, drug=regimen.drug, zone=zone, patient=patient)
    orders = [
        read_order(entry["resource"], drug=regimen.drug, zone=zone, on=decision.on, resolve=lambda *_: None)
        for entry in request["context"].get("draftOrders", {}).get("entry", [])
    ]
    proposals = [proposal for order in orders for proposal in order.proposals]
    assessment = assess(patient, records, regimen, on=decision.on, whole=True, proposals=proposals)
    groups = (assessment, assessment.forecast, *assessment.evaluations, *assessment.proposed)
    codes = {finding.code.value for group in groups for finding in group.findings}
    return input_digest(called, [Gathered(resources, whole=True, beside=(PERSON,))], KEYS.newest), codes


@pytest.mark.parametrize(
    ("service_id", "request_"),
    [
        (ORDER, TOO_EARLY),
        (ORDER, call("order-select", drafts=[draft(day="2026-08-03")], prefetch=prefetched(*ON_SCHEDULE))),
        (CHART, call("patient-view", prefetch=prefetched(*LAST_WEEK))),
        (CHART, call("patient-view", prefetch=prefetched("2023-10-01", "2023-10-15"))),
    ],
    ids=["an order too early", "an order on schedule", "a chart", "a chart with a long gap"],
)
@pytest.mark.parametrize("tolerance", [0, 7])
def test_the_same_input_and_the_parameters_of_a_decision_give_its_findings_again(
    service_id: str, request_: Resource, tolerance: int
) -> None:
    recorded = json.loads(json.dumps(request_))
    [decision] = left_behind(service_id, request_, tolerance_maintenance=tolerance).decisions
    assert replayed(decision, recorded) == (decision.input, set(decision.findings))
    changed = json.loads(json.dumps(request_).replace('"value": 12', '"value": 11', 1))
    assert replayed(decision, changed)[0] != decision.input


def test_the_order_of_records_and_of_fields_makes_no_other_input_and_everything_else_does() -> None:
    records = history(*LAST_WEEK)
    backwards = [dict(reversed(record.items())) for record in reversed(records)]

    def digest(resources: list[Resource], request: Resource = TOO_EARLY) -> str:
        return input_digest(
            read_request(request, serves=["order-sign"]), [Gathered(tuple(resources), True)], KEYS.newest
        )

    assert digest(records) == digest(backwards)
    others = [
        digest(records[:-1]),
        digest([*records[:-1], given("a5", "2026-04-28")]),
        digest(records, call("order-sign", drafts=[draft(day="2026-05-07")])),
        digest(records, call("order-sign", drafts=[draft()], context={"patientId": "another"})),
    ]
    assert len({digest(records), *others}) == 5


@pytest.mark.parametrize("request_", [OTHERS, call("order-sign", drafts=[])])
def test_a_call_without_the_drug_is_counted_and_not_kept(request_: Resource) -> None:
    journal = left_behind(ORDER, request_)
    assert journal.decisions == []
    [count] = journal.counts
    assert dataclasses.astuple(count) == ("not-ours", ORDER, "order-sign", "default", NOW.date())


def test_a_chart_without_the_drug_is_counted_and_not_kept() -> None:
    journal = left_behind(CHART, call("patient-view", prefetch={"administrations": None}))
    assert (journal.decisions, [count.kind for count in journal.counts]) == ([], ["not-ours"])


def test_a_request_that_cannot_be_read_is_counted() -> None:
    journal = left_behind(ORDER, {"hook": "order-sign"})
    assert (journal.decisions, [count.kind for count in journal.counts]) == ([], ["bad-request"])


@pytest.mark.parametrize(
    ("request_", "settings", "outcome", "kinds"),
    [
        (call("order-sign", drafts=[draft()]), {}, "not-answered", []),
        (with_server(call("order-sign", drafts=[draft()])), {}, "not-checked", ["NusinersenNotChecked"]),
        (with_server(call("order-sign", drafts=[draft()])), {"order_failure": "status"}, "not-answered", []),
    ],
    ids=["nothing to read from", "a server that fails, by a card", "a server that fails, by the status"],
)
def test_a_failure_is_kept_too(request_: Resource, settings: dict[str, Any], outcome: str, kinds: list[str]) -> None:
    journal = left_behind(ORDER, request_, server=lambda _: httpx.Response(500), deadline_seconds=0.5, **settings)
    [decision] = journal.decisions
    assert (decision.outcome, [card.kind for card in decision.cards]) == (outcome, kinds)


def test_a_request_beyond_a_limit_is_kept_with_the_card_that_says_so() -> None:
    journal = left_behind(ORDER, TOO_EARLY, max_resources=1)
    [decision] = journal.decisions
    assert (decision.outcome, decision.patient, decision.hook) == ("not-checked", "", "")
    assert [card.kind for card in decision.cards] == ["NusinersenNotChecked"]


def test_silent_mode_keeps_the_cards_that_it_withholds() -> None:
    journal = NotedJournal()
    with service(memory=noting(lambda: NOW, journal=journal), silent=ORDER) as client:
        assert ask(client, ORDER, TOO_EARLY).json() == {"cards": []}
    [decision] = journal.decisions
    assert (decision.silent, [card.kind for card in decision.cards]) == (True, ["NusinersenTooEarly"])


def test_a_journal_that_fails_costs_no_card_and_the_loss_is_counted() -> None:
    class Broken(NotedJournal):
        async def keep(self, decision: Decision) -> bool:
            raise ValueError(f"a text that quotes {decision.patient}")

    journal = Broken()
    with service(memory=noting(lambda: NOW, journal=journal)) as client:
        assert len(ask(client, ORDER, TOO_EARLY).json()["cards"]) == 1
    assert [count.kind for count in journal.counts] == ["lost-decision"]


def test_a_journal_that_cannot_even_count_costs_no_card_and_no_answer() -> None:
    class Broken(NotedJournal):
        async def keep(self, decision: Decision) -> bool:
            raise ValueError(f"a text that quotes {decision.patient}")

        def count(self, count: Count) -> None:
            raise OSError(count.kind)

    with service(memory=noting(lambda: NOW, journal=Broken())) as client:
        assert len(ask(client, ORDER, TOO_EARLY).json()["cards"]) == 1
        assert ask(client, ORDER, OTHERS).json() == {"cards": []}
        assert ask(client, ORDER, {}).status_code == 400


@pytest.mark.parametrize(
    "instance", ["x" * 10_000, "with\x00nothing", "half \ud800 a pair"], ids=["long", "NUL", "half a pair"]
)
def test_an_odd_hook_instance_is_kept_as_far_as_a_database_can_take_it(instance: str) -> None:
    journal = NotedJournal()
    body = json.dumps({**TOO_EARLY, "hookInstance": instance})
    with service(memory=noting(lambda: NOW, journal=journal)) as client:
        client.post(f"/cds-services/{ORDER}", content=body, headers={"Content-Type": "application/json"})
    [decision] = journal.decisions
    assert decision.hook_instance == instance.replace("\x00", "\ufffd").replace("\ud800", "\ufffd")[:128]


def test_an_input_that_cannot_be_written_down_has_no_digest_and_is_kept_all_the_same() -> None:
    odd = draft()
    odd["note"] = [{"text": "\ud800"}]
    journal = NotedJournal()
    with service(memory=noting(lambda: NOW, journal=journal)) as client:
        body = json.dumps(call("order-sign", drafts=[odd], prefetch=prefetched(*LAST_WEEK)))
        client.post(f"/cds-services/{ORDER}", content=body, headers={"Content-Type": "application/json"})
    [decision] = journal.decisions
    assert (decision.input, decision.outcome) == ("", "checked")
