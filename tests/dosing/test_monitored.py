"""What an assessment says of the tests before a dose: the window, the records beside the results, who has to look."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from cds.dosing.assess import assess
from cds.dosing.assessment import Assessment
from cds.dosing.facts import Administration, DateRange
from cds.dosing.laboratory import Checked, Laboratory, NoResult, PassedOver, Result, Standing, check, looked_at
from cds.dosing.monitor import monitor
from tests.spec.run import library

REGIMEN = library().get("us-12mg")
ON = date(2026, 5, 1)
URINE = REGIMEN.monitoring.tests[-1]
PLATELETS = REGIMEN.monitoring.tests[0]


def due(regimen: str = "us-12mg") -> Assessment:
    """Four loading doses were given, and maintenance is due on the day asked about."""
    given = ("2025-10-30", "2025-11-13", "2025-11-27", "2026-01-01")
    records = [Administration(day, DateRange.on(date.fromisoformat(day))) for day in given]
    return assess("Patient/p", records, library().get(regimen), on=ON, whole=True)


def result(reference: str, day: str) -> Result:
    when = DateRange.on(date.fromisoformat(day))
    return Result(reference, URINE.name, when, Decimal("0.05"), "g/L", measured=Decimal("0.05"))


@pytest.mark.parametrize(("days", "since"), [(None, date(2026, 1, 2)), (30, date(2026, 4, 1))])
def test_it_says_which_tests_are_asked_for_and_since_when_results_count(days: int | None, since: date) -> None:
    monitored = monitor(due(), Laboratory((), days=days)).monitored
    assert monitored is not None
    assert (monitored.monitoring, monitored.since, monitored.days) == (REGIMEN.monitoring, since, days)


def test_where_the_label_asks_for_no_tests_nothing_is_said_of_them() -> None:
    assessment = due("eu-12mg")
    assert monitor(assessment, Laboratory(())) is assessment


def test_a_result_of_tomorrow_stands_beside_and_says_why_and_one_of_today_does_not() -> None:
    laboratory = Laboratory((result("Observation/today", "2026-05-01"), result("Observation/next", "2026-05-02")))
    checked = check(URINE, laboratory, since=None, on=ON)
    assert checked.latest is not None
    assert (checked.latest.reference, checked.standing) == ("Observation/today", Standing.DONE)
    why = NoResult("Observation/next", URINE.name, PassedOver.UNREADABLE, "is dated 2026-05-02, after 2026-05-01")
    assert checked.beside == (why,)


@pytest.mark.parametrize(
    ("checked", "expected"),
    [
        pytest.param(Checked(URINE, Standing.DONE, None, None, ()), True, id="it cannot be compared here"),
        pytest.param(Checked(URINE, Standing.DONE, None, False, ()), False, id="it is not above the threshold"),
        pytest.param(Checked(URINE, Standing.DONE, None, True, ()), False, id="it is above, which is said"),
        pytest.param(Checked(URINE, Standing.OLD, None, None, ()), False, id="it is old: a new one is asked for"),
        pytest.param(Checked(PLATELETS, Standing.DONE, None, None, ()), False, id="the test has no threshold"),
        pytest.param(Checked(PLATELETS, Standing.MISSING, None, None, ()), False, id="it is missing"),
    ],
)
def test_a_person_compares_a_new_result_with_a_threshold_where_it_cannot_be_done_here(
    checked: Checked, expected: bool
) -> None:
    assert looked_at(checked) is expected
