"""A date is tried while the next dose is ordered already: it is that dose that is moved, and the page says so."""

from __future__ import annotations

from typing import Any

import pytest

from hooks.sandbox.pages import TIMELINE
from tests.pages.conftest import ATC, given, pages, person
from tests.pages.reading import read
from tests.pages.test_not_known import REGULAR, looks

DOSES = [given("x", f"a{number}", day) for number, day in enumerate((*REGULAR, "2026-04-03"))]


def order(name: str, *days: str) -> dict[str, Any]:
    return {
        "resourceType": "MedicationRequest",
        "id": name,
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": ATC,
        "subject": {"reference": "Patient/x"},
        "dosageInstruction": [{"timing": {"event": list(days)}}],
    }


NEXT, LATER = order("next", "2026-08-03"), order("later", "2026-12-03")
FITS = "Nusinersen on {day}: nothing was found against this date"


@pytest.mark.parametrize(
    ("orders", "day", "look", "words"),
    [
        pytest.param(
            [NEXT], "2026-08-03", "good",
            (FITS, "A dose is ordered for 2026-08-03 (MedicationRequest/next) already: this is about that dose"),
            id="its own day",
        ),
        pytest.param(
            [NEXT, LATER], "2026-08-10", "info",
            (f"{FITS}, if the ordered dose is moved", "moving the dose that is ordered for 2026-08-03", "7 days away"),
            id="a week later",
        ),
        pytest.param(
            [NEXT], "2026-07-27", "info", ("7 days away", "earlier"), id="a week earlier: still judged by the schedule",
        ),
        pytest.param(
            [NEXT, LATER], "2026-11-30", "critical", ("3 days from the dose of another active order",),
            id="too near to the dose after it",
        ),
        pytest.param(
            [NEXT, order("twice", "2026-08-03")], "2026-08-03", "critical", ("0 days from the dose of another",),
            id="ordered twice",
        ),
        pytest.param(
            [order("both", "2026-08-03", "2026-08-17")], "2026-08-10", "critical", ("7 days from the dose of another",),
            id="an order for several doses",
        ),
        pytest.param([NEXT], "2026-09-01", "info", ("but what follows",), id="far from it"),
    ],
)  # fmt: skip
def test_a_date_beside_an_ordered_dose(
    orders: list[dict[str, Any]], day: str, look: str, words: tuple[str, ...]
) -> None:
    with pages([person("x", *DOSES, *orders)]) as get:
        page = read(get(TIMELINE, params={"patient": "x", "date": day}))
    assert looks(page) == ["good", look]
    for each in words:
        assert each.format(day=day) in page.text
