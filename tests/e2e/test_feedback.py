"""What became of the cards, in headless Chromium without JavaScript."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import Open
from tests.e2e.test_pages import keep

pytestmark = pytest.mark.xdist_group("browser")


def test_other_days_are_chosen_by_the_keyboard(open_page: Open) -> None:
    page = open_page("/feedback")
    weeks = page.get_by_role("region", name="Table of weeks").locator("tbody tr")
    before = weeks.count()
    page.get_by_label("From").fill("2026-04-01")
    page.keyboard.press("Enter")
    page.wait_for_url("**since=2026-04-01*")
    assert 0 < weeks.count() < before
    assert page.get_by_text("2026-04-01 to 2026-05-01").is_visible()
    keep(page, "feedback-april")
