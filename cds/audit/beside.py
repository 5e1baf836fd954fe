"""What of an export stands beside the doses: statements, orders and Patients (rules C7, C8 and F10), kept on disk."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, tzinfo
from pathlib import Path
from typing import Any, NamedTuple

from cds.audit.doses import nowhere, patient_of
from cds.audit.lines import read_line
from cds.audit.persons import Persons, PersonWriter, died
from cds.audit.spill import Index, Kept, Writer, bucket, mark, read
from cds.dosing.drug import Drug
from cds.fhir.beside import ORDER, PERSON, STATEMENT, concerns
from cds.fhir.identify import ingredient_references, medication_references
from cds.fhir.markers import FLAG, LIST, Markers
from cds.fhir.plain import Resolve, Resource

SAID_BY = frozenset({STATEMENT, ORDER})
"""The types that say of a patient what was given elsewhere or in place of the drug."""
LOOKED_FOR = {
    STATEMENT: "doses noted elsewhere (MedicationStatement, rule C7)",
    ORDER: "orders of other therapies of the disease (MedicationRequest, rule C8)",
    PERSON: "deaths and further ids (Patient, rules F10 and C9)",
    FLAG: "what the site marks as ended (Flag, rule F10)",
    LIST: "what the site marks as ended (List, rule F10)",
}
"""What nobody can know of an input that holds no resource of a type."""

DEATH_UNREADABLE = "a death, of which the Patient tells so that it cannot be read (rule F10); judged as living"
"""What nobody can know of a patient of whom that is so."""


def beside_spill(spill: Path) -> Path:
    """Where a task keeps its statements and orders."""
    return spill.with_suffix(".beside")


def persons_spill(spill: Path) -> Path:
    """Where a task keeps who has died."""
    return spill.with_suffix(".persons")


@dataclass(frozen=True, slots=True)
class Wrote:
    """What a task has kept. `types`: those of LOOKED_FOR that it has met."""

    lines: Index
    persons: Persons | None
    types: frozenset[str]


class Beside:
    """Keeps what one task meets."""

    def __init__(self, task: int, drug: Drug, zone: tzinfo, markers: Markers, spill: Path) -> None:
        self._task = task
        self._drug = drug
        self._markers = markers
        self._spill = spill
        self._lines = Writer(task)
        self._persons = PersonWriter(persons_spill(spill), zone)
        self._types: set[str] = set()

    def met(self, types: Iterable[str]) -> None:
        """Take note that there are resources of some types."""
        self._types.update(types)

    def person(self, person: Resource) -> None:
        """Take note of a Patient."""
        self._types.add(PERSON)
        self._persons.add(person)

    def said(self, place: tuple[int, int], content: bytes, resource: Resource, resolve: Resolve | None) -> bool:
        """Keep a statement or an order that says something. `place`: its line in the task and its offset in the file.
        Without `resolve` whatever it refers to is still to come: the answer is whether it must be looked at again."""
        self._types.add(resource["resourceType"])
        if resolve is None and refers_outward(resource):
            return True
        if concerns(resource, self._drug, resolve or nowhere):
            self.keep(place, content, resource)
        return False

    def marker(self, place: tuple[int, int], content: bytes, resource: Resource) -> None:
        """Keep a Flag or a List by which the site says that therapy has ended."""
        self._types.add(resource["resourceType"])
        if self._markers.concerns(resource):
            self.keep(place, content, resource)

    def newer(self, place: tuple[int, int], content: bytes, resource: Resource, resolve: Resolve) -> None:
        """Keep a version that takes back what another one has said."""
        if not self._markers.concerns(resource) and not concerns(resource, self._drug, resolve):
            self.keep(place, content, resource)

    def keep(self, place: tuple[int, int], content: bytes, resource: Resource) -> None:
        """Keep a line, whatever it says, and if it is nobody's: it can be a version of another one."""
        line, offset = place
        of = bucket(patient_of(resource))
        self._lines.add(Kept(self._task, line, offset, mark(resource.get("id")), of, content))

    def written(self) -> Wrote:
        """What was kept, when all of it is on disk."""
        return Wrote(self._lines.write(beside_spill(self._spill)), self._persons.written(), frozenset(self._types))


def refers_outward(resource: Resource) -> bool:
    """Whether a resource refers to a Medication that is not inside it, or holds one that refers further."""
    references = list(medication_references(resource))
    inside = resource.get("contained") if references else None
    for each in inside if isinstance(inside, list) else ():
        references += ingredient_references(each) if isinstance(each, dict) else ()
    return any(not reference.startswith("#") for reference in references)


class Told(NamedTuple):
    """A statement or an order, and its place (see spill.Kept)."""

    task: int
    line: int
    offset: int
    resource: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Besides:
    """What all tasks have kept: lines, those of them that a later version has put out of use, and persons."""

    indexes: Sequence[Index] = ()
    superseded: frozenset[tuple[int, int]] = frozenset()
    persons: Sequence[Persons] = ()

    def told(self, numbers: Iterable[int], replaced: Mapping[str, str]) -> dict[str, list[Told]]:
        """The statements and orders of the patients in some buckets, in the order of the input; those of nobody by ''.
        Those of a `replaced` id may stand in any bucket."""
        own = frozenset(numbers)
        found: dict[str, list[Told]] = {}
        for number in sorted(own | {bucket(old) for old, new in replaced.items() if bucket(new) in own}):
            for index in self.indexes:
                for kept in read(index, number)[0]:
                    resource = read_line(kept.content)
                    assert resource is not None  # it was read before
                    whose = patient_of(resource) or ""
                    patient = replaced.get(whose, whose)
                    if bucket(patient) in own and kept.order not in self.superseded:
                        found.setdefault(patient, []).append(Told(kept.task, kept.line, kept.offset, resource))
        for every in found.values():
            every.sort(key=lambda each: each[:2])
        return found

    def died(
        self, numbers: Iterable[int], patients: Collection[str], replaced: Mapping[str, str]
    ) -> dict[str, date | None]:
        """By which day those of some patients have died who have, None where that cannot be read; `numbers` are their
        buckets, `replaced` the ids that others have replaced."""
        return died(self.persons, numbers, patients, replaced)
