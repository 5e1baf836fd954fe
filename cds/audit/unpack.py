"""Packed data unpacked part by part; of data that is cut short or damaged, all that is before the fault."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

_LARGEST = 1 << 20
"""Bytes that are unpacked at once, however much is packed in little."""
_PIECE = 1 << 10
"""Bytes of Zstandard that are unpacked at once: 4 of them can stand for 128 kB, so that 32 MB can come of it."""
_GZIP = 16 + zlib.MAX_WBITS


class BrokenDataError(Exception):
    """The data ends early or is damaged: the message says how. What came before is good."""


def gzip_content(packed: Iterable[bytes]) -> Iterator[bytes]:
    """gzip as RFC 1952 has it: members one after the other, zeros as padding. Raises BrokenDataError."""
    inflate, begun = zlib.decompressobj(_GZIP), False
    for chunk in packed:
        left = chunk
        while left := left if begun else left.lstrip(b"\0"):
            begun = True
            try:
                content = inflate.decompress(left, _LARGEST)
            except zlib.error:
                raise BrokenDataError("the gzip data is damaged, or it is no gzip") from None
            if content:
                yield content
            left = inflate.unused_data if inflate.eof else inflate.unconsumed_tail
            if inflate.eof:
                inflate, begun = zlib.decompressobj(_GZIP), False
    if begun:
        raise BrokenDataError("the gzip data is cut short")


def zstandard_content(packed: Iterable[bytes]) -> Iterator[bytes]:
    """Zstandard frames one after the other. Raises BrokenDataError."""
    import zstandard  # of the extra [audit]; the module serves commands that do without

    inflate, begun = zstandard.ZstdDecompressor().decompressobj(), False
    pieces = (chunk[at : at + _PIECE] for chunk in packed for at in range(0, len(chunk), _PIECE))
    for piece in pieces:
        left = piece
        while left:
            begun = True
            try:
                content = inflate.decompress(left)
            except zstandard.ZstdError:
                raise BrokenDataError("the zstandard data is damaged") from None
            if content:
                yield content
            left = inflate.unused_data
            if inflate.eof:
                inflate, begun = zstandard.ZstdDecompressor().decompressobj(), False
    if begun:
        raise BrokenDataError("the zstandard data is cut short")
