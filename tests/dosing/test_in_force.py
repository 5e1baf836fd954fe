"""Which regimens judge on a day, and what is said of a timeline that contradicts itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from cds.dosing.assess import assess
from cds.dosing.facts import Administration, DateRange, Ordered
from cds.dosing.in_force import InForce, Regimens
from tests.spec.run import library

EU, US, HIGH = (library().get(each) for each in ("eu-12mg", "us-12mg", "eu-high-dose"))
OTHER = library().get("qalsody")
FROM = date(2026, 1, 1)
ORDER = "the days from which regimens are in force must ascend"
NONE = "a timeline has at least one regimen on every day"


@pytest.mark.parametrize(
    ("timeline", "said"),
    [
        ((), NONE),
        ((InForce(date.min, ()),), NONE),
        ((InForce(FROM, (EU,)),), "no regimen is in force before 2026-01-01"),
        ((InForce(date.min, (EU,)), InForce(FROM, (US,)), InForce(FROM, (EU,))), ORDER),
        ((InForce(date.min, (EU, EU)),), "a regimen is named twice for one day: eu-12mg, eu-12mg"),
        ((InForce(date.min, (EU, OTHER)),), "regimens of several drugs cannot judge one history: nusinersen, tofersen"),
        (
            (InForce(date.min, (EU,)), InForce(FROM, (replace(EU, version="2"),))),
            "one id means one regimen on every day",
        ),
        ((InForce(FROM, (EU,)), InForce(FROM, (US,))), f"no regimen is in force before 2026-01-01; {ORDER}"),
    ],
)
def test_a_timeline_that_contradicts_itself_is_refused(timeline: tuple[InForce, ...], said: str) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011  the whole text is compared below
        Regimens(timeline)
    assert str(refused.value) == said


def test_only_a_single_regimen_on_all_days_leaves_no_choice() -> None:
    assert Regimens.of(EU).only is EU
    assert Regimens.of(EU, HIGH).only is None
    assert Regimens((InForce(date.min, (EU,)), InForce(FROM, (US,)))).only is None


def test_an_assessment_names_the_regimen_of_the_last_dose_and_the_orders_it_was_compared_with() -> None:
    given = [Administration(day, DateRange.on(date.fromisoformat(day))) for day in ("2026-01-01", "2026-01-15")]
    orders = (Ordered("MedicationRequest/x", date(2026, 5, 15)),)
    timeline = Regimens((InForce(date.min, (US,)), InForce(date(2026, 3, 1), (EU, US))))
    assessment = assess("Patient/p", given, timeline, on=date(2026, 3, 2), whole=True, ordered=orders)
    assert assessment.regimen is US
    assert assessment.ordered == orders
