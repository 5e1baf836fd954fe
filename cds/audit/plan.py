"""What an audit reads and asks, and the parts in which it is read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from cds.audit.files import Form, InputFile, Packing
from cds.audit.reading import Reading
from cds.audit.scan import Task
from cds.audit.shares import Question
from cds.dosing.drug import Drug

PART = 64 << 20
"""Bytes of a plain file that one task takes."""


def tasks(files: Iterable[InputFile]) -> tuple[Task, ...]:
    """The parts of all files. A packed file is one part, since only at its beginning can one begin; so is a document.
    Of Parquet each group is one, by its number."""
    found: list[Task] = []
    for file in files:
        size, step = (file.size, PART) if file.packing is Packing.PLAIN else (1, 1)
        if file.form is not Form.LINES:
            size, step = file.groups, 1
        starts = range(0, max(size, 1), step)
        for start in starts:
            end = None if start == starts[-1] else start + step
            found.append(Task(len(found), file, start, end))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Plan:
    """What an audit reads and asks. `folder` is one of its own, for what is kept on disk meanwhile: every worker of an
    engine reads and writes there. `incomplete`: patients (`Patient/x`) of whom something was not read;
    `all_incomplete`: it may be missing of anyone; `reading`: how what stands beside the doses was read."""

    tasks: tuple[Task, ...]
    question: Question
    folder: Path
    strict: bool = False
    incomplete: frozenset[str] = frozenset()
    all_incomplete: bool = False
    reading: Reading = field(default_factory=Reading)

    @property
    def drug(self) -> Drug:
        """The drug whose doses are looked for."""
        return self.question.regimens.drug

    @property
    def medications(self) -> Path:
        """Where the Medications of the input are kept."""
        return self.folder / "medications.sqlite"

    def spill(self, step: str, task: Task) -> Path:
        """Where a task keeps its lines."""
        return self.folder / f"{step}-{task.number:06d}.spill"
