"""Who has died and who replaces whom (rules F10, C9), as an export says: a row of each Patient, on disk, by patient."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, tzinfo
from pathlib import Path
from typing import IO, Any

import orjson

from cds.audit.spill import bucket
from cds.audit.units import aside
from cds.fhir.beside import PERSON, UNREADABLE, of_all_ids, told_of_death
from cds.fhir.patients import all_replaced, replaced_by
from cds.fhir.plain import Resource
from cds.fhir.references import newer, reference_of

HELD = 4 << 20
"""Bytes of rows that are held in memory before they are written."""


@dataclass(frozen=True, slots=True)
class Persons:
    """The rows that one task has written. `parts`: of each bucket, where in the file its rows stand, in their order:
    the first byte of each part, and how many there are. `replacing`: those of whom a row says that they replace
    others."""

    path: str
    parts: Mapping[int, tuple[tuple[int, int], ...]]
    replacing: tuple[str, ...] = ()


class PersonWriter:
    """Writes the rows of one task: of each Patient its reference, when it was last updated, what it tells of a death
    (see cds.fhir.beside.told_of_death), and the references that it replaces.

    Those of whom nothing is told have a row too: a later version of a Patient can take back what an earlier one says.
    """

    def __init__(self, path: Path, zone: tzinfo) -> None:
        self._path = path
        self._zone = zone
        self._rows: dict[int, bytearray] = defaultdict(bytearray)
        self._held = 0
        self._stack = ExitStack()
        self._file: IO[bytes] | None = None
        self._parts: dict[int, list[tuple[int, int]]] = defaultdict(list)
        self._replacing: list[str] = []

    def add(self, person: Resource) -> None:
        """Take note of a Patient; of one without an id nothing can be said."""
        patient = reference_of(person)
        if patient is None:
            return
        meta = person.get("meta")
        updated = meta.get("lastUpdated") if isinstance(meta, dict) else None
        replaced = replaced_by(person) if "link" in person else []
        if replaced:
            self._replacing.append(patient)
        told = told_of_death(person, self._zone)
        row = (patient, updated if isinstance(updated, str) else None, told, *replaced)
        rows = self._rows[bucket(patient)]
        before = len(rows)
        rows += orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE)
        self._held += len(rows) - before
        if self._held > HELD:
            self._flush()

    def written(self) -> Persons | None:
        """What was written, when all of it is on disk; None where that is nothing."""
        self._flush()
        self._stack.close()
        parts = {number: tuple(places) for number, places in sorted(self._parts.items())}
        return Persons(str(self._path), parts, tuple(self._replacing)) if parts else None

    def _flush(self) -> None:
        for number, rows in sorted(self._rows.items()):
            if self._file is None:
                self._file = self._stack.enter_context(self._stack.enter_context(aside(self._path)).open("wb"))
            self._parts[number].append((self._file.tell(), len(rows)))
            self._file.write(rows)
        self._rows.clear()
        self._held = 0


def died(
    every: Sequence[Persons], numbers: Iterable[int], patients: Collection[str], replaced: Mapping[str, str]
) -> dict[str, date | None]:
    """Those of some patients who have died, by which day, by the last versions of their Patients; None where it cannot
    be read. `every` are in the order of the input; `numbers` are the buckets of the patients; `replaced`: the ids that
    others have replaced, with those that stand for them now."""
    olds: dict[str, list[str]] = defaultdict(list)
    for old, new in replaced.items():
        if new in patients:
            olds[new].append(old)
    further = [old for each in olds.values() for old in each]
    wanted = {*patients, *further} if further else patients
    last: dict[str, Resource] = {}
    for patient, updated, told, *_ in _rows(every, {*numbers, *map(bucket, further)}):
        if patient in wanted:
            last[patient] = newer(last.get(patient), {"meta": {"lastUpdated": updated}, "told": told})
    found: dict[str, date | None] = {}
    for patient in last.keys() & patients | olds.keys():
        told_by = [last.get(each, {}).get("told") for each in (patient, *olds.get(patient, ()))]
        told = of_all_ids(told_by[0], told_by[1:])
        if told is not None and told >= UNREADABLE:
            found[patient] = None if told == UNREADABLE else date.fromordinal(told)
    return found


def replaced_ids(every: Sequence[Persons]) -> dict[str, str]:
    """Each replaced id and the one that stands for it now, by the last version of each Patient. `every` are in the
    order of the input."""
    replacing = {patient for persons in every for patient in persons.replacing}
    return all_replaced(
        {
            "resourceType": PERSON,
            "id": patient.partition("/")[2],
            "meta": {"lastUpdated": updated},
            "link": [{"type": "replaces", "other": {"reference": old}} for old in replaced],
        }
        for patient, updated, _, *replaced in _rows(every, set(map(bucket, replacing)))
        if patient in replacing
    )


def _rows(every: Iterable[Persons], numbers: Collection[int]) -> Iterator[list[Any]]:
    """The rows of some buckets, those of one patient in the order of the input."""
    for persons in every:
        parts = [place for number in sorted(numbers) for place in persons.parts.get(number, ())]
        if parts:
            with Path(persons.path).open("rb") as file:
                for start, size in parts:
                    file.seek(start)
                    yield from orjson.loads(b"[%b]" % file.read(size)[:-1].replace(b"\n", b","))
