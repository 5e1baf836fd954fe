"""The spool of one run: files of lines on the local disk, written before an answer goes out and drained later."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from hooks.journal.folders import RunFolder, sync_folder
from hooks.journal.lines import framed, unframed

ENDING = ".lines"
_FULL_AT = 1_000_000
"""A file is closed when it has this many bytes, and the next one begun."""
_sync = getattr(os, "fdatasync", os.fsync)


@dataclass(slots=True)
class _File:
    """One file: how much of it is safe on the disk, and how much of that is in the database."""

    path: Path
    handle: int | None
    synced: int = 0
    drained: int = 0
    lines: int = 0


@dataclass(frozen=True, slots=True)
class Portion:
    """Lines that are to be written to the database: the texts, how many are damaged, and where in the file they end."""

    path: Path
    texts: tuple[bytes, ...]
    damaged: int
    end: int


class Spool:
    """The files of this run. `append` is called by one thread, `portions` and `done` by another."""

    def __init__(self, folder: Path, run: str, *, limit: int) -> None:
        self._spool, self._run, self._limit = folder, run, limit
        self._folder: RunFolder | None = None
        self._files: list[_File] = []
        self._lock = threading.Lock()
        self._number = 0
        self.bytes_of_dead_runs = 0
        """What runs before this one have left, as the drain last saw it."""

    def prepare(self) -> None:
        """Make ready what the first `append` needs. Raises OSError."""
        self._open()

    def append(self, texts: Sequence[bytes]) -> None:
        """Write the texts and wait until they are safe. Raises OSError where they are not; none of them is then kept,
        or all of them may be: what is written twice is one in the database."""
        data = framed(texts)
        if self.bytes + self.bytes_of_dead_runs + len(data) > self._limit:
            raise OSError(errno.EDQUOT, "the spool has reached its limit")
        file = self._open()
        assert file.handle is not None
        try:
            _write(file.handle, data, file.synced)
            _sync(file.handle)
            _must_exist(file.handle)
        except OSError:
            # What this file holds beyond `synced` is not known; nothing more is written to it.
            self._close(file)
            raise
        with self._lock:
            file.synced += len(data)
            file.lines += len(texts)
        if file.synced >= _FULL_AT:
            self._close(file)

    def portions(self) -> Iterator[Portion]:
        """What is safe on the disk and not in the database yet, in order, one file at a time. Raises OSError."""
        with self._lock:
            waiting = [(file.path, file.drained, file.synced) for file in self._files if file.drained < file.synced]
        for path, start, end in waiting:
            yield portion(path, start, end)

    def done(self, finished: Portion) -> None:
        """A portion is in the database: a file of which nothing more is wanted is removed."""
        with self._lock:
            file = next(file for file in self._files if file.path == finished.path)
            file.drained = finished.end
            file.lines -= len(finished.texts) + finished.damaged
            if file.handle is None and file.drained >= file.synced:
                self._files.remove(file)
                # one that cannot be removed is written to the database again by the next run, which changes nothing
                with suppress(OSError):
                    file.path.unlink()

    @property
    def lines(self) -> int:
        """How many lines wait for the database."""
        with self._lock:
            return sum(file.lines for file in self._files)

    @property
    def bytes(self) -> int:
        """How many bytes wait for the database."""
        with self._lock:
            return sum(file.synced - file.drained for file in self._files)

    def close(self) -> None:
        """Close the files and give up the lock; what was not drained is left for the next run."""
        for file in list(self._files):
            self._close(file)
        with suppress(OSError):
            for file in list(self._files):
                if file.drained >= file.synced:
                    file.path.unlink()
            if self._folder is not None:
                self._folder.release()
        self._files, self._folder = [], None

    def _open(self) -> _File:
        """The file that is written to, a new one where there is none."""
        if self._files and self._files[-1].handle is not None:
            return self._files[-1]
        if self._folder is not None and not self._folder.path.is_dir():
            self._folder.release()
            self._folder = None
        if self._folder is None:
            self._folder = RunFolder(self._spool, self._run)
        self._number += 1
        path = self._folder.path / f"{self._number:06}{ENDING}"
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        file = _File(path, handle)
        with self._lock:
            self._files.append(file)
        try:
            _reserve(handle)
            sync_folder(self._folder.path)
        except OSError:
            self._close(file)
            raise
        return file

    def _close(self, file: _File) -> None:
        with self._lock:
            if file.handle is not None:
                with suppress(OSError):
                    os.ftruncate(file.handle, file.synced)
                with suppress(OSError):
                    os.close(file.handle)
                file.handle = None
            if file.drained >= file.synced:
                self._files.remove(file)
                with suppress(OSError):
                    file.path.unlink()


def portion(path: Path, start: int = 0, end: int | None = None) -> Portion:
    """The lines of a file between two places. Raises OSError."""
    with path.open("rb") as opened:
        opened.seek(start)
        data = opened.read() if end is None else opened.read(end - start)
    read = unframed(data)
    return Portion(path, read.texts, read.damaged, start + len(data))


def _must_exist(handle: int) -> None:
    """Raises OSError for a file that somebody has removed: what is written to it is gone with it."""
    if not os.fstat(handle).st_nlink:
        raise OSError(errno.ESTALE, "somebody removed the file of the spool")


def _reserve(handle: int) -> None:
    """Fill a file with zeros, which are no lines: where nothing but their content changes, a file is synced many times
    faster. On a disk that has no room for that, a line may still find some."""
    try:
        _write(handle, bytes(_FULL_AT), 0)
    except OSError:
        os.ftruncate(handle, 0)
    os.fsync(handle)


def _write(handle: int, data: bytes, place: int) -> None:
    left = memoryview(data)
    while left:
        written = os.pwrite(handle, left, place)
        left, place = left[written:], place + written
