"""Fills the table of words: numbers with their units, dates in ISO form."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal

from cds.dosing.assessment import Forecast, Planned
from cds.dosing.calendar import Period
from cds.dosing.codes import MAINTENANCE, Code
from cds.dosing.facts import DateRange
from cds.dosing.findings import Finding, Quantity
from hooks.card_kinds import Kind
from hooks.markdown import SUMMARY_LIMIT
from hooks.wording import ENGLISH
from hooks.words import Variant, Wording

_BETWEEN = " to "
"""What stands between the two numbers of a span of days in a finding."""


def quantity(value: Quantity, words: Wording = ENGLISH) -> str:
    """A number of a finding with its unit: a day count, a date, an amount, or a span of days such as `3 to 20`."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int):
        return words.days[value]
    if isinstance(value, Decimal):
        return f"{value.normalize():f} mg"
    first, _, last = value.partition(_BETWEEN)
    return words.phrases.days_between.format(first=first, last=last)


def length(period: Period, words: Wording) -> str:
    """A length of time, such as `14 days` or `4 months`."""
    return words.months[period.months] if period.months else words.days[period.days]


def fill(templates: Iterable[str], fields: Mapping[str, str]) -> str:
    """The first template whose fields are all known; the last one needs none that can be missing."""
    for template in templates:
        try:
            return template.format_map(fields)
        except KeyError:
            continue
    return ""


def summary(kind: Kind, variant: Variant, fields: Mapping[str, str], words: Wording = ENGLISH) -> tuple[str, str]:
    """The summary of a card, never 140 characters or more, and the whole of it where it says less than the numbers
    would let it; else nothing. What a summary has no room for is not lost: it begins the detail."""
    whole = text = ""
    for template in words.summaries[kind, variant]:
        try:
            text = template.format_map(fields)
        except KeyError:
            continue
        if len(text) <= SUMMARY_LIMIT:
            return text, whole
        whole = whole or text
    return text[: SUMMARY_LIMIT - 3].rstrip() + "...", whole


def numbers(finding: Finding, words: Wording = ENGLISH) -> dict[str, str]:
    """The fields `required` and `observed` of a finding, where it has them."""
    fields = {}
    if finding.required is not None:
        fields["required"] = quantity(finding.required, words)
    if finding.observed is not None:
        fields["observed"] = quantity(finding.observed, words)
    return fields


def sentence(finding: Finding, words: Wording = ENGLISH) -> str:
    """What a finding says, with its numbers."""
    return fill(words.findings[finding.code].sentences, numbers(finding, words))


def drug_name(name: str) -> str:
    """The name of a drug as a sentence begins with it, on one line."""
    return " ".join(name.split()).capitalize()


def step_title(step: str, words: Wording = ENGLISH) -> str:
    """A step in words."""
    return words.steps[step]


def dated_step(forecast: Forecast, words: Wording = ENGLISH) -> tuple[str, bool]:
    """The step, in words, of which `recommended` and `overdue_from` speak, and whether that dose was missed (F6): then
    they are the dates of a maintenance dose, and `forecast.step` is what a dose given now would be."""
    missed = any(finding.code in _MISSED for finding in forecast.findings)
    return words.steps[MAINTENANCE if missed else forecast.step], missed


_MISSED = frozenset({Code.CATCH_UP_REQUIRED, Code.RESTART_REQUIRED})


def span(when: DateRange, words: Wording = ENGLISH) -> str:
    """A date, or the first and the last day that it can be."""
    first, last = when.earliest, when.latest
    if first == last:
        return first.isoformat()
    return words.phrases.dates_between.format(first=first.isoformat(), last=last.isoformat())


def planned_doses(plan: tuple[Planned, ...], words: Wording) -> str:
    """The dates of a plan up to its last loading or extra dose, and the maintenance dose that follows it."""
    last_special = max((at for at, planned in enumerate(plan) if planned.step != MAINTENANCE), default=0)
    text = ", ".join([planned.date.isoformat() for planned in plan[: last_special + 1]])
    if last_special + 1 < len(plan):
        then = plan[last_special + 1].date.isoformat()
        text = words.phrases.then_maintenance.format(dates=text, date=then)
    return text
