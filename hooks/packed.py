"""The bytes of a file, unpacked if it is gzip; of one that is cut short, all that is before the cut."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from cds.audit.unpack import BrokenDataError, gzip_content

_CHUNK = 1 << 16


class BrokenFile(Exception):
    """The file ends early or is damaged: the message says how. What came before is good."""


def chunks(path: Path) -> Iterator[bytes]:
    """The content in parts. Raises BrokenFile after the last good part."""
    try:
        with path.open("rb") as file:
            content = iter(lambda: file.read(_CHUNK), b"")
            yield from gzip_content(content) if path.name.lower().endswith(".gz") else content
    except BrokenDataError as broken:
        raise BrokenFile(str(broken)) from None
    except OSError as error:
        raise BrokenFile(f"cannot be read ({error.strerror})") from None


def lines(path: Path) -> Iterator[bytes]:
    """The lines without their ends; one that is cut short by a damage is left out. Raises BrokenFile."""
    rest = b""
    for chunk in chunks(path):
        *whole, rest = (rest + chunk).split(b"\n")
        yield from whole
    yield rest
