"""What a label asks for in the laboratory before a dose (rules.md section 10). Data, read from the regimen files."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from cds.dosing.drug import Coding


class Asked(StrEnum):
    """When a label asks for tests."""

    EACH_DOSE = "each-dose"
    IF_INDICATED = "if-indicated"
    NOT_STATED = "not-stated"


class LabCode(NamedTuple):
    """A code of quantitative results of a test, and the UCUM unit in which they usually come."""

    coding: Coding
    unit: str


@dataclass(frozen=True, slots=True)
class Threshold:
    """A value, in a UCUM unit, above which the label has something to say: `advice`, as a part of a sentence."""

    above: Decimal
    unit: str
    advice: str


@dataclass(frozen=True, slots=True)
class LabTest:
    """One test. `strips` are codes of the same test that are not quantitative, and so do not count."""

    name: str
    codes: tuple[LabCode, ...]
    strips: tuple[Coding, ...] = ()
    threshold: Threshold | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class Monitoring:
    """Which tests a label asks for, and when."""

    asked: Asked = Asked.NOT_STATED
    source: str = ""
    tests: tuple[LabTest, ...] = ()

    def __post_init__(self) -> None:
        if (self.asked is Asked.EACH_DOSE) != bool(self.tests):
            raise ValueError("monitoring before each dose names its tests, and only that does")
        names = [test.name for test in self.tests]
        if len(set(names)) != len(names):
            raise ValueError("two tests of the monitoring have one name")
        codings = self.codings
        if len(set(codings)) != len(codings):
            raise ValueError("one code stands for two tests of the monitoring")

    @property
    def codings(self) -> tuple[Coding, ...]:
        """The codes of all tests: results are asked for by them, those that are not quantitative too, to say so."""
        return tuple(coding for test in self.tests for coding in (*(code.coding for code in test.codes), *test.strips))


NOT_STATED = Monitoring()
"""Of a regimen that says nothing of it."""
