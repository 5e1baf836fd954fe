"""A proof: the named tests pass, the fault is made in a copy of the tree, and they fail."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

from tests.proof.faults import DoesNotApplyError, Fault
from tests.proof.trees import Run, copied, run


@dataclass(frozen=True)
class Proof:
    """What is to be proven. `all_fail`: every one of the tests has to fail under the fault; else one of them is enough,
    since the others prove other sides of the same rule."""

    id: str
    what: str
    fault: Fault
    tests: tuple[str, ...]
    all_fail: bool = True


@dataclass(frozen=True)
class Verdict:
    """What came of a proof: how many of its tests failed under the fault; why it does not hold, empty if it does."""

    proof: Proof
    failed: int
    why_not: str = ""


def prove(proofs: Sequence[Proof], *, jobs: int) -> Iterable[Verdict]:
    """Verdicts in the order of the proofs. First all run without a fault: a test that fails anyway proves nothing."""
    with ExitStack() as stack:
        trees: SimpleQueue[Path] = SimpleQueue()
        for _ in range(jobs):
            trees.put(stack.enter_context(copied()))
        without = in_a_tree(trees, dict.fromkeys(test for proof in proofs for test in proof.tests))
        workers = stack.enter_context(ThreadPoolExecutor(jobs))
        yield from workers.map(lambda proof: _verdict(proof, without, trees), proofs)


def in_a_tree(trees: SimpleQueue[Path], tests: Iterable[str]) -> Run:
    """A run in one of the trees, which is nobody else's meanwhile."""
    tree = trees.get()
    try:
        return run(tree, tests)
    finally:
        trees.put(tree)


def _verdict(proof: Proof, without: Run, trees: SimpleQueue[Path]) -> Verdict:
    for test in proof.tests:
        outcomes = without.of(test)
        if not outcomes:
            return Verdict(proof, 0, f"{test} did not run: {without.text}")
        if set(outcomes.values()) != {"passed"}:
            return Verdict(proof, 0, f"{test} does not pass without the fault either: {sorted(set(outcomes.values()))}")
    tree = trees.get()
    try:
        with proof.fault.made(tree):
            under = run(tree, proof.tests)
    except DoesNotApplyError as error:
        return Verdict(proof, 0, f"the fault cannot be made: {error}")
    finally:
        trees.put(tree)
    return judged(proof, under)


def judged(proof: Proof, under: Run) -> Verdict:
    """What a run under the fault shows. An error before the test itself is no failure of the test."""
    by_test = {test: under.of(test) for test in proof.tests}
    seen = [test for test, outcomes in by_test.items() if "failed" in outcomes.values()]
    unseen = [test for test in proof.tests if test not in seen]
    if not seen or (proof.all_fail and unseen):
        outcomes = sorted({outcome for test in unseen for outcome in by_test[test].values()}) or ["not run"]
        named = "; ".join(unseen[:3])
        return Verdict(proof, len(seen), f"under the fault {named}: {', '.join(outcomes)}\n{under.text}")
    return Verdict(proof, len(seen))
