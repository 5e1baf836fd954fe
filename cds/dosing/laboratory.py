"""Results of laboratory tests, and what they say of a test that a label asks for before a dose (rule 10)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from cds.dosing.facts import DateRange
from cds.dosing.monitoring import LabTest, Monitoring, Threshold


class PassedOver(StrEnum):
    """Why a record of a test does not count as its result."""

    NOT_FINAL = "not-final"
    NOT_QUANTITATIVE = "not-quantitative"
    UNREADABLE = "unreadable"


class NotCompared(StrEnum):
    """Why a value is not known in the unit of a threshold."""

    NO_CODE = "no-code"
    """Its unit is not said as a code of UCUM."""
    ANOTHER_MEASURE = "another-measure"
    """Its unit cannot be converted, as that of a ratio to one of a concentration."""
    NO_TABLE = "no-table"
    """No unit can be converted: the table of units is not installed."""


class Result(NamedTuple):
    """A result of the test of this name. `value`, `unit` and `comparator` (`<`, `<=`, `>=`, `>`) are as recorded.

    `measured` is the value in the unit of the test's threshold; None where it has none, or where the unit cannot be
    converted to it, as `why_not` then says.
    """

    reference: str
    test: str
    when: DateRange
    value: Decimal
    unit: str
    comparator: str = ""
    measured: Decimal | None = None
    why_not: NotCompared | None = None


class NoResult(NamedTuple):
    """A record that does not count as a result. `test` is empty where nobody can say of which test it is; `detail` is
    the status of one that is not final, or says what could not be read, without patient data."""

    reference: str
    test: str
    why: PassedOver
    detail: str
    when: DateRange | None = None


class Laboratory(NamedTuple):
    """What was read of the laboratory. `whole`: no record is missing. `days`: the window to look back that a site has
    chosen; None where it has chosen none."""

    results: tuple[Result, ...]
    no_results: tuple[NoResult, ...] = ()
    whole: bool = True
    days: int | None = None


class Standing(StrEnum):
    """Where a test stands before a dose."""

    DONE = "done"
    OLD = "old"
    MISSING = "missing"
    NOT_KNOWN = "not-known"
    """Something could not be read that may be its result."""


class Checked(NamedTuple):
    """One test. `latest` is its newest result up to the day asked about; `above` says whether that is above the
    threshold, None where there is none, or where it cannot be told. `beside` are records of the window that do not
    count."""

    test: LabTest
    standing: Standing
    latest: Result | None
    above: bool | None
    beside: tuple[NoResult, ...]


@dataclass(frozen=True, slots=True)
class Monitored:
    """The tests that the label asks for before the next dose. Results from `since` on count; None: of any day.
    `days` is the window that the site has chosen."""

    monitoring: Monitoring
    since: date | None
    days: int | None
    tests: tuple[Checked, ...]

    @property
    def due(self) -> bool:
        """Whether the result of a test is missing or old."""
        return any(checked.standing in (Standing.OLD, Standing.MISSING) for checked in self.tests)

    @property
    def told(self) -> bool:
        """Whether there is something to tell: a test that is not done, or a value to look at."""
        return any(
            checked.standing is not Standing.DONE or checked.above or looked_at(checked) for checked in self.tests
        )


def looked_at(checked: Checked) -> bool:
    """Whether a person has to compare the result with the threshold, since it cannot be told here."""
    return checked.standing is Standing.DONE and checked.test.threshold is not None and checked.above is None


def check(test: LabTest, laboratory: Laboratory, *, since: date | None, on: date) -> Checked:
    """Where a test stands on the day `on`, if results from `since` on count. An imprecise date counts by its first
    day: a result is in the window only if it is so for certain."""
    results = [each for each in laboratory.results if each.test == test.name and each.when.earliest <= on]
    beside = tuple(
        each
        for each in (*laboratory.no_results, *_to_come(test, laboratory, on))
        if each.test in (test.name, "") and (since is None or each.when is None or each.when.latest >= since)
    )
    known = [(each.when.earliest, _rank(above := _above(each, test.threshold)), each, above) for each in results]
    _, _, latest, above = max(known, key=lambda item: item[:2], default=(None, 0, None, None))
    return Checked(test, _standing(latest, beside, since, laboratory.whole), latest, above, beside)


def _to_come(test: LabTest, laboratory: Laboratory, on: date) -> tuple[NoResult, ...]:
    """Results that are dated after the day asked about."""
    return tuple(
        NoResult(each.reference, test.name, PassedOver.UNREADABLE, f"is dated {each.when.earliest}, after {on}")
        for each in laboratory.results
        if each.test == test.name and each.when.earliest > on
    )


def _standing(latest: Result | None, beside: tuple[NoResult, ...], since: date | None, whole: bool) -> Standing:
    if latest is not None and (since is None or latest.when.earliest >= since):
        return Standing.DONE
    if not whole or any(each.why is PassedOver.UNREADABLE for each in beside):
        return Standing.NOT_KNOWN
    return Standing.MISSING if latest is None else Standing.OLD


def _rank(above: bool | None) -> int:
    """Of several results of one day the one above the threshold counts, then one that can be compared."""
    return 2 if above else 0 if above is None else 1


def _above(result: Result, threshold: Threshold | None) -> bool | None:
    """Whether a result is above the threshold; `< 0.3` may be above 0.2 or not, and `>= 0.2` too."""
    if threshold is None or result.measured is None:
        return None
    measured, limit = result.measured, threshold.above
    match result.comparator:
        case "":
            return measured > limit
        case "<" | "<=":
            return False if measured <= limit else None
        case ">":
            return True if measured >= limit else None
        case _:
            return True if measured > limit else None
