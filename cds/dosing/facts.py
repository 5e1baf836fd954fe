"""What records say: administrations, and the records that are none, each with its reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from cds.dosing.codes import Code
from cds.dosing.findings import Finding


@dataclass(frozen=True, slots=True)
class DateRange:
    """The days on which something can have happened, both ends counted."""

    earliest: date
    latest: date

    def __post_init__(self) -> None:
        if self.latest < self.earliest:
            raise ValueError(f"a date range cannot end on {self.latest}, before it begins on {self.earliest}")

    @staticmethod
    @lru_cache(maxsize=8192)
    def on(day: date) -> DateRange:
        """The range of one day; kept, since nearly all dates on record are of a few thousand days."""
        return DateRange(day, day)

    @property
    def days(self) -> int:
        """How many days the range holds; 1 is an exact date."""
        return (self.latest - self.earliest).days + 1


@dataclass(frozen=True, slots=True)
class Administration:
    """One dose that a record says was given.

    `when` is the range as the record has it, not yet cut to the day asked about. `amount` is in mg, None if
    unknown (rule C5). `stopped`: the record's status is `stopped` (C2). `notes` are findings about the reading of
    the record itself: `date-imprecise`, `identified-by-text`, `route-unrecognised`.
    """

    reference: str
    when: DateRange
    amount: Decimal | None = None
    stopped: bool = False
    notes: tuple[Finding, ...] = ()

    def __post_init__(self) -> None:
        if not self.reference:
            raise ValueError("an administration needs the reference of its record")
        if self.amount is not None and not self.amount > 0:
            raise ValueError(f"{self.reference}: an amount is a positive number of mg, not {self.amount}")


@dataclass(frozen=True, slots=True)
class NotGiven:
    """A record of the drug that says it was not given (`not-done`, `on-hold`; rule C2)."""

    reference: str


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A record of the drug that cannot be counted.

    `reason` is the finding code; `rule` the rule that refused it; `element` the FHIR element and `detail` the words
    for people ("effectiveDateTime", "'2026-13' is no date"). `when` is the date range of the record where it has one:
    a record dated to a day or a month is a *possible dose* (C3).
    """

    reference: str
    reason: Code
    rule: str
    element: str
    detail: str
    when: DateRange | None = None


@dataclass(frozen=True, slots=True)
class Unidentified:
    """A record of which nobody can say whether it is the drug (rule C1); never "not nusinersen"."""

    reference: str
    detail: str
    when: DateRange | None = None


@dataclass(frozen=True, slots=True)
class Outside:
    """What a record says of doses that may have been given elsewhere, such as a MedicationStatement (rule C7).

    They can have been given from `earliest` to `latest`; None where the record does not say.
    """

    reference: str
    earliest: date | None = None
    latest: date | None = None


@dataclass(frozen=True, slots=True)
class OtherTherapy:
    """A record of another therapy of the same disease, given or ordered (rule C8). `when`: the days on which it can
    have begun, None if they are not known. `stopped`: the record says that it was stopped; `goes_on`: that it goes on
    from an earlier one, so that nothing begins with it."""

    reference: str
    therapy: str
    when: DateRange | None = None
    stopped: bool = False
    goes_on: bool = False


@dataclass(frozen=True, slots=True)
class Ended:
    """A marker of the site that says that the therapy has ended (rule F10): since `since`, and until `until`; None
    where it does not say."""

    reference: str
    since: date | None = None
    until: date | None = None


Record: TypeAlias = Administration | NotGiven | Unreadable | Unidentified | Outside | OtherTherapy | Ended


@dataclass(frozen=True, slots=True)
class Proposal:
    """A dose that somebody proposes: an order or an appointment on one date.

    `day` is None where nothing says when (rules P1, P2). `amounts` are all that it says, in mg, as far as they are
    known. `notes` are findings about the order itself, such as `unexpected-route`. `reference` names the order; an
    order with several dates gives several.
    """

    reference: str
    day: date | None
    amounts: tuple[Decimal, ...] = ()
    notes: tuple[Finding, ...] = ()


class Ordered(NamedTuple):
    """A day on which another active order for the drug asks for a dose (rule P3). `reference` names the order."""

    reference: str
    day: date
