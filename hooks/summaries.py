"""The summary of each kind of card: templates from the fullest to the barest, as in `hooks.wording`."""

from __future__ import annotations

from collections.abc import Mapping

from hooks.card_kinds import Kind
from hooks.wording import Variant

SUMMARIES: Mapping[tuple[Kind, Variant], tuple[str, ...]] = {
    (Kind.TOO_EARLY, Variant.PLAIN): (
        "{drug} {when} is {observed} after the last dose; not before {earliest} (minimum interval {required})",
        "{drug} {when} is sooner after the last dose than the minimum interval",
    ),
    (Kind.TOO_EARLY, Variant.UNDATED): (
        "{drug} order without a date: not before {earliest}, {required} after the last dose",
        "{drug} order without a date: a dose today would be sooner than the minimum interval",
    ),
    (Kind.TOO_EARLY, Variant.NOT_CERTAIN): (
        "{drug} {when} may be less than {required} from another dose: the dates on record do not decide it",
        "{drug} {when} may be sooner than the minimum interval: the dates on record do not decide it",
    ),
    (Kind.CONFLICT, Variant.PLAIN): (
        "{drug} {when} is {observed} from another proposed dose; at least {required} must lie between doses",
        "{drug} {when} is nearer to another proposed dose than the minimum interval",
    ),
    (Kind.CONFLICT, Variant.ORDERS): (
        "{drug} {when} is {observed} from the dose of another active order; at least {required} must lie between doses",
        "{drug} {when} is nearer to the dose of another active order than the minimum interval",
    ),
    (Kind.WRONG_ROUTE_OR_AMOUNT, Variant.ROUTE): ("{drug} {when}: the order states another route than the label",),
    (Kind.WRONG_ROUTE_OR_AMOUNT, Variant.PLAIN): (
        "{drug} {when}: the order is for {observed}, the dose of this step is {required}",
        "{drug} {when}: the amount of the order is not the one of this step",
    ),
    (Kind.RESTART, Variant.PLAIN): (
        "{drug} {when} (delay limit {required}): the whole loading again, {doses}",
        "{drug} {when}: the whole loading again, {doses}",
        "{drug} {when} (delay limit {required}): the whole loading again",
        "{drug} {when} is so late that the whole loading is given again",
    ),
    (Kind.CATCH_UP, Variant.PLAIN): (
        "{drug} {when} (delay limit {required}): catch-up {doses}",
        "{drug} {when}: catch-up {doses}",
        "{drug} {when} (delay limit {required}): extra doses follow",
        "{drug} {when} is so late that extra doses follow",
    ),
    (Kind.EARLIER_THAN_SCHEDULE, Variant.PLAIN): (
        "{drug} {when} is {early} earlier than scheduled ({required})",
        "{drug} {when} is earlier than scheduled",
    ),
    (Kind.OVERDUE, Variant.PLAIN): (
        "{drug}: {step} overdue since {overdue_from}; it was recommended for {recommended}",
        "{drug}: the next dose is overdue",
    ),
    (Kind.DECISION, Variant.PLAIN): (
        "{drug} {when}: a clinician decides ({reason})",
        "{drug}: a clinician decides the next dose ({reason}); {delay}; {options}",
        "{drug}: a clinician decides the next dose ({reason}); {delay}",
        "{drug}: a clinician decides the next dose ({reason}); {options}",
        "{drug}: a clinician decides the next dose ({reason})",
        "{drug}: a clinician decides the next dose",
    ),
    (Kind.HISTORY_INCOMPLETE, Variant.PLAIN): (
        "{drug} history incomplete ({missing}): a clinician decides the next dose; {delay}",
        "{drug} history incomplete ({missing}): a clinician decides the next dose",
        "{drug} history incomplete: a clinician decides the next dose",
    ),
    (Kind.HISTORY_INCOMPLETE, Variant.DATES_STAND): (
        "{drug} history incomplete ({missing}): check it before relying on its dates",
        "{drug} history incomplete: check it before relying on its dates",
    ),
    (Kind.NOT_CHECKED, Variant.PLAIN): (
        "{drug} dosing interval NOT checked: {reason}",
        "{drug} dosing interval NOT checked",
    ),
    (Kind.NOT_CHECKED, Variant.ORDERS): (
        "{drug} date NOT checked against other active orders, which could not be read; checked against doses given",
        "{drug} date NOT checked against other active orders",
    ),
    (Kind.NOT_CHECKED, Variant.ELSEWHERE): (
        "{drug} NOT checked against doses given elsewhere, which could not be read; checked against doses given here",
        "{drug} NOT checked against doses given elsewhere",
    ),
    (Kind.DUE, Variant.PLAIN): (
        "{drug}: {step} due, recommended for {recommended}; overdue from {overdue_from}",
        "{drug}: the next dose is due",
    ),
    (Kind.UPCOMING, Variant.PLAIN): (
        "{drug}: {step} recommended for {recommended}, not before {earliest}",
        "{drug}: the next dose is not yet due",
    ),
}
"""The summary of each kind. A last resort, with a drug name of any length, is cut by the code that fills it."""
