"""The bytes of a file, unpacked if it is gzip; of one that is cut short, all that is before the cut."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path

_CHUNK = 1 << 16
_GZIP = 16 + zlib.MAX_WBITS


class BrokenFile(Exception):
    """The file ends early or is damaged: the message says how. What came before is good."""


def chunks(path: Path) -> Iterator[bytes]:
    """The content in parts. Raises BrokenFile after the last good part."""
    try:
        with path.open("rb") as file:
            packed = iter(lambda: file.read(_CHUNK), b"")
            yield from _unpacked(packed) if path.name.lower().endswith(".gz") else packed
    except OSError as error:
        raise BrokenFile(f"cannot be read ({error.strerror})") from None


def lines(path: Path) -> Iterator[bytes]:
    """The lines without their ends; one that is cut short by a damage is left out. Raises BrokenFile."""
    rest = b""
    for chunk in chunks(path):
        *whole, rest = (rest + chunk).split(b"\n")
        yield from whole
    yield rest


def _unpacked(packed: Iterator[bytes]) -> Iterator[bytes]:
    """gzip as RFC 1952 has it: members one after the other, zeros as padding."""
    inflate = zlib.decompressobj(_GZIP)
    begun = False
    for chunk in packed:
        left = chunk
        while left := left if begun else left.lstrip(b"\0"):
            begun = True
            try:
                yield inflate.decompress(left)
            except zlib.error:
                raise BrokenFile("the gzip data is damaged, or it is no gzip") from None
            left = inflate.unused_data
            if inflate.eof:
                inflate, begun = zlib.decompressobj(_GZIP), False
    if begun:
        raise BrokenFile("the gzip data is cut short")
