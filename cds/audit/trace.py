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

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import hyperscan
import numpy as np
import numpy.typing as npt

from cds.dosing.drug import Drug

_Positions = npt.NDArray[np.int64]

# White space within a line of JSON; a string without escapes; one in which a person can read something. White space
# of other scripts is white space to the reader too: a byte above 0x7f counts only where none can begin with it.
_W = r"[ \t\r]*"
_STRING = r'"[^"\\\n]*"'
_READABLE = r'"[^"\\\n]*[A-Za-z0-9\xe4-\xed][^"\\\n]*"'


def _pair(names: str, value: str) -> str:
    return f'"(?:{names})"{_W}:{_W}{value}'


def _list(item: str) -> str:
    return f"{item}(?:{_W},{_W}{item})*"


# A coding of strings alone, whatever their names: in its place anything else would be a fault to the reader.
_ITEM = rf'(?:"userSelected"{_W}:{_W}(?:true|false)|{_STRING}){_W}'
_CODING = rf"\{{{_W}(?:{_ITEM}[:,]?{_W})*\}}"
_SHOWN_CODING = rf"\{{{_W}(?:{_ITEM}[:,]{_W})*{_pair('display', _READABLE)}{_W}(?:[:,]{_W}{_ITEM})*\}}"
_CODINGS = rf'"coding"{_W}:{_W}\[{_W}{_list(_CODING)}{_W}\]'
_SHOWN_CODINGS = rf'"coding"{_W}:{_W}\[{_W}{_SHOWN_CODING}(?:{_W},{_W}{_CODING})*{_W}\]'
_TEXT = _pair("text", _READABLE)
_CONCEPT = rf"{_TEXT}(?:{_W},{_W}{_CODINGS})?|{_CODINGS}{_W},{_W}{_TEXT}|{_SHOWN_CODINGS}"
# Types that an export holds in great numbers and that say nothing of a dose; a type that is missing here is parsed.
_OTHER_TYPES = (
    "AllergyIntolerance", "Appointment", "CarePlan", "CareTeam", "Claim", "Communication", "Condition", "Consent",
    "Coverage", "Device", "DiagnosticReport", "DocumentReference", "Encounter", "EpisodeOfCare", "ExplanationOfBenefit",
    "Flag", "Goal", "ImagingStudy", "Immunization", "Location", "MedicationDispense", "MedicationRequest",
    "MedicationStatement", "MedicationUsage", "NutritionOrder", "Observation", "Organization", "Practitioner",
    "PractitionerRole", "Procedure", "Provenance", "Questionnaire", "QuestionnaireResponse", "RelatedPerson",
    "Schedule", "ServiceRequest", "Slot", "Specimen", "Task",
)  # fmt: skip
_TELLS = [
    rf'"medicationCodeableConcept"{_W}:{_W}\{{{_W}(?:{_CONCEPT}){_W}\}}',
    rf'"resourceType"{_W}:{_W}"(?:{"|".join(_OTHER_TYPES)})"',
]
_REFERS = '"medicationReference"'
_ASIDE = _pair("type|display|id", _STRING)
_PLAIN = (
    rf'"medicationReference"{_W}:{_W}\{{{_W}(?:{_ASIDE}{_W},{_W})*{_pair("reference", _STRING)}'
    rf"(?:{_W},{_W}{_ASIDE})*{_W}\}}"
)
_HIDING = [
    r"\\u00[2-7]",  # an ASCII letter or digit, written as an escape
    r'"contained"',  # its own resources, the medication among them
    r'"medication"',  # R5's spelling
    r'"(?:entry|parameter)"',  # resources within another one
    r'"resourceType"[ \t\r]*:[ \t\r]*"Medication"',  # what references point at
]
_KELVIN = "(?:k|\xe2\x84\xaa)"
"""The sign of kelvin is a k to whoever compares in lower case."""

_TELLS_ID, _REFERS_ID, _PLAIN_ID, _TRACE = range(4)
"""What a match is."""

_LINE_FEED = 10
_READ_PLAIN = re.compile(_PLAIN.encode("latin-1"))
_REFERENCE = re.compile(_pair("reference", r'"([^"\\\n]*)"').encode("latin-1"))
_DISPLAY = re.compile(_pair("display", _READABLE).encode("latin-1"))


