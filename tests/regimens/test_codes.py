"""The codes of nusinersen: check digits, strengths, sources, and that nothing stands on two lists."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

import pytest

from cds.dosing.drug import Coding, Drug, Strength
from cds.regimens.library import load

DRUG = load().get("eu-12mg").drug
EVERY_CODE = [*DRUG.products, *DRUG.look_alikes, *DRUG.routes, *DRUG.other_routes]

ATC = "http://www.whocc.no/atc"
SNOMED = "http://snomed.info/sct"
UNII = "http://fdasis.nlm.nih.gov"
NDC = "http://hl7.org/fhir/sid/ndc"
HCPCS = "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets"
GTIN = "https://www.gs1.org/gtin"
CAS = "http://terminology.hl7.org/CodeSystem/CAS"
DIN = "http://hl7.org/fhir/NamingSystem/ca-hc-din"
YJ = "http://capstandard.jp/iyaku.info/CodeSystem/YJ-code"
EU = "http://ema.europa.eu/fhir/marketingAuthorizationNumber"
DRUGBANK = "https://go.drugbank.com"
ROUTE_V3 = "http://terminology.hl7.org/CodeSystem/v3-RouteOfAdministration"
ROUTE_V2 = "http://terminology.hl7.org/CodeSystem/v2-0162"
EDQM = "http://standardterms.edqm.eu"
NCIT = "http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl"

# rule C5: only NDC, EU number, YJ, DIN and GTIN tell a strength, in mg; each vial holds 5 ml
PRODUCTS = {
    (ATC, "M09AX07"): None,
    (SNOMED, "763556007"): None,
    (UNII, "5Z9SP3X666"): None,
    (UNII, "4CHB7QQU1Q"): None,
    (HCPCS, "J2326"): None,
    (DRUGBANK, "DB13161"): None,
    (CAS, "1258984-36-9"): None,
    (NDC, "64406-058-01"): 12,
    (NDC, "64406-0058-01"): 12,
    (NDC, "6440605801"): 12,
    (NDC, "64406005801"): 12,
    (EU, "EU/1/17/1188/001"): 12,
    (YJ, "1190403A1022"): 12,
    (YJ, "1190403A2029"): 28,
    (YJ, "1190403A3025"): 50,
    (DIN, "02465663"): 12,
    (GTIN, "5713219500777"): 12,
    (GTIN, "05713219500777"): 12,
}

LOOK_ALIKES = {
    "tofersen": {(UNII, "2NU6F9601K"), (UNII, "5YL205692C"), (HCPCS, "J1304")},
    "onasemnogene abeparvovec": {
        (UNII, "MLU3LU3EVV"), (HCPCS, "J3399"), (ATC, "M09AX09"),
        (NDC, "71894-120-02"), (NDC, "71894-0120-02"), (NDC, "7189412002"), (NDC, "71894012002"),
    },
    "risdiplam": {
        (UNII, "76RS4S2ET1"),
        (NDC, "50242-175-07"), (NDC, "50242-0175-07"), (NDC, "5024217507"), (NDC, "50242017507"),
        (NDC, "50242-202-01"), (NDC, "50242-0202-01"), (NDC, "5024220201"), (NDC, "50242020201"),
    },
}  # fmt: skip

ROUTES = {(SNOMED, "72607000"), (ROUTE_V3, "ITINJ"), (ROUTE_V3, "IT"), (ROUTE_V2, "IT"), (EDQM, "20042000"),
          (NCIT, "C38267")}  # fmt: skip

CANONICAL = {ATC, SNOMED, UNII, NDC, HCPCS, GTIN, CAS, DIN, YJ, EU, DRUGBANK, ROUTE_V3, ROUTE_V2, EDQM, NCIT}


def pairs(codings: Iterable[Coding]) -> set[tuple[str, str]]:
    return {(coding.system, coding.code) for coding in codings if coding.system in CANONICAL}


def test_products_and_their_strengths() -> None:
    listed = {(c.system, c.code): s for c, s in DRUG.products.items() if c.system in CANONICAL}
    assert listed == {code: None if mg is None else Strength(Decimal(mg), Decimal(5)) for code, mg in PRODUCTS.items()}


def test_look_alikes() -> None:
    listed = {
        drug: pairs(coding for coding, name in DRUG.look_alikes.items() if name == drug)
        for drug in set(DRUG.look_alikes.values())
    }
    assert listed == LOOK_ALIKES


def test_right_routes() -> None:
    assert pairs(DRUG.routes) == ROUTES


@pytest.mark.parametrize(
    ("system", "codes"),
    [
        (SNOMED, "47625008 34206005 26643006 78421000 372464004 38239002 46713006 404820008 417255000 58100008"),
        (ROUTE_V3, "IV IVINJ SQ IM PO IDINJ EPIDURINJ IAINJ IPERINJ"),
        (ROUTE_V2, "IV SC IM PO ID IP EP IA"),
        (EDQM, "20045000 20066000 20053000 20035000 20030000 20009000"),
        (NCIT, "C38276 C38299 C38288 C28161 C38210"),
    ],
)
def test_the_wrong_routes_that_matter_most_are_listed(system: str, codes: str) -> None:
    assert {(system, code) for code in codes.split()} <= pairs(DRUG.other_routes)


@pytest.mark.parametrize(
    ("system", "code", "name"),
    [
        (SNOMED, "418892005", "intracisternal"),
        (SNOMED, "420719007", "intracerebroventricular"),
        (SNOMED, "418418000", "intraspinal"),
        (SNOMED, "428191002", "percutaneous"),
        (ROUTE_V3, "SUBARACHINJ", "subarachnoid"),
        (EDQM, "20062000", "route not specified"),
        (NCIT, "C38311", "unknown"),
    ],
)
def test_a_route_that_may_reach_the_cerebrospinal_fluid_is_on_neither_list(system: str, code: str, name: str) -> None:
    assert Coding(system, code) not in {*DRUG.routes, *DRUG.other_routes}, name


def test_names() -> None:
    assert DRUG.names == ("nusinersen", "spinraza")


@pytest.mark.parametrize("code", ["1870872", "735197001"])
def test_codes_that_must_not_be_used(code: str) -> None:
    assert code not in {coding.code for coding in EVERY_CODE}


def test_no_rxnorm_code_is_listed_so_that_rxnorm_alone_stays_unidentified() -> None:
    assert not any("rxnorm" in system or system.endswith("113883.6.88") for system in DRUG.systems)
    assert any("No RxNorm code is listed" in note for note in DRUG.notes)


def test_an_alias_of_a_system_holds_the_same_codes() -> None:
    oid = {coding.code for coding in DRUG.products if coding.system == "urn:oid:2.16.840.1.113883.6.69"}
    assert oid == {code for system, code in PRODUCTS if system == NDC}


def test_each_code_has_its_source() -> None:
    assert DRUG.sources.keys() == set(EVERY_CODE)
    assert all(DRUG.sources.values())


def test_no_code_is_on_two_lists() -> None:
    assert len(EVERY_CODE) == len(set(EVERY_CODE))


def test_a_drug_whose_lists_overlap_cannot_be_built() -> None:
    code = Coding("https://codes.example.invalid", "A1")
    with pytest.raises(ValueError, match=r"\['A1'\] are listed as product and as look-alike"):
        Drug("x", "x", ("x",), {code: None}, {code: "y"}, {}, {})


# ---- Check digits ----

_DIHEDRAL = (
    "0123456789", "1234067895", "2340178956", "3401289567", "4012395678",
    "5987604321", "6598710432", "7659821043", "8765932104", "9876543210",
)  # fmt: skip
_PERMUTED = (
    "0123456789", "1576283094", "5803796142", "8916043527", "9453126870", "4286573901", "2793806415", "7046913258",
)  # fmt: skip


def verhoeff(code: str) -> bool:
    """The check of a SNOMED CT identifier."""
    check = 0
    for place, digit in enumerate(reversed(code)):
        check = int(_DIHEDRAL[check][int(_PERMUTED[place % 8][int(digit)])])
    return check == 0


def gs1(code: str) -> bool:
    return sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(reversed(code))) % 10 == 0


def unii(code: str) -> bool:
    return sum(int(character, 36) for character in code[:-1]) % 36 == int(code[-1], 36)


def cas(code: str) -> bool:
    digits = code.replace("-", "")
    return sum(place * int(digit) for place, digit in enumerate(reversed(digits[:-1]), start=1)) % 10 == int(digits[-1])


CHECKS = [(SNOMED, verhoeff), (GTIN, gs1), (UNII, unii), (CAS, cas)]


@pytest.mark.parametrize(("system", "check"), CHECKS, ids=lambda value: getattr(value, "__name__", ""))
def test_every_check_digit_holds(system: str, check: type[bool]) -> None:
    codes = [coding.code for coding in EVERY_CODE if coding.system == system]
    assert codes
    assert [code for code in codes if not check(code)] == []


@pytest.mark.parametrize(
    ("check", "sound", "wrong"),
    [
        (verhoeff, "72607000", "735197001"),
        (gs1, "5713219500777", "5713219500778"),
        (unii, "5Z9SP3X666", "5Z9SP3X667"),
        (cas, "1258984-36-9", "1258984-36-8"),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_the_checks_themselves(check: type[bool], sound: str, wrong: str) -> None:
    assert check(sound)
    assert not check(wrong)
