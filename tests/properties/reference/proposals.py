"""Section 6: proposed dates, the ones of one request together."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date

from cds.dosing.facts import Proposal
from tests.properties.reference.days import plus_days
from tests.properties.reference.forecast import near_boundary, plan, recommended, table_finding
from tests.properties.reference.records import Dose, Refused
from tests.properties.reference.walk import Story, amount_findings, change_text, give
from tests.properties.reference.words import Said, codes, listed, noted, say, without

FARTHEST_DAYS = 400
"""Our reading of P4: dates are tried so long after the last proposed one, which counts as at most this far off."""


@dataclass
class Judged:
    """One proposed date judged; `before` is the story that it was judged after."""

    proposal: Proposal
    day: date
    before: Story
    step: str
    interval_days: int | None
    notes: list[Said]
    said: list[Said]
    plan: list[tuple[str, date]]
    suggested: date | None = None

    @property
    def findings(self) -> list[Said]:
        return listed(self.notes + self.said)

    @property
    def troubles(self) -> list[str]:
        """The codes above info; a wrong route or amount is one that no date can cure."""
        return [said.code for said in self.findings if said.severity != "info"]


@dataclass
class Request:
    """What the proposals of one request are judged against; `ordered` are the days of other active orders (P3)."""

    recorded: Story
    refused: list[Refused]
    on: date
    decision: bool
    proposals: list[Proposal] = field(default_factory=list)
    ordered: list[date] = field(default_factory=list)


def judge_request(request: Request) -> list[Judged]:
    """Every proposal judged, in the order in which it was given, with P4's suggestion."""
    judged = judge_all(request)
    for place, one in enumerate(judged):
        one.suggested = suggestion(request, judged, place)
    return judged


def judge_all(request: Request) -> list[Judged]:
    """P1: the dated ones in order of date, each as if the earlier ones are given; undated ones on `on`."""
    result: dict[int, Judged] = {}
    places = range(len(request.proposals))
    story = request.recorded.copy()
    for place in sorted((i for i in places if request.proposals[i].day), key=lambda i: by_date(request.proposals[i])):
        result[place] = judge(request, story, request.proposals[place])
    for place in places:
        if request.proposals[place].day is None:
            others = [request.proposals[i] for i in places if i != place]
            result[place] = judge_undated(request, request.proposals[place], others)
    return [result[place] for place in places]


def by_date(proposal: Proposal) -> tuple[date, str]:
    assert proposal.day is not None
    return proposal.day, proposal.reference


def judge(request: Request, story: Story, proposal: Proposal) -> Judged:
    """P1, P5, P6, P7 and F8 for one date; `story` moves on as if the dose were given."""
    day = proposal.day or request.on
    before = story.copy()
    dose = Dose([proposal.reference], earliest=day, day=day, amounts=list(proposal.amounts), proposed=True)
    give(story, dose)
    said = dose.said + story.series[len(before.series) :] + amount_findings(dose)
    on_that_day = before.copy()
    change_text(on_that_day, day)
    begun = catch_up_that_it_begins(on_that_day, dose)
    said += begun + near_boundary(on_that_day, day)
    if request.decision:
        said = without(said, "earlier-than-schedule", "schedule-shifted")  # P5
    if "interval-too-short" not in codes(said) and near_an_order(request, day):
        said = [*without(said, "interval-undecidable"), say("interval-too-short", "P3")]
    if "interval-too-short" not in codes(said):
        said += near_a_possible_dose(request, day)
    dates = plan(before, day) if begun else []
    return Judged(proposal, day, before, dose.step, dose.interval_days, noted(proposal.notes), said, dates)


def judge_undated(request: Request, proposal: Proposal, others: list[Proposal]) -> Judged:
    """P1: judged on `on`; too short is a warning that says from when; earlier than schedule is left out. P3."""
    judged = judge(request, request.recorded.copy(), proposal)
    said = without(judged.said, "earlier-than-schedule")
    said = [one._replace(severity="warning") if one.code == "interval-too-short" else one for one in said]
    if any(too_near_to_another(request, proposal, other) for other in others):
        said.append(say("interval-too-short", "P3", "warning"))
        said = without(said, "interval-undecidable")  # one answer to one question, as in D5 and P6
    said.append(say("proposed-date-assumed", "P1"))
    return replace(judged, said=said)


def too_near_to_another(request: Request, proposal: Proposal, other: Proposal) -> bool:
    """P3 for an undated order: any dated one, or an undated one before it, less than m days from `on`."""
    if other.day is None:
        return other.reference < proposal.reference
    return abs((other.day - request.on).days) < request.recorded.least


def catch_up_that_it_begins(before: Story, dose: Dose) -> list[Said]:
    """P7: the table at P."""
    judged_as_maintenance = dose.step == "maintenance" or (dose.step == "loading-1" and before.doses != [])
    if before.regimen.catch_up is None or not before.doses or not judged_as_maintenance:
        return []
    if dose.regimen is None or dose.regimen.id != before.regimen.id:
        return []  # our reading of W11: by W2 only
    return table_finding(before, before.last.day, dose.day, "P7")


def near_an_order(request: Request, day: date) -> bool:
    """P3: an explicit date of another active order less than m days from P, before or after."""
    return any(abs((day - other).days) < request.recorded.least for other in request.ordered)


def near_a_possible_dose(request: Request, day: date) -> list[Said]:
    """P6: a possible dose that can lie less than m days from P, before or after."""
    least = request.recorded.least
    for record in request.refused:
        if record.possible_dose and any(abs((day - possible).days) < least for possible in record.days):
            return [say("interval-undecidable", "P6")]
    return []


def suggestion(request: Request, judged: list[Judged], place: int) -> date | None:
    """P4: the first date from the recommended one on that gives no finding above info, nor a new one to another."""
    one = judged[place]
    before = one.before.copy()
    change_text(before, request.on)
    start = recommended(before)
    asked = {"interval-too-short", "earlier-than-schedule"} & set(codes(one.said))
    if request.decision or not asked or start is None or "regimen-switch-undefined" in codes(one.said):
        return None
    candidate = max(start, request.on)
    farthest = plus_days(candidate, FARTHEST_DAYS)
    latest = max([candidate, *(min(other.day, farthest) for other in judged)])
    while candidate <= plus_days(latest, FARTHEST_DAYS):
        moved = replace_day(request, place, candidate)
        outcome = judge_all(moved)
        others = [i for i in range(len(judged)) if i != place]
        if not outcome[place].troubles and all(set(outcome[i].troubles) <= set(judged[i].troubles) for i in others):
            return candidate
        candidate = plus_days(candidate, 1)
    return None


def replace_day(request: Request, place: int, day: date) -> Request:
    proposals = list(request.proposals)
    proposals[place] = replace(proposals[place], day=day)
    return replace(request, proposals=proposals)
