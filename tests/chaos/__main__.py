"""The service under faults, with real processes: `python -m tests.chaos` prints tables and writes docs/faults.md."""

from __future__ import annotations

import logging
import sys
import tempfile
from pathlib import Path

from tests.architecture.sources import ROOT
from tests.chaos.keeping import keeping
from tests.chaos.load import load
from tests.chaos.reading import prefetching, reading
from tests.chaos.tokens import tokens
from tests.chaos.verdict import Row, answers_table, counts_table

HEAD = """# Faults

<!-- Written by `make chaos` (tests/chaos). Do not edit. -->

What callers get under a fault, and what a clinician then sees: an EHR shows every error as no advice, so that it looks
like "all clear". The service is a real process; each history would give a card if it were read.
"""


def main() -> int:
    """Run everything; 1 where something is not as promised."""
    # servers that misbehave on purpose
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL + 1)
    found = []
    with tempfile.TemporaryDirectory(prefix="nusinersen-cds-chaos-") as name:
        for part in (reading, prefetching, tokens, keeping, load):
            (folder := Path(name) / part.__name__).mkdir()
            for each in part(folder):
                found.append(each)
                print(("FAILS " if each.problems else "") + f"{each.fault}: {'; '.join(each.problems)}", flush=True)
    rows, counts = [e for e in found if isinstance(e, Row)], [e for e in found if not isinstance(e, Row)]
    page = f"{HEAD}\n## Answers\n\n{answers_table(rows)}\n\n## Journal and memory\n\n{counts_table(counts)}\n"
    print(page)
    (ROOT / "docs" / "faults.md").write_text(page, "utf-8")
    return 1 if any(each.problems for each in found) else 0


if __name__ == "__main__":
    sys.exit(main())
