"""A further draft of an order, for one more dose on another day: what the order says, and nothing of our own."""

from __future__ import annotations

import re
from datetime import date, tzinfo
from typing import Any

from cds.fhir.dates import read_date
from cds.fhir.order_dates import (
    MEDICATION_REQUEST,
    Place,
    bounds_places,
    day_said,
    event_places,
    instructions,
    moved,
    put,
    validity_places,
)
from cds.fhir.plain import Resource

# What belongs to one order alone, or tells of it in words.
_ITS_OWN = frozenset(
    {"id", "identifier", "text", "status", "statusReason", "statusChanged", "authoredOn", "priorPrescription", "note"}
    | {"eventHistory", "detectedIssue", "renderedDosageInstruction"}
)
_ITS_OWN_META = frozenset({"versionId", "lastUpdated", "source"})
_MEDICATIONS = ("medicationCodeableConcept", "medicationReference", "medication")
_REPEATS = frozenset({"count", "countMax", "frequency", "frequencyMax", "period", "periodMax"})
_IN_WORDS = ("text", "patientInstruction")
# As months begin in languages of Europe. What is wrongly taken for one costs a suggestion, and no more.
_MONTH = (
    "(jan|gen|ene|f[eé]v|feb|mar|mär|mrz|apr|abr|avr|ma[iyj]|mag|jui?n|giu|jui?l|lug|aug|ago|ao[uû]|sep|set|o[ck]t|ott|out"
    "|nov|de[cz]|déc|dic)"
)
_A_DATE = re.compile(
    r"\b(19|20)[0-9]{2}\b|\b[0-9]{1,2}[./-][0-9]{1,2}[./-][0-9]{2,4}\b|\b(?!24/7)[0-9]{1,2}/[0-9]{1,2}\b"
    rf"|\b[0-9]{{1,2}}(st|nd|rd|th|er|º|\.)?[ -]*(of |de |d')?{_MONTH}|\b{_MONTH}\w*\.?[ -]*[0-9]",
    re.IGNORECASE,
)


def repeated(resource: Resource, old: date | None, new: date, *, zone: tzinfo, on: date) -> dict[str, Any]:
    """A draft for a dose on `new`: the medication, route, amount and all else of an order for one dose on `old`, which
    is None where it says no date.

    Its status is `draft`, whatever that of the order, and its intent that of the order. It has no id: the EHR gives it
    one. ValueError for what cannot be ordered once more so: no MedicationRequest; one without patient or medication;
    more than one dose; another date, also in words, that would stay.
    """
    if resource.get("resourceType") != MEDICATION_REQUEST:
        raise ValueError("only a MedicationRequest is repeated")
    if not isinstance(resource.get("subject"), dict) or not any(resource.get(name) for name in _MEDICATIONS):
        raise ValueError("the order names no patient or no medication")
    _refuse_several(resource)
    _refuse_dates_in_words(resource)
    kept = {name: value for name, value in resource.items() if name.removeprefix("_") not in _ITS_OWN}
    order = {"intent": "order", **moved(kept, old, new, zone=zone, on=on), "status": "draft"}
    meta = order.pop("meta", None)
    if isinstance(meta, dict) and (meta := {name: meta[name] for name in meta if name not in _ITS_OWN_META}):
        order["meta"] = meta
    _move_the_rest(order, old, new, zone)
    return order


def _refuse_several(order: Resource) -> None:
    dispense = order.get("dispenseRequest")
    if isinstance(dispense, dict) and dispense.get("numberOfRepeatsAllowed"):
        raise ValueError("dispenseRequest.numberOfRepeatsAllowed asks for more than one dose")
    for instruction in instructions(order):
        timing = instruction.get("timing")
        repeat = timing.get("repeat") if isinstance(timing, dict) else None
        if isinstance(repeat, dict) and repeat.get("count") != 1 and not _REPEATS.isdisjoint(repeat):
            raise ValueError("dosageInstruction.timing.repeat asks for more than one dose")


def _refuse_dates_in_words(order: Resource) -> None:
    for instruction in instructions(order):
        for name in _IN_WORDS:
            words = instruction.get(name)
            if isinstance(words, str) and _A_DATE.search(words):
                raise ValueError(f"dosageInstruction.{name} says a date in words")


def _move_the_rest(order: dict[str, Any], old: date | None, new: date, zone: tzinfo) -> None:
    """What says when beside the element that is read (P2): no event of another day, and no time that ends before."""
    for place in event_places(order):
        said = day_said(place, zone)
        if said is None or said.day != new:
            raise ValueError("dosageInstruction.timing.event says another day too")
    for place in (*bounds_places(order), *validity_places(order)):
        said = day_said(place, zone)
        if _covers(place, new, zone):
            continue
        if said is None or old is None or said.day != old:
            raise ValueError("the order says a time in which the day of the dose is not")
        put(place, old, new, zone)


def _covers(place: Place, day: date, zone: tzinfo) -> bool:
    """Whether a day lies in the Period of a place; one without a start has begun, one without an end goes on."""
    period = place.period or {}
    start, end = (_range_of(period.get(name), zone) for name in ("start", "end"))
    if start is None or end is None:
        return False
    return start[0] <= day <= end[1]


def _range_of(text: object, zone: tzinfo) -> tuple[date, date] | None:
    """The first and the last day that a date can be: all there are where it is not there, None where it is no date."""
    if text is None:
        return date.min, date.max
    dated = read_date(text, zone) if isinstance(text, str) else None
    return None if dated is None else (dated[0].earliest, dated[0].latest)
