"""Several versions of one record: found wherever they stand, and all but the last set aside."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyperscan

from cds.audit.ids import Marks, read_marks
from cds.audit.patterns import ESCAPED_ID, READ_ID
from cds.audit.spill import Index, every_mark, mark, record_at, twice
from cds.fhir.deletions import updated_after
from cds.fhir.plain import Resource
from cds.fhir.references import newer, relative

FEW = 2000
"""As many ids are sought by their bytes at once; for more, every id of every line is looked up."""


@dataclass(frozen=True, slots=True)
class Sought:
    """The ids of records that were kept. `names` are the ids themselves, where there are few."""

    marks: frozenset[bytes]
    names: tuple[str, ...] = ()


class Seeker:
    """Finds the lines that hold one of the ids."""

    def __init__(self, sought: Sought) -> None:
        self.marks = sought.marks
        self._quick = np.sort(np.frombuffer(b"".join(sought.marks), dtype="<u8")[::2])
        self._positions: list[int] = []
        self._scanner = _scanner(sought.names, self._positions) if sought.names else None

    def among(self, marks: Iterable[str]) -> bool:
        """Whether one of the ids may be among those that were kept in files when lines were left unparsed."""
        try:
            return any(self._holds(read_marks(Path(path))) for path in marks)
        except OSError:
            return True

    def _holds(self, marks: Marks) -> bool:
        at = np.minimum(np.searchsorted(self._quick, marks), len(self._quick) - 1)
        return bool((self._quick[at] == marks).any())

    def lines(self, block: bytes) -> list[tuple[int, int, int]]:
        """The lines of a block in which one of the ids can stand: (start, end, number); any with an escape in an id."""
        positions = sorted(self._by_bytes(block) if self._scanner is not None else self._by_marks(block))
        found: list[tuple[int, int, int]] = []
        number, behind = 0, 0
        for position in positions:
            if position < behind:
                continue
            start = block.rfind(b"\n", 0, position) + 1
            number += block.count(b"\n", behind, start)
            end = block.find(b"\n", position)
            end = len(block) if end < 0 else end
            found.append((start, end, number))
            number, behind = number + 1, end + 1
        return found

    def _by_bytes(self, block: bytes) -> Iterable[int]:
        assert self._scanner is not None  # the caller has looked
        self._positions.clear()
        self._scanner.scan(block)
        return self._positions

    def _by_marks(self, block: bytes) -> Iterator[int]:
        for found in READ_ID.finditer(block):
            if found[2] == b"\\" or mark(found[1].decode("utf-8", "replace")) in self.marks:
                yield found.start()


def _scanner(names: Sequence[str], positions: list[int]) -> pyperscan.BlockScanner:
    expressions = [ESCAPED_ID.encode("latin-1")]
    expressions += ["".join(f"\\x{byte:02x}" for byte in f'"{name}"'.encode()).encode() for name in names]
    return pyperscan.BlockDatabase(*map(pyperscan.Pattern, expressions)).build(positions, _note)


def _note(positions: list[int], _tag: object, _start: int, end: int) -> pyperscan.Scan:
    positions.append(end - 1)
    return pyperscan.Scan.Continue


def sought(indexes: Sequence[Index]) -> Sought:
    """What to look for, given the lines that were kept."""
    every = every_mark(indexes)
    marks = frozenset(_joined(row) for row in every)
    if len(marks) > FEW:
        return Sought(marks)
    names = {str(_record(indexes, row)[1]["id"]) for row in every}
    return Sought(marks, tuple(sorted(names)))


def superseded(indexes: Sequence[Index], deletions: Mapping[str, str]) -> frozenset[tuple[int, int]]:
    """The lines that a later version, or a deletion, has put out of use, by their order in the input.

    `deletions`: references of deleted records, each with the time of the deletion, empty where that is not told. A
    resource of another type can have the same id, and is another record.
    """
    if not deletions and not twice(indexes):
        # as in nearly all exports; what all lines are known by would be the most that is ever held at once
        return frozenset()
    every = every_mark(indexes)
    deleted = dict(_marked(deletions))
    some = _several(every) | {marked for marked, _ in deleted}
    versions: dict[tuple[bytes, str], list[tuple[tuple[int, int], Resource]]] = {}
    for row in every if some else ():
        if (joined := _joined(row)) in some:
            order, resource = _record(indexes, row)
            versions.setdefault((joined, str(resource.get("resourceType"))), []).append((order, resource))
    lost: set[tuple[int, int]] = set()
    for marked, records in versions.items():
        records.sort(key=itemgetter(0))
        last, last_resource = records[0]
        for order, resource in records[1:]:
            if newer(last_resource, resource) is resource:
                last, last_resource = order, resource
        gone = marked in deleted and not updated_after(last_resource, deleted[marked])
        lost |= {order for order, _ in records if gone or order != last}
    return frozenset(lost)


def _marked(deletions: Mapping[str, str]) -> Iterator[tuple[tuple[bytes, str], str]]:
    """The marks and types of those that were deleted, and when."""
    for reference, when in deletions.items():
        of_type, _, name = (relative(reference) or "").partition("/")
        yield (mark(name), of_type), when


def _several(every: npt.NDArray[np.void]) -> set[bytes]:
    """The marks that stand there more than once."""
    _, first, counts = np.unique(every[["high", "low"]], return_index=True, return_counts=True)
    return {_joined(every[at]) for at in first[counts > 1]}


def _record(indexes: Sequence[Index], row: np.void) -> tuple[tuple[int, int], Resource]:
    return record_at(indexes[int(row["index"])], int(row["position"]), int(row["bucket"]))


def _joined(row: np.void) -> bytes:
    return int(row["high"]).to_bytes(8, "little") + int(row["low"]).to_bytes(8, "little")
