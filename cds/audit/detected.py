"""A finding of the audit as a FHIR DetectedIssue (R4)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import date
from typing import Any

import orjson

from cds.audit.identifiers import Identifiers
from cds.audit.rows import Row
from cds.dosing.codes import Code, Severity

FINDING_SYSTEM = "urn:org.nusinersen-cds:finding"
"""The code system of the closed list of findings (rules.md section 7)."""
_ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
_INTERVAL = {"system": _ACT_CODE, "code": "DOSEIVL", "display": "Dose-Interval Alert"}
_OF_INTERVALS = frozenset({
    Code.INTERVAL_TOO_SHORT, Code.INTERVAL_UNDECIDABLE, Code.EARLIER_THAN_SCHEDULE, Code.LATE, Code.OVERDUE,
    Code.CATCH_UP_REQUIRED, Code.RESTART_REQUIRED, Code.CATCH_UP_OMITTED, Code.LOADING_INTERRUPTED,
})  # fmt: skip
_OWN = ("patient", "about", "references", "code", "severity", "rule", "regimen")
ISSUE_SEVERITIES: Mapping[str, str] = {Severity.CRITICAL.value: "high", Severity.WARNING.value: "moderate"}
"""The severities of findings that become issues, in the words of FHIR."""
_LITERAL = re.compile(r"[A-Z][A-Za-z]+/[A-Za-z0-9\-.]{1,64}|https?://\S+|urn:\S+")


class Issues:
    """The issues of one audit, made from its rows in their order.

    The id of an issue is made from whom, what and which records it is about, so that the same finding of a later audit
    has the same id. Where patients are not told apart it is made from the whole row, and equal rows are counted.
    """

    def __init__(self, on: date, how: Identifiers) -> None:
        self._on = on.isoformat()
        self._how = how
        self._before = b""
        self._repeated = 0

    def issue(self, row: Row) -> dict[str, Any]:
        """The issue of one row of findings, of warning or above."""
        code = row["code"]
        codings = [{"system": FINDING_SYSTEM, "code": code}, *([_INTERVAL] if code in _OF_INTERVALS else [])]
        patient = self._reference(row["patient"])
        implicated = [found for found in map(self._reference, row["references"]) if found]
        return {
            "resourceType": "DetectedIssue",
            "id": self._id(row),
            "status": "final",
            "code": {"coding": codings, "text": words(code)},
            "severity": ISSUE_SEVERITIES[row["severity"]],
            **({"patient": patient} if patient else {}),
            "identifiedDateTime": self._on,
            **({"implicated": implicated} if implicated else {}),
            "detail": _detail(row),
        }

    def _id(self, row: Row) -> str:
        alike = self._how is Identifiers.NONE
        content = orjson.dumps(row if alike else [row[name] for name in _OWN])
        self._repeated = self._repeated + 1 if content == self._before else 0
        self._before = content
        return hashlib.sha256(b"%d " % self._repeated + content).hexdigest()[:32]

    def _reference(self, reference: str) -> dict[str, Any]:
        """A Reference; one that is no literal reference, or a hash, which leads nowhere, is a logical one."""
        if self._how is Identifiers.NONE:
            return {}
        if self._how is Identifiers.PLAIN and _LITERAL.fullmatch(reference):
            return {"reference": reference}
        return {"identifier": {"value": reference}}


def words(code: str) -> str:
    """The code of a finding as words: `interval too short`."""
    return code.replace("-", " ")


def _detail(row: Row) -> str:
    said = [f"Rule {row['rule']}, judged by {row['regimen']}"]
    if row["step"]:
        said.append(f"{row['about']} {row['step']}" + (f" on {row['latest']}" if row["latest"] else ""))
    if row["required"]:
        said.append(f"required {row['required']}, observed {row['observed']}")
    return "; ".join(said) + "."
