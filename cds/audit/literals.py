"""Where long literals stand in a block, found by looking at one word in four."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Positions = npt.NDArray[np.int64]

_WORD = 8
_STEP = 4 * _WORD
SHORTEST = _STEP + _WORD - 1
"""Bytes of the shortest literal that holds a whole word at one of the places that are looked at, wherever it stands."""
_BITS = 14
_FIRST = 0x9E3779B97F4A7C15


class Literals:
    """Finds all of a few literals at once. Each occurrence has exactly one word that both is looked at and lies within
    its first bytes, so that which word that is tells where the literal begins; whether it is there is then compared."""

    def __init__(self, literals: Sequence[bytes]) -> None:
        self._literals = literals
        places: dict[int, list[tuple[int, int]]] = {}
        for number, literal in enumerate(literals):
            if len(literal) < SHORTEST:
                raise ValueError(f"{literal!r} is shorter than {SHORTEST} bytes")
            for offset in range(_STEP):
                word = int.from_bytes(literal[offset : offset + _WORD], "little")
                places.setdefault(word, []).append((number, offset))
        self._times, self._slots = _without_collisions(list(places))
        # for each literal and slot, how far into the literal the word stands; a second row where it stands there twice
        self._offsets: list[list[npt.NDArray[np.int64]]] = []
        for number in range(len(literals)):
            of_slots = [[offset for each, offset in of_word if each == number] for of_word in places.values()]
            self._offsets.append(
                [
                    np.array([-1, *(each[row] if row < len(each) else -1 for each in of_slots)])
                    for row in range(max(map(len, of_slots)))
                ]
            )

    def find(self, block: bytes) -> list[Positions]:
        """Where each of the literals begins, in order."""
        words = np.frombuffer(block, dtype="<u8", count=len(block) // _WORD)[:: _STEP // _WORD]
        slots = self._slots.take((words * self._times >> np.uint64(64 - _BITS)).view(np.int64))
        candidates = np.flatnonzero(slots != 0)
        slots, candidates = slots[candidates].astype(np.int64), candidates * _STEP
        found = []
        for literal, rows in zip(self._literals, self._offsets, strict=True):
            each = []
            for offsets in rows:
                offset = offsets.take(slots)
                there = np.flatnonzero(offset >= 0)
                each.append(_verified(block, literal, candidates.take(there) - offset.take(there)))
            found.append(each[0] if len(each) == 1 else np.sort(np.concatenate(each)))
        return found


def windows(block: bytes, starts: Positions, width: int) -> npt.NDArray[np.void]:
    """The `width` bytes at each start; all of them must lie in the block."""
    every = np.ndarray((max(0, len(block) - width + 1),), dtype=f"V{width}", buffer=block, strides=(1,))
    found: npt.NDArray[np.void] = every[starts]
    return found


def _verified(block: bytes, literal: bytes, starts: Positions) -> Positions:
    starts = starts[(starts >= 0) & (starts + len(literal) <= len(block))]
    found: Positions = starts[windows(block, starts, len(literal)) == np.void(literal)]
    return found


def _without_collisions(words: Sequence[int]) -> tuple[np.uint64, npt.NDArray[np.uint8]]:
    """A number to multiply words with, so that the upper bits of the products differ; and by these bits the place of
    the word among them, from 1."""
    for attempt in range(1000):
        times = (_FIRST * (2 * attempt + 1)) % 2**64
        slots = [(word * times % 2**64) >> (64 - _BITS) for word in words]
        if len(set(slots)) == len(slots):
            table = np.zeros(1 << _BITS, dtype=np.uint8)
            table[slots] = np.arange(1, len(slots) + 1)
            return np.uint64(times), table
    raise ValueError("the literals are too many for the table")
