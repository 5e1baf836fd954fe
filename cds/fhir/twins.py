"""Records that repeat the one before but for their date: read by comparing, which is quicker than reading again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo
from operator import itemgetter

from cds.dosing.facts import Administration
from cds.fhir.dates import read_date
from cds.fhir.plain import Resource
from cds.fhir.versions import OF_OTHERS

# What may differ between two records that say the same dose on different days. All else must be equal, known or not.
_MAY_DIFFER = frozenset({
    "id", "meta", "text", "identifier", "effectiveDateTime", "effectivePeriod", "context", "performer", "request",
    "supportingInformation", "note", "partOf", "eventHistory", "device",
})  # fmt: skip
_MEDICATION_ELSEWHERE = "medicationReference"


class Twins:
    """The last record of a history that was counted with an exact date, and what was made of it."""

    __slots__ = ("_fact", "_names", "_said", "_same", "_type_of_value")

    def __init__(self) -> None:
        self._fact: Administration | None = None
        self._names: list[str] = []
        self._same: Callable[[Resource], object] = len
        self._said: object = None
        self._type_of_value: type = type(None)

    def remember(self, record: object, fact: object) -> None:
        """Keep a record that others may repeat; one whose medication is elsewhere is not the same by its words, and one
        of another version has its date elsewhere."""
        if not isinstance(record, dict) or not isinstance(fact, Administration) or fact.notes:
            return
        if _MEDICATION_ELSEWHERE not in record and OF_OTHERS.isdisjoint(record):
            self._fact, self._names = fact, list(record)
            self._same = itemgetter(*[name for name in record if name not in _MAY_DIFFER])
            self._said = self._same(record)
            self._type_of_value = _type_of_value(record)

    def read(self, record: object, reference: str, zone: tzinfo) -> Administration | None:
        """The fact of a record that repeats the one before, with its own reference and date; None for any other."""
        fact = self._fact
        if fact is None or not isinstance(record, dict) or not self._repeated(record):
            return None
        said = record.get("effectiveDateTime")
        if said is None:
            period = record.get("effectivePeriod")
            said = period.get("start") if isinstance(period, dict) else None
        elif "effectivePeriod" in record:
            return None
        dated = read_date(said, zone) if isinstance(said, str) else None
        if dated is None or dated[1] is not None:
            return None
        return Administration(reference, dated[0], fact.amount, fact.stopped)

    def _repeated(self, record: Resource) -> bool:
        """Whether a record differs from the one before at most where a dose of another day may. One sender writes the
        names in one order; a record in another order is read in full."""
        name = record.get("id")
        try:
            same = list(record) == self._names and self._same(record) == self._said
        except RecursionError:
            return False
        return same and isinstance(name, str) and bool(name) and _type_of_value(record) is self._type_of_value


def _type_of_value(record: Resource) -> type:
    """The JSON type of the dose: to Python, true is equal to 1, so that dosages can be equal and not the same."""
    try:
        return type(record["dosage"]["dose"]["value"])
    except (KeyError, TypeError):
        return type(None)
