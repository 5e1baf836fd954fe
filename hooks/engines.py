"""Which engine does the work of an audit."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from typing import TypeAlias

from cds.audit.plan import Plan
from cds.audit.workers import Engine, Processes
from hooks.console import UsageError
from hooks.settings import let_executors_use_this_python

EngineOf: TypeAlias = Callable[[Plan], AbstractContextManager[Engine]]
"""Starts an engine for an audit."""


def engine_of(name: str, *, jobs: int | None = None, master: str | None = None) -> EngineOf:
    """The engine that was asked for. Raises UsageError."""
    if name not in {"embedded", "spark"}:
        raise UsageError(f"--engine: {name!r} is none; write one of: embedded, spark")
    if name == "embedded":
        if master is not None:
            raise UsageError("--master is where Spark runs; write --engine spark too, or leave it out")
        return partial(Processes, jobs=jobs)
    if jobs is not None:
        raise UsageError("--jobs is for the embedded engine; with Spark the master says it, such as --master local[4]")
    try:
        from cds.audit.spark import Spark
    except ModuleNotFoundError as missing:
        raise UsageError(f"--engine spark needs {missing.name}: pip install 'nusinersen-cds[spark]'") from None
    let_executors_use_this_python()
    return partial(Spark, master=master)
