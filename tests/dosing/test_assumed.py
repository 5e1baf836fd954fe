"""Whether the date of a proposed dose is that of the order, or the day asked about in its place (rule P1)."""

from __future__ import annotations

from datetime import date

import pytest

from cds.dosing.assess import assess
from cds.dosing.facts import Proposal
from tests.spec.run import library

ON = date(2026, 5, 1)


@pytest.mark.parametrize(
    ("day", "judged", "assumed"),
    [
        pytest.param(None, ON, True, id="the order says no day"),
        pytest.param(ON, ON, False, id="the order is for today"),
        pytest.param(date(2026, 5, 8), date(2026, 5, 8), False, id="the order is for a later day"),
    ],
)
def test_a_date_is_assumed_only_where_the_order_says_none(day: date | None, judged: date, assumed: bool) -> None:
    order = Proposal("MedicationRequest/m", day)
    [proposed] = assess("Patient/p", (), library().get("eu-12mg"), on=ON, whole=True, proposals=[order]).proposed
    assert (proposed.reference, proposed.date, proposed.assumed) == ("MedicationRequest/m", judged, assumed)
