"""Medications as they are written, told once by their pattern and known again by their bytes."""

from __future__ import annotations

import re

import numpy as np
import numpy.typing as npt

from cds.audit.places import WORD, Positions, Words, words

OPEN = -1
"""Not told: by no pattern, or not among what is known."""

_MOST = 8192
_MOST_ALIKE = 16
"""So many that begin alike are compared with a line; more are not kept."""

Verdicts = npt.NDArray[np.int32]


class Known:
    """What a pattern matched, to be found again at many places of a block at once. `prefix`: bytes by which it is
    looked up, before all of it is compared; `most`: no longer text is kept to be compared. Both are multiples of 8."""

    def __init__(self, pattern: re.Pattern[bytes], prefix: int, most: int) -> None:
        self._pattern, self._prefix, self._most = pattern, prefix, most
        self.texts: list[bytes] = []
        """What is known; the verdict on a place is its index here."""
        self._numbers: dict[bytes, int] = {}
        self._keys: dict[int, list[int]] = {}
        self._pairs = 0
        self._times = np.random.default_rng(prefix).integers(2**63, size=prefix // WORD, dtype=np.uint64) | np.uint64(1)
        self._width = prefix
        self._order: npt.NDArray[np.int32] = np.zeros(0, dtype=np.int32)
        self._sorted: Words = np.zeros(0, dtype=np.uint64)
        self._rows = self._masks = np.zeros((0, prefix // WORD), dtype=np.uint64)

    def verdicts(self, block: bytes, starts: Positions, ends: Positions) -> Verdicts:
        """What stands at each start, in a line with this end. What is not known yet is matched, and kept if there is
        room."""
        found = np.full(len(starts), OPEN, dtype=np.int32)
        inside = np.flatnonzero(starts + self._width <= len(block))
        rows = words(block, starts[inside], self._width)
        keys: Words = rows[:, : self._prefix // WORD] @ self._times
        found[inside] = self._compared(rows, keys)
        unknown = found == OPEN
        if unknown.any():
            key_of = np.zeros(len(starts), dtype=np.uint64)
            key_of[inside] = keys
            before = self._pairs
            for at in np.flatnonzero(unknown):
                found[at] = self._learn(block, int(starts[at]), int(ends[at]), int(key_of[at]))
            if self._pairs > before:
                self._build()
        return found

    def _compared(self, rows: Words, keys: Words) -> Verdicts:
        found = np.full(len(rows), OPEN, dtype=np.int32)
        if not len(self._sorted):
            return found
        at = np.searchsorted(self._sorted, keys)
        left = np.arange(len(rows))
        while True:
            at, left = at[at < len(self._sorted)], left[at < len(self._sorted)]
            same = self._sorted[at] == keys[left]
            at, left = at[same], left[same]
            if not len(left):
                return found
            different = self._masks.take(at, axis=0)
            different &= rows if len(left) == len(rows) else rows.take(left, axis=0)
            different ^= self._rows.take(at, axis=0)
            if not different.any():
                found[left] = self._order[at]
                return found
            differs = np.bitwise_or.reduce(different, axis=1) != 0
            found[left[~differs]] = self._order[at[~differs]]
            at, left = at[differs] + 1, left[differs]

    def _learn(self, block: bytes, start: int, end: int, key: int) -> int:
        """The number of what stands here, new or not; OPEN where no pattern matches, or there is no room."""
        matched = self._pattern.match(block, start, end)
        if matched is None:
            return OPEN
        text = matched[0]
        number = self._numbers.get(text, len(self.texts))
        if number == len(self.texts):
            if number >= _MOST:
                return OPEN
            self._numbers[text] = number
            self.texts.append(text)
        # without a key, near the end of a block, it is known by its text alone
        alike = self._keys.setdefault(key, []) if key and len(text) <= self._most and self._pairs < _MOST else [number]
        if number not in alike and len(alike) < _MOST_ALIKE and self._pairs < _MOST:
            alike.append(number)
            self._pairs += 1
        return number

    def _build(self) -> None:
        """The table in order of keys; one text may have several, since what follows it may belong to the key."""
        pairs = sorted((key, number) for key, numbers in self._keys.items() for number in numbers)
        self._sorted = np.array([key for key, _ in pairs], dtype=np.uint64)
        self._order = np.array([number for _, number in pairs], dtype=np.int32)
        texts = [self.texts[number] for _, number in pairs]
        # as wide as it must be: the narrower, the quicker
        self._width = max(self._prefix, -(-max(map(len, texts)) // WORD) * WORD)
        padded = b"".join(text.ljust(self._width, b"\0") for text in texts)
        masks = b"".join((b"\xff" * len(text)).ljust(self._width, b"\0") for text in texts)
        self._rows = np.frombuffer(padded, dtype="<u8").reshape(-1, self._width // WORD)
        self._masks = np.frombuffer(masks, dtype="<u8").reshape(-1, self._width // WORD)
