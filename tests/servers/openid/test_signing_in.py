"""Signing in by a third-party OpenID Connect provider, in Chromium, by each kind of client; and what it refuses."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from cds.fhir.client_keys import ClientKey
from hooks.app import create_app
from hooks.launch.places import CALLBACK, LAUNCH
from hooks.sandbox.running import address, listen, serving
from hooks.sandbox.server import create_sandbox
from hooks.settings import Settings, load
from tests.e2e.conftest import browser as chromium
from tests.servers.built import ServerFailed
from tests.servers.openid.program import running

pytestmark = pytest.mark.openid

NOW = datetime.now(UTC)
KEY = ClientKey.make("ES384")
SECRET = "a-secret-of-the-tests-that-is-long-enough"
OPENED = {"launch-of-a-chart": "catch-up-required"}
CHOSEN = "overdue"
SCOPES = ("launch", "launch/patient", "openid", "fhirUser", *[
    f"patient/{name}.rs"
    for name in ("MedicationAdministration", "Medication", "MedicationStatement", "MedicationRequest", "Patient",
                 "Appointment", "Observation")
])  # fmt: skip
Both = Callable[..., AbstractContextManager[tuple[str, str]]]
browser = chromium


@pytest.fixture(scope="module")
def sandbox() -> Iterator[str]:
    """The FHIR server behind, which asks for no token."""
    with listen(0, "none") as listener:
        base = f"{address(listener)}/fhir"
        with serving([(create_sandbox(base, NOW.date()), listener)]):
            yield base


@pytest.fixture
def service(sandbox: str, tmp_path: Path) -> Both:
    """Starts provider and service for a client; gives the addresses of the service and of the FHIR server."""

    @contextmanager
    def both(client: str, scopes: tuple[str, ...] = SCOPES, **proof: Any) -> Iterator[tuple[str, str]]:
        with listen(0, "none") as listener:
            own = address(listener)
            told = {
                "fhir": sandbox, "redirect": f"{own}{CALLBACK}", "patients": OPENED, "chosen": CHOSEN,
                "keys": [KEY.public_jwk], "scopes": scopes,
            }  # fmt: skip
            try:
                with running(told, tmp_path / "provider.txt") as provider:
                    app = create_app(_settings(client, own, provider, tmp_path, **proof))
                    with serving([(app, listener)]):
                        yield own, f"{provider}/fhir"
            except ServerFailed as failure:
                pytest.fail(str(failure), pytrace=False)

    return both


def _settings(
    client: str, own: str, provider: str, folder: Path, *, secret: str = SECRET, key: ClientKey = KEY
) -> Settings:
    files = {"basic": ("launch_secret_file", secret.encode()), "form": ("launch_secret_file", secret.encode()),
             "key": ("launch_key_file", json.dumps(key.private_jwk).encode())}  # fmt: skip
    given: dict[str, Any] = {}
    if client in files:
        name, content = files[client]
        path = folder / name
        path.touch(mode=0o600)
        path.write_bytes(content)
        given[name] = path
    return load(
        regimen="eu-12mg eu-high-dose",
        time_zone="Europe/Stockholm",
        client_auth="off",
        fhir_servers=f"{provider}/fhir",
        public_url=own,
        launch_client_id=client,
        state_folder=folder / "state",
        **given,
    )


def _sign_in(page: Page) -> None:
    """What a person does at the provider: a name, a password, and consent."""
    page.get_by_placeholder("Enter any login").fill("7")
    page.get_by_placeholder("and password").fill("any")
    page.get_by_role("button", name="Sign-in").click()
    page.get_by_role("button", name="Continue").click()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A browser of its own."""
    context = browser.new_context()
    context.set_default_timeout(20_000)
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("client", ["public", "basic", "form", "key"])
def test_a_chart_opens_the_timeline_of_its_patient(service: Both, page: Page, client: str) -> None:
    with service(client) as (own, fhir):
        page.goto(f"{own}{LAUNCH}?iss={fhir}&launch=launch-of-a-chart")
        _sign_in(page)
        page.wait_for_url("**/timeline?view=*")
        assert "Patient/catch-up-required" in page.get_by_role("banner").inner_text()
        assert page.get_by_role("table", name=re.compile("Doses")).get_by_role("row").count() > 1


def test_whoever_comes_alone_is_given_the_patient_by_the_provider(service: Both, page: Page) -> None:
    with service("public") as (own, _):
        page.goto(f"{own}{LAUNCH}")
        _sign_in(page)
        page.wait_for_url("**/timeline?view=*")
        assert f"Patient/{CHOSEN}" in page.get_by_role("banner").inner_text()


def test_a_person_who_does_not_consent_sees_why_nothing_is_shown(service: Both, page: Page) -> None:
    with service("public") as (own, fhir):
        page.goto(f"{own}{LAUNCH}?iss={fhir}&launch=launch-of-a-chart")
        page.get_by_role("link", name="Cancel").click()
        assert "access was refused, by the user" in page.get_by_role("alert").inner_text()


def test_less_than_was_asked_for_is_no_history(service: Both, page: Page) -> None:
    scopes = tuple(each for each in SCOPES if each != "patient/Medication.rs")
    with service("public", scopes) as (own, fhir):
        page.goto(f"{own}{LAUNCH}?iss={fhir}&launch=launch-of-a-chart")
        _sign_in(page)
        assert "Medication" in page.get_by_role("alert").inner_text()
        assert page.get_by_role("table").count() == 0


@pytest.mark.parametrize(
    ("client", "proof"), [("basic", {"secret": "another secret"}), ("key", {"key": ClientKey.make("ES384")})]
)
def test_a_client_that_cannot_show_who_it_is_gets_no_token(
    service: Both, page: Page, client: str, proof: dict[str, Any]
) -> None:
    with service(client, **proof) as (own, fhir):
        page.goto(f"{own}{LAUNCH}?iss={fhir}&launch=launch-of-a-chart")
        _sign_in(page)
        assert "invalid_client" in page.get_by_role("alert").inner_text()
