"""Draft orders: which are of the drug, the doses that they propose, and moving one to another date."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds.fhir.identity import Answer
from cds.fhir.order_dates import copied
from cds.fhir.orders import Order, moved, read_order
from cds.fhir.references import Pool
from cds.fhir.resources import explain
from tests.fhir.records import ATC, DRUG, NDC, ON, ORDER, RXNORM, SNOMED, UNII, ZONE, changed, concept

REFERENCE = "MedicationRequest/m1"


def read(order: dict[str, Any], *others: dict[str, Any], zone: ZoneInfo = ZONE) -> Order:
    return read_order(order, drug=DRUG, zone=zone, on=ON, resolve=Pool(others).resolve)


def days(order: dict[str, Any], zone: ZoneInfo = ZONE) -> list[str]:
    return [proposal.day.isoformat() if proposal.day else "none" for proposal in read(order, zone=zone).proposals]


def event(*when: object, **more: object) -> dict[str, Any]:
    return {"timing": {"event": list(when)}, **more}


def bounds(**period: object) -> dict[str, Any]:
    return {"timing": {"repeat": {"boundsPeriod": period}}}


def order(*instructions: object, **elements: object) -> dict[str, Any]:
    return changed(ORDER, dosageInstruction=list(instructions) or None, **elements)


def validity(**period: object) -> dict[str, Any]:
    return {"validityPeriod": period}


DATES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "none": (order(), ["none"]),
    "an event": (order(event("2026-05-20")), ["2026-05-20"]),
    "an event at a time": (order(event("2026-05-19T12:00:00Z")), ["2026-05-20"]),
    "an event at a time without offset": (order(event("2026-05-19T12:00:00")), ["2026-05-19"]),
    "several events": (order(event("2026-06-20", "2026-05-20")), ["2026-05-20", "2026-06-20"]),
    "events of several instructions": (
        order(event("2026-05-20"), {}, event("2026-06-20")),
        ["2026-05-20", "2026-06-20"],
    ),
    "the same day twice": (order(event("2026-05-20"), event("2026-05-20T01:00:00Z")), ["2026-05-20"]),
    "an event today": (order(event("2026-05-01")), ["2026-05-01"]),
    "an event that is past": (order(event("2026-04-30")), ["none"]),
    "an event that is past and one that is not": (order(event("2026-04-30", "2026-05-20")), ["2026-05-20"]),
    "a month": (order(event("2026-06")), ["none"]),
    "a year": (order(event("2027")), ["none"]),
    "no date": (order(event("next week", None, 20260520, {})), ["none"]),
    "bounds": (order(bounds(start="2026-05-21")), ["2026-05-21"]),
    "bounds of several instructions": (
        order(bounds(start="2026-05-21"), bounds(start="2026-06-21")),
        ["2026-05-21", "2026-06-21"],
    ),
    "bounds that only end": (order(bounds(end="2026-05-21")), ["none"]),
    "an event before bounds": (order(event("2026-05-20"), bounds(start="2026-05-19")), ["2026-05-20"]),
    "a past event and bounds": (order(event("2026-04-20"), bounds(start="2026-05-21")), ["2026-05-21"]),
    "a month and bounds": (order(event("2026-06"), bounds(start="2026-05-21")), ["2026-05-21"]),
    "validity": (order(dispenseRequest=validity(start="2026-05-22")), ["2026-05-22"]),
    "bounds before validity": (
        order(bounds(start="2026-05-21"), dispenseRequest=validity(start="2026-05-02")),
        ["2026-05-21"],
    ),
    "past bounds and validity": (
        order(bounds(start="2022-07-05T06:00:00Z"), dispenseRequest=validity(start="2026-05-22")),
        ["2026-05-22"],
    ),
    "all of them past": (
        order(event("2022-01-01"), bounds(start="2022-07-05"), dispenseRequest=validity(start="2022-07-05")),
        ["none"],
    ),
    "authoredOn is no proposed date": (order(authoredOn="2026-05-20"), ["none"]),
    "rubbish in the places of dates": (
        order("x", {"timing": 5}, {"timing": {"event": 20260520, "repeat": []}}, dispenseRequest=[]),
        ["none"],
    ),
    "an instruction, and an event, that are no list": (
        changed(ORDER, dosageInstruction={"timing": {"event": "2026-05-20"}}),
        ["2026-05-20"],
    ),
    "a time that is not FHIR's": (order(event("2026-05-20T10:00+02:00")), ["2026-05-20"]),
}


@pytest.mark.parametrize(("draft", "expected"), DATES.values(), ids=DATES)
def test_the_days_that_an_order_proposes(draft: dict[str, Any], expected: list[str]) -> None:
    assert days(draft) == expected


WITHDRAWN: list[tuple[dict[str, Any], int]] = [
    ({"status": "cancelled"}, 0),
    ({"status": "stopped"}, 0),
    ({"status": "completed"}, 0),
    ({"status": "entered-in-error"}, 0),
    ({"doNotPerform": True}, 0),
    ({"doNotPerform": False}, 1),
    ({"doNotPerform": "true"}, 1),
    ({"status": "active"}, 1),
    ({"status": "on-hold"}, 1),
    ({"status": "unknown"}, 1),
    ({"status": None}, 1),
    ({"status": ["cancelled"]}, 1),
]


@pytest.mark.parametrize(("elements", "count"), WITHDRAWN)
def test_an_order_that_is_withdrawn_proposes_nothing(elements: dict[str, Any], count: int) -> None:
    read_as = read(order(event("2026-05-20"), **elements))
    assert (read_as.identity.answer, len(read_as.proposals)) == (Answer.OURS, count)


IDENTITIES = [
    (concept((ATC, "M09AX07")), Answer.OURS, ""),
    (concept((RXNORM, "1"), text="Spinraza"), Answer.OURS, "identified-by-text"),
    (concept((ATC, "N02BE01"), text="Spinraza"), Answer.UNREADABLE, "unreadable-record"),
    (concept((UNII, "2NU6F9601K"), text="Spinraza"), Answer.OTHER, None),
    (concept((RXNORM, "1"), display="aspirin"), Answer.OTHER, None),
    (concept((RXNORM, "1")), Answer.UNIDENTIFIED, None),
]


@pytest.mark.parametrize(("medication", "answer", "note"), IDENTITIES)
def test_an_order_is_identified_as_a_record_is(medication: dict[str, Any], answer: Answer, note: str | None) -> None:
    found = read(order(event("2026-05-20"), medicationCodeableConcept=medication))
    assert found.identity.answer is answer
    notes = [" ".join(note.code for note in proposal.notes) for proposal in found.proposals]
    assert notes == ([] if note is None else [note])


def test_an_order_by_reference_waits_for_its_medication() -> None:
    pointing = changed(ORDER, medicationCodeableConcept=None, medicationReference={"reference": "Medication/m9"})
    assert read(pointing).identity.answer is Answer.UNIDENTIFIED
    vial = {"resourceType": "Medication", "id": "m9", "code": concept((NDC, "64406-058-01"))}
    assert read(pointing, vial).identity.answer is Answer.OURS


def dose(value: object, unit: str = "mg") -> dict[str, Any]:
    return {"doseQuantity": {"value": value, "unit": unit}}


def given_as(*doses: object, **more: object) -> dict[str, Any]:
    return {"doseAndRate": list(doses), **more}


AMOUNTS: list[tuple[tuple[object, ...], list[str]]] = [
    ((), [""]),
    ((given_as(dose(12)),), ["12"]),
    ((given_as(dose(12), dose(12.0)),), ["12"]),
    ((given_as(dose(28), dose(12)),), ["12 28"]),
    ((given_as(dose(12)), given_as(dose(28))), ["12 28"]),
    ((given_as(dose(12)), given_as(dose(1, "vial"))), ["12"]),
    ((given_as({"doseRange": {"low": {"value": 24, "unit": "mg"}}}, dose(12)),), ["12"]),
    ((given_as({"doseRange": {"low": {"value": 24, "unit": "mg"}}}),), [""]),
    ((given_as({"rateQuantity": {"value": 5, "unit": "mL/min"}}, dose(12)),), ["12"]),
    ((given_as(dose(5, "mL")),), [""]),
    ((given_as("12 mg"),), [""]),
    ((given_as({"doseQuantity": "12 mg"}, dose(28)),), ["28"]),
    (({"doseAndRate": dose(12)},), ["12"]),
    ((dose(120),), ["120"]),
    (
        (given_as(dose(50), **event("2026-05-20")), given_as(dose(28), **event("2026-09-20"))),
        ["50", "28"],
    ),
    ((given_as(dose(50), **event("2026-05-20")), given_as(dose(28), **event("2026-05-20"))), ["28 50"]),
]


@pytest.mark.parametrize(("instructions", "expected"), AMOUNTS)
def test_the_amounts_that_an_order_says(instructions: tuple[object, ...], expected: list[str]) -> None:
    proposals = read(order(*instructions)).proposals
    assert [" ".join(map(str, proposal.amounts)) for proposal in proposals] == expected


def test_a_volume_is_an_amount_by_the_strength_of_the_product() -> None:
    vial = concept((NDC, "64406-058-01"))
    (proposal,) = read(order(given_as(dose(5, "mL")), medicationCodeableConcept=vial)).proposals
    assert proposal.amounts == (Decimal(12),)


ROUTES: list[tuple[tuple[object, ...], list[str]]] = [
    (({},), [""]),
    (({"route": concept((SNOMED, "72607000"))},), [""]),
    (({"route": concept((SNOMED, "47625008"))},), ["unexpected-route"]),
    (({"route": concept(text="intrathecal")},), ["route-unrecognised"]),
    (({"route": "intravenous"},), ["route-unrecognised"]),
    (
        ({"route": concept((SNOMED, "1"))}, {"route": concept((SNOMED, "47625008"))}),
        ["route-unrecognised unexpected-route"],
    ),
    (
        (event("2026-05-20"), event("2026-06-20", route=concept((SNOMED, "47625008")))),
        ["", "unexpected-route"],
    ),
]


@pytest.mark.parametrize(("instructions", "expected"), ROUTES)
def test_the_route_that_an_order_says(instructions: tuple[object, ...], expected: list[str]) -> None:
    proposals = read(order(*instructions)).proposals
    assert [" ".join(note.code for note in proposal.notes) for proposal in proposals] == expected


def test_a_time_without_offset_is_noted() -> None:
    (proposal,) = read(order(event("2026-05-20T08:00:00"))).proposals
    assert [(note.code, note.rule) for note in proposal.notes] == [("date-imprecise", "D1")]


def test_what_is_no_order_of_ours() -> None:
    for resource in (
        {"resourceType": "ServiceRequest", "id": "s1"},
        {"resourceType": "Medication"},
        {},
        {"resourceType": 5},
    ):
        found = read(resource)
        assert (found.identity.answer, found.proposals) == (Answer.OTHER, ())
    assert read({"resourceType": "ServiceRequest", "id": "s1"}).reference == "ServiceRequest/s1"
    assert read(changed(ORDER, id=None)).reference == "MedicationRequest?"
    assert read(ORDER).text == "nusinersen 12 mg"
    assert read(ORDER).resource is ORDER


@pytest.mark.parametrize("kind", ["SupplyRequest", "RequestGroup", "Appointment", "MedicationDispense", "Claim"])
def test_an_order_of_another_kind_is_known_by_its_medication_or_code_and_proposes_nothing(kind: str) -> None:
    """Their dates are not known to be those of doses (P2)."""
    hcpcs = {"coding": [{"system": "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets", "code": "J2326"}]}
    day = {"occurrenceDateTime": "2026-05-20", "start": "2026-05-20"}
    coded = {"resourceType": kind, "code": hcpcs, "contained": [ORDER], **day}
    device = {"resourceType": kind, "codeCodeableConcept": hcpcs, **day}
    for resource in (coded, device, {**ORDER, "resourceType": kind, **day}):
        found = read(resource)
        assert (found.identity.answer, found.proposals) == (Answer.OURS, ())
    puncture = {"resourceType": kind, "code": {"text": "lumbar puncture for Spinraza"}, "contained": [ORDER], **day}
    assert read(puncture).identity.answer is Answer.OTHER


OCCURRENCES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "a date": ({"occurrenceDateTime": "2026-05-20"}, ["2026-05-20"]),
    "a time, by the day of the site": ({"occurrenceDateTime": "2026-05-19T12:00:00Z"}, ["2026-05-20"]),
    "the start of a period": ({"occurrencePeriod": {"start": "2026-05-20", "end": "2026-05-25"}}, ["2026-05-20"]),
    "events": ({"occurrenceTiming": {"event": ["2026-05-20", "2026-09-20"]}}, ["2026-05-20", "2026-09-20"]),
    "bounds": ({"occurrenceTiming": {"repeat": {"boundsPeriod": {"start": "2026-05-20"}}}}, ["2026-05-20"]),
    "events before bounds": (
        {"occurrenceTiming": {"event": ["2026-05-20"], "repeat": {"boundsPeriod": {"start": "2026-05-21"}}}},
        ["2026-05-20"],
    ),
    "a day before today": ({"occurrenceDateTime": "2026-01-01"}, []),
    "a month": ({"occurrenceDateTime": "2026-06"}, []),
    "what is no date": ({"occurrenceDateTime": 20260520}, []),
    "no period": ({"occurrencePeriod": {"end": "2026-05-20"}, "authoredOn": "2026-05-20"}, []),
    "of another kind of order": ({"dosageInstruction": [{"timing": {"event": ["2026-05-20"]}}]}, []),
}


@pytest.mark.parametrize("kind", ["ServiceRequest", "DeviceRequest"])
@pytest.mark.parametrize("name", OCCURRENCES)
def test_the_occurrence_of_what_has_one_is_a_proposed_date(kind: str, name: str) -> None:
    said, days = OCCURRENCES[name]
    hcpcs = {"coding": [{"system": "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets", "code": "J2326"}]}
    found = read({"resourceType": kind, "id": "s1", "code": hcpcs, **said})
    assert found.identity.answer is Answer.OURS
    assert [str(proposal.day) for proposal in found.proposals] == days
    assert read({"resourceType": kind, "id": "s1", "code": hcpcs, "status": "stopped", **said}).proposals == ()
    assert read({"resourceType": kind, "id": "s1", "code": {"text": "puncture"}, **said}).proposals == ()


MOVES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "an occurrence": (
        {"resourceType": "ServiceRequest", "occurrenceDateTime": "2026-05-20T10:00:00+12:45"},
        {"resourceType": "ServiceRequest", "occurrenceDateTime": "2026-06-01T10:00:00+12:45"},
    ),
    "an occurrence with its end": (
        {"resourceType": "DeviceRequest", "occurrencePeriod": {"start": "2026-05-20", "end": "2026-05-22"}},
        {"resourceType": "DeviceRequest", "occurrencePeriod": {"start": "2026-06-01", "end": "2026-06-03"}},
    ),
    "one occurrence of two": (
        {"resourceType": "ServiceRequest", "occurrenceTiming": {"event": ["2026-05-20", "2026-09-20"]}},
        {"resourceType": "ServiceRequest", "occurrenceTiming": {"event": ["2026-06-01", "2026-09-20"]}},
    ),
    "an event": (order(event("2026-05-20", "2026-09-20")), order(event("2026-06-01", "2026-09-20"))),
    "its time and offset stay": (order(event("2026-05-19T12:00:00.5Z")), order(event("2026-05-31T12:00:00.5Z"))),
    "a time without offset stays one": (order(event("2026-05-20T08:00:00")), order(event("2026-06-01T08:00:00"))),
    "what is past stays": (order(event("2026-01-01", "2026-05-20")), order(event("2026-01-01", "2026-06-01"))),
    "all elements that say the day": (
        order(event("2026-05-20"), event("2026-05-20", text="second half")),
        order(event("2026-06-01"), event("2026-06-01", text="second half")),
    ),
    "bounds with their end": (
        order(bounds(start="2026-05-20T08:00:00+13:45", end="2026-05-25T08:00:00+13:45")),
        order(bounds(start="2026-06-01T08:00:00+13:45", end="2026-06-06T08:00:00+13:45")),
    ),
    "validity with an end to the month": (
        order(dispenseRequest=validity(start="2026-05-20", end="2026-07")),
        order(dispenseRequest=validity(start="2026-06-01", end="2026-08")),
    ),
    "an end that is no date stays": (
        order(dispenseRequest=validity(start="2026-05-20", end="soon")),
        order(dispenseRequest=validity(start="2026-06-01", end="soon")),
    ),
}


@pytest.mark.parametrize(("draft", "expected"), MOVES.values(), ids=MOVES)
def test_an_order_is_moved_where_its_date_was_read(draft: dict[str, Any], expected: dict[str, Any]) -> None:
    before = copied(draft)
    assert moved(draft, date(2026, 5, 20), date(2026, 6, 1), zone=ZONE, on=ON) == expected
    assert draft == before


UNDATED: list[tuple[dict[str, Any], dict[str, Any]]] = [
    (order(), order(event("2026-06-01"))),
    (order({"text": "once"}, {"text": "more"}), order({"text": "once", **event("2026-06-01")}, {"text": "more"})),
    (order(event("2026-01-01")), order(event("2026-06-01"))),
    (
        order({"timing": {"code": {"text": "once"}}}),
        order({"timing": {"code": {"text": "once"}, "event": ["2026-06-01"]}}),
    ),
    (order({"timing": {"_event": [None]}}), order(event("2026-06-01"))),
    (changed(ORDER, dosageInstruction="once"), order(event("2026-06-01"))),
    (order("x"), order(event("2026-06-01"))),
]


@pytest.mark.parametrize(("draft", "expected"), UNDATED)
def test_an_order_without_a_date_gets_one(draft: dict[str, Any], expected: dict[str, Any]) -> None:
    assert moved(draft, None, date(2026, 6, 1), zone=ZONE, on=ON) == expected


def test_an_order_is_not_moved_from_a_day_it_does_not_say_nor_into_the_past() -> None:
    draft = order(event("2026-05-20"))
    with pytest.raises(ValueError, match=r"says are 2026-05-20, not 2026-05-21"):
        moved(draft, date(2026, 5, 21), date(2026, 6, 1), zone=ZONE, on=ON)
    with pytest.raises(ValueError, match=r"says are 2026-05-20, not None"):
        moved(draft, None, date(2026, 6, 1), zone=ZONE, on=ON)
    with pytest.raises(ValueError, match=r"before 2026-05-01"):
        moved(draft, date(2026, 5, 20), date(2026, 4, 30), zone=ZONE, on=ON)


ZONES = st.sampled_from([ZoneInfo(name) for name in ("Pacific/Chatham", "Asia/Kathmandu", "America/St_Johns", "UTC")])
DAY = st.dates(ON - timedelta(60), ON + timedelta(900))
CLOCK = st.times().map(lambda time: time.replace(microsecond=0).isoformat())
OFFSET = st.sampled_from(["", "Z", "+00:00", "-11:00", "+14:00", "+13:45", "-02:30"])
WHEN = st.one_of(
    DAY.map(date.isoformat),
    st.tuples(DAY, CLOCK, OFFSET).map(lambda parts: f"{parts[0]}T{parts[1]}{parts[2]}"),
    DAY.map(lambda day: day.isoformat()[:7]),
)
PERIOD = st.fixed_dictionaries({}, optional={"start": WHEN, "end": WHEN})
TIMING = st.fixed_dictionaries(
    {}, optional={"event": st.lists(WHEN, max_size=3), "repeat": st.fixed_dictionaries({"boundsPeriod": PERIOD})}
)
INSTRUCTIONS = st.lists(st.fixed_dictionaries({}, optional={"timing": TIMING}), max_size=3)
DRAFTS = st.fixed_dictionaries(
    {},
    optional={"dosageInstruction": INSTRUCTIONS, "dispenseRequest": st.fixed_dictionaries({"validityPeriod": PERIOD})},
).map(lambda parts: {**ORDER, **parts})


@given(DRAFTS, st.dates(ON, ON + timedelta(900)), ZONES, st.data())
def test_a_moved_order_proposes_the_new_day_in_place_of_the_old_one(
    draft: dict[str, Any], new: date, zone: ZoneInfo, data: st.DataObject
) -> None:
    before = [proposal.day for proposal in read(draft, zone=zone).proposals]
    old = data.draw(st.sampled_from(before))
    changed_order = moved(draft, old, new, zone=zone, on=ON)
    after = {proposal.day for proposal in read(changed_order, zone=zone).proposals}
    assert after == (set(before) - {old}) | {new}


def test_a_moved_order_is_valid() -> None:
    for draft in (order(), order(event("2026-05-20T08:00:00Z")), order(dispenseRequest=validity(start="2026-05-20"))):
        day = read(draft).proposals[0].day
        assert explain(moved(draft, day, date(2026, 6, 1), zone=ZONE, on=ON)) == ()
