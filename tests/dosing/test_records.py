"""What is said of records that are not counted, in which order, and when they say that the therapy has ended."""

from __future__ import annotations

import sys
from datetime import date
from decimal import Decimal

import pytest

from cds.dosing.assess import assess
from cds.dosing.codes import Code, Status
from cds.dosing.document import as_json, regimen_as_json
from cds.dosing.facts import (
    Administration,
    DateRange,
    Ended,
    NotGiven,
    OtherTherapy,
    Outside,
    Record,
    Unidentified,
    Unreadable,
)
from tests.spec.run import library

REGIMEN = library().get("eu-12mg")
ON = date(2025, 7, 1)
LOADED = [
    Administration(day, DateRange.on(date.fromisoformat(day)))
    for day in ("2025-01-01", "2025-01-15", "2025-01-29", "2025-03-05")
]


def possible(day: str) -> Unreadable:
    """A record that may be a dose of this day."""
    when = DateRange.on(date.fromisoformat(day))
    return Unreadable("u1", Code.STATUS_UNKNOWN, "C2", "status", "unknown", when)


@pytest.mark.parametrize(
    ("first", "last", "reason", "rule", "detail"),
    [
        ("2025-07-02", "2025-07-02", Code.DATE_IN_FUTURE, "C3", "the record is dated 2025-07-02, after 2025-07-01"),
        (
            "2024-01-01", "2024-12-31", Code.DATE_UNUSABLE, "D2",
            "the record can be of any day from 2024-01-01 to 2024-12-31: too wide to schedule by",
        ),
    ],
)  # fmt: skip
def test_an_administration_that_cannot_be_counted_says_why(
    first: str, last: str, reason: Code, rule: str, detail: str
) -> None:
    when = DateRange(date.fromisoformat(first), date.fromisoformat(last))
    assessment = assess("Patient/p", [Administration("a", when)], REGIMEN, on=ON, whole=True)
    assert assessment.unreadable == (Unreadable("a", reason, rule, "effective[x]", detail, when),)


def therapy(name: str, day: str, *, goes_on: bool = False) -> OtherTherapy:
    return OtherTherapy(f"{name} {day}", name, DateRange.on(date.fromisoformat(day)), goes_on=goes_on)


@pytest.mark.parametrize(
    ("records", "status"),
    [
        pytest.param(
            [therapy("one", "2025-01-01"), therapy("other", "2025-05-01")], Status.ENDED,
            id="one before the last dose, and another one begun after it",
        ),
        pytest.param(
            [therapy("one", "2025-01-01"), therapy("one", "2025-05-01")], Status.DUE,
            id="the same before the last dose and after it: it did not begin after it",
        ),
    ],
)  # fmt: skip
def test_therapies_are_told_apart(records: list[Record], status: Status) -> None:
    assert assess("Patient/p", [*LOADED, *records], REGIMEN, on=ON, whole=True).forecast.status is status


def test_an_answer_says_of_an_unverified_regimen_what_is_missing() -> None:
    unverified = library().get("us-high-dose")
    assert regimen_as_json(unverified)["unverified"] == unverified.verified
    answer = as_json(assess("Patient/p", LOADED, REGIMEN, on=ON, whole=True))
    assert ["unverified" in regimen for regimen in answer["regimens"]] == [False]


@pytest.mark.parametrize(
    ("amount", "written", "of_type"),
    [
        pytest.param("24.00", 24, int, id="whole"),
        pytest.param("24.5", 24.5, float, id="with a fraction"),
        pytest.param(str(2**53 - 1), 2**53 - 1, int, id="the last whole number that every reader of JSON keeps"),
        pytest.param(str(2**53), 2.0**53, float, id="the first that some do not"),
        pytest.param("1E+400", sys.float_info.max, float, id="beyond all numbers of JSON"),
    ],
)
def test_an_answer_writes_an_amount_as_a_number_that_every_reader_keeps(
    amount: str, written: float, of_type: type
) -> None:
    given = Administration("a", DateRange.on(date(2025, 1, 1)), Decimal(amount))
    [dose] = as_json(assess("Patient/p", [given], REGIMEN, on=ON, whole=True))["evaluations"]
    [observed] = [each["observed"] for each in dose["findings"] if each["code"] == "unexpected-amount"]
    assert (observed, type(observed)) == (written, of_type)


