"""Every sentence of the cards in one place, for a clinician to read and sign: findings, summaries, reasons.

A text is a row of templates from the fullest to the barest. The first is used whose numbers are all known and, for a
summary, which is short enough; the last needs nothing that can be missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from cds.dosing.codes import Code, Severity


class Variant(StrEnum):
    """What changes the words of a summary within one kind."""

    PLAIN = "plain"
    UNDATED = "undated"
    """The order has no date."""
    NOT_CERTAIN = "not-certain"
    """The interval cannot be decided."""
    ROUTE = "route"
    ORDERS = "orders"
    """Other active orders are what matters."""
    ELSEWHERE = "elsewhere"
    """Doses given elsewhere are what matters."""
    DATES_STAND = "dates-stand"
    """Records are missing that cannot move the next dose."""


@dataclass(frozen=True, slots=True)
class Words:
    """A finding in a few words, for the dose table and in brackets, and in one sentence."""

    short: str
    sentences: tuple[str, ...]


FINDINGS: Mapping[Code, Words] = {
    Code.INTERVAL_TOO_SHORT: Words(
        "interval too short",
        (
            "The interval is {observed}; at least {required} must lie between two doses.",
            "The interval to another dose is shorter than the minimum.",
        ),
    ),
    Code.UNEXPECTED_ROUTE: Words(
        "another route",
        ("A route is stated that is not the label's: a safety matter for a clinician to weigh.",),
    ),
    Code.INTERVAL_UNDECIDABLE: Words(
        "interval not certain",
        (
            "At least {required} must lie between two doses; by the dates on record the interval can be {observed}.",
            "The dates on record do not show whether the minimum interval was kept.",
        ),
    ),
    Code.EARLIER_THAN_SCHEDULE: Words(
        "earlier than scheduled",
        ("The dose on {observed} is earlier than scheduled ({required}).", "The dose is earlier than scheduled."),
    ),
    Code.LATE: Words(
        "late",
        ("The dose on {observed} is later than scheduled ({required}).", "The dose is later than scheduled."),
    ),
    Code.OVERDUE: Words("overdue", ("The next dose is overdue since {required}.", "The next dose is overdue.")),
    Code.CATCH_UP_REQUIRED: Words(
        "catch-up after a delay",
        (
            "A dose on {observed} is so late (from {required} on) that extra doses follow it.",
            "The dose is so late that extra doses follow it.",
        ),
    ),
    Code.RESTART_REQUIRED: Words(
        "restart of loading after a delay",
        (
            "A dose on {observed} is so late (from {required} on) that the whole loading is given again.",
            "The dose is so late that the whole loading is given again.",
        ),
    ),
    Code.CATCH_UP_OMITTED: Words(
        "extra dose of the catch-up omitted",
        (
            "No extra dose of the catch-up by {required}: the label does not say what follows on {observed}.",
            "An extra dose of the catch-up was not given in time: the label does not say what follows.",
        ),
    ),
    Code.LOADING_INTERRUPTED: Words(
        "loading interrupted",
        (
            (
                "No loading dose by {required}: the label does not cover one on {observed}, "
                "and earlier doses may be missing from this record."
            ),
            (
                "A loading dose is so late that the label does not cover it; "
                "earlier doses may be missing from this record."
            ),
        ),
    ),
    Code.LOADING_NOT_DOCUMENTED: Words(
        "loading not documented",
        (
            (
                "No second dose by {required}: either loading stopped after one dose, "
                "or earlier doses are not in this record."
            ),
            "Either loading stopped after one dose, or earlier doses are not in this record.",
        ),
    ),
    Code.SCHEDULE_UNDEFINED: Words(
        "next date not defined by the label",
        (
            (
                "The next date of the original schedule is {observed} after this dose, fewer than {required}: "
                "the label does not say what follows."
            ),
            "The next date of the original schedule is too near this dose: the label does not say what follows.",
        ),
    ),
    Code.NO_LABEL_RULE: Words(
        "no rule of the label for this delay",
        (
            "A dose on {observed} comes after {required}: no label text was found that says what follows such a delay.",
            "No label text was found that says what follows such a delay.",
        ),
    ),
    Code.REGIMEN_SWITCH_UNDEFINED: Words(
        "change of regimen that no label describes",
        (
            "A dose of {observed} changes the regimen in a way that no label describes: only its interval was checked.",
            "The regimen changes in a way that no label describes: only the interval was checked.",
        ),
    ),
    Code.UNEXPECTED_AMOUNT: Words(
        "unexpected amount",
        (
            "The amount is {observed}; the dose of this step is {required}.",
            "The amount is not the one of this step.",
        ),
    ),
    Code.PARTIAL_DOSE: Words(
        "stopped, given in part",
        ("The dose was stopped: drug may have been given, and whether to repeat it is for a clinician.",),
    ),
    Code.OUTSIDE_RECORD: Words(
        "doses noted elsewhere",
        ("A record notes doses that may have been given elsewhere; they are not counted.",),
    ),
    Code.STATUS_UNKNOWN: Words(
        "status unknown",
        ("The status of a record does not say whether the dose was given; it is not counted.",),
    ),
    Code.CONFLICTING_RECORDS: Words(
        "conflicting records",
        ("Records of the same day state different amounts; they count as one dose.",),
    ),
    Code.WRONG_PATIENT: Words(
        "another patient",
        ("A record in this history is of another patient; it is not counted.",),
    ),
    Code.DATE_MISSING: Words("no date", ("A record has no date that can be read; it is not counted.",)),
    Code.DATE_IN_FUTURE: Words(
        "dated in the future",
        ("A record of a dose given is dated in the future; it is not counted.",),
    ),
    Code.DATE_UNUSABLE: Words(
        "date too imprecise",
        ("The date of a record is too imprecise to schedule by; it is not counted.",),
    ),
    Code.UNREADABLE_RECORD: Words(
        "contradictory record",
        ("A record or order names the drug beside something that contradicts it.",),
    ),
    Code.HISTORY_INCOMPLETE: Words(
        "history incomplete",
        ("The history could not be read whole: doses may be missing here.",),
    ),
    Code.SCHEDULE_SHIFTED: Words(
        "schedule shifted",
        (
            (
                "The dose was given by the interval from the last dose, not on the original date {required}; "
                "the schedule counts from it."
            ),
            "The dose was given by the interval from the last dose; the schedule counts from it.",
        ),
    ),
    Code.DUPLICATE_RECORD: Words("several records", ("Several records of the same day count as one dose.",)),
    Code.DATE_IMPRECISE: Words(
        "date imprecise",
        ("The date is not exact; the latest day that it can be is used.",),
    ),
    Code.IDENTIFIED_BY_TEXT: Words("known by its name only", ("The drug is known by its name, not by a code.",)),
    Code.ROUTE_UNRECOGNISED: Words("route not recognised", ("The code of the route is not known here.",)),
    Code.UNIDENTIFIED_RECORD: Words(
        "unidentified record",
        ("Of some records nobody can say which drug they are; they are not counted.",),
    ),
    Code.OTHER_SMN_THERAPY: Words(
        "another therapy of the disease",
        ("Another therapy of the same disease is on record; it is not counted.",),
    ),
    Code.REGIMEN_SWITCH: Words(
        "change of regimen",
        (
            "With the dose of {observed} another regimen begins, as its label describes; the schedule counts from it.",
            "Another regimen begins with this dose, as its label describes; the schedule counts from it.",
        ),
    ),
    Code.NEAR_BOUNDARY: Words(
        "near a boundary of the delay table",
        (
            "{observed} is near {required}, from which the label asks for more doses after a delay.",
            "The day is near one from which the label asks for more doses after a delay.",
        ),
    ),
    Code.PROPOSED_DATE_ASSUMED: Words(
        "no date ordered",
        ("The order has no date; it is judged as if given on {observed}.", "The order has no date."),
    ),
}
"""One sentence for each finding. `required` and `observed` are the numbers of the Finding."""


PAST_REASONS: Mapping[Code, str] = {
    Code.INTERVAL_TOO_SHORT: "a recorded dose came too soon",
    Code.INTERVAL_UNDECIDABLE: "a recorded interval is not certain",
    Code.PARTIAL_DOSE: "the last dose was given in part",
}
"""The reason for a decision where the few words for the finding would not say that it is about a dose given."""

DELAYS: Mapping[Code, str] = {
    Code.OVERDUE: "overdue since {required}",
    Code.CATCH_UP_REQUIRED: "extra doses by the label since {required}",
    Code.RESTART_REQUIRED: "whole loading again by the label since {required}",
}
"""What is said of a delay beside a decision, so that the doubt never hides it."""


class NotChecked(StrEnum):
    """Why an order could not be checked."""

    DENIED = "denied"
    ORDERS = "orders"
    ELSEWHERE = "elsewhere"
    UPSTREAM = "upstream"
    UNIDENTIFIED = "unidentified"
    ANOTHER_PATIENT = "another-patient"
    DRAFTS = "drafts"
    KIND = "kind"
    NO_SITE = "no-site"
    LIMIT = "limit"
    RATE = "rate"
    INTERNAL = "internal"


NOT_CHECKED: Mapping[NotChecked, tuple[str, str]] = {
    NotChecked.DENIED: (
        "no access to the dose history",
        "The record server did not allow this user or this service to read the dose history.",
    ),
    NotChecked.UPSTREAM: (
        "the dose history could not be read",
        "The record server did not answer, or its answer could not be used.",
    ),
    NotChecked.ORDERS: (
        "other active orders could not be read",
        "The date was compared with the doses given, and not with the other active orders of this patient.",
    ),
    NotChecked.ELSEWHERE: (
        "doses given elsewhere could not be read",
        "The doses given here are known, and not what this record notes of doses given elsewhere.",
    ),
    NotChecked.UNIDENTIFIED: (
        "the ordered medication is not known",
        "It could not be found out whether the order is for this drug, and this patient has been given it before.",
    ),
    NotChecked.ANOTHER_PATIENT: (
        "the order names another patient",
        "The order is for another patient than the one whose chart is open; it was compared with the chart's history.",
    ),
    NotChecked.DRAFTS: (
        "a draft order could not be read",
        "A part of the draft orders could not be read; it may be an order for this drug.",
    ),
    NotChecked.KIND: (
        "this kind of order is not read",
        "The order is for this drug and no MedicationRequest; it says no date that is read, or stands beside one.",
    ),
    NotChecked.NO_SITE: (
        "it is not known for which site",
        "This service serves several sites, and it is not known which one this call is for.",
    ),
    NotChecked.LIMIT: (
        "the request goes beyond a limit",
        "The request is larger than this service takes, or came too slowly, so nothing of it was looked at.",
    ),
    NotChecked.RATE: (
        "too many calls to the service",
        "This service was called more often than its limit allows, so this call was not looked at.",
    ),
    NotChecked.INTERNAL: (
        "an error in this service",
        "An error happened in this service. It is logged under the incident number.",
    ),
}
"""Each reason in a few words for the summary and in one sentence for the detail."""

UNKNOWN_BESIDE: dict[str, str] = {
    "statements": "Doses given elsewhere",
    "patient": "Whether the patient has died",
}
"""What is not known where something beside the history could not be read, by the key of its prefetch."""
UNKNOWN_ORDERS = "Other therapies that are ordered"
CHECK_BY_HAND = "Check the date of the last dose in the record before giving or ordering a dose."
OTHERWISE_BY_HAND: Mapping[NotChecked, str] = {
    NotChecked.ORDERS: "Check the dates of the other active orders for this drug before ordering a dose.",
    NotChecked.ELSEWHERE: "Ask whether a dose was given elsewhere before giving or ordering one.",
}
"""What to do instead, where it is something else."""
VARIANTS: Mapping[NotChecked, Variant] = {
    NotChecked.ORDERS: Variant.ORDERS,
    NotChecked.ELSEWHERE: Variant.ELSEWHERE,
}
"""The words of a summary, where they are not the plain ones: something was checked."""

SEVERITIES: Mapping[Severity, str] = {
    Severity.CRITICAL: "**Critical:** ",
    Severity.WARNING: "**Warning:** ",
    Severity.INFO: "",
}
"""How a line in the detail begins."""

SOURCE_ATTRIBUTES = "What this advice rests on, and which data it uses"
"""The label of the link to the source attributes."""

MOVE = "Move the {drug} dose to {suggested}"
REMOVE = "Remove this {drug} {what}"
"""The labels of the suggestions; large clients show the description of the action, which is the same."""
