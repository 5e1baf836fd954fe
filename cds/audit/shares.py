"""A share of the patients: their lines read back, each record accounted for, each patient assessed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, tzinfo
from typing import Any

from cds.audit.ledger import Key, Place
from cds.audit.lines import read_line
from cds.audit.medications import Medications
from cds.audit.scan import patient_of
from cds.audit.spill import Index, Kept, bucket, read
from cds.dosing.assess import assess
from cds.dosing.assessment import Assessment
from cds.dosing.facts import NotGiven, Record, Unidentified
from cds.dosing.in_force import Regimens
from cds.fhir.history import read_history
from cds.fhir.identify import identify
from cds.fhir.identity import Answer
from cds.fhir.plain import Resource
from cds.fhir.read import RESOURCE
from cds.fhir.references import reference_of


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of every patient."""

    regimens: Regimens
    on: date
    zone: tzinfo


@dataclass(frozen=True, slots=True)
class PatientResult:
    """One patient assessed. `places`: where the records stand, by reference."""

    assessment: Assessment
    places: Mapping[str, Place]


@dataclass(slots=True)
class Account:
    """What became of the lines of a share. `of_nobody`: records of the drug that name no patient; `only_unidentified`:
    patients of whom no record is known to be of the drug."""

    counts: Counter[Key] = field(default_factory=Counter)
    of_nobody: list[Place] = field(default_factory=list)
    only_unidentified: int = 0


@dataclass(frozen=True, slots=True)
class Lines:
    """What all shares have in common: the kept lines, those that a later version has put out of use, where each task
    begins, and the ids of patients that another id has replaced."""

    indexes: Sequence[Index]
    superseded: frozenset[tuple[int, int]]
    place: Callable[[Kept], Place]
    replaced: Mapping[str, str]
    incomplete: frozenset[str] = frozenset()
    all_incomplete: bool = False

    def whole(self, patient: str) -> bool:
        """Whether all of a history was read, as far as is known (rule F1)."""
        ids = {patient, *(old for old, new in self.replaced.items() if new == patient)} if self.incomplete else set()
        return not self.all_incomplete and self.incomplete.isdisjoint(ids)


def patients(
    numbers: Iterable[int], lines: Lines, question: Question, medications: Medications, account: Account
) -> Iterator[PatientResult]:
    """The patients of some buckets, in order of their references; `account` is complete when all are taken."""
    for patient, held in sorted(_grouped(numbers, lines, account).items()):
        result = _patient(patient, held, lines, question, medications, account)
        if result is not None:
            yield result


def _grouped(numbers: Iterable[int], lines: Lines, account: Account) -> dict[str, list[tuple[Kept, Resource]]]:
    """The lines by patient; those of a replaced id may stand in any bucket. A line of nobody is by ''."""
    own = frozenset(numbers)
    further = {bucket(old) for old, new in lines.replaced.items() if bucket(new) in own}
    grouped: dict[str, list[tuple[Kept, Resource]]] = {}
    for number in sorted(own | further):
        for kept in read(lines.indexes, number):
            resource = read_line(kept.content)
            assert resource is not None  # it was read before
            whose = patient_of(resource) or ""
            patient = lines.replaced.get(whose, whose)
            if bucket(patient or None) not in own:
                continue
            if kept.order in lines.superseded:
                account.counts[Key.SUPERSEDED] += 1
            else:
                grouped.setdefault(patient, []).append((kept, resource))
    for held in grouped.values():
        held.sort(key=lambda each: each[0].order)
    return grouped


def _patient(
    patient: str,
    held: list[tuple[Kept, Resource]],
    lines: Lines,
    question: Question,
    medications: Medications,
    account: Account,
) -> PatientResult | None:
    drug = question.regimens.drug
    resources = [resource for _, resource in held]
    records = read_history(resources, drug=drug, zone=question.zone, patient=None, resolve=medications.resolve)
    by_reference = {record.reference: record for record in records}
    named = [reference_of(resource) or f"{RESOURCE}?index={index}" for index, resource in enumerate(resources)]
    places = {name: lines.place(kept) for name, (kept, _) in zip(named, held, strict=True)}
    counted = [record for record in records if not _after(record, question.on)]
    in_error = False
    for name, resource in zip(named, resources, strict=True):
        record = by_reference.get(name)
        if record is None:
            error = identify(resource, drug, medications.resolve).answer is not Answer.OTHER
            in_error = in_error or error
            account.counts[Key.ENTERED_IN_ERROR if error else Key.OTHER_DRUG] += 1
        elif _after(record, question.on):
            account.counts[Key.AFTER_ON] += 1
        elif not patient:
            account.counts[_key(record, frozenset())] += 1
    if not patient:
        account.of_nobody += [places[each.reference] for each in counted if not isinstance(each, Unidentified)]
        return None
    if not in_error and not any(not isinstance(record, Unidentified) for record in records):
        account.counts[Key.UNREADABLE] += len(counted)
        account.only_unidentified += bool(counted)
        return None
    assessment = assess(patient, counted, question.regimens, on=question.on, whole=lines.whole(patient))
    used = frozenset(name for evaluation in assessment.evaluations for name in evaluation.administrations)
    for record in counted:
        account.counts[_key(record, used)] += 1
    return PatientResult(assessment, places)


def _key(record: Record, used: frozenset[str]) -> Key:
    """The key of a record that is read; `used` are those that an evaluation rests on."""
    if isinstance(record, NotGiven):
        return Key.NOT_GIVEN
    return Key.USED if record.reference in used else Key.UNREADABLE


def _after(record: Record, on: date) -> bool:
    when: Any = getattr(record, "when", None)
    return when is not None and bool(when.earliest > on)
