"""From the text tables of a case to the facts that the engine takes."""

from __future__ import annotations

import calendar
from datetime import date
from decimal import Decimal

from cds.dosing.codes import Code
from cds.dosing.facts import (
    Administration,
    DateRange,
    NotGiven,
    Ordered,
    OtherTherapy,
    Outside,
    Proposal,
    Record,
    Unidentified,
    Unreadable,
)
from cds.dosing.findings import found
from cds.dosing.in_force import InForce, Regimens
from cds.regimens.library import Library
from tests.spec.case import COLUMNS, Case, Row, rows

RULE_OF_REASON = {
    Code.STATUS_UNKNOWN: "C2",
    Code.UNEXPECTED_ROUTE: "C4",
    Code.WRONG_PATIENT: "C9",
    Code.DATE_MISSING: "C3",
    Code.UNREADABLE_RECORD: "C1",
}


def given(name: str) -> str:
    """The reference of an administration."""
    return f"MedicationAdministration/{name}"


def ordered(name: str) -> str:
    """The reference of an order."""
    return f"MedicationRequest/{name}"


def records(case: Case) -> tuple[Record, ...]:
    """The history table as the reader of FHIR would hand it over."""
    return tuple(_record(row) for row in rows(case.history, COLUMNS["history"]))


def regimens(case: Case, library: Library) -> Regimens:
    """`eu-12mg`; `eu-12mg + eu-high-dose` at once; `eu-12mg-2017; 2020-10-01: eu-12mg` by date."""
    timeline = []
    for part in case.regimen.split(";"):
        day, colon, ids = part.strip().rpartition(":")
        chosen = tuple(library.get(each.strip()) for each in ids.split("+"))
        timeline.append(InForce(date.fromisoformat(day) if colon else date.min, chosen))
    return Regimens(tuple(timeline))


def proposals(case: Case) -> tuple[Proposal, ...]:
    """The proposed dates; a day of `-` is an order that does not say when."""
    return tuple(_proposal(row) for row in rows(case.proposals, COLUMNS["proposals"]))


def standing(case: Case) -> tuple[Ordered, ...]:
    """The days of other active orders."""
    found = rows(case.standing, COLUMNS["standing"])
    return tuple(Ordered(ordered(row["order"]), date.fromisoformat(row["day"])) for row in found)


def _record(row: Row) -> Record:
    reference, note = given(row["record"]), row["note"]
    if note == "elsewhere":
        return _elsewhere(f"MedicationStatement/{row['record']}", row["day"])
    when = days(row["day"])
    if note.startswith("other therapy"):
        how = note.removeprefix("other therapy").removeprefix(", ")
        return OtherTherapy(reference, "risdiplam", when, stopped=how == "stopped", goes_on=how == "goes on")
    if note == "not given":
        return NotGiven(reference)
    if note == "unidentified":
        return Unidentified(reference, "no code and no text", when)
    if note.startswith("unreadable: "):
        reason = Code(note.removeprefix("unreadable: "))
        return Unreadable(reference, reason, RULE_OF_REASON[reason], "element", "as the case says", when)
    if note not in ("", "stopped"):
        raise ValueError(f"{note!r} is no note of a history table")
    if when is None:
        raise ValueError(f"{row['record']}: a dose given needs a day; say 'unreadable: date-missing'")
    imprecise = (found(Code.DATE_IMPRECISE, "D2"),) if when.days > 1 else ()
    return Administration(reference, when, milligrams(row["amount"]), note == "stopped", imprecise)


def _elsewhere(reference: str, text: str) -> Outside:
    """`2025-01-01 to 2025-02-01`, `2025-01-01 to ...`, one day, or `-`."""
    first, _, last = text.partition(" to ")
    begin, end = (None if part in ("...", "-") else days(part) for part in (first, last or first))
    return Outside(reference, begin and begin.earliest, end and end.latest)


def _proposal(row: Row) -> Proposal:
    notes = (found(Code(row["note"]), "C4"),) if row["note"] else ()
    when = days(row["day"])
    return Proposal(ordered(row["order"]), when.earliest if when else None, _amounts(row["amount"]), notes)


def days(text: str) -> DateRange | None:
    """A day, a month, a year, or `-`."""
    if text == "-":
        return None
    year, month, day = (*(int(part) for part in text.split("-")), 0, 0)[:3]
    if day:
        return DateRange.on(date(year, month, day))
    if month:
        return DateRange(date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1]))
    return DateRange(date(year, 1, 1), date(year, 12, 31))


def _amounts(text: str) -> tuple[Decimal, ...]:
    """`12 mg and 28 mg`, one of them, or nothing."""
    return tuple([Decimal(each.removesuffix(" mg")) for each in text.split(" and ")]) if text else ()


def milligrams(text: str) -> Decimal | None:
    """`12 mg`, or nothing."""
    return Decimal(text.removesuffix(" mg")) if text else None
