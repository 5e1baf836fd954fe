"""A Regimen: what a label prescribes. Data with invariants, never code."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Self

from cds.dosing.calendar import Period
from cds.dosing.drug import Drug
from cds.dosing.monitoring import NOT_STATED, Monitoring

_FIVE_PERCENT = 20
"""An amount is unexpected from more than one part in this many off what the step prescribes (C5)."""


@dataclass(frozen=True, slots=True)
class LoadingStep:
    """One loading dose: its amount in mg, and the interval from the dose before it (none for the first)."""

    amount: Decimal
    interval: Period | None


@dataclass(frozen=True, slots=True)
class CatchUpRow:
    """A row of the table for a delayed maintenance dose: from so long after the last dose, so many extra doses.

    `extra_doses` is None where the whole loading is given again.
    """

    from_: Period
    extra_doses: int | None


@dataclass(frozen=True, slots=True)
class CatchUp:
    """The label's table for a delayed maintenance dose (rules.md 1.1).

    `interval` lies between the extra doses; `limit` is how late an extra dose may still be one (W8); `loading_limit`
    how late a loading dose may be (W5); `near_boundary_days` how near a boundary both actions are shown (F8).
    """

    rows: tuple[CatchUpRow, ...]
    interval: Period
    limit: Period
    loading_limit: Period
    near_boundary_days: int


@dataclass(frozen=True, slots=True)
class Source:
    """Where a regimen's facts come from: the document, its date, and the section."""

    title: str
    date: str
    section: str
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Tolerance:
    """Days each way within which a dose is on time; words and severity depend on it, dates never do."""

    loading: int
    maintenance: int


@dataclass(frozen=True, slots=True)
class Switch:
    """A change to this regimen that its label describes (W11): of a regimen whose maintenance dose is `from_amount` mg
    the next maintenance dose is replaced by one of `amount` mg, less than `within` after the last dose."""

    from_amount: Decimal
    amount: Decimal
    within: Period


@dataclass(frozen=True, slots=True)
class Regimen:
    """One label text. `catch_up` None means that after a delay the prescribed intervals go on from the last dose (W9);
    `refers`, that for a delay there is no rule, and a clinician decides (W10). `undocumented_loading` is W4's limit,
    None where the rule does not apply. `switches` are the changes to this regimen that are followed (W11),
    `monitoring` the tests before a dose (10)."""

    id: str
    version: str
    digest: str
    title: str
    authority: str
    verified: str
    drug: Drug
    sources: tuple[Source, ...]
    loading: tuple[LoadingStep, ...]
    maintenance_amount: Decimal
    maintenance_interval: Period
    minimum_interval: Period
    catch_up: CatchUp | None
    undocumented_loading: Period | None
    tolerance: Tolerance
    statements: tuple[tuple[str, str], ...]
    notes: tuple[str, ...] = ()
    tolerance_source: str = ""
    refers: bool = False
    switches: tuple[Switch, ...] = ()
    monitoring: Monitoring = NOT_STATED

    def __post_init__(self) -> None:
        faults = list(_faults(self))
        if faults:
            raise ValueError("; ".join(faults))

    def amount(self, step: str) -> Decimal:
        """The mg that a step prescribes; an extra dose of the catch-up is a maintenance dose."""
        if step.startswith("loading-"):
            return self.loading[int(step[len("loading-") :]) - 1].amount
        return self.maintenance_amount

    @property
    def unverified(self) -> str | None:
        """What is missing for the file to be verified; None where it is."""
        return None if self.verified == "yes" else self.verified

    def prescribes(self, amounts: Iterable[Decimal]) -> bool:
        """Whether each of these mg is that of one of the steps, or near it (C5)."""
        return all(any(not unexpected(amount, each) for each in self.amounts) for amount in amounts)

    @property
    def amounts(self) -> frozenset[Decimal]:
        """The mg of all steps, each once."""
        return frozenset((*(step.amount for step in self.loading), self.maintenance_amount))

    def with_tolerance(self, *, loading: int | None = None, maintenance: int | None = None) -> Self:
        """The same regimen with the tolerances of a site, in days."""
        chosen = Tolerance(
            self.tolerance.loading if loading is None else loading,
            self.tolerance.maintenance if maintenance is None else maintenance,
        )
        return replace(self, tolerance=chosen)


