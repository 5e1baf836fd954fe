"""What the tests of the cards share: orders as sent, a context with counted ids, and histories in a few words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import count
from typing import Any

from cds.dosing.assess import assess
from cds.dosing.assessment import Assessment
from cds.dosing.calendar import add_months
from cds.dosing.facts import Administration, DateRange, Proposal, Record
from cds.dosing.in_force import Regimens
from cds.dosing.regimen import Regimen
from cds.regimens.library import load
from hooks.cards import Card, CardContext, order_cards
from hooks.wire import CardsResponse

EU: Regimen = load().get("eu-12mg")
READ_AT = "2026-05-01T21:07:00+12:45"
PATIENT = "Patient/p"


@dataclass(frozen=True, slots=True)
class Draft:
    """An order as the cards need it."""

    reference: str
    text: str
    resource: Mapping[str, Any]


def draft(reference: str, text: str = "") -> Draft:
    kind, _, identifier = reference.partition("/")
    return Draft(reference, text, {"resourceType": kind, "id": identifier, "intent": "order"})


def move(resource: Mapping[str, Any], old: date | None, new: date) -> dict[str, Any]:
    """Stands for the writer of orders: notes on the resource what was moved."""
    return {**resource, "note": [{"text": f"{old or 'no date'} -> {new}"}]}


def repeat(resource: Mapping[str, Any], old: date | None, new: date) -> dict[str, Any]:
    """Stands for the writer of further orders."""
    return {"resourceType": resource["resourceType"], "note": [{"text": f"{old or 'no date'}, and {new}"}]}


def context(regimen: Regimen = EU, **more: Any) -> CardContext:
    """A context whose ids are UUIDs in counting order."""
    numbers = count(1)
    return CardContext(regimen, READ_AT, move, repeat, lambda: f"00000000-0000-4000-8000-{next(numbers):012}", **more)


def day(text: str) -> date:
    return date.fromisoformat(text)


def doses(*days: str, amount: str | None = "12") -> tuple[Administration, ...]:
    """Doses of exact days, `2024-01-10`, or of a month, `2024-01`."""
    return tuple(
        Administration(f"MedicationAdministration/a{number:02}", _when(text), Decimal(amount) if amount else None)
        for number, text in enumerate(days, start=1)
    )


def _when(text: str) -> DateRange:
    if len(text) == len("2024-01"):
        first = day(f"{text}-01")
        return DateRange(first, date.fromordinal(add_months(first, 1).toordinal() - 1))
    return DateRange.on(day(text))


LOADING = ("2024-01-10", "2024-01-24", "2024-02-07", "2024-03-13")
MAINTENANCE = ("2024-07-13", "2024-11-13", "2025-03-13", "2025-07-13", "2025-11-13", "2026-03-13")
REGULAR = (*LOADING, *MAINTENANCE)
"""On schedule to the day; the next dose is due on 2026-07-13."""


def assessed(
    records: Iterable[Record],
    on: str,
    *proposals: Proposal,
    whole: bool = True,
    regimen: Regimen | Regimens = EU,
    ended: bool = False,
) -> Assessment:
    return assess(PATIENT, records, regimen, on=day(on), whole=whole, proposals=proposals, ended=ended)


def proposal(
    when: str | None, amount: str | None = "12", reference: str = "MedicationRequest/m1", **more: Any
) -> Proposal:
    return Proposal(reference, day(when) if when else None, (Decimal(amount),) if amount else (), **more)


def cards_of(assessment: Assessment, *, judged: Iterable[str] | None = None, **more: Any) -> list[Card]:
    """The cards on all orders that the assessment judged, or on those in `judged`, checked by the strict models."""
    references = sorted({proposed.reference for proposed in assessment.proposed})
    chosen = references if judged is None else list(judged)
    orders = [draft(reference, "Spinraza 12 mg/5 mL") for reference in references]
    return strict(order_cards(assessment, orders, judged=chosen, context=context(assessment.regimens[0], **more)))


def strict(cards: list[Card]) -> list[Card]:
    CardsResponse.model_validate({"cards": cards})
    return cards
