"""The spool's folder: each run of the service writes in a folder of its own, and a lock tells the living from the dead.

The folder must be on a disk of this machine: locks of network file systems are not to be trusted.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_LOCK = "lock"
_UNFINISHED = ".new-"


class RunFolder:
    """The folder of this run, locked until it is released. Raises OSError where it cannot be made."""

    def __init__(self, spool: Path, run: str) -> None:
        spool.mkdir(mode=0o700, parents=True, exist_ok=True)
        # locked before it is seen under its name, so that nobody takes it for that of a dead run
        unfinished = spool / f"{_UNFINISHED}{run}"
        unfinished.mkdir(mode=0o700, exist_ok=True)
        self.path = spool / run
        self._lock = os.open(unfinished / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            unfinished.rename(self.path)
            sync_folder(spool)
        except OSError:
            os.close(self._lock)
            raise

    def release(self) -> None:
        """Give up the lock, and remove the folder where nothing is left in it."""
        _remove_if_empty(self.path)
        os.close(self._lock)


@contextmanager
def dead_runs(spool: Path) -> Iterator[list[Path]]:
    """The folders of runs that have ended without writing all to the database, locked for the block. One in which all
    was taken care of is removed at its end."""
    locks: dict[Path, int] = {}
    try:
        for folder in sorted(spool.iterdir() if spool.is_dir() else ()):
            if folder.is_dir() and not folder.name.startswith("."):
                with suppress(OSError):
                    lock = os.open(folder / _LOCK, os.O_RDWR)
                    try:
                        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                        locks[folder] = lock
                    except OSError:
                        os.close(lock)
        yield list(locks)
    finally:
        for folder, lock in locks.items():
            with suppress(OSError):
                _remove_if_empty(folder)
            os.close(lock)


def sync_folder(folder: Path) -> None:
    """Make sure that a new name in a folder outlives a power cut."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _remove_if_empty(folder: Path) -> None:
    if not folder.is_dir() or any(path.name != _LOCK for path in folder.iterdir()):
        return
    (folder / _LOCK).unlink(missing_ok=True)
    folder.rmdir()
