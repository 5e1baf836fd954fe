"""The garbage collector of a serving process, told what it need not look at."""

from __future__ import annotations

import gc

_NEW_OBJECTS = 20_000


def settle_collector() -> None:
    """To be called once the application is made. A call makes a thousand or two objects, which are all gone at its end
    without the collector: with Python's threshold of 700 it looked at them, and now and then at the whole program, in
    the middle of every call."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS, 20, 20)
