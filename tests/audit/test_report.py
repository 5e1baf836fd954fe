"""The report: one page that asks nothing of any other place, says what was counted, and runs nothing."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from html.parser import HTMLParser
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from cds.audit.cases import SHOWN, Case
from cds.audit.identifiers import Identifiers, Shown
from cds.audit.ledger import Key, Ledger, Place, Rejection
from cds.audit.report.page import Reported, page
from cds.audit.report.plots import bins
from cds.audit.report.timeline import MOST_DOSES, doses, window_after
from cds.audit.rows import recall
from cds.audit.shares import Question
from cds.audit.tally import Tally
from cds.dosing.assess import assess
from cds.dosing.assessment import Assessment
from cds.dosing.codes import Severity
from cds.dosing.facts import Administration, DateRange, Record
from cds.dosing.in_force import InForce, Regimens
from cds.dosing.windows import Window
from cds.regimens.library import load

ON = date(2026, 5, 1)
REGIMENS = Regimens.of(load().get("eu-12mg"))
QUESTION = Question(REGIMENS, ON, ZoneInfo("Europe/Stockholm"))
KEY = b"a key of thirty-two bytes or more"
LOADED = ("2025-10-01", "2025-10-15", "2025-10-29", "2025-12-03")
TOO_SHORT = (*LOADED[:3], "2025-11-05")
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


def assessed(patient: str, *days: str, regimens: Regimens = REGIMENS) -> Assessment:
    records: list[Record] = [
        Administration(f"MedicationAdministration/{patient}-{number}", DateRange.on(date.fromisoformat(day)))
        for number, day in enumerate(days)
    ]
    return assess(f"Patient/{patient}", records, regimens, on=ON, whole=True)


def reported(*assessments: Assessment, shown: Shown | None = None, question: Question = QUESTION) -> Reported:
    tally, rows = Tally(), []
    how = shown or Shown(Identifiers.HASH, KEY)
    for each in assessments:
        tally.add(each)
        line = recall(each)
        rows += [line | {"patient": how.reference(line["patient"])}] if line else []
    rows.sort(key=lambda row: row["date"])
    counts = dict.fromkeys(Key, 0) | {Key.USED: 4, Key.NO_TRACE: 1000}
    return Reported(
        question=question,
        tally=tally,
        ledger=Ledger(1004, counts, (), ()),
        recall=rows,
        only_unidentified=0,
        at_least=Severity.INFO,
        shown=how,
    )


class Page(HTMLParser):
    """A page read as browsers do, with every element closed as it was opened."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), (tag, names)
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.texts.append((self._open[-1] if self._open else "", " ".join(data.split())))

    @property
    def text(self) -> str:
        """What is read, without styles."""
        return " ".join(text for tag, text in self.texts if tag != "style")

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module")
def written() -> str:
    """Of a patient on schedule, one due, one with doses too near each other."""
    told = reported(assessed("p1", *LOADED, "2026-04-03"), assessed("p2", *LOADED), assessed("p3", *TOO_SHORT))
    return page(told)


def test_nothing_is_asked_of_any_other_place(written: str) -> None:
    read = Page(written)
    assert "http:" not in written.replace("http-equiv", "")
    assert "https:" not in written
    assert "//" not in re.sub(r"/\*.*?\*/", "", written)
    tags = {tag for tag, _ in read.elements}
    assert tags.isdisjoint({"script", "link", "img", "iframe", "object", "embed", "audio", "video", "form", "base"})
    for tag, attributes in read.elements:
        assert not [name for name in attributes if name.startswith("on") or name in {"src", "srcset", "action"}], tag
        assert (attributes.get("href") or "#").startswith("#")
    assert [part for part in re.findall(r"url\((.)", written) if part != "#"] == []
    assert "@import" not in written
    [policy] = [each["content"] for each in read.all("meta") if "http-equiv" in each]
    assert policy == "default-src 'none'; style-src 'unsafe-inline'"


