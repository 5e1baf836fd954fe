"""Where a draft order says when (rule P2): the same elements found for reading and for moving the dose."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, timedelta, tzinfo
from typing import Any, NamedTuple

from cds.dosing.calendar import add_days
from cds.dosing.facts import DateRange
from cds.dosing.findings import Finding
from cds.fhir.dates import NO_OFFSET, Dated, read_date
from cds.fhir.plain import Resource

Instruction = dict[str, Any]
MEDICATION_REQUEST = "MedicationRequest"
APPOINTMENT = "Appointment"
WITH_OCCURRENCE = ("ServiceRequest", "DeviceRequest")
"""The other kinds of draft whose `occurrence[x]` is when something is done to the patient."""


class Place(NamedTuple):
    """One element that says when: `holder[key]`. `period` is the Period whose start it is, None for an event.

    `instruction` is the dosage instruction it belongs to, None where it belongs to the whole order.
    """

    holder: Any
    key: str | int
    period: dict[str, Any] | None
    instruction: Instruction | None


class ProposedDay(NamedTuple):
    """A place with the day that it says; `note` is a `date-imprecise` for a time without an offset (D1)."""

    place: Place
    day: date
    note: Finding | None


def instructions(order: Resource) -> list[Instruction]:
    """The dosage instructions; what is none is left out."""
    return _objects(order.get("dosageInstruction"))


def proposed_days(order: Resource, zone: tzinfo, on: date) -> list[ProposedDay]:
    """The days of the first kind of element that has any (P2): events, the timing's bounds, the dispense's validity;
    the occurrence of what has one.

    Days before `on` and dates not of one day propose nothing. `zone` is the time zone of the site.
    """
    occurs = order.get("resourceType") in WITH_OCCURRENCE
    levels: tuple[Callable[[Resource], Iterator[Place]], ...] = (event_places, bounds_places, validity_places)
    if occurs:
        levels = (_occurrence,)
    elif order.get("resourceType") == APPOINTMENT:
        levels = (_start,)
    for level in levels:
        days = [found for place in level(order) if (found := day_said(place, zone)) is not None and found.day >= on]
        if days:
            return days
    return []


def _start(order: Resource) -> Iterator[Place]:
    if "start" in order:
        yield Place(order, "start", None, None)


def event_places(order: Resource) -> Iterator[Place]:
    """The events of the dosage instructions."""
    for instruction in instructions(order):
        timing = instruction.get("timing")
        events = timing.get("event") if isinstance(timing, dict) else None
        if isinstance(events, str):
            yield Place(timing, "event", None, instruction)
        for index in range(len(events) if isinstance(events, list) else 0):
            yield Place(events, index, None, instruction)


def bounds_places(order: Resource) -> Iterator[Place]:
    """The bounds of their timing."""
    for instruction in instructions(order):
        bounds: object = instruction
        for name in ("timing", "repeat", "boundsPeriod"):
            bounds = bounds.get(name) if isinstance(bounds, dict) else None
        if isinstance(bounds, dict):
            yield Place(bounds, "start", bounds, instruction)


def validity_places(order: Resource) -> Iterator[Place]:
    """The time for which the dispensing is good."""
    dispense = order.get("dispenseRequest")
    period = dispense.get("validityPeriod") if isinstance(dispense, dict) else None
    if isinstance(period, dict):
        yield Place(period, "start", period, None)


def _occurrence(order: Resource) -> Iterator[Place]:
    if "occurrenceDateTime" in order:
        yield Place(order, "occurrenceDateTime", None, None)
    period, timing = order.get("occurrencePeriod"), order.get("occurrenceTiming")
    if isinstance(period, dict):
        yield Place(period, "start", period, None)
    if isinstance(timing, dict):
        events = timing.get("event")
        for index in range(len(events) if isinstance(events, list) else 0):
            yield Place(events, index, None, None)
        repeat = timing.get("repeat")
        bounds = repeat.get("boundsPeriod") if isinstance(repeat, dict) and not events else None
        if isinstance(bounds, dict):
            yield Place(bounds, "start", bounds, None)


def day_said(place: Place, zone: tzinfo) -> ProposedDay | None:
    """The day that a place says; None where it says no day."""
    text = place.holder.get(place.key) if isinstance(place.holder, dict) else place.holder[place.key]
    dated = read_date(text, zone) or _by_its_day(text) if isinstance(text, str) else None
    if dated is None or (dated[1] is not None and dated[1] is not NO_OFFSET):
        return None
    return ProposedDay(place, dated[0].earliest, dated[1])


def _by_its_day(text: str) -> Dated | None:
    """The day of a date whose time is not FHIR's, as `2026-05-06T10:00+02:00` without seconds: an order that says its
    day must not be judged as if it said none."""
    if text[10:11] not in ("T", " "):
        return None
    try:
        return DateRange.on(date.fromisoformat(text[:10])), NO_OFFSET
    except ValueError:
        return None


def _objects(value: object) -> list[dict[str, Any]]:
    if isinstance(value, dict):
        return [value]
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


_WRITTEN = frozenset({"dosageInstruction", "dispenseRequest", "occurrencePeriod", "occurrenceTiming"})


def moved(resource: Resource, old: date | None, new: date, *, zone: tzinfo, on: date) -> dict[str, Any]:
    """The order with `new` in place of the proposed date `old`, which is None where it says no date from `on` on.

    Written is the element that P2 reads, with its time of day and offset; the end of its Period moves along. An order
    without a date gets an event in its first dosage instruction. ValueError if `old` is not what the order says, or
    if `new` is before `on`.
    """
    if new < on:
        raise ValueError(f"an order cannot be moved to {new}, which is before {on}")
    # What is not written to is shared with the resource, since copying all of a large order takes its time.
    order = {name: copied(value) if name in _WRITTEN else value for name, value in resource.items()}
    days = proposed_days(order, zone, on)
    if old is None and not days:
        _add_event(order, new)
        return order
    places = [found.place for found in days if found.day == old]
    if old is None or not places:
        said = ", ".join(sorted({found.day.isoformat() for found in days})) or "none"
        raise ValueError(f"the dates that the order says are {said}, not {old}")
    for place in places:
        put(place, old, new, zone)
    return order


def put(place: Place, old: date, new: date, zone: tzinfo) -> None:
    """Writes `new` where the place says `old`; the end of its Period moves along."""
    place.holder[place.key] = _redated(str(place.holder[place.key]), old, new, zone)
    end = place.period.get("end") if place.period is not None else None
    if place.period is not None and isinstance(end, str):
        place.period["end"] = _shifted(end, (new - old).days)


def copied(value: Any) -> Any:
    """A copy of a JSON value that shares nothing with it that can change."""
    if isinstance(value, dict):
        return {name: copied(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [copied(inner) for inner in value]
    return value


def _add_event(order: dict[str, Any], day: date) -> None:
    given = order.get("dosageInstruction")
    given = [given] if isinstance(given, dict) else given
    order["dosageInstruction"] = given = given if isinstance(given, list) and given else [{}]
    # where P2 looks first is the first instruction that is one
    index = next((index for index, item in enumerate(given) if isinstance(item, dict)), 0)
    if not isinstance(given[index], dict):
        given[index] = {}
    timing = given[index].get("timing")
    given[index]["timing"] = timing = timing if isinstance(timing, dict) else {}
    timing["event"] = [day.isoformat()]
    timing.pop("_event", None)


def _redated(text: str, old: date, new: date, zone: tzinfo) -> str:
    """A date or dateTime of the day `old` of the site, on `new`; time of day and offset stay."""
    written, rest = date.fromisoformat(text[:10]), text[10:]
    if not rest:
        return new.isoformat()
    # across a change of the clocks the same time with the same offset can fall on the day before or after
    for days in (0, -1, 1):
        try:
            candidate = (written + (new - old) + timedelta(days)).isoformat() + rest
        except OverflowError:
            continue
        dated = read_date(candidate, zone)
        if dated is not None and dated[0].earliest == new:
            return candidate
    return new.isoformat()


def _shifted(text: str, days: int) -> str:
    """A date of any precision so many days later; what is no date stays as it is."""
    dated = read_date(text, UTC)
    if dated is None:
        return text
    if len(text) >= 10:
        return add_days(date.fromisoformat(text[:10]), days).isoformat() + text[10:]
    last = dated[0].latest
    return add_days(last, days).isoformat()[: len(text)]
