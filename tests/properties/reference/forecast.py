"""Section 5: what is due next, on the day `on`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from cds.dosing.calendar import Period
from cds.dosing.regimen import Regimen
from tests.properties.reference.days import plus, plus_days
from tests.properties.reference.records import Dose, Sorted
from tests.properties.reference.walk import Story, change_text, give, more_than, row_of_the_table, slot
from tests.properties.reference.words import Said, say

PLANNED_STEPS = 4


@dataclass
class Outlook:
    """The forecast of section 8."""

    status: str
    step: str
    earliest: date | None = None
    recommended: date | None = None
    overdue_from: date | None = None
    plan: list[tuple[str, date]] = field(default_factory=list)
    options: list[date] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)


@dataclass
class Known:
    """What is known beside the records: that all were read, that the therapy has ended, since which day no dose is
    missing from the records of the site, and whether a dose is proposed."""

    whole: bool
    ended: bool = False
    complete_since: date | None = None
    proposed: bool = False


def forecast(story: Story, records: Sorted, on: date, known: Known) -> Outlook:
    """W12: by the text that is in force on the day asked about. F10 before all other rules."""
    story = story.copy()
    change_text(story, on)
    if known.ended or another_has_begun(story, records, on):
        return Outlook("ended", story.next_step)
    if not story.doses:
        return forecast_without_a_dose(story, records, on, known)
    delay = lateness(story, on)
    near = near_boundary(story, on)
    decided = decision(story, records, on, known)
    if decided is not None:
        reason, options = decided
        options = sorted(set(options))
        return Outlook("decision", story.next_step, earliest(story), options=options, said=[reason, *delay, *near])
    result = Outlook("", story.next_step, earliest(story), recommended(story), overdue_from(story))
    result.plan = plan(story, max(day for day in (on, result.recommended, result.earliest) if day is not None))
    result.said = [*delay, *near]
    if in_the_table(story, on):
        result.status, result.step = "overdue", result.plan[0][0]  # F6
    else:
        result.status = status(story, on)
    return result


def another_has_begun(story: Story, records: Sorted, on: date) -> bool:
    """F10: another SMN therapy, after the last dose and up to `on`. Our readings: none of its records lets it have
    begun before, and one that was not stopped shows that it goes on; stopped before the last dose, one says nothing."""
    last = story.last.day if story.doses else on
    for therapy in {record.therapy for record in records.therapies}:
        told = [record for record in records.therapies if record.therapy == therapy]
        told = [record for record in told if not (record.stopped and record.when and record.when.latest <= last)]
        begins = [record.when.earliest if record.when else last for record in told if not record.goes_on]
        goes_on = [each for each in told if each.when and each.when.earliest <= on and not each.stopped]
        if goes_on and begins and min(begins) > last and min(begins) <= on:
            return True
    return False


def forecast_without_a_dose(story: Story, records: Sorted, on: date, known: Known) -> Outlook:
    """F1: no counted dose."""
    unread = any(record.of_this_patient for record in records.refused)
    may_have_been = bool(known.proposed or records.not_given or records.unidentified)
    not_shown = may_have_been and may_be_of_before(story.regimen, known, on)
    if not known.whole or unread or told_elsewhere(records, on, None) or not_shown:
        return Outlook("decision", "loading-1", said=[say("history-incomplete", "F1")])
    return Outlook("not-started", "loading-1", plan=plan(story, on))


def earliest(story: Story) -> date:
    return plus_days(story.last.day, story.least)


def recommended(story: Story) -> date | None:
    """F2, F3, F4: the recommended date; none where the schedule is undefined or nothing has been given."""
    if not story.doses or story.undefined:
        return None
    return max(due(story), earliest(story))


def due(story: Story) -> date:
    regimen, last = story.regimen, story.last.day
    if story.phase == "loading":
        interval = regimen.loading[story.number - 1].interval
        assert interval is not None
        return plus(last, interval)
    if story.phase == "catch-up":
        assert story.table is not None
        return plus(last, story.table.interval)
    if regimen.catch_up is None:
        return plus(last, regimen.maintenance_interval)
    return slot(story, story.k)


def tolerance(story: Story) -> int:
    return story.regimen.tolerance.maintenance if story.phase == "maintenance" else story.regimen.tolerance.loading


def overdue_from(story: Story) -> date | None:
    """The later of recommended and (in maintenance) last + M, + tolerance + 1 day."""
    day = recommended(story)
    if day is None:
        return None
    if story.phase == "maintenance":
        day = max(day, plus(story.last.day, story.regimen.maintenance_interval))
    return plus_days(day, tolerance(story) + 1)


def status(story: Story, on: date) -> str:
    """F7"""
    by, day = overdue_from(story), recommended(story)
    assert by is not None
    assert day is not None
    if on >= by:
        return "overdue"
    if on >= max(plus_days(day, -tolerance(story)), earliest(story)):
        return "due"
    return "upcoming"


def in_the_table(story: Story, on: date) -> bool:
    """F6: table, maintenance or undefined, and on >= last + 8 months."""
    table = story.regimen.catch_up
    if table is None or story.phase != "maintenance":
        return False
    return row_of_the_table(table, story.last.day, on) is not None


def table_finding(story: Story, last: date, day: date, rule: str) -> list[Said]:
    """F6 and P7: the catch-up that a dose on `day` would begin."""
    table = story.regimen.catch_up
    assert table is not None
    row = row_of_the_table(table, last, day)
    if row is None:
        return []
    return [say("restart-required" if row.extra_doses is None else "catch-up-required", rule)]


def lateness(story: Story, on: date) -> list[Said]:
    """F6, F7, and for a decision with an undefined schedule: overdue from last + M + tolerance + 1 day on."""
    if in_the_table(story, on):
        return table_finding(story, story.last.day, on, "F6")
    by = overdue_from(story)
    if by is None:
        by = plus_days(plus(story.last.day, story.regimen.maintenance_interval), tolerance(story) + 1)
    return [say("overdue", "F7")] if on >= by else []


def near_boundary(story: Story, day: date) -> list[Said]:
    """F8: from 3 days before a boundary counted from the earliest day, to 3 days after it from the latest."""
    table = story.regimen.catch_up
    if table is None or not story.doses or story.phase != "maintenance":
        return []
    for row in table.rows:
        first = plus_days(plus(story.last.earliest, row.from_), -table.near_boundary_days)
        final = plus_days(plus(story.last.day, row.from_), table.near_boundary_days)
        if first <= day <= final:
            return [say("near-boundary", "F8")]
    return []


def decision(story: Story, records: Sorted, on: date, known: Known) -> tuple[Said, list[date]] | None:
    """One reason, the first that applies in the order F1, F2, F3a, F4, F5, F6, with its options."""
    last = story.last.day
    first_option, last_option = earliest(story), plus(last, story.regimen.maintenance_interval)
    if history_incomplete(story, records, on, known):
        return say("history-incomplete", "F1"), []
    if loading_not_shown(story, known):
        return say("history-incomplete", "F1"), [first_option, last_option]
    if loading_not_documented(story, on):
        return say("loading-not-documented", "F2"), [first_option, last_option]
    if loading_interrupted(story, on):
        return say("loading-interrupted", "F2"), []
    doubt = doubtful_interval(story)
    if doubt is not None:
        return doubt, []
    table = story.table
    if table is not None and story.phase == "catch-up" and more_than(table.limit, last, on):
        return say("catch-up-omitted", "F4"), []
    if story.undefined and not in_the_table(story, on):
        return say("schedule-undefined", "F5"), [first_option, next_far_slot(story), last_option]
    if story.regimen.refers and on > plus_days(due(story), tolerance(story)):
        return say("no-label-rule", "F6"), []
    return None


def told_elsewhere(records: Sorted, on: date, after: date | None) -> bool:
    """C7: a statement may tell of a dose after that day. Our readings: an end that is not said is open; what begins
    after `on` tells of none."""
    for record in records.elsewhere:
        begins_later = record.earliest is not None and record.earliest > on
        ends_before = after is not None and record.latest is not None and record.latest <= after
        if not begins_later and not ends_before:
            return True
    return False


def may_be_of_before(regimen: Regimen, known: Known, day: date) -> bool:
    """Our reading of F1: a dose on that day need not be the first, since doses of before the records were complete can
    be so near that the table would not begin the loading again."""
    if known.complete_since is None:
        return False
    nearest = plus_days(known.complete_since, -1)
    row = row_of_the_table(regimen.catch_up, nearest, day) if regimen.catch_up else None
    return row is None or row.extra_doses is not None


def loading_not_shown(story: Story, known: Known) -> bool:
    """Our reading of F1: in the first loading on record."""
    first = story.doses[0]
    assert first.regimen is not None
    in_first_loading = story.phase == "loading" and first.step == "loading-1" and story.loading_began == 0
    return in_first_loading and may_be_of_before(first.regimen, known, first.earliest)


def history_incomplete(story: Story, records: Sorted, on: date, known: Known) -> bool:
    """F1 and C7, with counted doses."""
    if not known.whole:
        return True
    reference_dose = story.doses[reference_place(story)]
    if known.complete_since is not None:
        # our reading of F1: a dose of before the records were complete can lie after the reference dose
        last_unknown = min(plus_days(known.complete_since, -1), on)
        if last_unknown > reference_dose.earliest:
            return True
    if told_elsewhere(records, on, reference_dose.earliest):
        return True
    for record in records.refused:
        if not record.of_this_patient or record.after_on:
            continue
        if not record.days or any(day > reference_dose.earliest for day in record.days):
            return True
    return False


def reference_place(story: Story) -> int:
    """F1: the dose after which a possible dose would change what is due."""
    if story.phase == "loading":
        restarted = story.loading_began > 0
        return story.loading_began - 1 if restarted else 0
    if story.phase == "catch-up":
        return story.delayed_dose - 1
    if story.k > 1 or story.undefined:
        return len(story.doses) - 2
    return len(story.doses) - 1


def loading_not_documented(story: Story, on: date) -> bool:
    """F2, regimens with W4."""
    limit = story.regimen.undocumented_loading
    if limit is not None and len(story.doses) == 1 and more_than(limit, story.last.day, on):
        return True
    if story.undocumented is None:
        return False
    judging = story.doses[story.undocumented].regimen
    assert judging is not None
    return not came_late_since(story, story.undocumented, judging.undocumented_loading)


def loading_interrupted(story: Story, on: date) -> bool:
    """F2, regimens with the table."""
    table = story.regimen.catch_up
    if table is not None and story.phase == "loading" and more_than(table.loading_limit, story.last.day, on):
        return True
    if story.interrupted is None:
        return False
    judging = story.doses[story.interrupted].regimen
    assert judging is not None
    assert judging.catch_up is not None
    return not came_late_since(story, story.interrupted, judging.catch_up.loading_limit)


def came_late_since(story: Story, place: int, three_months: Period | None) -> bool:
    """F2: a dose since then came more than 3 months after the dose before it."""
    assert three_months is not None
    since = range(place + 1, len(story.doses))
    return any(more_than(three_months, story.doses[i - 1].day, story.doses[i].day) for i in since)


def doubtful_interval(story: Story) -> Said | None:
    """F3a: the last dose, or a dose of the current loading with no maintenance dose since."""
    in_question = [story.last]
    current = story.doses[story.loading_began :]
    if current[0].step == "loading-1" and not any(dose.step == "maintenance" for dose in current):
        in_question += current
    for code in ("interval-too-short", "interval-undecidable"):
        for dose in in_question:
            for said in dose.said:
                if said.code == code:
                    return say(code, "F3a", said.severity)
    return say("partial-dose", "F3a") if story.last.partial else None


def next_far_slot(story: Story) -> date:
    """F5: the next slot of the original schedule that is at least m days after the last dose."""
    k = story.k
    while (slot(story, k) - story.last.day).days < story.least:
        k += 1
    return slot(story, k)


def plan(story: Story, first: date) -> list[tuple[str, date]]:
    """F9: the next four steps, the first on that day and the rest on time; it ends where none is defined."""
    imagined = story.copy()
    planned: list[tuple[str, date]] = []
    day: date | None = first
    while day is not None and len(planned) < PLANNED_STEPS:
        dose = Dose(references=["planned"], earliest=day, day=day)
        give(imagined, dose)
        planned.append((dose.step, day))
        day = recommended(imagined)
    return planned