def test_every_id_is_there_once_and_every_reference_leads_to_one(written: str) -> None:
    elements = Page(written).elements
    ids = Counter(attributes["id"] for _, attributes in elements if "id" in attributes)
    assert [name for name, times in ids.items() if times > 1] == []
    asked = {part for _, each in elements for part in (each.get("aria-labelledby") or "").split()}
    asked |= {(each.get("href") or "#")[1:] for _, each in elements} - {""}
    asked |= set(re.findall(r"url\(#([^)]+)\)", written))
    assert asked - set(ids) == set()


def test_it_can_be_heard(written: str) -> None:
    """Landmarks, headings in order, a name for each figure, a head for each column and row."""
    read = Page(written)
    assert read.all("html")[0]["lang"] == "en"
    assert [len(read.all(tag)) for tag in ("header", "nav", "main", "footer", "h1")] == [1, 1, 1, 1, 1]
    levels = [int(tag[1]) for tag, _ in read.elements if re.fullmatch("h[1-6]", tag)]
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert [each for each in read.all("svg") if each["role"] != "img" or not each["aria-labelledby"]] == []
    assert len(read.all("svg")) == 3 + 1 + 1
    assert len(read.all("title")) == 1 + len(read.all("svg"))
    assert [each for each in read.all("th") if each.get("scope") not in {"row", "col"}] == []
    assert [each for each in read.all("section") if not each["aria-labelledby"]] == []


def test_the_sections(written: str) -> None:
    read = Page(written)
    assert [text for tag, text in read.texts if tag == "h2"] == [
        "Headline", "Doses on time", "Days between doses", "Findings", "Patients with findings", "Recall list",
        "Ledger",
    ]  # fmt: skip
    assert [each["href"] for each in read.all("a")][1:] == [
        f"#{each['id']}" for each in read.all("h2")
    ]  # fmt: skip


FIGURES = [
    "1 intervals too short", "0 intervals that the dates do not settle", "90.0 % on time, of 10 doses after the first",
    "0 patients overdue", "1 patients due", "1 patients who need a clinician's decision", "3 patients assessed",
    "0 lines rejected, of 1,004 read",
    "1 patients have a finding of warning or above; here are all of them.",
    "loading-2 3 3 100.0 %", "loading-4 3 2 66.7 %", "maintenance 1 1 100.0 %", "2025-11 1 0 0.0 %",
    "7 to 13 1 1 0 0", "119 to 125 1 0 1 0", "interval too short critical 2",
    "2025-11-05, loading-4, critical : interval too short (W2; required 14, observed 7)",
    "2025-11-19", "2026-04-03", "no_trace 1,000", "lines 1,004 all",
]  # fmt: skip


@pytest.mark.parametrize("said", FIGURES)
def test_the_figures(said: str, written: str) -> None:
    assert said in Page(written).text


def test_two_times_the_same_bytes(written: str) -> None:
    told = reported(assessed("p1", *LOADED, "2026-04-03"), assessed("p2", *LOADED), assessed("p3", *TOO_SHORT))
    assert page(told) == written


def test_patients_stand_in_it_as_hashes(written: str) -> None:
    assert not [name for name in ("p1", "p2", "p3") if f"Patient/{name}" in written]
    assert written.count(Shown(Identifiers.HASH, KEY).reference("Patient/p3")) > 1


def test_what_a_record_says_is_never_run() -> None:
    text = page(reported(assessed('<script>alert("1")</script>', *TOO_SHORT), shown=Shown()))
    assert "<script" not in text
    assert "&lt;script&gt;" in text
    assert Page(text).all("svg")


def test_patients_who_are_not_told_apart_are_counted() -> None:
    patients = [assessed(name, *TOO_SHORT) for name in ("p1", "p2")]
    read = Page(page(reported(*patients, shown=Shown(Identifiers.NONE))))
    assert [text for tag, text in read.texts if tag == "h3"] == ["Patient 1", "Patient 2"]


