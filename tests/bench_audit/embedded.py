"""The audit as a process of its own: given its engine, the time at which it was started, a folder, and the files.

Prints, as JSON, the seconds from the start of the process until the scan begins (`start`), those of the scan
(`seconds`), those of assessing (`assess`) and those of writing the outputs (`write`).
"""

from __future__ import annotations

import json
import sys
import time
from datetime import date
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

from cds.audit import audit as audits
from cds.audit.files import InputFile
from cds.audit.ledger import Key
from cds.audit.plan import Plan, tasks
from cds.audit.publish import Wanted
from cds.audit.shares import Question
from cds.dosing.in_force import Regimens
from cds.regimens.library import load
from hooks.engines import engine_of


def main() -> None:
    """Run one audit. The second argument is the reading of the monotonic clock when this process was started."""
    name, begun, folder, *paths = sys.argv[1:]
    question = Question(Regimens.of(load().get("eu-12mg")), date(2026, 5, 1), ZoneInfo("Europe/Stockholm"))
    marks = [float(begun)]
    # the audit has no clock: where its steps begin and end is seen by standing in their places
    for step in ("scan", "publish"):
        setattr(audits, step, _timed(getattr(audits, step), marks))
    with TemporaryDirectory(dir=folder) as output:
        work = Path(output, "work")
        work.mkdir()
        plan = Plan(tasks(InputFile.of(Path(path)) for path in paths), question, work)
        with engine_of(name, master="local[*]" if name == "spark" else None)(plan) as engine:
            audited = audits.audit(plan, Wanted(Path(output)), engine)
    start, scan, assess, write = (after - before for before, after in pairwise(marks))
    said = {"start": start, "seconds": scan, "assess": assess, "write": write}
    counts = {key.value: number for key, number in audited.ledger.counts.items() if number}
    balanced = audited.ledger.balanced
    print(json.dumps({**said, "found": audited.ledger.counts[Key.USED], "balanced": balanced, "counts": counts}))


def _timed(step: Any, marks: list[float]) -> Any:
    def timed(*given: Any, **more: Any) -> Any:
        marks.append(time.monotonic())
        done = step(*given, **more)
        marks.append(time.monotonic())
        return done

    return timed


if __name__ == "__main__":
    main()
