"""Laws of the JSON form (section 8)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

from hypothesis import given

from tests.properties.reference.words import CRITICAL, INFO, SEVERITIES, WARNING
from tests.properties.strategies import PATIENT, Case, cases

KEYS = {
    "assessment": (
        "patient on regimens evaluations not_given unreadable unidentified forecast findings proposed",
        "",
    ),
    "regimens": ("id version digest unverified", "unverified"),
    "evaluations": ("administrations earliest latest regimen step interval_days findings", "interval_days"),
    "unreadable": ("reference reason", ""),
    "forecast": (
        "status step earliest recommended overdue_from plan options findings",
        "earliest recommended overdue_from",
    ),
    "plan": ("step date", ""),
    "findings": ("code severity rule required observed evidence", "required observed evidence"),
    "proposed": (
        "reference date step interval_days findings suggested plan",
        "interval_days suggested plan",
    ),
}
"""For each kind of object: its keys in order, and those of them that can be absent."""

DATES = {"on", "earliest", "latest", "recommended", "overdue_from", "options", "date", "suggested"}


def objects(value: Any, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object of the answer with its kind: the key that it stands under."""
    if isinstance(value, dict):
        yield kind, value
        for key, inner in value.items():
            yield from objects(inner, key)
    if isinstance(value, list):
        for inner in value:
            yield from objects(inner, kind)


def values(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """Every scalar of the answer with the key that it stands under."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from values(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from values(inner, key)
    else:
        yield key, value


@given(cases())
def test_every_object_has_its_keys_in_order(case: Case) -> None:
    for kind, found in objects(case.answer(), "assessment"):
        order, optional = (words.split() for words in KEYS[kind])
        assert list(found) == [key for key in order if key in found], kind
        assert not set(order) - set(optional) - set(found), kind


@given(cases())
def test_no_value_is_null_and_dates_are_plain_dates(case: Case) -> None:
    for key, value in values(case.answer()):
        assert isinstance(value, (str, int, float)), key
        assert not isinstance(value, str) or value != "", key
        if key in DATES:
            assert isinstance(value, str)
            assert date.fromisoformat(value).isoformat() == value, key


@given(cases())
def test_the_answer_is_json_as_it_stands(case: Case) -> None:
    answer = case.answer()
    assert json.loads(json.dumps(answer, allow_nan=False)) == answer
    assert answer["patient"] == PATIENT
    assert answer["on"] == case.on.isoformat()
    assert [one["id"] for one in answer["regimens"]] == [each.id for each in case.regimens.every]


@given(cases())
def test_references_are_sorted(case: Case) -> None:
    answer = case.answer()
    unreadable = [one["reference"] for one in answer["unreadable"]]
    for references in (answer["not_given"], unreadable, answer["unidentified"]):
        assert references == sorted(references)
    for evaluation in answer["evaluations"]:
        assert evaluation["administrations"] == sorted(evaluation["administrations"])


@given(cases())
def test_every_record_is_in_one_place(case: Case) -> None:
    answer = case.answer()
    placed = [reference for one in answer["evaluations"] for reference in one["administrations"]]
    placed += [one["reference"] for one in answer["unreadable"]] + answer["not_given"] + answer["unidentified"]
    assert sorted(placed) == sorted({record.reference for record in case.records})


@given(cases())
def test_findings_are_in_the_order_of_the_closed_list_each_once(case: Case) -> None:
    listed = CRITICAL + WARNING + INFO
    for _, found in objects(case.answer(), "assessment"):
        if "findings" not in found:
            continue
        keys = [(SEVERITIES.index(one["severity"]), listed.index(one["code"])) for one in found["findings"]]
        assert keys == sorted(set(keys))


@given(cases())
def test_each_code_has_the_severity_of_the_closed_list(case: Case) -> None:
    for kind, found in objects(case.answer(), "assessment"):
        if kind != "findings":
            continue
        code = found["code"]
        usual = "critical" if code in CRITICAL else "warning" if code in WARNING else "info"
        other = {"interval-too-short": "warning", "earlier-than-schedule": "info"}.get(code)
        assert found["severity"] in (usual, other)
