"""Records that repeat the one before but for their date: read by comparing, which is quicker than reading again."""

from __future__ import annotations

from datetime import tzinfo

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

    __slots__ = ("_fact", "_record")

    def __init__(self) -> None:
        self._record: Resource = {}
        self._fact: Administration | None = None

    def remember(self, record: object, fact: object) -> None:
        """Keep a record that others may repeat; one whose medication is elsewhere is not the same by its words, and one
        of another version has its date elsewhere."""
        if not isinstance(record, dict) or not isinstance(fact, Administration) or fact.notes:
            return
        if _MEDICATION_ELSEWHERE not in record and OF_OTHERS.isdisjoint(record):
            self._record, self._fact = record, fact

    def read(self, record: object, reference: str, zone: tzinfo) -> Administration | None:
        """The fact of a record that repeats the one before, with its own reference and date; None for any other."""
        fact = self._fact
        if fact is None or not isinstance(record, dict) or not _repeats(record, self._record):
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


def _repeats(record: Resource, before: Resource) -> bool:
    """Whether two records differ at most where a dose of another day may."""
    if record.keys() != before.keys() or not isinstance(record.get("id"), str) or not record["id"]:
        return False
    try:
        for name, value in record.items():
            if name not in _MAY_DIFFER and value != before[name]:
                return False
    except RecursionError:
        return False
    return _same_number(record, before)


def _same_number(record: Resource, before: Resource) -> bool:
    """Whether the doses of two equal dosages are of one JSON type: to Python, true is equal to 1."""
    try:
        return type(record["dosage"]["dose"]["value"]) is type(before["dosage"]["dose"]["value"])
    except (KeyError, TypeError):
        return True
