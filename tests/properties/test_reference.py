"""The second implementation on tables worked by hand, so that it is not trusted for agreeing with the engine alone."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from cds.dosing.facts import Administration, DateRange, Ordered, OtherTherapy, Outside, Proposal, Record
from tests.properties import regimens
from tests.properties.reference import assess_by_the_text
from tests.properties.reference.days import plus_months

FIRST = date(2024, 1, 1)


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def assessed(days: list[date], on: date, *proposals: Proposal) -> dict[str, Any]:
    records = [Administration(f"a{number}", DateRange.on(each)) for number, each in enumerate(days)]
    return assess_by_the_text("Patient/p", records, regimens.EU, on=on, whole=True, proposals=proposals)


def beside(days: list[date], on: date, *others: Record, **more: Any) -> dict[str, Any]:
    """The answer where these records stand beside doses on those days."""
    records = [Administration(f"a{number}", DateRange.on(each)) for number, each in enumerate(days)]
    return assess_by_the_text("Patient/p", [*records, *others], regimens.EU, on=on, whole=True, **more)


def steps(answer: dict[str, Any]) -> list[str]:
    return [one["step"] for one in answer["evaluations"]]


def codes(findings: list[dict[str, str]]) -> list[str]:
    return [f"{one['rule']} {one['code']}" for one in findings]


def last_codes(answer: dict[str, Any]) -> list[str]:
    return codes(answer["evaluations"][-1]["findings"])


LOADING = [day(0), day(14), day(28), day(63)]
MAINTENANCE_DUE = date(2024, 7, 4)  # day 63 is 4 March


@pytest.mark.parametrize(
    ("start", "months", "expected"),
    [
        ("2023-10-31", 4, "2024-03-01"),
        ("2023-10-29", 4, "2024-02-29"),
        ("2024-10-29", 4, "2025-03-01"),
        ("2024-02-29", 12, "2025-03-01"),
        ("2024-12-31", 2, "2025-03-01"),
        ("2024-12-31", 8, "2025-08-31"),
        ("2024-08-31", 3, "2024-12-01"),
    ],
)
def test_a_day_that_does_not_exist_rolls_forward(start: str, months: int, expected: str) -> None:
    assert plus_months(date.fromisoformat(start), months).isoformat() == expected


def test_the_worked_example_of_the_label() -> None:
    answer = assessed([day(0), day(14), day(58)], day(58))
    assert steps(answer) == ["loading-1", "loading-2", "loading-3"]
    assert last_codes(answer) == ["W3 late"]
    assert answer["forecast"]["step"] == "loading-4"
    assert answer["forecast"]["recommended"] == day(93).isoformat()
    assert answer["forecast"]["plan"][1]["date"] == plus_months(day(93), 4).isoformat()


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        (0, []),  # one dose by rule C6, so nothing came after it
        (1, ["W2 interval-too-short"]),
        (13, ["W2 interval-too-short"]),
        (14, []),
        (21, []),
        (22, ["W3 late"]),
    ],
)
def test_the_second_dose(second: int, expected: list[str]) -> None:
    answer = assessed([day(0), day(second)], day(100))
    assert [code for code in last_codes(answer) if not code.startswith("C6")] == expected


@pytest.mark.parametrize(
    ("given_on", "step", "expected", "next_step", "next_day"),
    [
        ("2024-06-05", "maintenance", ["W7 earlier-than-schedule"], "maintenance", "2024-10-05"),
        ("2024-06-06", "maintenance", ["W7 earlier-than-schedule"], "maintenance", "2024-10-06"),
        ("2024-07-04", "maintenance", [], "maintenance", "2024-11-04"),
        ("2024-08-01", "maintenance", [], "maintenance", "2024-11-04"),
        ("2024-08-02", "maintenance", ["W7 late"], "maintenance", "2024-11-04"),
        ("2024-10-21", "maintenance", ["W7 late"], "maintenance", "2024-11-04"),
        ("2024-10-22", "maintenance", ["W7 late", "W7 schedule-undefined"], "maintenance", None),
        ("2024-11-03", "maintenance", ["W7 late", "W7 schedule-undefined"], "maintenance", None),
        ("2024-11-04", "maintenance", ["W7 late"], "catch-up", "2024-11-18"),
        ("2025-07-03", "maintenance", ["W7 late"], "catch-up", "2025-07-17"),
        ("2025-07-04", "maintenance", ["W7 late"], "catch-up", "2025-07-18"),
        ("2027-07-03", "maintenance", ["W7 late"], "catch-up", "2027-07-17"),
        ("2027-07-04", "loading-1", ["W7 late"], "loading-2", "2027-07-18"),
    ],
)
def test_the_first_maintenance_dose(
    given_on: str, step: str, expected: list[str], next_step: str, next_day: str | None
) -> None:
    """Due on 4 July 2024; 8, 16 and 40 months after the last loading dose are 4 Nov 2024, 4 Jul 2025, 4 Jul 2027."""
    given = date.fromisoformat(given_on)
    answer = assessed([*LOADING, given], given)
    assert (steps(answer)[-1], last_codes(answer)) == (step, expected)
    assert (answer["forecast"]["step"], answer["forecast"].get("recommended")) == (next_step, next_day)


@pytest.mark.parametrize(("given_on", "extra"), [("2025-07-03", 1), ("2025-07-04", 2), ("2027-07-03", 2)])
def test_the_extra_doses_of_the_table(given_on: str, extra: int) -> None:
    plan = assessed(LOADING, date.fromisoformat(given_on))["forecast"]["plan"]
    assert [one["step"] for one in plan] == ["maintenance"] + ["catch-up"] * extra + ["maintenance"] * (3 - extra)


@pytest.mark.parametrize(
    ("on", "status", "findings"),
    [
        ("2024-06-05", "upcoming", []),
        ("2024-06-06", "due", []),
        ("2024-08-01", "due", []),
        ("2024-08-02", "overdue", ["F7 overdue"]),
        ("2024-10-31", "overdue", ["F7 overdue"]),
        ("2024-11-01", "overdue", ["F7 overdue", "F8 near-boundary"]),
        ("2024-11-04", "overdue", ["F6 catch-up-required", "F8 near-boundary"]),
        ("2024-11-07", "overdue", ["F6 catch-up-required", "F8 near-boundary"]),
        ("2024-11-08", "overdue", ["F6 catch-up-required"]),
        ("2027-07-03", "overdue", ["F6 catch-up-required", "F8 near-boundary"]),
        ("2027-07-08", "overdue", ["F6 restart-required"]),
    ],
)
def test_the_status_of_the_first_maintenance_dose(on: str, status: str, findings: list[str]) -> None:
    forecast = assessed(LOADING, date.fromisoformat(on))["forecast"]
    assert (forecast["status"], codes(forecast["findings"])) == (status, findings)


def test_a_dose_given_late_then_by_interval_shifts_the_schedule() -> None:
    """Given on 1 September the original 4 November stays; 20 December is by interval (1 January, 28 days)."""
    days = [*LOADING, date(2024, 9, 1), date(2024, 12, 20)]
    answer = assessed(days, days[-1])
    assert last_codes(answer) == ["W7 schedule-shifted"]
    assert answer["forecast"]["recommended"] == "2025-04-20"


@pytest.mark.parametrize(
    ("second", "first_step", "series", "forecast"),
    [
        ("2024-04-01", "loading-1", [], []),
        ("2024-04-02", "maintenance", ["W4 loading-not-documented"], ["F2 loading-not-documented"]),
    ],
)
def test_loading_that_is_not_in_the_record(
    second: str, first_step: str, series: list[str], forecast: list[str]
) -> None:
    """Three months after the first dose, 1 April 2024, is still a late second loading dose."""
    answer = assessed([day(0), date.fromisoformat(second)], date.fromisoformat(second))
    assert steps(answer)[0] == first_step
    assert codes(answer["findings"]) == series
    assert codes(answer["forecast"]["findings"]) == forecast


def test_loading_that_was_interrupted() -> None:
    """The third dose more than three months after the second, 15 January 2024."""
    answer = assessed([day(0), day(14), date(2024, 4, 16)], date(2024, 4, 16))
    assert last_codes(answer) == ["W3 late", "W5 loading-interrupted"]
    assert codes(answer["forecast"]["findings"]) == ["F2 loading-interrupted"]


def test_a_proposed_date_that_is_too_early_is_moved_to_the_recommended_one() -> None:
    [judged] = assessed([*LOADING, MAINTENANCE_DUE], MAINTENANCE_DUE, Proposal("m", date(2024, 7, 17)))["proposed"]
    assert codes(judged["findings"]) == ["W2 interval-too-short"]
    assert judged["suggested"] == "2024-11-04"


def test_two_orders_on_one_day_and_one_without_a_date() -> None:
    due = [Proposal("m1", day(14)), Proposal("m2", day(14)), Proposal("m3", None)]
    judged = {one["reference"]: one for one in assessed([day(0)], day(1), *due)["proposed"]}
    assert codes(judged["m1"]["findings"]) == []
    assert codes(judged["m2"]["findings"]) == ["P3 interval-too-short"]
    assert codes(judged["m3"]["findings"]) == ["W2 interval-too-short", "P1 proposed-date-assumed"]
    assert judged["m2"]["suggested"] == day(28).isoformat()
    assert judged["m3"]["suggested"] == day(42).isoformat()


@pytest.mark.parametrize(
    ("earliest", "latest", "expected"),
    [
        (None, None, ["F1 history-incomplete"]),
        (None, day(63), []),  # the day of the last dose, which is the reference dose
        (None, day(64), ["F1 history-incomplete"]),
        (day(70), day(70), ["F1 history-incomplete"]),
        (day(70), None, ["F1 history-incomplete"]),
        (day(71), None, []),  # begins after the day asked about
    ],
)
def test_doses_noted_elsewhere(earliest: date | None, latest: date | None, expected: list[str]) -> None:
    answer = beside(LOADING, day(70), Outside("s", earliest, latest))
    assert codes(answer["forecast"]["findings"]) == expected
    assert codes(answer["findings"]) == ["C7 outside-record"]
    assert steps(answer) == ["loading-1", "loading-2", "loading-3", "loading-4"]


@pytest.mark.parametrize(
    ("first", "last", "status"),
    [
        (63, 63, "upcoming"),
        (64, 64, "ended"),
        (70, 90, "ended"),
        (63, 90, "upcoming"),
        (71, 71, "upcoming"),
    ],
)
def test_another_therapy_begun_after_the_last_dose_ends_this_one(first: int, last: int, status: str) -> None:
    answer = beside(LOADING, day(70), OtherTherapy("r", "risdiplam", DateRange(day(first), day(last))))
    assert answer["forecast"]["status"] == status
    assert codes(answer["findings"]) == ["C8 other-smn-therapy"]


def test_an_ended_therapy_has_neither_dates_nor_plan_and_a_proposed_date_is_judged_all_the_same() -> None:
    answer = beside(LOADING, day(70), ended=True, proposals=[Proposal("m", day(70))])
    assert answer["forecast"] == {"status": "ended", "step": "maintenance", "plan": [], "options": [], "findings": []}
    [judged] = answer["proposed"]
    assert codes(judged["findings"]) == ["W2 interval-too-short"]


@pytest.mark.parametrize(("ordered", "expected"), [(13, ["P3 interval-too-short"]), (14, []), (-14, [])])
def test_a_day_that_another_order_asks_for(ordered: int, expected: list[str]) -> None:
    proposal = Proposal("m", MAINTENANCE_DUE)
    other = Ordered("o", MAINTENANCE_DUE + timedelta(days=ordered))
    [judged] = beside(LOADING, day(70), proposals=[proposal], ordered=[other])["proposed"]
    assert codes(judged["findings"]) == expected
