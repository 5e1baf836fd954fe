"""What no test of the dosing core finds is explained, and the explanations are of the code as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.proof.mutants import faults, figures
from tests.proof.survivors import Survivor, explained, from_diff, function_of, source

REASONS = explained()
DIFF = """\
# cds.dosing.windows.x_next_window__mutmut_1: survived
--- cds/dosing/windows.py
+++ cds/dosing/windows.py
@@ -1,4 +1,4 @@
 def next_window(forecast: Forecast) -> Window | None:
-    if one or two:
+    if one and two:
         return None
"""
ONE = Survivor("windows.next_window", "if one or two:", "if one and two:")


@pytest.mark.parametrize("survivor", REASONS, ids=lambda each: f"{each.function}: {each.mutant}")
def test_the_line_that_is_explained_stands_in_its_function(survivor: Survivor) -> None:
    assert f"\n{survivor.line}\n" in f"\n{source(survivor.function)}\n", "write the explanation anew, or take it out"
    assert survivor.mutant != survivor.line


def test_an_explanation_is_whole_and_given_once(tmp_path: Path) -> None:
    entry = '[[survivor]]\nfunction = "a.b"\nline = "1"\nmutants = ["2"]\nwhy = "{}"\n'
    path = tmp_path / "survivors.toml"
    path.write_text(entry.format(""))
    with pytest.raises(ValueError, match="all filled in"):
        explained(path)
    path.write_text(entry.format("so") * 2)
    with pytest.raises(ValueError, match="explained twice"):
        explained(path)
    path.write_text(entry.format("so"))
    assert explained(path) == {Survivor("a.b", "1", "2"): "so"}


def test_a_mutant_is_known_by_its_difference() -> None:
    assert from_diff("cds.dosing.windows.x_next_window__mutmut_1", DIFF) == ONE


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("cds.dosing.windows.x_next_window__mutmut_12", "windows.next_window"),
        ("cds.dosing.regimen.x__faults__mutmut_3", "regimen._faults"),
        ("cds.dosing.calendar.xǁPeriodǁafter__mutmut_1", "calendar.Period.after"),
        ("cds.dosing.calendar.xǁPeriodǁ__post_init____mutmut_2", "calendar.Period.__post_init__"),
    ],
)
def test_a_mutant_is_one_of_a_function(name: str, function: str) -> None:
    assert function_of(name) == function
    assert source(function).startswith("def ")


def test_a_function_that_is_gone_is_told() -> None:
    with pytest.raises(KeyError, match=r"cds/dosing/windows\.py has no gone"):
        source("windows.gone")


NAME = "cds.dosing.windows.x_next_window__mutmut_{}"


@pytest.mark.parametrize(
    ("statuses", "reasons", "said"),
    [
        (["killed"] * 20, {}, None),
        (["killed"] * 19 + ["timeout"], {}, None),
        (["survived"] + ["killed"] * 19, {ONE: "so"}, None),
        (["survived"] + ["killed"] * 19, {}, "nothing explains it"),
        (["survived"] + ["killed"] * 18, {ONE: "so"}, "the tests find 18 of 19 mutants, not 95%"),
        (["killed"] * 20, {ONE: "so"}, "a test finds what is explained in windows.next_window"),
        (["killed"] * 19 + ["not checked"], {ONE: "so"}, "1 of 20 mutants were not tried"),
        ([], {}, "0 of 0 mutants were not tried"),
    ],
)
def test_what_is_wrong_with_a_run(statuses: list[str], reasons: dict[Survivor, str], said: str | None) -> None:
    results = {NAME.format(number): status for number, status in enumerate(statuses)}
    left = {name: ONE for name, status in results.items() if status == "survived"}
    wrong = faults(results, left, reasons)
    assert [said in each for each in wrong] == [True] if said else wrong == []


def test_a_mutant_is_found_by_a_failure_or_where_it_never_ends() -> None:
    statuses = ("killed", "timeout", "survived", "segfault", "not checked")
    results = {NAME.format(number): status for number, status in enumerate(statuses)}
    assert figures(results).splitlines()[2:] == ["| windows | 5 | 4 | 2 | 1 |", "| **all** | 5 | 4 | 2 | 1 |"]
