"""Histories as they are and as they should not be: doses around every boundary, doubtful dates, odd records."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Literal

from hypothesis import strategies as st

from cds.dosing.assess import assess
from cds.dosing.document import as_json
from cds.dosing.facts import (
    Administration,
    DateRange,
    Ordered,
    OtherTherapy,
    Outside,
    Proposal,
    Record,
    Unreadable,
)
from cds.dosing.in_force import InForce, Regimens
from cds.dosing.regimen import Regimen
from tests.properties import regimens
from tests.properties.odd_records import (
    ODD_ROUTE,
    RIGHT_AMOUNT_MOSTLY,
    WRONG_ROUTE,
    administration,
    other_record,
    possible_dose,
    told_beside,
)
from tests.properties.reference import assess_by_the_text
from tests.properties.reference.days import plus, plus_months
from tests.properties.reference.forecast import recommended
from tests.properties.reference.records import Dose
from tests.properties.reference.walk import Story, slot, walk
from tests.properties.texts import later_texts, others_allowed

PATIENT = "Patient/p"


@dataclass(frozen=True)
class Case:
    """One question: these records, this regimen and those later in force, this day, these proposals; whether the
    therapy is known to have ended, for which days other orders ask, and since when the records are complete."""

    records: tuple[Record, ...]
    regimen: Regimen
    on: date
    whole: bool = True
    proposals: tuple[Proposal, ...] = ()
    later: tuple[InForce, ...] = ()
    beside: tuple[Regimen, ...] = ()
    ended: bool = False
    ordered: tuple[Ordered, ...] = ()
    complete_since: date | None = None

    @property
    def regimens(self) -> Regimens:
        """The regimen with those beside it, and those in force from later days on."""
        return Regimens((InForce(date.min, (self.regimen, *self.beside)), *self.later))

    def answer(self) -> dict[str, Any]:
        """What the engine says, as JSON."""
        return as_json(
            assess(
                PATIENT,
                self.records,
                self.regimens,
                on=self.on,
                whole=self.whole,
                proposals=self.proposals,
                ended=self.ended,
                ordered=self.ordered,
                complete_since=self.complete_since,
            )
        )

    def by_the_text(self) -> dict[str, Any]:
        """What the second implementation says."""
        return assess_by_the_text(
            PATIENT,
            self.records,
            self.regimens,
            on=self.on,
            whole=self.whole,
            proposals=self.proposals,
            ended=self.ended,
            ordered=self.ordered,
            complete_since=self.complete_since,
        )

    def __repr__(self) -> str:
        known = f"whole={self.whole}, ended={self.ended}, complete since {self.complete_since}"
        lines = [f"Case({self.regimen.id} {self.regimen.tolerance}, on={self.on}, {known}"]
        lines += [f"    beside it: {[each.id for each in self.beside]}"]
        lines += [f"    from {entry.from_}: {[each.id for each in entry.regimens]}" for entry in self.later]
        lines += [f"    {_in_short(one)}" for one in (*self.records, *self.proposals)]
        lines += [f"    {each.reference} is ordered for {each.day}" for each in self.ordered]
        return "\n".join(lines) + ")"

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:
        """How hypothesis prints the case."""
        printer.text(repr(self))


def _in_short(one: Record | Proposal) -> str:
    words = [type(one).__name__, one.reference.rpartition("/")[2]]
    when = getattr(one, "when", None)
    if when is not None:
        words.append(str(when.earliest) if when.days == 1 else f"{when.earliest}..{when.latest}")
    if isinstance(one, Proposal):
        words.append(str(one.day))
    if isinstance(one, Outside):
        words.append(f"{one.earliest}..{one.latest}")
    if isinstance(one, (Administration, Proposal)):
        amounts = one.amounts if isinstance(one, Proposal) else (one.amount,)
        words += [f"{amount} mg" for amount in amounts if amount is not None]
        words += [note.code.value for note in one.notes]
    if isinstance(one, Administration) and one.stopped:
        words.append("stopped")
    if isinstance(one, Unreadable):
        words.append(one.reason.value)
    return " ".join(words)


STARTS = [date(2020, 1, 15), date(2019, 10, 31), date(2020, 2, 29), date(2023, 8, 30), date(2024, 2, 28)]
START = st.one_of(st.sampled_from(STARTS), st.dates(date(2018, 1, 1), date(2025, 12, 31)))
AROUND = [0, 1, -1, 2, -2, 7, -7, 13, 14, 15, -13, -14, -15, 28, -28, 40, -40]
ON_THE_EDGE = [0, 1, -1]


def step_of(days: list[date], regimen: Regimen) -> Story:
    """Where the doses so far leave the walk."""
    return walk([Dose([f"a{index:02}"], day, day) for index, day in enumerate(days)], [(date.min, [regimen])])


def landmarks(story: Story) -> list[tuple[date, list[int]]]:
    """Days on which something changes, the next dose on time first, each with the days around it that matter."""
    regimen, last = story.regimen, story.last.day
    loading, maintenance = regimen.tolerance.loading, regimen.tolerance.maintenance
    tolerated = [sign * (days + more) for days in (loading, maintenance) for more in (0, 1) for sign in (1, -1)]
    by_interval = plus(last, regimen.maintenance_interval)
    marks = [
        (recommended(story) or by_interval, ON_THE_EDGE + tolerated),
        (last, [13, 14, 15, 0, 1, 7, -1]),
        (by_interval, ON_THE_EDGE + tolerated),
        (plus_months(last, 3), ON_THE_EDGE),
    ]
    if story.anchor is not None:
        slots = [slot(story, story.k), slot(story, story.k + 1)]
        marks += [(day, [-13, -14, -15, -12, -6, -1, 0, 1]) for day in slots]
    return marks + [(plus_months(last, months), [*ON_THE_EDGE, 3, 4, -3, -4]) for months in (8, 16, 40)]


@st.composite
def a_day(draw: st.DrawFn, days: list[date], regimen: Regimen) -> date:
    """A day around a landmark: a boundary, the day before, the day after, or a minimum interval from it."""
    if not days:
        return draw(START)
    mark, deltas = draw(st.sampled_from(landmarks(step_of(days, regimen))))
    return mark + timedelta(days=draw(st.sampled_from(deltas)))


@st.composite
def dose_days(draw: st.DrawFn, regimen: Regimen) -> list[date]:
    """Days of doses, the first of them on schedule, then some around landmarks, in the order of drawing."""
    days: list[date] = []
    for _ in range(draw(st.sampled_from([0, 1, 2, 3, 4, 4, 5, 5, 6]))):
        days.append(landmarks(step_of(days, regimen))[0][0] if days else draw(START))
    for _ in range(draw(st.sampled_from([0, 1, 2, 3, 4]))):
        if days and draw(st.integers(0, 3)) == 3:
            days.append(landmarks(step_of(days, regimen))[0][0])
        else:
            days.append(draw(a_day(days, regimen)))
    return days


Odd = Literal["anything", "one possible dose", "nothing"]


@st.composite
def histories(draw: st.DrawFn, days: list[date], on: date, odd: Odd = "anything") -> tuple[Record, ...]:
    """Records of doses on those days; then as asked second records of a dose and records that are none."""
    first_number = draw(st.integers(0, 30))
    numbers = iter((first_number + 7 * index) % 31 for index in range(31))

    def reference() -> str:
        return f"MedicationAdministration/a{next(numbers):02}"

    neat = [True, True, True, False] if odd != "anything" or draw(st.booleans()) else [False, False, True]
    records: list[Record] = [draw(administration(reference(), day, neat=draw(st.sampled_from(neat)))) for day in days]
    if odd == "one possible dose":
        day = draw(st.sampled_from([on, *days])) + timedelta(days=draw(st.sampled_from(AROUND)))
        records.append(draw(possible_dose(reference(), day)))
    if odd == "anything":
        again = [draw(st.sampled_from(days)) for _ in range(draw(st.sampled_from([0, 0, 0, 1, 2])))] if days else []
        records += [draw(administration(reference(), day)) for day in again]
        for _ in range(draw(st.sampled_from([0, 0, 0, 1, 2]))):
            day = draw(st.sampled_from([on, *days])) + timedelta(days=draw(st.sampled_from(AROUND)))
            records.append(draw(other_record(reference(), day)))
    return tuple(records)


@st.composite
def days_to_ask_about(draw: st.DrawFn, regimen: Regimen, days: list[date]) -> date:
    """A day around a landmark after the last dose, or soon after it; at times one that leaves doses in the future."""
    known = days
    kind = draw(st.sampled_from(["landmark", "landmark", "landmark", "soon", "soon", "before the last"]))
    if kind == "soon" and days:
        return max(days) + timedelta(days=draw(st.integers(0, 40)))
    if kind == "before the last" and len(days) > 1:
        known = days[: draw(st.integers(1, len(days) - 1))]
    return draw(a_day(known, regimen))


@st.composite
def requests(draw: st.DrawFn, regimen: Regimen, days: list[date], on: date, most: int = 3) -> tuple[Proposal, ...]:
    """Proposed dates around a landmark, around one another, or none; at times two dates of one order."""
    proposals: list[Proposal] = []
    for number in range(draw(st.integers(0, most))):
        kind = draw(st.sampled_from(["landmark", "landmark", "soon", "another", "undated"]))
        dated = [one.day for one in proposals if one.day is not None]
        day: date | None = None
        if kind == "landmark":
            day = draw(a_day(days, regimen))
        elif kind == "soon":
            day = on + timedelta(days=draw(st.sampled_from([0, 1, 6, 13, 14, 15, 30, 70])))
        elif kind == "another":
            day = draw(st.sampled_from(dated or [on])) + timedelta(days=draw(st.sampled_from([0, 1, 13, 14, 15, 35])))
        if day is not None:
            day = max(day, on)
        name = f"MedicationRequest/m{draw(st.sampled_from([number, 9 - number]))}"
        if any(one.reference == name and (day is None or one.day in (None, day)) for one in proposals):
            name = f"MedicationRequest/n{number}"
        notes = draw(st.sampled_from([(), (), (), (), (WRONG_ROUTE,), (ODD_ROUTE,)]))
        amounts = (
            {draw(RIGHT_AMOUNT_MOSTLY), draw(RIGHT_AMOUNT_MOSTLY)}
            if draw(st.integers(0, 9)) == 0
            else {draw(RIGHT_AMOUNT_MOSTLY)}
        )
        proposals.append(Proposal(name, day, tuple(sorted(each for each in amounts if each is not None)), notes))
    return tuple(proposals)


def months_before(day: date, months: int) -> date:
    """About so many months earlier: the last day of which that many months later is not after this one."""
    first = day - timedelta(days=31 * months)
    while plus_months(first + timedelta(days=1), months) <= day:
        first += timedelta(days=1)
    return first


@st.composite
def with_all_beside(draw: st.DrawFn, asked: st.SearchStrategy[Case]) -> Case:
    """The same questions, with what stands beside the doses: what is told of elsewhere and of other therapies (C7, C8),
    that the therapy has ended (F10), the days of other orders (P3), and when complete records began (F1)."""
    case = draw(asked)
    given = [one.when.earliest for one in case.records if isinstance(one, Administration)]
    marks = [case.on, *given[-3:], *[one.day for one in case.proposals if one.day is not None]]

    def near() -> date:
        deltas = AROUND if draw(st.integers(0, 3)) == 3 else ON_THE_EDGE
        return draw(st.sampled_from(marks)) + timedelta(days=draw(st.sampled_from(deltas)))

    told = [draw(told_beside(number, near())) for number in range(draw(st.sampled_from([0, 1, 1, 1, 2, 3])))]
    if draw(st.integers(0, 5)) == 5:
        # left, and begun again
        told += [OtherTherapy("MedicationRequest/r8", "risdiplam", DateRange.on(near()), stopped=True)]
        told += [OtherTherapy("MedicationRequest/r9", "risdiplam", DateRange.on(case.on))]
    since: date | None = None
    if draw(st.booleans()):
        mark = draw(st.sampled_from([case.on, *given[:1], *given[-2:]]))
        known = draw(st.sampled_from([mark, months_before(mark, 40)]))
        since = known + timedelta(days=1 + draw(st.sampled_from(ON_THE_EDGE)))
    orders = [near() for _ in range(draw(st.sampled_from([0, 0, 1, 2])))]
    return replace(
        case,
        records=(*case.records, *told),
        ended=draw(st.integers(0, 9)) == 9,
        ordered=tuple(Ordered(f"MedicationRequest/o{at}", max(day, case.on)) for at, day in enumerate(orders)),
        complete_since=since,
    )


@st.composite
def cases(
    draw: st.DrawFn, *, odd: Odd = "anything", proposed: int = 3, whole: bool | None = None, several: bool = True
) -> Case:
    """Any question that the engine can be asked; by one regimen alone where not `several` are wanted."""
    regimen = draw(st.sampled_from(regimens.ALL))
    days = draw(dose_days(regimen))
    on = draw(days_to_ask_about(regimen, days))
    read_whole = draw(st.sampled_from([True] * 9 + [False])) if whole is None else whole
    records = draw(histories(days, on, odd))
    proposals = draw(requests(regimen, [day for day in days if day <= on], on, proposed))
    if not several:
        return Case(records, regimen, on, read_whole, proposals)
    later, beside = draw(later_texts(regimen, [*days, on])), draw(others_allowed(regimen))
    return Case(records, regimen, on, read_whole, proposals, later, beside)
