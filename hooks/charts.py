"""A call about a patient and no order: the chart."""

from __future__ import annotations

from datetime import date, datetime

from hooks.cards import chart_cards
from hooks.desk import Desk
from hooks.found import Found, Outcome, assessed, has_drug, records
from hooks.gather import Link, NotReadError
from hooks.protocol import HookRequest


async def of_chart(request: HookRequest, desk: Desk, now: datetime, on: date) -> Found:
    """The card on the patient's chart."""
    link = Link(desk.client, request)
    gathered = await records(request, desk, link, desk.limits.seconds)
    assessment = assessed(request, gathered, desk, on, ())
    if gathered.unread and assessment.unidentified and not has_drug(assessment):
        # Which drug these records are of was asked and not answered: that the patient has none of ours is not known.
        raise NotReadError("; ".join(gathered.problems))
    outcome = Outcome.CHECKED if has_drug(assessment) else Outcome.NOT_OURS
    with desk.traces.step("cards"):
        cards = chart_cards(assessment, context=desk.context(now, gathered.problems))
    return Found(outcome, cards, assessment, gathered)
