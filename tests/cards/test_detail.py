"""The detail of a card, whole, as files in `details/` for a clinician to read; and what it leaves out or cuts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from cds.dosing.calendar import add_months
from cds.dosing.codes import Code
from cds.dosing.facts import DateRange, Unidentified, Unreadable
from hooks.card_kinds import EXTENSION
from hooks.cards import Card, chart_cards, not_checked_card, order_cards
from hooks.wording import NotChecked
from tests.cards.desk import EU, REGULAR, assessed, cards_of, context, day, doses, draft, proposal, strict

DETAILS = Path(__file__).with_name("details")

# The words of the label and its version are fixed here, so that these files change with the cards only.
FIXED = replace(
    EU,
    version="1.0.0",
    digest="sha256:0123",
    title="Label of the example",
    statements=(
        ("schedule", "What it says of the schedule."),
        ("minimum-interval", "What it says of the minimum interval."),
        ("delayed-dose", "What it says of a delayed dose."),
        ("delayed-loading", "What it says of a delayed loading dose."),
    ),
)
BY_VEIN = Unreadable(
    "MedicationAdministration/u1",
    Code.UNEXPECTED_ROUTE,
    "C4",
    "dosage.route",
    "Intravenous",
    DateRange.on(day("2026-04-01")),
)
YEAR_ONLY = Unreadable("MedicationAdministration/u2", Code.DATE_UNUSABLE, "D2", "effectiveDateTime", "2025 is a year")
FIVE_DOSES = ("2021-09-01", "2021-09-15", "2021-09-29", "2021-11-03", "2022-03-03")
NAMELESS = tuple(
    Unidentified(f"MedicationAdministration/x{number}", "no code", DateRange.on(day(when)))
    for number, when in enumerate(["2025-04-03", "2024-12-30", "2026-02-01"])
)


def too_early() -> list[Card]:
    assessment = assessed((*doses(*REGULAR), *NAMELESS), "2026-03-20", proposal("2026-03-26"), regimen=FIXED)
    return cards_of(assessment)


def two_dates_of_one_order() -> list[Card]:
    proposals = (proposal("2026-07-13"), proposal("2026-07-20"))
    return cards_of(assessed(doses(*REGULAR), "2026-07-01", *proposals, regimen=FIXED))


def catch_up_near_a_boundary() -> list[Card]:
    return cards_of(assessed(doses(*REGULAR), "2027-07-10", proposal("2027-07-11"), regimen=FIXED))


def restart_after_years() -> list[Card]:
    return chart_cards(assessed(doses(*FIVE_DOSES), "2026-05-04", regimen=FIXED), context=context(FIXED))


def restart_by_an_order_without_a_date() -> list[Card]:
    return cards_of(assessed(doses(*FIVE_DOSES), "2026-05-04", proposal(None), regimen=FIXED))


def decision_with_unreadable_records() -> list[Card]:
    records = (*doses(*REGULAR), BY_VEIN, YEAR_ONLY)
    return chart_cards(assessed(records, "2026-09-01", regimen=FIXED), context=context(FIXED))


def options() -> list[Card]:
    return chart_cards(assessed(doses(*REGULAR, "2026-11-05"), "2026-11-06", regimen=FIXED), context=context(FIXED))


def not_read_whole() -> list[Card]:
    here = context(FIXED, problems=("page 3 of the search could not be read: status 503",))
    return chart_cards(assessed(doses(*REGULAR), "2026-05-01", whole=False, regimen=FIXED), context=here)


def not_checked() -> list[Card]:
    more = "the search for MedicationAdministration: status 503"
    return [not_checked_card(NotChecked.UPSTREAM, "3f0a", context(FIXED), more=more)]


CARDS = [
    too_early, two_dates_of_one_order, catch_up_near_a_boundary, restart_after_years,
    restart_by_an_order_without_a_date, decision_with_unreadable_records, options, not_read_whole, not_checked,
]  # fmt: skip


@pytest.mark.parametrize("make", CARDS, ids=[make.__name__ for make in CARDS])
def test_the_whole_text(make: Callable[[], list[Card]]) -> None:
    (card,) = strict(make())
    expected = (DETAILS / f"{make.__name__}.md").read_text(encoding="utf-8")
    assert f"{card['summary']}\n\n{card['detail']}\n" == expected


@pytest.mark.parametrize(
    ("on", "line"),
    [
        (
            "2026-11-12",
            "**Next by the schedule:** maintenance dose, recommended for 2026-07-13; overdue from 2026-08-11.",
        ),
        ("2026-11-13", "**Missed:** maintenance dose, recommended for 2026-07-13; overdue from 2026-08-11."),
        ("2029-07-12", "**Missed:** maintenance dose, recommended for 2026-07-13; overdue from 2026-08-11."),
        ("2029-07-13", "**Missed:** maintenance dose, recommended for 2026-07-13; overdue from 2026-08-11."),
    ],
)
def test_the_dates_of_a_missed_dose_are_never_given_to_the_dose_that_cures_it(on: str, line: str) -> None:
    """Rule F6, on both sides of 8 and of 40 months after the last dose."""
    assessment = assessed(doses(*REGULAR), on)
    (card,) = chart_cards(assessment, context=context())
    said = [each for each in card["detail"].splitlines() if "recommended for" in each]
    assert said == [line]
    dates = card["extension"][EXTENSION]["dates"]
    # dates alone: no key and no text beside them names a step
    assert dates == {
        "on": on, "earliest": "2026-03-27", "recommended": "2026-07-13", "overdue_from": "2026-08-11",
    }  # fmt: skip
    assert "loading" not in str(card["extension"])


def test_every_file_belongs_to_a_card() -> None:
    assert {path.stem for path in DETAILS.glob("*.md")} == {make.__name__ for make in CARDS}


def test_unidentified_records_are_said_on_orders_only() -> None:
    records = (*doses(*REGULAR), *NAMELESS)
    (order,) = cards_of(assessed(records, "2026-03-20", proposal("2026-03-26")))
    (chart,) = chart_cards(assessed(records, "2026-08-30"), context=context())
    said = "3 records of drugs that could not be identified, dated 2024-12-30 to 2026-02-01; not counted."
    assert said in order["detail"]
    assert "could not be identified" not in chart["detail"]


def test_the_latest_forty_doses_are_shown_and_the_rest_is_counted() -> None:
    first = day("2005-01-03")
    days = [first, *(first + timedelta(days) for days in (14, 28, 63))]
    days += [add_months(days[-1], 4 * number) for number in range(1, 40)]
    assessment = assessed(
        doses(*(one.isoformat() for one in days)), days[-1].isoformat(), proposal(days[-1].isoformat())
    )
    (card,) = cards_of(assessment)
    rows = [line for line in card["detail"].splitlines() if line.startswith("| 20") and "ordered" not in line]
    assert len(rows) == 40
    assert rows[-1].startswith(f"| {days[-1].isoformat()} |")
    assert "3 earlier doses are not shown." in card["detail"]


def test_ten_unreadable_records_are_listed_and_the_rest_is_counted() -> None:
    records = [replace(YEAR_ONLY, reference=f"MedicationAdministration/u{number:02}") for number in range(13)]
    (card,) = chart_cards(assessed((*doses(*REGULAR), *records), "2026-05-01"), context=context())
    assert "**13 records not counted:**" in card["detail"]
    assert card["detail"].count("MedicationAdministration/u") == 10
    assert "- and 3 more" in card["detail"]


def test_the_words_of_a_regimen_that_is_not_verified_say_so() -> None:
    regimen = replace(EU, verified="the text of 03/2026 was not read")
    (card,) = chart_cards(assessed(doses(*REGULAR), "2026-08-30", regimen=regimen), context=context(regimen))
    assert "Not verified: the text of 03/2026 was not read." in card["detail"]


def test_the_source_names_regimen_and_version_and_an_absolute_url_where_there_is_one() -> None:
    documents = (
        replace(EU.sources[0], url="urn:isbn:0"),
        replace(EU.sources[0], url="https://label.example.invalid/x"),
    )
    regimen = replace(FIXED, sources=documents)
    assessment = assessed(doses(*REGULAR), "2026-08-30", regimen=regimen)
    (card,) = strict(chart_cards(assessment, context=context(regimen)))
    topic = {"code": "NusinersenOverdue", "system": "urn:org.nusinersen-cds:card-kind", "display": "Dose overdue"}
    label = "Label of the example (eu-12mg, version 1.0.0)"
    assert card["source"] == {"label": label, "url": "https://label.example.invalid/x", "topic": topic}
    (card,) = chart_cards(assessment, context=context(regimen, source_url="https://site.example.invalid/label"))
    assert card["source"]["url"] == "https://site.example.invalid/label"
    regimen = replace(regimen, sources=documents[:1])
    (card,) = chart_cards(replace(assessment, regimen=regimen), context=context(regimen))
    assert "url" not in card["source"]


def test_the_words_of_an_order_are_quoted_as_text() -> None:
    assessment = assessed(doses(*REGULAR), "2026-03-20", proposal("2026-03-26"))
    order = draft("MedicationRequest/m1", "Spinraza <b>12</b> mg | see [page](http://x.example.invalid)\nnow")
    (card,) = order_cards(assessment, [order], judged=[order.reference], context=context())
    first = card["detail"].splitlines()[0]
    assert first == r"Order: Spinraza &lt;b&gt;12&lt;/b&gt; mg \| see \[page\](http ://x.example.invalid) now"
