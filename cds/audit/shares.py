"""A share of the patients: their lines read back, each record accounted for, each patient assessed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date, tzinfo
from operator import itemgetter
from typing import Any, NamedTuple, TypeAlias

from cds.audit.beside import DEATH_UNREADABLE, Besides, Told
from cds.audit.doses import fact_of, patient_of
from cds.audit.ledger import Key, Place, Rejection
from cds.audit.lines import read_line
from cds.audit.medications import Medications
from cds.audit.reading import Reading
from cds.audit.spill import Index, bucket, read
from cds.dosing.assess import assess
from cds.dosing.assessment import Assessment
from cds.dosing.facts import Administration, NotGiven, Outside, Record, Unidentified
from cds.dosing.in_force import Regimens
from cds.fhir.beside import beside
from cds.fhir.identify import identify
from cds.fhir.identity import Answer
from cds.fhir.markers import Markers
from cds.fhir.plain import Resource
from cds.fhir.read import RESOURCE, Ignored, read_administration
from cds.fhir.references import reference_of


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of every patient. `complete_since`: see cds.dosing.assess; `markers`: how the site says that
    therapy has ended."""

    regimens: Regimens
    on: date
    zone: tzinfo
    complete_since: date | None = None
    markers: Markers = field(default_factory=Markers)


class Located(Mapping[str, Place]):
    """Where the records of a patient stand, by reference: told of those that are asked for, which are few."""

    def __init__(self, held: Mapping[str, tuple[int, int, int]], place: Callable[[int, int, int], Place]) -> None:
        self._held = held
        self._place = place

    def __getitem__(self, reference: str) -> Place:
        return self._place(*self._held[reference])

    def __iter__(self) -> Iterator[str]:
        return iter(self._held)

    def __len__(self) -> int:
        return len(self._held)


@dataclass(frozen=True, slots=True)
class PatientResult:
    """One patient assessed. `places`: where the records stand, by reference; `not_known`: what nobody can know of this
    patient, in words."""

    assessment: Assessment
    places: Mapping[str, Place]
    not_known: tuple[str, ...] = ()


@dataclass(slots=True)
class Account:
    """What became of the lines of a share. `rejected`: records that name no patient (rule C9); `only_unidentified`:
    patients of whom no record is known to be of the drug."""

    counts: Counter[Key] = field(default_factory=Counter)
    rejected: list[Rejection] = field(default_factory=list)
    only_unidentified: int = 0


@dataclass(frozen=True, slots=True)
class Lines:
    """What all shares have in common: the kept lines, those that a later version has put out of use, where each task
    begins, the ids of patients that another id has replaced, and what stands beside the doses."""

    indexes: Sequence[Index]
    superseded: frozenset[tuple[int, int]]
    place: Callable[[int, int, int], Place]
    replaced: Mapping[str, str]
    beside: Besides = field(default_factory=Besides)
    incomplete: frozenset[str] = frozenset()
    all_incomplete: bool = False
    reading: Reading = field(default_factory=Reading)

    def whole(self, patient: str) -> bool:
        """Whether all of a history was read, as far as is known (rule F1)."""
        return not self.all_incomplete and (not self.incomplete or self.incomplete.isdisjoint(self._ids(patient)))

    def not_known(self, patient: str) -> tuple[str, ...]:
        """What stands beside the doses of a patient and could not be read, in words."""
        return self.reading.not_known_of(self._ids(patient)) if self.reading.unread_of else ()

    def _ids(self, patient: str) -> set[str]:
        return {patient, *(old for old, new in self.replaced.items() if new == patient)}


def patients(
    numbers: Iterable[int], lines: Lines, question: Question, medications: Medications, account: Account
) -> Iterator[PatientResult]:
    """The patients of some buckets, in order of their references; `account` is complete when all are taken."""
    numbers = tuple(numbers)
    grouped = _grouped(numbers, lines, account)
    told = lines.beside.told(numbers, lines.replaced)
    told.pop("", None)
    every = sorted({*grouped, *told})
    died = lines.beside.died(numbers, frozenset(every), lines.replaced)
    for patient in every:
        known = _Known(
            grouped.get(patient, []), told.get(patient, []), died.get(patient), died.get(patient, date.min) is None
        )
        result = _patient(patient, known, lines, question, medications, account)
        if result is not None:
            yield result


_Held: TypeAlias = tuple[int, int, int, Administration | dict[str, Any]]
"""A record of a patient: its task, line and offset (see spill.Kept), and what it says, or all of it where that is still
to be read."""


