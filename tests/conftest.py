"""What all tests share: the tests that need published records are skipped aloud where there are none."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from tests import published


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
