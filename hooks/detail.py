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
from hooks.card_kinds import PLANNED_KINDS, STATEMENTS, Kind
from hooks.phrases import SHORT, counted, dated_step, harmless, sentence, span, step_title
from hooks.wording import FINDINGS, SEVERITIES

_MOST_DOSES = 40
"""Dose rows shown, the latest; years of maintenance every few months fit in."""
_MOST_RECORDS = 10
"""Unreadable records listed, of one card."""

_TABLE_HEAD = "| Dose | Step | Days since the one before | Findings |\n| --- | --- | ---: | --- |"


class Subject(NamedTuple):
    """What a card is about: the proposed dates of its orders, none on a chart, and the texts of those orders.

    `plan` is the plan to show. `with_unidentified`: on an order, records that nobody can name get a line.
    """

    kind: Kind
    proposals: Sequence[Proposed] = ()
    order_texts: Sequence[str] = ()
    plan: tuple[Planned, ...] = ()
    on_order: bool = False


def detail(
    assessment: Assessment,
    subject: Subject,
    read_at: str,
    problems: Sequence[str] = (),
    not_compared: Sequence[str] = (),
    unknown: Sequence[str] = (),
) -> str:
    """The whole text. `read_at` is when the records were read, as people read it; `problems` what of the history could
    not be, `not_compared` what of the other active orders, `unknown` what beside them."""
    regimen = assessment.regimen
    parts = [
        _lines(assessment, subject),
        _dose_table(assessment.evaluations, subject.proposals),
        _next_dose(assessment, subject, regimen),
        _ordered(assessment),
        _not_read("Not all of the history was read:", problems),
        _not_read("Not compared with all other active orders:", not_compared),
        _not_read("Not known, since it could not be read:", unknown),
        _unreadable(assessment),
        _unidentified(assessment) if subject.on_order else "",
        _label_says(regimen.title, regimen.statements, STATEMENTS[subject.kind]),
        closing(regimen, read_at),
    ]
    return "\n\n".join([part for part in parts if part])


def closing(regimen: Regimen, read_at: str) -> str:
    """By which text it was judged, and what the reader must know of the data."""
    return "".join(
        (
            "Judged by ",
            _named(regimen.id, regimen.version, regimen.digest, regimen.unverified),
            "\n\nAs visible to this user, read at ",
            harmless(read_at),
        )
    )


@lru_cache(maxsize=64)
def _named(identifier: str, version: str, digest: str, unverified: str | None) -> str:
    text = f"regimen {harmless(identifier)}, version {harmless(version)}, {harmless(digest)}."
    return text if unverified is None else f"{text} Not verified: {harmless(unverified)}."


@lru_cache(maxsize=128)
def _label_says(title: str, statements: tuple[tuple[str, str], ...], topics: tuple[str, ...]) -> str:
    said = dict(statements)
    lines = [f"- {harmless(said[topic], longest=None)}" for topic in topics if topic in said]
    return f"**What the label says** ({harmless(title)}):\n\n" + "\n".join(lines) if lines else ""


def _lines(assessment: Assessment, subject: Subject) -> str:
    """What was found, each once: of the orders, then of the next dose, then of the series."""
    # a reason that stands beside its own record further down is not said twice
    listed = {record.reason for record in assessment.unreadable} | {Code.UNIDENTIFIED_RECORD}
    lines = [f"Order: {harmless(text)}" for text in subject.order_texts if text and not text.isspace()]
    bullets: dict[str, None] = {}
    several = len(subject.proposals) > 1
    for proposed in subject.proposals:
        about = f"dose on {proposed.date.isoformat()}: " if several else ""
        _add(bullets, proposed.findings, about)
    _add(bullets, assessment.forecast.findings, "")
    _add(bullets, [finding for finding in assessment.findings if finding.code not in listed], "")
    if bullets:
        lines.append("\n".join(bullets))
    return "\n\n".join(lines)


def _add(bullets: dict[str, None], findings: Iterable[Finding], about: str) -> None:
    for finding in findings:
        bullets[f"- {SEVERITIES[finding.severity]}{about}{sentence(finding)} (rule {finding.rule})"] = None


def _dose_table(evaluations: Sequence[Evaluation], proposals: Sequence[Proposed]) -> str:
    if not evaluations and not proposals:
        return ""
    rows = [_TABLE_HEAD]
    rows += [_row(span(dose.when), dose.step, dose.interval_days, dose.findings) for dose in evaluations[-_MOST_DOSES:]]
    for proposed in proposals:
        day = f"**{proposed.date.isoformat()}** (ordered{', no date' if proposed.assumed else ''})"
        rows.append(_row(day, proposed.step, proposed.interval_days, proposed.findings))
    hidden = len(evaluations) - _MOST_DOSES
    if hidden > 0:
        rows.append("\n" + counted(hidden, "earlier dose is", "earlier doses are") + " not shown.")
    return "\n".join(rows)


def _row(day: str, step: str, interval_days: int | None, findings: Sequence[Finding]) -> str:
    interval = "" if interval_days is None else interval_days
    cell = ", ".join([SHORT[finding.code, finding.severity] for finding in findings]) if findings else ""
    return f"| {day} | {step_title(step)} | {interval} | {cell} |"


