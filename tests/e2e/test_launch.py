"""Signing in, in a browser: from the card or alone to the timeline, with the sandbox as the EHR; and what stops it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page

from hooks.launch.cookies import SESSION
from tests.e2e.test_pages import NARROW, PAPER, WIDE, fits, keep

pytestmark = pytest.mark.xdist_group("browser")
Browse = Callable[..., BrowserContext]


@pytest.fixture
def browse(browser: Browser) -> Iterator[Browse]:
    """A browser of its own, without scripts unless asked. What a page breaks of its policy fails the test."""
    complaints: list[str] = []
    contexts: list[BrowserContext] = []

    def open_one(*, width: int = WIDE, scripts: bool = False) -> BrowserContext:
        context = browser.new_context(viewport={"width": width, "height": 900}, java_script_enabled=scripts)
        context.set_default_timeout(20_000)
        context.on("console", lambda message: complaints.append(message.text))
        contexts.append(context)
        return context

    yield open_one
    for context in contexts:
        context.close()
    assert [text for text in complaints if "the server responded with a status of" not in text] == []


def by_the_card(context: BrowserContext, demo: str, patient: str = "overdue") -> Page:
    """The timeline of a patient, by the link of the card as the EHR shows it."""
    page = context.new_page()
    page.goto(f"{demo}/demo?patient={patient}&hook=patient-view")
    page.get_by_role("button", name="Send to the service").click()
    page.get_by_role("link", name="Doses over time").first.click()
    page.wait_for_url("**/timeline?view=*")
    return page


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_the_link_of_a_card_opens_the_timeline_of_its_patient(browse: Browse, demo: str, width: int) -> None:
    page = by_the_card(browse(width=width, scripts=True), demo)
    assert "Patient/overdue" in page.get_by_role("banner").inner_text()
    assert "born 2022-01-01" in page.get_by_role("banner").inner_text()
    assert page.get_by_role("region", name="Overdue").is_visible()
    keep(page, f"launch-timeline-{width}")
    assert fits(page, width)
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_the_timeline_in_print_shows_no_button(browse: Browse, demo: str) -> None:
    page = by_the_card(browse(width=PAPER), demo)
    page.emulate_media(media="print")
    keep(page, "launch-timeline-print")
    assert fits(page, PAPER)
    assert not page.get_by_role("button", name="Sign out").is_visible()


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_whoever_comes_alone_chooses_the_patient_in_the_ehr(browse: Browse, demo: str, width: int) -> None:
    context = browse(width=width, scripts=True)
    page = context.new_page()
    page.goto(f"{demo}/launch")
    page.wait_for_url("**/auth/authorize*")
    assert urlsplit(page.url).netloc != urlsplit(demo).netloc, "the EHR asks"
    keep(page, f"launch-choose-{width}")
    assert Axe().run(page).violations_count == 0
    page.get_by_role("link", name="catch-up-required", exact=True).click()
    page.wait_for_url("**/timeline?view=*")
    assert "Patient/catch-up-required" in page.get_by_role("banner").inner_text()


def test_a_date_is_tried_with_the_session(browse: Browse, demo: str) -> None:
    page = by_the_card(browse(), demo)
    page.get_by_label("Date of the dose").fill("2026-05-20")
    page.get_by_role("button", name="Show the verdict").click()
    page.wait_for_url("**date=2026-05-20*")
    assert "Patient/overdue" in page.get_by_role("banner").inner_text()
    assert page.get_by_role("status").is_visible()


def test_two_patients_are_open_beside_each_other_and_keep_apart(browse: Browse, demo: str) -> None:
    context = browse()
    first, second = by_the_card(context, demo), by_the_card(context, demo, "catch-up-required")
    first.reload()
    assert "Patient/overdue" in first.get_by_role("banner").inner_text()
    assert "Patient/catch-up-required" in second.get_by_role("banner").inner_text()


def test_cookies_are_out_of_reach_and_nothing_of_the_token_is_in_the_browser(browse: Browse, demo: str) -> None:
    context = browse(scripts=True)
    page = by_the_card(context, demo)
    [cookie] = context.cookies()
    assert (cookie["name"], cookie["httpOnly"], cookie["secure"], cookie["sameSite"]) == (SESSION, True, True, "Strict")
    assert page.evaluate("document.cookie + JSON.stringify(localStorage) + JSON.stringify(sessionStorage)") == "{}{}"


def test_from_another_site_the_browser_is_sent_on_by_a_page_of_our_own(browse: Browse, demo: str) -> None:
    # localhost is another site than 127.0.0.1: the strict cookie of the first patient does not come along from there
    context = browse()
    by_the_card(context, demo)
    page = context.new_page()
    page.goto(f"{demo}/demo?patient=catch-up-required&hook=patient-view".replace("127.0.0.1", "localhost"))
    page.get_by_role("button", name="Send to the service").click()
    page.get_by_role("link", name="Doses over time").first.click()
    page.wait_for_url("**/timeline?view=*")
    assert "Patient/catch-up-required" in page.get_by_role("banner").inner_text()
    assert len(context.cookies()) == 1


def test_after_signing_out_nothing_is_seen(browse: Browse, demo: str) -> None:
    context = browse(scripts=True)
    page = by_the_card(context, demo)
    seen = page.url
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("heading", name="Signed out").wait_for()
    keep(page, "launch-signed-out")
    assert Axe().run(page).violations_count == 0
    assert context.cookies() == []
    page.goto(seen)
    assert "You are not signed in here" in page.get_by_role("alert").inner_text()


@pytest.mark.parametrize("width", [WIDE, NARROW])
@pytest.mark.parametrize(
    ("name", "path", "said"),
    [
        ("unlisted", "/launch?iss=https://elsewhere.example.invalid/fhir&launch=x", "none of those"),
        ("state", "/callback?state=made-up&code=x", "not begun in this browser"),
        ("no-session", "/timeline?view=made-up", "not signed in here"),
    ],
)
def test_what_stops_a_sign_in_is_a_plain_page(
    browse: Browse, demo: str, name: str, path: str, said: str, width: int
) -> None:
    page = browse(width=width, scripts=True).new_page()
    page.goto(demo + path)
    keep(page, f"launch-stopped-{name}-{width}")
    assert said in page.get_by_role("alert").inner_text()
    assert fits(page, width)
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
