"""The answer of a site that judges several drugs: each is judged apart, and their answers are put together."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from cds.dosing.codes import Severity
from cds.dosing.document import as_json
from hooks.card_kinds import EXTENSION
from hooks.desk import Desk
from hooks.flow import Answered, answer, as_bytes, as_card
from hooks.found import Outcome
from hooks.protocol import HookRequest
from hooks.services import Service

_MOST_FIRST = (Outcome.FAILED, Outcome.NOT_ANSWERED, Outcome.NOT_CHECKED, Outcome.CHECKED, Outcome.NOT_OURS)
"""What a call comes to that comes to different things for its drugs."""
_SEVERITIES = [severity.value for severity in Severity]


async def answer_each(request: HookRequest, desk: Desk, service: Service, incident: str) -> Answered:
    """The answer of a service to one call, about every drug of the site."""
    if not desk.others:
        return await answer(request, desk, service, incident)
    parts = await asyncio.gather(*[answer(request, each, service, incident) for each in desk.every])
    return together(parts, desk, incident)


def together(parts: Sequence[Answered], desk: Desk, incident: str) -> Answered:
    """The answers about each drug of a site as one. Where one could not be checked that is told by a card beside those
    of the others; by the status where there are none, so that it never is an empty list."""
    first = parts[0]
    if len(parts) == 1:
        return first
    outcome = min([part.outcome for part in parts], key=_MOST_FIRST.index)
    cards = [card for part in parts for card in part.cards]
    failed = [part for part in parts if part.failure is not None]
    shown = all(part.shown for part in parts)
    if failed and not (cards and shown):
        worst = min(failed, key=lambda part: _MOST_FIRST.index(part.outcome))
        return replace(worst, outcome=outcome, cards=tuple(cards), shown=not cards, parts=tuple(parts))
    for each, part in zip(desk.every, parts, strict=True):
        if part.failure is not None:
            cards.append(as_card(part.failure, each, incident))
    cards.sort(key=lambda card: _SEVERITIES.index(card["indicator"]))
    body: dict[str, Any] = {"cards": cards if shown else []}
    assessments = [as_json(part.assessment) for part in parts if part.assessment is not None]
    if desk.site.show_assessment and assessments and shown:
        body["extension"] = {EXTENSION: {"assessments": assessments}}
    return Answered(200, as_bytes(body), outcome, first.on, tuple(cards), shown=shown, parts=tuple(parts))
