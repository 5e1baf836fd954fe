"""When a record says a dose was given: `effective[x]`, and where other versions of FHIR say it."""

from __future__ import annotations

from datetime import tzinfo

from cds.dosing.codes import Code
from cds.dosing.facts import DateRange
from cds.fhir.dates import Dated, read_date, read_element, read_period
from cds.fhir.plain import Malformed, Resource, list_in, object_in
from cds.fhir.refusal import Refused
from cds.fhir.versions import TIMINGS

# Those of R4, of R5 in both spellings, of DSTU2.
_MOMENTS = ("effectiveDateTime", "occurenceDateTime", "occurrenceDateTime", "effectiveTimeDateTime")
_PERIODS = ("effectivePeriod", "occurencePeriod", "occurrencePeriod", "effectiveTimePeriod")


def effective(resource: Resource, zone: tzinfo) -> Dated:
    """Rule C3 and D2; a dateTime and a Period together must say the same days."""
    plain = resource.get("effectiveDateTime")
    if isinstance(plain, str) and "effectivePeriod" not in resource and (dated := read_date(plain, zone)):
        return dated
    moment_said = resource.get("effectiveDateTime") is not None
    period_said = resource.get("effectivePeriod") is not None
    try:
        moment = read_element(resource, "effectiveDateTime", zone) if moment_said or not period_said else None
        period = read_period(resource, "effectivePeriod", zone) if period_said else None
    except Malformed as fault:
        reason = Code.UNREADABLE_RECORD if moment_said and period_said else Code.DATE_MISSING
        raise Refused(reason, "C3", fault.element, fault.detail) from None
    dated = moment or period
    if dated is None:
        raise Refused(Code.DATE_MISSING, "C3", "effective[x]", "is missing")
    if moment is not None and period is not None and moment[0] != period[0]:
        raise Refused(Code.UNREADABLE_RECORD, "C3", "effective[x]", "is a dateTime and a Period of different days")
    return dated


def possible_days(resource: Resource, zone: tzinfo) -> DateRange | None:
    """The days that a refused record can be of, as far as it has a date that can be read, in any version's spelling."""
    ranges = []
    for name in (*_MOMENTS, *_PERIODS):
        if name in resource:
            try:
                dated = (read_element if name in _MOMENTS else read_period)(resource, name, zone)
            except Malformed:
                continue
            if dated is not None:
                ranges.append(dated[0])
    for name in TIMINGS:
        if resource.get(name) is not None:
            days = _timing(resource, name, zone)
            if days is None:
                return None
            ranges.append(days)
    if not ranges:
        return None
    return DateRange(min(days.earliest for days in ranges), max(days.latest for days in ranges))


def _timing(resource: Resource, name: str, zone: tzinfo) -> DateRange | None:
    """The days from the first to the last of a Timing; None where one of them, or the end of the repeating, is open."""
    try:
        timing = object_in(resource, name) or {}
        said: list[object] = list_in(timing, "event", name)
        repeat = object_in(timing, "repeat", name)
        bounds = object_in(repeat, "boundsPeriod", name) if repeat else None
    except Malformed:
        return None
    if repeat:
        said = [*said, *((bounds.get("start"), bounds.get("end")) if bounds else (None,))]
    dated = [read_date(text, zone) if isinstance(text, str) else None for text in said]
    days = [each[0] for each in dated if each is not None]
    if not days or len(days) < len(dated):
        return None
    return DateRange(min(each.earliest for each in days), max(each.latest for each in days))
