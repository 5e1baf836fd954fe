"""Which lines of an export must be parsed: told by bytes, since nearly none is of the drug, and never losing one.

A line may stay unparsed only where its bytes prove that strict reading would call it another drug's, another resource,
or no JSON without a trace of ours. One pass of a multi-pattern matcher asks of all lines at once:

- Does it hold a *trace*: a name or code of the drug, or what one could hide behind: an escaped letter, a contained
  resource, the other spelling of the medication, the entries of a Bundle?
- Does it *tell* its medication: a plain concept with a readable text, or a resource type that is none of ours?
- Does it *refer* to a Medication, plainly, and by nothing else? What that Medication is settles the line.

A line that tells and holds no trace is settled. Every line that is neither told nor refers is parsed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import compress

import numpy as np
import numpy.typing as npt
import pyperscan
import stringzilla

from cds.audit.beside import SAID_BY
from cds.audit.ids import Marks, mark_of
from cds.audit.known import OPEN
from cds.audit.patterns import (
    ESCAPED_ID,
    HIDING,
    OTHER_TYPE,
    PLAIN,
    READ_DISPLAY,
    READ_ID,
    READ_PLAIN,
    READ_REFERENCE,
    REFERS,
    TOLD,
    of_type,
    traces,
)
from cds.audit.places import places
from cds.audit.usual import Lines, Usual, single
from cds.dosing.drug import Drug
from cds.fhir.read import RESOURCE

_Positions = npt.NDArray[np.int64]

_TOLD, _OTHER_TYPE, _REFERS, _PLAIN, _TRACE, _ESCAPED = range(6)
"""What a match is; those behind are types of SAID."""
SAID = tuple(sorted(SAID_BY))

_RECORD = f'"{RESOURCE}"'.encode()
"""An administration stays one, whatever else is said to have a type within it."""
_TYPE = b'"resourceType"'
_CONCEPT = b'"medicationCodeableConcept"'
_LINE_FEED = 10
FEW = 64
"""Of so many lines in a block that only the patterns tell are the ids noted; of more that costs more than it saves."""


@dataclass(frozen=True, slots=True)
class Pointer:
    """What a line says that names its medication by a plain reference and nothing else. `shown`: a readable display
    stands beside it, so that it is another drug's even where the Medication is not at hand."""

    reference: bytes
    shown: bool


@dataclass(frozen=True, slots=True)
class Referring:
    """A line with such a pointer. `said`: it is no administration, but a statement or an order."""

    start: int
    end: int
    number: int
    pointer: Pointer
    said: bool = False


@dataclass(frozen=True, slots=True)
class Pointing:
    """Many lines with such pointers: (start, end, number) of each in a row, the number of its pointer (see
    Traces.pointer), and the mark of its id."""

    lines: _Positions
    pointers: npt.NDArray[np.int32]
    marks: Marks


_NO_MARKS = np.zeros(0, dtype=np.uint64)
_NONE_POINTING = Pointing(np.zeros((0, 3), dtype=np.int64), np.zeros(0, dtype=np.int32), _NO_MARKS)


@dataclass(frozen=True, slots=True)
class Scanned:
    """The lines of one block. `parse`: (start, end, number) of those that must be parsed; `refer` and `pointing` those
    that a Medication settles; all others are settled. `marks` are those of their ids, and `unmarked` says that an
    administration is settled whose id is not among them. `types`: those of SAID that are among them. Numbers count from
    0; ends leave out the line feed."""

    lines: int
    parse: tuple[tuple[int, int, int], ...]
    refer: tuple[Referring, ...] = ()
    pointing: Pointing = field(default_factory=lambda: _NONE_POINTING)
    marks: Marks = field(default_factory=lambda: _NO_MARKS)
    unmarked: bool = False
    types: frozenset[str] = frozenset()


