"""The closed list of card kinds: the topic by which overrides are remembered, and what belongs to each kind."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from cds.dosing.codes import Code, Severity
from cds.dosing.findings import Finding

TOPIC_SYSTEM = "urn:org.nusinersen-cds:card-kind"
REASON_SYSTEM = "urn:org.nusinersen-cds:override-reason"
PUBLISHED_REASON_SYSTEM = "http://terminology.hl7.org/CodeSystem/non-adherence-reason-codes"
EXTENSION = "org.nusinersen-cds"


class Kind(StrEnum):
    """What a card is about; the kinds of an order stand in the order in which they lead.

    The value is the `source.topic.code`: letters and digits only, and never to be changed, since an EHR remembers by
    it which advice a user has overridden and may hide later cards of the same topic.
    """

    TOO_EARLY = "NusinersenTooEarly"
    CONFLICT = "NusinersenOrderConflict"
    WRONG_ROUTE_OR_AMOUNT = "NusinersenWrongRouteOrAmount"
    RESTART = "NusinersenRestart"
    CATCH_UP = "NusinersenCatchUp"
    EARLIER_THAN_SCHEDULE = "NusinersenEarlierThanSchedule"
    OVERDUE = "NusinersenOverdue"
    DECISION = "NusinersenDecision"
    HISTORY_INCOMPLETE = "NusinersenHistoryIncomplete"
    NOT_CHECKED = "NusinersenNotChecked"
    DUE = "NusinersenDue"
    UPCOMING = "NusinersenUpcoming"
    """A topic of its own: who overrides one long before it is due must still see that it is due."""
    MONITORING = "NusinersenMonitoring"


PLANNED_KINDS = frozenset({Kind.RESTART, Kind.CATCH_UP, Kind.OVERDUE, Kind.DUE, Kind.UPCOMING})
"""Kinds whose detail shows the plan."""

REMOVABLE_KINDS = frozenset(
    {Kind.TOO_EARLY, Kind.CONFLICT, Kind.WRONG_ROUTE_OR_AMOUNT, Kind.EARLIER_THAN_SCHEDULE},
)
"""Kinds that offer to move or remove the order: with the others the order is the cure, or a clinician decides."""

BEFORE_A_DECISION = REMOVABLE_KINDS - {Kind.EARLIER_THAN_SCHEDULE}
"""What is wrong with an order whatever the schedule says; all other kinds presume a schedule (compare rule P5)."""

INFO_KINDS = frozenset({Kind.DUE, Kind.UPCOMING, Kind.MONITORING})

_ALL_TOPICS = ("schedule", "minimum-interval", "delayed-dose", "delayed-loading")
STATEMENTS: dict[Kind, tuple[str, ...]] = {
    Kind.TOO_EARLY: ("minimum-interval", "schedule"),
    Kind.CONFLICT: ("minimum-interval", "schedule"),
    Kind.WRONG_ROUTE_OR_AMOUNT: ("schedule",),
    Kind.RESTART: ("delayed-dose", "schedule"),
    Kind.CATCH_UP: ("delayed-dose",),
    Kind.EARLIER_THAN_SCHEDULE: ("schedule", "minimum-interval"),
    Kind.OVERDUE: ("schedule", "delayed-dose", "delayed-loading"),
    Kind.DECISION: _ALL_TOPICS,
    Kind.HISTORY_INCOMPLETE: _ALL_TOPICS,
    Kind.NOT_CHECKED: ("minimum-interval",),
    Kind.DUE: ("schedule",),
    Kind.UPCOMING: ("schedule",),
    Kind.MONITORING: ("monitoring",),
}
"""Which of the label's statements the detail of a card quotes, by the topics of the regimen files."""

_OWN_KIND: dict[Code, Kind] = {
    Code.INTERVAL_TOO_SHORT: Kind.TOO_EARLY,
    Code.INTERVAL_UNDECIDABLE: Kind.TOO_EARLY,
    Code.UNEXPECTED_ROUTE: Kind.WRONG_ROUTE_OR_AMOUNT,
    Code.UNEXPECTED_AMOUNT: Kind.WRONG_ROUTE_OR_AMOUNT,
    Code.RESTART_REQUIRED: Kind.RESTART,
    Code.CATCH_UP_REQUIRED: Kind.CATCH_UP,
    Code.EARLIER_THAN_SCHEDULE: Kind.EARLIER_THAN_SCHEDULE,
}
_RULE_OF_CONFLICT = "P3"


def own_kind(finding: Finding) -> Kind | None:
    """The kind of card that a finding of a proposed date makes; None where it makes none by itself.

    Info makes no card, and neither does lateness, since the order is its cure. An interval between two proposed dates
    (rule P3) is a conflict: either order can be the one to move. Any other warning leaves something to decide.
    """
    if finding.severity is Severity.INFO or finding.code is Code.LATE or finding.code is Code.OVERDUE:
        return None
    if finding.rule == _RULE_OF_CONFLICT and finding.code is Code.INTERVAL_TOO_SHORT:
        return Kind.CONFLICT
    return _OWN_KIND.get(finding.code, Kind.DECISION)


_HIDES = {
    Code.REGIMEN_SWITCH_UNDEFINED: Code.UNEXPECTED_AMOUNT,
    Code.CATCH_UP_OMITTED: Code.EARLIER_THAN_SCHEDULE,
}
"""What would read as advice that no label gives beside what a clinician decides. After a change that no label describes
only the interval is checked (W11), so that no step prescribes another amount; and who was owed an extra dose is not to
wait for a maintenance dose (W8)."""


def told(findings: Sequence[Finding]) -> Sequence[Finding]:
    """The findings of a proposed date that lead its card and stand in its text."""
    hidden = [_HIDES[finding.code] for finding in findings if finding.code in _HIDES]
    return [finding for finding in findings if finding.code not in hidden] if hidden else findings


OVERRIDE_REASONS: tuple[tuple[str, str], ...] = (
    ("risk-benefit-ratio", PUBLISHED_REASON_SYSTEM),
    ("expert-contradicts", PUBLISHED_REASON_SYSTEM),
    ("action-completed", PUBLISHED_REASON_SYSTEM),
    ("patient-contraindication", PUBLISHED_REASON_SYSTEM),
    ("service-not-available", PUBLISHED_REASON_SYSTEM),
    ("HistoryDiffers", REASON_SYSTEM),
)
"""Why a card may be overridden, code and system: codes of HL7's list, and one that only a dose history needs."""
