"""An order that repeats its dose sooner than any label allows proposes the second one too (rules P2 and P3)."""

from __future__ import annotations

from typing import Any

import pytest

from cds.fhir.orders import read_order
from cds.fhir.references import Pool
from tests.fhir.records import DRUG, ON, ORDER, ZONE, changed
from tests.service.ehr import ON_SCHEDULE, ask, call, draft, kinds, prefetched, service
from tests.service.ehr import ORDER as ORDER_SERVICE

START, END = "2026-05-20", "2026-08-20"
ONCE = [START]
WEEKLY = {"frequency": 1, "period": 1, "periodUnit": "wk"}


def repeating(end: str | None = END, start: str = START, **repeat: Any) -> list[dict[str, Any]]:
    bounds = {"start": start, **({"end": end} if end else {})}
    return [{"timing": {"repeat": {**repeat, "boundsPeriod": bounds}}}]


ORDERS: dict[str, tuple[list[dict[str, Any]], list[str]]] = {
    "once": (repeating(), ONCE),
    "every week": (repeating(**WEEKLY), [START, "2026-05-27"]),
    "every week, four times": (repeating(None, count=4, **WEEKLY), [START, "2026-05-27"]),
    "every week, once": (repeating(count=1, **WEEKLY), ONCE),
    "every week, until nobody says when": (repeating(None, **WEEKLY), ONCE),
    "every week, with an end before the second dose": (repeating("2026-05-26", **WEEKLY), ONCE),
    "every week, with an end on the day of the second dose": (repeating("2026-05-27", **WEEKLY), [START, "2026-05-27"]),
    "every day": (repeating(period=1, periodUnit="d"), [START, "2026-05-21"]),
    "three times a day": (repeating(frequency=3, period=1, periodUnit="d"), [START, "2026-05-21"]),
    "every 12 hours": (repeating(period=12, periodUnit="h"), [START, "2026-05-21"]),
    "every 36 hours": (repeating(period=36, periodUnit="h"), [START, "2026-05-22"]),
    "every 13 days": (repeating(period=13, periodUnit="d"), [START, "2026-06-02"]),
    "every 14 days, which a label can ask for": (repeating(period=14, periodUnit="d"), ONCE),
    "every 4 months": (repeating(period=4, periodUnit="mo"), ONCE),
    "an end that is no date": (repeating("in summer", **WEEKLY), ONCE),
    "a period that is no number": (repeating(period="1", periodUnit="d"), ONCE),
    "a period that is not positive": (repeating(period=0, periodUnit="d"), ONCE),
    "a unit that is none": (repeating(period=1, periodUnit=["d"]), ONCE),
    "a count that is none": (repeating(count=True, **WEEKLY), [START, "2026-05-27"]),
    "days that have begun are asked for by nobody": (repeating(start="2026-04-20", **WEEKLY), ["none"]),
}


@pytest.mark.parametrize(("instructions", "expected"), ORDERS.values(), ids=ORDERS)
def test_the_days_that_a_repeating_order_proposes(instructions: list[dict[str, Any]], expected: list[str]) -> None:
    order = changed(ORDER, dosageInstruction=instructions)
    found = read_order(order, drug=DRUG, zone=ZONE, on=ON, resolve=Pool().resolve)
    assert [str(proposal.day).replace("None", "none") for proposal in found.proposals] == expected


def test_an_order_on_schedule_that_repeats_each_week_is_in_conflict_with_itself() -> None:
    order = draft(day=None, dosageInstruction=repeating("2026-09-03", "2026-08-03", **WEEKLY))
    with service() as client:
        answer = ask(client, ORDER_SERVICE, call("order-sign", drafts=[order], prefetch=prefetched(*ON_SCHEDULE)))
    assert kinds(answer) == ["OrderConflict"]
    (card,) = answer.json()["cards"]
    assert card["summary"] == (
        "Nusinersen on 2026-08-10 is 7 days from another proposed dose; at least 14 days must lie between doses"
    )
    assert [suggestion["label"] for suggestion in card["suggestions"]] == ["Remove this nusinersen order"]
