"""Lines that are kept, on disk, apart by patient: so that memory does not grow with the export."""

from __future__ import annotations

import hashlib
import struct
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

BUCKETS = 256
"""Parts by which patients are told apart on disk; several make a share of the work."""

_HEADER = struct.Struct("<IQQI16sB")


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
    """16 bytes for an id: two ids have the same one less often than a disk fails."""
    return hashlib.blake2b(name.encode(), digest_size=16).digest() if isinstance(name, str) and name else b""


def bucket(patient: str | None) -> int:
    """The bucket of a patient (`Patient/x`); records of nobody are together in one."""
    return hashlib.blake2b((patient or "").encode(), digest_size=1).digest()[0]


class Writer:
    """The lines that one task keeps, by bucket, until they are written in one go."""

    def __init__(self) -> None:
        self._buckets: dict[int, list[bytes]] = defaultdict(list)
        self.marks: list[bytes] = []

    def add(self, kept: Kept) -> None:
        """Keep a line."""
        header = _HEADER.pack(kept.task, kept.line, kept.offset, len(kept.content), kept.mark, bool(kept.mark))
        self._buckets[kept.bucket] += (header, kept.content)
        if kept.mark:
            self.marks.append(kept.mark)

    def write(self, path: Path) -> dict[int, tuple[int, int]]:
        """Write the file; where each bucket begins in it, and how long it is. Nothing to write makes no file."""
        index: dict[int, tuple[int, int]] = {}
        if not self._buckets:
            return index
        with path.open("wb") as file:
            for number in sorted(self._buckets):
                start = file.tell()
                file.writelines(self._buckets[number])
                index[number] = (start, file.tell() - start)
        return index


def read(files: Iterable[tuple[Path, Mapping[int, tuple[int, int]]]], number: int) -> Iterator[Kept]:
    """The lines of a bucket, out of the files of all tasks with their indexes."""
    for path, index in files:
        if number not in index:
            continue
        start, length = index[number]
        with path.open("rb") as file:
            file.seek(start)
            content = file.read(length)
        at = 0
        while at < length:
            task, line, offset, size, marked, has_mark = _HEADER.unpack_from(content, at)
            at += _HEADER.size
            yield Kept(task, line, offset, marked if has_mark else b"", number, content[at : at + size])
            at += size
