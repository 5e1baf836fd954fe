"""Rule C1: records of the drug, of another one, of the drug but unreadable, and those nobody can tell."""

from __future__ import annotations

from typing import Any

import pytest

from cds.fhir.identify import Answer, Identity, identify, medication_text
from cds.fhir.references import Pool
from tests.fhir.records import ATC, DRUG, NDC, RXNORM, SNOMED, UNII, concept

HCPCS = "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets"
YJ = "http://capstandard.jp/iyaku.info/CodeSystem/YJ-code"
OURS, OTHER, UNREADABLE, UNIDENTIFIED = Answer.OURS, Answer.OTHER, Answer.UNREADABLE, Answer.UNIDENTIFIED


def of(medication: dict[str, Any], *others: dict[str, Any]) -> Identity:
    return identify({"resourceType": "MedicationAdministration", **medication}, DRUG, Pool(others).resolve)


def coded(**rest: Any) -> dict[str, Any]:
    return {"medicationCodeableConcept": concept(**rest)}


PRODUCTS = [
    (ATC, "M09AX07", None),
    (SNOMED, "763556007", None),
    (UNII, "5Z9SP3X666", None),
    (UNII, "4CHB7QQU1Q", None),
    (NDC, "64406-058-01", "12"),
    (NDC, "64406-0058-01", "12"),
    (NDC, "6440605801", "12"),
    (HCPCS, "J2326", None),
    (YJ, "1190403A1022", "12"),
    (YJ, "1190403A2029", "28"),
    (YJ, "1190403A3025", "50"),
    ("https://www.gs1.org/gtin", "5713219500777", "12"),
    ("urn:oid:2.16.840.1.113883.6.73", "M09AX07", None),
]


@pytest.mark.parametrize(("system", "code", "mg"), PRODUCTS)
def test_a_listed_code_is_the_drug_whatever_the_text_says(system: str, code: str, mg: str | None) -> None:
    for text in (None, "nusinersen", "something else", ""):
        found = of({"medicationCodeableConcept": concept((system, code), text=text)})
        assert (found.answer, found.by_text) == (OURS, False)
        assert (str(found.strength.mg) if found.strength else None) == mg


NAMES = {
    "Spinraza 12 mg/5 mL": OURS,
    "NUSINERSEN SODIUM": OURS,
    "SP\u0130NRAZA 12 MG/5 ML": OURS,  # Turkish capitals
    "NUS\u0130NERSEN": OURS,
    "sp\u0131nraza": OURS,
    "nusiners\u00e9n": OURS,  # Spanish
    "NUSINERS\u00c9N": OURS,
    "nusinerse\u0301n": OURS,  # the accent as a character of its own
    "paracetamol": OTHER,
    "kr\u00e4m": OTHER,
}


@pytest.mark.parametrize(("text", "answer"), NAMES.items())
def test_a_name_tells_the_drug_however_its_letters_are_written(text: str, answer: Answer) -> None:
    for concept_ in ({"text": text}, {"coding": [{"system": RXNORM, "code": "1", "display": text}]}):
        found = of({"medicationCodeableConcept": concept_})
        assert (found.answer, found.by_text) == (answer, answer is OURS)
    assert of({"medicationReference": {"display": text}}).answer is answer


@pytest.mark.parametrize(
    "medication",
    [
        coded(text="Zolgensma, stop Spinraza"),
        coded(text="nusinersen, after onasemnogene abeparvovec"),
        {"medicationCodeableConcept": {"coding": [{"system": RXNORM, "code": "1", "display": "ZOLGENSMA"}],
                                       "text": "Spinraza"}},
        {"medicationReference": {"display": "EVRYSD\u0130 / SP\u0130NRAZA"}},
    ],
)  # fmt: skip
def test_a_text_that_names_the_drug_and_another_therapy_is_neither_counted_nor_forgotten(
    medication: dict[str, Any],
) -> None:
    assert of(medication).answer is UNREADABLE


def test_a_code_tells_which_of_two_names_it_is() -> None:
    both = "Zolgensma, stop Spinraza"
    assert of({"medicationCodeableConcept": concept((ATC, "M09AX07"), text=both)}).answer is OURS
    assert of({"medicationCodeableConcept": concept((ATC, "M09AX09"), text=both)}).answer is OTHER


LOOK_ALIKES = [
    (UNII, "2NU6F9601K"),
    (UNII, "5YL205692C"),
    (HCPCS, "J1304"),
    (UNII, "MLU3LU3EVV"),
    (HCPCS, "J3399"),
    (ATC, "M09AX09"),
    (NDC, "71894-120-02"),
    (UNII, "76RS4S2ET1"),
    (NDC, "50242-175-07"),
    (NDC, "50242-202-01"),
]


