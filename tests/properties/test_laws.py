"""Laws of intervals and schedules that hold for every history."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta

from hypothesis import assume, given
from hypothesis import strategies as st

from cds.dosing.facts import Administration
from tests.properties import changes
from tests.properties.changes import ADDED, codes, day_of, evaluation_of, given_too, settled
from tests.properties.strategies import Case, cases

OUR_CASE = cases(proposed=0, several=False)
NUMBER = st.integers(0, 10_000)


@given(OUR_CASE)
def test_a_dose_on_the_earliest_day_is_never_too_soon(case: Case) -> None:
    case = settled(case)
    earliest = case.answer()["forecast"].get("earliest")
    assume(earliest is not None)
    added = evaluation_of(given_too(case, day_of(earliest)).answer())
    assert not codes(added["findings"]) & {"interval-too-short", "interval-undecidable"}
    [judged] = changes.proposed(case, max(day_of(earliest), case.on)).answer()["proposed"]
    assert "interval-too-short" not in codes(judged["findings"])


@given(OUR_CASE)
def test_the_day_before_is_too_soon_or_cannot_be_decided(case: Case) -> None:
    case = settled(case)
    answer = case.answer()
    earliest = answer["forecast"].get("earliest")
    assume(earliest is not None)
    last = answer["evaluations"][-1]
    expected = {"interval-too-short"}
    if last["earliest"] != last["latest"]:
        expected.add("interval-undecidable")
    day = day_of(earliest, -1)
    assert codes(evaluation_of(given_too(case, day).answer())["findings"]) & expected
    if day >= case.on:
        [judged] = changes.proposed(case, day).answer()["proposed"]
        assert codes(judged["findings"]) & expected


@given(cases(several=False), NUMBER)
def test_the_order_of_the_input_changes_nothing(case: Case, seed: int) -> None:
    shuffled, dice = case, random.Random(seed)
    records, proposals = list(case.records), list(case.proposals)
    dice.shuffle(records)
    dice.shuffle(proposals)
    shuffled = replace(case, records=tuple(records), proposals=tuple(proposals))
    assert shuffled.answer() == case.answer()


@given(cases(several=False), NUMBER)
def test_the_same_record_twice_changes_nothing(case: Case, number: int) -> None:
    assume(case.records)
    again = case.records[number % len(case.records)]
    assert replace(case, records=(*case.records, again)).answer() == case.answer()


@given(cases(several=False), NUMBER)
def test_a_second_record_of_a_dose_changes_neither_steps_nor_dates_nor_forecast(case: Case, number: int) -> None:
    exact = [one for one in case.records if isinstance(one, Administration) and one.when.days == 1]
    assume(exact)
    again = exact[number % len(exact)]
    copy = replace(again, reference=f"{again.reference}-again")
    before = changes.lean(case.answer())
    after = changes.lean(replace(case, records=(*case.records, copy)).answer())
    assert after["forecast"] == before["forecast"]
    assert after["proposed"] == before["proposed"]
    assert after["findings"] == before["findings"]
    for one in before["evaluations"] + after["evaluations"]:
        one["findings"] = [each for each in one["findings"] if each["code"] != "duplicate-record"]
        one["administrations"] = [name for name in one["administrations"] if name != copy.reference]
    assert after["evaluations"] == before["evaluations"]


@given(OUR_CASE, NUMBER)
def test_an_early_dose_never_brings_the_next_one_forward(case: Case, number: int) -> None:
    case = settled(case)
    answer = case.answer()
    before = answer["forecast"].get("recommended")
    assume(before is not None)
    last = day_of(answer["evaluations"][-1]["latest"])
    early = last + timedelta(days=1 + number % ((day_of(before) - last).days - 1))
    after = given_too(case, early).answer()["forecast"].get("recommended")
    assert after is None or after >= before


@given(OUR_CASE)
def test_the_plan_followed_to_the_day_gives_no_finding(case: Case) -> None:
    """A late first step aside: it is late, it can shift the schedule, leave it undefined, or begin a catch-up."""
    case = settled(case)
    forecast = case.answer()["forecast"]
    assume(forecast["status"] != "decision")
    plan = forecast["plan"]
    assert plan
    followed = case
    for number, planned in enumerate(plan):
        followed = given_too(followed, day_of(planned["date"]), f"{ADDED}-{number}")
    answer = followed.answer()
    judged = [evaluation_of(answer, f"{ADDED}-{number}") for number in range(len(plan))]
    assert [one["step"] for one in judged] == [planned["step"] for planned in plan]
    aside = set()
    if plan[0]["date"] > forecast.get("recommended", ""):
        aside = {"late", "schedule-shifted", "schedule-undefined"}
    assert codes(judged[0]["findings"]) <= aside
    assert not any(one["findings"] for one in judged[1:])
    assert len(plan) == 4 or "schedule-undefined" in codes(judged[-1]["findings"])


@given(OUR_CASE)
def test_on_each_day_of_the_plan_its_step_is_what_is_due(case: Case) -> None:
    case = changes.all_read(settled(case))
    plan = case.answer()["forecast"]["plan"]
    assume(len(plan) > 1)
    for number, planned in enumerate(plan[1:], start=1):
        case = given_too(case, day_of(plan[number - 1]["date"]), f"{ADDED}-{number}")
        due = changes.asked_on(case, day_of(planned["date"])).answer()["forecast"]
        assert (due["status"], due["step"], due["recommended"]) == ("due", planned["step"], planned["date"])


@given(OUR_CASE)
def test_what_is_said_of_a_dose_is_what_the_forecast_said_on_its_day(case: Case) -> None:
    case = settled(case)
    forecast = case.answer()["forecast"]
    assume(forecast["status"] != "decision" and "earliest" in forecast)
    assume(case.on >= day_of(case.answer()["evaluations"][-1]["latest"]))
    assume(not _merged(case))
    findings = evaluation_of(given_too(case, case.on).answer())["findings"]
    if case.on < day_of(forecast["earliest"]):
        assert codes(findings) & {"interval-too-short", "interval-undecidable"}
        return
    warned = codes(findings, "critical", "warning") - {"schedule-undefined"}
    assert warned == {"upcoming": {"earlier-than-schedule"}, "due": set(), "overdue": {"late"}}[forecast["status"]]


def _merged(case: Case) -> bool:
    """Whether a dose on the day asked about would be one with a recorded dose (rule C6)."""
    return any(isinstance(one, Administration) and one.when.latest == case.on for one in case.records)


@given(OUR_CASE)
def test_late_stands_beside_neither_too_soon_nor_too_early(case: Case) -> None:
    for one in case.answer()["evaluations"]:
        said = codes(one["findings"])
        assert not ("late" in said and said & {"interval-too-short", "earlier-than-schedule"})
        assert not ("earlier-than-schedule" in said and said & {"interval-too-short", "interval-undecidable"})


@given(OUR_CASE, st.integers(0, 13), st.integers(0, 99))
def test_tolerances_change_words_but_no_dates(case: Case, loading: int, maintenance: int) -> None:
    assume(case.regimen.maintenance_interval.shortest_days > maintenance)
    assume(not case.regimen.refers)  # W10: beyond the tolerance a clinician decides
    other = replace(case, regimen=case.regimen.with_tolerance(loading=loading, maintenance=maintenance))
    one, two = case.answer(), other.answer()
    # W7: a dose given by interval instead of by the original schedule is the one exception
    assume(not any("schedule-shifted" in codes(each["findings"]) for each in one["evaluations"] + two["evaluations"]))
    keys = ("step", "interval_days", "earliest", "latest")
    assert [[each.get(key) for key in keys] for each in one["evaluations"]] == [
        [each.get(key) for key in keys] for each in two["evaluations"]
    ]
    for key in ("step", "earliest", "recommended", "options"):
        assert one["forecast"].get(key) == two["forecast"].get(key)
    assert (one["forecast"]["status"] == "decision") == (two["forecast"]["status"] == "decision")