def _next_dose(assessment: Assessment, subject: Subject, regimen: Regimen) -> str:
    """The dates of the next dose, its plan, and both actions near a boundary of the delay table."""
    forecast = assessment.forecast
    parts = []
    if forecast.earliest is not None:
        parts.append(_earliest(forecast.earliest, assessment, regimen))
    if forecast.recommended is not None:
        overdue = "" if forecast.overdue_from is None else f"; overdue from {forecast.overdue_from.isoformat()}"
        title, missed = dated_step(forecast)
        begin = "Missed" if missed else "Next by the schedule"
        parts.append(f"**{begin}:** {title}, recommended for {forecast.recommended.isoformat()}{overdue}.")
    if forecast.status is Status.DECISION:
        options = ", ".join([day.isoformat() for day in forecast.options])
        parts.append("**A clinician decides.**" + (f" Dates to choose from: {options}." if options else ""))
    suggested = [proposed.suggested.isoformat() for proposed in subject.proposals if proposed.suggested is not None]
    if suggested:
        parts.append(f"**First date without a warning:** {', '.join(suggested)}.")
    if subject.plan and subject.kind in PLANNED_KINDS:
        parts.append(_plan_table(subject.plan))
    parts += _both_actions(assessment, subject, regimen)
    return "\n\n".join(parts)


def _earliest(earliest: date, assessment: Assessment, regimen: Regimen) -> str:
    """From when the minimum interval is kept; where doses may be missing, only a bound."""
    said = f"at least {regimen.minimum_interval} must lie between two doses."
    if any(finding.code is Code.HISTORY_INCOMPLETE for finding in assessment.findings):
        return f"**Not before {earliest.isoformat()} by the doses shown:** {said} A dose missing here would move it."
    begin = "Not before" if earliest > assessment.on else "Minimum interval kept from"
    return f"**{begin} {earliest.isoformat()}:** {said}"


def _plan_table(plan: Sequence[Planned]) -> str:
    rows = ["| Plan | Step |\n| --- | --- |"]
    rows += [f"| {planned.date.isoformat()} | {step_title(planned.step)} |" for planned in plan]
    return "\n".join(rows)


def _both_actions(assessment: Assessment, subject: Subject, regimen: Regimen) -> list[str]:
    """F8: what the table asks for on either side of the boundary that is near."""
    table = regimen.catch_up
    findings = [*assessment.forecast.findings, *(item for proposed in subject.proposals for item in proposed.findings)]
    boundaries = {finding.required for finding in findings if finding.code is Code.NEAR_BOUNDARY}
    if table is None or not boundaries or not assessment.evaluations:
        return []
    last = assessment.evaluations[-1].when.latest
    return [
        f"**Near a boundary:** before {row.from_.after(last).isoformat()} {_action(table, at - 1)}; "
        f"from that day on {_action(table, at)}."
        for at, row in enumerate(table.rows)
        if row.from_.after(last) in boundaries
    ]


def _action(table: CatchUp, row: int) -> str:
    """What the table gives in a row; the one before the first is the delayed dose alone."""
    if row < 0:
        return "the delayed dose alone"
    extra = table.rows[row].extra_doses
    if extra is None:
        return "the whole loading again"
    return f"the delayed dose and {counted(extra, 'extra dose', 'extra doses')}, {table.interval} apart"


def _ordered(assessment: Assessment) -> str:
    """The days of the other active orders, the nearest first."""
    days = sorted({(ordered.day, ordered.reference) for ordered in assessment.ordered})
    said = [f"{day.isoformat()} ({harmless(reference)})" for day, reference in days[:_MOST_RECORDS]]
    more = f" and {len(days) - _MOST_RECORDS} more" if len(days) > _MOST_RECORDS else ""
    return f"**Doses of other active orders:** {', '.join(said)}{more}." if said else ""


def _not_read(title: str, problems: Sequence[str]) -> str:
    lines = [f"- {harmless(problem, longest=None)}" for problem in problems if problem and not problem.isspace()]
    return "\n".join([f"**{title}**\n", *lines]) if lines else ""


def _unreadable(assessment: Assessment) -> str:
    records = assessment.unreadable
    if not records:
        return ""
    severity = {finding.code: finding.severity for finding in assessment.findings}
    lines = [f"**{counted(len(records), 'record', 'records')} not counted:**\n"]
    for record in records[:_MOST_RECORDS]:
        when = f" ({span(record.when)})" if record.when is not None else ""
        said = f", {harmless(record.element)}: {harmless(record.detail)}" if record.detail else ""
        begin = SEVERITIES[severity[record.reason]] if record.reason in severity else ""
        reason = FINDINGS[record.reason].short
        lines.append(f"- {begin}{harmless(record.reference)}{when}: {reason}{said} (rule {harmless(record.rule)})")
    hidden = len(records) - _MOST_RECORDS
    if hidden > 0:
        lines.append(f"- and {hidden} more")
    return "\n".join(lines)


def _unidentified(assessment: Assessment) -> str:
    """One line with count and span: such records are many, and each alone says little."""
    records = assessment.unidentified
    if not records:
        return ""
    days = [day for record in records if record.when is not None for day in (record.when.earliest, record.when.latest)]
    dated = f", dated {min(days).isoformat()} to {max(days).isoformat()}" if days else ""
    text = counted(len(records), "record of a drug", "records of drugs")
    return f"{text} that could not be identified{dated}; not counted."
