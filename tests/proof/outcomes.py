"""A plugin of pytest: writes what became of every test, and which marks it has, as JSON for the proof to read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

NOT_RUN = ("skip", "skipif", "xfail")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--outcomes", type=Path, required=True, help="file for the outcomes")


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(_Outcomes(config.getoption("--outcomes")))


class _Outcomes:
    """`marks`: of every test that was collected, those marks that keep it from counting. `outcomes`: the worst of its
    phases, `passed`, `skipped`, `failed`; an error in a fixture is `error`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._marks: dict[str, list[str]] = {}
        self._outcomes: dict[str, str] = {}

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        for item in session.items:
            self._marks[item.nodeid] = [mark.name for mark in item.iter_markers() if mark.name in NOT_RUN]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        outcome: str = report.outcome
        if outcome == "failed" and report.when != "call":
            outcome = "error"
        if hasattr(report, "wasxfail"):
            outcome = "xfailed"
        if outcome != "passed" or report.when == "call":
            self._outcomes[report.nodeid] = outcome

    def pytest_sessionfinish(self) -> None:
        said = {"marks": self._marks, "outcomes": self._outcomes}
        self._path.write_text(json.dumps(said), encoding="utf-8")
