"""Section 8: the assessment as a JSON object; and section 7's series findings."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from cds.dosing.facts import Ordered, Proposal, Record
from cds.dosing.in_force import Regimens
from cds.dosing.regimen import Regimen
from tests.properties.reference.forecast import Known, Outlook, forecast
from tests.properties.reference.proposals import Judged, Request, judge_request
from tests.properties.reference.records import Sorted, sort_records
from tests.properties.reference.walk import Story, Timeline, walk
from tests.properties.reference.words import Said, listed, say


def assess_by_the_text(  # noqa: PLR0913  as many as the engine is asked with
    patient: str,
    records: Iterable[Record],
    regimens: Regimen | Regimens,
    *,
    on: date,
    whole: bool,
    proposals: Iterable[Proposal] = (),
    ended: bool = False,
    ordered: Iterable[Ordered] = (),
    complete_since: date | None = None,
) -> dict[str, Any]:
    """The assessment of one patient as section 8 writes it."""
    proposals = list(proposals)
    sorted_records = sort_records(records, on)
    if isinstance(regimens, Regimens):
        timeline = [(entry.from_, list(entry.regimens)) for entry in regimens.timeline]
    else:
        timeline = [(date.min, [regimens])]
    story = walk(sorted_records.doses, timeline)
    outlook = forecast(story, sorted_records, on, Known(whole, ended, complete_since, bool(proposals)))
    days = [each.day for each in ordered]
    request = Request(story, sorted_records.refused, on, outlook.status == "decision", proposals, days)
    judged = sorted(judge_request(request), key=lambda one: (one.day, one.proposal.reference))
    return {
        "patient": patient,
        "on": on.isoformat(),
        "regimens": texts(timeline),
        "evaluations": [evaluation(story, place) for place in range(len(story.doses))],
        "not_given": sorted(sorted_records.not_given),
        "unreadable": [{"reference": one.reference, "reason": one.reason} for one in sorted_records.refused],
        "unidentified": sorted(sorted_records.unidentified),
        "forecast": outlook_as_json(outlook),
        "findings": findings_as_json(series_findings(sorted_records, story, whole=whole)),
        "proposed": [judged_as_json(one) for one in judged],
    }


def texts(timeline: Timeline) -> list[dict[str, str]]:
    """Every text once."""
    result: list[dict[str, str]] = []
    for text in [each for _, allowed in timeline for each in allowed]:
        named = {"id": text.id, "version": text.version, "digest": text.digest}
        if text.verified != "yes":
            named["unverified"] = text.verified
        if named not in result:
            result.append(named)
    return result


def series_findings(records: Sorted, story: Story, *, whole: bool) -> list[Said]:
    """Section 7: each reason once, unidentified-record once, history-incomplete; and what the walk said."""
    said = list(story.series)
    said += [say(one.reason, one.rule) for one in records.refused]
    if records.unidentified:
        said.append(say("unidentified-record", "C1"))
    if records.elsewhere:
        said.append(say("outside-record", "C7"))
    if records.therapies:
        said.append(say("other-smn-therapy", "C8"))
    if records.refused or not whole:
        said.append(say("history-incomplete", "F1"))
    return listed(said)


def evaluation(story: Story, place: int) -> dict[str, Any]:
    dose = story.doses[place]
    result: dict[str, Any] = {
        "administrations": dose.references,
        "earliest": dose.earliest.isoformat(),
        "latest": dose.day.isoformat(),
        "regimen": dose.regimen.id if dose.regimen else "none",
        "step": dose.step,
    }
    if dose.interval_days is not None:
        result["interval_days"] = dose.interval_days
    result["findings"] = findings_as_json(listed(dose.said))
    return result


def outlook_as_json(outlook: Outlook) -> dict[str, Any]:
    result: dict[str, Any] = {"status": outlook.status, "step": outlook.step}
    for name in ("earliest", "recommended", "overdue_from"):
        day: date | None = getattr(outlook, name)
        if day is not None:
            result[name] = day.isoformat()
    result["plan"] = plan_as_json(outlook.plan)
    result["options"] = [day.isoformat() for day in outlook.options]
    result["findings"] = findings_as_json(listed(outlook.said))
    return result


def judged_as_json(judged: Judged) -> dict[str, Any]:
    result: dict[str, Any] = {
        "reference": judged.proposal.reference,
        "date": judged.day.isoformat(),
        "step": judged.step,
    }
    if judged.interval_days is not None:
        result["interval_days"] = judged.interval_days
    result["findings"] = findings_as_json(judged.findings)
    if judged.suggested is not None:
        result["suggested"] = judged.suggested.isoformat()
    if judged.plan:
        result["plan"] = plan_as_json(judged.plan)
    return result


def plan_as_json(plan: list[tuple[str, date]]) -> list[dict[str, str]]:
    return [{"step": step, "date": day.isoformat()} for step, day in plan]


def findings_as_json(findings: list[Said]) -> list[dict[str, str]]:
    return [said._asdict() for said in findings]
