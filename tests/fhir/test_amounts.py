"""Rule C5: the mg in a dose, known or unknown and never guessed."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from cds.dosing.drug import Strength
from cds.fhir.amounts import milligrams
from cds.fhir.plain import Malformed
from tests.fhir.records import UCUM

VIAL = Strength(Decimal(12), Decimal(5))


def coded(value: object, code: str, **rest: object) -> dict[str, Any]:
    return {"value": value, "system": UCUM, "code": code, **rest}


def worded(value: object, unit: str) -> dict[str, Any]:
    return {"value": value, "unit": unit}


KNOWN = [
    (coded(12, "mg", unit="mg"), "12"),
    (coded(12.0, "mg"), "12"),
    (coded(2.4, "mg"), "2.4"),
    (coded(0.1 + 0.2, "mg"), "0.30000000000000004"),
    (coded(0.012, "g"), "12"),
    (coded(12000, "ug"), "12"),
    (coded(12, "mg", unit="milligram"), "12"),
    (coded(12, "mg", unit="mg per vial"), "12"),
    (coded(Decimal("12.5"), "mg"), "12.5"),
    (worded(12, "mg"), "12"),
    (worded(12, " mg "), "12"),
    (worded(12, "MG"), "12"),
    (worded(0.05, "g"), "50"),
    (worded(28000, "mcg"), "28"),
    (worded(28000, "µg"), "28"),
    (worded(28000, "\u03bcg"), "28"),
    (worded(12, "milligrams"), "12"),
    ({"value": 12, "code": "mg"}, "12"),
    ({"value": 12, "unit": "mg", "system": "http://snomed.info/sct", "code": "258684004"}, "12"),
    (coded(5, "mL"), "12"),
    (coded(5, "ml", unit="ml"), "12"),
    (worded(2.5, "mL"), "6"),
]
UNKNOWN = [
    coded(1, "mg/kg"),
    coded(12, "mg/kg", unit="mg"),
    coded(12, "MG"),
    coded(5, "ML"),
    coded(12, "mg", unit="mL"),
    coded(12, "mg", comparator="<"),
    coded(12, "mg", comparator=">="),
    coded(12, "{vial}"),
    coded(1, "[drp]"),
    worded(1, "vial"),
    worded(12, "Mg"),
    worded(12, "mg/mL"),
    worded(12, ""),
    worded(20000, "UNT/ML"),
    coded(0, "mg"),
    coded(-12, "mg"),
    coded(True, "mg"),
    coded("12", "mg"),
    coded(None, "mg"),
    coded(float("nan"), "mg"),
    coded(float("inf"), "mg"),
    coded(Decimal("1e999999"), "g"),
    {"unit": "mg", "system": UCUM, "code": "mg"},
    {"value": 12},
    {},
]


@pytest.mark.parametrize(("dose", "mg"), KNOWN)
def test_an_amount_that_is_known(dose: dict[str, Any], mg: str) -> None:
    assert milligrams({"dose": dose}, "dose", VIAL, "dosage") == Decimal(mg)


@pytest.mark.parametrize("dose", UNKNOWN, ids=[str(index) for index in range(len(UNKNOWN))])
def test_an_amount_that_is_unknown(dose: dict[str, Any]) -> None:
    assert milligrams({"dose": dose}, "dose", VIAL, "dosage") is None


def test_a_volume_tells_no_amount_without_a_strength() -> None:
    assert milligrams({"dose": coded(5, "mL")}, "dose", None, "dosage") is None


def test_no_dose_is_no_amount() -> None:
    assert milligrams({}, "dose", VIAL, "dosage") is None
    assert milligrams({"dose": None}, "dose", VIAL, "dosage") is None


BROKEN = [
    ("12 mg", "dosage.dose"),
    (12, "dosage.dose"),
    ([], "dosage.dose"),
    (coded({}, "mg"), "dosage.dose.value"),
    (coded([12], "mg"), "dosage.dose.value"),
    (coded(12, ["mg"]), "dosage.dose.code"),  # type: ignore[arg-type]
    ({"value": 12, "unit": {}}, "dosage.dose.unit"),
    ({"value": 12, "unit": "mg", "system": 1}, "dosage.dose.system"),
]


@pytest.mark.parametrize(("dose", "element"), BROKEN)
def test_what_is_no_quantity_is_named(dose: object, element: str) -> None:
    with pytest.raises(Malformed) as refused:
        milligrams({"dose": dose}, "dose", VIAL, "dosage")
    assert refused.value.element == element
