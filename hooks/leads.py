"""Which finding leads a card, and so which kind the card is: one card a decision."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from cds.dosing.assessment import Assessment, Proposed
from cds.dosing.codes import Code, Severity, Status
from cds.dosing.findings import Finding
from hooks.card_kinds import BEFORE_A_DECISION, Kind, own_kind, told
from hooks.catch_up import is_ordered
from hooks.words import Variant

LATENESS = frozenset({Code.OVERDUE, Code.CATCH_UP_REQUIRED, Code.RESTART_REQUIRED})
"""What a forecast finds of a delay, beside the reason for a decision too."""

_KIND_ORDER = {kind: index for index, kind in enumerate(Kind)}
_SEVERITY_ORDER = {severity: index for index, severity in enumerate(Severity)}


class Lead(NamedTuple):
    """The finding that leads a card. `proposed` is the proposed date it judges; None for the patient's forecast."""

    kind: Kind
    indicator: Severity
    finding: Finding | None = None
    proposed: Proposed | None = None
    variant: Variant = Variant.PLAIN


def order_lead(proposals: Sequence[Proposed], assessment: Assessment, standing: frozenset[str]) -> Lead | None:
    """What leads the card of one order by its own findings: the most severe, then the first in the order of kinds.
    `standing` are the references of other active orders. A catch-up that is ordered whole needs no card."""
    best: tuple[int, int] | None = None
    lead = None
    for proposed in proposals:
        for finding in told(proposed.findings):
            kind = own_kind(finding)
            if kind is None or (kind is Kind.CATCH_UP and is_ordered(proposed, assessment)):
                continue
            rank = (_SEVERITY_ORDER[finding.severity], _KIND_ORDER[kind])
            if best is None or rank < best:
                best = rank
                lead = Lead(kind, finding.severity, finding, proposed, _variant(kind, finding, proposed, standing))
    return lead


def _variant(kind: Kind, finding: Finding, proposed: Proposed, standing: frozenset[str]) -> Variant:
    if finding.code is Code.UNEXPECTED_ROUTE:
        return Variant.ROUTE
    if finding.code is Code.INTERVAL_UNDECIDABLE:
        return Variant.NOT_CERTAIN
    if kind is Kind.CONFLICT and standing.intersection(finding.evidence):
        return Variant.ORDERS
    return Variant.UNDATED if kind is Kind.TOO_EARLY and proposed.assumed else Variant.PLAIN


def doubt_lead(assessment: Assessment) -> Lead | None:
    """The decision that the patient's history leaves, or that it is incomplete; None where it leaves none.

    Always a warning: critical is kept for an order that can still be stopped, and what happened cannot be.
    """
    forecast = assessment.forecast
    if forecast.status is Status.DECISION:
        reason = next((item for item in forecast.findings if item.code not in LATENESS), None)
        incomplete = reason is not None and reason.code is Code.HISTORY_INCOMPLETE
        return Lead(Kind.HISTORY_INCOMPLETE if incomplete else Kind.DECISION, Severity.WARNING, reason)
    for finding in assessment.findings:
        if finding.code is Code.HISTORY_INCOMPLETE:
            return Lead(Kind.HISTORY_INCOMPLETE, Severity.WARNING, finding, variant=Variant.DATES_STAND)
    return None


def leads_before(own: Lead, doubt: Lead | None) -> bool:
    """Whether an order's own finding leads before the doubt about the history.

    What is wrong with the order whatever the schedule says does, and with it all that is critical. The rest presumes a
    schedule: it leads only where the doubt leaves the schedule standing.
    """
    return doubt is None or doubt.variant is Variant.DATES_STAND or own.kind in BEFORE_A_DECISION


def chart_lead(assessment: Assessment, *, show_upcoming: bool) -> Lead | None:
    """What leads the card of a patient's chart; None for a patient without the drug, or with nothing to do."""
    if assessment.forecast.status is Status.ENDED:
        return None
    doubt = doubt_lead(assessment)
    if not assessment.evaluations and not assessment.unreadable and doubt is None:
        return None
    if doubt is not None and doubt.variant is not Variant.DATES_STAND:
        return doubt
    delay = _delay_lead(assessment)
    if delay is not None or doubt is not None:
        return delay or doubt
    forecast = assessment.forecast
    recommended = forecast.recommended
    if forecast.status is Status.DUE and recommended is not None and assessment.on >= recommended:
        return Lead(Kind.DUE, Severity.INFO)
    if show_upcoming and forecast.status in (Status.DUE, Status.UPCOMING):
        return Lead(Kind.UPCOMING, Severity.INFO)
    return None


_DELAY_KINDS = {
    Code.RESTART_REQUIRED: Kind.RESTART,
    Code.CATCH_UP_REQUIRED: Kind.CATCH_UP,
    Code.OVERDUE: Kind.OVERDUE,
}


def _delay_lead(assessment: Assessment) -> Lead | None:
    for finding in assessment.forecast.findings:
        kind = _DELAY_KINDS.get(finding.code)
        if kind is not None:
            return Lead(kind, Severity.WARNING, finding)
    if assessment.forecast.status is Status.OVERDUE:
        return Lead(Kind.OVERDUE, Severity.WARNING)
    return None
