"""Section 3: which records count, and as what."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from cds.dosing.facts import (
    Administration,
    NotGiven,
    OtherTherapy,
    Outside,
    Record,
    Unidentified,
    Unreadable,
)
from cds.dosing.regimen import Regimen
from tests.properties.reference.days import days_of
from tests.properties.reference.words import Said, noted, say

WIDEST_USABLE = 31


@dataclass
class Dose:
    """One dose: given (perhaps by several records) or proposed. The walk fills in what it finds: `step`,
    `regimen`, `said`, and what is `prescribed` in the place of what the step does (W11)."""

    references: list[str]
    earliest: date
    day: date
    amounts: list[Decimal] = field(default_factory=list)
    partial: bool = False
    said: list[Said] = field(default_factory=list)
    proposed: bool = False
    step: str = ""
    interval_days: int | None = None
    regimen: Regimen | None = None
    prescribed: Decimal | None = None

    @property
    def days(self) -> list[date]:
        return days_of(self.earliest, self.day)


@dataclass
class Refused:
    """An unreadable record; `days` are empty unless it is dated to a day or a month, up to `on` (C3)."""

    reference: str
    reason: str
    rule: str
    days: list[date]
    after_on: bool

    @property
    def of_this_patient(self) -> bool:
        return self.reason != "wrong-patient"

    @property
    def possible_dose(self) -> bool:
        """C3: unreadable, of this patient, dated to a day or a month, up to `on`."""
        return self.of_this_patient and self.days != []


@dataclass
class Sorted:
    """Every record in its place."""

    doses: list[Dose]
    not_given: list[str]
    refused: list[Refused]
    unidentified: list[str]
    elsewhere: list[Outside] = field(default_factory=list)
    therapies: list[OtherTherapy] = field(default_factory=list)


def sort_records(records: Iterable[Record], on: date) -> Sorted:
    """C2, C3, D2: not given, unreadable, unidentified, or counted; C7, C8: of elsewhere, of another therapy."""
    counted: list[Administration] = []
    result = Sorted([], [], [], [])
    for record in once(records):
        match record:
            case NotGiven():
                result.not_given.append(record.reference)
            case Unidentified():
                result.unidentified.append(record.reference)
            case Unreadable():
                result.refused.append(refused(record, on))
            case Outside():
                result.elsewhere.append(record)
            case OtherTherapy():
                result.therapies.append(record)
            case Administration():
                reason = why_not_counted(record, on)
                if reason is None:
                    counted.append(record)
                else:
                    code, rule = reason
                    after_on = code == "date-in-future"
                    result.refused.append(Refused(record.reference, code, rule, [], after_on))
    result.doses = merge_same_day(counted, on)
    result.refused.sort(key=lambda one: one.reference)
    return result


def once(records: Iterable[Record]) -> list[Record]:
    """The same record twice is one record."""
    result: list[Record] = []
    for record in records:
        if record not in result:
            result.append(record)
    return result


def why_not_counted(record: Administration, on: date) -> tuple[str, str] | None:
    """C3 comes before D2: dated wholly after `on`; then a range too wide to schedule by."""
    if record.when.earliest > on:
        return "date-in-future", "C3"
    if len(days_of(record.when.earliest, record.when.latest)) > WIDEST_USABLE:
        return "date-unusable", "D2"
    return None


def refused(record: Unreadable, on: date) -> Refused:
    """C3: dated to a day or a month makes it a possible dose; up to `on`; a wider range says nothing."""
    days: list[date] = []
    after_on = False
    if record.when is not None:
        after_on = record.when.earliest > on
        days = days_of(record.when.earliest, record.when.latest)
        days = [] if len(days) > WIDEST_USABLE else [day for day in days if day <= on]
    return Refused(record.reference, str(record.reason), record.rule, days, after_on)


def merge_same_day(records: list[Administration], on: date) -> list[Dose]:
    """C6: records of one calendar day, each dated to that one day by the record itself, are one dose."""
    groups: list[list[Administration]] = []
    for record in sorted(records, key=lambda one: one.reference):
        for group in groups:
            if to_one_day(record) and to_one_day(group[0]) and record.when.latest == group[0].when.latest:
                group.append(record)
                break
        else:
            groups.append([record])
    return [dose_of(group, on) for group in groups]


def to_one_day(record: Administration) -> bool:
    return record.when.earliest == record.when.latest


def dose_of(group: list[Administration], on: date) -> Dose:
    amounts = [record.amount for record in group if record.amount is not None]
    said = [note for record in group for note in noted(record.notes)]
    if not all(to_one_day(record) for record in group):
        said.append(say("date-imprecise", "D2"))
    if len(group) > 1:
        differ = any(amount != amounts[0] for amount in amounts)
        said.append(say("conflicting-records", "C6") if differ else say("duplicate-record", "C6"))
    partial = all(record.stopped for record in group)
    if partial:
        said.append(say("partial-dose", "C2"))
    return Dose(
        references=sorted(record.reference for record in group),
        earliest=group[0].when.earliest,
        day=min(group[0].when.latest, on),  # D2: a range that reaches past `on` ends on `on`
        amounts=amounts,
        partial=partial,
        said=said,
    )
