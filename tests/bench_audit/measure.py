"""One command measured: wall time, the CPU time of it and its children, and the peak of their memory together."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_EVERY = 0.02
_ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Run:
    """`said` is what the command printed, where that is JSON; `memory` in bytes, shared pages counted once."""

    wall: float
    cpu: float
    memory: int
    said: dict[str, Any]

    @property
    def seconds(self) -> float:
        """What the command says that its work took; else all of its time."""
        return float(self.said.get("seconds", self.wall))


def run(command: list[str]) -> Run:
    """Raises RuntimeError where the command fails."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begun = time.perf_counter()
    with subprocess.Popen(command, cwd=_ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        memory = 0
        while process.poll() is None:
            memory = max(memory, sum(_memory(pid) for pid in _family(process.pid)))
            try:
                process.wait(_EVERY)
            except subprocess.TimeoutExpired:
                continue
        wall = time.perf_counter() - begun
        assert process.stdout is not None
        assert process.stderr is not None
        out, error = process.stdout.read(), process.stderr.read()
    if process.returncode:
        raise RuntimeError(f"{command[:4]} ended with status {process.returncode}: {error.decode()[-2000:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Run(wall, cpu, memory, json.loads(out) if out.startswith(b"{") else {"found": int(out or 0)})


def _family(pid: int) -> list[int]:
    """A process and all that came of it."""
    found = [pid]
    for each in found:
        try:
            children = Path(f"/proc/{each}/task/{each}/children").read_text()
        except OSError:
            continue
        found += map(int, children.split())
    return found


def _memory(pid: int) -> int:
    """Its share of the memory that it uses; 0 where it has ended meanwhile."""
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


def cores() -> int:
    """What this process may run on."""
    return len(os.sched_getaffinity(0))
