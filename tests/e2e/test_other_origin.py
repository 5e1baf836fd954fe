"""A page of another origin calls the service from a browser, as the public CDS Hooks sandbox does."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from hooks.sandbox.running import address, listen, serving

CALL = """async ([url, body]) => {
  const sent = {headers: {"Authorization": "Bearer made-up"}};
  if (body) {
    sent.method = "POST";
    sent.headers["Content-Type"] = "application/json";
    sent.body = JSON.stringify(body);
  }
  const answer = await fetch(url, sent);
  return {status: answer.status, body: await answer.json()};
}"""


async def blank(_: Any, __: Any, send: Any) -> None:
    """A page with nothing on it."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]})
    await send({"type": "http.response.body", "body": b"<!doctype html><title>elsewhere</title>"})


@pytest.fixture
def elsewhere(browser: Browser) -> Any:
    """A page of another origin: the same machine, another port."""
    with listen(0, "of the test") as listener, serving([(blank, listener)]):
        context = browser.new_context()
        page = context.new_page()
        page.goto(address(listener))
        yield page
        context.close()


def test_it_finds_the_services_and_is_answered(elsewhere: Page, demo: str) -> None:
    found = elsewhere.evaluate(CALL, [f"{demo}/cds-services", None])
    assert found["status"] == 200
    [chart] = [service for service in found["body"]["services"] if service["hook"] == "patient-view"]
    request = {
        "hook": "patient-view",
        "hookInstance": "0c5bd5f3-3a45-4f5e-8f0c-6d2b8ad1a001",
        "context": {"userId": "Practitioner/1", "patientId": "nobody"},
        "prefetch": dict.fromkeys(chart["prefetch"]),
    }
    answered = elsewhere.evaluate(CALL, [f"{demo}/cds-services/{chart['id']}", request])
    assert (answered["status"], answered["body"]["cards"]) == (200, [])


def test_it_may_read_why_nothing_was_checked(elsewhere: Page, demo: str) -> None:
    request = {
        "hook": "patient-view",
        "hookInstance": "0c5bd5f3-3a45-4f5e-8f0c-6d2b8ad1a002",
        "context": {"userId": "Practitioner/1", "patientId": "nobody"},
    }
    answered = elsewhere.evaluate(CALL, [f"{demo}/cds-services/nusinersen-chart", request])
    assert answered["status"] == 412
    assert answered["body"]["resourceType"] == "OperationOutcome"
