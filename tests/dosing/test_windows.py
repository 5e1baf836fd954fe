"""The days on which a dose is on time, as the timeline and the report of the audit draw them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from cds.dosing.assess import assess
from cds.dosing.facts import Administration, DateRange
from cds.dosing.in_force import Regimens
from cds.dosing.windows import Window, next_window, past_window
from cds.regimens.library import load

LIBRARY = load()
LOADED = ("2025-10-01", "2025-10-15", "2025-10-29", "2025-12-03")


def given(*days: str) -> list[Administration]:
    return [Administration(f"a{number}", DateRange.on(date.fromisoformat(day))) for number, day in enumerate(days)]


def plain(window: Window | None) -> tuple[str, str] | None:
    return None if window is None else (window.first.isoformat(), window.last.isoformat())


@pytest.mark.parametrize(
    ("regimen", "days", "on", "expected"),
    [
        pytest.param("eu-12mg", (), "2026-05-01", None, id="no dose: the first may be given on any day"),
        pytest.param("eu-12mg", LOADED[:3], "2025-11-10", ("2025-11-26", "2025-12-10"), id="loading: 7 days each way"),
        pytest.param("eu-12mg", LOADED[:1], "2025-10-02", ("2025-10-15", "2025-10-22"), id="never within 14 days"),
        pytest.param("eu-12mg", LOADED, "2026-01-01", ("2026-03-06", "2026-05-01"), id="maintenance: 28 days each way"),
        pytest.param(
            "eu-12mg", (*LOADED, "2026-06-20"), "2026-07-01", ("2026-07-06", "2026-11-17"),
            id="the original schedule is kept: on time by the interval from the last dose too",
        ),
        pytest.param("eu-12mg", LOADED, "2029-09-01", ("2026-03-06", "2026-05-01"), id="missed, then a restart"),
        pytest.param("eu-12mg", LOADED[:3], "2026-09-01", None, id="loading interrupted: a clinician decides"),
        pytest.param("eu-12mg-2017", LOADED, "2026-01-01", ("2026-03-06", "2026-05-01"), id="an older label"),
    ],
)  # fmt: skip
def test_the_next_dose(regimen: str, days: tuple[str, ...], on: str, expected: tuple[str, str] | None) -> None:
    assessed = assess("Patient/x", given(*days), LIBRARY.get(regimen), on=date.fromisoformat(on), whole=True)
    assert plain(next_window(assessed.forecast, assessed.regimen)) == expected


@pytest.mark.parametrize(
    ("days", "step", "expected"),
    [
        pytest.param((), "loading-1", None, id="the first dose was due on no day"),
        pytest.param(LOADED[:1], "loading-2", ("2025-10-15", "2025-10-22"), id="the second loading dose"),
        pytest.param(LOADED, "maintenance", ("2026-03-06", "2026-05-01"), id="the first maintenance dose"),
        pytest.param(LOADED, "loading-1", None, id="a restart was not what was due"),
    ],
)
def test_a_dose_given(days: tuple[str, ...], step: str, expected: tuple[str, str] | None) -> None:
    before = given(*days)
    last = before[-1].when.latest if before else date(2026, 5, 1)
    assert plain(past_window(before, last, step, Regimens.of(LIBRARY.get("eu-12mg")))) == expected


def test_a_dose_in_the_window_is_never_late_and_one_after_it_always_is() -> None:
    regimen = LIBRARY.get("eu-12mg")
    for days in (LOADED[:2], LOADED, (*LOADED, "2026-06-20")):
        before = given(*days)
        window = next_window(
            (then := assess("", before, regimen, on=before[-1].when.latest, whole=True)).forecast, then.regimen
        )
        assert window is not None
        for day, expected in ((window.last, False), (window.last + timedelta(1), True)):
            after = [*before, *[Administration("next", DateRange.on(day))]]
            codes = {
                finding.code.value
                for finding in assess("", after, regimen, on=day, whole=True).evaluations[-1].findings
            }
            assert ("late" in codes) is expected, (days, day, codes)
