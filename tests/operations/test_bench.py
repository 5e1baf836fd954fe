"""The bench of the service, so short that it tells nothing of speed: every scene is measured, and every stage."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
TOLD = (
    "too-early order, 20 doses", "order of another drug", "our order, 20 records of other drugs",
    "too-early order, with the journal", "too-early order, with tokens", "read 20 administrations",
    "the whole call in process", "Start of the process to its first card",
)  # fmt: skip


def test_the_bench_measures_every_scene_and_every_stage() -> None:
    command = [sys.executable, "-m", "tests.bench", "--seconds", "0.05", "--rounds", "1"]
    ended = subprocess.run(command, cwd=ROOT, env={**os.environ}, capture_output=True, text=True, check=False)
    assert "Traceback" not in ended.stderr
    assert [said for said in TOLD if said not in ended.stdout] == []
