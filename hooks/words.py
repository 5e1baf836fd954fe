"""What the cards say, as one table of a language: findings, summaries, reasons, and the parts that they are made of.

A text is a row of templates from the fullest to the barest. The first is used whose numbers are all known and, for a
summary, which is short enough; the last needs nothing that can be missing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, TypeAlias, TypeVar

from cds.dosing.codes import Code, Severity
from hooks.card_kinds import Kind

Forms: TypeAlias = Mapping[str, str]
"""A text by its number: "1" and, where a language needs them, further numbers; all others take "other"."""


_Key = TypeVar("_Key")
_MOST_KEPT = 2000


class Kept(dict[_Key, str]):
    """Texts by what they are about, each made when it is first asked for, since cards ask for the same few over and
    over."""

    def __init__(self, make: Callable[[_Key], str]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, key: _Key) -> str:
        text = self._make(key)
        if len(self) < _MOST_KEPT:
            self[key] = text
        return text


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


VARIANTS: Mapping[NotChecked, Variant] = {
    NotChecked.ORDERS: Variant.ORDERS,
    NotChecked.ELSEWHERE: Variant.ELSEWHERE,
}
"""The words of a summary, where they are not the plain ones: something was checked."""


class Words(NamedTuple):
    """A finding in a few words, for the dose table and in brackets, and in one sentence."""

    short: str
    sentences: tuple[str, ...]


class Reason(NamedTuple):
    """Why a check could not be made, in a few words for the summary and in one sentence for the detail; and what to do
    by hand, where it is not what `Phrases` says."""

    short: str
    sentence: str
    by_hand: str | None = None


def counted(forms: Forms, number: int, **more: str) -> str:
    """A text in the form for a number: `1 record`, `3 records`."""
    return (forms.get(str(number)) or forms["other"]).format(number=number, **more)


@dataclass(frozen=True, slots=True)
class Counts:
    """Texts whose form depends on a number."""

    days: Forms
    months: Forms
    missing: Forms
    not_shown: Forms
    extra_doses: Forms
    not_counted: Forms
    unidentified: Forms
    unidentified_dated: Forms


@dataclass(frozen=True, slots=True)
class Phrases:
    """Parts of summaries and details, and labels."""

    days_between: str
    dates_between: str
    on: str
    on_assumed: str
    if_given: str
    then_maintenance: str
    options: str
    not_all_read: str
    complete_since: str
    noted_elsewhere: str
    order: str
    dose_on: str
    rule: str
    dose: str
    step: str
    interval: str
    findings: str
    plan: str
    ordered: str
    ordered_assumed: str
    earliest_of_shown: str
    earliest: str
    earliest_past: str
    next: tuple[str, ...]
    missed: tuple[str, ...]
    decides: tuple[str, ...]
    suggested: str
    near_boundary: str
    delayed_dose: str
    whole_loading: str
    other_orders: str
    other_orders_more: str
    history_not_read: str
    orders_not_compared: str
    not_known: str
    more: str
    label_says: str
    judged_by: str
    not_verified: str
    read_at: str
    went_wrong: str
    by_hand: str
    incident: str
    source: str
    source_attributes: str
    timeline: str
    move: str
    set_date: str
    add_extra: str
    remove_order: str
    remove_appointment: str


@dataclass(frozen=True, slots=True, eq=False)
class Wording:
    """Everything that cards say in one language.

    `locale` names it, and `digest` seals its file. `cells` are findings as they stand
    in the dose table, bold where critical. `unknown` and `unknown_orders` say what is not known where something beside
    the history could not be read, `monitoring` what is of tests before a dose. `topics` and `override_reasons` are
    Codings with their words. `steps`, `days`, `months` and `rules` are the words for a step, for a number of them and
    for the id of a rule.
    """

    locale: str
    digest: str
    findings: Mapping[Code, Words]
    cells: Mapping[tuple[Code, Severity], str]
    past_reasons: Mapping[Code, str]
    delays: Mapping[Code, str]
    severities: Mapping[Severity, str]
    summaries: Mapping[tuple[Kind, Variant], tuple[str, ...]]
    topics: Mapping[Kind, dict[str, str]]
    override_reasons: list[dict[str, str]]
    not_checked: Mapping[NotChecked, Reason]
    unknown: Mapping[str, str]
    unknown_orders: str
    monitoring: Mapping[str, str]
    steps: Kept[str]
    days: Kept[int]
    months: Kept[int]
    rules: Kept[str]
    dose_head: str
    plan_head: str
    counts: Counts
    phrases: Phrases
