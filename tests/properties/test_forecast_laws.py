"""Laws of the forecast, of proposed dates, and of doubtful histories."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from hypothesis import assume, given
from hypothesis import strategies as st

from cds.dosing.codes import Code
from cds.dosing.facts import Administration, DateRange, NotGiven, Proposal, Unidentified, Unreadable
from tests.properties import changes, regimens
from tests.properties.changes import codes, day_of
from tests.properties.strategies import Case, cases

LATENESS = {"overdue", "catch-up-required", "restart-required"}


@given(cases(proposed=0, several=False))
def test_the_dates_of_a_forecast_are_in_order(case: Case) -> None:
    forecast = case.answer()["forecast"]
    if "recommended" in forecast:
        assert forecast["earliest"] <= forecast["recommended"] < forecast["overdue_from"]
    assert forecast["options"] == sorted(set(forecast["options"]))
    assert all(option >= forecast["earliest"] for option in forecast["options"])
    dates = [planned["date"] for planned in forecast["plan"]]
    assert dates == sorted(set(dates))
    assert not dates or dates[0] == max(
        case.on.isoformat(), forecast.get("recommended", ""), forecast.get("earliest", "")
    )


@given(cases(proposed=0, several=False))
def test_a_decision_presumes_no_schedule_and_has_one_reason(case: Case) -> None:
    forecast = case.answer()["forecast"]
    if forecast["status"] != "decision":
        assert forecast["options"] == []
        return
    assert not {"recommended", "overdue_from"} & set(forecast)
    assert forecast["plan"] == []
    assert len(codes(forecast["findings"]) - LATENESS - {"near-boundary"}) == 1


@given(cases(proposed=0, several=False))
def test_a_doubt_never_hides_a_delay(case: Case) -> None:
    case = changes.all_read(case)
    sure, doubtful = case.answer(), replace(case, whole=False).answer()
    assert doubtful["forecast"]["status"] == "decision"
    assert codes(doubtful["forecast"]["findings"]) & LATENESS == codes(sure["forecast"]["findings"]) & LATENESS
    assert doubtful["evaluations"] == sure["evaluations"]


@given(cases(proposed=0, several=False))
def test_as_days_pass_the_status_only_moves_on(case: Case) -> None:
    case = changes.all_read(changes.settled(case))
    forecast = case.answer()["forecast"]
    assume("recommended" in forecast and forecast["status"] != "overdue")
    by = changes.asked_on(case, day_of(forecast["overdue_from"])).answer()["forecast"]
    before = changes.asked_on(case, max(case.on, day_of(forecast["overdue_from"], -1))).answer()["forecast"]
    assert "overdue" in codes(by["findings"])
    assert not codes(before["findings"]) & LATENESS


@given(cases(several=False))
def test_proposals_change_nothing_that_is_recorded(case: Case) -> None:
    with_them, without = case.answer(), replace(case, proposals=()).answer()
    assert len(with_them.pop("proposed")) == len(case.proposals)
    assert without.pop("proposed") == []
    assert with_them == without


@given(cases(several=False))
def test_an_accepted_suggestion_leaves_nothing_above_info_and_troubles_no_other(case: Case) -> None:
    answer = case.answer()
    order = sorted(case.proposals, key=lambda one: (one.day or case.on, one.reference))
    for place, judged in enumerate(answer["proposed"]):
        if "suggested" not in judged:
            continue
        assert day_of(judged["suggested"]) >= case.on
        moved = replace(order[place], reference="MedicationRequest/moved", day=day_of(judged["suggested"]))
        rest = [one for number, one in enumerate(order) if number != place]
        # the reference decides only between two orders on one day, and the moved one can come before or after
        same_day = any(one.day == moved.day for one in rest)
        if same_day:
            moved = replace(moved, reference=order[place].reference)
        after = replace(case, proposals=(*rest, moved)).answer()["proposed"]
        [accepted] = [one for one in after if (one["reference"], one["date"]) == (moved.reference, judged["suggested"])]
        assert codes(accepted["findings"], "critical", "warning") == set()


@given(cases(several=False))
def test_only_a_date_that_is_too_early_gets_another_one_suggested(case: Case) -> None:
    answer = case.answer()
    for judged in answer["proposed"]:
        if "suggested" in judged:
            assert codes(judged["findings"]) & {"interval-too-short", "earlier-than-schedule"}
            assert answer["forecast"]["status"] != "decision"


@given(cases(several=False))
def test_in_a_decision_no_finding_presumes_a_schedule(case: Case) -> None:
    answer = case.answer()
    assume(answer["forecast"]["status"] == "decision")
    for judged in answer["proposed"]:
        assert not codes(judged["findings"]) & {"earlier-than-schedule", "schedule-shifted"}


@given(cases(several=False))
def test_an_order_without_a_date_warns_and_never_alarms(case: Case) -> None:
    for judged in case.answer()["proposed"]:
        if "proposed-date-assumed" not in codes(judged["findings"]):
            continue
        assert judged["date"] == case.on.isoformat()
        assert not codes(judged["findings"], "critical") - {"unexpected-route"}
        assert "earlier-than-schedule" not in codes(judged["findings"])


ANY_DAY = st.one_of(st.dates(), st.dates(date(2019, 1, 1), date(2026, 12, 31)))
ANY_RANGE = st.tuples(ANY_DAY, ANY_DAY).map(lambda days: DateRange(min(days), max(days))) | ANY_DAY.map(DateRange.on)
ANY_NAME = st.sampled_from(["a", "b", "c"])
KNOWN_AMOUNT = st.decimals(Decimal("0.001"), Decimal(1000), places=3)
ANY_AMOUNT = st.none() | KNOWN_AMOUNT
ANY_RECORD = st.one_of(
    st.builds(Administration, ANY_NAME, ANY_RANGE, ANY_AMOUNT, st.booleans()),
    st.builds(NotGiven, ANY_NAME),
    st.builds(Unidentified, ANY_NAME, st.just("no code"), st.none() | ANY_RANGE),
    st.builds(
        Unreadable,
        ANY_NAME,
        st.sampled_from(list(Code)),
        st.just("C1"),
        st.just("element"),
        st.just("detail"),
        st.none() | ANY_RANGE,
    ),
)
ANY_PROPOSAL = st.builds(Proposal, ANY_NAME, st.none() | ANY_DAY, st.lists(KNOWN_AMOUNT, max_size=2).map(tuple))


@st.composite
def anything(draw: st.DrawFn) -> Case:
    """Records without rhyme or reason; proposals on `on` or later, since others propose nothing (P2)."""
    records = draw(st.lists(ANY_RECORD, max_size=8))
    on = draw(ANY_DAY)
    proposals = [replace(one, day=one.day and max(one.day, on)) for one in draw(st.lists(ANY_PROPOSAL, max_size=4))]
    regimen = draw(st.sampled_from(regimens.ALL))
    return Case(tuple(records), regimen, on, draw(st.booleans()), tuple(proposals))


@given(anything())
def test_no_history_however_odd_is_an_error(case: Case) -> None:
    answer = case.answer()
    assert len(answer["proposed"]) == len(case.proposals)
    assert answer["forecast"]["status"] in {"not-started", "upcoming", "due", "overdue", "decision"}
