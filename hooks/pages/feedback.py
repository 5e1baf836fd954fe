"""What became of the cards as a page: shown, accepted, overridden and why; how many an order brings; how long it took.

Nothing here is of a patient or of a user, and no figure is of so few cards that it could tell of one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from fastapi import Response

from cds.dosing.codes import Code
from hooks.journal.statistics import Tally
from hooks.journal.usage import PERCENTILES, Calls, Usage, small
from hooks.pages.door import Visit
from hooks.pages.render import page
from hooks.protocol import ORDER_SIGN
from hooks.wording import ENGLISH, FINDINGS

LEAST = 5
"""Cards of a group at least, for its figures to be shown."""
_WEEKS = 13
_LONGEST = timedelta(days=3 * 366)
_WIDTH = 200.0
_REASONS = {(reason["system"], reason["code"]): reason["display"] for reason in ENGLISH.override_reasons}
_KNOWN: frozenset[str] = frozenset(Code)


class Days(NamedTuple):
    """The time that is asked about, both days included, and what could not be understood of the question."""

    first: date
    last: date
    faults: tuple[str, ...]


class Group(NamedTuple):
    """The cards of one group; `hidden`: too few to show; `more_reasons`: so are some reasons. `bars` are accepted,
    overridden and unanswered, as the left edge and the width of a bar each."""

    name: str
    tally: Tally
    hidden: bool
    reasons: tuple[tuple[str, int], ...]
    more_reasons: bool = False
    bars: tuple[tuple[str, float, float], ...] = ()


class Hook(NamedTuple):
    """The calls of one hook; of cards, None where they are too few to show."""

    name: str
    calls: Calls
    cards: int | None

    @property
    def per_100(self) -> str:
        """Cards for 100 calls."""
        return "" if self.cards is None or not self.calls.every else f"{100 * self.cards / self.calls.every:.1f}"

    @property
    def with_a_card(self) -> str:
        """Calls of 100 whose answer had a card."""
        known = self.cards is not None and self.calls.every
        return f"{100 * self.calls.answers / self.calls.every:.1f}" if known else ""


@dataclass(frozen=True, slots=True)
class Shown:
    """What the page shows. `few`: so few cards in all that nothing of them is shown; `rare`: findings on too few
    cards; `orders`: the calls by which
    orders are signed, None where there are none."""

    few: bool
    findings: tuple[Group, ...]
    rare: tuple[str, ...]
    reasons: tuple[tuple[str, int], ...]
    other_reasons: int
    weeks: tuple[Group, ...]
    hooks: tuple[Hook, ...]
    orders: Hook | None


def feedback(found: Usage, days: Days, visit: Visit, *, waiting: int) -> Response:
    """The page. `waiting`: lines of the journal that the database does not have yet."""
    return page(
        "feedback.html.j2",
        400 if days.faults else 200,
        figures=found.figures,
        shown=_shown(found),
        times=found.by_service,
        percentiles=PERCENTILES,
        days=days,
        site=visit.desk.site.id,
        waiting=waiting,
        least=LEAST,
        share=_share,
        room=visit.room,
    )


def read_days(asked: Mapping[str, str], today: date) -> Days:
    """The days of an address; without any the last thirteen weeks."""
    faults: list[str] = []

    def read(name: str, without: date) -> date:
        written = asked.get(name, "").strip()
        try:
            return date.fromisoformat(written) if written else without
        except ValueError:
            faults.append("This is no date: write it as year-month-day, such as 2026-05-01.")
            return without

    last = read("until", today)
    usual = max(last.toordinal() - 7 * _WEEKS + 1, 1)
    first = read("since", date.fromordinal(usual))
    # at either end of the calendar there is no midnight of every zone
    if not date.min.year < first.year <= last.year < date.max.year or first > last or last - first > _LONGEST:
        faults.append("The first day must not lie after the last one, nor more than three years before it.")
        first, last = today - timedelta(days=7 * _WEEKS - 1), today
    return Days(first, last, tuple(faults))


def _shown(found: Usage) -> Shown:
    figures = found.figures
    hooks, findings = tuple(_hooks(found.by_hook)), tuple(_findings(figures.by_finding))
    reasons = _in_words(figures.total)
    hidden = small(reasons, LEAST)
    most = max((tally.shown for tally in figures.by_week.values()), default=0)
    weeks = small({name: tally.shown for name, tally in figures.by_week.items()}, LEAST)
    return Shown(
        few=0 < figures.total.shown < LEAST,
        findings=tuple(each for each in findings if not each.hidden),
        rare=tuple(each.name for each in findings if each.hidden),
        reasons=_told(reasons, hidden),
        other_reasons=sum(reasons[name] for name in hidden),
        weeks=tuple(
            Group(name, tally, name in weeks, (), bars=tuple(_bars(tally, most)))
            for name, tally in sorted(figures.by_week.items(), reverse=True)
        ),
        hooks=hooks,
        orders=next((hook for hook in hooks if hook.name == ORDER_SIGN and hook.calls.every), None),
    )


def _findings(by_finding: Mapping[str, Tally]) -> Iterator[Group]:
    for code, tally in sorted(by_finding.items(), key=lambda each: (-each[1].shown, each[0])):
        name = FINDINGS[Code(code)].short if code in _KNOWN else code
        reasons = _in_words(tally)
        hidden = small(reasons, LEAST)
        yield Group(name, tally, tally.shown < LEAST, _told(reasons, hidden), bool(hidden))


def _hooks(by_hook: Mapping[str, Calls]) -> Iterator[Hook]:
    hidden = small({name: calls.cards for name, calls in by_hook.items()}, LEAST)
    for name, calls in by_hook.items():
        yield Hook(name or "not readable", calls, None if name in hidden else calls.cards)


def _in_words(tally: Tally) -> Counter[str]:
    """Overrides by reason. What an EHR writes in the place of our codes is not shown: it could be anything."""
    told: Counter[str] = Counter()
    for (system, code), number in tally.reasons.items():
        told[_REASONS.get((system, code)) or ("a reason that is not on our list" if code else "no reason given")] += (
            number
        )
    return told


def _told(reasons: Counter[str], hidden: frozenset[str]) -> tuple[tuple[str, int], ...]:
    return tuple((name, number) for name, number in reasons.most_common() if name not in hidden)


def _bars(tally: Tally, most: int) -> Iterator[tuple[str, float, float]]:
    left = 0.0
    for kind, number in (("accepted", tally.accepted), ("overridden", tally.overridden), ("open", tally.unanswered)):
        width = round(_WIDTH * number / most, 1) if most else 0.0
        yield kind, round(left, 1), width
        left += width


def _share(number: int, of: int) -> str:
    """A number with its share."""
    return f"{number:,} ({100 * number / of:.0f} %)" if of else f"{number:,}"
