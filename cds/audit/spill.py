"""Lines that are kept, on disk, apart by patient: so that memory does not grow with the export."""

from __future__ import annotations

import hashlib
import struct
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from cds.audit.doses import Dose, doses_in, written
from cds.audit.ids import mark_of, marks_of
from cds.audit.lines import read_line
from cds.audit.units import aside

BUCKETS = 256
"""Parts by which patients are told apart on disk; several make a share of the work."""

_HEADER = struct.Struct("<IQQI16sB")
_POSITION = struct.Struct("<QI")
_MARK = np.dtype([("high", "<u8"), ("low", "<u8"), ("position", "<u8"), ("bucket", "<u4")])
_AT_ONCE = 1024
"""Doses whose marks are made together."""
MARKS = np.dtype([*_MARK.descr, ("index", "<u4")])
"""One row a line: its mark in two halves, where it stands, its bucket, and which of the indexes it is in."""


@dataclass(frozen=True, slots=True)
class Kept:
    """One line that was kept. `task` and `line` (from 0, within the task) place it, `offset` is that in the file.
    `mark` is that of its id, so that versions of one record find each other; empty where it has no id."""

    task: int
    line: int
    offset: int
    mark: bytes
    bucket: int
    content: bytes

    @property
    def order(self) -> tuple[int, int]:
        """Tasks are numbered in the order of files, so this is the order of lines in the input."""
        return (self.task, self.line)


def mark(name: object) -> bytes:
    """16 bytes for an id: two ids have the same one less often than a disk fails. The first half is what its lines are
    known by where they are not parsed (see ids)."""
    if not isinstance(name, str) or not name:
        return b""
    return mark_of(name).to_bytes(8, "little") + _second(name)


def _second(name: str) -> bytes:
    return hashlib.blake2b(name.encode(), digest_size=8, person=b"second").digest()


@lru_cache(maxsize=1 << 15)
def bucket(patient: str | None) -> int:
    """The bucket of a patient (`Patient/x`); records of nobody are together in one."""
    return hashlib.blake2b((patient or "").encode(), digest_size=1).digest()[0]


class Writer:
    """The lines that one task keeps, by bucket, until they are written in one go."""

    def __init__(self, task: int) -> None:
        self._task = task
        self._buckets: dict[int, list[tuple[bytes, bytes, bytes]]] = defaultdict(list)
        self._doses: dict[int, _Doses] = defaultdict(_Doses)

    def add(self, kept: Kept) -> None:
        """Keep a line."""
        header = _HEADER.pack(kept.task, kept.line, kept.offset, len(kept.content), kept.mark, bool(kept.mark))
        self._buckets[kept.bucket].append((header, kept.content, kept.mark))

    def add_dose(self, dose: Dose) -> None:
        """Keep a plain dose in place of its line."""
        self._doses[bucket(dose.patient)].add(dose)

    def write(self, path: Path) -> Index:
        """Write the file. Nothing to write makes no file."""
        buckets: dict[int, Part] = {}
        marks: list[bytes] = []
        if self._buckets or self._doses:
            with aside(path) as part, part.open("wb") as file:
                for number in sorted({*self._buckets, *self._doses}):
                    start = at = file.tell()
                    for header, content, marked in self._buckets.get(number, ()):
                        if marked:
                            marks += (marked, _POSITION.pack(at, number))
                        at += file.write(header) + file.write(content)
                    doses = self._doses.get(number, _NO_DOSES)
                    buckets[number] = Part(start, at - start, len(doses.rows))
                    file.write(doses.rows)
                    marks.append(doses.marks_at(at, number))
        return Index(self._task, str(path), buckets, b"".join(marks))


