"""FHIR dates of every precision as days of the site, and what is no date."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds.dosing.facts import DateRange
from cds.fhir import dates
from cds.fhir.dates import NO_OFFSET, PARTIAL, read_date, read_element, read_period
from cds.fhir.plain import Malformed
from tests.fhir.records import ZONE

DAYS = """
2026                            2026-01-01 2026-12-31  partial
2024-02                         2024-02-01 2024-02-29  partial
2026-02                         2026-02-01 2026-02-28  partial
2026-12                         2026-12-01 2026-12-31  partial
9999-12                         9999-12-01 9999-12-31  partial
2026-03-01                      2026-03-01 2026-03-01
2026-03-01T10:14:59Z            2026-03-01 2026-03-01
2026-03-01T10:15:00Z            2026-03-02 2026-03-02
2026-03-01T00:00:00-07:00       2026-03-01 2026-03-01
2026-03-01T03:15:00-07:00       2026-03-02 2026-03-02
2026-03-01T00:14:59.9+14:00     2026-02-28 2026-02-28
2026-03-01T00:15:00+14:00       2026-03-01 2026-03-01
2026-07-01T11:14:59.999999999Z  2026-07-01 2026-07-01
2026-07-01T11:15:00.000Z        2026-07-02 2026-07-02
2016-12-31T23:59:60Z            2017-01-01 2017-01-01
2026-03-01T23:59:00             2026-03-01 2026-03-01  no-offset
2026-03-01T23:59:60.25          2026-03-01 2026-03-01  no-offset
"""
NO_DATES = """
0000 0000-01-01 2026-13 2026-00 2026-02-30 2026-2-3 26-02-03 2026-1 20260301 2026-W09-7 2026-060 2026-03-01T
2026-03-01T24:00:00Z 2026-03-01T10Z 2026-03-01T10:00Z 2026-03-01T10:00 2026-03-01T10:00:00z 2026-03-01t10:00:00Z
2026-03-01T10:00:00,5Z 2026-03-01T10:00:00+1400 2026-03-01T10:00:00+14:01 2026-03-01T10:00:00+15:00
2026-03-01T10:00:00+05 2026-03-01T10:00:00+05:60 2026-03-01T10:00:00+05:30:15 2026-03-01T10:61:00Z
2026-03-01T10:00:61Z 2026-03-01T25:00:00Z 20260301T100000Z 2026-03-01T10:00:00.Z 2026-03-01T-1:00:00Z
2026-03-01Z 2026-03-01+01:00 01.03.2026 03/01/2026 yesterday 0001-01-01T00:00:00+14:00
9999-12-31T23:59:59-12:00 +2026-03-01 -2026-03-01
"""


@pytest.mark.parametrize("line", DAYS.strip().splitlines())
def test_a_date_is_the_days_of_the_site_that_it_can_be(line: str) -> None:
    text, earliest, latest, *note = line.split()
    notes = {"partial": PARTIAL, "no-offset": NO_OFFSET}
    expected = DateRange(date.fromisoformat(earliest), date.fromisoformat(latest))
    assert read_date(text, ZONE) == (expected, notes[note[0]] if note else None)


@pytest.mark.parametrize(
    "text", [*NO_DATES.split(), "", " ", " 2026-03-01", "2026-03-01 ", "2026-03-01 10:00:00Z", "2026-03-01\n"]
)
def test_what_fhir_does_not_allow_is_no_date(text: str) -> None:
    assert read_date(text, ZONE) is None


MOMENTS = st.datetimes(datetime.fromisoformat("2000-01-01"), datetime.fromisoformat("2100-01-01"))
OFFSETS = st.one_of(
    st.just("Z"),
    st.integers(-14 * 60, 14 * 60).map(lambda m: f"{'-' if m < 0 else '+'}{abs(m) // 60:02}:{abs(m) % 60:02}"),
)


@given(
    st.datetimes(datetime.fromisoformat("2000-01-01"), datetime.fromisoformat("2100-01-01")),
    OFFSETS,
    st.integers(0, 999_999),
)
def test_the_quick_reading_and_the_general_one_agree_with_arithmetic(moment: datetime, offset: str, part: int) -> None:
    text = moment.replace(microsecond=0).isoformat() + offset
    minutes = 0 if offset == "Z" else int(offset[0] + "1") * (int(offset[1:3]) * 60 + int(offset[4:]))
    exact = moment.replace(microsecond=0, tzinfo=timezone(timedelta(minutes=minutes)))
    expected = exact.astimezone(ZONE).date()
    assert read_date(text, ZONE) == (DateRange.on(expected), None)
    assert dates._general(text, ZONE) == (DateRange.on(expected), None)
    assert read_date(text[:19] + f".{part}" + offset, ZONE) == (DateRange.on(expected), None)


@given(st.text(alphabet="0123456789-:.TZ+W ", max_size=30) | st.text(max_size=12))
def test_no_text_raises(text: str) -> None:
    for zone in (UTC, ZONE, ZoneInfo("America/Caracas")):
        found = read_date(text, zone)
        assert found is None or isinstance(found[0], DateRange)


PERIODS = [
    ({"start": "2026-03-01", "end": "2026-03-04"}, "2026-03-01"),
    ({"start": "2026-03-01"}, "2026-03-01"),
    ({"end": "2026-03-04"}, "2026-03-04"),
    ({"start": None, "end": "2026-03-04"}, "2026-03-04"),
    ({"_start": {"extension": []}, "end": "2026-03-04"}, "2026-03-04"),
    ({"start": "2026-03-05", "end": "2026-03-04"}, "2026-03-05"),
]


@pytest.mark.parametrize(("period", "day"), PERIODS)
def test_a_period_counts_by_its_start_and_without_one_by_its_end(period: object, day: str) -> None:
    assert read_period({"p": period}, "p", ZONE) == (DateRange.on(date.fromisoformat(day)), None)


def test_a_missing_element_is_none() -> None:
    assert read_element({}, "d", ZONE) is None
    assert read_element({"d": None}, "d", ZONE) is None
    assert read_period({}, "p", ZONE) is None


SAID = "has no value (data-absent-reason: {})"
ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
FAULTS = [
    ({"d": 2026}, "d", "is a number, not a date"),
    ({"d": True}, "d", "is a boolean, not a date"),
    ({"d": ["2026"]}, "d", "is a list, not a date"),
    ({"d": "2026-13"}, "d", "'2026-13' is no date"),
    ({"d": "given to Ann in May"}, "d", "is no date"),
    (
        {"_d": {"extension": [{"url": ABSENT, "valueCode": "unknown"}]}},
        "d",
        SAID.format("unknown"),
    ),
    ({"_d": {"extension": [{"url": ABSENT}]}}, "d", SAID.format("no reason given")),
    (
        {"_d": {"extension": [{"url": ABSENT, "valueCode": "Ann"}]}},
        "d",
        SAID.format("no reason given"),
    ),
    ({"_d": {"id": "x"}}, "d", "has extensions and no value"),
    ({"_d": 7}, "d", "has extensions and no value"),
]


@pytest.mark.parametrize(("parent", "element", "words"), FAULTS)
def test_a_date_without_a_readable_value_says_so_without_its_words(parent: object, element: str, words: str) -> None:
    with pytest.raises(Malformed) as refused:
        read_element(parent, "d", ZONE)  # type: ignore[arg-type]
    assert (refused.value.element, refused.value.detail) == (element, words)


PERIOD_FAULTS = [
    ("2026", "p", "is a string, not an object"),
    ([], "p", "is a list, not an object"),
    ({}, "p", "has neither start nor end"),
    ({"start": "x", "end": "2026-03-04"}, "p.start", "is no date"),
    ({"end": 4}, "p.end", "is a number, not a date"),
    ({"start": {}}, "p.start", "is an object, not a date"),
]


@pytest.mark.parametrize(("period", "element", "words"), PERIOD_FAULTS)
def test_a_period_without_a_readable_date_says_so(period: object, element: str, words: str) -> None:
    with pytest.raises(Malformed) as refused:
        read_period({"p": period}, "p", ZONE)
    assert (refused.value.element, refused.value.detail) == (element, words)
