"""`make bench-audit`: the audit beside other ways to read the same files, in one run."""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from tests.bench_audit import contenders
from tests.bench_audit.export import Export, export, size
from tests.bench_audit.measure import Run, cores, run
from tests.bench_audit.page import Row, page

FOLDER = Path(tempfile.gettempdir()) / "nusinersen-cds-bench-audit"
PAGE = Path(__file__).parents[2] / "docs" / "audit-speed.md"
ENGINES = {"audit": "embedded", "spark": "spark"}
"""The ways that are the audit's own, and by which engine."""
_BYTES_A_LINE = 1300


@dataclass(frozen=True, slots=True)
class Scene:
    """One way to read some files. `sample`: so many lines were read, and the seconds are extrapolated."""

    group: str
    name: str
    command: list[str]
    paths: tuple[Path, ...]
    lines: int
    sample: int | None = None
    runs: list[Run] = field(default_factory=list)

    def measure(self) -> None:
        """Once more."""
        given = [str(path) for path in self.paths]
        if self.name in ENGINES:
            given = [ENGINES[self.name], str(time.monotonic()), str(self.paths[0].parent), *given]
        if self.command[0] == "sh":
            # as in a script: what is found goes into a pipe
            self.runs.append(run(["sh", "-c", f"{self.command[1]} {shlex.join(given)} | wc -l"]))
        else:
            self.runs.append(run([*self.command, *given]))

    def row(self) -> Row:
        """The medians of all runs."""
        times = self.lines / self.sample if self.sample else 1.0
        seconds = statistics.median(each.seconds for each in self.runs) * times
        return Row(
            self.group, self.name, self.lines, size(self.paths), seconds,
            statistics.median(each.cpu for each in self.runs),
            max(each.memory for each in self.runs),
            [each.seconds * times for each in self.runs],
            {name: statistics.median(each.said[name] for each in self.runs) for name in ("start", "assess", "write")}
            if "start" in self.runs[0].said else {},
            self.sample,
        )  # fmt: skip


def scenes(made: Export) -> Iterable[Scene]:
    """What is measured."""
    python = [sys.executable, "-m"]
    codes = " ".join(f"-e {code}" for code in contenders.CODES)

    def each(group: str, paths: tuple[Path, ...], lines: int, *names: str) -> Iterable[Scene]:
        for name in names:
            command, sample = [*python, "tests.bench_audit.contenders", name], None
            if name == "cat":
                command = ["sh", "cat >/dev/null"]
            elif name == "grep":
                command = ["sh", f"grep -hF {codes}"]
            elif name == "ripgrep":
                command = ["sh", f"rg -IF {codes}"]
            elif name in ENGINES:
                command = [*python, "tests.bench_audit.embedded"]
            elif name == "fhir_resources":
                sample = min(contenders.SAMPLE, lines)
            yield Scene(group, name, command, paths, lines, sample)

    rare, ours = made.rare, made.ours
    also = ["ripgrep"] if shutil.which("rg") else []
    spark = ["spark"] if find_spec("pyspark") and (shutil.which("java") or "JAVA_HOME" in os.environ) else []
    yield from each(
        "rare drug", rare[:1], made.lines, "cat", "grep", *also, "orjson_loop", "orjson_two", "msgspec_loop",
        "duckdb_codes", "duckdb_filter", "fhir_resources", "audit", *spark,
    )  # fmt: skip
    yield from each(
        "rare drug, four times", rare, 4 * made.lines, "cat", "grep", *also, "duckdb_codes", "duckdb_filter", "audit"
    )
    yield from each("rare drug, by reference", (*made.referring, made.medications), made.lines, "orjson_loop", "audit")
    yield from each("all of the drug", ours[:1], made.ours_lines, "orjson_two", "fhir_resources", "audit", *spark)
    yield from each("all of the drug, four times", ours, 4 * made.ours_lines, "orjson_two", "audit")


def main() -> int:
    """Measure, print, and write the page where that is asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench_audit", description=__doc__)
    parser.add_argument("--lines", type=int, default=1_000_000, help="administrations of the export of a rare drug")
    parser.add_argument("--ours", type=int, default=200_000, help="administrations of the export of our drug alone")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the exports are kept from run to run")
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.name}")
    asked = parser.parse_args()
    needed = (5 * asked.lines + 4 * asked.ours) * _BYTES_A_LINE
    asked.folder.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(asked.folder).free < 2 * needed:
        parser.error(
            f"{asked.folder} has less than {2 * needed >> 20:,} MB free; give another --folder or fewer --lines"
        )
    made = export(asked.folder, asked.lines, asked.ours)
    measured = list(scenes(made))
    for scene in measured:
        # what the page cache holds: the files are read once before anything is measured
        for path in scene.paths:
            with path.open("rb") as file:
                while file.read(1 << 20):
                    pass
    for number in range(asked.rounds):
        for scene in measured:
            print(f"round {number + 1}: {scene.group}: {scene.name}", file=sys.stderr)
            scene.measure()
    text = page([scene.row() for scene in measured], cores(), asked.rounds)
    print(text)
    if asked.write:
        PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
