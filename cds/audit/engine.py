"""The embedded engine: an export scanned on all cores, and its patients assessed, in memory that does not grow."""

from __future__ import annotations

import multiprocessing
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from cds.audit.files import InputFile, Packing
from cds.audit.ledger import Key, Ledger, Place, Rejection
from cds.audit.lines import read_line
from cds.audit.medications import Medications, write_medications
from cds.audit.scan import Report, Scanner, Task
from cds.audit.shares import Account, Lines, PatientResult, Question, patients
from cds.audit.spill import BUCKETS, Kept, bucket
from cds.audit.versions import Seeker, Sought, sought, superseded
from cds.dosing.drug import Drug
from cds.fhir.patients import all_replaced

PART = 64 << 20
"""Bytes of a plain file that one task takes."""
SHARE = 16 << 20
"""Bytes of kept lines that one share holds in memory."""

_Argument = TypeVar("_Argument")
_Result = TypeVar("_Result")


def tasks(files: Iterable[InputFile]) -> tuple[Task, ...]:
    """The parts of all files. A packed file is one part, since only at its beginning can one begin."""
    found: list[Task] = []
    for file in files:
        starts = range(0, max(file.size, 1), PART) if file.packing is Packing.PLAIN else range(1)
        for start in starts:
            end = None if start == starts[-1] else start + PART
            found.append(Task(len(found), file, start, end))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Plan:
    """What an audit reads and asks. `folder` is one of its own, for what is kept on disk meanwhile."""

    tasks: tuple[Task, ...]
    question: Question
    folder: Path
    strict: bool = False

    @property
    def drug(self) -> Drug:
        """The drug whose doses are looked for."""
        return self.question.regimen.drug

    @property
    def medications(self) -> Path:
        """Where the Medications of the input are kept."""
        return self.folder / "medications.sqlite"

    def spill(self, step: str, task: Task) -> Path:
        """Where a task keeps its lines."""
        return self.folder / f"{step}-{task.number:06d}.spill"


@dataclass(frozen=True, slots=True)
class Scanned:
    """The input, scanned: the lines that were kept, and an account of all others."""

    lines: Lines
    counts: Counter[Key]
    total: int
    rejected: tuple[Rejection, ...]
    faults: tuple[Rejection, ...]


class Pool:
    """Processes that each have a scanner. With one job all is done in this process."""

    def __init__(self, plan: Plan, jobs: int | None = None) -> None:
        self.jobs = jobs or len(os.sched_getaffinity(0))
        method = "fork" if "fork" in multiprocessing.get_all_start_methods() else "spawn"
        # a matcher is made once, and the processes that are forked from this one have it too
        _begin(plan)
        self._executor = (
            ProcessPoolExecutor(
                self.jobs, mp_context=multiprocessing.get_context(method), initializer=_begin, initargs=(plan,)
            )
            if self.jobs > 1
            else None
        )

    def map(self, work: Callable[[_Argument], _Result], arguments: Sequence[_Argument]) -> Iterator[_Result]:
        """The results in the order of the arguments."""
        return iter(self._executor.map(work, arguments) if self._executor is not None else map(work, arguments))

    def close(self) -> None:
        """End the processes."""
        if self._executor is not None:
            self._executor.shutdown(cancel_futures=True)


