"""The further orders of a catch-up: offered by the plan alone, never twice, and when all are taken there is no card."""

from __future__ import annotations

import json
from datetime import timedelta
from functools import partial
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from cds.dosing.assess import assess
from cds.dosing.assessment import Assessment
from cds.dosing.codes import CATCH_UP, Code, Status
from cds.dosing.facts import DateRange, Ordered, Record, Unreadable
from cds.fhir.orders import moved, read_order
from cds.fhir.repeated import repeated
from hooks.card_kinds import EXTENSION, Kind
from hooks.cards import Card, chart_cards, order_cards
from tests.cards.desk import EU, REGULAR, context, day, doses, strict
from tests.contract.fhir import by_models
from tests.properties.strategies import Case, cases

CHATHAM = ZoneInfo("Pacific/Chatham")
"""Half an hour's change of the clocks, in April and September."""
TIMES = ["", "T09:30:00+12:45", "T00:00:00+13:45", "T12:00:00Z"]
WHERE = ["event", "bounds", "validity", "none"]
Resource = dict[str, Any]


def order(when: str | None, name: str = "m1", where: str = "event", **more: Any) -> Resource:
    """A draft with its day in one of the elements that can hold it."""
    resource: Resource = {
        "resourceType": "MedicationRequest",
        "id": name,
        "status": "draft",
        "intent": "order",
        "subject": {"reference": "Patient/p"},
        "medicationCodeableConcept": {"text": "Nusinersen (Spinraza) 12 mg"},
        "dosageInstruction": [{"text": "12 mg", "route": ROUTE, "doseAndRate": [{"doseQuantity": MG}]}],
    }
    if when is not None and where == "event":
        resource["dosageInstruction"][0]["timing"] = {"event": [when]}
    if when is not None and where == "bounds":
        resource["dosageInstruction"][0]["timing"] = {"repeat": {"boundsPeriod": {"start": when, "end": when}}}
    if when is not None and where == "validity":
        resource["dispenseRequest"] = {"validityPeriod": {"start": when}}
    return {**resource, **more}


ROUTE = {"coding": [{"system": "http://snomed.info/sct", "code": "72607000"}]}
BY_VEIN = {"coding": [{"system": "http://snomed.info/sct", "code": "47625008"}]}
MG = {"value": 12, "unit": "mg", "system": "http://unitsofmeasure.org", "code": "mg"}


class Request:
    """Drafts judged together, as an EHR sends them, and what becomes of them when suggestions are taken."""

    def __init__(self, on: str, *drafts: Resource, history: tuple[Record, ...] = doses(*REGULAR), **more: Any) -> None:
        self.on, self.drafts, self.history, self.more = day(on), list(drafts), history, more

    @property
    def assessment(self) -> Assessment:
        read = self._read()
        return assess(
            "Patient/p",
            self.history,
            EU,
            on=self.on,
            whole=self.more.get("whole", True),
            proposals=[proposal for each in read for proposal in each.proposals],
            ordered=[Ordered(f"MedicationRequest/s{n}", day(d)) for n, d in enumerate(self.more.get("ordered", ()))],
        )

    def cards(self) -> list[Card]:
        read = self._read()
        here = context(EU)._replace(
            move=partial(moved, zone=CHATHAM, on=self.on), repeat=partial(repeated, zone=CHATHAM, on=self.on)
        )
        judged = {each.reference for each in read}
        return strict(order_cards(self.assessment, read, judged=judged, context=here))

    def offered(self) -> list[tuple[str, str]]:
        """Type and label of everything that the cards offer."""
        return [
            (suggestion["actions"][0]["type"], suggestion["label"])
            for card in self.cards()
            for suggestion in card.get("suggestions", ())
        ]

    def take(self, *cards: Card) -> None:
        """Takes every suggestion of the cards, as an EHR does: it gives what is created an id."""
        names = count(1)
        for card in cards:
            for suggestion in card.get("suggestions", ()):
                (action,) = suggestion["actions"]
                resource = action["resource"]
                if action["type"] == "update":
                    self.drafts = [resource if one["id"] == resource["id"] else one for one in self.drafts]
                else:
                    assert action["type"] == "create"
                    assert "id" not in resource
                    self.drafts.append({**resource, "id": f"new{next(names)}"})

    def _read(self) -> list[Any]:
        return [read_order(one, drug=EU.drug, zone=CHATHAM, on=self.on, resolve=lambda *_: None) for one in self.drafts]