def test_more_patients_than_are_shown() -> None:
    patients = [assessed(f"p{number}", *LOADED[:2]) for number in range(SHOWN + 2)]
    read = Page(page(reported(*patients, assessed("worst", *TOO_SHORT))))
    names = [text for tag, text in read.texts if tag == "h3"]
    assert len(names) == SHOWN
    assert names[0] == Shown(Identifiers.HASH, KEY).reference("Patient/worst")
    assert f"{SHOWN + 3} patients have a finding of warning or above; here are the {SHOWN} with" in read.text
    assert "3 more patients with findings are in findings.csv" in read.text


def test_which_patients_are_shown_does_not_depend_on_how_they_were_shared_out() -> None:
    patients = [assessed(f"p{number:02}", *(TOO_SHORT if number % 7 else LOADED[:2])) for number in range(60)]
    whole, parts = Tally(), [Tally(), Tally(), Tally()]
    for number, each in enumerate(patients):
        whole.add(each)
        parts[number % 3].add(each)
    merged = Tally()
    for part in reversed(parts):
        merged.merge(part)
    assert [case.patient for case in merged.cases] == [case.patient for case in whole.cases]
    assert merged == whole


def test_a_long_recall_list_says_how_much_more_there_is() -> None:
    told = reported(*(assessed(f"p{number}", *LOADED) for number in range(3)))
    short = replace(told, recall=told.recall[:1])
    assert "2 more patients are in recall.csv" in Page(page(short)).text


INCOMPLETE: list[tuple[str, dict[str, object], str]] = [
    ("inputs", {"not_read": 2}, "2 of the inputs could not be read, or not to their end."),
    (
        "lines",
        {"ledger": Ledger(1, {Key.REJECTED: 1}, (Rejection(Place("p1.ndjson", 0, 7), "is no JSON"),), ())},
        "1 lines were rejected. Each can be a dose of anybody.",
    ),
    (
        "files that broke",
        {"ledger": Ledger(0, {}, (), (Rejection(Place("p1.ndjson", 0, 7), "is cut short"),))},
        "1 files broke off",
    ),
    ("a ledger that does not add up", {"ledger": Ledger(2, {Key.USED: 1}, (), ())}, "The ledger does not add up."),
]  # fmt: skip


@pytest.mark.parametrize(("change", "said"), [row[1:] for row in INCOMPLETE], ids=[row[0] for row in INCOMPLETE])
def test_what_is_missing_is_said_first(change: dict[str, object], said: str) -> None:
    text = page(replace(reported(), **change))  # type: ignore[arg-type]
    read = Page(text).text
    assert read.index("This audit may be incomplete.") < read.index(said) < read.index("intervals too short")
    assert "p1.ndjson" not in text


def test_a_whole_audit_says_nothing_of_what_is_missing(written: str) -> None:
    assert "may be incomplete" not in written


def test_an_audit_of_nobody() -> None:
    read = Page(page(reported()))
    assert read.all("svg") == []
    for said in (
        "No patient has two doses.", "Nothing was found.", "No patient has a finding of warning or above.",
        "Nobody is due or overdue, and nobody needs a decision.", "none on time, of 0 doses",
    ):  # fmt: skip
        assert said in read.text


def test_a_part_of_the_findings_or_patients_is_said_to_be_one() -> None:
    told = replace(reported(assessed("p3", *TOO_SHORT)), at_least=Severity.WARNING, only=7)
    read = Page(page(told)).text
    assert "only the 7 patients asked for" in read
    assert "is in findings.csv , those of warning or above." in read


