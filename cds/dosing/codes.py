"""The closed lists: finding codes, severities, statuses, and the names of steps."""

from __future__ import annotations

from enum import StrEnum


class Severity(StrEnum):
    """How much a finding weighs; also the CDS Hooks card indicators."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"


class Code(StrEnum):
    """Every finding there is (rules.md section 7), in the order in which findings are listed."""

    INTERVAL_TOO_SHORT = "interval-too-short"
    UNEXPECTED_ROUTE = "unexpected-route"
    INTERVAL_UNDECIDABLE = "interval-undecidable"
    EARLIER_THAN_SCHEDULE = "earlier-than-schedule"
    LATE = "late"
    OVERDUE = "overdue"
    CATCH_UP_REQUIRED = "catch-up-required"
    RESTART_REQUIRED = "restart-required"
    CATCH_UP_OMITTED = "catch-up-omitted"
    LOADING_INTERRUPTED = "loading-interrupted"
    LOADING_NOT_DOCUMENTED = "loading-not-documented"
    SCHEDULE_UNDEFINED = "schedule-undefined"
    NO_LABEL_RULE = "no-label-rule"
    REGIMEN_SWITCH_UNDEFINED = "regimen-switch-undefined"
    UNEXPECTED_AMOUNT = "unexpected-amount"
    PARTIAL_DOSE = "partial-dose"
    OUTSIDE_RECORD = "outside-record"
    STATUS_UNKNOWN = "status-unknown"
    CONFLICTING_RECORDS = "conflicting-records"
    WRONG_PATIENT = "wrong-patient"
    DATE_MISSING = "date-missing"
    DATE_IN_FUTURE = "date-in-future"
    DATE_UNUSABLE = "date-unusable"
    UNREADABLE_RECORD = "unreadable-record"
    HISTORY_INCOMPLETE = "history-incomplete"
    SCHEDULE_SHIFTED = "schedule-shifted"
    DUPLICATE_RECORD = "duplicate-record"
    DATE_IMPRECISE = "date-imprecise"
    IDENTIFIED_BY_TEXT = "identified-by-text"
    ROUTE_UNRECOGNISED = "route-unrecognised"
    UNIDENTIFIED_RECORD = "unidentified-record"
    OTHER_SMN_THERAPY = "other-smn-therapy"
    REGIMEN_SWITCH = "regimen-switch"
    NEAR_BOUNDARY = "near-boundary"
    PROPOSED_DATE_ASSUMED = "proposed-date-assumed"
    MONITORING_DUE = "monitoring-due"


class Status(StrEnum):
    """What the forecast says of the next dose on the day asked about."""

    NOT_STARTED = "not-started"
    UPCOMING = "upcoming"
    DUE = "due"
    OVERDUE = "overdue"
    DECISION = "decision"
    ENDED = "ended"


class Phase(StrEnum):
    """Where a history stands: which kind of dose the walk would fill next."""

    LOADING = "loading"
    MAINTENANCE = "maintenance"
    CATCH_UP = "catch-up"


MAINTENANCE = "maintenance"
CATCH_UP = "catch-up"


def loading(number: int) -> str:
    """`loading-1`, `loading-2`, ...: the name of a loading step, counted from 1."""
    return f"loading-{number}"
