"""`python -m tests.proof safety|rules [ID ...]`: takes each control or rule away and shows that its tests fail."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from tests.proof.hazards import proofs_of_controls
from tests.proof.proofs import Proof, Verdict, prove
from tests.proof.rules import proofs_of_rules
from tests.spec.markdown import table

_PROOFS = {"safety": proofs_of_controls, "rules": proofs_of_rules}


def main(arguments: Sequence[str]) -> int:
    """Print a line for each proof and then the table; the exit code is 1 where one does not hold."""
    parser = argparse.ArgumentParser(prog="python -m tests.proof", description=__doc__)
    parser.add_argument("of", choices=_PROOFS, help="the controls of docs/safety/hazards.toml, or the dosing rules")
    parser.add_argument("id", nargs="*", help="prove these alone, by the beginning of their id: H03, W7")
    parser.add_argument("--jobs", type=int, default=2, help="copies of the tree to work in at once")
    chosen = parser.parse_args(arguments)
    proofs = [proof for proof in _PROOFS[chosen.of]() if not chosen.id or _named(proof, chosen.id)]
    if not proofs:
        parser.error(f"no proof has an id that begins so: {' '.join(chosen.id)}")
    verdicts = []
    for verdict in prove(proofs, jobs=chosen.jobs):
        verdicts.append(verdict)
        if verdict.why_not:
            print(f"{verdict.proof.id}: NOT PROVEN: {verdict.proof.what}\n{verdict.why_not}\n", flush=True)
    print(table(("id", "what", "fault", "tests that fail under it", "verdict"), map(_row, verdicts)))
    failures = sum(bool(verdict.why_not) for verdict in verdicts)
    print(f"\n{len(verdicts) - failures} of {len(verdicts)} proven.")
    return 1 if failures else 0


def _named(proof: Proof, ids: Sequence[str]) -> bool:
    return any(proof.id == each or proof.id.startswith(f"{each}.") for each in ids)


def _row(verdict: Verdict) -> tuple[str, ...]:
    proof = verdict.proof
    said = "NOT PROVEN" if verdict.why_not else "proven"
    return (proof.id, proof.what, proof.fault.what, f"{verdict.failed} of {len(proof.tests)}", said)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