class _Known(NamedTuple):
    """What there is of a patient: administrations, statements and orders, by which day the patient has died, and
    whether a death is told of that cannot be read."""

    held: list[_Held]
    told: list[Told]
    died: date | None
    death_unreadable: bool


def _grouped(numbers: Iterable[int], lines: Lines, account: Account) -> dict[str, list[_Held]]:
    """The records by patient; those of a replaced id may stand in any bucket. A record of nobody is by ''."""
    own = frozenset(numbers)
    further = {bucket(old) for old, new in lines.replaced.items() if bucket(new) in own}
    grouped: dict[str, list[_Held]] = {}

    def take(patient: str, held: _Held) -> None:
        patient = lines.replaced.get(patient, patient)
        if lines.replaced and bucket(patient or None) not in own:
            return
        if lines.superseded and held[:2] in lines.superseded:
            account.counts[Key.SUPERSEDED] += 1
        else:
            grouped.setdefault(patient, []).append(held)

    for number in sorted(own | further):
        for index in lines.indexes:
            kept, doses = read(index, number)
            for line in kept:
                resource = read_line(line.content)
                assert resource is not None  # it was read before
                take(patient_of(resource) or "", (line.task, line.line, line.offset, resource))
            for dose in doses:
                take(dose.patient, (index.task, dose.line, dose.offset, fact_of(dose)))
    for every in grouped.values():
        every.sort(key=itemgetter(0, 1))
    return grouped


def _patient(
    patient: str, known: _Known, lines: Lines, question: Question, medications: Medications, account: Account
) -> PatientResult | None:
    drug, on, counts = question.regimens.drug, question.on, account.counts
    counted: list[Record] = []
    others: list[Resource] = []
    held: dict[str, tuple[int, int, int]] = {}
    of_the_drug = False
    for index, (task, line, offset, said) in enumerate(known.held):
        record: Record | Ignored
        if isinstance(said, Administration):
            name, record = said.reference, said
        else:
            name = reference_of(said) or f"{RESOURCE}?index={index}"
            record = read_administration(
                said, drug=drug, zone=question.zone, patient=None, resolve=medications.resolve, reference=name
            )
            if isinstance(record, Ignored):
                error = identify(said, drug, medications.resolve).answer is not Answer.OTHER
                others += [] if error else [said]
                of_the_drug = of_the_drug or error
                counts[Key.ENTERED_IN_ERROR if error else Key.OTHER_DRUG] += 1
                held[name] = (task, line, offset)
                continue
        held[name] = (task, line, offset)
        if not patient:
            _reject(record, lines.place(task, line, offset), account)
            continue
        of_the_drug = of_the_drug or not isinstance(record, Unidentified)
        if _after(record, on):
            counts[Key.AFTER_ON] += 1
        else:
            counted.append(record)
    if not patient:
        return None
    others += [each.resource for each in known.told]
    around = beside(others, drug=drug, zone=question.zone, resolve=medications.resolve) if others else ()
    said_by = {each.reference for each in around}
    # others were kept for their ids alone, or mark an end
    held |= {str(named): each[:3] for each in known.told if (named := reference_of(each.resource)) in said_by}
    of_the_drug = of_the_drug or any(isinstance(each, Outside) for each in around)
    if not of_the_drug:
        counts[Key.UNREADABLE] += len(counted)
        account.only_unidentified += bool(counted)
        return None
    assessment = assess(
        patient,
        [*counted, *around, *question.markers.read((each.resource for each in known.told), question.zone)],
        question.regimens,
        on=on,
        whole=lines.whole(patient),
        ended=known.died is not None and known.died <= on,
        complete_since=question.complete_since,
    )
    used = {name for evaluation in assessment.evaluations for name in evaluation.administrations}
    counts.update([_key(record, used) for record in counted])
    not_known = (*lines.not_known(patient), *([DEATH_UNREADABLE] if known.death_unreadable else []))
    return PatientResult(assessment, Located(held, lines.place), not_known)


def _reject(record: Record, place: Place, account: Account) -> None:
    """Rule C9: a record without a subject is rejected and listed."""
    account.counts[Key.REJECTED] += 1
    what = "its medication is not identified" if isinstance(record, Unidentified) else "it is of the drug"
    account.rejected.append(Rejection(place, f"names no patient; {what}"))


def _key(record: Record, used: AbstractSet[str]) -> Key:
    """The key of a record that is read; `used` are those that an evaluation rests on."""
    if isinstance(record, NotGiven):
        return Key.NOT_GIVEN
    return Key.USED if record.reference in used else Key.UNREADABLE


def _after(record: Record, on: date) -> bool:
    when: Any = getattr(record, "when", None)
    return when is not None and bool(when.earliest > on)
