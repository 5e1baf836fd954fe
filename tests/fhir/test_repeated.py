"""A further draft of an order: what it keeps, what it leaves behind, and which orders are not repeated."""

from __future__ import annotations

import copy
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from cds.fhir.repeated import repeated

ZONE = ZoneInfo("Europe/Stockholm")
ON, OLD, NEW = date(2026, 10, 1), date(2026, 10, 20), date(2026, 11, 3)
Resource = dict[str, Any]


def order(*leave_out: str, **changes: Any) -> Resource:
    """A draft with all that a clinic writes into one."""
    full: Resource = {
        "resourceType": "MedicationRequest",
        "id": "m1",
        "meta": {"versionId": "3", "lastUpdated": "2026-10-01T08:00:00Z", "profile": ["https://x.example.invalid/p"]},
        "text": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">20 October</div>'},
        "contained": [{"resourceType": "Medication", "id": "m", "code": {"text": "Spinraza"}}],
        "identifier": [{"value": "4711"}],
        "status": "draft",
        "intent": "order",
        "medicationReference": {"reference": "#m"},
        "subject": {"reference": "Patient/p"},
        "encounter": {"reference": "Encounter/e"},
        "authoredOn": "2026-10-01",
        "_authoredOn": {"extension": [{"url": "https://x.example.invalid/e", "valueString": "x"}]},
        "requester": {"reference": "Practitioner/17"},
        "groupIdentifier": {"value": "g"},
        "priorPrescription": {"reference": "MedicationRequest/before"},
        "note": [{"text": "the first one after the summer"}],
        "dosageInstruction": [
            {
                "text": "12 mg intrathecally over 1 to 3 minutes",
                "timing": {"event": ["2026-10-20T09:30:00+02:00"]},
                "route": {"coding": [{"system": "http://snomed.info/sct", "code": "72607000"}]},
                "doseAndRate": [{"doseQuantity": {"value": 12, "unit": "mg"}}],
            }
        ],
    }
    return {name: value for name, value in {**full, **changes}.items() if name not in leave_out}


def dosed(**changes: Any) -> Resource:
    """The dosage instruction of the order, changed."""
    return {"dosageInstruction": [{**order()["dosageInstruction"][0], **changes}]}


def again(resource: Resource, old: date | None = OLD) -> Resource:
    return repeated(resource, old, NEW, zone=ZONE, on=ON)


def test_it_says_what_the_order_says_and_nothing_of_what_is_the_order_s_own() -> None:
    given = order()
    before = copy.deepcopy(given)
    expected = order(
        "id", "text", "identifier", "authoredOn", "_authoredOn", "priorPrescription", "note",
        meta={"profile": ["https://x.example.invalid/p"]},
        # the clocks have changed in between: the time of day and its offset stay as they are written
        **dosed(timing={"event": ["2026-11-03T09:30:00+02:00"]}),
    )  # fmt: skip
    assert again(given) == expected
    assert given == before


@pytest.mark.parametrize("status", ["draft", "active", "on-hold", None])
def test_its_status_is_draft_whatever_that_of_the_order(status: str | None) -> None:
    """Nothing is to be given that nobody has signed."""
    assert again(order(status=status))["status"] == "draft"


@pytest.mark.parametrize(("intent", "becomes"), [("order", "order"), ("proposal", "proposal")])
def test_its_intent_is_that_of_the_order(intent: str, becomes: str) -> None:
    assert again(order(intent=intent))["intent"] == becomes
    assert again(order("intent"))["intent"] == "order"


PERIODS: list[tuple[str, Resource, Resource]] = [
    ("a validity that holds both days stays",
     {"start": "2026-10-01", "end": "2027-10-01"}, {"start": "2026-10-01", "end": "2027-10-01"}),
    ("one without an end goes on", {"start": "2026-10-01"}, {"start": "2026-10-01"}),
    ("one without a start has begun", {"end": "2027-10-01"}, {"end": "2027-10-01"}),
    ("one that begins with the dose and ends before the next moves along",
     {"start": "2026-10-20", "end": "2026-10-27"}, {"start": "2026-11-03", "end": "2026-11-10"}),
]  # fmt: skip


@pytest.mark.parametrize(("period", "becomes"), [row[1:] for row in PERIODS], ids=[row[0] for row in PERIODS])
def test_what_holds_for_a_time(period: Resource, becomes: Resource) -> None:
    made = again(order(dispenseRequest={"validityPeriod": period}))
    assert made["dispenseRequest"] == {"validityPeriod": becomes}


