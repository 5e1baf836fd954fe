"""What is shown when a chart is opened: one card at most, and none for nearly every patient."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from cds.dosing.codes import Code
from cds.dosing.facts import DateRange, NotGiven, Record, Unidentified, Unreadable
from hooks.cards import Card, chart_cards
from tests.cards.desk import LOADING, REGULAR, assessed, context, day, doses, strict

U = "MedicationAdministration/u1"
NO_DATE = Unreadable(U, Code.DATE_MISSING, "C3", "effective[x]", "absent")
OLD_STATUS = Unreadable(U, Code.STATUS_UNKNOWN, "C2", "status", "unknown", DateRange.on(day("2024-07-14")))
BY_VEIN = Unreadable(U, Code.UNEXPECTED_ROUTE, "C4", "dosage.route", "47625008", DateRange.on(day("2026-04-01")))
NAMELESS = Unidentified("MedicationAdministration/x", "no code", None)

REGULAR_DOSES = doses(*REGULAR)
TOO_SOON = doses(*REGULAR, "2026-03-20")

ROWS: list[tuple[str, Sequence[Record], str, tuple[str, str, str] | None]] = [
    ("a patient without the drug", (), "2026-05-01", None),
    ("a patient with records that nobody can identify", (NAMELESS,), "2026-05-01", None),
    ("a patient to whom it was never given", (NotGiven(U),), "2026-05-01", None),
    ("not yet due", REGULAR_DOSES, "2026-05-01", None),
    ("due within tolerance, before the recommended day", REGULAR_DOSES, "2026-07-12", None),
    (
        "due, from the recommended day on", REGULAR_DOSES, "2026-07-13",
        ("info", "NusinersenDue",
         "Nusinersen: maintenance dose due, recommended for 2026-07-13; overdue from 2026-08-11"),
    ),
    (
        "the day before overdue", REGULAR_DOSES, "2026-08-10",
        ("info", "NusinersenDue",
         "Nusinersen: maintenance dose due, recommended for 2026-07-13; overdue from 2026-08-11"),
    ),
    (
        "overdue", REGULAR_DOSES, "2026-08-11",
        ("warning", "NusinersenOverdue",
         "Nusinersen: maintenance dose overdue since 2026-08-11; it was recommended for 2026-07-13"),
    ),
    (
        "8 months: what a dose today would begin", REGULAR_DOSES, "2026-11-13",
        ("warning", "NusinersenCatchUp",
         ("Nusinersen if given on 2026-11-13 (delay limit 2026-11-13): "
         "catch-up 2026-11-13, 2026-11-27, then maintenance 2027-03-27")),
    ),
    (
        "16 months", REGULAR_DOSES, "2027-07-13",
        ("warning", "NusinersenCatchUp",
         ("Nusinersen if given on 2027-07-13 (delay limit 2027-07-13): "
         "catch-up 2027-07-13, 2027-07-27, 2027-08-10, then maintenance 2027-12-10")),
    ),
    (
        "40 months", REGULAR_DOSES, "2029-07-13",
        ("warning", "NusinersenRestart",
         ("Nusinersen if given on 2029-07-13 (delay limit 2029-07-13): "
         "the whole loading again, 2029-07-13, 2029-07-27, 2029-08-10, 2029-09-14")),
    ),
    (
        "a loading dose due", doses(*LOADING[:2]), "2024-02-07",
        ("info", "NusinersenDue",
         "Nusinersen: loading dose 3 due, recommended for 2024-02-07; overdue from 2024-02-15"),
    ),
    (
        "the extra dose of a catch-up due", doses(*REGULAR, "2026-11-20"), "2026-12-04",
        ("info", "NusinersenDue",
         "Nusinersen: extra dose of the catch-up due, recommended for 2026-12-04; overdue from 2026-12-12"),
    ),
    (
        "a recorded dose came too soon: warning, since it can no longer be stopped", TOO_SOON, "2026-05-01",
        ("warning", "NusinersenDecision",
         "Nusinersen: a clinician decides the next dose (a recorded dose came too soon)"),
    ),
    (
        "a doubt never hides a delay", TOO_SOON, "2026-08-30",
        ("warning", "NusinersenDecision",
         "Nusinersen: a clinician decides the next dose (a recorded dose came too soon); overdue since 2026-08-18"),
    ),
    (
        "nor a catch-up", TOO_SOON, "2026-12-30",
        ("warning", "NusinersenDecision",
         ("Nusinersen: a clinician decides the next dose (a recorded dose came too soon); "
         "extra doses by the label since 2026-11-20")),
    ),
    (
        "an extra dose left out", doses(*REGULAR, "2026-11-20"), "2027-03-04",
        ("warning", "NusinersenDecision",
         ("Nusinersen: a clinician decides the next dose (extra dose of the catch-up omitted); "
         "overdue since 2026-12-12")),
    ),
    (
        "no date that the label defines", doses(*REGULAR, "2026-11-05"), "2026-11-06",
        ("warning", "NusinersenDecision",
         ("Nusinersen: a clinician decides the next dose (next date not defined by the label); "
         "options 2026-11-19, 2027-03-05, 2027-03-13")),
    ),
    (
        "only a record without a date", (NO_DATE,), "2026-05-01",
        ("warning", "NusinersenHistoryIncomplete",
         "Nusinersen history incomplete (1 record is not counted): a clinician decides the next dose"),
    ),
    (
        "a dose on record by another route: warning, a line in the detail says critical",
        (*REGULAR_DOSES, BY_VEIN), "2026-05-01",
        ("warning", "NusinersenHistoryIncomplete",
         "Nusinersen history incomplete (1 record is not counted): a clinician decides the next dose"),
    ),
    (
        "an old unreadable record: nothing may look on schedule", (*REGULAR_DOSES, OLD_STATUS), "2026-05-01",
        ("warning", "NusinersenHistoryIncomplete",
         "Nusinersen history incomplete (1 record is not counted): check it before relying on its dates"),
    ),
    (
        "an old unreadable record, and overdue all the same", (*REGULAR_DOSES, OLD_STATUS), "2026-09-01",
        ("warning", "NusinersenOverdue",
         "Nusinersen: maintenance dose overdue since 2026-08-11; it was recommended for 2026-07-13"),
    ),
]  # fmt: skip


def brief(cards: list[Card]) -> list[tuple[str, str, str]]:
    return [(card["indicator"], card["source"]["topic"]["code"], card["summary"]) for card in strict(cards)]


@pytest.mark.parametrize(("records", "on", "card"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_the_card_on_the_chart(records: Sequence[Record], on: str, card: tuple[str, str, str] | None) -> None:
    assert brief(chart_cards(assessed(records, on), context=context())) == ([] if card is None else [card])


def test_a_history_that_was_not_read_whole_is_never_silent_even_without_a_dose() -> None:
    (card,) = chart_cards(assessed((), "2026-05-01", whole=False), context=context())
    assert card["source"]["topic"]["code"] == "NusinersenHistoryIncomplete"


@pytest.mark.parametrize("on", ["2026-05-01", "2026-07-12"])
def test_the_upcoming_dose_is_shown_by_a_setting_only(on: str) -> None:
    summary = "Nusinersen: maintenance dose recommended for 2026-07-13, not before 2026-03-27"
    cards = chart_cards(assessed(REGULAR_DOSES, on), context=context(show_upcoming=True))
    assert brief(cards) == [("info", "NusinersenUpcoming", summary)]
    assert chart_cards(assessed(REGULAR_DOSES, on), context=context()) == []


def test_the_setting_shows_nothing_to_a_patient_without_the_drug() -> None:
    assert chart_cards(assessed((NAMELESS,), "2026-05-01"), context=context(show_upcoming=True)) == []


def test_an_info_card_asks_for_no_reason_when_it_is_dismissed() -> None:
    (card,) = chart_cards(assessed(REGULAR_DOSES, "2026-07-13"), context=context())
    assert "overrideReasons" not in card
    assert "suggestions" not in card
