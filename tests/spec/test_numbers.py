"""The numbers of each finding: what was required, what was observed, and the records that it rests on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from tests.spec.chapters import CASES
from tests.spec.run import run

CASE = {case.title: case for case in CASES}


class Numbers(NamedTuple):
    """A finding in one line, `-` for what it does not have; references without their type."""

    finding: str
    required: str
    observed: str
    evidence: str


TABLE = """
    Three months and a day after it a clinician decides: the extra dose was left out
        catch-up-omitted F4 | 2026-02-05 | 2026-02-06 | -
    Under the US text a dose 3 months and a day after is no extra dose
        catch-up-omitted W8 | 2026-02-05 | 2026-02-06 | a5 a6
    us-12mg: 3 days after 8 months
        catch-up-required F6 | 2025-11-05 | 2025-11-08 | -
    An order for the day on which 8 months are over begins the extra dose
        catch-up-required P7 | 2025-11-05 | 2025-11-05 | -
    If the amount of one of them does not fit, that is said too
        conflicting-records C6 | - | - | a1 a2
    A time without an offset is read as site time, and said to be imprecise
        date-imprecise D1 | - | - | -
    A distance that is not certain is not said beside one that is too short
        date-imprecise D2 | - | - | -
    A month that is wholly to come is in the future, as is a year
        date-in-future C3 | - | - | a1
    An incomplete history is named before undocumented loading
        date-missing C3 | - | - | u1
    A date that names only the year is too wide to schedule by
        date-unusable D2 | - | - | a1
    An unknown amount contradicts no known one
        duplicate-record C6 | - | - | a1 a2
    High dose: a dose before its day is earlier than scheduled
        earlier-than-schedule W10 | 2026-05-15 | 2026-05-14 | a2 a3
    The fourth loading dose a week early, within tolerance
        earlier-than-schedule W3 | 2025-03-05 | 2025-02-26 | a3 a4
    A third dose two weeks later does not end the doubt
        earlier-than-schedule W7 | 2025-09-15 | 2025-06-29 | a2 a3
    Under the text of 2017, 28 days early is within tolerance
        earlier-than-schedule W9 | 2025-07-05 | 2025-06-07 | a4 a5
    Records complete since 7 months before the first dose on record: it need not be the first one
        history-incomplete F1 | 2024-06-01 | - | -
    The last dose lies before the records were complete: a dose after it may be missing
        history-incomplete F1 | 2025-03-07 | - | -
    No dose on record, and one is ordered: the patient may have been treated before the records were complete
        history-incomplete F1 | 2024-06-01 | - | -
    Doses noted elsewhere without a date can be of any day
        history-incomplete F1 | - | - | s1
    Not read whole and no dose found: not 'treatment has not begun'
        history-incomplete F1 | - | - | -
    Nor does a strength that is only written in the text
        identified-by-text C1 | - | - | -
    eu-12mg: a second dose on day 13 is too early
        interval-too-short F3a | 14 | 13 | -
    If every day that the record allows is too near, the interval is too short
        interval-too-short F3a | 14 | 2 to 11 | -
        interval-too-short W2 | 14 | 2 to 11 | a1 a2
    An order without a date is warned of an active one less than 14 days from today
        interval-too-short P3 | 14 | 13 | x1
        proposed-date-assumed P1 | - | 2026-01-20 | -
    An order without a date is in conflict with a dated one 13 days from today
        interval-too-short P3 | 14 | 13 | m2
    An order without a date is judged as for today; too early is then a warning that says from when
        interval-too-short W2 | 14 | 4 | a1
    A dose whose interval cannot be decided can be late all the same: some day in January, some day in February
        interval-undecidable F3a | 14 | 1 to 58 | -
        interval-undecidable W2 | 14 | 1 to 58 | a1 a2
    Recorded doses may lie in either order: 20 March and a day in March can be 19 days apart
        interval-undecidable W2 | 14 | 0 to 19 | a1 a2
    An order without a date is warned of a record of today that may be a dose
        interval-undecidable P6 | 14 | 0 | u1
    A record that may be a dose matters before the first dose, too
        interval-undecidable P6 | 14 | 4 | u1
    High dose: a day later the dose is late and no label text says what follows; the interval goes on from it
        late W10 | 2026-05-15 | 2026-06-13 | a2 a3
        no-label-rule W10 | 2026-06-12 | 2026-06-13 | a2 a3
    eu-12mg: a second dose on day 22 is late
        late W3 | 2025-01-15 | 2025-01-23 | a1 a2
    What an order would say of the whole history is listed with it; the recorded doses keep their judgement
        late W7 | 2025-05-15 | 2025-06-20 | a1
        loading-not-documented W4 | 2025-04-15 | 2025-06-20 | -
    8 months after the late dose, to the day: the extra dose
        late W7 | 2025-11-05 | 2026-04-10 | a5 a6
    From 8 months after such a dose on, the table speaks again
        late W7 | 2026-02-23 | 2026-06-23 | a5 a6
    Under the US text an extra dose may come up to 3 months after the dose before it
        late W8 | 2025-11-19 | 2026-02-05 | a5 a6
    eu-12mg-2017: a second dose on day 22 is late
        late W9 | 2025-01-15 | 2025-01-23 | a1 a2
    A day later a clinician decides: no label text covers so long a gap in loading
        loading-interrupted F2 | 2025-04-15 | 2025-04-16 | -
    A loading dose after so long a gap does not end the doubt
        loading-interrupted W5 | 2025-04-15 | 2025-04-16 | a2 a3
    In loading there is no boundary of 8 months
        loading-not-documented F2 | 2025-04-15 | 2025-09-15 | -
    A result of the day of the last dose was for that dose, and is old
        monitoring-due 10 | 2025-03-01 | - | u1
    us-12mg: 3 days before 8 months are over
        near-boundary F8 | 2025-11-05 | 2025-11-02 | -
    High dose: beyond the tolerance in loading a clinician decides too
        no-label-rule F6 | 2026-01-22 | 2026-01-23 | -
    Another therapy without any dose of the drug has ended nothing
        other-smn-therapy C8 | - | - | g1
    Doses noted elsewhere are never counted; without a counted dose a clinician decides
        outside-record C7 | - | - | s1
    8 days after its day the second loading dose is overdue
        overdue F7 | 2025-01-23 | 2025-01-23 | -
    A stopped record beside a completed one is a dose given; two stopped ones are a partial dose
        partial-dose C2 | - | - | a3 a4
    So does a last dose that was stopped
        partial-dose C2 | - | - | a2
        partial-dose F3a | - | - | a2
    A first record that a change follows months later: earlier doses may be missing, and the change is followed
        regimen-switch W11 | - | 50 | a1 a2
    A change back to 12 mg is declared by no file
        regimen-switch-undefined W11 | - | 12 | a2 a3
    3 days after 40 months: still near the boundary
        restart-required F6 | 2028-07-05 | 2028-07-08 | -
    An order for the day on which 40 months are over begins the whole loading
        restart-required P7 | 2028-07-05 | 2028-07-05 | -
    A route code on neither list is counted and mentioned
        route-unrecognised C4 | - | - | -
    One more than 3 months later is a regular maintenance dose, and ends it
        schedule-shifted W7 | 2025-09-15 | 2025-09-16 | a2 a3
    A late dose 13 days before the next original date: no label says what follows
        schedule-undefined F5 | 14 | 13 | -
        schedule-undefined W7 | 14 | 13 | a4 a5
    With no dose but one that cannot be read, treatment may have begun
        status-unknown C2 | - | - | u1
    Up to 5 % off the prescribed amount is not mentioned; more is
        unexpected-amount C5 | 12 | 12.61 | a3
    No date makes a wrong amount right, so none is suggested
        unexpected-amount C5 | 12 | 28 | m1
    A dose recorded as given into a vein is a safety event for a clinician to weigh, and is not counted
        unexpected-route C4 | - | - | a1
    All unidentified records together give one finding
        unidentified-record C1 | - | - | x1 x2
    The drug's name beside the code of another drug is unreadable: someone has to look
        unreadable-record C1 | - | - | a1
    A record that does not say whose it is, is not counted, and may be this patient's
        unreadable-record C9 | - | - | a2
    A record of another patient is no possible dose
        wrong-patient C9 | - | - | u1
