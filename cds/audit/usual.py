"""Lines of the usual shape, told many at once: an administration that begins as servers write it, with one medication.

What is told here is what the patterns would tell line by line (see trace); it is only told sooner. A line is of the
usual shape if it begins with its type and its id, holds no other type, no other medication and no trace; its medication
is then looked up, byte by byte, among those that a pattern has matched before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyperscan
import stringzilla

from cds.audit.ids import WIDTH, Marks, marks_at
from cds.audit.known import OPEN, Known, Verdicts
from cds.audit.patterns import ESCAPED, INSIDE, READ_PLAIN, READ_TOLD, hints
from cds.audit.places import WORD, Positions, places, standing, words
from cds.dosing.drug import Drug

_TYPE, _MEDICATION = b'"resourceType"', b'"medication'
_COMPACT = b'\n{"resourceType":"MedicationAdministration","id":"'
_SPACED = b'\n{"resourceType": "MedicationAdministration", "id": "'
"""How a line begins, behind the end of the one before."""
_CONCEPT, _POINTER = np.frombuffer(b"CodeableReferenc", dtype="<u8")
"""How the name of a medication goes on."""
_Marked = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines of a block: where each begins and ends (behind its line feed); the number of its concept or of its
    pointer among those that are known, OPEN where the patterns must tell; the mark of its id where it is not open; and
    whether it names one type."""

    starts: Positions
    ends: Positions
    concepts: Verdicts
    pointers: Verdicts
    marks: Marks
    one_type: _Marked


class Usual:
    """Tells lines of the usual shape, for one drug."""

    def __init__(self, drug: Drug) -> None:
        self.concepts = Known(READ_TOLD, 128, 320)
        self.pointers = Known(READ_PLAIN, 80, 160)
        caseless = [pyperscan.Pattern(each.encode("latin-1"), pyperscan.Flag.CASELESS) for each in hints(drug)]
        hiding = [pyperscan.Pattern(each.encode("latin-1")) for each in (ESCAPED, *INSIDE)]
        self._traced: list[int] = []
        self._scanner = pyperscan.BlockDatabase(*caseless, *hiding).build(self._traced.append, _note)

    def lines(self, block: bytes, broken: Iterable[int]) -> Lines:
        """The lines of a block, which ends with a line feed. `broken`: positions in lines that are no UTF-8."""
        beginning = _SPACED if block.startswith(_SPACED[1:]) else _COMPACT
        types, medications = places(block, _TYPE), places(block, _MEDICATION)
        begins = _begins(block, types, beginning)
        starts, ends = _bounds(block, begins)
        usual = np.zeros(len(ends), dtype=np.bool_)
        usual[np.searchsorted(starts, begins)] = True
        one_type = single(types, ends)
        usual &= one_type & single(medications, ends)
        self._traced.clear()
        self._scanner.scan(block)
        traced = [*(end - 1 for end in self._traced), *broken]
        usual[np.searchsorted(ends, np.array(traced, dtype=np.int64), side="right")] = False
        marks = np.zeros(len(ends), dtype=np.uint64)
        numbers = np.flatnonzero(usual)
        marks[numbers], usual[numbers] = marks_at(block, starts[numbers] + len(beginning) - 1)
        return Lines(starts, ends, *self._verdicts(block, medications, ends, usual), marks, one_type)

    def _verdicts(
        self, block: bytes, medications: Positions, ends: Positions, usual: _Marked
    ) -> tuple[Verdicts, Verdicts]:
        """The verdicts on each line, by its concept and by its pointer."""
        concepts = np.full(len(ends), OPEN, dtype=np.int32)
        pointers = np.full(len(ends), OPEN, dtype=np.int32)
        lines = np.searchsorted(ends, medications, side="right")
        inside = usual[lines] & (medications + len(_MEDICATION) + WORD <= len(block))
        lines, medications = lines[inside], medications[inside]
        names = words(block, medications + len(_MEDICATION), WORD)[:, 0]
        for name, known, verdicts in ((_CONCEPT, self.concepts, concepts), (_POINTER, self.pointers, pointers)):
            of_name = names == name
            if of_name.any():
                found = lines[of_name]
                verdicts[found] = known.verdicts(block, medications[of_name], ends[found])
        return concepts, pointers


def _note(append: Callable[[int], None], _tag: object, _start: int, end: int) -> pyperscan.Scan:
    append(end)
    return pyperscan.Scan.Continue


def _begins(block: bytes, types: Positions, beginning: bytes) -> Positions:
    """Where lines begin as usual, of those from whose beginning an id can be read. `types`: where types are named."""
    first = 1 if block.startswith(beginning[1:]) else 0
    feeds = types[first:] - 2
    feeds = feeds[(feeds >= 0) & (feeds + len(beginning) + WIDTH <= len(block))]
    begins = feeds[standing(block, feeds, beginning)] + 1
    if first and len(beginning) - 1 + WIDTH <= len(block):
        begins = np.concatenate(([0], begins))
    return begins


def _bounds(block: bytes, begins: Positions) -> tuple[Positions, Positions]:
    """Where lines begin and end; `begins`: where some of them do, mostly all."""
    if stringzilla.count(block, b"\n") == len(begins):
        return begins, np.append(begins[1:], len(block))
    ends = places(block, b"\n") + 1
    return np.concatenate(([0], ends[:-1])), ends


def single(found: Positions, ends: Positions) -> _Marked:
    """Which lines hold one of the positions that were found."""
    if len(found) == len(ends) and (found < ends).all() and (found[1:] >= ends[:-1]).all():
        return np.ones(len(ends), dtype=np.bool_)
    return np.equal(np.bincount(np.searchsorted(ends, found, side="right"), minlength=len(ends)), 1)
