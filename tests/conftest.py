"""What all tests share: published records are skipped aloud where there are none, and how many examples are drawn.

Property tests try a fixed set of examples in daily work. `HYPOTHESIS_PROFILE=thorough pytest tests/properties` draws
many new ones and reports the smallest that breaks a law. No test is timed: these machines are shared.
"""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Iterable

import pytest
from hypothesis import HealthCheck, settings

from tests import published

SLOW_IS_FINE = [HealthCheck.too_slow, HealthCheck.filter_too_much]
settings.register_profile(
    "steady", derandomize=True, database=None, deadline=None, max_examples=150, suppress_health_check=SLOW_IS_FINE
)
settings.register_profile(
    "thorough", database=None, deadline=None, max_examples=5000, suppress_health_check=SLOW_IS_FINE
)

_STATE = pytest.StashKey[str]()


def pytest_configure(config: pytest.Config) -> None:
    """What a service under test keeps, where a test does not say otherwise, goes with the tests. A shell starts what
    runs in the background deaf to Ctrl-C, and so would be all that the tests start."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    config.stash[_STATE] = os.environ["NUSINERSEN_CDS_STATE_FOLDER"] = tempfile.mkdtemp(prefix="nusinersen-cds-tests-")


def pytest_unconfigure(config: pytest.Config) -> None:
    del os.environ["NUSINERSEN_CDS_STATE_FOLDER"]
    shutil.rmtree(config.stash[_STATE], ignore_errors=True)


settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))


def pytest_collection_modifyitems(items: Iterable[pytest.Item]) -> None:
    if published.FOLDER.is_dir():
        return
    for item in items:
        if item.get_closest_marker("published"):
            item.add_marker(pytest.mark.skip(reason=published.ABSENT))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = [
        report for report in terminalreporter.stats.get("skipped", ()) if published.ABSENT in str(report.longrepr)
    ]
    if skipped:
        terminalreporter.section("PUBLISHED RECORDS NOT READ", red=True, bold=True)
        terminalreporter.line(f"{len(skipped)} tests did not run: {published.ABSENT}")