@pytest.mark.parametrize(("system", "code"), LOOK_ALIKES)
def test_a_look_alike_is_another_drug_whatever_the_text_says(system: str, code: str) -> None:
    for text in (None, "nusinersen", "Spinraza 12 mg"):
        assert of({"medicationCodeableConcept": concept((system, code), text=text)}).answer is OTHER
        assert of({"medicationCodeableConcept": concept((RXNORM, "1"), (system, code), text=text)}).answer is OTHER


SPELLINGS = [
    (f" {ATC} ", " M09AX07 "),
    (ATC, "m09ax07"),
    (f"{ATC}/", "M09AX07"),
    ("https://www.whocc.no/atc", "M09AX07"),
    (f"{ATC}|2024", "M09AX07"),
    ("HTTP://SNOMED.INFO/SCT", "763556007"),
]


@pytest.mark.parametrize(("system", "code"), SPELLINGS)
def test_the_spelling_of_system_and_code_hides_no_dose(system: str, code: str) -> None:
    assert of({"medicationCodeableConcept": concept((system, code))}).answer is OURS


CONCEPTS = {
    "a name in the text": (concept(text="SPINRAZA 12 mg/5 mL"), OURS, True),
    "a name in a display": (concept((RXNORM, "1"), display="Nusinersen Injection"), OURS, True),
    "a name beside a code of a system without listed codes": (concept((RXNORM, "1"), text="nusinersen"), OURS, True),
    "a name beside a code without a system": ({"coding": [{"code": "M09AX07"}], "text": "nusinersen"}, OURS, True),
    "a name beside another code of a listed system": (
        concept((SNOMED, "387517004"), text="nusinersen"),
        UNREADABLE,
        False,
    ),
    "a display with the name on another listed system's code": (
        concept((ATC, "N02BE01"), display="nusinersen"),
        UNREADABLE,
        False,
    ),
    "a listed code beside another code of a listed system": (
        concept((SNOMED, "387517004"), (ATC, "M09AX07")),
        OURS,
        False,
    ),
    "a listed code beside a look-alike": (concept((ATC, "M09AX07"), (UNII, "2NU6F9601K")), UNREADABLE, False),
    "another text": (concept(text="paracetamol"), OTHER, False),
    "another display": (concept((RXNORM, "1"), display="aspirin"), OTHER, False),
    "another code of a listed system": (concept((SNOMED, "387517004")), OTHER, False),
    "a code of a system without listed codes": (concept((RXNORM, "1")), UNIDENTIFIED, False),
    "a listed system without a code": ({"coding": [{"system": ATC}]}, UNIDENTIFIED, False),
    "a code without a system": ({"coding": [{"code": "M09AX07"}]}, UNIDENTIFIED, False),
    "a code without a system beside a text that does not name the drug": (
        {"coding": [{"code": "M09AX07"}], "text": "injection"},
        OTHER,
        False,
    ),
    "only white space": (concept(text="  ", display=" "), UNIDENTIFIED, False),
    "nothing": ({}, UNIDENTIFIED, False),
    "the SNOMED code that fails its check digit": (concept((SNOMED, "735197001")), OTHER, False),
    "the RxNorm code that must not be used": (concept((RXNORM, "1870872")), UNIDENTIFIED, False),
}


@pytest.mark.parametrize(("medication", "answer", "by_text"), CONCEPTS.values(), ids=CONCEPTS)
def test_a_concept(medication: dict[str, Any], answer: Answer, by_text: bool) -> None:
    found = of({"medicationCodeableConcept": medication})
    assert (found.answer, found.by_text) == (answer, by_text)
    in_r5 = of({"medication": {"concept": medication}})
    assert (in_r5.answer, in_r5.by_text) == (answer, by_text)


def medication(**elements: Any) -> dict[str, Any]:
    return {"resourceType": "Medication", "id": "m1", **elements}


def ingredient(item: dict[str, Any], **elements: Any) -> dict[str, Any]:
    return {"itemCodeableConcept": item, **elements}


