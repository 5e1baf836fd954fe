"""One part of one file scanned: what each of its lines is, and the lines that are kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import tzinfo
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import orjson
import stringzilla

from cds.audit.beside import SAID_BY, Beside, Wrote, refers_outward
from cds.audit.blocks import Block, BrokenFileError
from cds.audit.doses import Doses, nowhere, patient_of
from cds.audit.files import InputFile, blocks
from cds.audit.ids import Marks, mark_of, marks_beside, write_marks
from cds.audit.ledger import Key
from cds.audit.lines import LONGEST_LINE, RejectedError, read_line
from cds.audit.medications import KEPT_TYPES, Medications
from cds.audit.spill import Index, Kept, Writer, bucket, mark
from cds.audit.trace import FEW, Pointer, Pointing, Referring, Scanned, marks_in, traces_of
from cds.audit.versions import Seeker
from cds.dosing.drug import Drug
from cds.fhir.beside import PERSON, other_therapy
from cds.fhir.bundle import tells_of_loss
from cds.fhir.deletions import deletions_in, unnamed_deletions
from cds.fhir.errors import issue_codes
from cds.fhir.identify import identify
from cds.fhir.identity import Answer
from cds.fhir.markers import FLAG, LIST, Markers
from cds.fhir.plain import Resolve, Resource
from cds.fhir.read import RESOURCE
from cds.fhir.references import reference_of


@dataclass(frozen=True, slots=True)
class Task:
    """The lines of a file that begin in [start, end); `end` None: to its end. Tasks are numbered in the order of the
    files and within them."""

    number: int
    file: InputFile
    start: int = 0
    end: int | None = None


@dataclass(slots=True)
class Report:
    """What a task found. Lines are numbered from 0 within the task.

    `later`: lines that point at a Medication, which is known when all tasks are done. `marks`: a file of the marks of
    ids of administrations that were not kept (see ids); `unmarked`: there are some whose ids are not in it. `kept`:
    administrations; `beside`: what else was kept.
    """

    task: int
    lines: int = 0
    later: int = 0
    counts: Counter[Key] = field(default_factory=Counter)
    rejected: list[tuple[int, int, str]] = field(default_factory=list)
    fault: tuple[int, str] | None = None
    medications: list[tuple[str, bytes]] = field(default_factory=list)
    deletions: list[tuple[str, str]] = field(default_factory=list)
    kept: Index | None = None
    beside: Wrote | None = None
    marks: str = ""
    unmarked: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One line that is looked at: its number in the task, its offset in the file, its bytes."""

    number: int
    offset: int
    content: bytes

    @property
    def place(self) -> tuple[int, int]:
        """Its number and its offset."""
        return self.number, self.offset


_CLEARED = KEPT_TYPES | SAID_BY | {RESOURCE, PERSON, FLAG, LIST, ""}
"""Types of which nobody can say what is left where some are deleted, and it is not said which; or not even the type."""
Bounds: TypeAlias = tuple[int, int, int]
"""Where a line of a block begins and ends, without its line feed, and its number there."""