class Traces:
    """The matcher for one drug. Building it takes a quarter of a second; one serves any number of blocks."""

    def __init__(self, drug: Drug) -> None:
        self.drug = drug
        self._usual = Usual(drug)
        self.pointer = lru_cache(maxsize=None)(self._pointer)
        told = [(TOLD, _TOLD), (OTHER_TYPE, _OTHER_TYPE), (REFERS, _REFERS), (PLAIN, _PLAIN), (ESCAPED_ID, _ESCAPED)]
        patterns = [_pattern(pattern, tag) for pattern, tag in (*told, *((each, _TRACE) for each in HIDING))]
        patterns += [_pattern(pattern, _TRACE, pyperscan.Flag.CASELESS) for pattern in traces(drug)]
        patterns += [_pattern(of_type(name), _ESCAPED + number) for number, name in enumerate(SAID, 1)]
        self._found: tuple[list[int], ...] = tuple([] for _ in range(_ESCAPED + 1 + len(SAID)))
        self._scanner = pyperscan.BlockDatabase(*patterns).build(self._found, _note)

    def _pointer(self, number: int) -> Pointer:
        """The pointer with this number."""
        return _pointer(self._usual.pointers.texts[number])

    def scan(self, block: bytes) -> Scanned:
        """The lines of a block, which begins at the beginning of a line. A last line without a line feed is parsed."""
        if not block.endswith(b"\n"):
            return self._by_patterns(block)
        lines = self._usual.lines(block, _broken_text(block))
        told = lines.concepts != OPEN
        left = np.flatnonzero(~told & (lines.pointers == OPEN))
        rest = self._rest(block, lines, left)
        pointing = np.flatnonzero(lines.pointers != OPEN)
        bounds = np.stack((lines.starts[pointing], lines.ends[pointing] - 1, pointing), axis=1)
        return Scanned(
            len(lines.ends),
            rest.parse,
            rest.refer,
            Pointing(bounds, lines.pointers[pointing], lines.marks[pointing]),
            np.concatenate((lines.marks[told], rest.marks)),
            rest.unmarked,
            rest.types,
        )

    def _rest(self, block: bytes, lines: Lines, left: _Positions) -> Scanned:
        """What the patterns tell of the lines that are left, at their places in the block."""
        if len(left) == len(lines.ends):
            return self._by_patterns(block, lines.one_type)
        bounds = list(zip(lines.starts[left].tolist(), lines.ends[left].tolist(), left.tolist(), strict=True))
        if len(left) <= FEW:
            return self._one_by_one(block, bounds)
        found = self._by_patterns(b"".join([block[start:end] for start, end, _ in bounds]), lines.one_type[left])

        def placed(number: int) -> tuple[int, int, int]:
            start, end, whole = bounds[number]
            return start, end - 1, whole

        return Scanned(
            len(left),
            tuple(placed(number) for *_, number in found.parse),
            tuple(Referring(*placed(each.number), each.pointer, each.said) for each in found.refer),
            marks=found.marks,
            unmarked=found.unmarked,
            types=found.types,
        )

    def _one_by_one(self, block: bytes, lines: list[tuple[int, int, int]]) -> Scanned:
        """What `_by_patterns` tells, of a few lines: (start, end behind the line feed, number) of each."""
        parse: list[tuple[int, int, int]] = []
        refer: list[Referring] = []
        marks: list[int] = []
        types: set[str] = set()
        for start, end, number in lines:
            line = block[start:end]
            for each in self._found:
                each.clear()
            self._scanner.scan(line)
            told, of_other_type, refers, plain, traced, escaped, *of_types = map(bool, self._found)
            of_other_type = of_other_type and _RECORD not in line and line.count(_TYPE) == 1
            told = told and line.count(_CONCEPT) == 1
            said = any(of_types)
            types.update(compress(SAID, of_types))
            traced = traced or next(_broken_text(line), None) is not None
            traced = traced or (escaped and _first_id_is_escaped(line, 0, len(line)))
            pointing = None
            if plain and not told and not traced and (said or not of_other_type):
                pointing = _referring(block, start, end - 1, number, said=said)
            if pointing is not None:
                refer.append(pointing)
            elif traced or refers or not (told or of_other_type):
                parse.append((start, end - 1, number))
            elif told:
                marks += marks_in(line, 0, len(line))
        found = np.array(marks, dtype=np.uint64)
        return Scanned(len(lines), tuple(parse), tuple(refer), marks=found, types=frozenset(types))

    def _by_patterns(self, block: bytes, one_type: npt.NDArray[np.bool_] | None = None) -> Scanned:
        """What the patterns tell of each line. `one_type`: which lines name one type, where that is known."""
        for each in self._found:
            each.clear()
        self._scanner.scan(block)
        feeds = np.flatnonzero(np.frombuffer(block, dtype=np.uint8) == _LINE_FEED) + 1
        unended = bool(block) and not block.endswith(b"\n")
        ends = np.append(feeds, len(block) + 1) if unended else feeds
        told, of_other_type, refers, plain, traced, escaped, *of_types = (
            _marked(ends, positions) for positions in self._found
        )
        if stringzilla.count(block, _CONCEPT) > np.count_nonzero(told):
            told &= single(places(block, _CONCEPT), ends)
        if of_other_type.any():
            of_other_type &= ~_marked(ends, places(block, _RECORD) + len(_RECORD)) & _one_type(block, ends, one_type)
        said = np.logical_or.reduce(of_types)
        types = frozenset(name for name, lines in zip(SAID, of_types, strict=True) if lines.any())
        if unended:
            traced[-1] = True
        for position in _broken_text(block):
            traced[np.searchsorted(ends, position, side="right")] = True
        starts = np.concatenate(([0], ends[:-1])) if len(ends) else ends
        for number in np.flatnonzero(escaped):
            traced[number] |= _first_id_is_escaped(block, int(starts[number]), int(ends[number]))
        settled = (told | of_other_type) & ~refers & ~traced
        referring = plain & ~told & (~of_other_type | said) & ~traced
        refer: list[Referring] = []
        parse: list[tuple[int, int, int]] = []
        for number in np.flatnonzero(~settled):
            start, end = int(starts[number]), int(ends[number]) - 1
            line = _referring(block, start, end, int(number), said=bool(said[number])) if referring[number] else None
            if line is None:
                parse.append((start, end, int(number)))
            else:
                refer.append(line)
        left = np.flatnonzero(settled & told)
        if len(left) > FEW:
            return Scanned(len(ends), tuple(parse), tuple(refer), unmarked=True, types=types)
        marks = [mark for number in left for mark in marks_in(block, int(starts[number]), int(ends[number]))]
        found = np.array(marks, dtype=np.uint64)
        return Scanned(len(ends), tuple(parse), tuple(refer), marks=found, types=types)


