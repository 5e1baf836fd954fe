"""Units of UCUM: what is converted, what is not, and what happens without the extra."""

from __future__ import annotations

import subprocess
import sys
from decimal import Decimal

import pytest

from cds.fhir.units import factor


@pytest.mark.parametrize(
    ("unit", "into", "by"),
    [
        ("g/L", "g/L", "1"),
        ("mg/dL", "g/L", "0.01"),
        ("mg/L", "g/L", "0.001"),
        ("ug/mL", "g/L", "0.001"),
        ("g/dL", "g/L", "10"),
        ("10*3/uL", "10*9/L", "1"),
    ],
)
def test_units_that_measure_the_same_have_an_exact_factor(unit: str, into: str, by: str) -> None:
    assert factor(unit, into) == Decimal(by)


@pytest.mark.parametrize(
    "unit",
    [
        "mg/g", "mg/(24.h)", "mmol/L", "{INR}", "1", "%", "K/uL", "mg%", "Mg per dl", "", "(" * 30, "10*999999999/L",
        "[foo]", "mg/dL)", "\n", "ÅΩ",
    ],
)  # fmt: skip
def test_what_is_no_concentration_or_no_unit_has_none(unit: str) -> None:
    assert factor(unit, "g/L") is None


def test_a_scale_that_does_not_begin_at_zero_has_none() -> None:
    assert factor("Cel", "K") is None


def test_a_threshold_in_a_unit_that_is_none_has_none() -> None:
    assert factor("g/L", "[foo]") is None


def test_the_library_is_loaded_for_the_first_unit_to_be_converted_and_not_before() -> None:
    code = (
        "import sys; import hooks.app; from cds.fhir.units import factor; assert 'ucumvert' not in sys.modules; "
        "factor('g/L', 'g/L'); assert not {'ucumvert', 'pint', 'lark'} & sys.modules.keys(); "
        "print(factor('mg/dL', 'g/L'), 'pint' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.returncode) == ("0.01 True", 0), done.stderr
