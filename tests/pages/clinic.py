"""The pages of a site whose one Group is a clinic, and a reader of them."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from io import StringIO
from typing import Any

from hooks.pages.people import Person
from tests.pages.conftest import NOW, SERVER, Get, pages
from tests.pages.reading import Page, read
from tests.pages.test_worklist import NURSE, listed, work
from tests.service.noted import NotedJournal
from tests.worklist.hospital import Hospital, group

CLINIC = f"{SERVER}/Group/clinic"
PAGE, TABLE = "/worklist/group?of=clinic", "/worklist/group.csv?of=clinic"
EVERYBODY = [f"Patient/{name}" for name in ("overdue", "due", "upcoming", "date-missing", "interval-too-short")]


class Clock:
    """It moves only when a test moves it."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@contextmanager
def clinic(
    hospital: Hospital | None = None, who: Person | None = NURSE, clock: Clock | None = None, **more: Any
) -> Iterator[Get]:
    """The pages of a site whose one Group is the clinic."""
    transport = hospital or Hospital(clinic=group(*EVERYBODY))
    chosen = {"worklist_groups": CLINIC, "journal": NotedJournal(), **more}
    with pages(answer=transport, more=work(who), clock=clock or Clock(), **chosen) as get:
        yield get


def read_now(get: Get, status: int = 200, page: str = PAGE) -> Page:
    """The page after the button was pressed."""
    answer = get(PAGE, "POST")
    assert (answer.status_code, answer.headers["location"]) == (303, PAGE)
    return read(get(page), status)


def table(get: Get, path: str = TABLE) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(get(path).text, newline="")))


def opened(page: Page) -> list[str]:
    """The patients whose timelines are linked, in order."""
    return [each.partition("&")[0] for each in listed(page)]