def _note(found: tuple[list[int], ...], tag: int, _start: int, end: int) -> pyperscan.Scan:
    found[tag].append(end)
    return pyperscan.Scan.Continue


def _one_type(block: bytes, ends: _Positions, known: npt.NDArray[np.bool_] | None) -> npt.NDArray[np.bool_]:
    """Which lines name one type, and not two of which nobody can say here which one counts."""
    return single(places(block, _TYPE), ends) if known is None else known


def _pattern(pattern: str, tag: int, *flags: pyperscan.Flag) -> pyperscan.Pattern:
    return pyperscan.Pattern(pattern.encode("latin-1"), *flags, tag=tag)


_made: dict[int, Traces] = {}


def traces_of(drug: Drug) -> Traces:
    """The matcher of a drug, made once. It is kept by identity, since the tables of a Drug have no hash."""
    found = _made.get(id(drug))
    if found is None or found.drug is not drug:
        found = _made[id(drug)] = Traces(drug)
    return found


def marks_in(block: bytes, start: int, end: int) -> list[int]:
    """The marks of all ids in a line."""
    return [mark_of(found[1].decode("utf-8", "replace")) for found in READ_ID.finditer(block, start, end)]


def _first_id_is_escaped(block: bytes, start: int, end: int) -> bool:
    found = READ_ID.search(block, start, end)
    return found is not None and found[2] == b"\\"


def _marked(ends: _Positions, positions: Iterable[int]) -> npt.NDArray[np.bool_]:
    """Which lines hold one of the positions, given as the ends of matches."""
    marks = np.zeros(len(ends), dtype=np.bool_)
    marks[np.searchsorted(ends, np.array(positions, dtype=np.int64))] = True
    return marks


def _referring(block: bytes, start: int, end: int, number: int, *, said: bool) -> Referring | None:
    """The reference of a line; None where there are two, or two types, so that nobody can say here which one counts,
    or where a concept stands beside it, which may say something else or be unreadable."""
    if block.count(b'"medicationReference"', start, end) != 1 or block.find(_CONCEPT, start, end) >= 0:
        return None
    if said and block.count(b'"resourceType"', start, end) != 1:
        return None
    plain = READ_PLAIN.search(block, start, end)
    return Referring(start, end, number, _pointer(plain[0]), said) if plain else None


def _pointer(text: bytes) -> Pointer:
    """The pointer in a text that the pattern for plain ones matches."""
    named = READ_REFERENCE.search(text)
    assert named is not None  # it is part of that pattern
    # of two displays the last one counts, which may say nothing
    return Pointer(named[1], READ_DISPLAY.search(text) is not None and text.count(b'"display"') == 1)


def _broken_text(block: bytes) -> Iterator[int]:
    """A position in each line that is no UTF-8."""
    if block.isascii():
        return
    at = 0
    view = memoryview(block)
    while at < len(block):
        try:
            str(view[at:], "utf-8")
        except UnicodeDecodeError as error:
            position = at + error.start
            yield position
            feed = block.find(b"\n", position)
            at = len(block) if feed < 0 else feed + 1
        else:
            return
