"""Who does the work of an audit: one function over many arguments, by the processes of an engine."""

from __future__ import annotations

import gc
import multiprocessing
import os
import pickle
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache, partial
from multiprocessing.connection import wait
from pathlib import Path
from secrets import token_hex
from threading import Thread
from typing import Any, Generic, Protocol, Self, TypeVar

from cds.audit.medications import Medications
from cds.audit.plan import Plan
from cds.audit.scan import Scanner

_Argument = TypeVar("_Argument")
_Result = TypeVar("_Result")


class Worker:
    """One process of an engine: what it keeps from one piece of work to the next."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.scanner = Scanner(plan.drug, plan.question.zone, plan.question.markers, strict=plan.strict)
        self._medications: Medications | None = None

    @property
    def medications(self) -> Medications:
        """The Medications, once they are all known."""
        if self._medications is None:
            self._medications = Medications(self.plan.medications, self.plan.drug)
        return self._medications


class NotStartedError(Exception):
    """An engine could not start: the message says what it needs."""


class WorkFailedError(Exception):
    """An engine gave up. The message holds nothing of the input."""


class Engine(Protocol):
    """Has work done, here or on other machines. Arguments and results travel; whatever is large stays in the folder of
    the plan."""

    def map(self, work: Callable[[Worker, _Argument], _Result], arguments: Sequence[_Argument]) -> Iterator[_Result]:
        """The results in the order of the arguments. `work` is a function of a module; done again, it does the same."""


class Processes:
    """The embedded engine: processes of this machine. With one job all is done in this process."""

    def __init__(self, plan: Plan, jobs: int | None = None) -> None:
        self._jobs = jobs or len(os.sched_getaffinity(0))
        method = "fork" if "fork" in multiprocessing.get_all_start_methods() else "spawn"
        # a matcher is made once, and the processes that are forked from this one have it too
        _begin(plan)
        self._executor = (
            ProcessPoolExecutor(
                self._jobs, mp_context=multiprocessing.get_context(method), initializer=_begin_apart, initargs=(plan,)
            )
            if self._jobs > 1
            else None
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._executor is not None:
            self._executor.shutdown(cancel_futures=True)

    def map(self, work: Callable[[Worker, _Argument], _Result], arguments: Sequence[_Argument]) -> Iterator[_Result]:
        """See Engine."""
        here = partial(_do, work)
        return iter(self._executor.map(here, arguments) if self._executor is not None else map(here, arguments))


_UNTIL_LOOKED = 100_000
"""So many more objects than there were until is looked for those that only refer to each other."""

_worker: Worker | None = None


def _begin(plan: Plan) -> None:
    global _worker  # noqa: PLW0603  one for each process: that is how a pool hands things on
    if _worker is None or _worker.plan is not plan:
        _worker = Worker(plan)


def _begin_apart(plan: Plan) -> None:
    """The start of a process of its own. It ends with the one that started it: what is left of a killed audit must not
    write beside the one that goes on with it."""
    parent = multiprocessing.parent_process()
    assert parent is not None, "a process of an engine"

    def follow() -> None:
        wait([parent.sentinel])
        os._exit(1)

    Thread(target=follow, daemon=True).start()
    _begin(plan)
    # what is there stays, and of what is made of records next to nothing refers back to what refers to it
    gc.freeze()
    gc.set_threshold(_UNTIL_LOOKED)


def _do(work: Callable[[Worker, _Argument], _Result], argument: _Argument) -> _Result:
    assert _worker is not None, "a process of an engine"
    return work(_worker, argument)


@dataclass(frozen=True, slots=True)
class Shared(Generic[_Result]):
    """A value that all workers need, kept in a file of the folder of a plan, so that each process reads it once.
    `token` tells it from what an earlier audit of the same process has kept there."""

    path: Path
    token: str

    @classmethod
    def keep(cls, path: Path, value: _Result) -> Shared[_Result]:
        """Write the value."""
        path.write_bytes(pickle.dumps(value, pickle.HIGHEST_PROTOCOL))
        return cls(path.absolute(), token_hex(8))

    @property
    def value(self) -> _Result:
        """The value read."""
        found: _Result = _kept(self)
        return found


@lru_cache(maxsize=4)
def _kept(shared: Shared[Any]) -> Any:
    return pickle.loads(shared.path.read_bytes())  # noqa: S301  written by this program, in a folder of its own
