"""Copies of the tree to make faults in, and runs of tests in them: the tree that people work in is never touched."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
_LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv*", ".*_cache", ".hypothesis", "__pycache__", "dist", "build", "mutants", "node_modules"
)
_SECONDS = 600


@dataclass(frozen=True)
class Run:
    """What became of the tests of one run: outcome and hindering marks by node id; `text` is the end of its output."""

    outcomes: Mapping[str, str]
    marks: Mapping[str, tuple[str, ...]]
    text: str

    def of(self, test: str) -> dict[str, str]:
        """The outcomes of a test, by node id: one, or one for each of its parameters."""
        return {name: outcome for name, outcome in self.outcomes.items() if belongs(name, test)}


def belongs(node: str, test: str) -> bool:
    """Whether a node id is a named test, or one of its parameters."""
    return node == test or node.startswith(f"{test}[")


@contextmanager
def copied(source: Path = ROOT) -> Iterator[Path]:
    """A copy of the tree in a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="nusinersen-cds-proof-") as folder:
        copy = Path(folder) / "tree"
        shutil.copytree(source, copy, ignore=_LEFT_OUT)
        yield copy


def run(tree: Path, tests: Iterable[str], *, collect: bool = False) -> Run:
    """Run tests by their node ids in a tree; `collect`: only find them. A run that does not end has no outcomes."""
    with tempfile.TemporaryDirectory() as folder:
        written = Path(folder) / "outcomes.json"
        command = [sys.executable, "-m", "pytest", "-q", "--tb=line", "--no-header", "-p", "no:cacheprovider"]
        command += ["-p", "tests.proof.outcomes", "--outcomes", str(written), "--continue-on-collection-errors"]
        command += ["--collect-only"] if collect else []
        try:
            # the tree before the installed package, which may be another one
            done = subprocess.run(
                [*command, *tests],
                cwd=tree,
                env=os.environ | {"PYTHONPATH": str(tree)},
                capture_output=True,
                text=True,
                timeout=_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Run({}, {}, f"the tests did not end within {_SECONDS} s")
        said = json.loads(written.read_text(encoding="utf-8")) if written.exists() else {"outcomes": {}, "marks": {}}
        text = "\n".join((done.stdout + done.stderr).strip().splitlines()[-12:])
        return Run(said["outcomes"], {name: tuple(marks) for name, marks in said["marks"].items()}, text)