def test_each_text_is_named_with_the_days_of_its_doses() -> None:
    known = load()
    regimens = Regimens((
        InForce(date.min, (known.get("eu-12mg-2017"),)), InForce(date(2021, 3, 1), (known.get("eu-12mg"),)),
    ))  # fmt: skip
    told = reported(assessed("p3", *TOO_SHORT, regimens=regimens), question=replace(QUESTION, regimens=regimens))
    read = Page(page(told)).text
    assert "Doses before 2021-03-01: eu-12mg-2017" in read
    assert "Doses from 2021-03-01: eu-12mg ," in read


WINDOWS: list[tuple[str, tuple[str, ...], tuple[tuple[str, str] | None, ...], tuple[str, str] | None]] = [
    ("one dose", ("2026-04-20",), (None,), ("2026-05-04", "2026-05-11")),
    (
        "loading never before the minimum interval, maintenance 28 days each way",
        (*LOADED, "2026-04-03"),
        (
            None, ("2025-10-15", "2025-10-22"), ("2025-10-29", "2025-11-05"), ("2025-11-26", "2025-12-10"),
            ("2026-03-06", "2026-05-01"),
        ),
        ("2026-07-06", "2026-08-31"),
    ),
    (
        "a dose after which a clinician decides has none",
        (*TOO_SHORT, "2026-03-05"),
        (None, ("2025-10-15", "2025-10-22"), ("2025-10-29", "2025-11-05"), ("2025-11-26", "2025-12-10"), None),
        ("2026-06-07", "2026-08-02"),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("days", "expected", "after"), [row[1:] for row in WINDOWS], ids=[row[0] for row in WINDOWS])
def test_the_days_on_which_a_dose_was_due(
    days: tuple[str, ...], expected: tuple[tuple[str, str] | None, ...], after: tuple[str, str] | None
) -> None:
    case = Case.of(assessed("p1", *days))
    assert [_plain(dose.window) for dose in doses(case, REGIMENS)] == list(expected)
    assert _plain(window_after(case, REGIMENS)) == after


def _plain(window: Window | None) -> tuple[str, str] | None:
    return None if window is None else (window.first.isoformat(), window.last.isoformat())


def test_of_very_many_doses_the_last_ones_are_drawn() -> None:
    first = date(2015, 1, 1)
    days = [(first + timedelta(40 * number)).isoformat() for number in range(MOST_DOSES + 5)]
    read = Page(page(reported(assessed("p1", *days))))
    assert "5 more doses, given before, are in assessments.ndjson" in read.text


@pytest.mark.parametrize("days", [("0001-01-01", *TOO_SHORT), ("1026-02-01", "2026-02-01"), ("2026-05-01",) * 2])
def test_no_date_breaks_the_page(days: tuple[str, ...]) -> None:
    assert "Ledger" in Page(page(reported(assessed("p1", *days)))).text


INTERVALS: list[tuple[str, dict[tuple[str, int], int], list[tuple[int, int | None, int]]]] = [
    ("none", {}, []),
    ("the edges of a week", {("loading-2", 13): 1, ("loading-2", 14): 2}, [(0, 6, 0), (7, 13, 1), (14, 20, 2)]),
    ("several steps", {("loading-2", 0): 1, ("maintenance", 6): 2, ("catch-up", 3): 4}, [(0, 6, 7)]),
]


@pytest.mark.parametrize(("intervals", "expected"), [row[1:] for row in INTERVALS], ids=[row[0] for row in INTERVALS])
def test_intervals_by_week(intervals: dict[tuple[str, int], int], expected: list[tuple[int, int | None, int]]) -> None:
    assert [(each.first, each.last, each.doses) for each in bins(intervals)] == expected


def test_intervals_of_a_year_and_more_are_one() -> None:
    last = bins({("maintenance", 371): 1, ("maintenance", 5000): 2})[-1]
    assert (last.first, last.last, last.maintenance) == (371, None, 3)


def test_what_draws_is_not_there_before_it_is_needed() -> None:
    """It takes a second to be imported, and a scan takes less."""
    code = "import sys, hooks.audit; print([name for name in ('matplotlib', 'jinja2') if name in sys.modules])"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout == "[]\n"
