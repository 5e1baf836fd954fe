"""What became of the cards, as people see it: figures of groups, never of so few cards that they tell of one."""

from __future__ import annotations

from collections import Counter
from datetime import date, tzinfo
from typing import Any

import pytest

from hooks.database.database import DatabaseDown
from hooks.journal.journal import JournalStatus
from hooks.journal.statistics import Statistics, Tally
from hooks.journal.usage import Calls, Times, Usage
from hooks.pages.listing import patient_query
from hooks.pages.people import FEEDBACK, WORKLIST, Person
from hooks.pages.work import WorkPages
from tests.pages.conftest import ZONE, pages
from tests.pages.reading import Page, read
from tests.pages.test_worklist import Signed, Unwritable
from tests.service.noted import KEYS, NotedJournal

PHARMACIST = Person("default", "Practitioner/9", frozenset({FEEDBACK}))
HL7 = "http://terminology.hl7.org/CodeSystem/non-adherence-reason-codes"


def tally(shown: int, accepted: int = 0, overridden: int = 0, **reasons: int) -> Tally:
    """Cards, with reasons of HL7's list, written with low lines."""
    told = Counter({(HL7, code.replace("_", "-")): number for code, number in reasons.items()})
    return Tally(shown, accepted, overridden, told)


def figures(total: Tally, **changes: Any) -> Statistics:
    given: dict[str, Any] = {
        "calls": 100, "cards": total.shown, "withheld": 0, "lost": 0, "unknown": 0, "by_kind": {}, "by_finding": {},
        "by_week": {}, "total": total, **changes,
    }  # fmt: skip
    return Statistics(**given)


REASONS = {"action_completed": 11, "patient_contraindication": 4, "service_not_available": 5}
FULL = Usage(
    figures(
        tally(40, 12, 20, **REASONS),
        by_finding={
            "interval-too-short": tally(10, 8, 1),
            "overdue": tally(26, 4, 20, **REASONS),
            "late": tally(4, 0, 4),
        },
        by_week={"2026-04-20": tally(30, 10, 15), "2026-04-27": tally(10, 2, 5)},
        withheld=7,
    ),
    {"order-sign": Calls(50, 150, 30, 28), "patient-view": Calls(20, 0, 10, 10), "encounter-start": Calls(9, 0, 2, 2)},
    {"nusinersen-order": Times(50, {50: 4.26, 90: 31.0, 95: 48.0, 99: 1250.4})},
)


class Asked:
    """The database of a test: it notes what it is asked for."""

    def __init__(self, found: Usage = FULL) -> None:
        self.found, self.calls = found, list[tuple[str, date, date, str]]()

    def __call__(self, *, site: str, first: date, last: date, zone: tzinfo) -> Usage:
        self.calls.append((site, first, last, str(zone)))
        return self.found


def seen(
    asked: Any, address: str = "/feedback", status: int = 200, who: Person | None = PHARMACIST, **more: Any
) -> Page:
    work = WorkPages(Signed(who), patient_query("/timeline"))
    with pages(more=work, usage=asked, **more) as get:
        return read(get(address), status)


def test_all_cards_findings_reasons_weeks_calls_and_times() -> None:
    text = seen(Asked()).text
    assert "Shown 40 Accepted 12 (30 %) Overridden 20 (50 %) Nothing heard 8 (20 %)" in text
    assert "Per 100 orders signed 15.0" in text
    assert "Withheld in silent mode: 7 cards" in text
    assert "overdue 26 4 (15 %) 20 (77 %) 2 (8 %) Recommended action was already completed: 11" in text
    assert "interval too short 10 8 (80 %) 1 (10 %) 1 (10 %)" in text
    assert "2026-04-27 10 2 (20 %) 5 (50 %) 3 (30 %)" in text
    assert "order-sign 200 50" in text
    assert "nusinersen-order 50 4.3 31 48 1,250" in text


def test_a_finding_on_few_cards_is_named_without_figures() -> None:
    page = seen(Asked())
    assert "On fewer than 5 cards each: late." in page.text
    assert "late 4" not in page.text


def test_reasons_of_few_overrides_are_put_together() -> None:
    text = seen(Asked()).text
    assert "Recommended action was already completed 11" in text
    assert "other reasons, too few to show each 9" in text
    assert "Recommended action was already completed: 11 others: too few to show" in text
    assert "contraindication" not in text


