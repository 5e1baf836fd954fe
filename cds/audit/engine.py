"""The steps of an audit: an export scanned by an engine, and its patients assessed, in memory that does not grow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from cds.audit.beside import SAID_BY, Besides, beside_spill, persons_spill
from cds.audit.files import Form, InputFile
from cds.audit.ids import marks_beside
from cds.audit.ledger import Key, Ledger, Place, Rejection
from cds.audit.medications import Medications, write_medications
from cds.audit.persons import replaced_ids
from cds.audit.plan import Plan
from cds.audit.scan import Report, Task
from cds.audit.shares import Account, Lines, PatientResult, patients
from cds.audit.spill import BUCKETS, Index, bucket
from cds.audit.units import once
from cds.audit.versions import Seeker, Sought, sought, superseded
from cds.audit.workers import Engine, Shared, Worker
from cds.fhir.beside import PERSON
from cds.fhir.deletions import later

SHARE = 2 << 20
"""Bytes of kept lines and doses that one share holds in memory, where they take some six times as much."""


@dataclass(frozen=True, slots=True)
class Scanned:
    """The input, scanned: the lines that were kept, and an account of all others. `not_known`: the types of what
    an audit looks for beside the doses (see beside.LOOKED_FOR) of which nobody can know what they would say."""

    lines: Lines
    counts: Counter[Key]
    total: int
    rejected: tuple[Rejection, ...]
    faults: tuple[Rejection, ...]
    held: Mapping[str, int]
    not_known: tuple[str, ...]


def _scan(worker: Worker, task: Task) -> Report:
    return _once(worker, "scan", task, lambda spill: worker.scanner.scan(task, spill))


def _follow(worker: Worker, task: Task) -> Report:
    return _once(worker, "follow", task, lambda spill: worker.scanner.follow(task, worker.medications, spill))


def _versions(worker: Worker, given: tuple[Task, Shared[Sought], tuple[str, ...] | None]) -> Report:
    """`given`: a task, the ids, and the files with marks of the lines that are not kept; None where there are more."""
    task, ids, marks = given
    seeker = _seeker(ids)
    if marks is not None and not seeker.among(marks):
        return Report(task.number)
    return _once(
        worker, "versions", task, lambda spill: worker.scanner.versions(task, worker.medications, seeker, spill)
    )


def _once(worker: Worker, step: str, task: Task, make: Callable[[Path], Report]) -> Report:
    """What a step finds in a task; not looked for again where an interrupted audit has found it."""
    spill = worker.plan.spill(step, task)
    files = [spill, marks_beside(spill), beside_spill(spill), persons_spill(spill)]
    return once(spill.parent, spill.stem, files, lambda: make(spill))


@lru_cache(maxsize=1)
def _seeker(ids: Shared[Sought]) -> Seeker:
    return Seeker(ids.value)


def scan(plan: Plan, engine: Engine, *, tell: Callable[[Task], None] = lambda _: None) -> Scanned:
    """Every line of the input looked at. `tell` is called with each task that is done, in order."""
    reports: list[Report] = []
    for task, report in zip(plan.tasks, engine.map(_scan, plan.tasks), strict=True):
        reports.append(report)
        tell(task)
    write_medications(plan.medications, (each for report in reports for each in report.medications))
    every = list(reports)
    later = [task for task, report in zip(plan.tasks, reports, strict=True) if report.later]
    every += engine.map(_follow, later)
    indexes, besides = _kept(every), _said(every)
    left = _left(every, said=any(index.marks for index in besides)) if indexes or besides else {}
    if left:
        ids = sought([*indexes, *besides])
        if ids.marks:
            kept = Shared.keep(plan.folder / "sought.pickle", ids)
            every += engine.map(_versions, [(plan.tasks[task], kept, marks) for task, marks in left.items()])
    indexes, besides = _kept(every), _said(every)
    deletions = _last(each for report in reports for each in report.deletions)
    places = Places(plan.tasks, reports)
    persons = tuple(report.beside.persons for report in reports if report.beside and report.beside.persons)
    lines = Lines(
        indexes=tuple(replace(index, marks=b"") for index in indexes),
        superseded=superseded(indexes, deletions),
        place=places.at,
        incomplete=plan.incomplete,
        all_incomplete=plan.all_incomplete,
        reading=plan.reading,
        replaced=replaced_ids(persons),
        beside=Besides(
            tuple(replace(index, marks=b"") for index in besides),
            superseded(besides, deletions),
            persons,
        ),
    )
    wanted = SAID_BY | {PERSON} | plan.question.markers.types
    types = frozenset[str]().union(*(report.beside.types for report in reports if report.beside))
    return Scanned(
        lines,
        sum((report.counts for report in every), Counter()),
        sum(report.lines for report in reports),
        tuple(
            Rejection(places.at(report.task, number, offset), reason)
            for report in every
            for offset, number, reason in report.rejected
        ),
        # a file is read several times, and breaks each time
        tuple(
            dict.fromkeys(
                Rejection(places.at(report.task, report.lines, report.fault[0]), report.fault[1])
                for report in every
                if report.fault is not None
            )
        ),
        _held(plan.tasks, reports),
        plan.reading.not_known(wanted, types),
    )


def _kept(reports: Iterable[Report]) -> list[Index]:
    """Where administrations were kept."""
    return [report.kept for report in reports if report.kept is not None and report.kept.buckets]


def _said(reports: Iterable[Report]) -> list[Index]:
    """Where statements and orders were kept."""
    return [report.beside.lines for report in reports if report.beside is not None and report.beside.lines.buckets]


def _last(deletions: Iterable[tuple[str, str]]) -> dict[str, str]:
    """When each was deleted for the last time; empty where one of the times is not told."""
    found: dict[str, str] = {}
    for reference, when in deletions:
        found[reference] = later(found.get(reference, when), when)
    return found


def _held(tasks: Iterable[Task], reports: Iterable[Report]) -> Mapping[str, int]:
    held: Counter[str] = Counter()
    for task, report in zip(tasks, reports, strict=True):
        held[task.file.path] += report.lines - report.counts[Key.BLANK]
    return held


def _left(reports: Iterable[Report], *, said: bool) -> dict[int, tuple[str, ...] | None]:
    """The tasks with lines of administrations that were not kept, one of which may be a version of one that was; each
    with the files of marks of their ids, None where some have no marks. So have statements and orders, which are looked
    through where some of these were kept (`said`)."""
    found: dict[int, tuple[str, ...] | None] = {}
    for report in reports:
        if said and report.beside is not None and report.beside.types - {PERSON}:
            found[report.task] = None
        elif report.counts[Key.NO_TRACE] or report.counts[Key.OTHER_DRUG]:
            before = found.get(report.task, ())
            files = None if report.unmarked or before is None or not report.marks else (*before, report.marks)
            found[report.task] = files
    return dict(sorted(found.items()))


class Places:
    """Where lines stand, once it is known how many lines each task has."""

    def __init__(self, tasks: Sequence[Task], reports: Sequence[Report]) -> None:
        self._before: list[tuple[InputFile, int]] = []
        path, lines = "", 0
        for task, report in zip(tasks, reports, strict=True):
            lines = lines if task.file.path == path else 0
            path = task.file.path
            self._before.append((task.file, lines))
            lines += report.lines

    def at(self, task: int, number: int, offset: int) -> Place:
        """The place of a line, numbered from 0 within its task. The entries of a document and the rows of Parquet have
        no bytes of their own: of these the offset is their number, from 0."""
        file, before = self._before[task]
        at = offset if file.form is Form.LINES else before + number
        return Place(file.path, at, before + number + 1)


def shares(lines: Lines) -> tuple[tuple[int, ...], ...]:
    """The buckets, so joined that a share of them fits in memory. Which bucket a patient is in depends on the patient
    alone, so any number of shares gives the same results."""
    sizes = [0] * BUCKETS
    for index in (*lines.indexes, *lines.beside.indexes):
        for number, part in index.buckets.items():
            sizes[number] += part.lines + part.doses
    # the lines of a replaced id come to the bucket of the patient who stands for it now
    joined = {bucket(new) for old, new in lines.replaced.items() if sizes[bucket(old)]}
    found: list[tuple[int, ...]] = []
    held: list[int] = []
    for number, size in enumerate(sizes):
        if held and sum(sizes[each] for each in held) + size > SHARE:
            found.append(tuple(held))
            held = []
        if size or number in joined:
            held.append(number)
    return (*found, tuple(held)) if held else tuple(found)


def results(plan: Plan, scanned: Scanned, account: Account) -> Iterator[PatientResult]:
    """All patients, share by share, in this process; `account` is complete when all are taken."""
    medications = Medications(plan.medications, plan.drug)
    for buckets in shares(scanned.lines):
        yield from patients(buckets, scanned.lines, plan.question, medications, account)


def ledger(scanned: Scanned, accounts: Iterable[Account]) -> Ledger:
    """The account of everything."""
    counts = Counter(scanned.counts)
    rejected = list(scanned.rejected)
    for account in accounts:
        counts += account.counts
        rejected += account.rejected
    listed = tuple(sorted(rejected))
    return Ledger(scanned.total, {key: counts[key] for key in Key}, listed, scanned.faults, scanned.held)
