"""A Finding: what a rule found, with the rule's id and the numbers, and no prose."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import NamedTuple, TypeAlias

from cds.dosing.codes import Code, Severity

Quantity: TypeAlias = date | int | Decimal | str

_WARNING_UNLESS_SAID = {
    Code.INTERVAL_TOO_SHORT: Severity.CRITICAL,
    Code.UNEXPECTED_ROUTE: Severity.CRITICAL,
    Code.SCHEDULE_SHIFTED: Severity.INFO,
    Code.DUPLICATE_RECORD: Severity.INFO,
    Code.DATE_IMPRECISE: Severity.INFO,
    Code.IDENTIFIED_BY_TEXT: Severity.INFO,
    Code.ROUTE_UNRECOGNISED: Severity.INFO,
    Code.UNIDENTIFIED_RECORD: Severity.INFO,
    Code.OTHER_SMN_THERAPY: Severity.INFO,
    Code.REGIMEN_SWITCH: Severity.INFO,
    Code.NEAR_BOUNDARY: Severity.INFO,
    Code.PROPOSED_DATE_ASSUMED: Severity.INFO,
    Code.MONITORING_DUE: Severity.INFO,
}
SEVERITY: dict[Code, Severity] = {code: _WARNING_UNLESS_SAID.get(code, Severity.WARNING) for code in Code}
"""The severity of each code where the rule that finds it does not say another one (section 7)."""

_CODE_ORDER = {code: index for index, code in enumerate(Code)}
_SEVERITY_ORDER = {severity: index for index, severity in enumerate(Severity)}


class Finding(NamedTuple):
    """One finding. `required` and `observed` are days (int), a date, or milligrams (Decimal); `evidence` are
    FHIR references of the administrations or orders that it rests on."""

    code: Code
    severity: Severity
    rule: str
    required: Quantity | None = None
    observed: Quantity | None = None
    evidence: tuple[str, ...] = ()


def found(
    code: Code,
    rule: str,
    *,
    severity: Severity | None = None,
    required: Quantity | None = None,
    observed: Quantity | None = None,
    evidence: tuple[str, ...] = (),
) -> Finding:
    """A Finding with the severity that section 7 gives its code, unless the rule says another one."""
    return Finding(code, severity or SEVERITY[code], rule, required, observed, evidence)


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """By severity, then by the list in section 7; the same code and severity once, the first one met."""
    findings = tuple(findings)
    if len(findings) < 2:
        return findings
    first: dict[tuple[int, int], Finding] = {}
    for finding in findings:
        first.setdefault((_SEVERITY_ORDER[finding.severity], _CODE_ORDER[finding.code]), finding)
    return tuple([first[key] for key in sorted(first)])