ONE_EXTRA = [("create", "Add a draft order for the extra nusinersen dose on 2026-12-15")]
TWO_EXTRA = [
    ("create", "Add a draft order for the extra nusinersen dose on 2027-08-15"),
    ("create", "Add a draft order for the extra nusinersen dose on 2027-08-29"),
]
TABLE: list[tuple[str, Request, list[tuple[str, str]]]] = [
    ("8 months after the last dose: one extra dose", Request("2026-11-20", order("2026-12-01")), ONE_EXTRA),
    ("16 months: two extra doses, 14 days apart", Request("2027-07-20", order("2027-08-01")), TWO_EXTRA),
    ("an order without a date gets one, that of the plan", Request("2027-08-01", order(None)),
     [("update", "Set the date of this nusinersen order to 2027-08-01"), *TWO_EXTRA]),
    ("a draft that stands for an extra dose is not made twice",
     Request("2027-07-20", order("2027-08-01"), order("2027-08-15", "m2")), TWO_EXTRA[1:]),
    ("nor is an active order", Request("2027-07-20", order("2027-08-01"), ordered=["2027-08-29"]), TWO_EXTRA[:1]),
    ("all extra doses are ordered: no card",
     Request("2027-07-20", order("2027-08-01"), order("2027-08-15", "m2"), order("2027-08-29", "m3")), []),
    ("in one order: no card",
     Request("2026-11-20", order(None, dosageInstruction=[{"timing": {"event": ["2026-12-01", "2026-12-15"]}}])),
     []),
    ("a draft for two doses of three is not repeated",
     Request("2027-07-20", order(None, dosageInstruction=[{"timing": {"event": ["2027-08-01", "2027-08-15"]}}])),
     []),
    ("another dose than one of the plan is proposed",
     Request("2027-07-20", order("2027-08-01"), order("2027-08-17", "m2")), []),
    ("another order without a date", Request("2027-07-20", order("2027-08-01"), order(None, "m2")),
     [("update", "Move the nusinersen dose to 2027-08-15"), ("delete", "Remove this nusinersen order")]),
    ("an active order between two extra doses", Request("2027-07-20", order("2027-08-01"), ordered=["2027-08-22"]), []),
    ("an active order a month later is no matter",
     Request("2027-07-20", order("2027-08-01"), ordered=["2027-09-29"]), TWO_EXTRA),
    ("the late dose is an active order, and the draft its extra dose",
     Request("2026-11-20", order("2026-12-15"), ordered=["2026-12-01"]), []),
    ("the draft is the last of two extra doses",
     Request("2027-07-20", order("2027-08-29"), ordered=["2027-08-01", "2027-08-15"]), []),
    ("less than 8 months: no catch-up", Request("2026-10-01", order("2026-10-05")), []),
    ("40 months: the whole loading again is not ordered by suggestion", Request("2029-07-20", order("2029-08-01")), []),
    ("a clinician decides: a history that was not read whole",
     Request("2027-07-20", order("2027-08-01"), whole=False), []),
    ("an order of another amount: that comes first",
     Request("2027-07-20", order("2027-08-01", dosageInstruction=[
         {"timing": {"event": ["2027-08-01"]}, "doseAndRate": [{"doseQuantity": {**MG, "value": 28}}]}])),
     [("delete", "Remove this nusinersen order")]),
    ("an order by vein: that comes first",
     Request("2027-07-20", order("2027-08-01", dosageInstruction=[
         {"timing": {"event": ["2027-08-01"]},
          "route": BY_VEIN}])),
     [("delete", "Remove this nusinersen order")]),
    ("an order that contradicts itself",
     Request("2027-07-20", order("2027-08-01", medicationCodeableConcept={
         "text": "nusinersen", "coding": [{"system": "http://www.whocc.no/atc", "code": "M09AX10"}]})), []),
    ("a further order that cannot be written",
     Request("2027-07-20", order("2027-08-01", dispenseRequest={"numberOfRepeatsAllowed": 2})), []),
    ("an order without an id", Request("2027-07-20", {**order("2027-08-01"), "id": None}), []),
]  # fmt: skip


