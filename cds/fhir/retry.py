"""When to ask again, and after how long."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime

RETRIED = frozenset({429, 502, 503, 504})


def pause_before(attempt: int, headers: Mapping[str, str], *, first: float, random: Callable[[], float]) -> float:
    """Seconds to wait after failed attempt number `attempt` (1, 2, ...): what Retry-After says and up to
    `first` beyond it, else `first`, doubled each time, of which a random half to whole. So many callers do not come
    back at once."""
    asked = retry_after(headers)
    if asked is not None:
        return asked + first * random()
    longest = first * 2.0 ** (attempt - 1)
    return longest * (0.5 + random() / 2)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Retry-After in seconds. A date is measured from the answer's own Date header, so no clock of ours is needed."""
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        until, now = parsedate_to_datetime(value), parsedate_to_datetime(headers.get("date", ""))
        return max(0.0, (until - now).total_seconds())
    except (TypeError, ValueError):  # no date, or one with and one without a zone
        return None
