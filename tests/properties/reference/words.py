"""Section 7: the closed list of findings with their severities, and the order in which they are listed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from cds.dosing.findings import Finding as RecordedNote

CRITICAL = ["interval-too-short", "unexpected-route"]
WARNING = [
    "interval-undecidable",
    "earlier-than-schedule",
    "late",
    "overdue",
    "catch-up-required",
    "restart-required",
    "catch-up-omitted",
    "loading-interrupted",
    "loading-not-documented",
    "schedule-undefined",
    "no-label-rule",
    "regimen-switch-undefined",
    "unexpected-amount",
    "partial-dose",
    "outside-record",
    "status-unknown",
    "conflicting-records",
    "wrong-patient",
    "date-missing",
    "date-in-future",
    "date-unusable",
    "unreadable-record",
    "history-incomplete",
]
INFO = [
    "schedule-shifted",
    "duplicate-record",
    "date-imprecise",
    "identified-by-text",
    "route-unrecognised",
    "unidentified-record",
    "other-smn-therapy",
    "regimen-switch",
    "near-boundary",
    "proposed-date-assumed",
    "monitoring-due",
]
SEVERITIES = ["critical", "warning", "info"]


class Said(NamedTuple):
    """A finding as section 8 writes it."""

    code: str
    severity: str
    rule: str


def say(code: str, rule: str, severity: str | None = None) -> Said:
    if severity is None:
        severity = "critical" if code in CRITICAL else "info" if code in INFO else "warning"
    return Said(code, severity, rule)


def noted(notes: Iterable[RecordedNote]) -> list[Said]:
    return [Said(str(note.code), str(note.severity), note.rule) for note in notes]


def listed(findings: Iterable[Said]) -> list[Said]:
    """Section 8: by severity, then by the list in section 7, the same code and severity once."""
    findings = list(findings)
    result: list[Said] = []
    for severity in SEVERITIES:
        for code in CRITICAL + WARNING + INFO:
            same = [said for said in findings if (said.code, said.severity) == (code, severity)]
            result.extend(same[:1])
    return result


def codes(findings: Iterable[Said]) -> list[str]:
    return [said.code for said in findings]


def without(findings: Iterable[Said], *left_out: str) -> list[Said]:
    return [said for said in findings if said.code not in left_out]
