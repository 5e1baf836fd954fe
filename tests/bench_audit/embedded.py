"""The audit as a process of its own: `python -m tests.bench_audit.embedded BEGUN FOLDER FILE...`.

Prints, as JSON, the seconds from the start of the process until the scan begins, those of the scan, and those of all
that comes after it: assessing, and writing the outputs.
"""

from __future__ import annotations

import json
import sys
import time
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

from cds.audit import audit as audits
from cds.audit.engine import Plan, tasks
from cds.audit.files import InputFile
from cds.audit.ledger import Key
from cds.audit.shares import Question
from cds.regimens.library import load


def main() -> None:
    """Run one audit. `BEGUN` is the reading of the monotonic clock when this process was started."""
    begun, folder, *paths = sys.argv[1:]
    question = Question(load().get("eu-12mg"), date(2026, 5, 1), ZoneInfo("Europe/Stockholm"))
    marks: list[float] = []
    scan = audits.scan

    def timed(*given: object, **more: object) -> object:
        marks.append(time.monotonic())
        scanned = scan(*given, **more)
        marks.append(time.monotonic())
        return scanned

    # the engine has no clock: where the scan begins and ends is seen by standing in its place
    audits.scan = timed
    with TemporaryDirectory(dir=folder) as output:
        work = Path(output, "work")
        work.mkdir()
        plan = Plan(tasks(InputFile.of(Path(path)) for path in paths), question, work)
        audited = audits.audit(plan, audits.Wanted(Path(output)))
        ended = time.monotonic()
    counts = {key.value: number for key, number in audited.ledger.counts.items() if number}
    print(
        json.dumps(
            {
                "start": marks[0] - float(begun),
                "seconds": marks[1] - marks[0],
                "rest": ended - marks[1],
                "found": audited.ledger.counts[Key.USED],
                "balanced": audited.ledger.balanced,
                "counts": counts,
            }
        )
    )


if __name__ == "__main__":
    main()
