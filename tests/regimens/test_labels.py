"""What the labels prescribe, stated a second time and compared with the files."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from cds.dosing.drug import Coding
from cds.dosing.monitoring import Threshold
from cds.dosing.regimen import Regimen
from cds.fhir.units import factor
from cds.regimens.library import load

LIBRARY = load()
START = date(2026, 1, 1)

SHIPPED = {
    # id: (authority, days of the loading doses, rule for a delay, sources)
    "eu-12mg": ("European Medicines Agency", (0, 14, 28, 63), "table", 4),
    "eu-12mg-2017": ("European Medicines Agency", (0, 14, 28, 63), "resume", 2),
    "eu-high-dose": ("European Medicines Agency", (0, 14), "refer", 1),
    "qalsody": ("US Food and Drug Administration; European Medicines Agency", (0, 14, 28), "resume", 2),
    "us-12mg": ("US Food and Drug Administration", (0, 14, 28, 58), "table", 1),
    "us-12mg-2016": ("US Food and Drug Administration", (0, 14, 28, 58), "resume", 1),
    "us-high-dose": ("US Food and Drug Administration", (0, 14), "refer", 2),
}
AMOUNTS = {"qalsody": ([100, 100, 100], 100), "eu-high-dose": ([50, 50], 28), "us-high-dose": ([50, 50], 28)}

TABLE = """
from 8 months: 1 extra dose
from 16 months: 2 extra doses
from 40 months: the whole loading
extra doses 14 days apart, each up to 3 months after the dose before
a loading dose up to 3 months after the dose before
both actions shown 3 days around a boundary
"""


def table(regimen: Regimen) -> str:
    rules = regimen.catch_up
    if rules is None:
        return "refer" if regimen.refers else "resume"
    given = {1: "1 extra dose", 2: "2 extra doses", None: "the whole loading"}
    rows = [f"from {row.from_}: {given[row.extra_doses]}" for row in rules.rows]
    return "\n".join([
        "", *rows, f"extra doses {rules.interval} apart, each up to {rules.limit} after the dose before",
        f"a loading dose up to {rules.loading_limit} after the dose before",
        f"both actions shown {rules.near_boundary_days} days around a boundary", "",
    ])  # fmt: skip


def loading_days(regimen: Regimen) -> tuple[int, ...]:
    days = [START]
    for step in regimen.loading[1:]:
        assert step.interval is not None
        days.append(step.interval.after(days[-1]))
    return tuple((day - START).days for day in days)


def test_these_regimens_are_shipped() -> None:
    assert list(LIBRARY.regimens) == sorted(SHIPPED)
    assert all(LIBRARY.get(name).id == name for name in SHIPPED)


@pytest.mark.parametrize("name", SHIPPED)
def test_label(name: str) -> None:
    regimen = LIBRARY.get(name)
    authority, days, rule, sources = SHIPPED[name]
    assert regimen.authority == authority
    assert loading_days(regimen) == days
    assert table(regimen) == (TABLE if rule == "table" else rule)
    assert len(regimen.sources) == sources
    loading, maintenance = AMOUNTS.get(name, ([12, 12, 12, 12], 12))
    assert [step.amount for step in regimen.loading] == loading
    assert regimen.maintenance_amount == maintenance
    assert str(regimen.minimum_interval) == "14 days"
    assert regimen.version == "1.0.0"


@pytest.mark.parametrize("name", SHIPPED)
def test_what_all_regimens_of_a_drug_share(name: str) -> None:
    regimen = LIBRARY.get(name)
    if name == "qalsody":
        assert (regimen.drug.id, str(regimen.maintenance_interval)) == ("tofersen", "28 days")
        assert regimen.undocumented_loading is None
        assert (regimen.tolerance.loading, regimen.tolerance.maintenance) == (3, 7)
        return
    assert (regimen.drug.id, str(regimen.maintenance_interval)) == ("nusinersen", "4 months")
    assert str(regimen.undocumented_loading) == "3 months"
    assert (regimen.tolerance.loading, regimen.tolerance.maintenance) == (7, 28)
    assert "40140777" in regimen.tolerance_source


def test_the_only_declared_change_is_to_the_high_dose() -> None:
    declared = {name: LIBRARY.get(name).switches for name in SHIPPED if LIBRARY.get(name).switches}
    assert list(declared) == ["eu-high-dose", "us-high-dose"]
    for (switch,) in declared.values():
        assert (switch.from_amount, switch.amount, str(switch.within)) == (12, 50, "8 months")


def test_what_is_not_verified_is_said() -> None:
    missing = "the exact dates between which this text was in force are missing"
    said = {name: LIBRARY.get(name).unverified or "" for name in SHIPPED if LIBRARY.get(name).unverified is not None}
    assert list(said) == ["eu-12mg-2017", "us-12mg-2016", "us-high-dose"]
    assert said["eu-12mg-2017"] == said["us-12mg-2016"] == missing
    assert "the US prescribing information of 2026-03 was not read" in said["us-high-dose"]


STATED = {
    # topic: what each text must and must not say
    ("eu-12mg", "schedule"): ("days 0, 14, 28 and 63", "58"),
    ("us-12mg", "schedule"): ("the fourth 30 days after the third", "63"),
    ("eu-12mg", "delayed-dose"): ("40 months or more: the whole loading regimen again", "no other rule"),
    ("us-12mg", "delayed-dose"): ("40 months or more: the whole loading regimen again", "no other rule"),
    ("eu-12mg-2017", "delayed-dose"): ("given as soon as possible", "40 months"),
    ("us-12mg-2016", "delayed-dose"): ("given as soon as possible", "40 months"),
    ("eu-12mg", "delayed-loading"): ("The limit for a late loading dose is 3 months", "as soon as possible"),
    ("us-12mg", "delayed-loading"): ("a reading of this project, taken from the EU text", "as soon as possible"),
    ("eu-12mg-2017", "delayed-loading"): ("of any length is a reading of this project", "3 months"),
    ("us-12mg-2016", "delayed-loading"): ("of any length is a reading of this project", "3 months"),
    ("eu-12mg-2017", "minimum-interval"): ("any two doses, of loading and of maintenance, is a reading", "always"),
    ("eu-high-dose", "delayed-dose"): ("a clinician decides", "8 months"),
    ("us-high-dose", "delayed-loading"): ("was not read", "14 days later"),
    ("qalsody", "delayed-loading"): ("the third 14 days later", "4 months"),
    ("us-12mg-2016", "minimum-interval"): ("any two doses, of loading and of maintenance, is a reading", "always"),
}


@pytest.mark.parametrize(("name", "topic"), STATED, ids=lambda value: value)
def test_statement(name: str, topic: str) -> None:
    said, never_said = STATED[name, topic]
    statement = dict(LIBRARY.get(name).statements)[topic]
    assert said in statement
    assert never_said not in statement


@pytest.mark.parametrize("name", SHIPPED)
def test_each_topic_of_the_cards_is_stated(name: str) -> None:
    topics = [topic for topic, _ in LIBRARY.get(name).statements]
    assert topics == ["schedule", "minimum-interval", "delayed-dose", "delayed-loading", "monitoring"]


ASKED = {
    "us-12mg": "each-dose",
    "us-12mg-2016": "each-dose",
    "eu-12mg": "if-indicated",
    "eu-12mg-2017": "if-indicated",
}
LOINC = "http://loinc.org"
US_TESTS = {
    "platelet count": ["777-3"],
    "prothrombin time": ["5902-2", "6301-6"],
    "activated partial thromboplastin time": ["14979-9", "3173-2"],
    "urine protein": ["2888-6", "2890-2"],
}


@pytest.mark.parametrize("name", SHIPPED)
def test_the_tests_before_a_dose(name: str) -> None:
    monitoring = LIBRARY.get(name).monitoring
    assert monitoring.source
    assert monitoring.asked == ASKED.get(name, "not-stated")
    if monitoring.asked != "each-dose":
        assert monitoring.tests == ()
        return
    assert {test.name: [code.coding.code for code in test.codes] for test in monitoring.tests} == US_TESTS
    assert {coding.system for coding in monitoring.codings} == {LOINC}
    *others, urine = monitoring.tests
    assert all(test.threshold is None and test.strips == () for test in others)
    assert urine.strips == (Coding(LOINC, "5804-0"), Coding(LOINC, "20454-5"))
    assert urine.threshold == Threshold(Decimal("0.2"), "g/L", "consider repeating the test and evaluating further")


SAME = {
    "10*3/uL": ("10*9/L", "1"),
    "s": ("ms", "1000"),
    "mg/dL": ("g/L", "0.01"),
    "mg/g": ("g/kg", "1"),
    "g/L": ("mg/L", "1000"),
}
"""The units of the tests, each with another one that measures the same, and the factor."""


def test_every_unit_of_a_test_is_one_of_ucum() -> None:
    tests = [test for regimen in LIBRARY.regimens.values() for test in regimen.monitoring.tests]
    units = {unit for test in tests for _, unit in test.codes} | {
        test.threshold.unit for test in tests if test.threshold
    }
    # an annotation alone is UCUM's way to say that a number has no unit
    assert units == SAME.keys() | {"{INR}"}
    assert {unit: str(factor(unit, other)) for unit, (other, _) in SAME.items()} == {
        unit: by for unit, (_, by) in SAME.items()
    }


@pytest.mark.parametrize("name", ["eu-12mg", "us-12mg"])
def test_the_readings_that_are_ours_are_marked_as_ours(name: str) -> None:
    notes = " ".join(LIBRARY.get(name).notes)
    assert "readings of this project and not of the label" in notes


def test_the_us_limit_for_loading_is_marked_as_ours() -> None:
    assert any("The text states no limit for a late loading dose" in note for note in LIBRARY.get("us-12mg").notes)
