"""`python -m tests.proof.mutants`: mutmut over the dosing core, in two passes, and what no test finds is explained.

The first pass leaves the slow tests out, and finds most. The second tries the survivors of the first with all tests.
What was tried already stands: remove the folder mutants/ to begin anew. `--verdict` tries nothing.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from tests.proof.survivors import Survivor, explained, from_diff
from tests.proof.trees import ROOT
from tests.spec.markdown import table

AT_LEAST = 0.95
"""The share of all mutants that the tests find."""
SLOW = ("tests/cards", "tests/properties")
_FOUND = ("killed", "timeout")
_MUTMUT = str(Path(sys.executable).with_name("mutmut"))


def main(arguments: Sequence[str]) -> int:
    """Print figures by module, and what is found wrong; the exit code is 1 where something is."""
    parser = argparse.ArgumentParser(prog="python -m tests.proof.mutants", description=__doc__)
    parser.add_argument("--jobs", type=int, default=2, help="mutants to try at once")
    parser.add_argument("--verdict", action="store_true", help="say what the last run found")
    chosen = parser.parse_args(arguments)
    if not chosen.verdict:
        _try((), chosen.jobs, without=SLOW)
        survivors = _survivors(_results())
        if survivors:
            _try(survivors, chosen.jobs)
    results = _results()
    print(figures(results))
    left = {name: from_diff(name, _mutmut("show", name)) for name in _survivors(results)}
    wrong = faults(results, left, explained())
    print("\n".join(wrong) or "All that no test finds is explained in tests/proof/survivors.toml.")
    return 1 if wrong else 0


def figures(results: Mapping[str, str]) -> str:
    """A table of how many mutants were tried of each module, and how many were found."""
    modules: dict[str, Counter[str]] = {}
    for name, status in results.items():
        of_module = modules.setdefault(name.split(".")[2], Counter())
        of_module["all"] += 1
        of_module["tried"] += status != "not checked"
        of_module["found"] += status in _FOUND
        of_module["timeout"] += status == "timeout"
    columns = ("all", "tried", "found", "timeout")
    total = sum(modules.values(), Counter())
    rows = [(module, *(str(counts[key]) for key in columns)) for module, counts in sorted(modules.items())]
    rows.append(("**all**", *(str(total[key]) for key in columns)))
    return table(("module", "mutants", "tried", "found", "of these by timeout"), rows)


def faults(results: Mapping[str, str], left: Mapping[str, Survivor], reasons: Mapping[Survivor, str]) -> list[str]:
    """What is wrong with a run, in words: mutants not tried, too few found, survivors that nothing explains, and
    explanations that nothing needs."""
    wrong = []
    untried = sum(status == "not checked" for status in results.values())
    if untried or not results:
        wrong.append(f"{untried} of {len(results)} mutants were not tried: run it again, it goes on where it ended")
    found = sum(status in _FOUND for status in results.values())
    if found < AT_LEAST * (len(results) - untried):
        wrong.append(f"the tests find {found} of {len(results) - untried} mutants, not {AT_LEAST:.0%}")
    wrong += [
        f"no test finds {name}, and nothing explains it:\n  - {_shown(survivor.line)}\n  + {_shown(survivor.mutant)}"
        for name, survivor in left.items()
        if survivor not in reasons
    ]
    if not untried:
        wrong += [
            f"a test finds what is explained in {each.function}: take it out\n  + {_shown(each.mutant)}"
            for each in reasons
            if each not in left.values()
        ]
    return wrong


def _shown(lines: str) -> str:
    return lines.replace("\n", "\n    ")


def _survivors(results: Mapping[str, str]) -> list[str]:
    return [name for name, status in results.items() if status in ("survived", "no tests")]


def _try(names: Iterable[str], jobs: int, *, without: Iterable[str] = ()) -> None:
    deselected = [word for each in without for word in ("--deselect", each)]
    environment = os.environ | {"PYTEST_ADDOPTS": " ".join(["--assert=plain", *deselected])}
    subprocess.run([_MUTMUT, "run", "--max-children", str(jobs), *names], cwd=ROOT, env=environment, check=True)


def _results() -> dict[str, str]:
    """What became of each mutant, by its name."""
    lines = _mutmut("results", "--all", "True").splitlines()
    return dict(line.strip().split(": ", 1) for line in lines if line.startswith("    "))


def _mutmut(*arguments: str) -> str:
    return subprocess.run([_MUTMUT, *arguments], cwd=ROOT, check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
