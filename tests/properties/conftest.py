"""How many histories are tried: a fixed few hundred in daily work, many new ones where `thorough` is asked for.

`HYPOTHESIS_PROFILE=thorough pytest tests/properties` draws new histories each time and reports the smallest that
breaks a law.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

SLOW_IS_FINE = [HealthCheck.too_slow, HealthCheck.filter_too_much]

settings.register_profile(
    "steady", derandomize=True, database=None, deadline=None, max_examples=150, suppress_health_check=SLOW_IS_FINE
)
settings.register_profile(
    "thorough", database=None, deadline=None, max_examples=5000, suppress_health_check=SLOW_IS_FINE
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))
