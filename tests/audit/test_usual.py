"""Lines that are told many at once are told the same as one by one, whatever stands beside them."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cds.audit.ids import mark_of
from cds.audit.places import places, standing
from cds.audit.trace import Scanned, Traces
from tests.fhir.records import DRUG

TRACES = Traces(DRUG)
OTHER = {"coding": [{"system": "http://www.whocc.no/atc", "code": "N02BE01", "display": "paracetamol"}]}
BARE = {"coding": [{"system": "urn:oid:1.2.3.4.5.6.7.8.9.10.11.12.13.14.15", "code": "4711"}]}
CONCEPTS: list[dict[str, Any]] = [
    OTHER,
    {**OTHER, "text": "Alvedon 500 mg, filmdragerad tablett"},
    {**OTHER, "text": "Alvedon 1 g, filmdragerad tablett"},
    {**OTHER, "text": "kr\u00e4m"},
    {**OTHER, "text": "x" * 400},
    {**OTHER, "text": " "},
    {**OTHER, "text": 'a "quoted" name'},
    {**OTHER, "id": "c", "text": "x"},
    {"coding": [*OTHER["coding"], *BARE["coding"]]},
    {"coding": [*BARE["coding"], *OTHER["coding"]]},
    {**BARE, "text": "magistral beredning"},
    BARE,
    {"coding": []},
    {"text": "paracetamol"},
    {"text": "SP\u0130NRAZA"},
    {"text": "nusiners\u00e9n"},
    {"coding": [{"system": "http://www.whocc.no/atc", "code": "M09AX07", "display": "nusinersen"}]},
    {"coding": [{"system": "http://www.whocc.no/atc", "code": "M09AX03"}], "text": "like the start of a code of ours"},
]
POINTERS: list[dict[str, Any]] = [
    {"reference": "Medication/4711"},
    {"reference": "Medication/a-longer-id-of-a-medication-0123456789"},
    {"reference": "Medication/4711", "display": "paracetamol"},
    {"reference": "Medication/4711", "type": "Medication"},
    {"reference": "Medication/4711", "display": "Spinraza"},
    {"reference": "Medication/4711", "identifier": {"value": "x"}},
    {"reference": "#m"},
]
FILLED = {
    "status": "completed",
    "subject": {"reference": "Patient/p1"},
    "effectiveDateTime": "2026-03-01T08:00:00+01:00",
    "dosage": {"text": "1 tablett", "dose": {"value": 500, "unit": "mg"}},
}
MORE = st.sampled_from(
    [
        {},
        {},
        {},
        {},
        {"note": [{"text": "inte Spinraza"}]},
        {"note": [{"text": "medication was late"}]},
        {"note": [{"text": "SPIN\u212aRAZA nusinersen"}]},
        {"note": [{"text": "5024211111 are digits as a code of ours begins"}]},
        {"note": [{"text": 'says "medicationCodeableConcept": {"coding": []}'}]},
        {"note": [{"text": "illam\u00e5ende"}]},
        {"contained": []},
        {"contained": [{"resourceType": "Medication", "id": "m", "code": OTHER}]},
        {"medication": {"concept": OTHER}},
        {"medicationReference": {"reference": "Medication/4711"}},
        {"medicationCodeableConcept": OTHER},
        {"medicationCode": "x"},
        {"entry": []},
        {"extension": [{"id": "another", "url": "x"}]},
        {"extension": [{"id": "\u00e9", "url": "x"}]},
    ]
)
IDS = st.sampled_from(["a1", "a2", "0f" * 16, "i" * 63, "i" * 64, "i" * 65, "", "\u00e9", 'a"b', "a\\b", "a\tb"])
RECORDS = st.builds(
    lambda name, medication, more: {
        "resourceType": "MedicationAdministration",
        "id": name,
        **medication,
        **FILLED,
        **more,
    },
    IDS,
    st.sampled_from(
        [{"medicationCodeableConcept": each} for each in CONCEPTS]
        + [{"medicationReference": each} for each in POINTERS]
        + [{}]
    ),
    MORE,
)
ENDS = [b"\n", b"\n", b"\n", b"\r\n", b" \n", b"\n\n"]


def written(resource: dict[str, Any], escaped: bool, spaced: bool) -> bytes:
    return json.dumps(resource, ensure_ascii=escaped, separators=(", ", ": ") if spaced else (",", ":")).encode()


WRITTEN = st.builds(written, RECORDS, st.booleans(), st.booleans())
# what goes wrong on the way: bytes that are lost, doubled, changed, or put in
DAMAGED = st.builds(
    lambda line, at, until, put: line[: min(at, until)] + put + line[max(at, until) :],
    WRITTEN,
    st.integers(0, 700),
    st.integers(0, 700),
    st.sampled_from(
        [b"", b"\xff", b"\\u0073", b'"medication', b'"resourceType":"Medication",', b"nusinersen", b"{", b'"']
    ),
)
OTHERS = st.sampled_from(
    [
        b"",
        b"{}",
        b"\xc3",
        b'{"resourceType":"Observation","id":"o"}',
        b"\n".join([b" "] * 3),
        b'{"resourceType":"MedicationRequest","id":"r","medicationReference":{"reference":"Medication/4711"}}',
        b'{"resourceType":"MedicationStatement","id":"s","medicationCodeableConcept":{"text":"Alvedon"}}',
        b'{"resourceType":"MedicationStatement","id":"s","medicationCodeableConcept":{"text":"Evrysdi"}}',
    ]
)
BLOCKS = st.builds(
    lambda lines, last: b"".join(line + end for line, end in lines) + last,
    st.lists(st.tuples(WRITTEN | WRITTEN | DAMAGED | OTHERS, st.sampled_from(ENDS)), max_size=8),
    st.sampled_from([b"", b"", b"", b"x", written({"resourceType": "MedicationAdministration"}, True, False)]),
)


def told(scanned: Scanned) -> tuple[int, list[tuple[int, int, int]], list[object], frozenset[str]]:
    """The lines to be parsed, those that point at something, with what they point at, and the types beside doses."""
    pointing = scanned.pointing
    many = zip(pointing.lines.tolist(), pointing.pointers.tolist(), strict=True)
    refer = [(*place, TRACES.pointer(pointer), False) for place, pointer in many]
    refer += [(each.start, each.end, each.number, each.pointer, each.said) for each in scanned.refer]
    return scanned.lines, sorted(scanned.parse), sorted(refer, key=lambda each: each[:3]), scanned.types


@given(BLOCKS)
def test_many_lines_at_once_are_told_as_one_by_one(block: bytes) -> None:
    one_by_one = told(TRACES._by_patterns(block))
    assert told(TRACES.scan(block)) == one_by_one
    assert told(TRACES.scan(block)) == one_by_one, "what has been seen before is told the same"


@given(BLOCKS)
def test_the_id_of_each_settled_administration_is_noted(block: bytes) -> None:
    scanned = TRACES.scan(block)
    if scanned.unmarked:
        return
    noted = set(scanned.marks.tolist()) | set(scanned.pointing.marks.tolist())
    left = {number for *_, number in scanned.parse} | {each.number for each in scanned.refer}
    for number, line in enumerate(block.split(b"\n")):
        resource = readable(line)
        if number not in left and resource.get("resourceType") == "MedicationAdministration":
            assert mark_of(resource["id"]) in noted


def readable(line: bytes) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def test_lines_of_the_usual_shape_are_told_without_the_patterns() -> None:
    lines = [
        written({"resourceType": "MedicationAdministration", "id": f"a{number}", **medication, **FILLED}, False, spaced)
        for number in range(200)
        for medication in ({"medicationCodeableConcept": OTHER}, {"medicationReference": POINTERS[0]})
        for spaced in (False,)
    ]
    block = b"".join(line + b"\n" for line in lines)
    scanned = TRACES.scan(block)
    assert len(scanned.marks) == len(scanned.pointing.pointers) == 200
    assert not scanned.parse
    assert not scanned.refer


TEXTS = [b"ab" * 5 + b"c", bytes(range(60, 100)), b"abcdefgh"]


@given(st.lists(st.sampled_from([*TEXTS, b"x", b"yz", b"\n" * 7, TEXTS[0][:-1], TEXTS[0][1:]]), max_size=12))
def test_a_text_is_found_wherever_it_stands_and_told_where_it_does(parts: list[bytes]) -> None:
    block = b"".join(parts)
    for text in TEXTS:
        found = [at for at in range(len(block)) if block.startswith(text, at)]
        assert places(block, text).tolist() == found
        fitting = np.arange(max(0, len(block) - len(text) + 1))
        assert fitting[standing(block, fitting, text)].tolist() == found