class Scanner:
    """Scans tasks for one drug. Every process has one; `strict` parses every line."""

    def __init__(self, drug: Drug, zone: tzinfo, markers: Markers, *, strict: bool = False) -> None:
        self._drug = drug
        self._zone = zone
        self._markers = markers
        self._traces = None if strict else traces_of(drug)
        self._known: list[bool] = []
        self._doses = Doses(drug, zone)
        # whether most lines of the block before were plain doses that repeat others
        self._dense = False

    def scan(self, task: Task, spill: Path) -> Report:
        """Look at every line for the first time. Lines that point at Medications are left for `follow`."""
        found = self._findings(task, spill)
        report = found.report
        for block in _read(task, report):
            before = found.kept
            left = found.repeated(block) if self._dense else None
            if left is None or left:
                self._scan(block, left, found)
            lines = _line_count(block)
            report.lines += lines
            self._dense = 2 * (found.kept - before) > lines
        return found.written()

    def _scan(self, block: Block, left: list[Bounds] | None, found: _Findings) -> None:
        """Look at the lines of a block, or at those that are left of it."""
        report = found.report
        scanned = self._scanned(block if left is None else _only(left, block))
        later = len(scanned.refer) + len(scanned.pointing.pointers)
        report.later += later
        report.counts[Key.NO_TRACE] += scanned.lines - len(scanned.parse) - later
        found.leave(scanned.marks, unmarked=scanned.unmarked)
        found.beside.met(scanned.types)
        for bounds in scanned.parse:
            start, end, number = bounds if left is None else left[bounds[2]]
            self._look(Line(report.lines + number, block.offset + start, block.content[start:end]), found, block)

    def follow(self, task: Task, medications: Medications, spill: Path) -> Report:
        """Look again at the lines that point at Medications, and at no other."""
        found = self._findings(task, spill)
        report = found.report
        for block in _read(task, report):
            scanned = self._scanned(block)
            pointing = scanned.pointing
            settled = self._settled(pointing, medications)
            open_ = [
                (each.start, each.end, each.number) for each in scanned.refer if not _is_settled(each, medications)
            ]
            left = [each for each in scanned.refer if _is_settled(each, medications)]
            report.counts[Key.NO_TRACE] += len(left) + int(np.count_nonzero(settled))
            left = [each for each in left if not each.said]
            found.leave(pointing.marks[settled], unmarked=len(left) > FEW)
            for each in left[:FEW]:
                found.leave(marks_in(block.content, each.start, each.end), unmarked=False)
            open_ += [(start, end, number) for start, end, number in pointing.lines[~settled].tolist()]
            for start, end, number in sorted(open_):
                line = Line(report.lines + number, block.offset + start, block.content[start:end])
                self._look(line, found, block, medications)
            for start, end, number in scanned.parse:
                line = Line(report.lines + number, block.offset + start, block.content[start:end])
                resource = _readable(line.content)
                if resource is None or not refers_outward(resource):
                    continue
                if resource["resourceType"] == RESOURCE:
                    self._administration(line, resource, medications.resolve, found)
                elif resource["resourceType"] in SAID_BY:
                    found.beside.said(line.place, line.content, resource, medications.resolve)
            report.lines += scanned.lines
        return found.written()

    def versions(self, task: Task, medications: Medications, seeker: Seeker, spill: Path) -> Report:
        """Look for further versions of records that were kept, among the lines that were not. What they were counted
        as is taken back."""
        found = self._findings(task, spill)
        report = found.report
        for block in _read(task, report):
            bounds = seeker.lines(block.content)
            scanned = self._scanned(block) if bounds else Scanned(_line_count(block), ())
            looked_at = {number for *_, number in scanned.parse}
            looked_at |= {each.number for each in scanned.refer if not _is_settled(each, medications)}
            looked_at |= set(scanned.pointing.lines[~self._settled(scanned.pointing, medications), 2].tolist())
            for start, end, number in bounds:
                line = Line(report.lines + number, block.offset + start, block.content[start:end])
                resource = _readable(line.content)
                if resource is None or mark(resource.get("id")) not in seeker.marks:
                    continue
                if resource["resourceType"] in SAID_BY | self._markers.types:
                    found.beside.newer(line.place, line.content, resource, medications.resolve)
                elif resource["resourceType"] == RESOURCE and not self._is_kept(resource, medications.resolve):
                    report.counts[Key.OTHER_DRUG if number in looked_at else Key.NO_TRACE] -= 1
                    found.keep(line, resource)
            report.lines += scanned.lines
        return found.written()

    def _settled(self, pointing: Pointing, medications: Medications) -> npt.NDArray[np.bool_]:
        """Which lines point at a Medication of another drug."""
        known = self._known
        for number in range(len(known), int(pointing.pointers.max(initial=-1)) + 1):
            assert self._traces is not None  # who parses every line has none that points
            known.append(_is_other(self._traces.pointer(number), medications))
        return np.array(known, dtype=np.bool_)[pointing.pointers]

    def _scanned(self, block: Block) -> Scanned:
        """The lines of a block."""
        if block.too_long:
            return Scanned(1, ((0, 0, 0),))
        return _all_lines(block.content) if self._traces is None else self._traces.scan(block.content)

    def _look(self, line: Line, found: _Findings, block: Block, medications: Medications | None = None) -> None:
        """Parse a line, and count or keep it. Without the Medications one that points at them is left for later."""
        report = found.report
        try:
            resource = read_line(line.content, too_long=block.too_long)
        except RejectedError as rejected:
            report.counts[Key.REJECTED] += 1
            report.rejected.append((line.offset, line.number, rejected.reason))
            return
        if resource is None:
            report.counts[Key.BLANK] += 1
        elif reason := _refused(resource):
            report.counts[Key.REJECTED] += 1
            report.rejected.append((line.offset, line.number, reason))
            report.deletions += deletions_in(resource)
        elif resource["resourceType"] != RESOURCE:
            report.counts[Key.OTHER_RESOURCE] += 1
            self._take_note(line, resource, found, medications)
        elif medications is not None:
            self._administration(line, resource, medications.resolve, found)
        elif refers_outward(resource):
            report.later += 1
        else:
            self._administration(line, resource, nowhere, found)

    def _administration(self, line: Line, resource: dict[str, Any], resolve: Resolve, found: _Findings) -> None:
        if self._is_kept(resource, resolve):
            found.keep(line, resource)
        else:
            found.report.counts[Key.OTHER_DRUG] += 1
            name = resource.get("id")
            found.leave([mark_of(name)] if isinstance(name, str) else [], unmarked=False)

    def _is_kept(self, resource: Resource, resolve: Resolve) -> bool:
        """Whether an administration is, or may be, of the drug, or of another therapy of the disease (rule C8)."""
        if identify(resource, self._drug, resolve).answer is not Answer.OTHER:
            return True
        return other_therapy(resource, self._drug, resolve) is not None

    def _take_note(
        self, line: Line, resource: dict[str, Any], found: _Findings, medications: Medications | None
    ) -> None:
        """What a resource that is no administration tells. Without the Medications what points at them is left."""
        of_type, report = resource["resourceType"], found.report
        reference = reference_of(resource)
        if of_type in SAID_BY:
            resolve = None if medications is None else medications.resolve
            report.later += found.beside.said(line.place, line.content, resource, resolve)
        elif of_type in self._markers.types:
            found.beside.marker(line.place, line.content, resource)
        elif of_type in KEPT_TYPES and reference is not None:
            report.medications.append((reference, line.content))
        elif of_type == PERSON:
            found.beside.person(resource)
        elif of_type == "Bundle":
            report.deletions += deletions_in(resource)

    def _findings(self, task: Task, spill: Path) -> _Findings:
        return _Findings(task, self._doses, Beside(task.number, self._drug, self._zone, self._markers, spill), spill)