def marker(since: str = "", until: str = "") -> Ended:
    begin, end = (date.fromisoformat(day) if day else None for day in (since, until))
    return Ended(f"Flag/{since}-{until}", begin, end)


@pytest.mark.parametrize(
    ("records", "status"),
    [
        pytest.param([marker()], Status.ENDED, id="a marker without dates holds, whatever was given"),
        pytest.param([marker("2025-07-01")], Status.ENDED, id="since today"),
        pytest.param([marker("2025-07-02")], Status.DUE, id="from tomorrow on: not yet"),
        pytest.param([marker("2025-03-05")], Status.ENDED, id="since the day of the last dose"),
        pytest.param([marker("2025-03-04")], Status.DUE, id="since the day before it: the therapy went on"),
        pytest.param([marker(until="2025-07-01")], Status.ENDED, id="until today"),
        pytest.param([marker(until="2025-06-30")], Status.DUE, id="until yesterday: it holds no longer"),
        pytest.param([marker("2025-03-04"), marker("2025-04-01")], Status.ENDED, id="one of two holds"),
        pytest.param(
            [marker("2025-04-01"), possible("2025-04-01")], Status.ENDED, id="a record of its day may be a dose"
        ),
        pytest.param(
            [marker("2025-04-01"), possible("2025-04-02")], Status.DECISION, id="one of the day after may be a dose"
        ),
        pytest.param([marker("2025-04-01"), possible("2025-07-02")], Status.ENDED, id="one of tomorrow is none yet"),
    ],
)
def test_a_marker_of_the_site_ends_the_therapy_where_nothing_was_given_since(
    records: list[Record], status: Status
) -> None:
    assert assess("Patient/p", [*LOADED, *records], REGIMEN, on=ON, whole=True).forecast.status is status


def test_a_marker_ends_a_therapy_of_which_no_dose_is_on_record() -> None:
    forecast = assess("Patient/p", [marker("2025-01-01")], REGIMEN, on=ON, whole=True).forecast
    assert (forecast.status, forecast.step) == (Status.ENDED, "loading-1")


def test_the_records_of_each_kind_are_told_in_the_order_of_their_names() -> None:
    def kinds(name: str) -> list[Record]:
        day = date(2025, 1, 1)
        return [
            NotGiven(f"{name}-not-given"),
            Unidentified(f"{name}-unidentified", "no code"),
            Outside(f"{name}-outside", day, day),
            OtherTherapy(f"{name}-therapy", "other", DateRange.on(day)),
            Unreadable(f"{name}-unreadable", Code.STATUS_UNKNOWN, "C2", "status", "unknown", DateRange.on(day)),
            Ended(f"{name}-ended", until=day),
        ]

    told = assess("Patient/p", [*LOADED, *kinds("b"), *kinds("a")], REGIMEN, on=ON, whole=True)
    assert [record.reference for record in told.not_given] == ["a-not-given", "b-not-given"]
    assert [record.reference for record in told.unidentified] == ["a-unidentified", "b-unidentified"]
    assert [record.reference for record in told.unreadable] == ["a-unreadable", "b-unreadable"]
    evidence = {finding.code: finding.evidence for finding in told.findings}
    assert evidence[Code.UNIDENTIFIED_RECORD] == ("a-unidentified", "b-unidentified")
    assert evidence[Code.OUTSIDE_RECORD] == ("a-outside", "b-outside")
    assert evidence[Code.OTHER_SMN_THERAPY] == ("a-therapy", "b-therapy")
    assert evidence[Code.HISTORY_INCOMPLETE] == ("a-unreadable", "b-unreadable")


def test_a_dose_of_a_month_is_imprecise_even_if_its_record_does_not_say_so() -> None:
    month = Administration("a", DateRange(date(2025, 5, 1), date(2025, 5, 31)))
    [dose] = assess("Patient/p", [month], REGIMEN, on=ON, whole=True).evaluations
    assert [(finding.code, finding.rule) for finding in dose.findings] == [(Code.DATE_IMPRECISE, "D2")]
