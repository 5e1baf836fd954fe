"""The work of an audit on Apache Spark: one task of Spark for each argument, by executors that see the same files.

Spark says who does what, and does again what failed. Results, kept lines and sorted runs stand in the folder of the
plan, so they need no memory of Spark's driver.
"""

from __future__ import annotations

import pickle
import shutil
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import count
from pathlib import Path
from typing import Any, Self, TypeVar

from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from cds.audit.plan import Plan
from cds.audit.units import aside
from cds.audit.workers import NotStartedError, Shared, Worker, WorkFailedError

_Argument = TypeVar("_Argument")
_Result = TypeVar("_Result")

_LOOK_AGAIN = 0.5
"""Seconds after which is looked what is done."""

_ALONE = {
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.log.level": "ERROR",
    "spark.ui.enabled": "false",
}


@dataclass(frozen=True, slots=True)
class _Step:
    """One function over many arguments. `folder` is its own, for results. The arguments go by way of Spark and not by a
    file, since the key of hashes can be among them."""

    plan: Shared[Plan]
    work: Callable[[Worker, Any], Any]
    arguments: tuple[Any, ...]
    folder: Path

    def do(self, number: int) -> None:
        """One piece of the work, by an executor. Raises WorkFailedError, whose text Spark may write down."""
        try:
            result = self.work(_worker(self.plan), self.arguments[number])
            self._write(f"{number}.done", pickle.dumps(result, pickle.HIGHEST_PROTOCOL))
        except Exception as error:  # noqa: BLE001  whatever went wrong, its text may quote a record
            frame = traceback.extract_tb(error.__traceback__)[-1]
            why = f" ({error.strerror})" if isinstance(error, OSError) else ""
            text = f"{type(error).__name__}{why} at {Path(frame.filename).name}:{frame.lineno}"
            self._write(f"{number}.failed", text.encode())
            raise WorkFailedError(text) from None

    def result(self, number: int) -> Any:
        """What came of a piece of the work that is done; its file goes."""
        path = self.folder / f"{number}.done"
        found = pickle.loads(path.read_bytes())  # noqa: S301  written by this program, in a folder of its own
        path.unlink()
        return found

    def done(self) -> set[str]:
        """The names of what is done. The folder is listed, since a file that was asked for in vain can seem to be
        missing for a while on a network file system."""
        return {path.name for path in self.folder.iterdir()}

    def failure(self) -> str | None:
        """Why a piece of the work failed, where it could say so."""
        return next((path.read_text() for path in sorted(self.folder.glob("*.failed"))), None)

    def _write(self, name: str, content: bytes) -> None:
        """A piece can be done twice, at once even: what comes last counts, and both are the same."""
        with aside(self.folder / name) as part:
            part.write_bytes(content)


@lru_cache(maxsize=1)
def _worker(plan: Shared[Plan]) -> Worker:
    """The Worker of this process, which Spark uses for one piece after the other."""
    return Worker(plan.value)


class Spark:
    """An engine (see workers.Engine). `master`: its URL; None for the one of spark-submit or spark-defaults.conf, and
    where neither names one, this machine. Raises NotStartedError."""

    def __init__(self, plan: Plan, master: str | None = None) -> None:
        self._folder = plan.folder.absolute()
        self._session = _started(master)
        self._plan = Shared.keep(self._folder / "plan.pickle", replace(plan, folder=self._folder))
        self._steps = count()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.stop()

    def map(self, work: Callable[[Worker, _Argument], _Result], arguments: Sequence[_Argument]) -> Iterator[_Result]:
        """See Engine. Raises WorkFailedError."""
        folder = self._folder / f"spark-{next(self._steps)}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        step = _Step(self._plan, work, tuple(arguments), folder)
        done: set[str] = set()
        with ThreadPoolExecutor(1) as beside:
            job = beside.submit(self._run, step, len(arguments))
            try:
                for number in range(len(arguments)):
                    while f"{number}.done" not in done and not job.done():
                        wait([job], _LOOK_AGAIN)
                        done = step.done()
                    if job.done():
                        job.result()
                    yield step.result(number)
            except BaseException:
                self._session.sparkContext.cancelAllJobs()
                raise

    def _run(self, step: _Step, pieces: int) -> None:
        """Have all pieces done: a table of their numbers, each in a partition of its own."""

        def do(batches: Iterable[Any]) -> Iterator[Any]:
            for batch in batches:
                for number in batch.column(0).to_pylist():
                    step.do(number)
                yield batch

        table = self._session.range(0, pieces, 1, max(pieces, 1)).mapInArrow(do, "id long")
        try:
            table.write.format("noop").mode("overwrite").save()
        except (PySparkException, Py4JError) as error:
            why = step.failure() or f"{type(error).__name__}; Spark's own log says why"
            raise WorkFailedError(f"the work on Spark failed: {why}") from None


def _started(master: str | None) -> SparkSession:
    builder = SparkSession.builder.appName("nusinersen-cds audit").config("spark.ui.showConsoleProgress", "false")
    if master is not None:
        builder = builder.master(master)
        if master.startswith("local"):
            # on one machine nothing listens to the network, and the log holds what went wrong alone
            builder = builder.config(map=_ALONE)
    try:
        return builder.getOrCreate()
    except (PySparkException, Py4JError) as error:
        needs = "it needs Java 17 or newer on the PATH or at JAVA_HOME, and a --master that answers"
        raise NotStartedError(
            f"Spark did not start ({type(error).__name__}): {needs}; what it wrote says more"
        ) from None
