"""Requests that other people published: what each is answered, and that an order of ours among theirs is checked."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from hooks.wire import CardsResponse
from tests import published
from tests.service.ehr import CHART, LAST_WEEK, ORDER, ask, bundle, draft, given, service

TABLE = Path(__file__).parent / "published_requests.tsv"
ORDER_HOOKS = {"order-sign", "order-select"}
SERVED = {*ORDER_HOOKS, "patient-view"}

with TABLE.open() as lines:
    ROWS = list(csv.DictReader(lines, delimiter="\t"))


def unreachable(request: httpx.Request) -> httpx.Response:
    """The servers that the requests name do not exist."""
    raise httpx.ConnectError("no such host", request=request)


def body_of(name: str) -> bytes:
    return (published.FOLDER / "cds-hooks" / name).read_bytes()


def server_in(body: bytes) -> str:
    """The FHIR server that a request names; the service must list it to ask it."""
    named = re.search(rb'"fhirServer"\s*:\s*"([^"]+)"', body)
    return named[1].decode() if named else ""


@pytest.mark.published
def test_every_published_request_is_in_the_table() -> None:
    assert [row["file"] for row in ROWS] == [path.name for path in published.files("cds-hooks/*.json")]


@pytest.mark.published
@pytest.mark.parametrize("row", ROWS, ids=[row["file"] for row in ROWS])
def test_a_published_request_is_answered_as_reviewed(row: dict[str, str]) -> None:
    body = body_of(row["file"])
    with service(unreachable, deadline_seconds=0.5, fhir_servers=server_in(body)) as client:
        answer = client.post(f"/cds-services/{row['service']}", content=body)
    said = answer.json()
    assert answer.status_code == int(row["status"])
    if answer.status_code == 200:
        CardsResponse.model_validate(said)
        assert len(said["cards"]) == int(row["says"].split()[0])
    else:
        assert row["says"] in said["issue"][0]["diagnostics"]


ORDERS = [row["file"] for row in ROWS if row["hook"] in ORDER_HOOKS and row["status"] == "200"]


@pytest.mark.published
@pytest.mark.parametrize("name", ORDERS)
def test_an_order_of_ours_that_is_too_early_gets_its_card_among_theirs(name: str) -> None:
    request: dict[str, Any] = json.loads(body_of(name))
    patient = request["context"]["patientId"].removeprefix("Patient/")
    subject = {"reference": f"Patient/{patient}"}
    doses = [given(f"a{number}", day, subject=subject) for number, day in enumerate(LAST_WEEK)]
    request["prefetch"] = {**(request.get("prefetch") or {}), "administrations": bundle(doses)}
    request["context"]["draftOrders"].setdefault("entry", []).append({"resource": draft("ours", subject=subject)})
    if request["hook"] == "order-select":
        request["context"]["selections"] = ["MedicationRequest/ours"]
    with service(unreachable, deadline_seconds=0.5) as client:
        answer = ask(client, ORDER, request)
    assert answer.status_code == 200
    CardsResponse.model_validate(answer.json())
    topics = [card["source"]["topic"]["code"] for card in answer.json()["cards"]]
    assert topics == ["NusinersenTooEarly"]


def test_no_well_formed_request_for_a_hook_that_we_serve_is_refused() -> None:
    refused = {row["file"]: row for row in ROWS if row["hook"] in SERVED and row["status"] == "400"}
    assert {name: row["says"] for name, row in refused.items()} == {
        "HL7_cds-hooks__examples.md_0.json": "context.draftOrders: this field is required"
    }
    assert all(row["service"] == (CHART if row["hook"] == "patient-view" else ORDER) for row in ROWS)
