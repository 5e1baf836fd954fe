"""Amounts in mg from FHIR quantities (rule C5). What is not clearly milligrams is unknown, never guessed."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Context, Decimal
from typing import NamedTuple

from cds.dosing.drug import Strength
from cds.fhir.plain import Resource, malformed, object_in, text_in

UCUM = "http://unitsofmeasure.org"
_ONE, _THOUSAND, _THOUSANDTH = Decimal(1), Decimal(1000), Decimal("0.001")
# Without traps: an amount beyond all reason becomes infinite, and so unknown, instead of raising.
_EXACT = Context(prec=40, traps=[])


class Unit(NamedTuple):
    """What a unit measures: so many mg of drug, or so many mL of product."""

    volume: bool
    factor: Decimal


_MG, _G, _UG, _ML = Unit(False, _ONE), Unit(False, _THOUSAND), Unit(False, _THOUSANDTH), Unit(True, _ONE)
# UCUM's case-sensitive codes: `MG` there would be a megagram, `ML` a megalitre.
UCUM_UNITS = {"mg": _MG, "g": _G, "ug": _UG, "mL": _ML, "ml": _ML}
UNIT_STRINGS = {
    **dict.fromkeys(("mg", "MG", "milligram", "milligrams", "milligramme", "milligrammes"), _MG),
    **dict.fromkeys(("g", "gram", "grams", "gramme", "grammes"), _G),
    **dict.fromkeys(("ug", "mcg", "µg", "μg", "MCG", "microgram", "micrograms"), _UG),
    **dict.fromkeys(("mL", "ml", "ML", "milliliter", "milliliters", "millilitre", "millilitres"), _ML),
}


def milligrams(parent: Resource, name: str, strength: Strength | None, at: str) -> Decimal | None:
    """The mg in a Quantity, None if unknown; a volume needs the product's strength. Malformed if it is no Quantity.

    Unknown are values that are not positive numbers, values with a comparator, and units not in the tables.
    """
    measured = _measured(parent, name, at)
    if measured is None:
        return None
    value, unit = measured
    if unit.volume:
        if strength is None:
            return None
        value = _EXACT.divide(_EXACT.multiply(value, strength.mg), strength.ml)
    elif unit.factor is not _ONE:
        value = _EXACT.multiply(value, unit.factor)
    return value if value.is_finite() and value > 0 else None


def _measured(parent: Resource, name: str, at: str) -> tuple[Decimal, Unit] | None:
    found = object_in(parent, name, at)
    if found is None:
        return None
    path = f"{at}.{name}"
    unit = _unit(found, path)
    value = _positive(found, path)
    if unit is None or value is None or found.get("comparator") is not None:
        return None
    return value, unit


def _positive(quantity: Resource, at: str) -> Decimal | None:
    value = quantity.get("value")
    if isinstance(value, float):
        # by way of its shortest text, so that 2.4 is 2.4 and not 2.399999999999999911
        number = Decimal(repr(value))
    elif isinstance(value, int | Decimal) and not isinstance(value, bool):
        number = Decimal(value)
    elif isinstance(value, dict | list):
        raise malformed(value, "a number", at, "value")
    else:
        return None
    return number if number.is_finite() and number > 0 else None


def _unit(quantity: Resource, at: str) -> Unit | None:
    """The unit by its UCUM code, else by an exact unit string; None where the two contradict each other."""
    if quantity.get("system") == UCUM and quantity.get("code") == "mg" == quantity.get("unit"):
        return _MG
    code, system = text_in(quantity, "code", at), text_in(quantity, "system", at)
    words = text_in(quantity, "unit", at)
    by_words = UNIT_STRINGS.get(words)
    if code and system == UCUM:
        by_code = UCUM_UNITS.get(code)
        return by_code if by_words is None or by_words == by_code else None
    if code and not system and not words:
        return UNIT_STRINGS.get(code)
    return by_words


def stated_strength(parent: Resource, name: str, at: str) -> Strength | None:
    """The strength that a Ratio of a mass to a volume states; None for any other ratio."""
    ratio = object_in(parent, name, at)
    if ratio is None:
        return None
    mass = _measured(ratio, "numerator", f"{at}.{name}")
    volume = _measured(ratio, "denominator", f"{at}.{name}")
    if mass is None or volume is None or mass[1].volume or not volume[1].volume:
        return None
    mg = _EXACT.multiply(mass[0], mass[1].factor)
    return Strength(mg, volume[0]) if mg.is_finite() and mg > 0 else None


def agreed(strengths: Iterable[Strength | None]) -> Strength | None:
    """The one strength that all known ones say; None if there is none, or if they differ."""
    known = [strength for strength in strengths if strength is not None]
    if any(not same(strength, known[0]) for strength in known[1:]):
        return None
    return known[0] if known else None


def same(one: Strength, other: Strength) -> bool:
    """Whether two strengths are the same concentration: 12 mg in 5 mL is 2.4 mg in 1 mL."""
    return _EXACT.multiply(one.mg, other.ml) == _EXACT.multiply(other.mg, one.ml)