def test_one_hook_of_few_cards_hides_another_since_the_total_is_known() -> None:
    text = seen(Asked()).text
    assert "encounter-start 9 9 too few to show" in text
    assert "patient-view 20 20 too few to show" in text
    assert "order-sign 200 50 30 15.0 14.0" in text


def test_what_an_ehr_writes_in_the_place_of_our_reasons_is_not_shown() -> None:
    told = Tally(14, 0, 14, Counter({("urn:x", "Mrs Tanaka, born 1950"): 6, (HL7, "ZZ"): 2, ("", ""): 6}))
    text = seen(Asked(Usage(figures(told, by_finding={"overdue": told})))).text
    assert "Tanaka" not in text
    assert "a reason that is not on our list 8" in text


@pytest.mark.parametrize("shown", [1, 4])
def test_a_time_with_few_cards_shows_nothing_of_them(shown: int) -> None:
    few = tally(shown, shown)
    page = seen(Asked(Usage(figures(few, by_finding={"overdue": few}, by_week={"2026-04-27": few}))))
    assert "Fewer than 5 cards were shown in this time" in page.text
    assert "overdue" not in page.text
    assert "2026-04-27" not in page.text


def test_a_time_without_cards_and_calls_says_so() -> None:
    page = seen(Asked(Usage(figures(tally(0)))))
    assert "Shown 0" in page.text
    assert "No call in this time." in page.text
    assert "Per 100 orders signed no order" in page.text


QUESTIONS: dict[str, tuple[str, tuple[str, str], str]] = {
    "without days: thirteen weeks": ("/feedback", ("2026-01-31", "2026-05-01"), ""),
    "two days": ("/feedback?since=2026-02-01&until=2026-02-03", ("2026-02-01", "2026-02-03"), ""),
    "no date": ("/feedback?since=soon", ("2026-01-31", "2026-05-01"), "This is no date"),
    "the wrong way round": (
        "/feedback?since=2026-03-01&until=2026-02-01",
        ("2026-01-31", "2026-05-01"),
        "must not lie",
    ),
    "too long": ("/feedback?since=1999-01-01", ("2026-01-31", "2026-05-01"), "more than three years"),
    "the last day there is": ("/feedback?until=9999-12-31", ("2026-01-31", "2026-05-01"), "must not lie"),
    "the first day there is": ("/feedback?until=0001-01-01", ("2026-01-31", "2026-05-01"), "must not lie"),
}


@pytest.mark.parametrize("case", QUESTIONS)
def test_the_days_that_are_asked_for(case: str) -> None:
    address, (first, last), fault = QUESTIONS[case]
    asked = Asked()
    page = seen(asked, address, 400 if fault else 200)
    assert asked.calls == [("default", date.fromisoformat(first), date.fromisoformat(last), ZONE)]
    assert fault in page.text
    assert f"{first} to {last} (site default)" in page.text


def test_lines_that_are_lost_or_wait_are_told_before_the_figures() -> None:
    class Behind(NotedJournal):
        def status(self) -> JournalStatus:
            return JournalStatus("down", "", 12, None, 0, 0, 0)

    text = seen(Asked(Usage(figures(tally(9), lost=3))), journal=Behind()).text
    assert "lost in this time: 3." in text
    assert "wait for the database: 12." in text
    assert text.index("Not everything is in these figures.") < text.index("All cards")


def test_a_database_that_is_down_is_no_page_of_zeros() -> None:
    def down(**_: object) -> Usage:
        raise DatabaseDown("postgresql db.example.invalid: connection refused")

    journal = NotedJournal()
    page = seen(down, status=502, journal=journal)
    assert "The database of the journal cannot be read just now." in page.text
    assert "example.invalid" not in page.text
    assert [view.outcome for view in journal.views] == ["failed"]


def test_each_look_is_recorded_or_nothing_is_shown() -> None:
    journal = NotedJournal()
    seen(Asked(), journal=journal)
    [view] = journal.views
    assert (view.page, view.outcome, view.patient) == ("feedback-page", "shown", "")
    assert view.user == KEYS.newest.user("default", "Practitioner/9")
    assert "Shown 40" not in seen(Asked(), status=503, journal=Unwritable()).text


@pytest.mark.parametrize("who", [None, Person("default", "x", frozenset({WORKLIST}))], ids=["nobody", "a nurse"])
def test_who_may_not_see_it_sees_nothing(who: Person | None) -> None:
    asked = Asked()
    assert "not shown" in seen(asked, status=403, who=who).text
    assert asked.calls == []
