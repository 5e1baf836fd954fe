"""The worklist in headless Chromium without JavaScript: narrowed, sorted by the keyboard, saved, followed."""

from __future__ import annotations

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.e2e.conftest import Open
from tests.e2e.test_pages import WIDE, keep

pytestmark = pytest.mark.xdist_group("browser")


def test_from_the_playground_to_the_list_and_to_a_timeline(open_page: Open) -> None:
    page = open_page("/demo")
    page.get_by_role("link", name="worklist").click()
    page.wait_for_url("**/worklist")
    page.get_by_role("navigation", name="Parts of the list").get_by_role("link", name="Overdue").click()
    page.wait_for_url("**group=overdue")
    late = page.locator("tbody tr").filter(has_text="verdue").count()
    assert page.locator("tbody tr").count() == late >= 6
    assert page.locator("tbody").get_by_text("Overdue", exact=True).count() >= 4
    page.get_by_role("link", name="overdue", exact=True).click()
    page.wait_for_url("**/demo/timeline?patient=overdue")
    assert page.get_by_role("heading", name="Overdue").is_visible()


def test_it_is_narrowed_and_sorted_by_the_keyboard(open_page: Open) -> None:
    page = open_page("/worklist")
    page.get_by_label("Patient, or a part of the id").fill("required")
    page.keyboard.press("Enter")
    page.wait_for_url("**patient=required*")
    assert page.locator("tbody th").all_inner_texts() == ["restart-required", "catch-up-required"]
    head = page.get_by_role("columnheader", name="Last dose")
    head.get_by_role("link").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**sort=last*")
    head = page.get_by_role("columnheader", name="Last dose")
    assert head.get_attribute("aria-sort") == "ascending"
    head.get_by_role("link").click()
    page.wait_for_url("**sort=-last*")
    assert page.locator("tbody th").all_inner_texts() == ["catch-up-required", "restart-required"]
    keep(page, "worklist-narrowed")


def test_it_is_saved_as_a_table(open_page: Open, tmp_path: Path) -> None:
    page = open_page("/worklist?group=due", width=WIDE)
    with page.expect_download() as started:
        page.get_by_role("link", name="Save as CSV").click()
    saved = tmp_path / started.value.suggested_filename
    started.value.save_as(saved)
    assert saved.name == "worklist-2026-05-01.csv"
    patients = [line.split(",")[0] for line in saved.read_text().splitlines()]
    assert patients[0] == "patient"
    assert "Patient/due" in patients
    assert "Patient/overdue" not in patients


def test_a_group_is_read_when_somebody_asks_for_it(open_page: Open) -> None:
    page = open_page("/worklist", scripts=True)
    page.get_by_role("navigation", name="Worklists").get_by_role("link", name="Group").click()
    page.wait_for_url("**/worklist/group?of=sma-clinic")
    assert page.get_by_text("has not been read yet").is_visible()
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    keep(page, "worklist-group-not-read")
    page.get_by_role("button", name="Read the Group now").click()
    page.get_by_role("heading", name="What this list rests on").wait_for()
    assert page.locator("tbody tr").count() >= 5
    assert "Not members today, by the Group: late." in page.locator("main").inner_text()
    page.get_by_role("link", name="overdue", exact=True).click()
    page.wait_for_url("**/demo/timeline?patient=overdue*")
    assert page.get_by_role("heading", name="Overdue").is_visible()
