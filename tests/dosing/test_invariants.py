"""A regimen, a drug or a question that contradicts itself is refused: the walk relies on each of these rules."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from cds.dosing.assess import assess
from cds.dosing.calendar import Period
from cds.dosing.facts import Administration, DateRange, Proposal
from cds.dosing.regimen import CatchUp, CatchUpRow, Regimen, Switch, Tolerance
from tests.spec.run import library

REGIMEN: Regimen = library().get("eu-12mg")
ON = date(2026, 5, 1)


def table() -> CatchUp:
    assert REGIMEN.catch_up is not None
    return REGIMEN.catch_up


EIGHT, FORTY = CatchUpRow(Period(months=8), 1), CatchUpRow(Period(months=40), None)
WRONG_ROW = "a row of the catch-up table gives at least one extra dose, or the whole loading again"
REACHES = "the maintenance interval with its tolerance reaches into the catch-up table"
NEAR = "near-boundary days must be below the minimum interval"
BROKEN: list[tuple[dict[str, Any], str]] = [
    ({"rows": ()}, "the catch-up table has no row"),
    ({"rows": (FORTY, EIGHT)}, "the rows of the catch-up table must ascend"),
    ({"rows": (EIGHT, EIGHT, FORTY)}, "the rows of the catch-up table must ascend"),
    ({"rows": (replace(EIGHT, extra_doses=0), FORTY)}, WRONG_ROW),
    (
        {"rows": (replace(EIGHT, extra_doses=None), FORTY)},
        "only the last row of the catch-up table can be the whole loading again",
    ),
    (
        {"rows": (EIGHT, replace(FORTY, from_=Period(months=16)), FORTY)},
        "only the last row of the catch-up table can be the whole loading again",
    ),
    ({"rows": (CatchUpRow(Period(months=5), 1),)}, REACHES),
    ({"interval": Period(days=13)}, "the interval of the extra doses is shorter than the minimum interval"),
    ({"limit": Period(days=13)}, "the limit for an extra dose is shorter than its interval"),
    ({"near_boundary_days": 14}, NEAR),
    ({"near_boundary_days": -1}, NEAR),
]


@pytest.mark.parametrize(("change", "said"), BROKEN)
def test_a_table_that_contradicts_itself_is_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match="regimen eu-12mg: ") as refused:
        replace(REGIMEN, catch_up=replace(table(), **change))
    assert f"regimen eu-12mg: {said}" in str(refused.value).split("; ")


def test_at_its_limits_a_table_is_taken() -> None:
    fits = replace(table(), interval=Period(days=14), limit=Period(days=14), near_boundary_days=13)
    assert replace(REGIMEN, catch_up=fits).catch_up == fits
    exact = replace(table(), near_boundary_days=0)
    assert replace(REGIMEN, catch_up=exact).catch_up == exact


def test_on_time_ends_the_day_before_the_table_begins() -> None:
    """Four months have at most 124 days; with a tolerance of 28, day 153 is the first that the table can have."""
    begins = CatchUpRow(Period(days=153), 1)
    assert replace(REGIMEN, catch_up=replace(table(), rows=(begins,))).catch_up is not None
    with pytest.raises(ValueError, match=REACHES):
        replace(REGIMEN, catch_up=replace(table(), rows=(replace(begins, from_=Period(days=152)),)))


FIRST, SECOND = REGIMEN.loading[:2]
AMOUNTS = "amounts are positive numbers of mg"
TOLERANCE = "the maintenance tolerance of {} days is not below the maintenance interval"
CONTRADICTIONS: list[tuple[dict[str, Any], str]] = [
    ({"loading": ()}, "there is no loading step"),
    ({"loading": (SECOND,)}, "loading-1 has no dose before it: no interval"),
    ({"loading": (FIRST, FIRST)}, "each loading step after the first needs an interval"),
    ({"minimum_interval": Period(months=1)}, "the minimum interval is a number of days"),
    ({"loading": (replace(FIRST, amount=Decimal(0)), SECOND)}, AMOUNTS),
    ({"maintenance_amount": Decimal(0)}, AMOUNTS),
    ({"minimum_interval": Period(days=15)}, "a prescribed interval is shorter than the minimum interval of 15 days"),
    ({"tolerance": Tolerance(14, 28)}, "the loading tolerance of 14 days is not below the shortest loading interval"),
    ({"tolerance": Tolerance(-1, 28)}, "the loading tolerance of -1 days is not below the shortest loading interval"),
    ({"tolerance": Tolerance(7, 112)}, TOLERANCE.format(112)),
    ({"tolerance": Tolerance(7, -1)}, TOLERANCE.format(-1)),
    ({"refers": True}, "a regimen without a rule for delays cannot have their table"),
    (
        {"switches": (Switch(Decimal(28), Decimal(50), Period(months=8)),) * 2},
        "two switches leave the same maintenance dose",
    ),
    (
        {"switches": (Switch(REGIMEN.maintenance_amount, Decimal(50), Period(months=8)),)},
        "a switch leaves another maintenance dose than its own",
    ),
]


@pytest.mark.parametrize(("change", "said"), CONTRADICTIONS)
def test_a_regimen_that_contradicts_itself_is_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match="regimen eu-12mg: ") as refused:
        replace(REGIMEN, **change)
    assert f"regimen eu-12mg: {said}" in str(refused.value).split("; ")


def test_at_its_limits_a_regimen_is_taken() -> None:
    """A single loading dose, a minimum of a day, the least amount and tolerances that just fit."""
    alone = replace(
        REGIMEN, loading=(FIRST,), minimum_interval=Period(days=1), catch_up=None, tolerance=Tolerance(9999, 0)
    )
    small = replace(alone, loading=(replace(FIRST, amount=Decimal("0.5")),), maintenance_amount=Decimal("0.5"))
    assert (small.maintenance_amount, small.tolerance) == (Decimal("0.5"), Tolerance(9999, 0))
    assert replace(REGIMEN, catch_up=None, tolerance=Tolerance(13, 111)).tolerance == Tolerance(13, 111)
    assert replace(REGIMEN, tolerance=Tolerance(0, 0)).tolerance == Tolerance(0, 0)


def test_each_loading_dose_has_its_own_amount() -> None:
    rising = tuple(replace(step, amount=Decimal(mg)) for step, mg in zip(REGIMEN.loading, (3, 6, 9, 12), strict=True))
    regimen = replace(REGIMEN, loading=rising, maintenance_amount=Decimal(15))
    steps = ("loading-1", "loading-2", "loading-3", "loading-4", "catch-up", "maintenance")
    assert [regimen.amount(step) for step in steps] == [3, 6, 9, 12, 15, 15]


def test_a_site_changes_the_tolerances_that_it_names() -> None:
    assert REGIMEN.tolerance == Tolerance(7, 28)
    assert REGIMEN.with_tolerance(loading=3).tolerance == Tolerance(3, 28)
    assert REGIMEN.with_tolerance(maintenance=0).tolerance == Tolerance(7, 0)
    assert REGIMEN.with_tolerance().tolerance == Tolerance(7, 28)


def test_a_drug_has_no_route_that_is_right_and_wrong_and_names_in_small_letters() -> None:
    both = dict(list(REGIMEN.drug.routes.items())[:1])
    with pytest.raises(ValueError, match="are listed as right and as wrong route"):
        replace(REGIMEN.drug, other_routes=both)
    for names in ((), ("Spinraza",), ("",)):
        with pytest.raises(ValueError, match="names must be there and in lower case"):
            replace(REGIMEN.drug, names=names)


def test_a_date_before_the_day_asked_about_proposes_nothing() -> None:
    past = Proposal("MedicationRequest/m", date(2026, 4, 30))
    with pytest.raises(ValueError, match="MedicationRequest/m: the proposed date 2026-04-30 lies before 2026-05-01"):
        assess("Patient/p", (), REGIMEN, on=ON, whole=True, proposals=[past])


def test_the_same_fact_met_twice_counts_once() -> None:
    dose = Administration("MedicationAdministration/a", DateRange.on(date(2026, 4, 1)))
    [only] = assess("Patient/p", (dose, dose), REGIMEN, on=ON, whole=True).evaluations
    assert only.administrations == ("MedicationAdministration/a",)
    assert only.findings == ()
