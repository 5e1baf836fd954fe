"""Our service on HAPI FHIR: the cards of every demo patient are those that it gives on the embedded sandbox."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from hooks.app import create_app
from hooks.sandbox.calls import chart_request, order_request, send
from hooks.sandbox.demo import demo_settings
from hooks.sandbox.running import address, listen, serving
from hooks.settings import Settings
from hooks.wire import CardsResponse
from tests.servers.hapi.conftest import PATIENTS, RECORD, SECONDS, TOKEN

pytestmark = pytest.mark.hapi

# 18:30 UTC on 30 April is the first of May in Kathmandu, the day of the fixtures.
NOW = datetime(2026, 4, 30, 18, 30, tzinfo=UTC)
ZONE = "Asia/Kathmandu"

Json = dict[str, Any]


@dataclass
class Service:
    """Our service, which reads from one FHIR server by pages of two."""

    url: str
    fhir: str

    def ask(self, service: str, request: Json) -> tuple[int, Json]:
        """One call."""
        return send(f"{self.url}/cds-services/{service}", request)

    def chart(self, name: str, **more: Any) -> tuple[int, Json]:
        """patient-view."""
        return self.ask("nusinersen-chart", {**chart_request(self.fhir, name), **more})

    def order(self, name: str, hook: str = "order-sign", **more: Any) -> tuple[int, Json]:
        """The order of a patient who has one, at this hook."""
        order = PATIENTS[name].order
        assert order is not None
        request = {**order_request(self.fhir, name, order), "hook": hook, **more}
        request["context"]["selections"] = [f"MedicationRequest/{order['id']}"]
        return self.ask("nusinersen-order", request)


@pytest.fixture(scope="module")
def services(hapi: str, sandbox: str) -> Iterator[dict[str, Service]]:
    """The same service for each server, or way to it, that a test asks by."""
    bases = {"hapi": f"{hapi}/fhir", "closed": f"{hapi}/closed", "posted": f"{hapi}/posted", "sandbox": sandbox}
    with ExitStack() as open_sockets:
        listeners = {name: open_sockets.enter_context(listen(0, "none")) for name in bases}
        apps = [(_service(base), listeners[name]) for name, base in bases.items()]
        with serving(apps):
            yield {name: Service(address(listeners[name]), base) for name, base in bases.items()}


def _service(base: str) -> Any:
    settings = Settings(
        regimen=demo_settings().regimen,
        time_zone=ZONE,
        client_auth="off",
        fhir_servers=(base,),
        deadline_seconds=SECONDS,
        page_size=2,
        show_assessment=True,
        show_upcoming=True,
    )
    return create_app(settings, clock=lambda: NOW)


def told(answer: tuple[int, Json]) -> tuple[int, list[Json], Json]:
    """Status, cards without what every answer has of its own, and the assessment."""
    status, body = answer
    CardsResponse.model_validate(body)
    cards = [{**card, "uuid": "", "suggestions": _without_ids(card.get("suggestions", []))} for card in body["cards"]]
    return status, cards, body.get("extension", {})


def _without_ids(suggestions: list[Json]) -> list[Json]:
    return [{**each, "uuid": ""} for each in suggestions]


@pytest.mark.parametrize("name", PATIENTS)
def test_the_chart_of_each_patient_is_that_of_the_sandbox(services: dict[str, Service], name: str) -> None:
    from_hapi, from_sandbox = (services[server].chart(name) for server in ("hapi", "sandbox"))
    assert told(from_hapi) == told(from_sandbox)
    assert from_hapi[0] == 200


@pytest.mark.parametrize("hook", ["order-sign", "order-select"])
@pytest.mark.parametrize("name", [name for name, patient in PATIENTS.items() if patient.order is not None])
def test_the_cards_of_each_order_are_those_of_the_sandbox(services: dict[str, Service], name: str, hook: str) -> None:
    from_hapi, from_sandbox = (services[server].order(name, hook) for server in ("hapi", "sandbox"))
    assert told(from_hapi) == told(from_sandbox)
    assert from_hapi[0] == 200


def test_the_cards_are_not_all_alike(services: dict[str, Service]) -> None:
    """So that the comparisons above compare something."""
    kinds = {card["source"]["topic"]["code"] for name in PATIENTS for card in services["hapi"].chart(name)[1]["cards"]}
    assert kinds >= {"NusinersenOverdue", "NusinersenCatchUp", "NusinersenRestart", "NusinersenDecision"}


@pytest.mark.parametrize("name", ["overdue", "catch-up-required", "duplicate-record"])
def test_a_prefetched_first_page_of_hapi_is_completed(services: dict[str, Service], hapi: str, name: str) -> None:
    page = httpx.get(f"{hapi}/fhir/{RECORD}?patient={name}&_sort=-effective-time&_count=2", timeout=SECONDS).json()
    assert [link for link in page["link"] if link["relation"] == "next"]
    whole = services["hapi"].chart(name)
    assert told(services["hapi"].chart(name, prefetch={"administrations": page})) == told(whole)


def test_a_server_that_wants_searches_by_post_gives_the_same_cards(services: dict[str, Service]) -> None:
    for name in ("overdue", "unidentified-record"):
        assert told(services["posted"].chart(name)) == told(services["hapi"].chart(name))


def test_the_token_of_a_call_opens_the_closed_door_for_that_call(services: dict[str, Service]) -> None:
    authorization = {
        "access_token": TOKEN, "token_type": "Bearer", "expires_in": 60, "scope": "user/*.read", "subject": "test"
    }  # fmt: skip
    opened = services["closed"].chart("overdue", fhirAuthorization=authorization)
    assert told(opened) == told(services["hapi"].chart("overdue"))
    status, outcome = services["closed"].chart("overdue")
    assert (status, outcome["resourceType"]) == (412, "OperationOutcome")
    assert "status 401" in json.dumps(outcome)
    name = next(name for name, patient in PATIENTS.items() if patient.order is not None)
    status, body = services["closed"].order(name)
    assert status == 200
    assert [card["source"]["topic"]["code"] for card in body["cards"]] == ["NusinersenNotChecked"]