NUSINERSEN = concept((ATC, "M09AX07"))
PARACETAMOL = concept((ATC, "N02BE01"))
WATER = concept(text="water for injections")
MEDICATIONS = {
    "a listed code": (medication(code=NUSINERSEN), OURS, False),
    "a name": (medication(code=concept(text="Spinraza")), OURS, True),
    "another listed system's code": (medication(code=PARACETAMOL), OTHER, False),
    "another text": (medication(code=WATER), OTHER, False),
    "no code and no ingredient": (medication(), UNIDENTIFIED, False),
    "a code of a system without listed codes": (medication(code=concept((RXNORM, "1"))), UNIDENTIFIED, False),
    "an ingredient with a listed code": (medication(ingredient=[ingredient(NUSINERSEN)]), OURS, False),
    "an ingredient by name": (medication(ingredient=[ingredient(concept(text="nusinersen sodium"))]), OURS, True),
    "an ingredient beside what it is dissolved in": (
        medication(ingredient=[ingredient(WATER), ingredient(NUSINERSEN), ingredient(PARACETAMOL)]),
        OURS,
        False,
    ),
    "a listed code and an inactive ingredient": (
        medication(code=NUSINERSEN, ingredient=[ingredient(PARACETAMOL, isActive=False)]),
        OURS,
        False,
    ),
    "a listed code and another drug as ingredient": (
        medication(code=NUSINERSEN, ingredient=[ingredient(PARACETAMOL)]),
        UNREADABLE,
        False,
    ),
    "another drug's code and a listed ingredient": (
        medication(code=PARACETAMOL, ingredient=[ingredient(NUSINERSEN)]),
        UNREADABLE,
        False,
    ),
    "a name and a look-alike as ingredient": (
        medication(code=concept(text="nusinersen"), ingredient=[ingredient(concept((UNII, "2NU6F9601K")))]),
        OTHER,
        False,
    ),
    "a listed code and a look-alike as ingredient": (
        medication(code=NUSINERSEN, ingredient=[ingredient(concept((UNII, "2NU6F9601K")))]),
        UNREADABLE,
        False,
    ),
    "a text and an ingredient that differ": (
        medication(code=concept(text="risdiplam"), ingredient=[ingredient(concept(text="nusinersen"))]),
        UNREADABLE,
        False,
    ),
    "a listed code and any ingredient by text": (
        medication(code=NUSINERSEN, ingredient=[ingredient(WATER)]),
        OURS,
        False,
    ),
}


@pytest.mark.parametrize(("found", "answer", "by_text"), MEDICATIONS.values(), ids=MEDICATIONS)
def test_a_medication_is_judged_the_same_wherever_it_is_found(found: Any, answer: Answer, by_text: bool) -> None:
    delivered = of({"medicationReference": {"reference": "Medication/m1"}}, found)
    contained = of({"medicationReference": {"reference": "#m1"}, "contained": [found]})
    in_r5 = of({"medication": {"reference": {"reference": "Medication/m1"}}}, found)
    assert {(each.answer, each.by_text) for each in (delivered, contained, in_r5)} == {(answer, by_text)}


REFERENCES = {
    "nowhere and without text": ({"reference": "Medication/none"}, UNIDENTIFIED, False),
    "nowhere, displayed as the drug": ({"reference": "Medication/none", "display": "Spinraza"}, OURS, True),
    "nowhere, displayed as something else": ({"reference": "Medication/none", "display": "aspirin"}, OTHER, False),
    "a display and no reference": ({"display": "nusinersen 12 mg"}, OURS, True),
    "only an identifier": ({"identifier": {"system": NDC, "value": "64406-058-01"}}, UNIDENTIFIED, False),
    "not among the contained": ({"reference": "#m9"}, UNIDENTIFIED, False),
    "to the record itself": ({"reference": "#"}, UNIDENTIFIED, False),
    "to something that is no Medication": ({"reference": "Patient/p1"}, UNIDENTIFIED, False),
}


@pytest.mark.parametrize(("pointer", "answer", "by_text"), REFERENCES.values(), ids=REFERENCES)
def test_a_reference_that_leads_nowhere(pointer: dict[str, Any], answer: Answer, by_text: bool) -> None:
    patient = {"resourceType": "Patient", "id": "p1", "code": NUSINERSEN}
    found = of({"medicationReference": pointer}, patient)
    assert (found.answer, found.by_text) == (answer, by_text)


def test_what_a_reference_displays_and_what_it_leads_to_are_both_heard() -> None:
    spinraza = {"reference": "Medication/m1", "display": "Spinraza"}
    assert of({"medicationReference": spinraza}, medication(code=PARACETAMOL)).answer is UNREADABLE
    assert of({"medicationReference": spinraza}, medication(code=concept((UNII, "2NU6F9601K")))).answer is OTHER
    vague = {"reference": "Medication/m1", "display": "injection for lumbar puncture"}
    assert of({"medicationReference": vague}, medication(code=NUSINERSEN)).answer is OURS


