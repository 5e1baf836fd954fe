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
    "spark": "the scan of the audit on Spark, `local[*]`",
}
_BOUNDS = """\
## What bounds it

The scan is bound by the processor, not by the disk: the files are in memory here, and `cat` shows what reading
them alone takes. `python -m cProfile -m tests.bench_audit.embedded embedded 0 FOLDER FILE` tells where its time goes.

Where the drug is rare, nothing is parsed but its lines: all others are told by a few passes over a megabyte at a time.
Of the time of one process, looking for traces of the drug takes about a sixth; finding types, medications and ends of
lines a fifth; comparing medications with those that are known a seventh; reading the file a tenth; telling that it is
UTF-8, marks of ids and the few lines that are looked at alone a fifteenth each. The rest is laying out arrays.

Where all is of the drug, there is nothing to pass over: every line is parsed, once, which is a third of the scan. The
rest of the scan is comparing a record with one that says the same on another day, its date, and a mark of its id.
Assessing is bound by the rules themselves, in Python: walking the doses of a patient takes about two fifths, the
assessment and the findings as JSON a third. Of writing, the report takes three to five seconds at any size, most of
it for loading and drawing its plots; the rest goes into the cells of `findings.csv`.
"""
_MEMORY = 500e6
_START = 0.7


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. `apart`: seconds of `start`, `assess` and `write`, for the audit."""

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


def page(rows: Sequence[Row], cores: int, rounds: int) -> str:
    """The page in Markdown."""
    return "\n".join(_lines(rows, cores, rounds)) + "\n"


def _lines(rows: Sequence[Row], cores: int, rounds: int) -> Iterator[str]:
    yield "# How fast the audit is\n"
    yield f"Made by `make bench-audit ARGS=--write`: made-up exports on {cores} cores, all in one run, the files in the"
    yield f"page cache, medians of {rounds} in turn. Seconds are those of the reading alone: what a program takes to"
    yield "start is left out, save for `cat`, `grep` and ripgrep, where it is next to nothing. CPU is all that its"
    yield "processes took, start and writing too. Memory is the peak of its processes together."
    if not any(row.name == "ripgrep" for row in rows):
        yield "ripgrep is not installed here, and so is not in the table."
    if not any(row.name == "spark" for row in rows):
        yield "Spark or its Java is not installed here, and so is not in the table (see docs/audit.md)."
    yield ""
    yield "| input | way | seconds | CPU | million rows/s | MB/s | peak MB |"
    yield "| --- | --- | ---: | ---: | ---: | ---: | ---: |"
    for row in rows:
        name = _NAMES[row.name] + (f" (extrapolated from {row.sample:,})" if row.sample else "")
        # the virtual machine of Spark ends by itself, so that nobody is told what it took
        cpu = "" if row.sample or row.name == "spark" else f"{row.cpu:.2f}"
        size, rate = f"{row.lines:,} lines, {row.bytes / 1e6:,.0f} MB", row.lines / row.seconds / 1e6
        yield (
            f"| {row.group}: {size} | {name} | {row.seconds:.2f} | {cpu} | {rate:.3f} |"
            f" {row.bytes / row.seconds / 1e6:,.0f} | {row.memory / 1e6:.0f} |"
        )
    yield "\nApart from the scan, in seconds:\n"
    yield "| input | start, until the scan begins | assessing | writing |"
    yield "| --- | ---: | ---: | ---: |"
    for row in rows:
        if row.apart:
            group = f"{row.group}, on Spark" if row.name == "spark" else row.group
            yield f"| {group} | {row.apart['start']:.2f} | {row.apart['assess']:.2f} | {row.apart['write']:.2f} |"
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
        whole = rows[group, "audit"].seconds + rows[group, "audit"].apart["assess"]
        ratio = whole / rows[group, "orjson_two"].seconds
        yield _target(
            f"{group}: scanned and assessed within 4 times {_NAMES['orjson_two']}", f"{ratio:.2f} times",
            met=ratio <= 4,
        )  # fmt: skip
    whole = rows["all of the drug", "audit"].seconds + rows["all of the drug", "audit"].apart["assess"]
    ratio = rows["all of the drug", "fhir_resources"].seconds / whole
    yield _target(
        "all of the drug: scanned and assessed 15 times as fast as fhir.resources merely parses",
        f"{ratio:.1f} times",
        met=ratio >= 15,
    )
    referring, rare = rows["rare drug, by reference", "audit"], rows["rare drug", "audit"]
    yield f"- rare drug, by reference: {referring.seconds / rare.seconds:.2f} times the seconds of concepts."
    start = max(row.apart["start"] for row in rows.values() if row.name == "audit")
    yield _target(f"start within {_START} s", f"{start:.2f} s", met=start < _START)
    for group in ("rare drug", "all of the drug"):
        once, four = rows[group, "audit"].memory, rows[f"{group}, four times", "audit"].memory
        yield _target(
            f"{group}: below 500 MB, and no more for four times the size", f"{once / 1e6:.0f} and {four / 1e6:.0f} MB",
            met=max(once, four) < _MEMORY and four < 1.15 * once,
        )  # fmt: skip


def _target(what: str, seen: str, *, met: bool) -> str:
    return f"- {what}: {seen}, **{'met' if met else 'missed'}**."
