"""Suggestions on an order: the same order on another date, or no such order; one action each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, TypeAlias

from cds.dosing.assessment import Proposed
from hooks.card_kinds import REMOVABLE_KINDS, own_kind
from hooks.leads import Lead
from hooks.words import Phrases

Resource: TypeAlias = dict[str, Any]
Move: TypeAlias = Callable[[Mapping[str, Any], date | None, date], Resource]
"""A copy of an order with its dose on the second date moved from the first, which is None where it says none.

ValueError where the order cannot be rewritten so."""


def suggestions(
    resource: Mapping[str, Any],
    proposals: Sequence[Proposed],
    lead: Lead,
    *,
    doubtful: bool,
    drug: str,
    move: Move,
    new_id: Callable[[], str],
    phrases: Phrases,
) -> list[Resource]:
    """What the card of one order offers; nothing where the order is the cure, or cannot be named to its sender.

    A date is offered only where taking it leaves no card: with one date at fault, and a history without doubts.
    """
    reference = _reference(resource)
    if lead.kind not in REMOVABLE_KINDS or reference is None:
        return []
    offered = []
    at_fault = [proposed for proposed in proposals if any(own_kind(finding) for finding in proposed.findings)]
    if len(at_fault) == 1 and not doubtful:
        offered += _moved(resource, at_fault[0], drug, move, new_id, phrases)
    booked = resource.get("resourceType") == "Appointment"
    label = (phrases.remove_appointment if booked else phrases.remove_order).format(drug=drug)
    offered.append(_suggestion(label, {"type": "delete", "resourceId": reference}, new_id))
    return offered


def _moved(
    resource: Mapping[str, Any],
    proposed: Proposed,
    drug: str,
    move: Move,
    new_id: Callable[[], str],
    phrases: Phrases,
) -> list[Resource]:
    if proposed.suggested is None:
        return []
    try:
        moved = move(resource, None if proposed.assumed else proposed.date, proposed.suggested)
    except (ValueError, RecursionError):
        # an order that cannot be rewritten must not cost the warning about it
        return []
    label = phrases.move.format(drug=drug, date=proposed.suggested.isoformat())
    return [_suggestion(label, {"type": "update", "resource": moved}, new_id)]


def _reference(resource: Mapping[str, Any]) -> str | None:
    """`Type/id` by which the sender knows its order; None where it gave it no id."""
    kind, identifier = resource.get("resourceType"), resource.get("id")
    if not isinstance(kind, str) or not isinstance(identifier, str) or not kind.isalpha():
        return None
    return f"{kind}/{identifier}" if identifier and "/" not in identifier else None


def _suggestion(label: str, action: Resource, new_id: Callable[[], str]) -> Resource:
    return {"label": label, "uuid": new_id(), "actions": [{**action, "description": label}]}
