"""The options of `audit` that are no question and no input, as they were given."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hooks.settings import CheckSettings


@dataclass(frozen=True, slots=True)
class Options:
    """`severity`: the least to list; `patients`: a file with those who are asked for; `since`: the first day of doses
    whose findings are listed; `sample`: so many patients; `resume`: go on with an audit that was interrupted;
    `parquet_column`: the one with the resources; `export`: the base URL of a server that is to make an export, of a
    `group` and of what changed from `export_since` on, where these are given; `export_stores`: the servers from which
    its files may be fetched too; `parallel`: patients that are read at
    once from a server without one; `server`: the base URL of the one at which the patients of files have their ids."""

    settings: CheckSettings
    strict: bool = False
    severity: str = "info"
    patients: Path | None = None
    since: str | None = None
    sample: int | None = None
    resume: bool = False
    parquet_column: str = "resource"
    export: str | None = None
    group: str | None = None
    export_since: str | None = None
    export_stores: tuple[str, ...] = ()
    parallel: int = 4
    server: str | None = None
