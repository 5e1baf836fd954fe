"""Laboratories in all places that tests before a dose can stand in, for the cards about them."""

from __future__ import annotations

from decimal import Decimal

from cds.dosing.assess import assess
from cds.dosing.assessment import Assessment
from cds.dosing.facts import DateRange
from cds.dosing.laboratory import Laboratory, NoResult, NotCompared, PassedOver, Result
from cds.dosing.monitor import monitor
from cds.dosing.regimen import Regimen
from cds.regimens.library import load
from tests.cards.desk import LOADING, PATIENT, day, doses

US: Regimen = load().get("us-12mg")
BLOOD = ("platelet count", "prothrombin time", "activated partial thromboplastin time")
URINE = "urine protein"
LATELY = DateRange.on(day("2024-07-20"))
BEFORE = DateRange.on(day("2024-03-01"))


def result(test: str, value: str, unit: str, when: DateRange = LATELY, **more: object) -> Result:
    return Result(f"Observation/{test.replace(' ', '-')}", test, when, Decimal(value), unit)._replace(**more)


def none(test: str, why: PassedOver, detail: str, when: DateRange | None = LATELY, name: str = "n1") -> NoResult:
    return NoResult(f"Observation/{name}", test, why, detail, when)


DONE = tuple(result(test, "12.1", "s") for test in BLOOD)
SOME = (none("", PassedOver.UNREADABLE, "code.coding is a number, not a list", None),)
MANY = tuple(none(URINE, PassedOver.UNREADABLE, "value[x] is missing", name=f"n{number}") for number in range(12))

LABORATORIES: dict[str, Laboratory] = {
    "nothing on record": Laboratory(()),
    "nothing on record, in a window": Laboratory((), days=30),
    "nothing could be read": Laboratory((), whole=False),
    "all done": Laboratory((*DONE, result(URINE, "8", "mg/dL", measured=Decimal("0.08")))),
    "above the threshold": Laboratory((*DONE, result(URINE, "35", "mg/dL", measured=Decimal("0.35")))),
    "a ratio": Laboratory((*DONE, result(URINE, "350", "mg/g", why_not=NotCompared.ANOTHER_MEASURE))),
    "a unit in words": Laboratory((*DONE, result(URINE, "35", "mg/dl", why_not=NotCompared.NO_CODE))),
    "no table of units": Laboratory((*DONE, result(URINE, "35", "mg/dL", why_not=NotCompared.NO_TABLE))),
    "a limit": Laboratory((*DONE, result(URINE, "30", "mg/dL", comparator="<", measured=Decimal("0.3")))),
    "an old result": Laboratory((*DONE, result(URINE, "35", "mg/dL", BEFORE, measured=Decimal("0.35")))),
    "an old result, and one that could not be read": Laboratory((result(BLOOD[0], "1", "1", BEFORE),), SOME),
    "a strip and a preliminary result": Laboratory(
        DONE,
        (
            none(URINE, PassedOver.NOT_QUANTITATIVE, ""),
            none(URINE, PassedOver.NOT_FINAL, "preliminary", name="n2"),
        ),
    ),
    "many that could not be read": Laboratory(DONE, MANY),
}


def monitored(name: str) -> Assessment:
    """A loading under the US label, the maintenance dose overdue, with one of the laboratories."""
    return monitor(assess(PATIENT, doses(*LOADING), US, on=day("2024-08-20"), whole=True), LABORATORIES[name])
