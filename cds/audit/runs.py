"""Sorted runs on disk, merged to one: so that what is written is in order, and never in memory as a whole."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from operator import itemgetter
from pathlib import Path

import orjson

from cds.audit.units import aside

Row = tuple[str, bytes]
"""A key to sort by, and what is to be written."""

_WITHIN_ONE = 200
"""Runs that are merged at once; each is an open file."""


def write_run(path: Path, rows: Iterable[Row]) -> None:
    """Write rows, which need not be sorted, as a sorted run; rows of one key keep their order."""
    with aside(path) as part, part.open("wb") as file:
        for key, payload in sorted(rows, key=itemgetter(0)):
            file.write(b"%b\n%b\n" % (orjson.dumps([key, len(payload)]), payload))


def merged(paths: Sequence[Path], folder: Path) -> Iterator[Row]:
    """The rows of all runs in order. Many runs are first merged to fewer in `folder`."""
    step = 0
    while len(paths) > _WITHIN_ONE:
        fewer: list[Path] = []
        for start in range(0, len(paths), _WITHIN_ONE):
            path = folder / f"merged-{step}-{start}.run"
            write_run_in_order(path, _merge(paths[start : start + _WITHIN_ONE]))
            fewer.append(path)
        paths, step = fewer, step + 1
    return _merge(paths)


def write_run_in_order(path: Path, rows: Iterable[Row]) -> None:
    """Write rows that are sorted already."""
    with path.open("wb") as file:
        for key, payload in rows:
            file.write(orjson.dumps([key, len(payload)]) + b"\n" + payload + b"\n")


def _merge(paths: Sequence[Path]) -> Iterator[Row]:
    with ExitStack() as opened:
        yield from heapq.merge(*(opened.enter_context(_Run(path)) for path in paths), key=itemgetter(0))


class _Run:
    """One run, read row by row."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")

    def __enter__(self) -> Iterator[Row]:
        return self._rows()

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def _rows(self) -> Iterator[Row]:
        for head in self._file:
            key, length = orjson.loads(head)
            payload = self._file.read(length)
            self._file.read(1)
            yield key, payload
