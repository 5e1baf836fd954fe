"""The forms of the files that an audit writes, and how they appear: all of them when all are complete."""

from __future__ import annotations

import csv
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from cds.audit.cells import cell
from cds.audit.detected import ISSUE_SEVERITIES, Issues
from cds.audit.rows import FINDING_COLUMNS, RECALL_COLUMNS, Row

_BATCH = 10_000
_TYPES = {
    "interval_days": pa.int64(),
    "references": pa.list_(pa.string()),
    "files": pa.list_(pa.string()),
    "lines": pa.list_(pa.int64()),
}


@contextmanager
def complete(output: Path, folder: Path) -> Iterator[Path]:
    """A folder to write to, in `folder`, which is on the same disk. What is written there appears in `output` once all
    of it is complete, so that no file is cut short or of another audit than the rest; what fails leaves all as it
    was."""
    aside = folder / "written"
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir()
    yield aside
    written = sorted(aside.iterdir())
    for path in written:
        with path.open("rb") as file:
            os.fsync(file.fileno())
    for path in written:
        path.replace(output / path.name)


def write_json(path: Path, content: object) -> None:
    """One JSON document, indented."""
    path.write_bytes(orjson.dumps(content, option=orjson.OPT_INDENT_2) + b"\n")


def write_lines(path: Path, lines: Iterable[bytes]) -> None:
    """One line each."""
    with path.open("wb") as file:
        for line in lines:
            file.write(line + b"\n")


def write_findings(folder: Path, rows: Iterable[Row], issues: Issues) -> None:
    """The findings: the same rows as CSV and as Parquet, and those of warning or above as DetectedIssues."""
    schema = pa.schema([(name, _TYPES.get(name, pa.string())) for name in FINDING_COLUMNS])
    with (
        (folder / "findings.csv").open("w", encoding="utf-8", newline="") as file,
        # opened here: not every name of a folder can be given to Arrow
        (folder / "findings.parquet").open("wb") as columns,
        pq.ParquetWriter(columns, schema, compression="zstd") as parquet,
        (folder / "detected-issues.ndjson").open("wb") as fhir,
    ):
        table = _csv(file, FINDING_COLUMNS)
        for batch in _batches(rows):
            for row in batch:
                table(row)
                if row["severity"] in ISSUE_SEVERITIES:
                    fhir.write(orjson.dumps(issues.issue(row)) + b"\n")
            parquet.write_table(pa.Table.from_pylist(batch, schema=schema))


def write_recall(path: Path, rows: Iterable[Row]) -> None:
    """The recall list as CSV."""
    with path.open("w", encoding="utf-8", newline="") as file:
        table = _csv(file, RECALL_COLUMNS)
        for row in rows:
            table(row)


def _csv(file: IO[str], columns: Sequence[str]) -> Callable[[Row], None]:
    table = csv.DictWriter(file, columns, lineterminator="\n")
    table.writeheader()
    return lambda row: table.writerow({name: cell(value) for name, value in row.items()})


def _batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    batch: list[Row] = []
    for row in rows:
        batch.append(row)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
