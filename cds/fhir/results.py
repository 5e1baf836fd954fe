"""Laboratory results from Observations (rule 10), plain JSON by allow-list; a unit is converted, or said not to be."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import tzinfo
from decimal import Decimal
from typing import NamedTuple

from cds.dosing.facts import DateRange
from cds.dosing.laboratory import NoResult, NotCompared, PassedOver, Result
from cds.dosing.monitoring import LabTest, Monitoring
from cds.fhir.amounts import UCUM
from cds.fhir.codes import Codes
from cds.fhir.dates import read_element, read_period
from cds.fhir.effective import possible_days
from cds.fhir.patients import other_subject
from cds.fhir.plain import Malformed, Resource, kind, object_in, objects_in, status_of, text_in
from cds.fhir.references import newer, reference_of
from cds.fhir.units import factor

OBSERVATION = "Observation"

_NOTHING_MEASURED = frozenset({"entered-in-error", "cancelled"})
_FINAL = frozenset({"final", "amended", "corrected"})
_NOT_FINAL = frozenset({"registered", "preliminary", "specimen-in-process"})
_COMPARATORS = frozenset({"", "<", "<=", ">=", ">"})
_LONGEST_UNIT = 32


class _Named(NamedTuple):
    """What a code says: of which test, and whether its results are quantitative."""

    test: LabTest
    quantitative: bool


class _Quantity(NamedTuple):
    value: Decimal
    unit: str
    comparator: str
    code: str
    """The unit as a code of UCUM; empty where it is not said in UCUM."""


def read_results(
    resources: Iterable[object], monitoring: Monitoring, *, patient: str, zone: tzinfo, also: Collection[str] = ()
) -> tuple[tuple[Result, ...], tuple[NoResult, ...]]:
    """The results of the tests that a label asks for, and the records that do not count as one, each with its reason.

    `patient` is `Patient/x`, `also` are other ids of the same. Observations of other tests are left out, as those that
    were entered in error or cancelled. Of several versions of one record the last updated counts.
    """
    codes = _codes(monitoring)
    results: list[Result] = []
    no_results: list[NoResult] = []
    for reference, resource in _once_each(resources).items():
        found = _read(resource, reference, codes, patient, zone, also)
        if isinstance(found, Result):
            results.append(found)
        elif found is not None:
            no_results.append(found)
    return tuple(results), tuple(no_results)


def _codes(monitoring: Monitoring) -> Codes[_Named]:
    named = {code.coding: _Named(test, quantitative=True) for test in monitoring.tests for code in test.codes}
    strips = {coding: _Named(test, quantitative=False) for test in monitoring.tests for coding in test.strips}
    return Codes({**named, **strips})


def _once_each(resources: Iterable[object]) -> dict[str, Resource]:
    found: dict[str, Resource] = {}
    for index, resource in enumerate(resources):
        if isinstance(resource, dict) and resource.get("resourceType") == OBSERVATION:
            reference = reference_of(resource) or f"{OBSERVATION}?index={index}"
            found[reference] = newer(found.get(reference), resource)
    return found


def _read(
    resource: Resource, reference: str, codes: Codes[_Named], patient: str, zone: tzinfo, also: Collection[str]
) -> Result | NoResult | None:
    """A result, a record that is none, or None for what is no matter of the label."""
    status = status_of(resource)
    if status in _NOTHING_MEASURED:
        return None
    test = ""
    try:
        named = _named(resource, codes)
        if named is None:
            return None
        test = named.test.name
        _check_subject(resource, patient, also)
        passed_over = _passed_over(named, status)
        if passed_over is not None:
            return NoResult(reference, test, *passed_over, possible_days(resource, zone))
        return _result(reference, named.test, _taken(resource, zone), _quantity(resource))
    except Malformed as fault:
        return NoResult(reference, test, PassedOver.UNREADABLE, str(fault), possible_days(resource, zone))


def _check_subject(resource: Resource, patient: str, also: Collection[str]) -> None:
    whose = other_subject(resource, patient)
    if whose is not None and whose not in also:
        raise Malformed("subject", "is another patient")


def _passed_over(named: _Named, status: str) -> tuple[PassedOver, str] | None:
    """Why a record that can be read is no result. Malformed where its status does not tell."""
    if not named.quantitative:
        return PassedOver.NOT_QUANTITATIVE, ""
    if status in _NOT_FINAL:
        return PassedOver.NOT_FINAL, status
    if status not in _FINAL:
        raise Malformed("status", "does not say whether the result is final")
    return None


def _named(resource: Resource, codes: Codes[_Named]) -> _Named | None:
    """Of which test the codings say that the record is; codings that contradict one another are Malformed."""
    concept = object_in(resource, "code") or {}
    found: list[_Named] = []
    for coding, at in objects_in(concept, "coding", "code"):
        named = codes.get(text_in(coding, "system", at), text_in(coding, "code", at))
        if named is not None and named not in found:
            found.append(named)
    if len(found) > 1:
        raise Malformed("code", "names two tests, or a test strip beside a quantitative test")
    return found[0] if found else None


def _taken(resource: Resource, zone: tzinfo) -> DateRange:
    """When the specimen was taken, which is not when the result was issued."""
    dated = (
        read_element(resource, "effectiveDateTime", zone)
        or read_element(resource, "effectiveInstant", zone)
        or read_period(resource, "effectivePeriod", zone)
    )
    if dated is None:
        raise Malformed("effective[x]", "is missing")
    return dated[0]


def _quantity(resource: Resource) -> _Quantity:
    quantity = object_in(resource, "valueQuantity")
    if quantity is None:
        others = sorted(name for name in resource if name.startswith("value"))
        raise Malformed("value[x]", "is no quantity" if others else "is missing")
    value = quantity.get("value")
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise Malformed("valueQuantity.value", "is missing" if value is None else f"is {kind(value)}, not a number")
    # by way of its shortest text, so that 0.2 is 0.2
    number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    if not number.is_finite():
        raise Malformed("valueQuantity.value", "is no finite number")
    comparator = text_in(quantity, "comparator", "valueQuantity")
    if comparator not in _COMPARATORS:
        raise Malformed("valueQuantity.comparator", "is not known")
    code, unit = text_in(quantity, "code", "valueQuantity"), text_in(quantity, "unit", "valueQuantity")
    in_ucum = text_in(quantity, "system", "valueQuantity") == UCUM
    return _Quantity(number, unit or code, comparator, code if in_ucum else "")


def _result(reference: str, test: LabTest, when: DateRange, said: _Quantity) -> Result:
    measured, why_not = (None, None) if test.threshold is None else _measured(said, test.threshold.unit)
    return Result(reference, test.name, when, said.value, said.unit, said.comparator, measured, why_not)


def _measured(said: _Quantity, into: str) -> tuple[Decimal, None] | tuple[None, NotCompared]:
    """The value in the unit of the threshold, or why it is not known in it; a unit is never guessed."""
    if not said.code:
        return None, NotCompared.NO_CODE
    if len(said.code) > _LONGEST_UNIT:
        return None, NotCompared.ANOTHER_MEASURE
    try:
        by = factor(said.code, into)
    except ImportError:
        return None, NotCompared.NO_TABLE
    return (None, NotCompared.ANOTHER_MEASURE) if by is None else (said.value * by, None)
