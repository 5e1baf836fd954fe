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
from cds.audit.literals import Literals, Positions
from cds.audit.patterns import ESCAPED, INSIDE, READ_PLAIN, READ_TOLD, hints
from cds.dosing.drug import Drug

_TYPE, _MEDICATION = b'"resourceType"', b'"medication'
_Marked = npt.NDArray[np.bool_]


def _style(space: bytes) -> tuple[bytes, Literals]:
    """How a line begins and how its medication does: compact, or with a space behind colons and commas."""
    texts = (
        b'{"resourceType": "MedicationAdministration", "id": "',
        b'"medicationCodeableConcept": {"coding": [{"',
        b'"medicationReference": {"reference": "Medication/',
    )
    start, concept, pointer = (text.replace(b" ", space) for text in texts)
    return start, Literals([b"\n" + start, concept, pointer])


_COMPACT, _SPACED = _style(b""), _style(b" ")


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines of a block: where each begins and ends (behind its line feed); the number of its concept or of its
    pointer among those that are known, OPEN where the patterns must tell; the mark of its id where it is not open."""

    starts: Positions
    ends: Positions
    concepts: Verdicts
    pointers: Verdicts
    marks: Marks


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
        start, literals = _SPACED if block.startswith(_SPACED[0]) else _COMPACT
        begins, concepts, pointers = literals.find(block)
        begins += 1
        if block.startswith(start):
            begins = np.concatenate(([0], begins))
        starts, ends = _bounds(block, begins)
        usual = np.zeros(len(ends), dtype=np.bool_)
        usual[np.searchsorted(starts, begins)] = True
        usual &= _single(block, _TYPE, begins, ends) & _single(
            block, _MEDICATION, np.concatenate((concepts, pointers)), ends
        )
        usual &= starts + len(start) + WIDTH <= len(block)
        self._traced.clear()
        self._scanner.scan(block)
        traced = [end - 1 for end in self._traced]
        usual[np.searchsorted(ends, np.array([*traced, *broken], dtype=np.int64), side="right")] = False
        marks = np.zeros(len(ends), dtype=np.uint64)
        numbers = np.flatnonzero(usual)
        marks[numbers], usual[numbers] = marks_at(block, starts[numbers] + len(start))
        told = (
            _verdicts(self.concepts, block, concepts, ends, usual),
            _verdicts(self.pointers, block, pointers, ends, usual),
        )
        return Lines(starts, ends, *told, marks)


def _note(append: Callable[[int], None], _tag: object, _start: int, end: int) -> pyperscan.Scan:
    append(end)
    return pyperscan.Scan.Continue


def _bounds(block: bytes, begins: Positions) -> tuple[Positions, Positions]:
    """Where lines begin and end; `begins`: where some of them do, mostly all."""
    if stringzilla.count(block, b"\n") == len(begins):
        return begins, np.append(begins[1:], len(block))
    ends = np.flatnonzero(np.frombuffer(block, dtype=np.uint8) == ord("\n")) + 1
    return np.concatenate(([0], ends[:-1])), ends


def _single(block: bytes, text: bytes, places: Positions, ends: Positions) -> _Marked:
    """Which lines hold a text once. `places`: some that are known, mostly all."""
    if stringzilla.count(block, text) == len(places):
        if len(places) == len(ends) and (places < ends).all() and (places[1:] >= ends[:-1]).all():
            return np.ones(len(ends), dtype=np.bool_)
    else:
        found, at = [], stringzilla.find(block, text)
        while at >= 0:
            found.append(at)
            at = stringzilla.find(block, text, at + 1)
        places = np.array(found, dtype=np.int64)
    counts = np.bincount(np.searchsorted(ends, places, side="right"), minlength=len(ends))
    return np.equal(counts, 1)


def _verdicts(known: Known, block: bytes, places: Positions, ends: Positions, usual: _Marked) -> Verdicts:
    """The verdict on each line, of what stands at some places of usual lines."""
    found = np.full(len(ends), OPEN, dtype=np.int32)
    lines = np.searchsorted(ends, places, side="right")
    of_usual = usual[lines]
    lines, places = lines[of_usual], places[of_usual]
    found[lines] = known.verdicts(block, places, ends[lines])
    return found
