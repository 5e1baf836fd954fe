"""The pages of docs/ as built for a browser: axe-core finds nothing, and nothing is cut off, on paper either."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.architecture.sources import ROOT
from tests.e2e.test_pages import NARROW, PAPER, WIDE, keep

# each in one width, and a few of them: axe takes seconds for a long page
PAGES = {WIDE: ["findings", "worklist"], NARROW: ["index", "settings"]}
ON_PAPER = ["settings", "worklist", "safety/hazards", "commands", "faults"]
# as long as all others together, and their tables are like those of other pages
LEFT_OUT = "_static,specification.md,rules.md,clarifications.md"
pytestmark = pytest.mark.xdist_group("browser")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages; that they are built without a warning is for `make docs-build`."""
    built = tmp_path_factory.mktemp("docs")
    options = ["-Q", "-b", "html", "-d", str(built / "doctrees"), "-D", f"exclude_patterns={LEFT_OUT}"]
    subprocess.run([sys.executable, "-m", "sphinx", *options, str(ROOT / "docs"), str(built / "html")], check=True)
    return built / "html"


def too_wide(page: Page) -> int:
    """By how many pixels the page is wider than the window."""
    found: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return found


@pytest.mark.parametrize("width", PAGES)
def test_axe_finds_nothing_and_nothing_is_wider_than_the_window(browser: Browser, site: Path, width: int) -> None:
    with browser.new_context(viewport={"width": width, "height": 900}) as context:
        page = context.new_page()
        for name in PAGES[width]:
            look(page, site, name)


def look(page: Page, site: Path, name: str) -> None:
    page.goto((site / f"{name}.html").as_uri())
    found = Axe().run(page)
    assert found.violations_count == 0, f"{name}: {found.generate_report()}"
    assert found.response["passes"]
    assert too_wide(page) <= 0, name


def test_all_of_a_table_stands_on_paper(browser: Browser, site: Path) -> None:
    with browser.new_context(viewport={"width": PAPER, "height": 900}) as context:
        page = context.new_page()
        page.emulate_media(media="print")
        for name in ON_PAPER:
            page.goto((site / f"{name}.html").as_uri())
            for table in page.locator("table.docutils").all():
                box = table.bounding_box()
                assert box is not None
                assert box["x"] + box["width"] <= PAPER, name
            keep(page, f"docs-{Path(name).name}-print")
