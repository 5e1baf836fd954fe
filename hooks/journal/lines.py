"""Lines of the spool: each with a checksum, so that one that was cut short by a crash is told from a whole one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from zlib import crc32


@dataclass(frozen=True, slots=True)
class Lines:
    """What was read. `damaged` are lines that cannot be read with readable ones after them: unlike a torn end, which a
    crash leaves of a line that nobody was told is kept, something happened to them later."""

    texts: tuple[bytes, ...]
    damaged: int


def framed(texts: Iterable[bytes]) -> bytes:
    """The texts, none of which holds a line break, as lines."""
    return b"".join([b"%08x %b\n" % (crc32(text), text) for text in texts])


def unframed(data: bytes) -> Lines:
    """The texts of the lines."""
    texts: list[bytes] = []
    damaged = unreadable = 0
    for line in data.split(b"\n")[:-1]:
        checksum, _, text = line.partition(b" ")
        if checksum == b"%08x" % crc32(text):
            texts.append(text)
            damaged, unreadable = damaged + unreadable, 0
        else:
            unreadable += 1
    return Lines(tuple(texts), damaged)
