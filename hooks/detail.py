"""The detail of a card: GitHub-flavoured Markdown without HTML, whole enough to judge by without another page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from cds.dosing.assessment import Assessment, Evaluation, Planned, Proposed
from cds.dosing.codes import Code, Status
from cds.dosing.findings import Finding
from cds.dosing.regimen import CatchUp, Regimen
from hooks.card_kinds import PLANNED_KINDS, STATEMENTS, Kind, told
from hooks.markdown import harmless
from hooks.monitoring import section
from hooks.phrases import dated_step, fill, length, sentence, span
from hooks.words import Wording, counted

_MOST_DOSES = 40
"""Dose rows shown, the latest; years of maintenance every few months fit in."""
_MOST_RECORDS = 10
"""Unreadable records listed, of one card."""


class Subject(NamedTuple):
    """What a card is about: the proposed dates of its orders, none on a chart, and the texts of those orders.

    `plan` is the plan to show. `on_order`: on an order, records that nobody can name get a line. `whole` is the whole
    summary, where the card has no room for it.
    """

    kind: Kind
    proposals: Sequence[Proposed] = ()
    order_texts: Sequence[str] = ()
    plan: tuple[Planned, ...] = ()
    on_order: bool = False
    whole: str = ""


class Reading(NamedTuple):
    """When the records were read, as people read it; `problems` is what of the history could not be, `not_compared`
    what of the other active orders, `unknown` what beside them."""

    read_at: str
    problems: Sequence[str] = ()
    not_compared: Sequence[str] = ()
    unknown: Sequence[str] = ()


def detail(assessment: Assessment, subject: Subject, reading: Reading, words: Wording) -> str:
    """The whole text."""
    regimen, phrases = assessment.regimen, words.phrases
    parts = [
        harmless(subject.whole, longest=None) if subject.whole else "",
        _lines(assessment, subject, words),
        _dose_table(assessment.evaluations, subject.proposals, words),
        _next_dose(assessment, subject, regimen, words),
        _ordered(assessment, words),
        section(assessment.monitored, words) if assessment.monitored is not None else "",
        _not_read(phrases.history_not_read, reading.problems),
        _not_read(phrases.orders_not_compared, reading.not_compared),
        _not_read(phrases.not_known, reading.unknown),
        _unreadable(assessment, words),
        _unidentified(assessment, words) if subject.on_order else "",
        _label_says(regimen.title, regimen.statements, STATEMENTS[subject.kind], words),
        closing(regimen, reading.read_at, words),
    ]
    return "\n\n".join([part for part in parts if part])


def closing(regimen: Regimen, read_at: str, words: Wording) -> str:
    """By which text it was judged, and what the reader must know of the data. `read_at` is a time of our own clock."""
    named = _named(regimen.id, regimen.version, regimen.digest, regimen.unverified, words)
    return f"{named}\n\n{words.phrases.read_at.format(time=read_at)}"


@lru_cache(maxsize=64)
def _named(identifier: str, version: str, digest: str, unverified: str | None, words: Wording) -> str:
    text = words.phrases.judged_by.format(id=harmless(identifier), version=harmless(version), digest=harmless(digest))
    return text if unverified is None else f"{text} {words.phrases.not_verified.format(what=harmless(unverified))}"


@lru_cache(maxsize=128)
def _label_says(title: str, statements: tuple[tuple[str, str], ...], topics: tuple[str, ...], words: Wording) -> str:
    said = dict(statements)
    lines = [f"- {harmless(said[topic], longest=None)}" for topic in topics if topic in said]
    return f"{words.phrases.label_says.format(title=harmless(title))}\n\n" + "\n".join(lines) if lines else ""


def _lines(assessment: Assessment, subject: Subject, words: Wording) -> str:
    """What was found, each once: of the orders, then of the next dose, then of the series."""
    # a reason that stands beside its own record further down is not said twice
    listed = {record.reason for record in assessment.unreadable} | {Code.UNIDENTIFIED_RECORD}
    order = words.phrases.order
    lines = [order.format(text=harmless(text)) for text in subject.order_texts if text and not text.isspace()]
    bullets: dict[str, None] = {}
    several = len(subject.proposals) > 1
    for proposed in subject.proposals:
        about = f"{words.phrases.dose_on.format(date=proposed.date.isoformat())} " if several else ""
        _add(bullets, told(proposed.findings), about, words)
    _add(bullets, assessment.forecast.findings, "", words)
    _add(bullets, [finding for finding in assessment.findings if finding.code not in listed], "", words)
    if bullets:
        lines.append("\n".join(bullets))
    return "\n\n".join(lines)


def _add(bullets: dict[str, None], findings: Iterable[Finding], about: str, words: Wording) -> None:
    for finding in findings:
        said = sentence(finding, words)
        bullets[f"- {words.severities[finding.severity]}{about}{said} {words.rules[finding.rule]}"] = None


def _dose_table(evaluations: Sequence[Evaluation], proposals: Sequence[Proposed], words: Wording) -> str:
    if not evaluations and not proposals:
        return ""
    rows = [words.dose_head]
    rows += [
        _row(span(dose.when, words), dose.step, dose.interval_days, dose.findings, words)
        for dose in evaluations[-_MOST_DOSES:]
    ]
    for proposed in proposals:
        ordered = words.phrases.ordered_assumed if proposed.assumed else words.phrases.ordered
        day = ordered.format(date=proposed.date.isoformat())
        rows.append(_row(day, proposed.step, proposed.interval_days, proposed.findings, words))
    hidden = len(evaluations) - _MOST_DOSES
    if hidden > 0:
        rows.append("\n" + counted(words.counts.not_shown, hidden))
    return "\n".join(rows)


def _row(day: str, step: str, interval_days: int | None, findings: Sequence[Finding], words: Wording) -> str:
    interval = "" if interval_days is None else interval_days
    cell = ", ".join([words.cells[finding.code, finding.severity] for finding in findings]) if findings else ""
    return f"| {day} | {words.steps[step]} | {interval} | {cell} |"


def _next_dose(assessment: Assessment, subject: Subject, regimen: Regimen, words: Wording) -> str:
    """The dates of the next dose, its plan, and both actions near a boundary of the delay table."""
    forecast, phrases = assessment.forecast, words.phrases
    parts = []
    if forecast.earliest is not None:
        parts.append(_earliest(forecast.earliest, assessment, regimen, words))
    if forecast.recommended is not None:
        title, missed = dated_step(forecast, words)
        fields = {"step": title, "recommended": forecast.recommended.isoformat()}
        if forecast.overdue_from is not None:
            fields["overdue_from"] = forecast.overdue_from.isoformat()
        parts.append(fill(phrases.missed if missed else phrases.next, fields))
    if forecast.status is Status.DECISION:
        options = ", ".join([day.isoformat() for day in forecast.options])
        parts.append(fill(phrases.decides, {"options": options} if options else {}))
    suggested = [proposed.suggested.isoformat() for proposed in subject.proposals if proposed.suggested is not None]
    if suggested:
        parts.append(phrases.suggested.format(dates=", ".join(suggested)))
    if subject.plan and subject.kind in PLANNED_KINDS:
        parts.append(_plan_table(subject.plan, words))
    parts += _both_actions(assessment, subject, regimen, words)
    return "\n\n".join(parts)


def _earliest(earliest: date, assessment: Assessment, regimen: Regimen, words: Wording) -> str:
    """From when the minimum interval is kept; where doses may be missing, only a bound."""
    said = words.phrases.earliest if earliest > assessment.on else words.phrases.earliest_past
    if any(each.code is Code.HISTORY_INCOMPLETE for each in (*assessment.findings, *assessment.forecast.findings)):
        said = words.phrases.earliest_of_shown
    return said.format(earliest=earliest.isoformat(), interval=length(regimen.minimum_interval, words))


def _plan_table(plan: Sequence[Planned], words: Wording) -> str:
    rows = [words.plan_head]
    rows += [f"| {planned.date.isoformat()} | {words.steps[planned.step]} |" for planned in plan]
    return "\n".join(rows)


def _both_actions(assessment: Assessment, subject: Subject, regimen: Regimen, words: Wording) -> list[str]:
    """F8: what the table asks for on either side of the boundary that is near."""
    table = regimen.catch_up
    findings = [*assessment.forecast.findings, *(item for proposed in subject.proposals for item in proposed.findings)]
    boundaries = {finding.required for finding in findings if finding.code is Code.NEAR_BOUNDARY}
    if table is None or not boundaries or not assessment.evaluations:
        return []
    last = assessment.evaluations[-1].when.latest
    return [
        words.phrases.near_boundary.format(
            date=row.from_.after(last).isoformat(),
            before=_action(table, at - 1, words),
            after=_action(table, at, words),
        )
        for at, row in enumerate(table.rows)
        if row.from_.after(last) in boundaries
    ]


def _action(table: CatchUp, row: int, words: Wording) -> str:
    """What the table gives in a row; the one before the first is the delayed dose alone."""
    if row < 0:
        return words.phrases.delayed_dose
    extra = table.rows[row].extra_doses
    if extra is None:
        return words.phrases.whole_loading
    return counted(words.counts.extra_doses, extra, interval=length(table.interval, words))


def _ordered(assessment: Assessment, words: Wording) -> str:
    """The days of the other active orders, the nearest first."""
    if not assessment.ordered:
        return ""
    days = sorted({(ordered.day, ordered.reference) for ordered in assessment.ordered})
    said = ", ".join([f"{day.isoformat()} ({harmless(reference)})" for day, reference in days[:_MOST_RECORDS]])
    if len(days) > _MOST_RECORDS:
        return words.phrases.other_orders_more.format(days=said, number=len(days) - _MOST_RECORDS)
    return words.phrases.other_orders.format(days=said)


def _not_read(title: str, problems: Sequence[str]) -> str:
    lines = [f"- {harmless(problem, longest=None)}" for problem in problems if problem and not problem.isspace()]
    return "\n".join([f"{title}\n", *lines]) if lines else ""


def _unreadable(assessment: Assessment, words: Wording) -> str:
    records = assessment.unreadable
    if not records:
        return ""
    severity = {finding.code: finding.severity for finding in assessment.findings}
    lines = [counted(words.counts.not_counted, len(records)) + "\n"]
    for record in records[:_MOST_RECORDS]:
        when = f" ({span(record.when, words)})" if record.when is not None else ""
        said = f", {harmless(record.element)}: {harmless(record.detail)}" if record.detail else ""
        begin = words.severities[severity[record.reason]] if record.reason in severity else ""
        reason = words.findings[record.reason].short
        rule = words.rules[harmless(record.rule)]
        lines.append(f"- {begin}{harmless(record.reference)}{when}: {reason}{said} {rule}")
    hidden = len(records) - _MOST_RECORDS
    if hidden > 0:
        lines.append("- " + words.phrases.more.format(number=hidden))
    return "\n".join(lines)


def _unidentified(assessment: Assessment, words: Wording) -> str:
    """One line with count and span: such records are many, and each alone says little."""
    records = assessment.unidentified
    if not records:
        return ""
    days = [day for record in records if record.when is not None for day in (record.when.earliest, record.when.latest)]
    if not days:
        return counted(words.counts.unidentified, len(records))
    first, last = min(days).isoformat(), max(days).isoformat()
    return counted(words.counts.unidentified_dated, len(records), first=first, last=last)