class _Doses:
    """The plain doses of one bucket. Rows are added to one buffer: held one by one, each would keep all the room that
    it was given while it was written. Marks are made of many at once."""

    def __init__(self) -> None:
        self.rows = bytearray()
        self._marks = bytearray()
        self._names: list[str] = []
        self._positions: list[int] = []

    def add(self, dose: Dose) -> None:
        self._names.append(dose.name)
        self._positions.append(len(self.rows))
        self.rows += written(dose)
        if len(self._names) == _AT_ONCE:
            self._mark()

    def _mark(self) -> None:
        marks = np.zeros(len(self._names), dtype=_MARK)
        marks["high"] = marks_of(self._names)
        marks["low"] = np.frombuffer(b"".join([_second(name) for name in self._names]), dtype="<u8")
        marks["position"] = self._positions
        self._marks += marks.tobytes()
        self._names, self._positions = [], []

    def marks_at(self, position: int, number: int) -> bytes:
        """The marks of doses that are written from this position on, in the part of this bucket."""
        self._mark()
        marks = np.frombuffer(self._marks, dtype=_MARK).copy()
        marks["position"] += position
        marks["bucket"] = number
        return marks.tobytes()


_NO_DOSES = _Doses()


class Part(NamedTuple):
    """What of a file is of one bucket: from `start` so many bytes of lines, and behind them so many of plain doses."""

    start: int
    lines: int
    doses: int


@dataclass(frozen=True, slots=True)
class Index:
    """What stands where in the file of one task. `buckets`: the part of each. `marks`: one after the other, the mark of
    a line or dose with an id, and where it stands."""

    task: int
    path: str
    buckets: Mapping[int, Part]
    marks: bytes


def read(index: Index, number: int) -> tuple[list[Kept], list[Dose]]:
    """The lines and the doses of a bucket in the file of a task."""
    part = index.buckets.get(number)
    if part is None:
        return [], []
    with Path(index.path).open("rb") as file:
        file.seek(part.start)
        content = file.read(part.lines)
        doses = file.read(part.doses)
    lines: list[Kept] = []
    at = 0
    while at < part.lines:
        kept = _at(content, at, number)
        at += _HEADER.size + len(kept.content)
        lines.append(kept)
    return lines, list(doses_in(doses))


def twice(indexes: Iterable[Index]) -> bool:
    """Whether two lines may have the same mark. Half of each mark is compared many times as fast as the whole, in a
    fourth of the room, and mostly tells."""
    parts = [np.frombuffer(index.marks, dtype=_MARK)["high"] for index in indexes]
    halves = np.concatenate(parts) if parts else np.empty(0, dtype="<u8")
    halves.sort()
    return bool((halves[1:] == halves[:-1]).any())


def every_mark(indexes: Iterable[Index]) -> npt.NDArray[np.void]:
    """The marks of all lines, with the number of their index and their position there (see MARKS)."""
    parts = []
    for number, index in enumerate(indexes):
        part = np.frombuffer(index.marks, dtype=_MARK)
        whole = np.empty(len(part), dtype=MARKS)
        for name in part.dtype.names or ():
            whole[name] = part[name]
        whole["index"] = number
        parts.append(whole)
    return np.concatenate(parts) if parts else np.empty(0, dtype=MARKS)


def record_at(index: Index, position: int, number: int) -> tuple[tuple[int, int], dict[str, Any]]:
    """One record, by its position in the file of a task and its bucket: its order in the input (see Kept), and what of
    it tells its version, or all of it."""
    part = index.buckets[number]
    with Path(index.path).open("rb") as file:
        file.seek(position)
        if position >= part.start + part.lines:
            dose = next(doses_in(file.readline()))
            return (index.task, dose.line), dose.resource
        header = file.read(_HEADER.size)
        kept = _at(header + file.read(_HEADER.unpack(header)[3]), 0, number)
    return kept.order, read_line(kept.content) or {}


def _at(content: bytes, at: int, number: int) -> Kept:
    task, line, offset, size, marked, has_mark = _HEADER.unpack_from(content, at)
    at += _HEADER.size
    return Kept(task, line, offset, marked if has_mark else b"", number, content[at : at + size])
