"""From records to doses: what counts on the day asked about, what does not, and what may be a dose."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from cds.dosing.codes import Code
from cds.dosing.facts import (
    Administration,
    DateRange,
    Ended,
    NotGiven,
    OtherTherapy,
    Outside,
    Record,
    Unidentified,
    Unreadable,
)
from cds.dosing.findings import Finding, found

WIDEST_DAYS = 31
"""A range of more days than the longest month is too wide to schedule by (D2)."""

_IMPRECISE = found(Code.DATE_IMPRECISE, "D2")


class Dose(NamedTuple):
    """One dose given: the records that tell of it, its days cut to the day asked about, its known amounts in mg."""

    references: tuple[str, ...]
    when: DateRange
    amounts: tuple[Decimal, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class History:
    """All records of one patient, each in one place. `doses` are in the order in which they are walked.
    `complete_since`: a day before which a dose may be missing from the records (F1)."""

    doses: tuple[Dose, ...]
    not_given: tuple[NotGiven, ...]
    unreadable: tuple[Unreadable, ...]
    unidentified: tuple[Unidentified, ...]
    whole: bool
    complete_since: date | None = None
    outside: tuple[Outside, ...] = ()
    other_therapies: tuple[OtherTherapy, ...] = ()
    ended: tuple[Ended, ...] = ()


def sort_out(records: Iterable[Record], *, on: date, whole: bool, complete_since: date | None = None) -> History:
    """Put each record where it belongs on the day `on`; the same fact met twice counts once."""
    counted: list[Administration] = []
    not_given: list[NotGiven] = []
    unreadable: list[Unreadable] = []
    unidentified: list[Unidentified] = []
    outside: list[Outside] = []
    other_therapies: list[OtherTherapy] = []
    ended: list[Ended] = []
    for record in _once_each(records):
        if isinstance(record, Administration):
            refused = _refused(record, on)
            if refused is None:
                counted.append(record)
            else:
                unreadable.append(refused)
        elif isinstance(record, NotGiven):
            not_given.append(record)
        elif isinstance(record, Unreadable):
            unreadable.append(record)
        elif isinstance(record, Unidentified):
            unidentified.append(record)
        elif isinstance(record, Outside):
            outside.append(record)
        elif isinstance(record, Ended):
            ended.append(record)
        else:
            other_therapies.append(record)
    return History(
        _doses(counted, on),
        tuple(sorted(not_given, key=_reference)),
        tuple(sorted(unreadable, key=_reference)),
        tuple(sorted(unidentified, key=_reference)),
        whole,
        complete_since,
        tuple(sorted(outside, key=_reference)),
        tuple(sorted(other_therapies, key=_reference)),
        tuple(sorted(ended, key=_reference)),
    )


def _once_each(records: Iterable[Record]) -> list[Record]:
    """The records without those that say the same fact again."""
    every = list(records)
    if len({record.reference for record in every}) == len(every):
        return every
    return list(dict.fromkeys(every))


def cut(when: DateRange, on: date) -> DateRange:
    """The part of a range that lies up to `on` (D2); the range must not begin after it."""
    return when if when.latest <= on else DateRange(when.earliest, on)


def possible_doses(history: History, on: date) -> tuple[tuple[Unreadable, DateRange], ...]:
    """The unreadable records of this patient's drug that are dated to a day or a month up to `on` (C3)."""
    return tuple(
        (record, cut(record.when, on))
        for record in history.unreadable
        if record.reason is not Code.WRONG_PATIENT
        and record.when is not None
        and record.when.days <= WIDEST_DAYS
        and record.when.earliest <= on
    )


def undated(history: History, on: date) -> tuple[Unreadable, ...]:
    """The unreadable records of this patient's drug that have no day or month to them, so can lie anywhere (F1)."""
    return tuple(
        record
        for record in history.unreadable
        if record.reason is not Code.WRONG_PATIENT
        and (record.when is None or (record.when.days > WIDEST_DAYS and record.when.earliest <= on))
    )


