"""Converting units of UCUM, by a library of the extra [units] that is loaded for the first unit to be converted."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any

_DIGITS = 12
"""Significant digits of a factor: the library counts in binary floating point, in which 0.001 is not exact."""


def factor(unit: str, into: str) -> Decimal | None:
    """By how much a value in `unit` is multiplied to be one in `into`, both codes of UCUM; None where the two do not
    measure the same, or where one of them is no unit. Raises ImportError without the extra. The first call takes most
    of a second."""
    return Decimal(1) if unit == into else _factor(unit, into)


@lru_cache(maxsize=256)
def _factor(unit: str, into: str) -> Decimal | None:
    registry = _registry()
    found = None
    # what the library raises for a unit that it cannot read has no base of its own: it comes from a parser, from the
    # registry, and from arithmetic with what is no unit, as an annotation alone
    with suppress(Exception):
        target = registry.from_ucum(into)
        one, two = (float((number * registry.from_ucum(unit)).to(target).magnitude) for number in (1.0, 2.0))
        # a scale that does not begin at zero, as degrees Celsius, has no factor
        found = Decimal(f"{one:.{_DIGITS}g}") if one > 0 and abs(two - 2 * one) <= 1e-9 * one else None
    return found


@cache
def _registry() -> Any:
    """The table of all units, made once."""
    from ucumvert import PintUcumRegistry

    return PintUcumRegistry()
