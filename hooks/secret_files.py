"""Files that hold a secret: read only where nobody else can write them or look into them."""

from __future__ import annotations

import os
from pathlib import Path
from stat import S_IMODE

_TOO_OPEN = 0o027
"""Others may do nothing with the file; the group may read it, as with the secrets of a container."""


class TooOpenError(Exception):
    """Others can read the file, or change it. The message says what to do, after the name of the file."""


def read_secret(path: Path, what: str) -> bytes:
    """The content of the file; `what` is its name in words, such as "the key". Raises OSError, and TooOpenError."""
    mode = S_IMODE(path.stat().st_mode)
    content = path.read_bytes()
    if os.name == "posix" and mode & _TOO_OPEN:
        raise TooOpenError(f"is open to others (mode {mode:04o}), and {what} may be known: chmod 600 it")
    return content
