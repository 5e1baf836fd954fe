"""What people see, in headless Chromium without JavaScript; axe-core finds nothing; screenshots are kept to look at."""

from __future__ import annotations

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.e2e.conftest import SCREENSHOTS, Open

PAGES = {
    "overdue": "/demo/timeline?patient=overdue",
    "catch-up": "/demo/timeline?patient=catch-up-required&date=2026-05-20",
    "too-short": "/demo/timeline?patient=interval-too-short",
    "restart": "/demo/timeline?patient=restart-required",
    "not-counted": "/demo/timeline?patient=date-unusable",
    "not-started": "/demo/timeline?patient=not-started",
    "playground": "/demo?patient=loading-in-progress&hook=order-sign",
    "worklist": "/worklist",
    "worklist-group": "/worklist/group?of=sma-clinic",
    "feedback": "/feedback",
    "worklist-part": "/worklist?group=decision&sort=-last&until=soon",
}
STATUSES = {"worklist-part": 400}
# one demonstration and one browser for all of them
pytestmark = pytest.mark.xdist_group("browser")
WIDE, NARROW, PAPER = 1280, 390, 688


@pytest.fixture(scope="module", autouse=True)
def group_that_is_read(demo: str) -> None:
    """The Group of the demonstration, read once, so that its list can be looked at."""
    answer = httpx.post(demo + PAGES["worklist-group"], trust_env=False)
    assert answer.status_code == 303


def keep(page: Page, name: str) -> None:
    SCREENSHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)


def fits(page: Page, width: int) -> bool:
    """Whether nothing is wider than the window: there is no scroll bar at its foot."""
    boxes = [box for each in page.locator("header, main, main > *, footer").all() if (box := each.bounding_box())]
    return bool(boxes) and all(box["x"] >= 0 and box["x"] + box["width"] <= width for box in boxes)


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_a_page_fits_and_one_drawing_of_each_kind_is_seen(open_page: Open, name: str, width: int) -> None:
    page = open_page(PAGES[name], width=width, status=STATUSES.get(name, 200))
    keep(page, f"{name}-{width}")
    assert fits(page, width)
    drawings = [each for each in page.locator("figure svg").all() if each.is_visible()]
    assert len(drawings) == page.locator("figure").count()


@pytest.mark.parametrize("name", ["overdue", "catch-up", "not-counted", "worklist", "worklist-group", "feedback"])
def test_a_page_in_print(open_page: Open, name: str) -> None:
    page = open_page(PAGES[name], width=PAPER)
    page.emulate_media(media="print")
    keep(page, f"{name}-print")
    assert fits(page, PAPER)
    assert not page.get_by_role("button").first.is_visible()
    assert page.locator("table").last.is_visible()


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_axe_finds_nothing(open_page: Open, name: str, width: int) -> None:
    page = open_page(PAGES[name], width=width, scripts=True, status=STATUSES.get(name, 200))
    if name == "playground":
        page.get_by_role("button", name="Send to the service").click()
        page.wait_for_load_state()
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert found.response["passes"]


def test_what_is_wrong_and_what_comes_next_stand_first(open_page: Open) -> None:
    page = open_page(PAGES["overdue"])
    status = page.get_by_role("region", name="Overdue")
    assert "maintenance dose overdue since 2026-04-03" in status.inner_text()
    box = status.bounding_box()
    assert box is not None
    assert box["y"] + box["height"] < 400


def test_a_date_is_tried_by_the_keyboard(open_page: Open) -> None:
    page = open_page("/demo/timeline?patient=upcoming")
    page.get_by_label("Date of the dose").fill("2026-05-20")
    page.keyboard.press("Enter")
    page.wait_for_url("**date=2026-05-20*")
    verdict = page.get_by_role("status")
    assert "73 days earlier than scheduled" in verdict.inner_text()
    assert "First date without a warning: 2026-08-01" in verdict.inner_text()
    box = verdict.bounding_box()
    assert box is not None
    assert 0 <= box["y"] < 900, "the verdict is in sight"
    keep(page, "what-if")


def test_the_way_by_the_tab_key(open_page: Open) -> None:
    page = open_page(PAGES["overdue"])
    page.keyboard.press("Tab")
    assert page.get_by_role("link", name="To the content").evaluate("each => each === document.activeElement")


def test_a_patient_without_a_timeline_is_told(open_page: Open) -> None:
    page = open_page("/demo/timeline?patient=nobody", status=404)
    assert "there is no demo patient of this name" in page.get_by_role("alert").inner_text()
    keep(page, "not-seen")


def test_the_playground_from_the_choice_to_the_timeline(open_page: Open) -> None:
    page = open_page("/demo")
    page.get_by_label("Patient", exact=True).select_option("loading-in-progress")
    page.get_by_label("Hook", exact=True).select_option("order-sign")
    page.get_by_role("button", name="Make the request").click()
    page.wait_for_url("**patient=loading-in-progress*")
    written = page.get_by_label("JSON").input_value()
    page.get_by_label("JSON").fill(written.replace('"hook": "order-sign"', '"hook": "order-sign", "odd": 1'))
    page.get_by_role("button", name="Send to the service").click()
    card = page.get_by_role("article").first
    card.wait_for()
    assert "critical" in card.inner_text()
    assert card.get_by_role("table").first.is_visible()
    assert '"odd": 1' in page.get_by_label("JSON", exact=True).input_value()
    keep(page, "playground-cards")
    page.get_by_role("link", name="Timeline of loading-in-progress").click()
    page.wait_for_url("**/demo/timeline?patient=loading-in-progress")
    assert page.get_by_role("heading", name="Nusinersen: doses over time").is_visible()


def test_text_that_is_no_json_is_kept_and_told(open_page: Open) -> None:
    page = open_page("/demo")
    page.get_by_label("JSON").fill("{")
    page.get_by_role("button", name="Send to the service").click()
    assert "This is not valid JSON" in page.get_by_role("alert").inner_text()
    assert page.get_by_label("JSON").input_value() == "{"
