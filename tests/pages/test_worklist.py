"""The worklist as people see it: whom it lists, who may see it, that each look is recorded, and what it never is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from fastapi import Request

from hooks.journal.decision import PageView
from hooks.operations.logs import LogFormat, LogLevel, log_lines
from hooks.pages.listing import patient_query
from hooks.pages.people import FEEDBACK, WORKLIST, Around, Person
from hooks.pages.work import WorkPages
from tests.pages.conftest import SERVER, Get, pages
from tests.pages.reading import Page, read
from tests.service.noted import KEYS, NotedJournal
from tests.worklist.made import audited
from tests.worklist.test_audited import lines, rewrite, without


@dataclass(frozen=True)
class Signed:
    """An access by which everybody is the same person, or nobody."""

    who: Person | None

    async def person(self, request: Request) -> Person | None:
        return self.who if request.url.path else None


NURSE = Person("default", "Practitioner/7", frozenset({WORKLIST}))


class Unwritable(NotedJournal):
    """A journal that can be written nowhere."""

    async def keep_view(self, view: PageView) -> bool:
        return not view


def work(who: Person | None) -> WorkPages:
    return WorkPages(Signed(who), patient_query("/timeline"))


@pytest.fixture
def journal() -> NotedJournal:
    return NotedJournal()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return audited(tmp_path)


@pytest.fixture
def get(folder: Path, journal: NotedJournal) -> Iterator[Get]:
    with pages(more=work(NURSE), journal=journal, worklist_folder=folder) as opened:
        yield opened


def listed(page: Page) -> list[str]:
    """The patients whose timelines are linked, in order."""
    found = [each["href"] or "" for each in page.all("a")]
    return [href.partition("patient=")[2] for href in found if href.startswith("/timeline?")]


def test_it_says_of_when_and_over_what_it_is_and_what_was_not_looked_at(get: Get) -> None:
    text = read(get("/worklist")).text
    assert "By the audit of 2026-05-01, today (site default; today is 2026-05-01; judged by eu-12mg 1.0.0)" in text
    assert "Nor is this, since nothing that the audit could read tells of it: " in text
    assert "What was given after 2026-05-01 is not known here." in text
    assert "Patients assessed 20" in text
    assert "in 1 file" in text
    assert "eu-12mg 1.0.0" in text


def test_each_line_opens_the_timeline_the_longest_overdue_first(get: Get) -> None:
    page = read(get("/worklist"))
    patients = listed(page)
    assert patients[:4] == ["restart-required", "near-boundary", "catch-up-required", "overdue"]
    assert "1 to 18 of 18 patients" in page.text
    assert len(patients) == 18
    assert "overdue since 2026-04-03, 28 days 2025-11-05 overdue" in page.text
    assert "“Act from” is when somebody has to act, which need not be the day of a dose" in page.text
    assert "no recommended date 2026-02-27 interval too short" in page.text


def test_parts_and_columns_are_links_and_say_which_is_shown(get: Get) -> None:
    page = read(get("/worklist?group=overdue&sort=-last"))
    assert listed(page) == [
        "catch-up-forgotten", "one-old-dose", "overdue", "catch-up-required", "near-boundary", "restart-required",
    ]  # fmt: skip
    current = [each["href"] for each in page.all("a") if each.get("aria-current") == "page"]
    assert current == ["/worklist?group=overdue&sort=-last"]
    sorts = [each.get("aria-sort") for each in page.all("th") if each.get("scope") == "col"]
    assert sorts == [None, None, None, None, None, "descending", None]
    assert "/worklist?group=overdue&sort=last" in [each["href"] for each in page.all("a")]
    assert "6 of 6 patients" in page.text
    assert page.text.count("A clinician decides overdue") == 2, "a doubt hides no delay"


def test_the_form_narrows_and_keeps_the_part(get: Get) -> None:
    page = read(get("/worklist?group=overdue&patient=UP&until=2025-12-01"))
    assert listed(page) == ["catch-up-required"]
    assert {each.get("name"): each.get("value") for each in page.all("input")} == {
        "group": "overdue", "patient": "UP", "until": "2025-12-01",
    }  # fmt: skip


def test_what_is_no_date_is_told_and_nobody_is_left_out(get: Get) -> None:
    page = read(get("/worklist?until=soon"), 400)
    assert "This is no date" in page.text
    assert len(listed(page)) == 18


def test_a_part_with_nobody_in_it_says_that_it_is_of_the_audit(get: Get) -> None:
    page = read(get("/worklist?group=ended"))
    assert "No patient of the audit is in this part of the list." in page.text
    assert "Show all" in page.text


def test_the_table_holds_the_same_lines(get: Get) -> None:
    answer = get("/worklist.csv?group=overdue")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="worklist-2026-05-01.csv"'
    assert answer.headers["cache-control"] == "no-store"
    written = answer.text.splitlines()
    assert [line.split(",")[0] for line in written[1:]] == [
        "Patient/restart-required", "Patient/near-boundary", "Patient/catch-up-required", "Patient/overdue",
        "Patient/one-old-dose", "Patient/catch-up-forgotten",
    ]  # fmt: skip
    assert "Nothing was saved." in read(get("/worklist.csv?until=soon"), 400).text


def test_behind_a_proxy_every_address_has_the_path_that_it_takes_away(folder: Path) -> None:
    around = Around(("/cds/demo", "Back"), "/cds/launch", "/cds/sign-out", "/cds")
    signed, nobody = (WorkPages(Signed(who), patient_query("/cds/timeline"), around) for who in (NURSE, None))
    with pages(more=signed, worklist_folder=folder) as get:
        page = read(get("/worklist?group=due&patient=x"))
    addresses = [each.get("href") or "" for each in page.all("a")] + [each["action"] or "" for each in page.all("form")]
    assert {"/cds/sign-out", "/cds/worklist", "/cds/worklist?group=due&patient=x"} <= set(addresses)
    assert [each for each in addresses if not each.startswith(("/cds/", "#"))] == []
    with pages(more=nobody, worklist_folder=folder) as get:
        refused = read(get("/worklist"), 403)
    assert "/cds/launch?page=worklist" in [each["href"] for each in refused.all("a")]


def test_each_look_is_recorded_with_who_looked_and_no_patient(get: Get, journal: NotedJournal) -> None:
    get("/worklist?patient=overdue")
    get("/worklist.csv")
    kept = [(view.page, view.outcome, view.user, view.patient) for view in journal.views]
    user = KEYS.newest.user("default", "Practitioner/7")
    assert kept == [("worklist", "shown", user, ""), ("worklist-table", "shown", user, "")]


def test_a_look_that_cannot_be_recorded_shows_nobody(folder: Path) -> None:
    with pages(more=work(NURSE), journal=Unwritable(), worklist_folder=folder) as get:
        for path in ("/worklist", "/worklist.csv"):
            page = read(get(path), 503)
            assert "this one could not be" in page.text
            assert listed(page) == []


REFUSED: dict[str, tuple[Person | None, str, list[str]]] = {
    "nobody is signed in": (None, "Nobody is signed in here", []),
    "without the role": (
        Person("default", "x", frozenset({FEEDBACK})), "Your account may not see this page", ["refused", "refused"],
    ),
    "of another site": (Person("south", "x", frozenset({WORKLIST})), "Nobody is signed in here", []),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_who_may_not_see_it_sees_nobody(folder: Path, journal: NotedJournal, case: str) -> None:
    who, why, recorded = REFUSED[case]
    with pages(more=work(who), journal=journal, worklist_folder=folder) as get:
        for path in ("/worklist", "/worklist.csv"):
            page = read(get(path), 403)
            assert why in page.text
            assert "overdue" not in page.text
    assert [view.outcome for view in journal.views] == recorded


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (without("summary.json"), "there is no summary.json"),
        (lines(lambda all_of_them: all_of_them[:5]), "its files are not of one audit"),
        (lambda folder: (folder / "ledger.json").write_text("{"), "ledger.json is no JSON"),
    ],
    ids=["half", "cut short", "unreadable"],
)
def test_an_audit_that_cannot_be_used_is_no_empty_list(
    tmp_path: Path, journal: NotedJournal, change: Any, why: str
) -> None:
    with pages(more=work(NURSE), journal=journal, worklist_folder=audited(tmp_path, change)) as get:
        for path in ("/worklist", "/worklist.csv"):
            page = read(get(path), 502)
            assert why in page.text
            assert "This does not mean that there is nothing to do." in page.text
            assert page.all("table") == []
    assert [view.outcome for view in journal.views] == ["failed", "failed"]


def test_a_site_without_an_audit_says_so() -> None:
    with pages(more=work(NURSE)) as get:
        assert "the setting worklist_folder names no audit" in read(get("/worklist"), 404).text


def said(change: Any, tmp_path: Path) -> str:
    with pages(more=work(NURSE), worklist_folder=audited(tmp_path, change)) as get:
        return read(get("/worklist")).text


DOUBTS = {
    "inputs that were not read": ({"inputs_not_read": 2}, "2 inputs not read, or not to the end"),
    "only some patients": ({"patients_asked_for": 40}, "The audit was asked about 40 patients alone"),
    "a Group": ({"group": "sma-clinic"}, "The audit is of the Group sma-clinic alone"),
    "a sample": ({"sample": 36}, "a sample of 36 patients"),
    "records of nobody knows what": (
        {"patients_with_unidentified_records_only": 1}, "1 patient with records of which nobody can tell",
    ),
    "hashes": ({"identifiers": "hash"}, "no patient can be opened from here"),
}  # fmt: skip


@pytest.mark.parametrize("case", DOUBTS)
def test_who_may_be_missing_is_told_above_the_list(tmp_path: Path, case: str) -> None:
    changes, words = DOUBTS[case]
    change = rewrite("summary.json", lambda told: {**told, **changes})
    with pages(more=work(NURSE), worklist_folder=audited(tmp_path, change)) as get:
        text, first = read(get("/worklist")).text, get("/worklist.csv?group=due").text.splitlines()[1]
    assert words in text
    assert text.index("Not everybody may be on this list.") < text.index("1 to 18 of 18")
    assert first.startswith(",not-read,"), "a saved table goes its own way"
    assert words in first


def test_lines_that_were_rejected_and_an_audit_at_work_are_told(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    rejected = rewrite("ledger.json", lambda told: {**told, "rejected": 3, "faults": [{}]})
    text = said(rejected, tmp_path / "a")
    assert "3 lines of the input rejected; each can be a dose of anybody." in text
    assert "1 file of the input broke off" in text
    assert "Another audit is at work" in said(lambda folder: (folder / ".work").mkdir(), tmp_path / "b")


SERVERS: dict[str, tuple[str, str]] = {
    "that of the site": (SERVER, "/timeline?patient=due&server=https%3A%2F%2Fehr.example.invalid%2Ffhir"),
    "one at which nobody signs in": ("https://bulk.example.invalid/fhir", "/timeline?patient=due"),
}


@pytest.mark.parametrize("case", SERVERS)
def test_a_line_names_the_server_of_the_audit_where_it_is_one_of_the_site(tmp_path: Path, case: str) -> None:
    server, address = SERVERS[case]
    change = rewrite("summary.json", lambda told: {**told, "server": server})
    with pages(more=work(NURSE), worklist_folder=audited(tmp_path, change)) as get:
        assert address in [each["href"] for each in read(get("/worklist")).all("a")]


def older(days: int) -> Any:
    """The same audit of some days before."""
    day = date.fromordinal(date(2026, 5, 1).toordinal() - days).isoformat()

    def change(folder: Path) -> None:
        rewrite("summary.json", lambda told: {**told, "on": day})(folder)
        lines(lambda every: [each.replace('"on":"2026-05-01"', f'"on":"{day}"') for each in every])(folder)

    return change


def test_the_age_is_told_and_an_old_audit_is_an_alarm(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    recent, old = said(older(6), tmp_path / "a"), said(older(7), tmp_path / "b")
    assert "By the audit of 2026-04-25, 6 days ago" in recent
    assert "This audit is old." not in recent
    assert "By the audit of 2026-04-24, 7 days ago" in old
    assert "This audit is old." in old


def test_a_hostile_reference_and_text_are_escaped_and_lead_nowhere(tmp_path: Path) -> None:
    hostile = "<script>alert(1)</script>"
    change = lines(lambda every: [each.replace("Patient/overdue", f"Patient/{hostile}") for each in every])
    with pages(more=work(NURSE), worklist_folder=audited(tmp_path, change)) as get:
        page = read(get("/worklist", params={"patient": "alert(1)"}))
        assert hostile in page.text
        assert listed(page) == []
        assert "“<script>”" in read(get("/worklist", params={"patient": "<script>"})).text


def test_the_log_tells_nothing_of_patients_and_users(folder: Path) -> None:
    stream = StringIO()
    with (
        log_lines(LogFormat.JSON, LogLevel.INFO, stream),
        pages(more=work(NURSE), worklist_folder=folder) as get,
    ):
        get("/worklist?patient=restart-required")
    told = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line["page"] for line in told if line["event"] == "request"] == ["worklist"]
    assert "restart-required" not in stream.getvalue()
    assert "Practitioner" not in stream.getvalue()


def test_many_lines_stand_on_several_pages(tmp_path: Path) -> None:
    def many(folder: Path) -> None:
        every = (folder / "assessments.ndjson").read_text().splitlines(keepends=True)
        [overdue] = [each for each in every if '"Patient/overdue"' in each]
        copies = [overdue.replace("Patient/overdue", f"Patient/n{number:04}") for number in range(450)]
        lines(lambda _: copies)(folder)
        statuses = {"overdue": 450}
        rewrite("summary.json", lambda told: {**told, "patients": 450, "statuses": statuses})(folder)

    with pages(more=work(NURSE), worklist_folder=audited(tmp_path, many)) as get:
        first, last, beyond = (read(get(f"/worklist?page={number}")) for number in (1, 3, 9))
        assert "1 to 200 of 450" in first.text
        assert ("/worklist?page=2" in str(first.elements), "Earlier lines" in first.text) == (True, False)
        assert "401 to 450 of 450" in last.text
        assert listed(last) == listed(beyond)
        assert len(get("/worklist.csv").text.splitlines()) == 451
