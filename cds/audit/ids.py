"""Marks of ids, taken of many lines at once: whether an id that is sought may be among those of a part of the input."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from cds.audit.places import Positions, words
from cds.audit.units import aside

Marks = npt.NDArray[np.uint64]

WIDTH = 64
"""An id of FHIR has at most 64 characters; a line with a longer one, or with an escape in it, is not of the
usual shape."""
_QUOTE, _BACKSLASH = 34, 92
# Odd numbers, the same in every process: two ids that differ in one word have different marks.
_TIMES = np.random.default_rng(20160601).integers(2**63, size=WIDTH // 8, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
_A, _B, _C, _D, _E, _F, _G, _H = (int(times) for times in _TIMES)
_LOW = 2**64 - 1
_WORDS = struct.Struct(f"<{WIDTH // 8}Q")


def marks_at(block: bytes, starts: Positions) -> tuple[Marks, npt.NDArray[np.bool_]]:
    """The mark of the id that begins at each start and ends at a quotation mark, and whether there is one. The bytes
    must reach WIDTH beyond each start."""
    text = words(block, starts, WIDTH).view(np.uint8)
    if len(text):
        # mostly all ids are as long as the first one
        end = int((text[0] == _QUOTE).argmax())
        before, behind = text[:, :end], text[:, end]
        if (behind == _QUOTE).all() and not (before == _QUOTE).any() and not (before == _BACKSLASH).any():
            text[:, end:] = 0
            return text.view("<u8") @ _TIMES, np.ones(len(text), dtype=np.bool_)
    quotes = text == _QUOTE
    ends = quotes.argmax(axis=1)
    plain = quotes[np.arange(len(starts)), ends]
    before = np.arange(WIDTH) < ends[:, None]
    escaped = text == _BACKSLASH
    if escaped.any():
        plain &= ~(escaped & before).any(axis=1)
    return (text * before).view("<u8") @ _TIMES, plain


def mark_of(name: str) -> int:
    """The mark of one id."""
    encoded = name.encode("utf-8", "surrogatepass")
    if len(encoded) >= WIDTH:
        return int.from_bytes(hashlib.blake2b(encoded, digest_size=8).digest(), "little")
    a, b, c, d, e, f, g, h = _WORDS.unpack(encoded.ljust(WIDTH, b"\0"))
    # written out, since every record that is kept has one
    mixed: int = a * _A + b * _B + c * _C + d * _D + e * _E + f * _F + g * _G + h * _H
    return mixed & _LOW


def marks_of(names: Sequence[str]) -> Marks:
    """The marks of many ids."""
    encoded = [name.encode("utf-8", "surrogatepass") for name in names]
    if any(len(each) >= WIDTH for each in encoded):
        return np.array([mark_of(name) for name in names], dtype=np.uint64)
    marks: Marks = (
        np.frombuffer(b"".join([each.ljust(WIDTH, b"\0") for each in encoded]), "<u8").reshape(-1, 8) @ _TIMES
    )
    return marks


def marks_beside(spill: Path) -> Path:
    """Where the marks of the lines are kept that a task did not keep."""
    return spill.with_suffix(".ids")


def write_marks(path: Path, marks: list[Marks]) -> None:
    """Keep marks on disk."""
    with aside(path) as part, part.open("wb") as file:
        for each in marks:
            file.write(each.tobytes())


def read_marks(path: Path) -> Marks:
    """What was kept. Raises OSError."""
    return np.fromfile(path, dtype=np.uint64)
