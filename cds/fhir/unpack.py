"""The body of an answer, unpacked step by step, so that a small packed answer cannot fill the memory."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterable, Callable

ACCEPTED = "gzip"
"""What we ask for as Accept-Encoding: the one packing that is unpacked here."""

_STEP = 1 << 18
_GZIP = 31
"""zlib's number for the format of gzip with its largest window."""


class BrokenBody(Exception):
    """A body that is packed in another way, spoilt, or cut short."""


async def unpacked(chunks: AsyncIterable[bytes], encoding: str, spend: Callable[[int], None]) -> bytes:
    """The whole body. `encoding` is the Content-Encoding of the answer; `spend` is told the size of each part, before
    the next one is made, and raises where there are too many bytes. Raises BrokenBody."""
    parts: list[bytes] = []
    await unpack(chunks, encoding, spend, parts.append)
    return b"".join(parts)


async def unpack(
    chunks: AsyncIterable[bytes], encoding: str, spend: Callable[[int], None], take: Callable[[bytes], object]
) -> None:
    """The body, part by part, to `take`. See `unpacked`."""
    encoding = encoding.strip().lower()
    if encoding in ("", "identity"):
        async for chunk in chunks:
            spend(len(chunk))
            take(chunk)
        return
    if encoding not in ("gzip", "x-gzip"):
        raise BrokenBody("is packed in a way that was not asked for")
    member = None
    async for packed in chunks:
        rest = packed
        while rest:
            member = member or zlib.decompressobj(_GZIP)
            try:
                part = member.decompress(rest, _STEP)
            except zlib.error:
                raise BrokenBody("cannot be unpacked") from None
            spend(len(part))
            take(part)
            rest = member.unconsumed_tail
            if member.eof:
                # a body may be several packed ones after another
                rest, member = member.unused_data, None
    if member is not None:
        raise BrokenBody("ends before it is whole")
