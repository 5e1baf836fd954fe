"""Whole lines, however they come: the unit in which input is looked at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from cds.audit.documents import NoDocumentError, read_document
from cds.audit.lines import LONGEST_LINE
from cds.audit.parquet import NoRowsError, rows

_SIZE = 1 << 20


@dataclass(frozen=True, slots=True)
class Block:
    """Whole lines. `offset` is that of the first byte in the unpacked file. `too_long`: in place of the bytes of a line
    that is longer than any resource stands nothing, but it is counted."""

    offset: int
    content: bytes
    too_long: bool = False


class BrokenFileError(Exception):
    """The file ends early, is damaged or has changed; what came before is good. `offset` is where, unpacked."""

    def __init__(self, reason: str, offset: int) -> None:
        super().__init__(reason)
        self.reason = reason
        self.offset = offset


def entry_blocks(content: bytes) -> Iterator[Block]:
    """The entries of a document, one a line. Raises BrokenFileError, after the last of them."""
    try:
        document = read_document(content)
    except NoDocumentError as fault:
        raise BrokenFileError(str(fault), 0) from None
    yield from _joined(document.lines)
    if document.faults:
        raise BrokenFileError("; ".join(document.faults), 0)


def row_blocks(opened: BinaryIO, column: str, start: int, end: int | None) -> Iterator[Block]:
    """The rows of some groups of Parquet, one a line. Raises BrokenFileError, after the last that could be read."""
    try:
        yield from _joined(rows(opened, column, start, end))
    except NoRowsError as fault:
        raise BrokenFileError(str(fault), 0) from None


def _joined(lines: Iterable[bytes]) -> Iterator[Block]:
    """Lines that come one by one, in blocks; offsets are those in the lines joined."""
    offset, held, size = 0, list[bytes](), 0
    for line in lines:
        if len(line) > LONGEST_LINE:
            if held:
                yield Block(offset, b"\n".join([*held, b""]))
            yield Block(offset + size, b"", too_long=True)
            offset, held, size = offset + size + len(line) + 1, [], 0
            continue
        held.append(line)
        size += len(line) + 1
        if size >= _SIZE:
            yield Block(offset, b"\n".join([*held, b""]))
            offset, held, size = offset + size, [], 0
    if held:
        yield Block(offset, b"\n".join([*held, b""]))