class _Worker:
    """What a process keeps from one task to the next."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.scanner = Scanner(plan.drug, strict=plan.strict)
        self._medications: Medications | None = None

    @property
    def medications(self) -> Medications:
        """The Medications, once they are all known."""
        if self._medications is None:
            self._medications = Medications(self.plan.medications, self.plan.drug)
        return self._medications


_worker: _Worker | None = None


def _begin(plan: Plan) -> None:
    global _worker  # noqa: PLW0603  one for each process: that is how a pool hands things on
    if _worker is None or _worker.plan is not plan:
        _worker = _Worker(plan)


def worker() -> _Worker:
    """What this process keeps."""
    assert _worker is not None, "a process of a Pool"
    return _worker


def _scan(task: Task) -> Report:
    return worker().scanner.scan(task, worker().plan.spill("scan", task))


def _follow(task: Task) -> Report:
    return worker().scanner.follow(task, worker().medications, worker().plan.spill("follow", task))


def _versions(given: tuple[Task, Sought]) -> Report:
    task, ids = given
    return worker().scanner.versions(task, worker().medications, _seeker(ids), worker().plan.spill("versions", task))


@lru_cache(maxsize=1)
def _seeker(ids: Sought) -> Seeker:
    return Seeker(ids)


def scan(plan: Plan, pool: Pool, *, tell: Callable[[Task], None] = lambda _: None) -> Scanned:
    """Every line of the input looked at. `tell` is called with each task that is done, in order."""
    reports: list[Report] = []
    for task, report in zip(plan.tasks, pool.map(_scan, plan.tasks), strict=True):
        reports.append(report)
        tell(task)
    write_medications(plan.medications, (each for report in reports for each in report.medications))
    every = list(reports)
    later = [task for task, report in zip(plan.tasks, reports, strict=True) if report.later]
    every += pool.map(_follow, later)
    indexes = [report.kept for report in every if report.kept is not None and report.kept.buckets]
    left = [task for task in plan.tasks if _left(task, every)] if indexes else []
    if left:
        ids = sought(indexes)
        if ids.marks:
            every += pool.map(_versions, [(task, ids) for task in left])
    indexes = [report.kept for report in every if report.kept is not None and report.kept.buckets]
    deletions = {reference: when for report in reports for reference, when in report.deletions}
    places = Places(plan.tasks, reports)
    lines = Lines(
        indexes=tuple(replace(index, marks=b"") for index in indexes),
        superseded=superseded(indexes, deletions),
        place=places,
        replaced=all_replaced(read_line(content) for report in reports for content in report.patients),
    )
    return Scanned(
        lines,
        sum((report.counts for report in every), Counter()),
        sum(report.lines for report in reports),
        tuple(
            Rejection(places.at(report.task, number, offset), reason)
            for report in every
            for offset, number, reason in report.rejected
        ),
        tuple(
            Rejection(places.at(report.task, report.lines, report.fault[0]), report.fault[1])
            for report in every
            if report.fault is not None
        ),
    )


def _left(task: Task, reports: Iterable[Report]) -> bool:
    """Whether a task has lines of administrations that were not kept, one of which may be a version of one that was."""
    return any(
        report.counts[Key.NO_TRACE] or report.counts[Key.OTHER_DRUG] for report in reports if report.task == task.number
    )


class Places:
    """Where lines stand, once it is known how many lines each task has."""

    def __init__(self, tasks: Sequence[Task], reports: Sequence[Report]) -> None:
        self._before: list[tuple[str, int]] = []
        path, lines = "", 0
        for task, report in zip(tasks, reports, strict=True):
            lines = lines if task.file.path == path else 0
            path = task.file.path
            self._before.append((path, lines))
            lines += report.lines

    def at(self, task: int, number: int, offset: int) -> Place:
        """The place of a line, numbered from 0 within its task."""
        path, before = self._before[task]
        return Place(path, offset, before + number + 1)

    def __call__(self, kept: Kept) -> Place:
        """The place of a line that was kept."""
        return self.at(kept.task, kept.line, kept.offset)


def shares(lines: Lines) -> tuple[tuple[int, ...], ...]:
    """The buckets, so joined that a share of them fits in memory. Which bucket a patient is in depends on the patient
    alone, so any number of shares gives the same results."""
    sizes = [sum(index.buckets.get(number, (0, 0))[1] for index in lines.indexes) for number in range(BUCKETS)]
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
    for account in accounts:
        counts += account.counts
    return Ledger(scanned.total, {key: counts[key] for key in Key}, scanned.rejected, scanned.faults)
