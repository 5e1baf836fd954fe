"""The recorded faults of the dosing rules, from rules.toml: under each a case titled with the rule must fail."""

from __future__ import annotations

import tomllib
from collections import Counter
from pathlib import Path

from tests.proof.cases import node_of
from tests.proof.faults import Fault
from tests.proof.proofs import Proof
from tests.spec.chapters import CASES

DATA = Path(__file__).with_name("rules.toml")


def proofs_of_rules() -> tuple[Proof, ...]:
    """One proof for each fault, `W7.2` being the second of rule W7."""
    numbers: Counter[str] = Counter()
    proofs = []
    for data in tomllib.loads(DATA.read_text(encoding="utf-8"))["fault"]:
        rule = data.pop("rule")
        numbers[rule] += 1
        tests = tuple(node_of(case) for case in CASES if rule in case.rule_ids)
        proofs.append(Proof(f"{rule}.{numbers[rule]}", f"rule {rule}", Fault.of(data), tests, all_fail=False))
    return tuple(proofs)
