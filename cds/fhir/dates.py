"""FHIR dates of every precision as ranges of days in the time zone of the site (rules D1, D2)."""

from __future__ import annotations

import re
from datetime import date, datetime, tzinfo
from functools import lru_cache
from typing import TypeAlias

from cds.dosing.calendar import add_days, add_months
from cds.dosing.codes import Code
from cds.dosing.facts import DateRange
from cds.dosing.findings import Finding, found
from cds.fhir.plain import Malformed, Resource, kind, object_in

NO_OFFSET = found(Code.DATE_IMPRECISE, "D1")
PARTIAL = found(Code.DATE_IMPRECISE, "D2")

_OFFSETS = frozenset(
    ["Z", "+14:00", "-14:00"]
    + [f"{sign}{hour:02}:{minute:02}" for sign in "+-" for hour in range(14) for minute in range(60)]
)
_SHAPE = re.compile(
    r"(?P<year>[0-9]{4})(-(?P<month>[0-9]{2}))?"
    r"|(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})T(?P<time>[0-9]{2}:[0-9]{2}:[0-9]{2})(\.[0-9]+)?"
    r"(?P<offset>Z|[+-][0-9]{2}:[0-9]{2})?"
)
_QUOTABLE = re.compile(r"[0-9T:Z+.\-]{1,32}")
_NO_VALUE = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
_ABSENT_REASONS = frozenset({
    "unknown", "asked-unknown", "temp-unknown", "not-asked", "asked-declined", "masked", "not-applicable",
    "unsupported", "as-text", "error", "not-performed", "not-permitted",
})  # fmt: skip


Dated: TypeAlias = tuple[DateRange, Finding | None]
"""The days a FHIR date can be, and a `date-imprecise` where it is less than one day said for certain."""


def read_date(text: str, zone: tzinfo) -> Dated | None:
    """A FHIR date, dateTime or instant as days of the site; None if it is none. A year is all of its days.

    A time without an offset is invalid and met all the same: it is read as the site's time (D1). Seconds may be 60,
    as FHIR allows. Anything else outside FHIR's grammar is no date: `24:00`, week dates, times without seconds.
    """
    return _kept(text, zone) if len(text) <= _LONGEST_KEPT else _read(text, zone)


def _read(text: str, zone: tzinfo) -> Dated | None:
    try:
        if len(text) == 10 and text[4] == text[7] == "-":
            return DateRange.on(date.fromisoformat(text)), None
        # `2026-03-01T10:00:00` and an offset: nearly all of them. The general reading agrees on these, and is slower.
        if text[19:] in _OFFSETS and text[4:17:3] == "--T::" and text[11:13] != "24" and text[17:19] != "60":
            return DateRange.on(datetime.fromisoformat(text).astimezone(zone).date()), None
        return _general(text, zone)
    except (ValueError, OverflowError):
        return None


# An EHR sends the same history with each order that is selected and again when it is signed.
_kept = lru_cache(maxsize=8192)(_read)
_LONGEST_KEPT = 40


def _general(text: str, zone: tzinfo) -> Dated | None:
    shape = _SHAPE.fullmatch(text)
    if shape is None:
        return None
    if shape["year"]:
        return _partial(int(shape["year"]), shape["month"])
    offset = shape["offset"]
    if shape["time"].startswith("24") or (offset and offset not in _OFFSETS):
        return None
    time = shape["time"].removesuffix(":60") + ":59" if shape["time"].endswith(":60") else shape["time"]
    moment = datetime.fromisoformat(f"{shape['day']}T{time}{offset or ''}")
    day = moment.astimezone(zone).date() if offset else moment.date()
    return DateRange.on(day), None if offset else NO_OFFSET


def _partial(year: int, month: str | None) -> Dated:
    if month is None:
        return DateRange(date(year, 1, 1), date(year, 12, 31)), PARTIAL
    first = date(year, int(month), 1)
    return DateRange(first, last_of_month(first)), PARTIAL


def last_of_month(first: date) -> date:
    """The last day of the month that begins on `first`."""
    if (first.year, first.month) == (date.max.year, 12):
        return date.max
    return add_days(add_months(first, 1), -1)


def no_date(text: str) -> str:
    """Words for a text that is no date. It is quoted only where it cannot be anything but a botched date."""
    return f"{text!r} is no date" if _QUOTABLE.fullmatch(text) else "is no date"


def read_element(parent: Resource, name: str, zone: tzinfo, at: str = "") -> Dated | None:
    """The date in an element; None if the element is absent. Malformed, with words, if it has no readable value."""
    value = parent.get(name)
    path = f"{at}.{name}" if at else name
    if value is None:
        _check_absent(parent.get(f"_{name}"), path)
        return None
    if not isinstance(value, str):
        raise Malformed(path, f"is {kind(value)}, not a date")
    dated = read_date(value, zone)
    if dated is None:
        raise Malformed(path, no_date(value))
    return dated


def _check_absent(beside: object, path: str) -> None:
    """A primitive without a value may still have extensions (`_effectiveDateTime`): then it is not simply absent."""
    if beside is None:
        return
    extensions = beside.get("extension") if isinstance(beside, dict) else None
    for extension in extensions if isinstance(extensions, list) else ():
        if isinstance(extension, dict) and extension.get("url") == _NO_VALUE:
            reason = extension.get("valueCode")
            known = reason if isinstance(reason, str) and reason in _ABSENT_REASONS else "no reason given"
            raise Malformed(path, f"has no value (data-absent-reason: {known})")
    raise Malformed(path, "has extensions and no value")


def read_period(parent: Resource, name: str, zone: tzinfo, at: str = "") -> Dated | None:
    """A Period by its start, else by its end (D2); None if absent, Malformed if it cannot be read."""
    period = object_in(parent, name, at)
    if period is None:
        return None
    path = f"{at}.{name}" if at else name
    counted = "end" if period.get("start") is None and period.get("end") is not None else "start"
    dated = read_element(period, counted, zone, path)
    if dated is None:
        raise Malformed(path, "has neither start nor end")
    return dated
