"""Where keys come from: a URL, read seldom and never by a storm of calls, or a local file, read when it changes."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from logging import ERROR, WARNING
from pathlib import Path
from typing import Protocol, TypeAlias

from jwt import PyJWK

from hooks.operations.logs import event
from hooks.security.clients import RefusedError, Why
from hooks.security.keys import KeySet

Fetch: TypeAlias = Callable[[str], Awaitable[bytes]]
"""Reads the key set at a URL. Raises KeysNotReadError."""


class KeysNotReadError(Exception):
    """A key set could not be read; the message says why and is fit for a log."""


class KeySource(Protocol):
    """Keys by their id."""

    @property
    def fault(self) -> str:
        """Why the keys could not be read when that was last tried; empty where they could."""

    async def find(self, kid: str, algorithm: str) -> tuple[PyJWK, ...]:
        """The keys that fit. Raises RefusedError where no keys are known at all."""


class UrlKeys:
    """The key set at one URL, kept for `fresh` seconds.

    A `kid` that is not in it makes it be read again, as after a change of keys, at most once in `pause` seconds:
    whoever makes up ids cannot make us flood the key server. All calls wait for the same reading. While the server is
    down, keys are used for `stale` seconds after they were read.
    """

    def __init__(
        self,
        url: str,
        fetch: Fetch,
        *,
        fresh: float = 600.0,
        stale: float = 86_400.0,
        pause: float = 10.0,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url, self._fetch, self._ticks = url, fetch, ticks
        self._fresh, self._stale, self._pause = fresh, stale, pause
        self._keys: KeySet | None = None
        self._read_at = self._tried_at = -math.inf
        self.fault = ""
        self._reading: asyncio.Task[None] | None = None

    async def find(self, kid: str, algorithm: str) -> tuple[PyJWK, ...]:
        """See KeySource."""
        age = self._ticks() - self._read_at
        if age >= self._stale:
            self._keys = None
        known = self._known(kid, algorithm)
        if known and age < self._fresh:
            return known
        if self._reading is None and self._ticks() - self._tried_at >= self._pause:
            self._reading = asyncio.create_task(self._read())
        # Where the last reading failed and the key is known, the call does not wait for the next one.
        if self._reading is not None and not (known and self.fault):
            await asyncio.shield(self._reading)
            known = self._known(kid, algorithm)
        if self._keys is None:
            raise RefusedError(Why.KEYS_NOT_READ, self._url)
        return known

    def _known(self, kid: str, algorithm: str) -> tuple[PyJWK, ...]:
        return self._keys.find(kid, algorithm) if self._keys is not None else ()

    async def _read(self) -> None:
        try:
            self._tried_at = self._ticks()
            self._keys = KeySet(await self._fetch(self._url))
            self._read_at, self.fault = self._ticks(), ""
        except (KeysNotReadError, ValueError) as error:
            self.fault = str(error)
            event("keys-not-read", WARNING, url=self._url, why=str(error))
        finally:
            self._reading = None


class FileKeys:
    """The key set in a local file, read again when it changes; a broken new version leaves the old keys in use."""

    def __init__(self, path: Path) -> None:
        """Raises ValueError where the file cannot be used: the service must not start so."""
        self._path, self.fault = path, ""
        try:
            self._seen, self._keys = _version(path), KeySet(path.read_bytes())
        except OSError as error:
            raise ValueError(f"the key file {path} cannot be read: {error.strerror}") from None
        except ValueError as error:
            raise ValueError(f"the key file {path}: {error}") from None

    async def find(self, kid: str, algorithm: str) -> tuple[PyJWK, ...]:
        """See KeySource."""
        try:
            seen = _version(self._path)
            if seen != self._seen:
                self._seen = seen
                self._keys = KeySet(self._path.read_bytes())
                self.fault = ""
                event("key-file-read-again", file=str(self._path))
        except (OSError, ValueError) as error:
            fault = str(error.strerror if isinstance(error, OSError) else error)
            if fault != self.fault:
                self.fault = fault
                # the old keys stay in use
                event("key-file-not-usable", ERROR, file=str(self._path), why=fault)
        return self._keys.find(kid, algorithm)


def _version(path: Path) -> tuple[int, int, int]:
    found = path.stat()
    return found.st_mtime_ns, found.st_size, found.st_ino
