"""The hazard log and the recorded faults: whole, with tests that are there, and with faults that can be made."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.proof.faults import DoesNotApplyError, Edit, Fault
from tests.proof.hazards import hazards, proofs_of_controls
from tests.proof.proofs import Proof, judged
from tests.proof.rules import proofs_of_rules
from tests.proof.trees import ROOT, Run, belongs, copied, run
from tests.spec.reference import rules

CONTROLS, RULES = proofs_of_controls(), proofs_of_rules()
PROOFS = (*CONTROLS, *RULES)


@pytest.mark.parametrize("proof", PROOFS, ids=lambda proof: proof.id)
def test_the_fault_can_be_made(proof: Proof) -> None:
    try:
        proof.fault.check(ROOT)
    except DoesNotApplyError as error:
        pytest.fail(f"{proof.id}, {proof.fault.what}: {error}")


def test_every_named_test_is_there_and_is_not_skipped() -> None:
    named = dict.fromkeys(test for proof in PROOFS for test in proof.tests)
    found = run(ROOT, dict.fromkeys(test.partition("::")[0] for test in named), collect=True)
    for test in named:
        marks = [marks for node, marks in found.marks.items() if belongs(node, test)]
        assert marks, f"{test} is not there, or is not run by `make test`:\n{found.text}"
        assert not any(marks), f"{test} may be skipped: {marks}"


def test_hazards_have_ids_in_order_and_titles_of_their_own() -> None:
    log = hazards()
    assert [hazard.id for hazard in log] == [f"H{number:02}" for number in range(1, len(log) + 1)]
    assert len({hazard.title for hazard in log}) == len(log) >= 25


def test_every_rule_has_a_fault_and_a_case_that_is_titled_with_it() -> None:
    assert {proof.id.partition(".")[0] for proof in RULES} == {rule.id for rule in rules()}
    assert [proof.id for proof in RULES if not proof.tests] == []


def test_a_fault_is_made_and_taken_back(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("one = 1\n")
    fault = Fault("another number", (Edit("a.py", "1", "2"), Edit("a.py", "one", "two")))
    with fault.made(tmp_path):
        assert (tmp_path / "a.py").read_text() == "two = 2\n"
    assert (tmp_path / "a.py").read_text() == "one = 1\n"


@pytest.mark.parametrize(
    ("find", "replace", "said"),
    [
        ("three", "four", "is not in a.py"),
        ("= 1", "= 2", "stands 2 times in a.py"),
        ("one = 1", "one = 1", "changes nothing"),
        ("one = 1", "one = (", "no Python any more"),
    ],
)
def test_a_fault_that_cannot_be_made_says_why_and_leaves_the_file(
    tmp_path: Path, find: str, replace: str, said: str
) -> None:
    (tmp_path / "a.py").write_text("one = 1\ntwo = 1\n")
    with pytest.raises(DoesNotApplyError, match=said), Fault("x", (Edit("a.py", find, replace),)).made(tmp_path):
        pytest.fail("the fault was made")
    assert (tmp_path / "a.py").read_text() == "one = 1\ntwo = 1\n"


def test_a_fault_in_a_file_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(DoesNotApplyError, match=r"gone\.py is not there"):
        Fault("x", (Edit("gone.py", "1", "2"),)).check(tmp_path)


@pytest.mark.parametrize(
    ("outcomes", "all_fail", "proven"),
    [
        ({"t.py::a": "failed", "t.py::b": "failed"}, True, True),
        ({"t.py::a[1]": "passed", "t.py::a[2]": "failed", "t.py::b": "failed"}, True, True),
        ({"t.py::a": "failed", "t.py::b": "passed"}, True, False),
        ({"t.py::a": "failed", "t.py::b": "passed"}, False, True),
        ({"t.py::a": "passed", "t.py::b": "passed"}, False, False),
        ({"t.py::a": "error", "t.py::b": "error"}, True, False),
        ({"t.py::a": "skipped", "t.py::b": "failed"}, True, False),
        ({}, True, False),
    ],
)
def test_what_a_run_under_a_fault_shows(outcomes: dict[str, str], all_fail: bool, proven: bool) -> None:
    proof = Proof("X", "x", Fault("x", ()), ("t.py::a", "t.py::b"), all_fail)
    assert (judged(proof, Run(outcomes, {}, "")).why_not == "") is proven


def test_the_tree_is_copied_without_what_is_made_in_it(tmp_path: Path) -> None:
    for name in ("cds/a.py", ".venv/b.py", ".git/c", "cds/__pycache__/d.pyc"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    with copied(tmp_path) as copy:
        assert [str(path.relative_to(copy)) for path in copy.rglob("*") if path.is_file()] == ["cds/a.py"]
        (copy / "cds/a.py").write_text("changed")
    assert (tmp_path / "cds/a.py").read_text() == ""


def test_outcomes_are_those_of_pytest(tmp_path: Path) -> None:
    (tmp_path / "tests/proof").mkdir(parents=True)
    for name in ("tests/__init__.py", "tests/proof/__init__.py"):
        (tmp_path / name).write_text("")
    plugin = ROOT / "tests/proof/outcomes.py"
    (tmp_path / "tests/proof/outcomes.py").write_text(plugin.read_text(encoding="utf-8"))
    (tmp_path / "pytest.ini").write_text("[pytest]\npythonpath = .\n")
    (tmp_path / "test_it.py").write_text(
        "import pytest\n"
        "@pytest.fixture\n"
        "def broken():\n    raise ValueError\n"
        "def test_good():\n    pass\n"
        "def test_bad():\n    assert 0\n"
        "def test_error(broken):\n    pass\n"
        "@pytest.mark.skip(reason='x')\n"
        "def test_skipped():\n    pass\n"
        "@pytest.mark.xfail\n"
        "def test_expected():\n    assert 0\n"
    )
    seen = run(tmp_path, ["test_it.py"])
    assert {name.partition("::")[2]: outcome for name, outcome in seen.outcomes.items()} == {
        "test_good": "passed",
        "test_bad": "failed",
        "test_error": "error",
        "test_skipped": "skipped",
        "test_expected": "xfailed",
    }
    assert seen.marks["test_it.py::test_skipped"] == ("skip",)
    assert seen.marks["test_it.py::test_expected"] == ("xfail",)
    assert seen.marks["test_it.py::test_good"] == ()
