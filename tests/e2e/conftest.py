"""The demonstration running as `make run` starts it, and a headless Chromium to look at it with."""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from rich.console import Console

from hooks.sandbox.demo import demo_settings, run_demo

NOW = datetime(2026, 5, 1, 9, tzinfo=UTC)
SCREENSHOTS = Path(__file__).parents[2] / "screenshots"
Open = Callable[..., Page]


@pytest.fixture(scope="module")
def demo() -> Iterator[str]:
    """The base URL of the service."""
    written, serving, done = StringIO(), threading.Event(), threading.Event()

    def wait() -> None:
        serving.set()
        done.wait()

    def run() -> None:
        try:
            run_demo(
                0, 0, settings=demo_settings(), clock=lambda: NOW, console=Console(file=written, width=200), wait=wait
            )
        finally:
            serving.set()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert serving.wait(60), "the demonstration did not start"
    found = re.search(r"playground\s+(http://\S+)/demo\b", written.getvalue())
    assert found, written.getvalue()
    yield found[1]
    done.set()
    thread.join(20)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium of the system; without one the tests fail and say what is missing. Closed before the tests of the next
    module: Playwright keeps an event loop running in the thread, where asyncio.run() of other tests would fail."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert path, "these tests need Chromium: apt-get install chromium, or what the system calls it"
    with sync_playwright() as playwright:
        # tests run as root in containers, where the sandbox of Chromium cannot be set up
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser: Browser, demo: str) -> Iterator[Open]:
    """Opens a path of the demonstration. What the browser complains of, and what it asks of others, fails the test."""
    complaints: list[str] = []
    contexts = []

    def open_one(path: str, *, width: int = 1280, scripts: bool = False, status: int = 200) -> Page:
        context = browser.new_context(viewport={"width": width, "height": 900}, java_script_enabled=scripts)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("request", lambda asked: complaints.append(asked.url) if not asked.url.startswith(demo) else None)
        answer = page.goto(demo + path)
        assert answer is not None
        assert answer.status == status
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert [text for text in complaints if "the server responded with a status of" not in text] == []
