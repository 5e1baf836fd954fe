"""An order that repeats its dose sooner than any label allows proposes the second one too (rules P2 and P3)."""

from __future__ import annotations

from typing import Any

import pytest

from cds.dosing.codes import Code
from cds.dosing.facts import Proposal
from cds.fhir.orders import read_order
from cds.fhir.references import Pool
from tests.fhir.records import DRUG, ON, ORDER, ZONE, changed
from tests.service.ehr import LAST_WEEK, LOADED, ON_SCHEDULE, ask, call, draft, kinds, prefetched, service
from tests.service.ehr import ORDER as ORDER_SERVICE

START, END = "2026-05-20", "2026-08-20"
ONCE = [START]
DUE = (*LOADED, "2026-01-04")
WEEKLY = {"frequency": 1, "period": 1, "periodUnit": "wk"}


def repeating(end: str | None = END, start: str = START, **repeat: Any) -> list[dict[str, Any]]:
    bounds = {"start": start, **({"end": end} if end else {})}
    return [{"timing": {"repeat": {**repeat, "boundsPeriod": bounds}}}]


def timed(event: list[str] | None = None, **repeat: Any) -> list[dict[str, Any]]:
    return [{"timing": {**({"event": event} if event else {}), "repeat": repeat}}]


def lasting(value: float, unit: str) -> dict[str, Any]:
    return {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit}


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
    "days that have begun are asked for by nobody": (repeating(start="2026-04-20", **WEEKLY), ["none, 7 days apart"]),
    "an end that has come": (repeating("2026-05-03", "2026-04-20", **WEEKLY), ["none"]),
    "a count of which one is left": (repeating(None, "2026-04-20", count=3, **WEEKLY), ["none"]),
    "a count of which two are left": (repeating(None, "2026-04-20", count=4, **WEEKLY), ["none, 7 days apart"]),
    "every Monday": (repeating(dayOfWeek=["mon"]), [START, "2026-05-27"]),
    "Mondays and Thursdays": (repeating(dayOfWeek=["mon", "thu"]), [START, "2026-05-24"]),
    "every fourth Monday": (repeating(dayOfWeek=["mon"], period=4, periodUnit="wk"), ONCE),
    "weekdays that are none": (repeating(dayOfWeek="mon"), ONCE),
    "no date": (timed(count=4, **WEEKLY), ["none, 7 days apart"]),
    "no date, once": (timed(count=1, **WEEKLY), ["none"]),
    "no date, for four weeks": (timed(boundsDuration=lasting(4, "wk"), **WEEKLY), ["none, 7 days apart"]),
    "no date, for a week": (timed(boundsDuration=lasting(1, "wk"), **WEEKLY), ["none"]),
    "no date, for two to four weeks": (timed(boundsRange={"low": lasting(2, "wk")}, **WEEKLY), ["none, 7 days apart"]),
    "no date, for a time in words": (timed(boundsDuration=lasting(4, "moons"), **WEEKLY), ["none"]),
    "no date, for no time": (timed(boundsDuration="4 wk", **WEEKLY), ["none"]),
    "an event and a count": (timed([START], count=4, **WEEKLY), [START, "2026-05-27"]),
    "an event, until nobody says when": (timed([START], **WEEKLY), ONCE),
    "events, which are all doses": (timed([START, "2026-06-03"], count=2, **WEEKLY), [START, "2026-06-03"]),
}


@pytest.mark.parametrize(("instructions", "expected"), ORDERS.values(), ids=ORDERS)
def test_the_days_that_a_repeating_order_proposes(instructions: list[dict[str, Any]], expected: list[str]) -> None:
    order = changed(ORDER, dosageInstruction=instructions)
    found = read_order(order, drug=DRUG, zone=ZONE, on=ON, resolve=Pool().resolve)
    assert [told(proposal) for proposal in found.proposals] == expected


def told(proposal: Proposal) -> str:
    apart = [f", {note.observed} days apart" for note in proposal.notes if note.code is Code.INTERVAL_TOO_SHORT]
    return "".join([str(proposal.day).replace("None", "none"), *apart])


def test_the_day_of_a_dispense_is_that_of_the_first_dose_of_a_repeat() -> None:
    validity = {"dispenseRequest": {"validityPeriod": {"start": START}}}
    order = changed(ORDER, dosageInstruction=timed(count=4, **WEEKLY), **validity)
    found = read_order(order, drug=DRUG, zone=ZONE, on=ON, resolve=Pool().resolve)
    assert [told(proposal) for proposal in found.proposals] == [START, "2026-05-27"]


@pytest.mark.parametrize(
    ("days", "kind", "summary"),
    [
        (
            DUE,
            "OrderConflict",
            "Nusinersen on 2026-05-04 (no date ordered) is 7 days from another proposed dose",
        ),
        (LAST_WEEK, "TooEarly", "Nusinersen order without a date: not before 2026-05-11"),
    ],
)
def test_an_order_without_a_date_that_repeats_each_week_is_told_once(
    days: tuple[str, ...], kind: str, summary: str
) -> None:
    order = draft(day=None, dosageInstruction=timed(count=4, **WEEKLY))
    with service() as client:
        answer = ask(client, ORDER_SERVICE, call("order-sign", drafts=[order], prefetch=prefetched(*days)))
    assert kinds(answer) == [kind]
    (card,) = answer.json()["cards"]
    assert card["indicator"] == "warning"
    assert card["summary"].startswith(summary)
    assert [suggestion["label"] for suggestion in card["suggestions"]] == ["Remove this nusinersen order"]


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
