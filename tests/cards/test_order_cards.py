"""Which card an order gets, history by history: the table that decides what interrupts a prescriber and what does not.

All histories are of the EU label for 12 mg. REGULAR is on schedule to the day: last dose 2026-03-13, next 2026-07-13.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from cds.dosing.codes import Code
from cds.dosing.facts import DateRange, Proposal, Record, Unidentified, Unreadable
from cds.dosing.findings import found
from hooks.card_kinds import EXTENSION
from hooks.cards import order_cards
from tests.cards.desk import LOADING, REGULAR, Draft, assessed, cards_of, context, day, doses, draft, proposal

ROUTE = found(Code.UNEXPECTED_ROUTE, "C4", evidence=("MedicationRequest/m1",))
TEXT_ONLY = found(Code.IDENTIFIED_BY_TEXT, "C1")
A, B = "MedicationRequest/a", "MedicationRequest/b"
MOVE_JULY = "Move the nusinersen dose to 2026-07-13"
REMOVE = "Remove this nusinersen order"


def unreadable(reason: Code, rule: str, when: str | None = None) -> Unreadable:
    dated = DateRange.on(day(when)) if when else None
    return Unreadable("MedicationAdministration/u1", reason, rule, "effectiveDateTime", "'2026-13' is no date", dated)


@dataclass(frozen=True)
class Row:
    """One order, what is on record, the day, and the card: severity, topic, summary, suggestions. None: no card."""

    title: str
    records: Sequence[Record]
    on: str
    proposals: tuple[Proposal, ...]
    card: tuple[str, str, str, list[str]] | None
    whole: bool = True


ROWS = [
    Row(
        "13 days after the last dose is too early",
        doses(*REGULAR), "2026-03-20", (proposal("2026-03-26"),),
        ("critical", "NusinersenTooEarly",
         "Nusinersen on 2026-03-26 is 13 days after the last dose; not before 2026-03-27 (minimum interval 14 days)",
         [MOVE_JULY, REMOVE]),
    ),
    Row(
        "14 days after the last dose keeps the minimum, but not the schedule",
        doses(*REGULAR), "2026-03-20", (proposal("2026-03-27"),),
        ("warning", "NusinersenEarlierThanSchedule",
         "Nusinersen on 2026-03-27 is 108 days earlier than scheduled (2026-07-13)",
         [MOVE_JULY, REMOVE]),
    ),
    Row("on the day of the schedule", doses(*REGULAR), "2026-07-01", (proposal("2026-07-13"),), None),
    Row("earlier than schedule within tolerance", doses(*REGULAR), "2026-06-01", (proposal("2026-06-20"),), None),
    Row("late alone: the order is the cure", doses(*REGULAR), "2026-10-01", (proposal("2026-10-05"),), None),
    Row("the first dose", (), "2026-07-01", (proposal("2026-07-13"),), None),
    Row(
        "known by its name only, else on schedule",
        doses(*REGULAR), "2026-07-01", (proposal("2026-07-13", notes=(TEXT_ONLY,)),), None,
    ),
    Row(
        "an order without a date, a week after the last dose: a warning that says from when",
        doses(*REGULAR), "2026-03-20", (proposal(None),),
        ("warning", "NusinersenTooEarly",
         "Nusinersen order without a date: not before 2026-03-27, 14 days after the last dose",
         [MOVE_JULY, REMOVE]),
    ),
    Row(
        "an order without a date, weeks before the dose is due: doses are ordered ahead",
        doses(*REGULAR), "2026-04-20", (proposal(None),), None,
    ),
    Row(
        "two dates of one order, a week apart",
        doses(*REGULAR), "2026-07-01", (proposal("2026-07-13"), proposal("2026-07-20")),
        ("critical", "NusinersenOrderConflict",
         "Nusinersen on 2026-07-20 is 7 days from another proposed dose; at least 14 days must lie between doses",
         ["Move the nusinersen dose to 2026-11-13", REMOVE]),
    ),
    Row(
        "the amount of another regimen",
        doses(*REGULAR), "2026-07-01", (proposal("2026-07-13", "28"),),
        ("warning", "NusinersenWrongRouteOrAmount",
         "Nusinersen on 2026-07-13: the order is for 28 mg, the dose of this step is 12 mg", [REMOVE]),
    ),
    Row(
        "another route, before the amount",
        doses(*REGULAR), "2026-07-01", (proposal("2026-07-13", "28", notes=(ROUTE,)),),
        ("critical", "NusinersenWrongRouteOrAmount",
         "Nusinersen on 2026-07-13: the order states another route than the label", [REMOVE]),
    ),
    Row(
        "too early and another amount: one card, and no date can settle it",
        doses(*REGULAR), "2026-03-20", (proposal("2026-03-26", "28"),),
        ("critical", "NusinersenTooEarly",
         "Nusinersen on 2026-03-26 is 13 days after the last dose; not before 2026-03-27 (minimum interval 14 days)",
         [REMOVE]),
    ),
    Row(
        "8 months after the last dose: the catch-up that the order begins",
        doses(*REGULAR), "2026-11-12", (proposal("2026-11-13"),),
        ("warning", "NusinersenCatchUp",
         ("Nusinersen on 2026-11-13 (delay limit 2026-11-13): "
         "catch-up 2026-11-13, 2026-11-27, then maintenance 2027-03-27"),
         ["Add a draft order for the extra nusinersen dose on 2026-11-27"]),
    ),
    Row(
        "a day short of 8 months: no catch-up, but the original date is too near to follow",
        doses(*REGULAR), "2026-11-12", (proposal("2026-11-12"),),
        ("warning", "NusinersenDecision",
         "Nusinersen on 2026-11-12: a clinician decides (next date not defined by the label)", []),
    ),
    Row(
        "16 months after the last dose: two extra doses",
        doses(*REGULAR), "2027-07-13", (proposal("2027-07-13"),),
        ("warning", "NusinersenCatchUp",
         ("Nusinersen on 2027-07-13 (delay limit 2027-07-13): "
         "catch-up 2027-07-13, 2027-07-27, 2027-08-10, then maintenance 2027-12-10"),
         ["Add a draft order for the extra nusinersen dose on 2027-07-27",
          "Add a draft order for the extra nusinersen dose on 2027-08-10"]),
    ),
    Row(
        "40 months after the last dose: the whole loading again",
        doses(*REGULAR), "2029-07-13", (proposal("2029-07-13"),),
        ("warning", "NusinersenRestart",
         ("Nusinersen on 2029-07-13 (delay limit 2029-07-13): "
         "the whole loading again, 2029-07-13, 2029-07-27, 2029-08-10, 2029-09-14"), []),
    ),
    Row(
        "the last dose is known to the month only",
        doses(*REGULAR[:-1], "2026-03"), "2026-04-01", (proposal("2026-04-07"),),
        ("warning", "NusinersenTooEarly",
         "Nusinersen on 2026-04-07 may be less than 14 days from another dose: the dates on record do not decide it",
         [REMOVE]),
    ),
    Row(
        "a recorded dose came too soon: a clinician decides, no date is offered",
        doses(*REGULAR, "2026-03-20"), "2026-05-01", (proposal("2026-07-20"),),
        ("warning", "NusinersenDecision",
         "Nusinersen: a clinician decides the next dose (a recorded dose came too soon)", []),
    ),
    Row(
        "a recorded dose came too soon and the order is too early: the order leads",
        doses(*REGULAR, "2026-03-20"), "2026-03-21", (proposal("2026-03-25"),),
        ("critical", "NusinersenTooEarly",
         "Nusinersen on 2026-03-25 is 5 days after the last dose; not before 2026-04-03 (minimum interval 14 days)",
         [REMOVE]),
    ),
    Row(
        "one dose long ago: loading elsewhere, or stopped",
        doses("2026-01-01"), "2026-07-01", (proposal("2026-07-13"),),
        ("warning", "NusinersenDecision",
         ("Nusinersen: a clinician decides the next dose (loading not documented); "
         "overdue since 2026-01-23; options 2026-01-15, 2026-05-01"), []),
    ),
    Row(
        "the order itself interrupts the loading for too long",
        doses(*LOADING[:2]), "2024-02-01", (proposal("2024-05-01"),),
        ("warning", "NusinersenDecision", "Nusinersen on 2024-05-01: a clinician decides (loading interrupted)", []),
    ),
    Row(
        "the order leaves no date that the label defines",
        doses(*REGULAR), "2026-10-20", (proposal("2026-11-05"),),
        ("warning", "NusinersenDecision",
         "Nusinersen on 2026-11-05: a clinician decides (next date not defined by the label)", []),
    ),
    Row(
        "a record without a date: the dose can be any",
        (*doses(*REGULAR), unreadable(Code.DATE_MISSING, "C3")), "2026-07-01", (proposal("2026-07-13"),),
        ("warning", "NusinersenHistoryIncomplete",
         "Nusinersen history incomplete (1 record is not counted): a clinician decides the next dose", []),
    ),
    Row(
        "a page of the history was lost",
        doses(*REGULAR), "2026-07-01", (proposal("2026-07-13"),),
        ("warning", "NusinersenHistoryIncomplete",
         "Nusinersen history incomplete (not all of it was read): a clinician decides the next dose", []),
        whole=False,
    ),
    Row(
        "no dose was read, and not all was read: never silence",
        (), "2026-07-01", (proposal("2026-07-13"),),
        ("warning", "NusinersenHistoryIncomplete",
         "Nusinersen history incomplete (not all of it was read): a clinician decides the next dose", []),
        whole=False,
    ),
    Row(
        "an old unreadable record moves no date, but is said",
        (*doses(*REGULAR), unreadable(Code.STATUS_UNKNOWN, "C2", "2024-07-14")), "2026-07-01",
        (proposal("2026-07-13"),),
        ("warning", "NusinersenHistoryIncomplete",
         "Nusinersen history incomplete (1 record is not counted): check it before relying on its dates", []),
    ),
    Row(
        "an old unreadable record and an order before its time: the order leads, no date is offered",
        (*doses(*REGULAR), unreadable(Code.STATUS_UNKNOWN, "C2", "2024-07-14")), "2026-03-20",
        (proposal("2026-04-20"),),
        ("warning", "NusinersenEarlierThanSchedule",
         "Nusinersen on 2026-04-20 is 84 days earlier than scheduled (2026-07-13)", [REMOVE]),
    ),
    Row(
        "records that nobody can identify, on an order on schedule",
        (*doses(*REGULAR), Unidentified("MedicationAdministration/x", "no code")), "2026-07-01",
        (proposal("2026-07-13"),), None,
    ),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=[row.title for row in ROWS])
def test_the_card_of_one_order(row: Row) -> None:
    cards = cards_of(assessed(row.records, row.on, *row.proposals, whole=row.whole))
    found_cards = [
        (
            card["indicator"],
            card["source"]["topic"]["code"],
            card["summary"],
            [suggestion["label"] for suggestion in card.get("suggestions", [])],
        )
        for card in cards
    ]
    assert found_cards == ([] if row.card is None else [row.card])


def test_two_orders_too_near_one_another_make_one_card_on_the_later() -> None:
    proposals = (proposal("2026-07-13", reference=A), proposal("2026-07-20", reference=B))
    (card,) = cards_of(assessed(doses(*REGULAR), "2026-07-01", *proposals))
    assert card["source"]["topic"]["code"] == "NusinersenOrderConflict"
    assert card["extension"][EXTENSION]["orders"] == [B]


def test_a_decision_about_the_patient_is_one_card_for_all_orders() -> None:
    proposals = (proposal("2026-07-20", reference=A), proposal("2026-11-20", reference=B))
    (card,) = cards_of(assessed(doses(*REGULAR, "2026-03-20"), "2026-05-01", *proposals))
    assert card["extension"][EXTENSION]["orders"] == [A, B]
    assert "suggestions" not in card


def test_an_order_with_more_severe_findings_stands_beside_the_shared_decision_and_comes_first() -> None:
    proposals = (proposal("2026-07-20", reference=A), proposal("2026-03-25", reference=B))
    cards = cards_of(assessed(doses(*REGULAR, "2026-03-20"), "2026-03-21", *proposals))
    assert [(card["indicator"], card["extension"][EXTENSION]["orders"]) for card in cards] == [
        ("critical", [B]),
        ("warning", [A]),
    ]


def test_only_the_judged_orders_get_cards() -> None:
    proposals = (proposal("2026-03-25", reference=A), proposal("2026-03-26", reference=B))
    assessment = assessed(doses(*REGULAR), "2026-03-20", *proposals)
    (card,) = cards_of(assessment, judged=[A])
    assert card["extension"][EXTENSION]["orders"] == [A]


def test_an_order_that_proposes_nothing_gets_no_card_even_where_a_clinician_decides() -> None:
    assessment = assessed(doses(*REGULAR, "2026-03-20"), "2026-05-01")
    assert order_cards(assessment, [draft(A)], judged=[A], context=context()) == []


def test_the_suggestions_of_a_too_early_order() -> None:
    (card,) = cards_of(assessed(doses(*REGULAR), "2026-03-20", proposal("2026-03-26")))
    assert card["selectionBehavior"] == "any"
    assert card["suggestions"] == [
        {
            "label": MOVE_JULY,
            "uuid": "00000000-0000-4000-8000-000000000002",
            "actions": [
                {
                    "type": "update",
                    "description": MOVE_JULY,
                    "resource": {
                        "resourceType": "MedicationRequest",
                        "id": "m1",
                        "intent": "order",
                        "note": [{"text": "2026-03-26 -> 2026-07-13"}],
                    },
                }
            ],
        },
        {
            "label": REMOVE,
            "uuid": "00000000-0000-4000-8000-000000000003",
            "actions": [{"type": "delete", "description": REMOVE, "resourceId": "MedicationRequest/m1"}],
        },
    ]


def test_an_order_without_a_date_is_given_one_not_moved_from_the_day_assumed() -> None:
    (card,) = cards_of(assessed(doses(*REGULAR), "2026-03-20", proposal(None)))
    assert card["suggestions"][0]["actions"][0]["resource"]["note"] == [{"text": "no date -> 2026-07-13"}]


@pytest.mark.parametrize(
    "resource",
    [
        {"resourceType": "MedicationRequest"},
        {"id": "m1"},
        {"resourceType": "MedicationRequest", "id": ""},
        {"resourceType": "MedicationRequest", "id": "a/b"},
        {"resourceType": "MedicationRequest", "id": 7},
    ],
)
def test_an_order_that_its_sender_could_not_find_again_gets_its_card_without_suggestions(
    resource: dict[str, object],
) -> None:
    assessment = assessed(doses(*REGULAR), "2026-03-20", proposal("2026-03-26"))
    order = Draft("MedicationRequest/m1", "", resource)
    (card,) = order_cards(assessment, [order], judged=[order.reference], context=context())
    assert "suggestions" not in card
    assert "selectionBehavior" not in card


def test_the_extension_says_the_same_for_machines() -> None:
    (card,) = cards_of(assessed(doses(*REGULAR), "2026-03-20", proposal("2026-03-26", "28")))
    said = card["extension"][EXTENSION]
    regimen = said.pop("regimen")
    assert (regimen["id"], regimen["digest"].partition(":")[0]) == ("eu-12mg", "sha256")
    assert said == {
        "kind": "NusinersenTooEarly",
        "findings": ["interval-too-short", "unexpected-amount"],
        "rules": ["W2", "C5"],
        "orders": ["MedicationRequest/m1"],
        "dates": {
            "on": "2026-03-20",
            "earliest": "2026-03-27",
            "recommended": "2026-07-13",
            "overdue_from": "2026-08-11",
            "proposed": ["2026-03-26"],
        },
    }


def test_every_warning_can_be_overridden_with_a_reason_from_a_fixed_list() -> None:
    (card,) = cards_of(assessed(doses(*REGULAR), "2026-03-20", proposal("2026-03-26")))
    assert [reason["code"] for reason in card["overrideReasons"]] == [
        "risk-benefit-ratio",
        "expert-contradicts",
        "action-completed",
        "patient-contraindication",
        "service-not-available",
        "HistoryDiffers",
    ]


def test_an_order_that_cannot_be_rewritten_keeps_its_warning() -> None:
    def refuse(*_: object) -> dict[str, object]:
        raise ValueError("the dates that the order says are none")

    assessment = assessed(doses(*REGULAR), "2026-03-20", proposal("2026-03-26"))
    here = context()._replace(move=refuse)
    (card,) = order_cards(assessment, [draft("MedicationRequest/m1")], judged=["MedicationRequest/m1"], context=here)
    assert card["indicator"] == "critical"
    assert [suggestion["label"] for suggestion in card["suggestions"]] == [REMOVE]


def test_two_drafts_by_one_name_share_one_card_that_offers_nothing() -> None:
    assessment = assessed(doses(*REGULAR), "2026-03-20", proposal("2026-03-26"), proposal("2026-07-13"))
    order = draft("MedicationRequest/m1")
    (card,) = order_cards(assessment, [order, order], judged=[order.reference], context=context())
    assert card["indicator"] == "critical"
    assert "suggestions" not in card
