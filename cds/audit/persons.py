"""Who has died, as the Patients of an export say: a short row for each, on disk, apart by patient (rule F10)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, tzinfo
from pathlib import Path
from typing import IO

import orjson

from cds.audit.spill import bucket
from cds.audit.units import aside
from cds.fhir.beside import day_of_death, tells_of_death_unreadably
from cds.fhir.plain import Resource
from cds.fhir.references import newer, reference_of

HELD = 4 << 20
"""Bytes of rows that are held in memory before they are written."""
UNREADABLE = 0
"""In the place of a day of death that cannot be read; no day has this number."""


@dataclass(frozen=True, slots=True)
class Persons:
    """The rows that one task has written. `parts`: of each bucket, where in the file its rows stand, in their order:
    the first byte of each part, and how many there are."""

    path: str
    parts: Mapping[int, tuple[tuple[int, int], ...]]


class PersonWriter:
    """Writes the rows of one task: of each Patient its reference, when it was last updated, and the day of death, which
    is UNREADABLE where the Patient tells of a death and does not say it so that it can be read.

    Those who live have a row too: a later version of a Patient can take back that somebody has died.
    """

    def __init__(self, path: Path, zone: tzinfo) -> None:
        self._path = path
        self._zone = zone
        self._rows: dict[int, bytearray] = defaultdict(bytearray)
        self._held = 0
        self._stack = ExitStack()
        self._file: IO[bytes] | None = None
        self._parts: dict[int, list[tuple[int, int]]] = defaultdict(list)

    def add(self, person: Resource) -> None:
        """Take note of a Patient; of one without an id nothing can be said."""
        patient = reference_of(person)
        if patient is None:
            return
        meta = person.get("meta")
        updated = meta.get("lastUpdated") if isinstance(meta, dict) else None
        died = day_of_death(person, self._zone)
        unreadable = UNREADABLE if died is None and tells_of_death_unreadably(person, self._zone) else None
        day = unreadable if died is None else died.toordinal()
        row = (patient, updated if isinstance(updated, str) else None, day)
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
        return Persons(str(self._path), parts) if parts else None

    def _flush(self) -> None:
        for number, rows in sorted(self._rows.items()):
            if self._file is None:
                self._file = self._stack.enter_context(self._stack.enter_context(aside(self._path)).open("wb"))
            self._parts[number].append((self._file.tell(), len(rows)))
            self._file.write(rows)
        self._rows.clear()
        self._held = 0


def died(every: Iterable[Persons], numbers: Iterable[int], patients: Collection[str]) -> dict[str, date | None]:
    """Those of some patients who have died, by which day, by the last version of each Patient; None where it cannot be
    read. `every` are in the order of the input; `numbers` are the buckets of the patients."""
    wanted = sorted(numbers)
    last: dict[str, Resource] = {}
    for persons in every:
        with Path(persons.path).open("rb") as file:
            for number in wanted:
                for start, size in persons.parts.get(number, ()):
                    file.seek(start)
                    for patient, updated, day in orjson.loads(b"[%b]" % file.read(size)[:-1].replace(b"\n", b",")):
                        if patient in patients:
                            last[patient] = newer(last.get(patient), {"meta": {"lastUpdated": updated}, "day": day})
    days = {patient: row["day"] for patient, row in last.items() if row["day"] is not None}
    return {patient: None if day == UNREADABLE else date.fromordinal(day) for patient, day in days.items()}
