"""A regimen, a drug or a question that contradicts itself is refused: the walk relies on each of these rules."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from cds.dosing.assess import assess
from cds.dosing.calendar import Period
from cds.dosing.facts import Administration, DateRange, Proposal
from cds.dosing.regimen import CatchUp, CatchUpRow, Regimen
from tests.spec.run import library

REGIMEN: Regimen = library().get("eu-12mg")
ON = date(2026, 5, 1)


def table() -> CatchUp:
    assert REGIMEN.catch_up is not None
    return REGIMEN.catch_up


EIGHT, FORTY = CatchUpRow(Period(months=8), 1), CatchUpRow(Period(months=40), None)
BROKEN: list[tuple[dict[str, Any], str]] = [
    ({"rows": ()}, "the catch-up table has no row"),
    ({"rows": (FORTY, EIGHT)}, "the rows of the catch-up table must ascend"),
    ({"rows": (EIGHT, EIGHT, FORTY)}, "the rows of the catch-up table must ascend"),
    ({"rows": (replace(EIGHT, extra_doses=0), FORTY)}, "gives at least one extra dose"),
    ({"rows": (replace(EIGHT, extra_doses=None), FORTY)}, "only the last row"),
    ({"rows": (CatchUpRow(Period(months=5), 1),)}, "reaches into the catch-up table"),
    ({"interval": Period(days=13)}, "the interval of the extra doses is shorter than the minimum interval"),
    ({"limit": Period(days=13)}, "the limit for an extra dose is shorter than its interval"),
    ({"near_boundary_days": 14}, "near-boundary days must be below the minimum interval"),
    ({"near_boundary_days": -1}, "near-boundary days must be below the minimum interval"),
]


@pytest.mark.parametrize(("change", "said"), BROKEN)
def test_a_table_that_contradicts_itself_is_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        replace(REGIMEN, catch_up=replace(table(), **change))


def test_at_its_limits_a_table_is_taken() -> None:
    fits = replace(table(), interval=Period(days=14), limit=Period(days=14), near_boundary_days=13)
    assert replace(REGIMEN, catch_up=fits).catch_up == fits


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
