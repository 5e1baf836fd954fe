"""Cards whose words could be taken for advice that no label gives, or that know less than the others."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pytest

from cds.dosing.assess import assess
from cds.dosing.codes import Code
from cds.dosing.facts import Outside, Record, Unreadable
from cds.dosing.in_force import Regimens
from cds.regimens.library import load
from hooks.cards import chart_cards
from tests.cards.desk import EU, LOADING, PATIENT, REGULAR, assessed, cards_of, context, doses, proposal

UNREADABLE = Unreadable("MedicationAdministration/u1", Code.DATE_MISSING, "C3", "effective[x]", "is missing")

BOTH = Regimens.of(EU, load().get("eu-high-dose"))
NO_CHANGE = [
    ("in loading", LOADING[:2], "2024-02-07"),
    ("8 months after the last dose", REGULAR, "2026-11-13"),
    ("in the place of an extra dose of a catch-up", (*REGULAR, "2026-11-20"), "2026-12-04"),
]


@pytest.mark.parametrize(("given", "when"), [row[1:] for row in NO_CHANGE], ids=[row[0] for row in NO_CHANGE])
def test_w11_a_change_that_no_label_describes_is_for_a_clinician_and_no_amount_is_named_as_the_right_one(
    given: Sequence[str], when: str
) -> None:
    assessment = assessed(doses(*given), when, proposal(when, "50"), regimen=BOTH)
    (card,) = cards_of(assessment)
    assert (card["source"]["topic"]["code"], card["summary"]) == (
        "NusinersenDecision",
        f"Nusinersen on {when}: a clinician decides (change of regimen that no label describes)",
    )
    assert "28 mg" not in card["detail"].partition("The label says")[0]
    assert "suggestions" not in card


def test_the_amount_of_a_declared_change_and_of_an_amount_of_no_regimen_is_still_named() -> None:
    (card,) = cards_of(assessed(doses(*REGULAR), "2026-07-01", proposal("2026-07-13", "40"), regimen=BOTH))
    assert card["summary"] == "Nusinersen on 2026-07-13: the order is for 40 mg, the dose of this step is 12 mg"


@pytest.mark.parametrize(
    ("when", "summary"),
    [
        (
            "2026-03-26",
            "Nusinersen on 2026-03-26 is 13 days after the last dose; at least 14 days must lie between doses",
        ),
        (
            None,
            (
                "Nusinersen order without a date: a dose today would be 7 days after the last; "
                "at least 14 days must lie between"
            ),
        ),
    ],
)
def test_f10_an_order_too_early_after_therapy_has_ended_names_the_interval(when: str | None, summary: str) -> None:
    (card,) = cards_of(assessed(doses(*REGULAR), "2026-03-20", proposal(when), ended=True))
    assert (card["source"]["topic"]["code"], card["summary"]) == ("NusinersenTooEarly", summary)


CATCH_UP = ("2024-01-10", "2024-01-24", "2024-02-07", "2024-03-13", "2026-02-05")
"""The last dose so late that two extra ones follow, the first on 2026-02-19, and until 2026-05-05 as such."""


def test_w8_an_order_after_the_time_for_an_extra_dose_is_not_called_early() -> None:
    (card,) = cards_of(assessed(doses(*CATCH_UP), "2026-05-04", proposal("2026-05-06")))
    assert card["summary"] == "Nusinersen on 2026-05-06: a clinician decides (extra dose of the catch-up omitted)"
    assert "earlier than" not in card["detail"].partition("| Dose")[0]
    assert "suggestions" not in card


@pytest.mark.parametrize(
    ("records", "since", "missing"),
    [
        (doses("2024-01-10"), date(2023, 12, 1), "complete since 2023-12-01 only"),
        ((*doses(*REGULAR), Outside("MedicationStatement/s")), None, "doses are noted elsewhere"),
        ((*doses(*REGULAR), UNREADABLE, Outside("MedicationStatement/s")), None, "1 record is not counted"),
    ],
)
def test_f1_why_a_history_is_incomplete_is_said_as_it_is(
    records: Sequence[Record], since: date | None, missing: str
) -> None:
    assessment = assess(
        PATIENT,
        records,
        EU,
        on=date(2026, 4, 1),
        whole=True,
        proposals=[proposal("2026-07-13")],
        complete_since=since,
    )
    for card in (*cards_of(assessment), *chart_cards(assessment, context=context())):
        assert f"history incomplete ({missing})" in card["summary"]
