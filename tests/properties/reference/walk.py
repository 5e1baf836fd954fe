"""Section 4: walking the history, dose by dose."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from cds.dosing.calendar import Period
from cds.dosing.regimen import CatchUp, CatchUpRow, Regimen
from tests.properties.reference.days import apart, plus, plus_days, recorded_distances, signed_distances
from tests.properties.reference.records import Dose
from tests.properties.reference.words import Said, codes, say, without

Timeline = list[tuple[date, list[Regimen]]]
"""From which day on which regimens are in force, in the order of W11."""


@dataclass
class Story:
    """The state of the walk. `regimen` judged the last dose, or judges the next one; `number` is the loading step that
    comes next; `table` is the one that a catch-up goes by; places are indexes into `doses`."""

    timeline: Timeline
    regimen: Regimen
    doses: list[Dose] = field(default_factory=list)
    phase: str = "loading"
    number: int = 1
    anchor: date | None = None
    k: int = 1
    undefined: bool = False
    extra_doses: int = 0
    loading_began: int = 0
    delayed_dose: int = 0
    table: CatchUp | None = None
    undocumented: int | None = None
    interrupted: int | None = None
    series: list[Said] = field(default_factory=list)

    def copy(self) -> Story:
        """The same story, to go on with in another way."""
        doses = [replace(dose, said=list(dose.said)) for dose in self.doses]
        return replace(self, doses=doses, series=list(self.series))

    @property
    def last(self) -> Dose:
        return self.doses[-1]

    @property
    def least(self) -> int:
        """m, the minimum interval in days."""
        return self.regimen.minimum_interval.days

    @property
    def next_step(self) -> str:
        """The step that the walk would fill next, by the phase alone."""
        return f"loading-{self.number}" if self.phase == "loading" else self.phase


def walk(doses: list[Dose], timeline: Timeline) -> Story:
    """Counted doses in order of (latest day, earliest day, reference)."""
    story = Story(timeline, timeline[0][1][0])
    for dose in sorted(doses, key=lambda dose: (dose.day, dose.earliest, dose.references[0])):
        give(story, dose)
    for dose in story.doses:
        dose.said += amount_findings(dose)
    return story


def in_force(timeline: Timeline, day: date) -> list[Regimen]:
    """W12: the regimens in force on a day."""
    return [regimens for first, regimens in timeline if first <= day][-1]


def change_text(story: Story, day: date) -> None:
    """W12: where the text changes, loading and catch-up go on; in maintenance anchor = last dose, k = 1.

    Our readings: a regimen with another maintenance dose takes nobody's place; a loading that has no further step in
    the new text is over; without a table in the new text the catch-up goes on by the old one."""
    allowed = in_force(story.timeline, day)
    if not story.doses:
        story.regimen = allowed[0]
        return
    if story.regimen.id in [each.id for each in allowed]:
        return
    texts = [each for each in allowed if near(each.maintenance_amount, story.regimen.maintenance_amount)]
    if not texts:
        return
    text = texts[0]
    story.regimen = text
    loading_is_over = story.phase == "loading" and story.number > len(text.loading)
    if story.phase == "maintenance" or loading_is_over:
        into_maintenance(story, story.last.day)
    elif story.phase == "catch-up" and text.catch_up is not None:
        story.table = text.catch_up


def near(amount: Decimal, prescribed: Decimal) -> bool:
    """C5: not more than 5 % off."""
    return abs(amount - prescribed) <= prescribed * Decimal("0.05")


def belongs_to(story: Story, dose: Dose) -> Regimen:
    """W11: the regimen whose steps prescribe the amount; unknown, that of the dose before; else the first in the list.

    Our readings: of several amounts all have to be prescribed; where several regimens prescribe them, that of the dose
    before is the one; an amount that none prescribes is as an unknown one."""
    allowed = in_force(story.timeline, dose.day)
    before = [each for each in allowed if story.doses and each.id == story.regimen.id]
    for regimen in before + allowed:
        steps = [step.amount for step in regimen.loading] + [regimen.maintenance_amount]
        if dose.amounts and all(any(near(amount, step) for step in steps) for amount in dose.amounts):
            return regimen
    return (before + allowed)[0]


def judge_change(story: Story, dose: Dose, old: Regimen) -> list[Said]:
    """W11: a declared switch is followed, else the dose is judged by W2 only; maintenance of the new regimen."""
    new, d, last = story.regimen, dose.day, story.last.day
    said = [say("regimen-switch-undefined", "W11")]
    for switch in new.switches:
        right_dose = dose.amounts != [] and all(near(amount, switch.amount) for amount in dose.amounts)
        in_time = story.phase == "maintenance" and d < plus(last, switch.within)
        if near(old.maintenance_amount, switch.from_amount) and right_dose and in_time:
            story.regimen = old
            said = [*without(judge_maintenance(story, dose), "schedule-undefined"), say("regimen-switch", "W11")]
            story.regimen = new
            dose.prescribed = switch.amount
    dose.step = "maintenance"
    into_maintenance(story, d)
    return said


def give(story: Story, dose: Dose) -> None:
    """One more dose. Its findings of the walk are added to `dose.said`; the story moves on."""
    change_text(story, dose.day)
    old = story.regimen
    story.regimen = dose.regimen = belongs_to(story, dose)
    if not story.doses:
        # W1
        dose.step = "loading-1"
        story.doses.append(dose)
        story.phase, story.number = "loading", 2
        after_a_loading_dose(story, dose.day)
        return
    dose.interval_days = (dose.day - story.last.day).days  # D5: latest day minus latest day
    too_near = interval_findings(story, dose)
    said = judge_by_phase(story, dose, old)
    if "interval-too-short" in codes(too_near):
        said = without(said, "earlier-than-schedule", "late")
    if "interval-undecidable" in codes(too_near):
        said = without(said, "earlier-than-schedule")
    dose.said += too_near + said
    story.doses.append(dose)


def interval_findings(story: Story, dose: Dose) -> list[Said]:
    """W2 and D5, against the last dose; P3 where that is a proposed dose and the recorded ones are far enough."""
    if not dose.proposed:
        distances = recorded_distances(story.last.days, dose.days)
    else:
        distances = signed_distances(story.last.days, dose.day)
    match apart(distances, story.least):
        case "far enough":
            return []
        case "undecidable":
            return [say("interval-undecidable", "W2")]
        case _:
            return [say("interval-too-short", "W2" if too_near_to_a_record(story, dose) else "P3")]


def too_near_to_a_record(story: Story, dose: Dose) -> bool:
    recorded = [one for one in story.doses if not one.proposed]
    if not dose.proposed:
        return True
    return bool(recorded) and apart(signed_distances(recorded[-1].days, dose.day), story.least) == "too short"


def judge_by_phase(story: Story, dose: Dose, old: Regimen) -> list[Said]:
    d, last = dose.day, story.last.day
    limit = story.regimen.undocumented_loading
    if limit is not None and len(story.doses) == 1 and d > plus(last, limit):
        # W4
        story.series.append(say("loading-not-documented", "W4"))
        story.undocumented = 1
        story.doses[0].step = "maintenance"
        into_maintenance(story, last)
        said = judge_maintenance(story, dose) if old.id == story.regimen.id else judge_change(story, dose, old)
        return without(said, "earlier-than-schedule")
    if old.id != story.regimen.id:
        return judge_change(story, dose, old)
    if story.phase == "loading":
        return judge_loading(story, dose)
    if story.phase == "catch-up":
        return judge_catch_up(story, dose)
    return judge_maintenance(story, dose)


def into_maintenance(story: Story, anchor: date) -> None:
    story.phase, story.anchor, story.k, story.undefined = "maintenance", anchor, 1, False


def after_a_loading_dose(story: Story, a: date) -> None:
    """W6: after the last loading dose at `a`: anchor = a, k = 1."""
    if story.number > len(story.regimen.loading):
        into_maintenance(story, a)


def judge_loading(story: Story, dose: Dose) -> list[Said]:
    """W3, W5 (table), W9 (resume) and W10 (refer)."""
    regimen, d, last = story.regimen, dose.day, story.last.day
    interval = regimen.loading[story.number - 1].interval
    assert interval is not None
    rule = "W3" if regimen.catch_up else "W10" if regimen.refers else "W9"
    said = early_or_late(d, plus(last, interval), regimen.tolerance.loading, rule)
    said += no_label_rule(story, said)
    if regimen.catch_up and d > plus(last, regimen.catch_up.loading_limit):
        said.append(say("loading-interrupted", "W5"))
        story.interrupted = len(story.doses)
    dose.step = f"loading-{story.number}"
    story.number += 1
    after_a_loading_dose(story, d)
    return said


def no_label_rule(story: Story, said: list[Said]) -> list[Said]:
    """W10: later than due + tolerance."""
    return [say("no-label-rule", "W10")] if story.regimen.refers and "late" in codes(said) else []


def early_or_late(d: date, due: date, tolerance: int, rule: str) -> list[Said]:
    """W3: before due, a warning beyond tolerance, else info; after it by more than the tolerance, late."""
    if d < due:
        beyond = d < plus_days(due, -tolerance)
        return [say("earlier-than-schedule", rule, "warning" if beyond else "info")]
    if d > plus_days(due, tolerance):
        return [say("late", rule)]
    return []


def judge_maintenance(story: Story, dose: Dose) -> list[Said]:
    regimen, d, last = story.regimen, dose.day, story.last.day
    dose.step = "maintenance"
    tolerance = regimen.tolerance.maintenance
    if regimen.catch_up is None:
        # W9, W10
        rule = "W10" if regimen.refers else "W9"
        said = early_or_late(d, plus(last, regimen.maintenance_interval), tolerance, rule)
        said += no_label_rule(story, said)
        into_maintenance(story, d)
        return said
    row = row_of_the_table(regimen.catch_up, last, d)
    if row is not None:
        return begin_catch_up(story, dose, row)
    if story.undefined:
        # W7, last row: judged by W2 only
        into_maintenance(story, d)
        return []
    return judge_by_the_schedule(story, d)


def judge_by_the_schedule(story: Story, d: date) -> list[Said]:
    """W7, the rows below 8 months."""
    regimen, last, due = story.regimen, story.last.day, slot(story, story.k)
    tolerance = regimen.tolerance.maintenance
    by_interval = plus(last, regimen.maintenance_interval)
    if d <= due:
        into_maintenance(story, d)
        return early_or_late(d, due, tolerance, "W7")
    if due < by_interval and d <= plus_days(by_interval, tolerance):
        into_maintenance(story, d)
        return [say("schedule-shifted", "W7")]
    said = early_or_late(d, due, tolerance, "W7")
    while slot(story, story.k) <= d:
        story.k += 1
    if (slot(story, story.k) - d).days < story.least:
        story.undefined = True
        said.append(say("schedule-undefined", "W7"))
    return said


def slot(story: Story, k: int) -> date:
    """anchor + k·M"""
    assert story.anchor is not None
    return plus(story.anchor, story.regimen.maintenance_interval, k)


def row_of_the_table(table: CatchUp, last: date, d: date) -> CatchUpRow | None:
    """1.1: measured from the last dose; lower bound inclusive, upper exclusive."""
    result = None
    for row in table.rows:
        if d >= plus(last, row.from_):
            result = row
    return result


def begin_catch_up(story: Story, dose: Dose, row: CatchUpRow) -> list[Said]:
    """W7: from 8 months, 1 extra dose; from 16 months, 2; from 40 months the loading begins again."""
    story.undefined = False
    if row.extra_doses is None:
        dose.step = "loading-1"
        story.phase, story.number = "loading", 2
        story.loading_began = len(story.doses)
        after_a_loading_dose(story, dose.day)
    else:
        story.phase, story.extra_doses, story.table = "catch-up", row.extra_doses, story.regimen.catch_up
        story.delayed_dose = len(story.doses)
    return [say("late", "W7")]


def judge_catch_up(story: Story, dose: Dose) -> list[Said]:
    """W8"""
    table = story.table
    assert table is not None
    d, last = dose.day, story.last.day
    if d > plus(last, table.limit):
        into_maintenance(story, last)
        return [say("catch-up-omitted", "W8"), *judge_maintenance(story, dose)]
    dose.step = "catch-up"
    story.extra_doses -= 1
    if story.extra_doses == 0:
        into_maintenance(story, d)
    said = early_or_late(d, plus(last, table.interval), story.regimen.tolerance.loading, "W8")
    return without(said, "earlier-than-schedule")


def amount_findings(dose: Dose) -> list[Said]:
    """C5: a known amount more than 5 % off what the final step prescribes; C6: any of them."""
    regimen = dose.regimen
    assert regimen is not None
    prescribed = regimen.maintenance_amount
    if dose.step.startswith("loading-"):
        prescribed = regimen.loading[int(dose.step.removeprefix("loading-")) - 1].amount
    if dose.prescribed is not None:
        prescribed = dose.prescribed
    off = [amount for amount in dose.amounts if abs(amount - prescribed) > prescribed * Decimal("0.05")]
    return [say("unexpected-amount", "C5")] if off else []


def more_than(period: Period, before: date, after: date) -> bool:
    return after > plus(before, period)
