"""The playground: the request of a demo patient, edited and sent, and its cards as an EHR would show them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from typing import Any

import httpx
import pytest

from hooks.app import create_app
from hooks.sandbox.pages import DemoPages
from hooks.sandbox.playground import PLAYGROUND, markdown
from hooks.sandbox.running import address, listen, serving
from hooks.sandbox.server import create_sandbox
from hooks.settings import Settings
from tests.pages.conftest import NOW, ON, PATIENTS, ZONE
from tests.pages.reading import Page, read
from tests.service.noted import noting


@dataclass(frozen=True)
class Demo:
    """The demonstration while it runs, and its two addresses."""

    service: str
    fhir: str

    def get(self, path: str, **more: Any) -> httpx.Response:
        return httpx.get(self.service + path, timeout=20, trust_env=False, **more)

    def send(self, request: object, **fields: str) -> httpx.Response:
        written = request if isinstance(request, str) else json.dumps(request)
        return httpx.post(self.service + PLAYGROUND, data={**fields, "request": written}, timeout=20, trust_env=False)


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    with listen(0, "SANDBOX_PORT") as sandbox, listen(0, "PORT") as socket:
        fhir, service = f"{address(sandbox)}/fhir", address(socket)
        settings = Settings(
            regimen="eu-12mg",
            time_zone=ZONE,
            client_auth="off",
            fhir_servers=fhir,
            public_url=service,
            launch_client_id="playground",
        )
        more = DemoPages(fhir, service, PATIENTS)
        app = create_app(settings, clock=lambda: NOW, memory=noting(lambda: NOW), more=more)
        with serving([(create_sandbox(fhir, ON), sandbox), (app, socket)]):
            yield Demo(service, fhir)


def request_of(page: Page, answer: httpx.Response) -> dict[str, Any]:
    """The request in the form, as it stands there."""
    assert len(page.all("textarea")) == 1
    return dict(json.loads(unescape(answer.text.partition('class="id">\n')[2].partition("</textarea>")[0])))


@pytest.mark.parametrize(
    ("patient", "hook", "words"),
    [
        ("overdue", "patient-view", "overdue since 2026-04-03"),
        ("loading-in-progress", "order-sign", "not before"),
        ("loading-in-progress", "order-select", "not before"),
        ("overdue", "encounter-start", "overdue since 2026-04-03"),
        ("loading-in-progress", "appointment-book", "not before"),
        ("overdue", "appointment-book", "No cards"),
        ("late", "patient-view", "No cards"),
        ("overdue", "order-sign", "No cards"),
    ],
)
def test_the_request_of_a_patient_is_made_and_sent(demo: Demo, patient: str, hook: str, words: str) -> None:
    form = demo.get(PLAYGROUND, params={"patient": patient, "hook": hook})
    request = request_of(read(form), form)
    assert (request["hook"], request["context"]["patientId"], request["fhirServer"]) == (hook, patient, demo.fhir)
    page = read(demo.send(request, patient=patient, hook=hook))
    assert words in page.text
    assert '"cards"' in page.text
    assert f"Timeline of {patient}" in page.text


def test_a_card_is_shown_whole(demo: Demo) -> None:
    form = demo.get(PLAYGROUND, params={"patient": "loading-in-progress", "hook": "order-sign"})
    text = read(demo.send(request_of(read(form), form))).text
    for words in (
        "critical",
        "Move the nusinersen dose to",
        "Override",
        "topic NusinersenTooEarly",
        "What the label says",
    ):
        assert words in text, words
    assert "| --- |" not in text.partition("Answer as JSON")[0]


def test_the_link_to_the_timeline_is_that_of_the_patient_of_the_request(demo: Demo) -> None:
    form = demo.get(PLAYGROUND, params={"patient": "upcoming", "hook": "patient-view"})
    request = request_of(read(form), form)
    request["context"]["patientId"] = "overdue"
    page = read(demo.send(request, patient="upcoming", hook="patient-view"))
    opened = [each["href"] or "" for each in page.all("a") if "/auth/" in (each["href"] or "")]
    assert [address.partition("patient=")[2] for address in opened] == ["overdue"]


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ('{"hook": ', "This is not valid JSON (line 1"),
        ("[" * 100_000, "This is not valid JSON"),
        ("[]", "nothing was sent"),
        ('{"hook": "no-such-hook"}', "nothing was sent"),
        ('{"hook": ["patient-view"]}', "nothing was sent"),
    ],
)
def test_what_cannot_be_sent_is_said_and_kept_in_the_form(demo: Demo, written: str, words: str) -> None:
    answer = demo.send(written, patient="overdue", hook="patient-view")
    assert words in read(answer, 400).text
    assert written.replace('"', "&#34;") in answer.text


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        ({"hook": "patient-view"}, "Status 400: nothing was checked"),
        ({"hook": "patient-view", "hookInstance": "i", "context": {"patientId": "overdue"}}, "Status 412"),
    ],
)
def test_an_error_of_the_service_is_no_empty_list_of_cards(demo: Demo, request_: object, words: str) -> None:
    page = read(demo.send(request_))
    assert words in page.text
    assert "No cards" not in page.text


def test_a_request_that_is_too_large_is_not_read(demo: Demo) -> None:
    assert "larger than this page takes" in read(demo.send(" " * 2_100_000), 400).text


def test_a_patient_or_hook_that_is_not_in_the_lists_is_said(demo: Demo) -> None:
    for chosen in ({"patient": "<b>"}, {"hook": "no-such-hook"}):
        assert "choose from the lists" in read(demo.get(PLAYGROUND, params=chosen), 400).text


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("| a | b |\n| --- | ---: |\n| 1 | 2 |", "<table>"),
        ("<script>alert(1)</script>", "&lt;script&gt;"),
        ("[x](javascript:alert(1))", "[x](javascript:alert(1))"),
        ("![x](http://example.invalid/x.png)", "!<a href"),
    ],
)
def test_markdown_is_shown_and_html_is_not(written: str, shown: str) -> None:
    made = markdown(written)
    assert shown in made
    assert "<script" not in made
    assert "<img" not in made
