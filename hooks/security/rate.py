"""How often a client may call: a store of calls for each issuer, filled evenly, which holds those of one minute."""

from __future__ import annotations

import time
from collections.abc import Callable

OVER_RATE = "nusinersen_cds.over_rate"
"""The key of the ASGI scope under which a call over the limit has the seconds until the next one may come."""


class Rate:
    """So many calls a minute for each issuer. Issuers are those of the list, so there are few."""

    def __init__(self, per_minute: int, ticks: Callable[[], float] = time.monotonic) -> None:
        self._most, self._per_second, self._ticks = float(per_minute), per_minute / 60, ticks
        self._left: dict[str, tuple[float, float]] = {}

    def wait(self, issuer: str) -> float:
        """Take one call of an issuer: 0, or the seconds after which there is one to take again."""
        now = self._ticks()
        left, since = self._left.get(issuer, (self._most, now))
        left = min(self._most, left + (now - since) * self._per_second)
        taken = left >= 1
        self._left[issuer] = (left - taken, now)
        return 0.0 if taken else (1 - left) / self._per_second
