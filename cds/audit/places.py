"""Where a text stands in a block, and what stands at many places of it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import stringzilla

Positions = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]

WORD = 8


def places(block: bytes, text: bytes) -> Positions:
    """Where a text stands, in order."""
    between = np.fromiter(map(len, stringzilla.split_iter(block, text)), dtype=np.int64)
    return np.cumsum(between[:-1] + len(text)) - len(text)


def words(block: bytes, starts: Positions, width: int) -> Words:
    """The `width` bytes at each start, a row of words each; all of them must lie in the block."""
    every = np.ndarray((max(0, len(block) - width + 1),), dtype=f"V{width}", buffer=block, strides=(1,))
    found: Words = every[starts].view("<u8").reshape(len(starts), width // WORD)
    return found


def standing(block: bytes, starts: Positions, text: bytes) -> npt.NDArray[np.bool_]:
    """At which of the starts a text of at least a word stands; it must fit into the block at all of them."""
    head, tail = len(text) // WORD * WORD, len(text) - WORD
    same = words(block, starts, head) == np.frombuffer(text[:head], dtype="<u8")
    last = words(block, starts + tail, WORD)[:, 0] == np.frombuffer(text[tail:], dtype="<u8")
    # mostly it is the same everywhere
    found: npt.NDArray[np.bool_] = last if same.all() else same.all(axis=1) & last
    return found