def told_outside(history: History, on: date, after: date | None) -> tuple[Outside, ...]:
    """The records of doses elsewhere that may tell of one after a day, up to `on` (C7); of any, where it is None."""
    return tuple(
        record
        for record in history.outside
        if (record.earliest is None or record.earliest <= on)
        and (after is None or record.latest is None or record.latest > after)
    )


def begun_after(history: History, last: date, on: date) -> bool:
    """Whether another therapy has begun after a day for certain, and up to `on`, and was not stopped (F10).

    One that has a record of before, or of a day that is not known, may have begun then and go on, unless it was
    stopped.
    """
    therapies: dict[str, list[OtherTherapy]] = {}
    for record in history.other_therapies:
        if not (record.stopped and record.when is not None and record.when.latest <= last):
            therapies.setdefault(record.therapy, []).append(record)
    return any(_has_begun(records, last, on) for records in therapies.values())


def marked_as_ended(history: History, last: date | None, on: date) -> bool:
    """Whether the site has marked the therapy as ended, and no dose was given since, nor can have been by a record that
    cannot be counted (F10). A marker without a date holds whatever was given."""
    holding = [record for record in history.ended if record.until is None or on <= record.until]
    if not holding:
        return False
    days = [when.earliest for _, when in possible_doses(history, on)]
    given = max(days if last is None else [*days, last], default=date.min)
    return any(record.since is None or given <= record.since <= on for record in holding)


def _has_begun(records: list[OtherTherapy], last: date, on: date) -> bool:
    begins = [record.when for record in records if not record.goes_on]
    known = [when.earliest for when in begins if when is not None]
    taken = any(not record.stopped and record.when is not None and record.when.earliest <= on for record in records)
    return taken and len(known) == len(begins) and last < min(known, default=last) <= on


def _reference(record: NotGiven | Unreadable | Unidentified | Outside | OtherTherapy | Ended) -> str:
    return record.reference


def _refused(record: Administration, on: date) -> Unreadable | None:
    """Why an administration cannot be counted on the day `on`: C3 before D2."""
    when = record.when
    if when.earliest > on:
        detail = f"the record is dated {when.earliest}, after {on}"
        return Unreadable(record.reference, Code.DATE_IN_FUTURE, "C3", "effective[x]", detail, when)
    if when.latest != when.earliest and when.days > WIDEST_DAYS:
        detail = f"the record can be of any day from {when.earliest} to {when.latest}: too wide to schedule by"
        return Unreadable(record.reference, Code.DATE_UNUSABLE, "D2", "effective[x]", detail, when)
    return None


def _doses(counted: list[Administration], on: date) -> tuple[Dose, ...]:
    """Records of one exact day are one dose (C6); all others are a dose each."""
    by_day: dict[date, list[Administration]] = {}
    doses: list[Dose] = []
    for record in counted:
        when = record.when
        if when.earliest == when.latest:
            by_day.setdefault(when.latest, []).append(record)
        else:
            doses.append(_single(record, cut(when, on), (_IMPRECISE,)))
    doses += [_single(group[0], group[0].when) if len(group) == 1 else _merged(group) for group in by_day.values()]
    doses.sort(key=lambda dose: (dose.when.latest, dose.when.earliest, dose.references[0]))
    return tuple(doses)


def _merged(group: list[Administration]) -> Dose:
    """Several records of one day as one dose (C6)."""
    group.sort(key=lambda record: record.reference)
    references = tuple([record.reference for record in group])
    amounts = tuple([record.amount for record in group if record.amount is not None])
    findings = [note for record in group for note in record.notes]
    code = Code.CONFLICTING_RECORDS if len(set(amounts)) > 1 else Code.DUPLICATE_RECORD
    findings.append(found(code, "C6", evidence=references))
    if all(record.stopped for record in group):
        findings.append(found(Code.PARTIAL_DOSE, "C2", evidence=references))
    return Dose(references, group[0].when, amounts, tuple(findings))


def _single(record: Administration, when: DateRange, also: tuple[Finding, ...] = ()) -> Dose:
    references = (record.reference,)
    amounts = () if record.amount is None else (record.amount,)
    if record.stopped:
        also = (*also, found(Code.PARTIAL_DOSE, "C2", evidence=references))
    return Dose(references, when, amounts, record.notes + also)
