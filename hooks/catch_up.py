"""The extra doses that a late dose asks for: whether they are ordered, and on which days orders are missing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import takewhile

from cds.dosing.assessment import Assessment, Proposed
from cds.dosing.codes import CATCH_UP, Code
from hooks.card_kinds import Kind, own_kind


def extra_days(proposed: Proposed) -> tuple[date, ...]:
    """The days of the extra doses in the plan of a late dose; none where the plan does not show all of them."""
    later = proposed.plan[1:]
    extra = tuple(takewhile(lambda planned: planned.step == CATCH_UP, later))
    return tuple([planned.date for planned in extra]) if len(extra) < len(later) else ()


def is_ordered(proposed: Proposed, assessment: Assessment) -> bool:
    """Whether all extra doses are ordered: by drafts of this request that fill them in time and are without fault, or
    on their very days, by other active orders too. Never those of a late dose without a date: what they follow is not
    known."""
    wanted = () if proposed.assumed or _is_preceded(proposed, assessment) else extra_days(proposed)
    drafts = list(_filling(proposed, assessment.proposed))
    in_time = [other for other in drafts if all(finding.code is not Code.LATE for finding in other.findings)]
    if not wanted or len(in_time) >= len(wanted):
        return bool(wanted)
    days = {other.date for other in drafts}
    return days.issubset(wanted) and days.union(ordered.day for ordered in assessment.ordered).issuperset(wanted)


def missing_days(proposed: Proposed, assessment: Assessment) -> tuple[date, ...]:
    """The days of the extra doses for which there is no order yet.

    None where more is to be said of the late dose than that extra doses follow; where an active order asks for one
    before it; where another dose is proposed that is not one of them; or where an active order asks for one too near:
    taken together they would not be the plan.
    """
    wanted = extra_days(proposed)
    if not wanted or _is_preceded(proposed, assessment):
        return ()
    if any(own_kind(finding) not in (None, Kind.CATCH_UP) for finding in proposed.findings):
        return ()
    filling = {other.date for other in _filling(proposed, assessment.proposed)}
    if any(other is not proposed and (other.assumed or other.date not in filling) for other in assessment.proposed):
        return ()
    standing = {ordered.day for ordered in assessment.ordered}
    missing = tuple([day for day in wanted if day not in filling and day not in standing])
    least = assessment.regimen.minimum_interval.days
    if not filling.issubset(wanted) or any(abs((day - other).days) < least for day in missing for other in standing):
        return ()
    return missing


def _is_preceded(proposed: Proposed, assessment: Assessment) -> bool:
    """Whether an active order asks for a dose before a late one. That may be the late dose, and this one its extra
    dose, which is followed by fewer."""
    return any(ordered.day < proposed.date for ordered in assessment.ordered)


def _filling(proposed: Proposed, proposals: Sequence[Proposed]) -> Iterator[Proposed]:
    """The proposals that follow a late one as its extra doses, late or not, and are without fault."""
    later = [other for other in proposals if not other.assumed and other.date > proposed.date]
    for other in takewhile(lambda each: each.step == CATCH_UP, later):
        if all(own_kind(finding) is None for finding in other.findings):
            yield other
