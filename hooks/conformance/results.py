"""What a check is, what became of it, and the book in which each judgement is entered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from hooks.console import printable

_SHOWN = 3
_WIDTH = 300


class Severity(StrEnum):
    """How much a failed check matters: a rule that is broken, good practice, or a remark."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Outcome(StrEnum):
    """What became of a check."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Check:
    """One rule. `title` says it, `advice` what to do where it is broken, `needs` what must be there to judge it by.

    `crd` marks what only the Da Vinci implementation guide CRD demands: such checks are made when they are asked for.
    """

    id: str
    severity: Severity
    title: str
    advice: str
    needs: str
    crd: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """`seen`: what broke the rule, where it failed. `reason`: why it was skipped."""

    check: Check
    outcome: Outcome
    seen: tuple[str, ...] = ()
    reason: str = ""


class Book:
    """Collects judgements by the id of the check. A check that was never judged is skipped, never passed."""

    def __init__(self, checks: Mapping[str, Check], *, crd: bool) -> None:
        self._checks, self._crd = checks, crd
        self._faults: dict[str, list[str]] = {}
        self._skipped: dict[str, str] = {}

    def judge(self, check: str, faults: Iterable[str] = ()) -> bool:
        """One judgement; the rule was kept if there are no faults. Says whether it was."""
        found = list(faults)
        self._faults.setdefault(self._checks[check].id, []).extend(found)
        return not found

    def skip(self, check: str, reason: str) -> None:
        """Why a check was not made; of no effect where it was made somewhere else."""
        self._skipped.setdefault(self._checks[check].id, reason)

    def results(self) -> tuple[Result, ...]:
        """One result for each check, in the order of the table."""
        return tuple(self._result(check) for check in self._checks.values())

    def _result(self, check: Check) -> Result:
        if check.crd and not self._crd:
            return Result(check, Outcome.SKIPPED, reason="only CRD demands it: asked for with --crd")
        faults = self._faults.get(check.id)
        if faults is None:
            reason = self._skipped.get(check.id, f"nothing to judge by: {check.needs}")
            return Result(check, Outcome.SKIPPED, reason=reason)
        return Result(check, Outcome.FAILED if faults else Outcome.PASSED, _shortened(faults))


def _shortened(faults: Iterable[str]) -> tuple[str, ...]:
    every = list(dict.fromkeys(faults))
    shown = [short(fault) for fault in every[:_SHOWN]]
    return (*shown, *([f"and {len(every) - _SHOWN} more"] if len(every) > _SHOWN else []))


def short(text: str) -> str:
    """On one line, without characters that a terminal obeys, and cut where it is long."""
    line = printable(" ".join(text.split()))
    return line if len(line) <= _WIDTH else f"{line[: _WIDTH - 4]} ..."