class _Findings:
    """What comes of a task, while it is looked at."""

    def __init__(self, task: Task, doses: Doses, beside: Beside, spill: Path) -> None:
        self.report = Report(task.number)
        self.beside = beside
        self.kept = 0
        self._spill = spill
        self._doses = doses
        self._kept = Writer(task.number)
        self._marks: list[Marks] = []

    def keep(self, line: Line, resource: Resource) -> None:
        """Keep an administration, in the bucket of its patient."""
        self.kept += 1
        dose = self._doses.read(resource, line.number, line.offset)
        if dose is not None:
            self._kept.add_dose(dose)
        else:
            marked, of = mark(resource.get("id")), bucket(patient_of(resource))
            self._kept.add(Kept(self.report.task, line.number, line.offset, marked, of, line.content))

    def repeated(self, block: Block) -> list[Bounds] | None:
        """Keep the plain doses of a block that repeat others, which needs no look for traces. The lines that are left;
        None where that is all of them."""
        if block.too_long:
            return None
        left: list[Bounds] = []
        start, before = 0, self.report.lines
        doses, keep = self._doses.repeated, self._kept.add_dose
        lines = block.content.split(b"\n")
        if not lines[-1]:
            lines.pop()
        for number, content in enumerate(lines):
            dose = None
            try:
                resource = orjson.loads(content) if len(content) <= LONGEST_LINE else None
                if isinstance(resource, dict):
                    dose = doses(resource, before + number, block.offset + start)
            except orjson.JSONDecodeError:
                pass
            if dose is not None:
                keep(dose)
                self.kept += 1
            else:
                left.append((start, start + len(content), number))
            start += len(content) + 1
        return left

    def leave(self, marks: npt.ArrayLike, *, unmarked: bool) -> None:
        """Take note of administrations that are not kept, by their ids."""
        self._marks.append(np.asarray(marks, dtype=np.uint64))
        self.report.unmarked |= unmarked

    def written(self) -> Report:
        """The report, when all is on disk."""
        self.report.kept = self._kept.write(self._spill)
        self.report.beside = self.beside.written()
        marks = marks_beside(self._spill)
        write_marks(marks, self._marks)
        self.report.marks = str(marks)
        return self.report