@pytest.mark.parametrize(("request_", "offered"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_what_is_offered(request_: Request, offered: list[tuple[str, str]]) -> None:
    assert request_.offered() == offered


@pytest.mark.parametrize(
    "days", [("2027-08-01", "2027-08-17", "2027-09-02"), ("2027-08-01", "2027-08-15", "2027-08-31")]
)
def test_extra_doses_ordered_a_little_later_than_planned_are_ordered(days: tuple[str, ...]) -> None:
    assert Request("2027-07-20", *[order(when, f"m{when}") for when in days]).cards() == []


NOT_ORDERED = [
    ("the extra dose is ordered 81 days after the late one", Request("2026-11-20", order("2026-12-01"),
     order("2027-02-20", "m2"))),
    ("the second of two is late", Request("2027-07-20", order("2027-08-01"), order("2027-08-15", "m2"),
     order("2027-10-29", "m3"))),
    ("the first of two is late, and lies on the day of the second", Request("2027-07-20", order("2027-08-01"),
     order("2027-08-29", "m2"), order("2027-09-12", "m3"))),
    ("an active order asks for a dose before it", Request("2026-11-20", order("2026-12-15"),
     ordered=["2026-12-01", "2026-12-29"])),
    ("an active order is for the extra dose, and a draft for one more", Request("2026-11-20", order("2026-11-21"),
     order("2026-12-26", "m2"), ordered=["2026-12-05"])),
    ("the late dose has no date, and the extra dose is ordered for 14 days from today",
     Request("2026-12-01", order(None), ordered=["2026-12-15"])),
]  # fmt: skip


@pytest.mark.parametrize("request_", [row[1] for row in NOT_ORDERED], ids=[row[0] for row in NOT_ORDERED])
def test_a_catch_up_that_is_not_ordered_in_time_is_told(request_: Request) -> None:
    (card,) = request_.cards()
    assert card["extension"][EXTENSION]["kind"] == Kind.CATCH_UP
    assert card["extension"][EXTENSION]["orders"] == ["MedicationRequest/m1"]


def test_extra_doses_of_a_later_catch_up_are_not_those_of_the_first() -> None:
    """A late dose without its extra dose, nine months before another one that has its own."""
    request = Request("2026-11-20", order("2026-12-01"), order("2027-09-01", "m2"), order("2027-09-15", "m3"))
    kinds = {card["extension"][EXTENSION]["kind"]: card["extension"][EXTENSION]["orders"] for card in request.cards()}
    assert "MedicationRequest/m1" in kinds[Kind.CATCH_UP]


def test_a_further_draft_says_what_the_order_says() -> None:
    request = Request("2026-11-20", order("2026-12-01T09:30:00+13:45"))
    (card,) = request.cards()
    assert card["selectionBehavior"] == "any"
    (suggestion,) = card["suggestions"]
    assert suggestion["uuid"] == "00000000-0000-4000-8000-000000000002"
    (action,) = suggestion["actions"]
    expected = order("2026-12-15T09:30:00+13:45")
    del expected["id"]
    assert action == {"type": "create", "description": suggestion["label"], "resource": expected}
    assert json.dumps(request.drafts) == json.dumps([order("2026-12-01T09:30:00+13:45")])


def test_on_a_chart_there_is_no_order_to_repeat() -> None:
    assessment = Request("2027-07-20").assessment
    (card,) = chart_cards(assessment, context=context())
    assert card["extension"][EXTENSION]["kind"] == Kind.CATCH_UP
    assert "suggestions" not in card


@given(
    late=st.integers(0, 1100),
    ahead=st.integers(0, 60),
    where=st.sampled_from(WHERE),
    time=st.sampled_from(TIMES),
    rest=st.sampled_from([(), (14,), (28,), (15,), (7,), (200,)]),
    standing=st.sampled_from([(), (14,), (28,), (20,), (90,)]),
)
@settings(max_examples=400, deadline=None)
def test_after_all_suggestions_of_a_catch_up_are_taken_there_is_no_card(
    late: int, ahead: int, where: str, time: str, rest: tuple[int, ...], standing: tuple[int, ...]
) -> None:
    on = day("2026-11-01") + timedelta(late)
    first = on if where == "none" else on + timedelta(ahead + 1)
    drafts = [order(f"{first}{time}", where=where)]
    drafts += [order(str(first + timedelta(days)), f"r{days}") for days in rest]
    request = Request(str(on), *drafts, ordered=[str(first + timedelta(days)) for days in standing])
    before = request.assessment
    for card in request.cards():
        kind = card["extension"][EXTENSION]["kind"]
        if kind != Kind.CATCH_UP or "suggestions" not in card:
            continue
        event("taken")
        created = [
            suggestion["actions"][0]["resource"]
            for suggestion in card["suggestions"]
            if suggestion["actions"][0]["type"] == "create"
        ]
        assert created
        assert [fault for one in created for fault in by_models(one)] == []
        (late_dose,) = [each for each in before.proposed if each.reference == "MedicationRequest/m1"]
        planned = {each.date for each in late_dose.plan if each.step == CATCH_UP}
        taken_before = {each.date for each in before.proposed}
        request.take(card)
        new = {each.date for each in request.assessment.proposed} - taken_before
        assert new <= planned
        assert request.cards() == []
        again = request.assessment
        steps = [each.step for each in again.proposed]
        assert len(planned) == steps.count(CATCH_UP) + sum(each.day in planned for each in again.ordered)


@given(cases())
@settings(max_examples=400, deadline=None)
def test_where_a_clinician_decides_nothing_is_created(case: Case) -> None:
    assessment = assess("Patient/p", case.records, case.regimen, on=case.on, whole=case.whole, proposals=case.proposals)
    if assessment.forecast.status is not Status.DECISION:
        return
    event("decision")
    references = sorted({each.reference for each in assessment.proposed})
    orders = [
        read_order(order(None, name.partition("/")[2]), drug=case.regimen.drug, zone=CHATHAM, on=case.on, resolve=_none)
        for name in references
    ]
    for card in order_cards(assessment, orders, judged=references, context=context(case.regimen)):
        types = [each["actions"][0]["type"] for each in card.get("suggestions", ())]
        assert "create" not in types


def _none(*_: object) -> None:
    return None


def test_an_unreadable_record_keeps_further_orders_from_being_offered() -> None:
    """The card says that the history is not whole, and the dates of the plan may move."""
    when = DateRange.on(day("2024-07-14"))
    odd = Unreadable("MedicationAdministration/u1", Code.STATUS_UNKNOWN, "C2", "status", "'done'", when)
    request = Request("2027-07-20", order("2027-08-01"), history=(*doses(*REGULAR), odd))
    (card,) = request.cards()
    assert "suggestions" not in card
