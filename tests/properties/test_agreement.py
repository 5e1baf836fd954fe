"""The engine and the second implementation, each written from the rules alone, give the same answer."""

from __future__ import annotations

from hypothesis import given, settings

from tests.properties.changes import lean
from tests.properties.strategies import Case, cases, with_all_beside

MORE = settings(max_examples=4 * settings().max_examples)


@MORE
@given(cases())
def test_both_implementations_give_the_same_assessment(case: Case) -> None:
    assert lean(case.answer()) == case.by_the_text()


@MORE
@given(cases(odd="nothing", whole=True))
def test_both_implementations_agree_where_all_is_readable(case: Case) -> None:
    assert lean(case.answer()) == case.by_the_text()


@MORE
@given(cases(odd="one possible dose", proposed=1, whole=True))
def test_both_implementations_agree_on_one_possible_dose(case: Case) -> None:
    assert lean(case.answer()) == case.by_the_text()


@MORE
@given(with_all_beside(cases(odd="nothing", whole=True)))
def test_both_implementations_agree_on_what_stands_beside_the_doses(case: Case) -> None:
    assert lean(case.answer()) == case.by_the_text()


@given(with_all_beside(cases()))
def test_both_implementations_agree_on_what_stands_beside_odd_records(case: Case) -> None:
    assert lean(case.answer()) == case.by_the_text()
