"""Lines that are kept, on disk, apart by patient: so that memory does not grow with the export."""

from __future__ import annotations

import hashlib
import struct
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from cds.audit.ids import mark_of
from cds.audit.units import aside

BUCKETS = 256
"""Parts by which patients are told apart on disk; several make a share of the work."""

_HEADER = struct.Struct("<IQQI16sB")
_POSITION = struct.Struct("<QI")
_MARK = np.dtype([("high", "<u8"), ("low", "<u8"), ("position", "<u8"), ("bucket", "<u4")])
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
    return mark_of(name).to_bytes(8, "little") + hashlib.blake2b(name.encode(), digest_size=8, key=b"second").digest()


def bucket(patient: str | None) -> int:
    """The bucket of a patient (`Patient/x`); records of nobody are together in one."""
    return hashlib.blake2b((patient or "").encode(), digest_size=1).digest()[0]


class Writer:
    """The lines that one task keeps, by bucket, until they are written in one go."""

    def __init__(self) -> None:
        self._buckets: dict[int, list[tuple[bytes, bytes, bytes]]] = defaultdict(list)

    def add(self, kept: Kept) -> None:
        """Keep a line."""
        header = _HEADER.pack(kept.task, kept.line, kept.offset, len(kept.content), kept.mark, bool(kept.mark))
        self._buckets[kept.bucket].append((header, kept.content, kept.mark))

    def write(self, path: Path) -> Index:
        """Write the file. Nothing to write makes no file."""
        buckets: dict[int, tuple[int, int]] = {}
        marks: list[bytes] = []
        if self._buckets:
            with aside(path) as part, part.open("wb") as file:
                for number in sorted(self._buckets):
                    start = at = file.tell()
                    for header, content, marked in self._buckets[number]:
                        if marked:
                            marks += (marked, _POSITION.pack(at, number))
                        at += file.write(header) + file.write(content)
                    buckets[number] = (start, at - start)
        return Index(str(path), buckets, b"".join(marks))


@dataclass(frozen=True, slots=True)
class Index:
    """What stands where in the file of one task. `buckets`: start and length of each. `marks`: one after the other, the
    mark of a line with an id, and where the line stands."""

    path: str
    buckets: Mapping[int, tuple[int, int]]
    marks: bytes


def read(indexes: Iterable[Index], number: int) -> Iterator[Kept]:
    """The lines of a bucket, out of the files of all tasks."""
    for index in indexes:
        if number in index.buckets:
            start, length = index.buckets[number]
            with Path(index.path).open("rb") as file:
                file.seek(start)
                content = file.read(length)
            at = 0
            while at < length:
                kept = _at(content, at, number)
                at += _HEADER.size + len(kept.content)
                yield kept


def marks_of(indexes: Iterable[Index]) -> npt.NDArray[np.void]:
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


def line_at(index: Index, position: int, number: int) -> Kept:
    """One line, by its position in the file of a task and its bucket."""
    with Path(index.path).open("rb") as file:
        file.seek(position)
        header = file.read(_HEADER.size)
        return _at(header + file.read(_HEADER.unpack(header)[3]), 0, number)


def _at(content: bytes, at: int, number: int) -> Kept:
    task, line, offset, size, marked, has_mark = _HEADER.unpack_from(content, at)
    at += _HEADER.size
    return Kept(task, line, offset, marked if has_mark else b"", number, content[at : at + size])
