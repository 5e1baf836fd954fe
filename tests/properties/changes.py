"""Small changes of a question, for laws that compare two answers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from cds.dosing.facts import Administration, DateRange, Proposal, Record, Unreadable
from tests.properties.strategies import Case

ADDED = "MedicationAdministration/z-added"


def settled(case: Case) -> Case:
    """The same question without records of doses that the day asked about cuts or hides.

    A later day then changes nothing about what was given.
    """
    records = [one for one in case.records if not isinstance(one, Administration) or one.when.latest <= case.on]
    return replace(case, records=tuple(records))


def all_read(case: Case) -> Case:
    """The same question, with nothing unreadable in it."""
    return replace(case, records=tuple(one for one in case.records if readable(one, case.on)), whole=True)


def readable(record: Record, on: date) -> bool:
    if isinstance(record, Administration):
        return record.when.days <= 31 and record.when.earliest <= on
    return not isinstance(record, Unreadable)


def given_too(case: Case, day: date, reference: str = ADDED) -> Case:
    """One more dose, on that day; the day asked about is that day or later."""
    record = Administration(reference, DateRange.on(day))
    return replace(case, records=(*case.records, record), on=max(case.on, day))


def asked_on(case: Case, day: date) -> Case:
    return replace(case, on=day, proposals=())


def proposed(case: Case, day: date) -> Case:
    return replace(case, proposals=(Proposal("MedicationRequest/added", day),))


def codes(findings: Iterable[dict[str, Any]], *severities: str) -> set[str]:
    return {one["code"] for one in findings if not severities or one["severity"] in severities}


def evaluation_of(answer: dict[str, Any], reference: str = ADDED) -> dict[str, Any]:
    found: list[dict[str, Any]] = [one for one in answer["evaluations"] if reference in one["administrations"]]
    assert len(found) == 1
    return found[0]


def day_of(value: str, more: int = 0) -> date:
    return date.fromisoformat(value) + timedelta(days=more)


def lean(value: Any) -> Any:
    """The answer with only code, severity and rule of each finding: section 8 leaves other keys of it free."""
    if isinstance(value, list):
        return [lean(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "code" in value:
        return {key: value[key] for key in ("code", "severity", "rule")}
    return {key: lean(item) for key, item in value.items()}