def _refused(resource: Resource) -> str:
    """Why a resource stands in the place of records that are not read; else empty."""
    if resource["resourceType"] == "OperationOutcome":
        # what a server says of data that it does not give
        codes = ", ".join(issue_codes(resource)) or "no code"
        return f"is an OperationOutcome in place of data: {codes}" if tells_of_loss(resource) else ""
    if not _CLEARED.isdisjoint(unnamed_deletions(resource)):
        return "deletes records without naming them by type and id"
    return "is a Bundle with records; write it to a .json file" if _holds_records(resource) else ""


def _holds_records(resource: Resource) -> bool:
    """Whether a line is a Bundle in which there are administrations: of what stands inside nothing is read."""
    entries = resource.get("entry") if resource["resourceType"] == "Bundle" else None
    held = (entry.get("resource") for entry in entries if isinstance(entry, dict)) if isinstance(entries, list) else ()
    return any(isinstance(each, dict) and each.get("resourceType") in {RESOURCE, "Bundle"} for each in held)


def _is_settled(line: Referring, medications: Medications) -> bool:
    if not line.said:
        return _is_other(line.pointer, medications)
    named = medications.named(line.pointer.reference.decode())
    return not named.of_the_drug and not named.other_therapy


def _is_other(pointer: Pointer, medications: Medications) -> bool:
    named = medications.named(pointer.reference.decode())
    if named.other_therapy:
        return False
    return named.answer is Answer.OTHER or (named.answer is None and pointer.shown)


def _readable(content: bytes) -> dict[str, Any] | None:
    try:
        return read_line(content)
    except RejectedError:
        return None


def _read(task: Task, report: Report) -> Iterator[Block]:
    """The blocks of a task; a file that breaks is a fault of the report."""
    try:
        yield from blocks(task.file, task.start, task.end)
    except BrokenFileError as broken:
        report.fault = (broken.offset, broken.reason)


def _only(lines: Iterable[Bounds], block: Block) -> Block:
    """Some lines of a block, one behind the other."""
    return Block(block.offset, b"".join([block.content[start : end + 1] for start, end, _ in lines]))


def _line_count(block: Block) -> int:
    # of the quicker ones: this is asked of every block
    return 1 if block.too_long else stringzilla.count(block.content, b"\n") + (not block.content.endswith(b"\n"))


def _all_lines(content: bytes) -> Scanned:
    """Every line, to be parsed."""
    found: list[tuple[int, int, int]] = []
    at = 0
    while at < len(content):
        feed = content.find(b"\n", at)
        end = len(content) if feed < 0 else feed
        found.append((at, end, len(found)))
        at = end + 1
    return Scanned(len(found), tuple(found))
