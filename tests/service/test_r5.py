"""Calls of an EHR that speaks FHIR R5 give the cards of the same calls in R4; one of STU3 is told so."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.service.ehr import (
    ATC,
    CHART,
    LAST_WEEK,
    ORDER,
    ask,
    bundle,
    call,
    draft,
    history,
    kinds,
    service,
    with_server,
)

_R5 = {"effectiveDateTime": "occurenceDateTime"}


def r5(resource: dict[str, Any], medication: dict[str, Any]) -> dict[str, Any]:
    """The resource as R5 spells it."""
    renamed = {_R5.get(name, name): value for name, value in resource.items() if name != "medicationCodeableConcept"}
    return {**renamed, "medication": medication}


CONCEPT = {"concept": ATC}
REFERENCE = {"reference": {"reference": "Medication/m1"}}
MEDICATION = {"resourceType": "Medication", "id": "m1", "ingredient": [{"item": CONCEPT}]}


def server(request: httpx.Request) -> httpx.Response:
    """A FHIR server of R5, whose records refer to their Medication."""
    if request.url.path.endswith("/Medication/m1"):
        return httpx.Response(200, json=MEDICATION)
    return httpx.Response(200, json=bundle([r5(record, REFERENCE) for record in history(*LAST_WEEK)]))


@pytest.mark.parametrize("medication", [CONCEPT, REFERENCE], ids=["concept", "reference"])
def test_an_order_of_r5_that_is_too_early_is_told_so(medication: dict[str, Any]) -> None:
    with service(server) as client:
        answer = ask(client, ORDER, with_server(call("order-sign", drafts=[r5(draft(), medication)])))
        plain = ask(client, ORDER, with_server(call("order-sign", drafts=[draft()])))
    assert kinds(answer) == kinds(plain) == ["TooEarly"]
    said, of_r4 = (each.json()["cards"][0] for each in (answer, plain))
    assert said["summary"] == of_r4["summary"]
    moved = said["suggestions"][0]["actions"][0]["resource"]
    assert moved["medication"] == medication
    assert "medicationCodeableConcept" not in moved


def test_a_prefetched_history_of_r5_needs_no_server() -> None:
    records = [r5(record, CONCEPT) for record in history(*LAST_WEEK)]
    with service() as client:
        prefetch = {"administrations": bundle(records)}
        order = ask(client, ORDER, call("order-sign", drafts=[r5(draft(), CONCEPT)], prefetch=prefetch))
        by_reference = {"administrations": bundle([*(r5(record, REFERENCE) for record in records), MEDICATION])}
        again = ask(client, ORDER, call("order-sign", drafts=[r5(draft(), CONCEPT)], prefetch=by_reference))
    assert kinds(order) == kinds(again) == ["TooEarly"]


def test_a_server_of_stu3_is_told_so_and_never_an_empty_history() -> None:
    def stu3(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=bundle([{**record, "notGiven": False} for record in history(*LAST_WEEK)]))

    with service(stu3) as client:
        order = ask(client, ORDER, with_server(call("order-sign", drafts=[draft()])))
        chart = ask(client, CHART, with_server(call("patient-view")))
    assert kinds(order) == ["NotChecked"]
    assert chart.status_code == 412
    for said in (order.json()["cards"][0]["detail"], chart.json()["issue"][0]["diagnostics"]):
        assert "FHIR STU3, which is not read" in said


OLDER = [*history(*LAST_WEEK[:-1]), {**history(*LAST_WEEK)[-1], "id": "last", "notGiven": False}]
"""Records of STU3. One of them tells; the others look like those of R4."""


def test_a_prefetched_history_of_stu3_is_refused_as_one_and_says_so() -> None:
    prefetch = {"administrations": bundle(OLDER)}
    with service() as client:
        order = ask(client, ORDER, call("order-sign", drafts=[draft()], prefetch=prefetch))
        chart = ask(client, CHART, call("patient-view", prefetch=prefetch))
    assert kinds(order) == ["NotChecked"]
    assert chart.status_code == 412
    for said in (order.json()["cards"][0]["detail"], chart.json()["issue"][0]["diagnostics"]):
        assert "prefetch.administrations: its records look like FHIR STU3, which is not read" in said
        assert said.count("STU3") == 1


def test_where_prefetch_is_of_stu3_the_server_is_read() -> None:
    prefetch = {"administrations": bundle(OLDER)}
    with service(server) as client:
        order = ask(client, ORDER, with_server(call("order-sign", drafts=[draft()], prefetch=prefetch)))
    assert kinds(order) == ["TooEarly"]
