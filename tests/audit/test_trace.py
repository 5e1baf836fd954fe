"""What the bytes of a line settle is what reading it whole would have said."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds.audit.trace import Pointer, Scanned, Traces
from cds.dosing.drug import Coding
from cds.fhir.identify import identify
from cds.fhir.identity import Answer
from tests.fhir.records import DRUG

TRACES = Traces(DRUG)
OTHER_CODING = {"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "313782", "display": "paracetamol"}
BARE_CODING = {"system": "urn:oid:1.2.3", "code": "4711"}
OURS = {"system": "http://www.whocc.no/atc", "code": "M09AX07"}


def administration(**elements: Any) -> dict[str, Any]:
    return {"resourceType": "MedicationAdministration", "id": "a1", "status": "completed", **elements}


def concept(*codings: object, **more: Any) -> dict[str, Any]:
    return administration(medicationCodeableConcept={"coding": list(codings), **more})


def pointing(**pointer: Any) -> dict[str, Any]:
    return administration(medicationReference=pointer)


def of(of_type: str, resource: dict[str, Any]) -> dict[str, Any]:
    return {**resource, "resourceType": of_type}


def scan(*lines: bytes) -> Scanned:
    return TRACES.scan(b"".join(line + b"\n" for line in lines))


def compact(resource: object) -> bytes:
    return orjson.dumps(resource)


def spaced(resource: object) -> bytes:
    return json.dumps(resource, ensure_ascii=False, separators=(" , ", " :\t")).encode()


def outcome(line: bytes) -> str:
    scanned = scan(line)
    assert scanned.lines == 1
    return "parse" if scanned.parse else "refer" if referring(scanned) else "settled"


def referring(scanned: Scanned) -> dict[int, tuple[int, int, Pointer]]:
    """The lines that a Medication settles, by number: where they stand, and what they point at."""
    found = {each.number: (each.start, each.end, each.pointer) for each in scanned.refer}
    pointing = scanned.pointing
    for (start, end, number), pointer in zip(pointing.lines.tolist(), pointing.pointers.tolist(), strict=True):
        found[number] = (start, end, TRACES.pointer(pointer))
    return found


LINES: list[tuple[str, dict[str, Any], str]] = [
    ("another drug, coded and in words", concept(OTHER_CODING, text="paracetamol 500 mg"), "settled"),
    ("another drug, shown by its code", concept(OTHER_CODING), "settled"),
    ("another drug, in words", administration(medicationCodeableConcept={"text": "paracetamol"}), "settled"),
    ("another drug, in Japanese", administration(medicationCodeableConcept={"text": "錠剤"}), "settled"),
    ("codes before and after", concept(BARE_CODING, OTHER_CODING, text="x"), "settled"),
    ("another resource", {"resourceType": "Observation", "id": "o1"}, "settled"),
    ("the drug by its code", concept(OURS), "parse"),
    ("the drug by its code in lower case", concept({**OURS, "code": "m09ax07"}), "parse"),
    ("the drug by its name", concept(BARE_CODING, text="SPINRAZA 12 mg"), "parse"),
    ("the name in a note", concept(OTHER_CODING, text="x") | {"note": [{"text": "no Spinraza"}]}, "parse"),
    ("another therapy by its name", concept(OTHER_CODING, text="Risdiplam"), "parse"),
    ("a statement of another drug", of("MedicationStatement", concept(OTHER_CODING)), "settled"),
    ("a statement by its name", of("MedicationStatement", concept(OTHER_CODING, text="Spinraza")), "parse"),
    ("an order of another therapy", of("MedicationRequest", concept(OTHER_CODING, text="Evrysdi")), "parse"),
    ("a statement that refers", of("MedicationStatement", pointing(reference="Medication/m1")), "refer"),
    ("an order that refers", of("MedicationRequest", pointing(reference="Medication/m1", display="x")), "refer"),
    ("a dispense that refers", of("MedicationDispense", pointing(reference="Medication/m1")), "parse"),
    ("a look-alike", concept({"system": "http://www.whocc.no/atc", "code": "M09AX09", "display": "x"}), "parse"),
    ("a code that nobody knows", concept(BARE_CODING), "parse"),
    ("a text of white space", concept(BARE_CODING, text="\u00a0\u3000"), "parse"),
    ("an empty display", concept({**OTHER_CODING, "display": " "}), "parse"),
    ("a code that is a number", concept({**OTHER_CODING, "code": 5}, text="x"), "parse"),
    ("a coding that is none", concept(OTHER_CODING, 5, text="x"), "parse"),
    ("an extension in the concept", concept({"extension": [{"valueString": "x"}]}, text="x"), "parse"),
    ("no medication", administration(), "parse"),
    ("the spelling of R5", administration(medication={"concept": {"text": "paracetamol"}}), "parse"),
    ("a contained resource", concept(OTHER_CODING) | {"contained": [{"resourceType": "Medication"}]}, "parse"),
    ("a Medication", {"resourceType": "Medication", "id": "m1", "code": {"text": "paracetamol"}}, "parse"),
    ("a Bundle", {"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "Observation"}}]}, "parse"),
    ("a reference", pointing(reference="Medication/m1"), "refer"),
    ("a reference with a display", pointing(reference="Medication/m1", display="paracetamol"), "refer"),
    ("a reference that names the drug", pointing(reference="Medication/m1", display="Nusinersen"), "parse"),
    ("a reference beside a concept", concept(OTHER_CODING) | pointing(reference="Medication/m1"), "parse"),
    ("a reference beside a concept of no form",
     administration(medicationCodeableConcept={"coding": BARE_CODING}) | pointing(reference="Medication/m1"), "parse"),
    ("a reference beside an empty concept",
     pointing(reference="Medication/m1") | administration(medicationCodeableConcept={}), "parse"),
    ("a reference without a reference", pointing(display="paracetamol"), "parse"),
    ("a reference with more to it", pointing(reference="Medication/m1", identifier={"value": "x"}), "parse"),
]  # fmt: skip


@pytest.mark.parametrize("written", [compact, spaced], ids=["compact", "spaced"])
@pytest.mark.parametrize(("resource", "expected"), [row[1:] for row in LINES], ids=[row[0] for row in LINES])
def test_what_the_bytes_of_a_line_tell(resource: dict[str, Any], expected: str, written: Any) -> None:
    assert outcome(written(resource)) == expected


RAW: list[tuple[str, bytes]] = [
    (
        "two concepts, of which the last one counts",
        b'{"medicationCodeableConcept":{"text":"x"},"medicationCodeableConcept":{}}',
    ),
    (
        "two types",
        b'{"resourceType":"MedicationStatement","medicationReference":{"reference":"Medication/m"},"resourceType":"x"}',
    ),
    ("two types, neither of an administration", b'{"resourceType":"Observation","resourceType":"Patient"}'),
    ("a type within another", b'{"resourceType":"Patient","extension":[{"resourceType":"Observation"}]}'),
    (
        "two displays, of which the last one counts",
        b'{"medicationCodeableConcept":{"coding":[{"code":"1","display":"x","display":" "}]}}',
    ),
    ("a name with an escaped letter", rb'{"medicationCodeableConcept":{"text":"\u0073pinraza"}}'),
    ("a code with an escaped digit", rb'{"medicationCodeableConcept":{"coding":[{"code":"M09AX0\u0037"}],"text":"x"}}'),
    ("no UTF-8", b'{"medicationCodeableConcept":{"text":"x"},"note":"\xff"}'),
    ("an empty line", b""),
    ("white space", b" \t\r"),
    ("no JSON", b"<html>"),
    ("the drug in what is no JSON", b'{"medicationCodeableConcept":{"text":"x"}} nusinersen'),
    (
        "another therapy ordered in Turkish capitals",
        '{"resourceType":"MedicationRequest","medicationCodeableConcept":{"text":"EVRYSD\u0130"}}'.encode(),
    ),
    (
        "another therapy ordered in Turkish capitals, escaped",
        rb'{"resourceType":"MedicationRequest","medicationCodeableConcept":{"text":"EVRYSD\u0130"}}',
    ),
    (
        "another therapy by its name in Turkish capitals",
        '{"medicationCodeableConcept":{"text":"EVRYSD\u0130 60 mg"}}'.encode(),
    ),
    (
        "the drug in Turkish capitals",
        '{"medicationCodeableConcept":{"text":"SP\u0130NRAZA 12 MG"}}'.encode(),
    ),
    (
        "the drug in Turkish capitals, escaped",
        rb'{"medicationCodeableConcept":{"text":"NUS\u0130NERSEN"}}',
    ),
    (
        "the drug with a Turkish letter",
        '{"medicationCodeableConcept":{"text":"sp\u0131nraza"}}'.encode(),
    ),
    (
        "the drug with an accent",
        '{"medicationCodeableConcept":{"text":"nusiners\u00e9n"}}'.encode(),
    ),
    (
        "the drug with an accent, escaped",
        rb'{"medicationCodeableConcept":{"text":"NUSINERS\u00C9N"}}',
    ),
    (
        "the drug with an accent after its letter",
        '{"medicationCodeableConcept":{"text":"nusinerse\u0301n"}}'.encode(),
    ),
    (
        "the drug with an accent after its letter, escaped",
        rb'{"medicationCodeableConcept":{"text":"nusinerse\u0301n"}}',
    ),
    (
        "a statement by a code with escaped slashes",
        rb'{"resourceType":"MedicationStatement","medicationCodeableConcept":{"coding":[{"code":"EU\/1\/17\/1188\/001"}]}}',
    ),
    (
        "an administration that holds something of another type",
        b'{"resourceType":"MedicationAdministration","context":{"resourceType":"Encounter"}}',
    ),
    (
        "the sign of kelvin for the k of a code, escaped",
        rb'{"resourceType":"MedicationStatement","medicationCodeableConcept":{"coding":[{"code":"2NU6F9601\u212A"}]}}',
    ),
    (
        "the sign of kelvin for the k of a code",
        '{"medicationCodeableConcept":{"coding":[{"code":"2NU6F9601\u212a"}],"text":"x"}}'.encode(),
    ),
]


@pytest.mark.parametrize("line", [row[1] for row in RAW], ids=[row[0] for row in RAW])
def test_what_can_hide_a_record_is_parsed(line: bytes) -> None:
    assert outcome(line) == "parse"


@pytest.mark.parametrize("code", ["\u00c4B\u00d8-1", "\u00e4b\u00f8-1", "\u212b\u00d8-1"])
@pytest.mark.parametrize("written", [compact, json.dumps], ids=["as it is", "escaped"])
def test_a_code_of_a_site_with_letters_beyond_ascii_is_found_in_any_case(code: str, written: Any) -> None:
    own = [Coding("urn:oid:1.2.3", each) for each in ("\u00c4B\u00d8-1", "\u00e5\u00f8-1")]
    drug = replace(DRUG, products={**DRUG.products, **dict.fromkeys(own)})
    line = written(concept({"system": "urn:oid:1.2.3", "code": code, "display": "x"}))
    assert len(Traces(drug).scan((line if isinstance(line, bytes) else line.encode()) + b"\n").parse) == 1


def test_a_reference_with_two_displays_is_shown_by_neither() -> None:
    line = b'{"medicationReference":{"display":"x","reference":"Medication/m1","display":" "}}'
    assert not referring(scan(line))[0][2].shown


def test_a_last_line_without_a_line_feed_is_parsed() -> None:
    line = compact(concept(OTHER_CODING))
    assert TRACES.scan(line + b"\n" + line).parse == ((len(line) + 1, 2 * len(line) + 1, 1),)


def test_lines_keep_their_places() -> None:
    lines = [compact(concept(OTHER_CODING)), compact(concept(OURS)), b"", compact(pointing(reference="Medication/m1"))]
    block = b"".join(line + b"\n" for line in lines)
    scanned = TRACES.scan(block)
    assert scanned.lines == 4
    assert [(block[start:end], number) for start, end, number in scanned.parse] == [(lines[1], 1), (b"", 2)]
    assert {number: block[start:end] for number, (start, end, _) in referring(scanned).items()} == {3: lines[3]}
    assert referring(scanned)[3][2].reference == b"Medication/m1"


WORDS = st.sampled_from(
    [
        "",
        " ",
        "\u00a0",
        "\u3000x",
        "paracetamol",
        "Nusinersen",
        "SPINRAZA 12 mg",
        "spin\u0131raza",
        "display",
        "text",
        "\u017fpinraza",
        "é",
    ]
)
CODES = st.sampled_from(["", "4711", "M09AX07", "m09ax07 ", "J2326", "64406-058-01", "763556007"])
SYSTEMS = st.sampled_from(["urn:oid:1.2.3", "http://www.whocc.no/atc", "http://snomed.info/sct", ""])
ODD = st.sampled_from([None, 5, [], {}, "x", True])


def maybe(**values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=values)


CODINGS = maybe(
    system=SYSTEMS | ODD, code=CODES | ODD, display=WORDS | ODD, userSelected=ODD, extension=ODD, version=WORDS
)
CONCEPTS = maybe(coding=st.lists(CODINGS | ODD, max_size=3) | ODD, text=WORDS | ODD, id=WORDS, extension=ODD)
POINTERS = maybe(
    reference=st.sampled_from(["Medication/m1", "Medication/other", "Medication/ours", "#m", "", "x"]) | ODD,
    display=WORDS | ODD, type=WORDS, identifier=ODD,
)  # fmt: skip
CONTAINED = st.lists(
    st.fixed_dictionaries({"resourceType": st.just("Medication"), "id": st.just("m"), "code": CONCEPTS | ODD}),
    max_size=2,
)
RESOURCES = st.fixed_dictionaries(
    {"resourceType": st.sampled_from(["MedicationAdministration"] * 4 + ["Observation", "Medication"])},
    optional={
        "medicationCodeableConcept": CONCEPTS | ODD,
        "medicationReference": POINTERS | ODD,
        "medication": maybe(concept=CONCEPTS, reference=POINTERS) | ODD,
        "contained": CONTAINED,
        "note": st.lists(maybe(text=WORDS), max_size=2),
        "id": WORDS,
    },
)
HELD: dict[str, dict[str, Any]] = {
    "Medication/other": {"resourceType": "Medication", "code": {"text": "paracetamol"}},
    "Medication/ours": {"resourceType": "Medication", "code": {"coding": [OURS]}},
}


@given(st.lists(RESOURCES, min_size=1, max_size=4), st.booleans(), st.booleans())
def test_a_settled_line_is_of_another_drug_and_a_referring_one_what_its_medication_is(
    resources: list[dict[str, Any]], escaped: bool, apart: bool
) -> None:
    separators = (" , ", " :\t") if apart else (",", ":")
    lines = [json.dumps(each, ensure_ascii=escaped, separators=separators).encode() for each in resources]
    scanned = scan(*lines)
    assert scanned.lines == len(lines)
    parsed = {number for *_, number in scanned.parse}
    pointers = {number: pointer for number, (_, _, pointer) in referring(scanned).items()}
    assert not parsed & pointers.keys()
    for number, resource in enumerate(resources):
        if number in parsed or resource["resourceType"] != "MedicationAdministration":
            assert number in parsed or resource["resourceType"] == "Observation"
            continue
        said = identify(resource, DRUG, lambda reference, _: HELD.get(reference)).answer
        if number not in pointers:
            assert said is Answer.OTHER
            continue
        held = HELD.get(pointers[number].reference.decode())
        if held is HELD["Medication/other"]:
            assert said is Answer.OTHER
        elif held is None:
            assert said is (Answer.OTHER if pointers[number].shown else Answer.UNIDENTIFIED)
