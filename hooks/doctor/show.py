"""The report of the doctor: a table for people, or one JSON document."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from enum import StrEnum

import orjson
import typer
from rich.text import Text

from hooks.console import ExitCode, output, say
from hooks.doctor.checks import CHECKS, Check, Outcome
from hooks.rich_text import cells, stdout_console, table

_STYLE = {Outcome.OK: "green", Outcome.WARNING: "yellow", Outcome.FAILED: "bold red", Outcome.NOT_POSSIBLE: "dim"}


class Format(StrEnum):
    """How the report is written."""

    TEXT = "text"
    JSON = "json"


def show(base_url: str, checks: Sequence[Check], form: Format) -> None:
    """The report on standard output, the count of outcomes on standard error."""
    counts = Counter(check.outcome for check in checks)
    with output():
        if form is Format.JSON:
            typer.echo(orjson.dumps(_document(base_url, checks, counts), option=orjson.OPT_INDENT_2))
        else:
            _table(checks)
    say(f"{base_url}: " + ", ".join(f"{counts[outcome]} {outcome}" for outcome in Outcome if counts[outcome]))


def exit_code(checks: Iterable[Check]) -> ExitCode:
    """3 with a failed check, 1 with a warning, else 0."""
    outcomes = {check.outcome for check in checks}
    if Outcome.FAILED in outcomes:
        return ExitCode.NOT_READ
    return ExitCode.FINDINGS if Outcome.WARNING in outcomes else ExitCode.CLEAR


def _document(base_url: str, checks: Iterable[Check], counts: Counter[Outcome]) -> dict[str, object]:
    return {
        "base_url": base_url,
        "outcomes": {outcome.value: counts[outcome] for outcome in Outcome},
        "checks": [
            {
                "id": check.id,
                "checks": CHECKS[check.id],
                "outcome": check.outcome.value,
                "text": check.text,
                "advice": check.advice,
            }
            for check in checks
        ],
    }


def _table(checks: Iterable[Check]) -> None:
    rows = table("check", "outcome", "what was found, and what to do")
    for check in checks:
        found = f"{check.text}\n-> {check.advice}" if check.advice else check.text
        rows.add_row(*cells(check.id), Text(check.outcome.value, _STYLE[check.outcome]), *cells(found))
    stdout_console().print(rows)
