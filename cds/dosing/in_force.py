"""Regimens: the label texts that doses of one drug are judged by, by the day from which each is in force (W11, W12)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Self

from cds.dosing.drug import Drug
from cds.dosing.regimen import Regimen


@dataclass(frozen=True, slots=True)
class InForce:
    """The regimens allowed at once from a day on, in the order of rule W11; the first timeline entry is `date.min`."""

    from_: date
    regimens: tuple[Regimen, ...]


@dataclass(frozen=True, slots=True)
class Regimens:
    """All that one drug's doses are judged by. `only` is the single regimen where there is no choice to make."""

    timeline: tuple[InForce, ...]
    only: Regimen | None = field(init=False)

    def __post_init__(self) -> None:
        faults = list(_faults(self.timeline))
        if faults:
            raise ValueError("; ".join(faults))
        single = len(self.timeline) == 1 and len(self.timeline[0].regimens) == 1
        object.__setattr__(self, "only", self.timeline[0].regimens[0] if single else None)

    @classmethod
    def of(cls, *regimens: Regimen) -> Self:
        """Regimens allowed at once on every day, in the order of rule W11."""
        return cls((InForce(date.min, regimens),))

    def map(self, change: Callable[[Regimen], Regimen]) -> Self:
        """The same timeline with every regimen changed, as a site changes tolerances."""
        changed = {each.id: change(each) for each in self.every}
        return type(self)(
            tuple(InForce(entry.from_, tuple(changed[each.id] for each in entry.regimens)) for entry in self.timeline)
        )

    def on(self, day: date) -> tuple[Regimen, ...]:
        """The regimens in force on a day."""
        return self.timeline[bisect_right(self.timeline, day, key=_from) - 1].regimens

    @property
    def every(self) -> tuple[Regimen, ...]:
        """Every regimen once, in the order in which they came into force."""
        return tuple({each.id: each for entry in self.timeline for each in entry.regimens}.values())

    @property
    def drug(self) -> Drug:
        """The drug, which all regimens share."""
        return self.timeline[0].regimens[0].drug


def _from(entry: InForce) -> date:
    return entry.from_


def _faults(timeline: tuple[InForce, ...]) -> Iterator[str]:
    """Every invariant that a timeline breaks, in words."""
    every = [regimen for entry in timeline for regimen in entry.regimens]
    if not timeline or not all(entry.regimens for entry in timeline):
        yield "a timeline has at least one regimen on every day"
        return
    if timeline[0].from_ != date.min:
        yield f"no regimen is in force before {timeline[0].from_}"
    starts = [entry.from_ for entry in timeline]
    if starts != sorted(set(starts)):
        yield "the days from which regimens are in force must ascend"
    for entry in timeline:
        ids = [regimen.id for regimen in entry.regimens]
        if len(set(ids)) != len(ids):
            yield f"a regimen is named twice for one day: {', '.join(ids)}"
    drugs = sorted({regimen.drug.id for regimen in every})
    if len(drugs) > 1:
        yield f"regimens of several drugs cannot judge one history: {', '.join(drugs)}"
    if any(one.id == other.id and one != other for one in every for other in every if one is not other):
        yield "one id means one regimen on every day"
