"""Tables that no shipped label text has: another one in the middle of a catch-up, and one with later limits."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from cds.dosing.assess import assess
from cds.dosing.assessment import Assessment
from cds.dosing.calendar import Period
from cds.dosing.codes import Status
from cds.dosing.facts import Administration, DateRange
from cds.dosing.in_force import InForce, Regimens
from tests.spec.run import library

OLD = library().get("eu-12mg")
CHANGED = date(2025, 11, 10)
BEGUN = ("2025-01-01", "2025-01-15", "2025-01-29", "2025-03-05", "2025-11-05")
"""The last of these begins a catch-up with an extra dose, under the text of before."""


def assessed(*days: str, on: str) -> Assessment:
    assert OLD.catch_up is not None
    slower = replace(OLD.catch_up, interval=Period(days=28), limit=Period(days=60))
    text = replace(OLD, id="site", catch_up=slower)
    regimens = Regimens((InForce(date.min, (OLD,)), InForce(CHANGED, (text,))))
    given = [Administration(day, DateRange.on(date.fromisoformat(day))) for day in days]
    return assess("Patient/p", given, regimens, on=date.fromisoformat(on), whole=True)


@pytest.mark.parametrize(
    ("on", "due"),
    [
        pytest.param("2025-11-09", "2025-11-19", id="the day before: 14 days by the text of before"),
        pytest.param("2025-11-10", "2025-12-03", id="from its first day on: 28 days by the new text"),
    ],
)
def test_the_extra_dose_is_due_by_the_table_in_force(on: str, due: str) -> None:
    assert assessed(*BEGUN, on=on).forecast.recommended == date.fromisoformat(due)


@pytest.mark.parametrize(
    ("day", "step", "codes"),
    [
        pytest.param("2025-12-10", "catch-up", [], id="a week after its day by the new text"),
        pytest.param("2025-12-11", "catch-up", ["late"], id="a day more"),
        pytest.param("2026-01-04", "catch-up", ["late"], id="the last day for it by the new text"),
        pytest.param(
            "2026-01-05", "maintenance", ["earlier-than-schedule", "catch-up-omitted"], id="after that it was left out"
        ),
    ],
)
def test_the_extra_dose_is_judged_by_the_table_in_force(day: str, step: str, codes: list[str]) -> None:
    last = assessed(*BEGUN, day, on=day).evaluations[-1]
    assert (last.regimen, last.step, [finding.code.value for finding in last.findings]) == ("site", step, codes)


def test_where_a_text_lets_loading_go_on_after_40_months_no_loading_begins_again() -> None:
    assert OLD.catch_up is not None
    patient = replace(OLD, id="site", catch_up=replace(OLD.catch_up, loading_limit=Period(months=60)))
    given = [Administration(day, DateRange.on(date.fromisoformat(day))) for day in BEGUN[:2]]
    forecast = assess("Patient/p", given, patient, on=date(2028, 5, 15), whole=True).forecast
    assert (forecast.status, forecast.step) == (Status.OVERDUE, "loading-3")


def test_what_the_text_of_the_second_dose_found_stays_under_one_that_knows_no_undocumented_loading() -> None:
    """The doubt of rule F2 is about the two doses, and these were judged by the text of before."""
    without = replace(OLD, id="site", undocumented_loading=None)
    regimens = Regimens((InForce(date.min, (OLD,)), InForce(date(2025, 6, 1), (without,))))
    given = [Administration(day, DateRange.on(date.fromisoformat(day))) for day in ("2025-01-15", "2025-05-15")]
    forecast = assess("Patient/p", given, regimens, on=date(2025, 6, 10), whole=True).forecast
    assert forecast.status is Status.DECISION
    assert [(finding.code.value, finding.required) for finding in forecast.findings] == [
        ("loading-not-documented", date(2025, 4, 15))
    ]
