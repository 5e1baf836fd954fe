"""The day of the site (rule D1): time zones, changes of the clocks, offsets, midnight, the date line, zones of old."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from cds.fhir.dates import read_date

CASES = [
    # what is recorded, the zone of the site, the day there, and why
    ("2026-05-04T00:00:00+02:00", "Europe/Stockholm", "2026-05-04", "midnight begins the day"),
    ("2026-05-03T23:59:59+02:00", "Europe/Stockholm", "2026-05-03", "a second before midnight"),
    ("2026-05-03T22:00:00Z", "Europe/Stockholm", "2026-05-04", "midnight of the site, in UTC"),
    ("2026-05-04T00:00:00Z", "America/Chicago", "2026-05-03", "midnight in UTC is the evening before"),
    ("2026-05-04", "America/Chicago", "2026-05-04", "a date without a time is that date"),
    ("2026-01-15T23:30:00Z", "Europe/Stockholm", "2026-01-16", "winter: an hour ahead of UTC"),
    ("2026-07-15T22:30:00Z", "Europe/Stockholm", "2026-07-16", "summer: two hours"),
    ("2026-01-15T22:30:00Z", "Europe/Stockholm", "2026-01-15", "the same time in winter"),
    ("2026-03-29T02:30:00+01:00", "Europe/Stockholm", "2026-03-29", "an hour that clocks skip"),
    ("2026-10-25T02:30:00+02:00", "Europe/Stockholm", "2026-10-25", "an hour that comes twice"),
    ("2026-10-24T22:30:00Z", "Europe/Stockholm", "2026-10-25", "the night before the change is still summer"),
    ("2026-10-25T22:30:00Z", "Europe/Stockholm", "2026-10-25", "the night after it is winter"),
    ("2026-05-04T10:00:00+09:00", "America/Chicago", "2026-05-03", "recorded in Japan, by the calendar of Chicago"),
    ("2026-05-04T00:30:00+14:00", "Pacific/Pago_Pago", "2026-05-02", "two calendar days across the date line"),
    ("2026-05-03T23:45:00Z", "Pacific/Chatham", "2026-05-04", "three quarters of an hour count"),
    ("2026-05-03T18:15:00Z", "Asia/Kathmandu", "2026-05-04", "an offset of five hours and three quarters"),
    ("2011-12-31T00:30:00+14:00", "Pacific/Apia", "2011-12-31", "after Samoa had left a day out"),
    ("2011-12-30T10:30:00Z", "Pacific/Apia", "2011-12-31", "there was no 30 December in Samoa"),
    ("2016-03-27T00:30:00+03:00", "Europe/Samara", "2016-03-27", "before Samara changed its zone that night"),
    ("2016-03-27T20:30:00Z", "Europe/Samara", "2016-03-28", "after it: four hours ahead"),
    ("2016-03-26T20:30:00Z", "Europe/Samara", "2016-03-27", "the evening before, by the zone of then"),
    ("2016-03-26T19:30:00Z", "Europe/Samara", "2016-03-26", "an hour earlier, still the day before"),
]


@pytest.mark.parametrize(("recorded", "zone", "day", "why"), CASES, ids=[case[3] for case in CASES])
def test_d1_the_day_of_a_record_is_that_of_the_site(recorded: str, zone: str, day: str, why: str) -> None:
    dated = read_date(recorded, ZoneInfo(zone))
    assert dated is not None, why
    assert (dated[0].earliest.isoformat(), dated[0].latest.isoformat(), dated[1]) == (day, day, None)
