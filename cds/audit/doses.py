"""Plain doses: administrations that are read when they are met, and kept as what they say in place of their record.

Plain is a record with an id and a patient that tells its drug by itself, and was counted with an exact date and without
any note. All others are kept as they are, and read when everything is known that they may refer to.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, tzinfo
from decimal import Decimal
from functools import lru_cache
from itertools import repeat
from typing import Any, NamedTuple

import orjson

from cds.dosing.drug import Drug
from cds.dosing.facts import Administration, DateRange
from cds.fhir.plain import Malformed, Resource
from cds.fhir.read import RESOURCE, read_administration
from cds.fhir.references import subject_of
from cds.fhir.twins import Twins
from cds.fhir.versions import OF_OTHERS

_PLAIN_PATIENT = re.compile(r"Patient/[A-Za-z0-9\-.]+")
_ELSEWHERE = OF_OTHERS | {"medicationReference", "contained"}
"""Elements of a record that may not tell its drug by itself."""


class Dose(NamedTuple):
    """A plain dose. `line` and `offset` place it within its task (see spill.Kept); `patient` is `Patient/x`; `name` is
    the id of the record, `updated` when it was last updated, as it says; `day` is a number (date.toordinal); `amount`
    is in mg, as text, so that no digit of it is lost."""

    line: int
    offset: int
    patient: str
    name: str
    updated: str | None
    day: int
    amount: str | None
    stopped: bool

    @property
    def resource(self) -> dict[str, Any]:
        """What of the record tells its version."""
        return {"resourceType": RESOURCE, "id": self.name, "meta": {"lastUpdated": self.updated}}


class Doses:
    """Reads plain doses of one drug, as days of one time zone."""

    def __init__(self, drug: Drug, zone: tzinfo) -> None:
        self._drug = drug
        self._zone = zone
        self._twins = Twins(subjects=True)

    def repeated(self, resource: Resource, line: int, offset: int) -> Dose | None:
        """The dose of a record that says, but for the day and the patient, what one before has said; None for any
        other."""
        found = self._twins.day_of(resource, self._zone)
        return None if found is None else _dose(resource, line, offset, *found)

    def read(self, resource: Resource, line: int, offset: int) -> Dose | None:
        """The dose of a record; None for one that is not plain."""
        known = self.repeated(resource, line, offset)
        if known is not None:
            return known
        if not _ELSEWHERE.isdisjoint(resource):
            return None
        fact = read_administration(resource, drug=self._drug, zone=self._zone, patient=None, resolve=nowhere)
        if not isinstance(fact, Administration) or fact.notes or fact.when.earliest != fact.when.latest:
            return None
        self._twins.remember(resource, fact)
        return _dose(resource, line, offset, fact.when, fact)


def _dose(resource: Resource, line: int, offset: int, when: DateRange, fact: Administration) -> Dose | None:
    name, meta, patient = resource.get("id"), resource.get("meta"), patient_of(resource)
    updated = meta.get("lastUpdated") if isinstance(meta, dict) else None
    if patient is None or not isinstance(name, str) or not name or not (updated is None or isinstance(updated, str)):
        return None
    if not (name.isprintable() and patient.isprintable() and (updated is None or updated.isprintable())):
        # half of a surrogate pair, which the slow parser lets pass, cannot be written
        return None
    amount = None if fact.amount is None else str(fact.amount)
    return Dose(line, offset, patient, name, updated, when.latest.toordinal(), amount, fact.stopped)


def written(dose: Dose) -> bytes:
    """A dose as a line."""
    return orjson.dumps(tuple(dose), option=orjson.OPT_APPEND_NEWLINE)


def doses_in(content: bytes) -> Iterator[Dose]:
    """The doses of lines that were written one after the other."""
    rows = orjson.loads(b"[%b]" % content[:-1].replace(b"\n", b",")) if content else ()
    # without a call of Python for each: this is done for every dose there is
    return map(tuple.__new__, repeat(Dose), rows)


def fact_of(dose: Dose) -> Administration:
    """What a dose says, as the rules take it."""
    amount = None if dose.amount is None else _decimal(dose.amount)
    return Administration(f"{RESOURCE}/{dose.name}", _day(dose.day), amount, dose.stopped)


@lru_cache(maxsize=1024)
def _decimal(text: str) -> Decimal:
    return Decimal(text)


@lru_cache(maxsize=16384)
def _day(number: int) -> DateRange:
    return DateRange.on(date.fromordinal(number))


def patient_of(resource: Resource) -> str | None:
    """Whose record it is, as `Patient/x`; None where it does not say, or not so that it can be read."""
    subject = resource.get("subject")
    said = subject.get("reference") if isinstance(subject, dict) else None
    if isinstance(said, str) and _PLAIN_PATIENT.fullmatch(said):
        # nearly all of them; the general reading agrees, and is slower
        return said
    try:
        whose = subject_of(resource, nowhere)
    except Malformed:
        return None
    return whose if whose is not None and whose.startswith("Patient/") else None


def nowhere(_reference: str, _resource: Resource) -> None:
    """Finds nothing that a record refers to."""
