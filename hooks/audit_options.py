"""The options of `audit` that are no question and no input, as they were given."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Options:
    """`severity`: the least to list; `patients`: a file with those who are asked for; `since`: the first day of doses
    whose findings are listed; `sample`: so many patients; `resume`: go on with an audit that was interrupted;
    `parquet_column`: the one with the resources."""

    strict: bool = False
    severity: str = "info"
    patients: Path | None = None
    since: str | None = None
    sample: int | None = None
    resume: bool = False
    parquet_column: str = "resource"
