"""Parquet with one resource a row, as JSON in a column: its rows as lines."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

_ROWS = 512


class NoRowsError(Exception):
    """A file that is no Parquet, is damaged, or has no such column. The message says which."""


def row_groups(opened: BinaryIO, column: str) -> int:
    """The number of parts in which a file can be read. Raises NoRowsError."""
    with _told(), pq.ParquetFile(opened) as file:
        schema = file.schema_arrow
        if column not in schema.names:
            text = f"has no column {column!r}; it has {', '.join(map(repr, schema.names)) or 'none'}"
            raise NoRowsError(f"{text}: name the one with the resources by --parquet-column")
        of_type = schema.field(column).type
        if not _is_text(of_type):
            raise NoRowsError(f"the column {column!r} holds no JSON text but {of_type}; write resources as JSON text")
        return int(file.num_row_groups)


def rows(opened: BinaryIO, column: str, start: int, end: int | None) -> Iterator[bytes]:
    """The rows of the parts in [start, end), each as the bytes of one line: a resource may stand there on several. A
    row without a value is an empty line. Raises NoRowsError, after the last row that could be read."""
    with _told(), pq.ParquetFile(opened) as file:
        groups = range(start, file.num_row_groups if end is None else end)
        for batch in file.iter_batches(_ROWS, list(groups), [column], use_threads=False):
            for value in batch.column(0).cast(pa.large_binary()).to_pylist():
                # within a text of JSON there is no line feed, and outside it is white space
                yield b"" if value is None else value.replace(b"\n", b"\r")


def _is_text(of_type: pa.DataType) -> bool:
    kinds = (pa.types.is_string, pa.types.is_large_string, pa.types.is_binary, pa.types.is_large_binary)
    return any(is_kind(of_type) for is_kind in kinds)


@contextmanager
def _told() -> Iterator[None]:
    """What Arrow says of a file, in words without its content."""
    try:
        yield
    except (pa.ArrowException, OSError):
        raise NoRowsError("the Parquet data is damaged or cut short, or it is no Parquet") from None