def unexpected(amount: Decimal, prescribed: Decimal) -> bool:
    """Whether an amount is more than 5 % off what is prescribed, both in mg (C5)."""
    return amount != prescribed and abs(amount - prescribed) * _FIVE_PERCENT > prescribed


def _faults(regimen: Regimen) -> list[str]:
    """Every invariant that the regimen breaks, in words; the walk relies on each of them."""
    faults: list[str] = []

    def rule(holds: bool, message: str) -> None:
        if not holds:
            faults.append(f"regimen {regimen.id}: {message}")

    intervals = [step.interval for step in regimen.loading[1:]]
    rule(bool(regimen.loading), "there is no loading step")
    rule(not regimen.loading or regimen.loading[0].interval is None, "loading-1 has no dose before it: no interval")
    rule(all(interval is not None for interval in intervals), "each loading step after the first needs an interval")
    rule(regimen.minimum_interval.days > 0, "the minimum interval is a number of days")
    prescribed = [interval for interval in intervals if interval is not None] + [regimen.maintenance_interval]
    least = regimen.minimum_interval.days
    rule(
        all(interval.shortest_days >= least for interval in prescribed),
        f"a prescribed interval is shorter than the minimum interval of {least} days",
    )
    rule(
        all(step.amount > 0 for step in regimen.loading) and regimen.maintenance_amount > 0,
        "amounts are positive numbers of mg",
    )
    shortest_loading = min((i.shortest_days for i in intervals if i is not None), default=10_000)
    rule(
        0 <= regimen.tolerance.loading < shortest_loading,
        f"the loading tolerance of {regimen.tolerance.loading} days is not below the shortest loading interval",
    )
    rule(
        0 <= regimen.tolerance.maintenance < regimen.maintenance_interval.shortest_days,
        f"the maintenance tolerance of {regimen.tolerance.maintenance} days is not below the maintenance interval",
    )
    rule(not regimen.refers or regimen.catch_up is None, "a regimen without a rule for delays cannot have their table")
    sources = [switch.from_amount for switch in regimen.switches]
    rule(len(set(sources)) == len(sources), "two switches leave the same maintenance dose")
    rule(regimen.maintenance_amount not in sources, "a switch leaves another maintenance dose than its own")
    if regimen.catch_up is not None:
        for message in _catch_up_faults(regimen.catch_up, regimen):
            rule(False, message)
    return faults


def _catch_up_faults(table: CatchUp, regimen: Regimen) -> list[str]:
    starts = [row.from_.shortest_days for row in table.rows]
    faults = []
    if not table.rows:
        faults.append("the catch-up table has no row")
    if starts != sorted(set(starts)):
        faults.append("the rows of the catch-up table must ascend")
    if any(row.extra_doses is not None and row.extra_doses < 1 for row in table.rows):
        faults.append("a row of the catch-up table gives at least one extra dose, or the whole loading again")
    if any(row.extra_doses is None for row in table.rows[:-1]):
        faults.append("only the last row of the catch-up table can be the whole loading again")
    # A dose within tolerance after the interval must stay below the table, or two rows of W7 would claim it.
    longest_on_time = regimen.maintenance_interval.days or 31 * regimen.maintenance_interval.months
    if starts and longest_on_time + regimen.tolerance.maintenance >= starts[0]:
        faults.append("the maintenance interval with its tolerance reaches into the catch-up table")
    if table.interval.shortest_days < regimen.minimum_interval.days:
        faults.append("the interval of the extra doses is shorter than the minimum interval")
    if table.limit.shortest_days < table.interval.shortest_days:
        faults.append("the limit for an extra dose is shorter than its interval")
    if not 0 <= table.near_boundary_days < regimen.minimum_interval.days:
        faults.append("near-boundary days must be below the minimum interval")
    return faults
