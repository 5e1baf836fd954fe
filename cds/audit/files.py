"""The files of an input, and their bytes in blocks of whole lines, however they are packed."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

from cds.audit.blocks import Block, BrokenFileError, entry_blocks, row_blocks
from cds.audit.documents import LARGEST
from cds.audit.lines import LONGEST_LINE
from cds.audit.unpack import BrokenDataError, gzip_content, zstandard_content

BLOCK = 1 << 20
"""Bytes that are looked at together: few enough to stay in the cache of a processor."""


_LOOK = 1 << 14
PACKED = (".gz", ".zst")
"""The endings of packed files."""


class Packing(StrEnum):
    """How a file is packed."""

    PLAIN = "plain"
    GZIP = "gzip"
    ZSTANDARD = "zstandard"


class Form(StrEnum):
    """How the resources stand in a file."""

    LINES = "lines"
    DOCUMENT = "document"
    """One JSON document: a resource, a list of them, or a Bundle. See `documents`."""
    PARQUET = "parquet"


_MAGIC = {b"\x1f\x8b": Packing.GZIP, b"\x28\xb5\x2f\xfd": Packing.ZSTANDARD}


@dataclass(frozen=True, slots=True)
class InputFile:
    """One file as it was when the audit began. `path`: as it was named; `location`: where it is, from any folder.
    `stamp` changes when the file does. Of Parquet, `column` is the one with the resources, and `groups` the number of
    parts in which it can be read."""

    path: str
    location: str
    size: int
    stamp: tuple[int, int, int]
    packing: Packing
    form: Form = Form.LINES
    column: str = ""
    groups: int = 1

    @classmethod
    def of(cls, path: Path) -> InputFile:
        """A file of lines. Raises OSError."""
        with path.open("rb") as file:
            noted = os.fstat(file.fileno())
            if not stat.S_ISREG(noted.st_mode):
                raise OSError(0, "is no file")
            start = file.read(4)
        packing = next((found for magic, found in _MAGIC.items() if start.startswith(magic)), Packing.PLAIN)
        return cls(name_of(path), str(path.absolute()), noted.st_size, stamp_of(noted), packing)


def name_of(path: Path) -> str:
    """The name of a file as it can be written. One of an older file system can hold bytes that are no UTF-8."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def stamp_of(noted: os.stat_result) -> tuple[int, int, int]:
    """What tells one state of a file from the next."""
    return (noted.st_size, noted.st_mtime_ns, noted.st_ino)


def blocks(file: InputFile, start: int = 0, end: int | None = None) -> Iterator[Block]:
    """The lines that begin in [start, end) of the unpacked bytes, in blocks. Only a plain file has other bounds than
    its own; those of Parquet are numbers of its groups. Raises BrokenFileError, after the last line that is whole."""
    try:
        with Path(file.location).open("rb") as opened:
            if stamp_of(os.fstat(opened.fileno())) != file.stamp:
                raise BrokenFileError("the file has changed since the audit began", start)
            match file.form:
                case Form.LINES:
                    yield from _lines(_unpacked(file, opened, start), start, end)
                case Form.DOCUMENT:
                    yield from entry_blocks(content_of(file, opened))
                case Form.PARQUET:
                    yield from row_blocks(opened, file.column, start, end)
            if stamp_of(os.fstat(opened.fileno())) != file.stamp:
                raise BrokenFileError("the file changed while it was read", start)
    except OSError as error:
        raise BrokenFileError(f"the file cannot be read ({error.strerror})", start) from None


def content_of(file: InputFile, opened: BinaryIO) -> bytes:
    """All bytes of a document, unpacked; of one that is too large, enough to tell that it is. Raises
    BrokenFileError."""
    parts: list[bytes] = []
    left = LARGEST + 1
    for part in _unpacked(file, opened, 0):
        parts.append(part[:left])
        left -= len(parts[-1])
        if not left:
            break
    return b"".join(parts)


def _unpacked(file: InputFile, opened: BinaryIO, start: int) -> Iterator[bytes]:
    """The bytes of a file, unpacked; those of a plain one from a byte before `start`."""
    if not file.size and file.path.lower().endswith(PACKED):
        # a copy that failed, perhaps: even nothing takes some bytes when it is packed
        raise BrokenFileError("is empty, as no packed file is", 0)
    if file.packing is Packing.PLAIN:
        # One byte early: only a line feed there tells that a line begins at `start`.
        return _plain(opened.fileno(), max(0, start - 1))
    opened.seek(0)
    packed = iter(lambda: opened.read(BLOCK // 16), b"")
    return _told(gzip_content(packed) if file.packing is Packing.GZIP else zstandard_content(packed))


def _plain(opened: int, at: int) -> Iterator[bytes]:
    """The bytes of an open file, in chunks that end with a line feed where a first look can tell: such a chunk is one
    block as it is, and is not copied."""
    while True:
        look = min(BLOCK, _LOOK)
        feed = os.pread(opened, look, at + BLOCK - look).rfind(b"\n")
        chunk = os.pread(opened, BLOCK if feed < 0 else BLOCK - look + feed + 1, at)
        if not chunk:
            return
        yield chunk
        at += len(chunk)


def _told(content: Iterator[bytes]) -> Iterator[bytes]:
    """The content; a fault in it is one of the file."""
    offset = 0
    try:
        for part in content:
            offset += len(part)
            yield part
    except BrokenDataError as broken:
        raise BrokenFileError(str(broken), offset) from None


def _lines(chunks: Iterator[bytes], start: int, end: int | None) -> Iterator[Block]:
    """Blocks of whole lines that begin in [start, end); the very last may lack its line feed. With a `start` above 0
    the chunks begin one byte before it."""
    offset, rest = start, b""
    if start:
        offset, rest = _behind_feed(chunks, start - 1)
    while end is None or offset < end:
        chunk, fault = _next(chunks)
        content, rest = (rest + chunk if rest else chunk), b""
        if end is not None and offset + len(content) >= end:
            # the line that begins before `end` is the last one
            cut = content.find(b"\n", max(0, end - 1 - offset)) + 1
            if cut:
                yield Block(offset, content[:cut])
                return
        if not chunk:
            if fault is not None:
                raise BrokenFileError(fault.reason, offset)
            if content:
                yield Block(offset, content)
            return
        cut = content.rfind(b"\n") + 1
        if cut:
            yield Block(offset, content[:cut])
        offset, rest = offset + cut, content[cut:]
        if len(rest) > LONGEST_LINE:
            yield Block(offset, b"", too_long=True)
            offset, rest = _behind_feed(chunks, offset + len(rest))


def _behind_feed(chunks: Iterator[bytes], offset: int) -> tuple[int, bytes]:
    """The offset behind the next line feed, and what was read of the bytes there; at the end of the file, the end."""
    while True:
        chunk, fault = _next(chunks)
        if fault is not None:
            raise BrokenFileError(fault.reason, offset)
        feed = chunk.find(b"\n")
        if feed >= 0 or not chunk:
            return offset + feed + 1, chunk[feed + 1 :]
        offset += len(chunk)


def _next(chunks: Iterator[bytes]) -> tuple[bytes, BrokenFileError | None]:
    """The next chunk, empty at the end; or what broke there."""
    try:
        return next(chunks, b""), None
    except BrokenFileError as broken:
        return b"", broken
