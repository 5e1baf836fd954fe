"""Suggestions on an order: the same order on another date, no such order, or further ones of it; one action each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple, TypeAlias

from cds.dosing.assessment import Proposed
from hooks.card_kinds import REMOVABLE_KINDS, own_kind
from hooks.leads import Lead
from hooks.words import Phrases

Resource: TypeAlias = dict[str, Any]
Move: TypeAlias = Callable[[Mapping[str, Any], date | None, date], Resource]
"""A copy of an order with its dose on the second date instead of the first, which is None where it says none.

ValueError where the order cannot be rewritten so."""


class Offer(NamedTuple):
    """What it takes to write suggestions: the name of the drug, writers of orders, new UUIDs as text, and the words."""

    drug: str
    move: Move
    repeat: Move
    new_id: Callable[[], str]
    phrases: Phrases

    def changes(
        self, resource: Mapping[str, Any], proposals: Sequence[Proposed], lead: Lead, *, doubtful: bool
    ) -> list[Resource]:
        """The order on another date, or no such order; nothing where the order is the cure, or cannot be named to its
        sender.

        A date is offered only where taking it leaves no card: with one date at fault, and a history without doubts.
        """
        reference = _reference(resource)
        if lead.kind not in REMOVABLE_KINDS or reference is None:
            return []
        offered = []
        at_fault = [proposed for proposed in proposals if any(own_kind(finding) for finding in proposed.findings)]
        if len(at_fault) == 1 and not doubtful:
            offered += self._moved(resource, at_fault[0])
        booked = resource.get("resourceType") == "Appointment"
        label = self.phrases.remove_appointment if booked else self.phrases.remove_order
        return [*offered, self._suggestion(label, {"type": "delete", "resourceId": reference})]

    def further(self, resource: Mapping[str, Any], late: Proposed, days: Sequence[date]) -> list[Resource]:
        """The orders that are missing of a catch-up, one suggestion each, by the plan of the order of the late dose;
        and its date, where it says none. All of them, or nothing where one of them cannot be written."""
        if not days or _reference(resource) is None:
            return []
        said = None if late.assumed else late.date
        offered = []
        try:
            if said is None:
                dated = self.move(resource, None, late.date)
                offered.append(
                    self._suggestion(self.phrases.set_date, {"type": "update", "resource": dated}, late.date)
                )
            for day in days:
                order = self.repeat(resource, said, day)
                offered.append(self._suggestion(self.phrases.add_extra, {"type": "create", "resource": order}, day))
        except (ValueError, RecursionError):
            # an order that cannot be written again must not cost the warning about it
            return []
        return offered

    def _moved(self, resource: Mapping[str, Any], proposed: Proposed) -> list[Resource]:
        if proposed.suggested is None:
            return []
        try:
            moved = self.move(resource, None if proposed.assumed else proposed.date, proposed.suggested)
        except (ValueError, RecursionError):
            return []
        return [self._suggestion(self.phrases.move, {"type": "update", "resource": moved}, proposed.suggested)]

    def _suggestion(self, label: str, action: Resource, day: date | None = None) -> Resource:
        label = label.format(drug=self.drug, date=day)
        return {"label": label, "uuid": self.new_id(), "actions": [{**action, "description": label}]}


def _reference(resource: Mapping[str, Any]) -> str | None:
    """`Type/id` by which the sender knows its order; None where it gave it no id."""
    kind, identifier = resource.get("resourceType"), resource.get("id")
    if not isinstance(kind, str) or not isinstance(identifier, str) or not kind.isalpha():
        return None
    return f"{kind}/{identifier}" if identifier and "/" not in identifier else None