def test_an_order_that_says_its_day_by_the_bounds_of_its_timing() -> None:
    bounds = {"repeat": {"boundsPeriod": {"start": "2026-10-20", "end": "2026-10-20"}, "count": 1}}
    made = again(order(**dosed(timing=bounds)))
    assert made["dosageInstruction"][0]["timing"]["repeat"]["boundsPeriod"] == {
        "start": "2026-11-03",
        "end": "2026-11-03",
    }


def test_an_order_that_says_no_day_gets_one() -> None:
    given = order(**dosed(timing={}))
    assert again(given, None)["dosageInstruction"][0]["timing"] == {"event": ["2026-11-03"]}


REFUSED: list[tuple[str, Resource, date | None, str]] = [
    ("another kind of resource", order(resourceType="ServiceRequest"), OLD, "only a MedicationRequest"),
    ("no patient", order("subject"), OLD, "names no patient or no medication"),
    ("no medication", order("medicationReference"), OLD, "names no patient or no medication"),
    ("two days", order(**dosed(timing={"event": ["2026-10-20", "2026-10-27"]})), OLD, "says another day too"),
    ("a day that is over", order(**dosed(timing={"event": ["2026-09-01", "2026-10-20"]})), OLD, "another day too"),
    ("an event that is no date", order(**dosed(timing={"event": ["2026-10-20", "soon"]})), OLD, "another day too"),
    ("a time that is over", order(**dosed(timing={}), dispenseRequest={"validityPeriod": {"end": "2026-10-27"}}), None,
     "a time in which the day of the dose is not"),
    ("a validity of other days",
     order(dispenseRequest={"validityPeriod": {"start": "2026-10-02", "end": "2026-10-25"}}), OLD,
     "a time in which the day of the dose is not"),
    ("a validity that is no date", order(dispenseRequest={"validityPeriod": {"start": "soon"}}), OLD,
     "a time in which the day of the dose is not"),
    ("refills", order(dispenseRequest={"numberOfRepeatsAllowed": 2}), OLD, "numberOfRepeatsAllowed"),
    ("a repetition", order(**dosed(timing={"event": ["2026-10-20"], "repeat": {"frequency": 1, "period": 4}})), OLD,
     "timing.repeat asks for more than one dose"),
    ("a count", order(**dosed(timing={"event": ["2026-10-20"], "repeat": {"count": 3}})), OLD,
     "timing.repeat asks for more than one dose"),
    ("a date in words", order(**dosed(text="12 mg on 2026-10-20")), OLD, "text says a date in words"),
    ("a date in other words", order(**dosed(text="12 mg on 20.10.26")), OLD, "text says a date in words"),
    ("a year in words", order(**dosed(patientInstruction="come on 20 October 2026")), OLD, "says a date in words"),
    ("a day and a month in words", order(**dosed(text="12 mg on 20 October")), OLD, "text says a date in words"),
    ("a month and a day in words", order(**dosed(text="Oct. 20: 12 mg")), OLD, "text says a date in words"),
    ("a day and a month in another language", order(**dosed(text="12 mg am 20. Mai")), OLD, "says a date in words"),
    ("a day and a month as numbers", order(**dosed(text="12 mg on 10/20")), OLD, "text says a date in words"),
    ("not its day", order(), date(2026, 10, 21), "the dates that the order says are 2026-10-20"),
]  # fmt: skip


@pytest.mark.parametrize(("given", "old", "why"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_what_is_not_repeated(given: Resource, old: date | None, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        again(given, old)


@pytest.mark.parametrize(
    "text", ["12 mg/5 mL", "2.4 mg/mL, 5 mL", "once, over 1-3 minutes", "may be 1 of 2", "after 24/7 advice"]
)
def test_numbers_of_a_dose_are_no_dates(text: str) -> None:
    assert again(order(**dosed(text=text)))["dosageInstruction"][0]["text"] == text


def test_an_order_of_r5() -> None:
    given = order("medicationReference", medication={"reference": {"reference": "#m"}}, renderedDosageInstruction="x")
    made = again(given)
    assert made["medication"] == {"reference": {"reference": "#m"}}
    assert "renderedDosageInstruction" not in made
