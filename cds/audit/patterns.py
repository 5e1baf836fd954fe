"""What the bytes of a line can say of its medication, as patterns for whoever looks at many lines at once."""

from __future__ import annotations

import re

from cds.dosing.drug import Drug

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
# Behind the display only what is no second one: of two the reader takes the last.
_BESIDE = rf'(?:"userSelected"{_W}:{_W}(?:true|false)|{_pair("system|version|code|id", _STRING)}){_W}'
_SHOWN_CODING = rf"\{{{_W}(?:{_ITEM}[:,]{_W})*{_pair('display', _READABLE)}{_W}(?:,{_W}{_BESIDE})*\}}"
_CODINGS = rf'"coding"{_W}:{_W}\[{_W}{_list(_CODING)}{_W}\]'
_SHOWN_CODINGS = rf'"coding"{_W}:{_W}\[{_W}{_SHOWN_CODING}(?:{_W},{_W}{_CODING})*{_W}\]'
_TEXT = _pair("text", _READABLE)
_CONCEPT = rf"{_TEXT}(?:{_W},{_W}{_CODINGS})?|{_CODINGS}{_W},{_W}{_TEXT}|{_SHOWN_CODINGS}"
# Types that an export holds in great numbers and that say nothing of a dose; a type that is missing here is parsed.
_OTHER_TYPES = (
    "AllergyIntolerance", "Appointment", "CarePlan", "CareTeam", "Claim", "Communication", "Condition", "Consent",
    "Coverage", "Device", "DiagnosticReport", "DocumentReference", "Encounter", "EpisodeOfCare", "ExplanationOfBenefit",
    "Goal", "ImagingStudy", "Immunization", "Location", "MedicationDispense", "MedicationRequest",
    "MedicationStatement", "MedicationUsage", "NutritionOrder", "Observation", "Organization", "Practitioner",
    "PractitionerRole", "Procedure", "Provenance", "Questionnaire", "QuestionnaireResponse", "RelatedPerson",
    "Schedule", "ServiceRequest", "Slot", "Specimen", "Task",
)  # fmt: skip
TOLD = rf'"medicationCodeableConcept"{_W}:{_W}\{{{_W}(?:{_CONCEPT}){_W}\}}'
"""A concept in which a person can read what was given."""
OTHER_TYPE = rf'"resourceType"{_W}:{_W}"(?:{"|".join(_OTHER_TYPES)})"'


def of_type(name: str) -> str:
    """A pattern for the resources of a type, by their own element and that of what they may hold."""
    return rf'"resourceType"{_W}:{_W}"{name}"'


REFERS = '"medicationReference"'
_ASIDE = _pair("type|display|id", _STRING)
PLAIN = (
    rf'"medicationReference"{_W}:{_W}\{{{_W}(?:{_ASIDE}{_W},{_W})*{_pair("reference", _STRING)}'
    rf"(?:{_W},{_W}{_ASIDE})*{_W}\}}"
)
ESCAPED = r"\\u00[2-7]"
"""An ASCII letter or digit, written as an escape."""
INSIDE = [
    r'"contained"',  # its own resources, the medication among them
    '"entry"',  # resources within another one, here and in the next
    '"parameter"',
]
HIDING = [
    ESCAPED,
    *INSIDE,
    r'"medication"',  # R5's spelling
    rf'"resourceType"{_W}:{_W}"Medication"',  # what references point at
]
_SPELT = {
    # the sign of kelvin is a k to whoever compares in lower case; for the others see `cds.fhir.codes.folded`
    "k": r"(?:k|\xe2\x84\xaa|\\u212a)",
    "i": r"(?:i(?:\xcc\x87|\\u0307)?|\xc4[\xb0\xb1]|\\u013[01])",
    "e": r"(?:e(?:\xcc[\x80\x81]|\\u030[01])?|\xc3[\x88\x89\xa8\xa9]|\\u00[ce][89])",
    "/": r"\\?/",
}
"""Letters that can be written in other ways than in the other case; for escapes of ASCII see ESCAPED."""
_BEYOND_ASCII = r"(?:[\x80-\xff]+|(?:\\u[0-9a-f]{4})+)"
"""Any letter beyond ASCII: which of them are equal without case is not told by bytes."""

_TELLING = 5
"""Characters at the beginning of a code that are rare enough to look for, and at the end of what is looked for."""

ESCAPED_ID = rf'"id"{_W}:{_W}"[^"\\\n]*\\'
"""An id with an escape in it, by which nobody could look for it."""
READ_ID = re.compile(rf'"id"{_W}:{_W}"([^"\\\n]*)(["\\])'.encode())
READ_PLAIN = re.compile(PLAIN.encode("latin-1"))
READ_REFERENCE = re.compile(_pair("reference", r'"([^"\\\n]*)"').encode("latin-1"))
READ_DISPLAY = re.compile(_pair("display", _READABLE).encode("latin-1"))
READ_TOLD = re.compile(TOLD.encode("latin-1"))


def traces(drug: Drug) -> list[str]:
    """The names and codes of a drug and of other therapies of its disease, in any case, as patterns; none that holds
    another one."""
    return [*map(_caseless, _names(drug)), *map(_caseless, _codes(drug))]


def hints(drug: Drug) -> list[str]:
    """Patterns that match wherever one of `traces` does, and now and then elsewhere. They are few, short and of one
    length, which is quicker."""
    starts: dict[str, list[str]] = {}
    for code in _codes(drug):
        starts.setdefault(code[:_TELLING], []).append(code)
    return [_caseless(text[-_TELLING:]) for text in (*_names(drug), *map(_in_common, starts.values()))]


def _in_common(codes: list[str]) -> str:
    """What all of some codes begin with."""
    first, last = min(codes), max(codes)
    return next((first[:at] for at, char in enumerate(first) if last[at : at + 1] != char), first)


def _names(drug: Drug) -> list[str]:
    return [*drug.names, *(name for names in drug.other_therapies.values() for name in names)]


def _codes(drug: Drug) -> list[str]:
    codes = {coding.code.strip().lower() for coding in (*drug.products, *drug.look_alikes)}
    return [code for code in sorted(codes) if not any(other in code for other in codes - {code})]


def _caseless(text: str) -> str:
    """A pattern for a text in lower case, to be matched without case."""
    return "".join(map(_spelt, text))


def _spelt(char: str) -> str:
    return _SPELT.get(char) or (re.escape(char) if char.isascii() else _BEYOND_ASCII)