"""
"""Titles of cases, and below each: finding and rule | required | observed | evidence."""


def expectations() -> Iterator[tuple[str, Numbers]]:
    title = ""
    for line in filter(None, TABLE.splitlines()):
        if line.startswith("        "):
            yield title, Numbers(*(cell.strip() for cell in line.split("|")))
        else:
            title = line.strip()


def numbers(value: Any) -> Iterator[Numbers]:
    """Those of every finding in an assessment as JSON."""
    if isinstance(value, list):
        for item in value:
            yield from numbers(item)
    elif isinstance(value, dict):
        if "severity" in value:
            evidence = " ".join(reference.rpartition("/")[2] for reference in value.get("evidence", ["-"]))
            told = (str(value.get(key, "-")) for key in ("required", "observed"))
            yield Numbers(f"{value['code']} {value['rule']}", *told, evidence)
        for item in value.values():
            yield from numbers(item)


@pytest.mark.parametrize(("title", "expected"), list(expectations()), ids=lambda each: getattr(each, "finding", each))
def test_a_finding_says_its_numbers(title: str, expected: Numbers) -> None:
    assert expected in set(numbers(run(CASE[title])))


def test_every_finding_by_every_rule_has_its_numbers_here() -> None:
    said = {expected.finding for _, expected in expectations()}
    assert {each.finding for case in CASES for each in numbers(run(case))} - said == set()
