"""The files that an audit writes: each set aside while it is written, and there only when it is complete."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from cds.audit.rows import FINDING_COLUMNS, RECALL_COLUMNS, Row

_BATCH = 10_000
_NUMBERS = frozenset({"interval_days"})


@contextmanager
def set_aside(path: Path) -> Iterator[Path]:
    """A path to write to, renamed to `path` when all is written; what fails leaves nothing behind under that name."""
    aside = path.with_name(f".{path.name}.part")
    yield aside
    with aside.open("rb") as written:
        os.fsync(written.fileno())
    aside.replace(path)


def write_json(path: Path, content: object) -> None:
    """One JSON document, indented."""
    with set_aside(path) as aside:
        aside.write_bytes(orjson.dumps(content, option=orjson.OPT_INDENT_2) + b"\n")


def write_lines(path: Path, lines: Iterable[bytes]) -> None:
    """One line each."""
    with set_aside(path) as aside, aside.open("wb") as file:
        for line in lines:
            file.write(line + b"\n")


def write_findings(csv_path: Path, parquet_path: Path, rows: Iterable[Row]) -> None:
    """The same rows as CSV and as Parquet."""
    schema = pa.schema([(name, pa.int64() if name in _NUMBERS else pa.string()) for name in FINDING_COLUMNS])
    with (
        set_aside(csv_path) as csv_aside,
        set_aside(parquet_path) as parquet_aside,
        csv_aside.open("w", encoding="utf-8", newline="") as file,
        pq.ParquetWriter(parquet_aside, schema, compression="zstd") as parquet,
    ):
        table = _csv(file, FINDING_COLUMNS)
        for batch in _batches(rows):
            for row in batch:
                table(row)
            parquet.write_table(pa.Table.from_pylist(batch, schema=schema))


def write_recall(path: Path, rows: Iterable[Row]) -> None:
    """The recall list as CSV."""
    with set_aside(path) as aside, aside.open("w", encoding="utf-8", newline="") as file:
        table = _csv(file, RECALL_COLUMNS)
        for row in rows:
            table(row)


def _csv(file: IO[str], columns: Sequence[str]) -> Callable[[Row], None]:
    table = csv.DictWriter(file, columns, lineterminator="\n")
    table.writeheader()
    return lambda row: table.writerow({name: _harmless(value) for name, value in row.items()})


def _harmless(value: Any) -> Any:
    """A text that a spreadsheet would run as a formula is shown as a text."""
    return f"'{value}" if isinstance(value, str) and value[:1] in {"=", "+", "-", "@", "\t", "\r"} else value


def _batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    batch: list[Row] = []
    for row in rows:
        batch.append(row)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
