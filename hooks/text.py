"""Assessments for people at a terminal: per patient the status, the doses, what was found, what comes next."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cds.dosing.assessment import Assessment, Proposed
from cds.dosing.codes import Severity, Status
from cds.dosing.findings import Finding, in_order
from cds.fhir.plain import Resource
from hooks.console import printable
from hooks.histories import History
from hooks.phrases import dated_step, drug_name, sentence, span, step_title
from hooks.rich_text import cells, indented, labelled, stdout_console, table
from hooks.wording import FINDINGS

_SEVERITY_STYLE = {Severity.CRITICAL: "bold red", Severity.WARNING: "yellow", Severity.INFO: "dim"}
_STATUS_STYLE = {Status.OVERDUE: "bold red", Status.DECISION: "bold yellow", Status.DUE: "bold cyan"}
_MOST_FAULTS = 5
_STATUS = {
    Status.NOT_STARTED: "not started",
    Status.UPCOMING: "upcoming",
    Status.DUE: "due",
    Status.OVERDUE: "overdue",
    Status.DECISION: "a clinician decides",
    Status.ENDED: "therapy ended",
}


def show(assessed: Sequence[tuple[History, Assessment]]) -> None:
    """All of them on standard output."""
    console = stdout_console()
    several = len({history.drug.id for history, _ in assessed}) > 1
    for history, assessment in assessed:
        console.print(_heading(assessment, drug_name(history.drug.names[0]) if several else ""))
        _show(console, history, assessment)


def _show(console: Console, history: History, assessment: Assessment) -> None:
    if assessment.evaluations:
        console.print(indented(_doses(assessment)))
    lines = labelled(len("suggested"))
    _findings(lines, assessment)
    _next(lines, assessment)
    for proposed in assessment.proposed:
        _proposed(lines, proposed)
    if lines.row_count:
        console.print(indented(lines))
    left_out = _left_out(history, assessment)
    if left_out:
        console.print("  Not counted:")
    for reference, reasons in left_out:
        # soft wrap leaves a line whole: an id can be copied, however long it is
        console.print(Text(printable(f"    {reference}")), soft_wrap=True)
        for reason in reasons:
            console.print(Text(printable(f"      {reason}")), soft_wrap=True)
    console.print()


def _heading(assessment: Assessment, drug: str) -> Text:
    """The line that a patient begins with; `drug` is empty where there is only one."""
    forecast = assessment.forecast
    text = Text(printable(assessment.patient), style="bold")
    text.append(f"  {drug}  " if drug else "  ")
    text.append(_STATUS[forecast.status], style=_STATUS_STYLE.get(forecast.status, "bold green"))
    title, missed = dated_step(forecast)
    if forecast.recommended is not None:
        was = " was" if missed else ""
        text.append(f"  {title}{was} recommended for {forecast.recommended}", style="default")
    elif forecast.earliest is not None and forecast.status is not Status.OVERDUE:
        text.append(f"  not before {forecast.earliest}", style="default")
    elif not assessment.evaluations:
        text.append("  no dose counted", style="default")
    text.append(f"  (on {assessment.on})", style="dim")
    return text


def _doses(assessment: Assessment) -> Table:
    rows = table("dose", "step", "days since", "records", "findings", right=("days since",))
    for dose in assessment.evaluations:
        found = Text(", ").join(
            Text(FINDINGS[finding.code].short, style=_SEVERITY_STYLE[finding.severity]) for finding in dose.findings
        )
        rows.add_row(
            *cells(span(dose.when), step_title(dose.step), dose.interval_days, "\n".join(dose.administrations)), found
        )
    return rows


def _findings(rows: Table, assessment: Assessment) -> None:
    """Warnings of a dose as sentences, its remarks stand in the table; of the series and the next dose everything."""
    for dose in assessment.evaluations:
        telling = [finding for finding in dose.findings if finding.severity is not Severity.INFO]
        _say(rows, telling, f"dose of {span(dose.when)}: ")
    # what the series and the next dose have in common is said once
    _say(rows, in_order([*assessment.findings, *assessment.forecast.findings]))


def _say(rows: Table, findings: Iterable[Finding], about: str = "") -> None:
    for finding in findings:
        severity = Text(finding.severity.value, style=_SEVERITY_STYLE[finding.severity])
        rows.add_row(severity, *cells(f"{about}{sentence(finding)} (rule {finding.rule})"))


def _next(rows: Table, assessment: Assessment) -> None:
    forecast = assessment.forecast
    title, missed = dated_step(forecast)
    # what was missed could have been given for long; where a clinician decides, the step is by the phase alone
    missed = missed and forecast.status is not Status.DECISION
    named = (
        ("not before", None if missed else forecast.earliest),
        ("recommended for", forecast.recommended),
        ("overdue from", forecast.overdue_from),
    )
    dates = ", ".join([f"{name} {day}" for name, day in named if day is not None])
    if missed:
        known = f", {dates}" if dates else ""
        instead = f"a dose on {assessment.on} would be: {step_title(forecast.step)}"
        rows.add_row(*cells("missed", f"{title}{known}; {instead}"))
    elif dates:
        rows.add_row(*cells("next", f"{title}: {dates}"))
    if forecast.options:
        rows.add_row(*cells("options", ", ".join(map(str, forecast.options))))
    if forecast.plan:
        rows.add_row(*cells("plan", "; ".join(f"{each.date} {step_title(each.step)}" for each in forecast.plan)))


def _proposed(rows: Table, proposed: Proposed) -> None:
    after = "" if proposed.interval_days is None else f", {proposed.interval_days} days after the dose before"
    verdict = "" if proposed.findings else ": nothing found against it"
    rows.add_row(*cells("proposed", f"{proposed.date}, {step_title(proposed.step)}{after}{verdict}"))
    _say(rows, proposed.findings)
    if proposed.suggested is not None:
        rows.add_row(
            *cells(
                "suggested", f"{proposed.suggested}: the first date from the recommended one on that gives no warning"
            )
        )
    if proposed.plan:
        rows.add_row(*cells("plan then", "; ".join(f"{each.date} {step_title(each.step)}" for each in proposed.plan)))


def _left_out(history: History, assessment: Assessment) -> list[tuple[str, list[str]]]:
    """Every record that does not count, with its reasons and, for files, its place."""
    rows: list[tuple[str, list[str]]] = []
    for record in assessment.unreadable:
        when = f" ({span(record.when)})" if record.when is not None else ""
        reason = f"{FINDINGS[record.reason].short}{when}: {record.element} {record.detail} (rule {record.rule})"
        resource = history.resources.get(record.reference)
        rows.append((record.reference, [reason, *(_invalid(resource) if resource is not None else ())]))
    for unknown in assessment.unidentified:
        when = f" ({span(unknown.when)})" if unknown.when is not None else ""
        rows.append((unknown.reference, [f"drug not identified{when}: {unknown.detail} (rule C1)"]))
    rows += [(not_given.reference, ["not given (rule C2)"]) for not_given in assessment.not_given]
    for reference, reasons in rows:
        if reference in history.places:
            reasons.append(f"in {history.places[reference]}")
    return rows


def _invalid(resource: Resource) -> list[str]:
    """What is invalid FHIR in a record that could not be used, since that may be why."""
    # entered here, since the models of FHIR take a second to load and are seldom needed
    from cds.fhir.resources import explain

    faults = explain(resource)
    hidden = [f"and {len(faults) - _MOST_FAULTS} more"] if len(faults) > _MOST_FAULTS else []
    return [f"FHIR: {fault}" for fault in (*faults[:_MOST_FAULTS], *hidden)]