@dataclass(frozen=True, slots=True)
class Referring:
    """A line that names its medication by a plain reference and nothing else. `shown`: a readable display stands
    beside it, so that it is another drug's even where the Medication is not at hand."""

    start: int
    end: int
    number: int
    reference: bytes
    shown: bool


@dataclass(frozen=True, slots=True)
class Scanned:
    """The lines of one block. `parse`: (start, end, number) of those that must be parsed, `refer` those that a
    Medication settles; all others are settled. Numbers count from 0; ends leave out the line feed."""

    lines: int
    parse: tuple[tuple[int, int, int], ...]
    refer: tuple[Referring, ...]


class Traces:
    """The matcher for one drug. Building it takes a quarter of a second; one serves any number of blocks."""

    def __init__(self, drug: Drug) -> None:
        self.drug = drug
        names = [_literal(name).replace("k", _KELVIN) for name in drug.names]
        codes = sorted({coding.code.strip().lower() for coding in (*drug.products, *drug.look_alikes)})
        table = [
            *((pattern, _TELLS_ID, 0) for pattern in _TELLS),
            (_REFERS, _REFERS_ID, 0),
            (_PLAIN, _PLAIN_ID, 0),
            *((pattern, _TRACE, 0) for pattern in _HIDING),
            *((pattern, _TRACE, hyperscan.HS_FLAG_CASELESS) for pattern in (*names, *map(_literal, codes))),
        ]
        self._database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
        self._database.compile(
            expressions=[pattern.encode("latin-1") for pattern, _, _ in table],
            ids=[number for _, number, _ in table],
            flags=[flags for _, _, flags in table],
            elements=len(table),
        )

    def scan(self, block: bytes) -> Scanned:
        """The lines of a block, which begins at the beginning of a line. A last line without a line feed is parsed."""
        found: list[list[int]] = [[] for _ in range(4)]
        notes = [each.append for each in found]

        def matched(number: int, _start: int, end: int, _flags: int, _context: object) -> None:
            notes[number](end)

        self._database.scan(block, match_event_handler=matched)
        feeds = np.flatnonzero(np.frombuffer(block, dtype=np.uint8) == _LINE_FEED) + 1
        unended = bool(block) and not block.endswith(b"\n")
        ends = np.append(feeds, len(block) + 1) if unended else feeds
        told, refers, plain, traced = (_marked(ends, positions) for positions in found)
        if unended:
            traced[-1] = True
        for position in _broken_text(block):
            traced[np.searchsorted(ends, position, side="right")] = True
        settled = told & ~refers & ~traced
        referring = plain & ~told & ~traced
        starts = np.concatenate(([0], ends[:-1])) if len(ends) else ends
        refer: list[Referring] = []
        parse: list[tuple[int, int, int]] = []
        for number in np.flatnonzero(~settled):
            start, end = int(starts[number]), int(ends[number]) - 1
            line = _referring(block, start, end, int(number)) if referring[number] else None
            if line is None:
                parse.append((start, end, int(number)))
            else:
                refer.append(line)
        return Scanned(len(ends), tuple(parse), tuple(refer))


_made: dict[int, Traces] = {}


def traces_of(drug: Drug) -> Traces:
    """The matcher of a drug, made once. It is kept by identity, since the tables of a Drug have no hash."""
    found = _made.get(id(drug))
    if found is None or found.drug is not drug:
        found = _made[id(drug)] = Traces(drug)
    return found


def _literal(text: str) -> str:
    """A pattern for the UTF-8 of a text."""
    return "".join(f"\\x{byte:02x}" if byte > 127 else re.escape(chr(byte)) for byte in text.encode())


def _marked(ends: _Positions, positions: Iterable[int]) -> npt.NDArray[np.bool_]:
    """Which lines hold one of the positions, given as the ends of matches."""
    marks = np.zeros(len(ends), dtype=np.bool_)
    marks[np.searchsorted(ends, np.array(positions, dtype=np.int64))] = True
    return marks


def _referring(block: bytes, start: int, end: int, number: int) -> Referring | None:
    """The reference of a line; None where there are two, so that nobody can say here which one counts."""
    if block.count(b'"medicationReference"', start, end) != 1:
        return None
    plain = _READ_PLAIN.search(block, start, end)
    named = plain and _REFERENCE.search(block, plain.start(), plain.end())
    if not plain or not named:
        return None
    shown = _DISPLAY.search(block, plain.start(), plain.end()) is not None
    return Referring(start, end, number, named[1], shown)


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
