"""Units of work, each done once: what an audit need not do again after it was interrupted."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import pickle
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

_Result = TypeVar("_Result")

_DIGEST = 16
_CHUNK = 1 << 20
_PLAIN = {("collections", "Counter"): Counter, ("datetime", "date"): date, ("decimal", "Decimal"): Decimal}


@contextmanager
def aside(path: Path) -> Iterator[Path]:
    """A path to write to, renamed to `path` when all is written; no other process has the same one. A file of the work
    folder need not outlive the machine, so it is not forced to the disk: see `once`."""
    part = path.with_name(f".{path.name}.{uuid4().hex}.part")
    yield part
    part.replace(path)


def once(folder: Path, name: str, files: Sequence[Path], make: Callable[[], _Result]) -> _Result:
    """The result of a unit of work: that of an earlier run, where it is there and the `files` that were written with it
    are what they were; else it is made now, and kept."""
    path = folder / f"{name}.unit"
    found = _kept(path)
    if found is not None and found[1] == _checksums(files):
        result: _Result = found[0]
        return result
    result = make()
    content = pickle.dumps((result, _checksums(files)))
    with aside(path) as part:
        part.write_bytes(_digest(content) + content)
    return result


def _kept(path: Path) -> tuple[Any, object] | None:
    """What is kept of a unit; None where there is nothing, or nothing that is whole and of this program."""
    try:
        written = path.read_bytes()
    except OSError:
        return None
    content = written[_DIGEST:]
    if written[:_DIGEST] != _digest(content):
        return None
    try:
        found = _Reader(io.BytesIO(content)).load()
    except (pickle.UnpicklingError, AttributeError, TypeError, ValueError, ImportError, EOFError):
        return None
    return found if isinstance(found, tuple) and len(found) == 2 else None


class _Reader(pickle.Unpickler):  # the classes of the audit's own results and no other
    def find_class(self, module: str, name: str) -> Any:
        """Raises UnpicklingError for all that is no plain record of this package."""
        if (module, name) in _PLAIN:
            return _PLAIN[module, name]
        if module.startswith("cds."):
            found = super().find_class(module, name)
            named = isinstance(found, type) and (issubclass(found, Enum) or hasattr(found, "_fields"))
            if named or (isinstance(found, type) and dataclasses.is_dataclass(found)):
                return found
        raise pickle.UnpicklingError(f"{module}.{name} is no result of an audit")


def _checksums(files: Sequence[Path]) -> list[int | None]:
    """One for each file, None for one that is not there: a power cut can leave files that are cut short."""
    return [_checksum(file) for file in files]


def _checksum(path: Path) -> int | None:
    found = 0
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                found = zlib.crc32(chunk, found)
    except FileNotFoundError:
        return None
    return found


def _digest(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=_DIGEST).digest()
