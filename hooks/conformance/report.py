"""The results for people and for programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import orjson
import typer

from hooks.conformance.results import Check, Outcome, Result, Severity, short


def as_text(base: str, results: Sequence[Result]) -> str:
    """Failed checks first, with what was seen and what to do; then the skipped ones with the reason; then the rest."""
    by_outcome = {outcome: [one for one in results if one.outcome is outcome] for outcome in Outcome}
    lines = [f"CDS Hooks 2.0, black-box checks of {short(base)}", ""]
    for severity in Severity:
        for one in by_outcome[Outcome.FAILED]:
            if one.check.severity is severity:
                lines.append(f"FAILED   {severity:8} {one.check.id}: {one.check.title}")
                lines += [f"         seen: {seen}" for seen in one.seen]
                lines += [f"         do:   {one.check.advice}", ""]
    lines += [f"skipped  {one.check.severity:8} {one.check.id}: {one.reason}" for one in by_outcome[Outcome.SKIPPED]]
    lines += [
        f"passed   {one.check.severity:8} {one.check.id}: {one.check.title}" for one in by_outcome[Outcome.PASSED]
    ]
    counted = Counter(one.check.severity for one in by_outcome[Outcome.FAILED])
    failed = ", ".join(f"{counted[severity]} of severity {severity}" for severity in Severity)
    passed, skipped = len(by_outcome[Outcome.PASSED]), len(by_outcome[Outcome.SKIPPED])
    return "\n".join([*lines, "", f"{passed} passed, {skipped} skipped; failed: {failed}."])


def as_json(base: str, results: Sequence[Result]) -> bytes:
    """One object with all results."""
    counted = Counter(one.outcome.value for one in results)
    document = {
        "service": base,
        "counts": {outcome.value: counted[outcome.value] for outcome in Outcome},
        "results": [_row(one) for one in results],
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2)


def _row(one: Result) -> dict[str, Any]:
    row: dict[str, Any] = {
        "check": one.check.id,
        "severity": one.check.severity.value,
        "outcome": one.outcome.value,
        "title": one.check.title,
    }
    if one.outcome is Outcome.FAILED:
        row |= {"seen": list(one.seen), "advice": one.check.advice}
    if one.outcome is Outcome.SKIPPED:
        row["reason"] = one.reason
    return row


def list_checks(checks: Iterable[Check]) -> None:
    """The table of checks on standard output."""
    for check in checks:
        typer.echo(f"{check.id:26} {check.severity:8} {check.title}{' (CRD only)' if check.crd else ''}")
