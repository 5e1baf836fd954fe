"""Records that repeat one before but for their date: read by comparing, which is quicker than reading again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo
from operator import itemgetter
from typing import NamedTuple

from cds.dosing.facts import Administration, DateRange
from cds.fhir.dates import read_date
from cds.fhir.plain import Resource
from cds.fhir.versions import OF_OTHERS

# What may differ between two records that say the same dose on different days. All else must be equal, known or not.
_MAY_DIFFER = frozenset({
    "id", "meta", "text", "identifier", "effectiveDateTime", "effectivePeriod", "context", "performer", "request",
    "supportingInformation", "note", "partOf", "eventHistory", "device",
})  # fmt: skip
_MEDICATION_ELSEWHERE = "medicationReference"
_MOST = 64
_MOST_ALIKE = 4
"""So many records with the same names are compared with one."""


class _Known(NamedTuple):
    """A record that was counted with an exact date: what of it must be the same, and what was made of it."""

    same: Callable[[Resource], object]
    said: object
    type_of_value: type
    fact: Administration


class Twins:
    """The records that were counted with an exact date, the last of each kind. `subjects`: what may differ too, where
    records of many patients are read and nobody asks whose they are."""

    __slots__ = ("_known", "_may_differ")

    def __init__(self, *, subjects: bool = False) -> None:
        self._may_differ = _MAY_DIFFER | {"subject"} if subjects else _MAY_DIFFER
        self._known: dict[tuple[str, ...], list[_Known]] = {}

    def remember(self, record: object, fact: object) -> None:
        """Keep a record that others may repeat; one whose medication is elsewhere is not the same by its words, and one
        of another version has its date elsewhere."""
        if not isinstance(record, dict) or not isinstance(fact, Administration) or fact.notes:
            return
        if _MEDICATION_ELSEWHERE not in record and OF_OTHERS.isdisjoint(record):
            same = itemgetter(*[name for name in record if name not in self._may_differ])
            if len(self._known) >= _MOST:
                self._known.clear()
            alike = self._known.setdefault(tuple(record), [])
            alike.insert(0, _Known(same, same(record), _type_of_value(record), fact))
            del alike[_MOST_ALIKE:]

    def read(self, record: object, reference: str, zone: tzinfo) -> Administration | None:
        """The fact of a record that repeats one before, with its own reference and date; None for any other."""
        found = self.day_of(record, zone) if isinstance(record, dict) else None
        return None if found is None else Administration(reference, found[0], found[1].amount, found[1].stopped)

    def day_of(self, record: Resource, zone: tzinfo) -> tuple[DateRange, Administration] | None:
        """The day of a record that repeats one before, and what was made of that one; None for any other."""
        fact = self._repeated(record)
        if fact is None:
            return None
        said = record.get("effectiveDateTime")
        if said is None:
            period = record.get("effectivePeriod")
            said = period.get("start") if isinstance(period, dict) else None
        elif "effectivePeriod" in record:
            return None
        dated = read_date(said, zone) if isinstance(said, str) else None
        return None if dated is None or dated[1] is not None else (dated[0], fact)

    def _repeated(self, record: Resource) -> Administration | None:
        """What was made of a record from which this one differs at most where a dose of another day may. One sender
        writes the names in one order; a record in another order is read in full."""
        alike = self._known.get(tuple(record))
        if alike is None:
            return None
        name = record.get("id")
        if not isinstance(name, str) or not name:
            return None
        for known in alike:
            try:
                same = known.same(record) == known.said
            except RecursionError:
                return None
            if same and _type_of_value(record) is known.type_of_value:
                return known.fact
        return None


def _type_of_value(record: Resource) -> type:
    """The JSON type of the dose: to Python, true is equal to 1, so that dosages can be equal and not the same."""
    try:
        return type(record["dosage"]["dose"]["value"])
    except (KeyError, TypeError):
        return type(None)
