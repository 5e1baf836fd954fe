"""Fills the table of words: numbers with their units, dates in ISO form, text from records made harmless."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from functools import lru_cache

from cds.dosing.assessment import Forecast, Planned
from cds.dosing.codes import CATCH_UP, MAINTENANCE, Code, Severity
from cds.dosing.facts import DateRange
from cds.dosing.findings import Finding, Quantity
from hooks.card_kinds import Kind
from hooks.summaries import SUMMARIES
from hooks.wording import FINDINGS, Variant

SUMMARY_LIMIT = 139
"""The most characters of a summary: CDS Hooks asks for fewer than 140."""

_LONGEST_QUOTE = 200

# Text from records becomes plain text in GitHub-flavoured Markdown: no HTML, no cell, no emphasis, no link.
_HARMLESS = str.maketrans(
    {char: "\\" + char for char in "\\`*_[]~|#@"}
    | {"<": "&lt;", ">": "&gt;", "&": "&amp;"}
    | dict.fromkeys("\r\n\t\v\f\x1c\x1d\x1e\x85\u2028\u2029", " ")
    | dict.fromkeys(map(chr, (*range(9), *range(14, 28), 31, 127)), "")
    # what turns the direction of the text round it, or takes no room and hides in a word
    | dict.fromkeys(map(chr, (0x61C, *range(0x200B, 0x2010), *range(0x202A, 0x202F), 0x2060)), "")
    | dict.fromkeys(map(chr, (*range(0x2066, 0x206A), 0xFEFF)), "")
)

# What renderers turn into links without being asked. Some of them look at the text after its escapes are undone, so
# that only a space in front is sure to break an address.
_LINKED = re.compile(r"://|\\@|(?<=www)\.|(?<=mailto):", re.IGNORECASE)


def harmless(text: str, longest: int | None = _LONGEST_QUOTE) -> str:
    """Text from a record or a site's file, safe inside a line or a table cell of Markdown; long text is cut."""
    if longest is not None and len(text) > longest:
        text = text[:longest] + "..."
    return _LINKED.sub(r" \g<0>", text.translate(_HARMLESS)).strip()


def quantity(value: Quantity) -> str:
    """A number of a finding with its unit: a day count, a date, an amount, or a span of days such as `3 to 20`."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int):
        return "1 day" if value == 1 else f"{value} days"
    if isinstance(value, Decimal):
        return f"{value.normalize():f} mg"
    return f"{value} days"


def fill(templates: Iterable[str], fields: Mapping[str, str], limit: int | None = None) -> str:
    """The first template whose fields are all known and whose text is short enough; else the last one, cut."""
    text = ""
    for template in templates:
        try:
            text = template.format_map(fields)
        except KeyError:
            continue
        if limit is None or len(text) <= limit:
            return text
    return text if limit is None else text[: limit - 3].rstrip() + "..."


def numbers(finding: Finding) -> dict[str, str]:
    """The fields `required` and `observed` of a finding, where it has them."""
    fields = {}
    if finding.required is not None:
        fields["required"] = quantity(finding.required)
    if finding.observed is not None:
        fields["observed"] = quantity(finding.observed)
    return fields


def sentence(finding: Finding) -> str:
    """What a finding says, with its numbers."""
    return fill(FINDINGS[finding.code].sentences, numbers(finding))


def summary(kind: Kind, variant: Variant, fields: Mapping[str, str]) -> str:
    """The summary of a card; never 140 characters or more."""
    return fill(SUMMARIES[kind, variant], fields, SUMMARY_LIMIT)


def drug_name(name: str) -> str:
    """The name of a drug as a sentence begins with it, on one line."""
    return " ".join(name.split()).capitalize()


_STEPS = {f"loading-{number}": f"loading dose {number}" for number in range(1, 10)}
_STEPS |= {CATCH_UP: "extra dose of the catch-up", "maintenance": "maintenance dose"}


@lru_cache(maxsize=64)
def step_title(step: str) -> str:
    """A step in words."""
    return _STEPS.get(step) or step.replace("-", " ")


def dated_step(forecast: Forecast) -> tuple[str, bool]:
    """The step, in words, of which `recommended` and `overdue_from` speak, and whether that dose was missed (F6): then
    they are the dates of a maintenance dose, and `forecast.step` is what a dose given now would be."""
    missed = any(finding.code in _MISSED for finding in forecast.findings)
    return step_title(MAINTENANCE if missed else forecast.step), missed


_MISSED = frozenset({Code.CATCH_UP_REQUIRED, Code.RESTART_REQUIRED})


def span(when: DateRange) -> str:
    """A date, or the first and the last day that it can be."""
    first, last = when.earliest, when.latest
    return first.isoformat() if first == last else f"{first.isoformat()} to {last.isoformat()}"


def counted(number: int, one: str, many: str) -> str:
    """`1 record`, `3 records`."""
    return f"1 {one}" if number == 1 else f"{number} {many}"


def planned_doses(plan: tuple[Planned, ...]) -> str:
    """The dates of a plan up to its last loading or extra dose, and the maintenance dose that follows it."""
    last_special = max((at for at, planned in enumerate(plan) if planned.step != "maintenance"), default=0)
    text = ", ".join([planned.date.isoformat() for planned in plan[: last_special + 1]])
    if last_special + 1 < len(plan):
        text += f", then maintenance {plan[last_special + 1].date.isoformat()}"
    return text


SHORT: dict[tuple[Code, Severity], str] = {
    (code, severity): f"**{words.short}**" if severity is Severity.CRITICAL else words.short
    for code, words in FINDINGS.items()
    for severity in Severity
}
"""A finding in a cell of the dose table, bold where it is critical."""
