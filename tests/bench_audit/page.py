"""What was measured, as a page: a table, the targets with what came of them, and what bounds the audit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

_NAMES = {
    "cat": "`cat`",
    "grep": "`grep -F`, three codes",
    "ripgrep": "`rg -F`, three codes",
    "orjson_loop": "orjson, each line",
    "orjson_two": "orjson, each line, two processes",
    "msgspec_loop": "msgspec with types, each line",
    "duckdb_codes": "DuckDB with types, three codes",
    "duckdb_filter": "DuckDB with types, three codes or two names",
    "fhir_resources": "fhir.resources, each line",
    "audit": "**the scan of the audit**",
}
_BOUNDS = """\
## What bounds it

The scan is bound by the processor, not by the disk: the files are in memory here, and `cat` shows what reading
them alone takes. `python -m cProfile -m tests.bench_audit.embedded` tells where its time goes.
"""
_MEMORY = 500e6
_START = 0.7


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. `apart`: seconds of the start (`start`) and of what comes after the scan (`rest`)."""

    group: str
    name: str
    lines: int
    bytes: int
    seconds: float
    cpu: float
    memory: int
    rounds: Sequence[float]
    apart: Mapping[str, float]
    sample: int | None


def page(rows: Sequence[Row], cores: int, rounds: int, *, ripgrep: bool) -> str:
    """The page in Markdown."""
    return "\n".join(_lines(rows, cores, rounds, ripgrep=ripgrep)) + "\n"


def _lines(rows: Sequence[Row], cores: int, rounds: int, *, ripgrep: bool) -> Iterator[str]:
    yield "# How fast the audit is\n"
    yield f"Made by `make bench-audit ARGS=--write`: made-up exports on {cores} cores, all in one run, the files in the"
    yield f"page cache, medians of {rounds} in turn. Seconds are those of the reading alone: what a program takes to start"
    yield "is left out, save for `cat`, `grep` and ripgrep, where it is next to nothing. Memory is the peak of all processes"
    yield "of it together."
    if not ripgrep:
        yield "ripgrep is not installed here, and so is not in the table."
    yield ""
    yield "| input | way | seconds | of CPU | million rows/s | MB/s | peak MB |"
    yield "| --- | --- | ---: | ---: | ---: | ---: | ---: |"
    for row in rows:
        name = _NAMES[row.name] + (f" (extrapolated from {row.sample:,})" if row.sample else "")
        yield (
            f"| {row.group}: {row.lines:,} lines, {row.bytes / 1e6:,.0f} MB | {name} |"
            f" {row.seconds:.2f} | {row.cpu:.2f} | {row.lines / row.seconds / 1e6:.3f} | {row.bytes / row.seconds / 1e6:,.0f} | {row.memory / 1e6:.0f} |"
        )
    yield "\nApart from the scan, in seconds:\n"
    yield "| input | start, until the scan begins | assessing, and writing of outputs |"
    yield "| --- | ---: | ---: |"
    for row in rows:
        if row.apart:
            yield f"| {row.group} | {row.apart['start']:.2f} | {row.apart['rest']:.2f} |"
    yield "\n## Targets\n"
    yield from _targets({(row.group, row.name): row for row in rows})
    yield ""
    yield _BOUNDS


def _targets(rows: Mapping[tuple[str, str], Row]) -> Iterator[str]:
    for group in ("rare drug", "rare drug, four times"):
        ours = rows[group, "audit"].seconds
        for name in ("duckdb_filter", "duckdb_codes"):
            ratio = rows[group, name].seconds / ours
            yield _target(f"{group}: twice as fast as {_NAMES[name]}", f"{ratio:.2f} times", met=ratio >= 2)
        ratio = rows[group, "grep"].seconds / ours
        yield _target(f"{group}: faster than {_NAMES['grep']}", f"{ratio:.2f} times as fast", met=ratio > 1)
    for group in ("all of the drug", "all of the drug, four times"):
        whole = rows[group, "audit"].seconds + rows[group, "audit"].apart["rest"]
        ratio = whole / rows[group, "orjson_two"].seconds
        yield _target(
            f"{group}: scanned, assessed and written within 4 times {_NAMES['orjson_two']}", f"{ratio:.2f} times",
            met=ratio <= 4,
        )  # fmt: skip
    whole = rows["all of the drug", "audit"].seconds + rows["all of the drug", "audit"].apart["rest"]
    ratio = rows["all of the drug", "fhir_resources"].seconds / whole
    yield _target(
        "all of the drug: 15 times as fast as fhir.resources merely parsing", f"{ratio:.1f} times", met=ratio >= 15
    )
    referring, rare = rows["rare drug, by reference", "audit"], rows["rare drug", "audit"]
    yield f"- rare drug, by reference: {referring.seconds / rare.seconds:.2f} times the seconds of concepts."
    start = max(row.apart["start"] for row in rows.values() if row.apart)
    yield _target(f"start within {_START} s", f"{start:.2f} s", met=start < _START)
    for group in ("rare drug", "all of the drug"):
        once, four = rows[group, "audit"].memory, rows[f"{group}, four times", "audit"].memory
        yield _target(
            f"{group}: below 500 MB, and no more for four times the size", f"{once / 1e6:.0f} and {four / 1e6:.0f} MB",
            met=max(once, four) < _MEMORY and four < 1.15 * once,
        )  # fmt: skip


def _target(what: str, seen: str, *, met: bool) -> str:
    return f"- {what}: {seen}, **{'met' if met else 'missed'}**."
