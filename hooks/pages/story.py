"""A view in words: the headline, the dates, what was found, what the tried date would mean, what was not counted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from cds.dosing.assessment import Assessment, Planned
from cds.dosing.codes import Code, Severity, Status
from cds.dosing.findings import Finding, in_order
from hooks.pages.view import View
from hooks.phrases import dated_step, drug_name, quantity, sentence, span, step_title
from hooks.wording import FINDINGS

STATUSES = {
    Status.NOT_STARTED: ("Not started", "info"),
    Status.UPCOMING: ("Not due yet", "good"),
    Status.DUE: ("Due", "info"),
    Status.OVERDUE: ("Overdue", "warning"),
    Status.DECISION: ("A clinician decides", "warning"),
    Status.ENDED: ("Therapy ended", "info"),
}
"""The status of the next dose in words, and how it looks."""
_ENDED = "the records say that the therapy has ended (death, another therapy since, or a mark of the site)"


class Fact(NamedTuple):
    """A date with its name; `note` says how far off it is."""

    name: str
    value: str
    note: str = ""


class Said(NamedTuple):
    """A finding as a sentence."""

    severity: Severity
    text: str
    rule: str


class NotCounted(NamedTuple):
    """A record that does not count, and why."""

    reference: str
    when: str
    why: str
    rule: str


class Verdict(NamedTuple):
    """What the rules say of a dose on the date that was tried. `indicator` is how grave it is, `summary` what the cards
    on an order for that date say; `suggested` is the first date without a warning. `instead` tells of the ordered dose
    in whose place the date was judged."""

    day: date
    indicator: str
    summary: tuple[str, ...]
    would_be: str
    said: tuple[Said, ...]
    suggested: date | None
    plan: tuple[tuple[date, str], ...]
    instead: str = ""


@dataclass(frozen=True, slots=True)
class Story:
    """All words of a page that tell of the patient."""

    drug: str
    status: str
    look: str
    headline: str
    facts: tuple[Fact, ...]
    said: tuple[Said, ...]
    plan: tuple[tuple[date, str], ...]
    not_counted: tuple[NotCounted, ...]
    verdict: Verdict | None


def tell(view: View) -> Story:
    """The words for a view."""
    assessment = view.assessment
    drug = drug_name(assessment.regimen.drug.names[0])
    status, look = STATUSES[assessment.forecast.status]
    return Story(
        drug=drug,
        status=status,
        look=_look(view, look),
        headline=view.headline["summary"] if view.headline is not None else _plain_headline(assessment, drug),
        facts=tuple(_facts(assessment)),
        said=_say(in_order([*assessment.findings, *assessment.forecast.findings])),
        plan=_planned(assessment.forecast.plan),
        not_counted=tuple(_not_counted(assessment)),
        verdict=_verdict(view, drug),
    )


def look_of_verdict(view: View) -> str:
    """How the verdict on the date that was tried looks, in words as in the drawing; empty where none was."""
    verdict = _verdict(view, "")
    return verdict.indicator if verdict is not None else ""


def _look(view: View, of_status: str) -> str:
    """How the status looks: as grave as what stands under it, and never good where the history is not whole."""
    doubtful = (
        view.problems or view.unknown or any(each.code is Code.HISTORY_INCOMPLETE for each in view.assessment.findings)
    )
    said = view.headline["indicator"] if view.headline is not None else "info"
    grave = [of_status, said, "warning" if doubtful else "info"]
    calm = "info" if view.assessment.unidentified else of_status
    return next((look for look in ("critical", "warning") if look in grave), calm)


def _plain_headline(assessment: Assessment, drug: str) -> str:
    """For a chart on which there is no card."""
    if assessment.forecast.status is Status.ENDED:
        return f"{drug}: {_ENDED}, so no next dose is scheduled"
    if not assessment.evaluations:
        known = f"No dose of {drug.lower()} that counts is on record, as visible to this reader"
        return f"{known}; {_unidentified(assessment)}" if assessment.unidentified else known
    forecast = assessment.forecast
    if forecast.recommended is not None:
        return f"{drug}: {dated_step(forecast)[0]} recommended for {forecast.recommended}"
    return f"{drug}: no date of the next dose is known"


def _unidentified(assessment: Assessment) -> str:
    number = len(assessment.unidentified)
    return (
        "1 record does not say of which drug it is"
        if number == 1
        else f"{number} records do not say of which drug they are"
    )


def _facts(assessment: Assessment) -> Iterable[Fact]:
    forecast, on = assessment.forecast, assessment.on
    title, missed = dated_step(forecast)
    if assessment.evaluations:
        last = assessment.evaluations[-1]
        least, most = ((on - day).days for day in (last.when.latest, last.when.earliest))
        ago = quantity(least) if least == most else f"{least} to {quantity(most)}"
        yield Fact("Last dose", span(last.when), f"{step_title(last.step)}, {ago} ago")
    if forecast.earliest is not None:
        name = "Not before" if forecast.earliest > on else "Minimum interval kept from"
        note = f"{assessment.regimen.minimum_interval} after the last dose; {_from(on, forecast.earliest)}"
        if any(finding.code is Code.HISTORY_INCOMPLETE for finding in assessment.findings):
            note += "; by the doses shown: a dose missing here would move it"
        yield Fact(name, forecast.earliest.isoformat(), note)
    if forecast.recommended is not None:
        name = "Was recommended for" if missed else "Recommended for"
        yield Fact(name, forecast.recommended.isoformat(), f"{title}; {_from(on, forecast.recommended)}")
    if forecast.overdue_from is not None:
        yield Fact("Overdue from", forecast.overdue_from.isoformat(), _from(on, forecast.overdue_from))
    if forecast.options:
        yield Fact("Dates to choose from", ", ".join(map(str, forecast.options)), "a clinician decides")


def _from(on: date, day: date) -> str:
    days = (day - on).days
    if days == 0:
        return "today"
    return f"in {quantity(days)}" if days > 0 else f"{quantity(-days)} ago"


def _say(findings: Iterable[Finding]) -> tuple[Said, ...]:
    return tuple(Said(finding.severity, sentence(finding), finding.rule) for finding in findings)


def _planned(plan: Iterable[Planned]) -> tuple[tuple[date, str], ...]:
    return tuple((planned.date, step_title(planned.step)) for planned in plan)


def _not_counted(assessment: Assessment) -> Iterable[NotCounted]:
    for record in assessment.unreadable:
        when = span(record.when) if record.when is not None else "no date"
        detail = f" ({record.element}: {record.detail})" if record.detail else ""
        yield NotCounted(record.reference, when, f"{FINDINGS[record.reason].short}{detail}", record.rule)
    for unknown in assessment.unidentified:
        when = span(unknown.when) if unknown.when is not None else "no date"
        yield NotCounted(unknown.reference, when, f"drug not identified ({unknown.detail})", "C1")
    for not_given in assessment.not_given:
        yield NotCounted(not_given.reference, "", "says that the dose was not given", "C2")


def _verdict(view: View, drug: str) -> Verdict | None:
    if view.verdict is None or not view.assessment.proposed:
        return None
    [proposed] = view.assessment.proposed
    found = "nothing was found against this date"
    after = "" if proposed.interval_days is None else f", {quantity(proposed.interval_days)} after the dose before"
    indicator, summary = "good", f"{drug} on {proposed.date}: {found}"
    if any(finding.severity is not Severity.INFO for finding in proposed.findings):
        # lateness makes no card, since the order is its cure
        indicator, summary = "info", f"{drug} on {proposed.date}: {found} but what follows"
    if view.assessment.unidentified and indicator == "good":
        indicator, summary = "info", f"{summary}; {_unidentified(view.assessment)}"
    if view.moved is not None and view.moved.day != proposed.date and indicator == "good":
        indicator, summary = "info", f"{summary}, if the ordered dose is moved"
    if view.problems or view.unknown:
        indicator, summary = "warning", f"{drug} on {proposed.date}: {found}, but not all could be read"
    if view.assessment.forecast.status is Status.ENDED:
        # a date is judged all the same, and nobody may take that for a next dose
        indicator, summary = "warning", f"{drug} on {proposed.date}: {_ENDED}"
    cards = view.verdict
    return Verdict(
        day=proposed.date,
        indicator=cards[0]["indicator"] if cards else indicator,
        summary=tuple(card["summary"] for card in cards) or (summary,),
        would_be=f"On {proposed.date} it would be: {step_title(proposed.step)}{after}.",
        said=_say(proposed.findings),
        suggested=proposed.suggested,
        plan=_planned(proposed.plan),
        instead=_instead(view, proposed.date),
    )


def _instead(view: View, day: date) -> str:
    if view.moved is None:
        return ""
    ordered = f"{view.moved.day} ({view.moved.reference})"
    if view.moved.day == day:
        return f"A dose is ordered for {ordered} already: this is about that dose, and not about another one."
    gap = quantity(abs((day - view.moved.day).days))
    return (
        f"This is about moving the dose that is ordered for {ordered}. Beside it, {gap} away, it would come too near."
    )
