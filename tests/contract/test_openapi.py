"""The service under a fuzzer that is led by its own OpenAPI document: no status, and no body, that is not in it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import Case
from schemathesis.checks import (
    content_type_conformance,
    negative_data_rejection,
    not_a_server_error,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from hooks.app import create_app
from hooks.protocol import PROPOSALS
from hooks.sandbox.running import address, listen, serving
from hooks.settings import Settings
from tests.service.ehr import NOW, ORDER

Json = dict[str, Any]

APP = create_app(
    Settings(regimen="eu-12mg", time_zone="Pacific/Chatham", client_auth="off"),  # type: ignore[arg-type]
    clock=lambda: NOW,
)
schema = schemathesis.openapi.from_dict(APP.openapi())
# 412 is the answer to a good request whose data nobody has: that good data are accepted cannot be asked.
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
    unsupported_method,
]


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with listen(0, "of the test") as listener, serving([(APP, listener)]):
        yield address(listener)


@pytest.fixture(scope="module")
def session() -> Iterator[requests.Session]:
    with requests.Session() as one:
        one.trust_env = False
        yield one


@schema.parametrize()
@settings(derandomize=True, database=None, deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
def test_the_service_answers_as_its_document_says(case: Case, base: str, session: requests.Session) -> None:
    response = case.call_and_validate(base_url=base, session=session, checks=CHECKS)
    sent = response.request.body
    if case.method == "POST" and response.status_code == 200 and response.json() == {"cards": []}:
        assert is_readable(sent), sent


def is_readable(body: bytes | str | None) -> bool:
    """A call whose drafts, if it is of an order hook, can all be read: only then may there be no cards."""
    sent = json.loads(body or b"")
    context = sent["context"]
    assert isinstance(context["patientId"], str)
    if sent["hook"] not in PROPOSALS:
        return True
    entries = context[PROPOSALS[sent["hook"]]].get("entry", [])
    return isinstance(entries, list) and all(
        isinstance(entry, dict) and isinstance(entry.get("resource"), dict) for entry in entries
    )


def test_the_document_names_every_path() -> None:
    assert sorted(APP.openapi()["paths"]) == [
        "/cds-services",
        "/cds-services/nusinersen-appointment",
        "/cds-services/nusinersen-appointment/feedback",
        "/cds-services/nusinersen-chart",
        "/cds-services/nusinersen-chart/feedback",
        "/cds-services/nusinersen-encounter",
        "/cds-services/nusinersen-encounter/feedback",
        f"/cds-services/{ORDER}",
        f"/cds-services/{ORDER}/feedback",
    ]
