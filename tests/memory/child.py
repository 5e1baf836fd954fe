"""A process with a journal of its own: `python -m tests.memory.child URL SPOOL RUN`, told by lines what to do.

`keep FROM TO` keeps decisions one after the other and prints each name once it is answered; `status` prints what was
lost and what is wrong with the spool; the end of the input is an orderly end.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

from hooks.database.database import Database
from hooks.journal.journal import Journal
from tests.memory.entries import decision, keep


def main() -> None:
    """Until the input ends, or somebody kills it."""
    url, spool, run = sys.argv[1:]
    clock = lambda: datetime(2026, 5, 3, 23, 45, tzinfo=UTC)  # noqa: E731
    journal = Journal(Database(url, clock=clock), folder=Path(spool), limit=10_000_000, run=run, clock=clock)
    journal.start()
    for line in sys.stdin:
        word, *numbers = line.split()
        if word == "keep":
            for number in range(*map(int, numbers)):
                keep(journal, decision(f"{run}-{number:04}"))
                print(f"{run}-{number:04}", flush=True)
        print("done" if word == "keep" else f"{journal.status().lost} {journal.status().spool}", flush=True)
    journal.close()


if __name__ == "__main__":
    main()