def test_an_ingredient_is_found_by_reference_delivered_or_contained_beside_its_medication() -> None:
    substance = {"resourceType": "Substance", "id": "s1", "code": NUSINERSEN}
    mixed = medication(ingredient=[{"itemReference": {"reference": "Substance/s1"}}])
    assert of({"medicationReference": {"reference": "Medication/m1"}}, mixed, substance).answer is OURS
    beside = medication(ingredient=[{"itemReference": {"reference": "#s1"}}])
    record = {"medicationReference": {"reference": "#m1"}, "contained": [beside, substance]}
    assert of(record).answer is OURS
    looping = medication(ingredient=[{"itemReference": {"reference": "#m1"}}])
    assert of({"medicationReference": {"reference": "#m1"}, "contained": [looping]}).answer is UNIDENTIFIED


STRENGTH = {"numerator": {"value": 12, "unit": "mg"}, "denominator": {"value": 5, "unit": "mL"}}
A_VIAL = {**STRENGTH, "denominator": {"value": 1, "unit": "vial"}}
STRENGTHS = {
    "of the ingredient": (medication(ingredient=[ingredient(NUSINERSEN, strength=STRENGTH)]), "12 mg in 5 mL"),
    "of the whole": (medication(code=NUSINERSEN, amount=STRENGTH), "12 mg in 5 mL"),
    "of the ingredient that is the drug": (
        medication(
            ingredient=[
                ingredient(WATER, strength={**STRENGTH, "numerator": {"value": 1, "unit": "g"}}),
                ingredient(NUSINERSEN, strength=STRENGTH),
            ]
        ),
        "12 mg in 5 mL",
    ),
    "of the code": (medication(code=concept((YJ, "1190403A2029"))), "28 mg in 5 mL"),
    "contradicting the code": (
        medication(code=concept((YJ, "1190403A2029")), ingredient=[ingredient(NUSINERSEN, strength=STRENGTH)]),
        None,
    ),
    "of two codes that differ": (medication(code=concept((YJ, "1190403A2029"), (NDC, "64406-058-01"))), None),
    "of no volume": (medication(ingredient=[ingredient(NUSINERSEN, strength=A_VIAL)]), None),
}


@pytest.mark.parametrize(("found", "expected"), STRENGTHS.values(), ids=STRENGTHS)
def test_the_strength_that_code_and_medication_tell(found: dict[str, Any], expected: str | None) -> None:
    strength = of({"medicationReference": {"reference": "Medication/m1"}}, found).strength
    assert (f"{strength.mg} mg in {strength.ml} mL" if strength else None) == expected


C, R = "medicationCodeableConcept", "medicationReference"
BROKEN: list[tuple[dict[str, Any], Answer, str]] = [
    ({C: "nusinersen"}, UNIDENTIFIED, C),
    ({C: [NUSINERSEN]}, UNIDENTIFIED, C),
    ({C: {"coding": NUSINERSEN["coding"][0]}}, UNIDENTIFIED, f"{C}.coding"),
    ({C: {"coding": [7]}}, UNIDENTIFIED, f"{C}.coding[0]"),
    ({C: {"coding": [{"system": SNOMED, "code": 763556007}]}}, UNIDENTIFIED, f"{C}.coding[0].code"),
    ({C: {**PARACETAMOL, "text": 5}}, UNIDENTIFIED, f"{C}.text"),
    ({C: {**NUSINERSEN, "text": 5}}, UNREADABLE, f"{C}.text"),
    ({C: {"coding": [7], "text": "nusinersen"}}, UNREADABLE, f"{C}.coding[0]"),
    ({R: "Medication/m1"}, UNIDENTIFIED, R),
    ({R: {"reference": 5, "display": "nusinersen"}}, UNREADABLE, f"{R}.reference"),
    ({R: {"reference": "#m1"}, "contained": {"id": "m1"}}, UNIDENTIFIED, "contained"),
    ({R: {"reference": "#m1"}, "contained": ["m1"]}, UNIDENTIFIED, "contained[0]"),
    ({R: {"reference": "Medication/m1"}}, UNIDENTIFIED, "Medication.ingredient[0]"),
]


@pytest.mark.parametrize(("record", "answer", "element"), BROKEN)
def test_what_is_of_the_wrong_type_is_named(record: dict[str, Any], answer: Answer, element: str) -> None:
    found = of(record, medication(ingredient=["nusinersen"]))
    assert (found.answer, found.element) == (answer, element)
    assert found.detail


def test_what_a_record_calls_its_medication() -> None:
    assert medication_text({"medicationCodeableConcept": concept((RXNORM, "1"), text=" a ", display="b")}) == "a"
    assert medication_text({"medicationCodeableConcept": concept((RXNORM, "1"), display="b")}) == "b"
    assert medication_text({"medicationReference": {"display": "c"}}) == "c"
    assert medication_text({"medication": {"concept": {"text": "d"}}}) == "d"
    assert medication_text({"medicationCodeableConcept": {"coding": 5, "text": []}, "medicationReference": "x"}) == ""
