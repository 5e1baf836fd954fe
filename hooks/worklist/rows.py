"""One patient, assessed, as a line of the worklist."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from cds.dosing.codes import Code, Severity, Status

TO_BE_LOOKED_AT = frozenset({Status.DUE, Status.OVERDUE, Status.DECISION, Status.ENDED})
_WAITING = frozenset({Status.DUE, Status.UPCOMING})
_LATE = frozenset({Code.OVERDUE, Code.CATCH_UP_REQUIRED, Code.RESTART_REQUIRED})
_PATIENT = re.compile(r"Patient/([A-Za-z0-9.-]{1,64})")


@dataclass(frozen=True, slots=True)
class Row:
    """What an assessment says of one patient; nothing of it is judged again.

    `act_on`: the day from which somebody has to act: the recommended one, else the first to choose from, else the
    earliest, else the day of the assessment. `found`: the findings of the next step and of the history above info.
    `incomplete`: not all of the history was read or could be used. `doubts` are sentences on what else could not be
    read, where the record was read for the list itself.
    """

    patient: str
    status: Status
    step: str
    act_on: date
    earliest: date | None
    recommended: date | None
    overdue_from: date | None
    options: tuple[date, ...]
    last_dose: date | None
    found: tuple[Code, ...]
    incomplete: bool
    regimen: str
    doubts: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The bare id of the patient; empty where the reference has none that a page could open."""
        matched = _PATIENT.fullmatch(self.patient)
        return matched[1] if matched else ""

    def come(self, today: date) -> bool:
        """Whether the dose was not due on the day of the audit and its day has come since."""
        return self.status is Status.UPCOMING and self.recommended is not None and self.recommended <= today

    def overdue(self, today: date) -> bool:
        """Whether the dose was overdue on the day of the audit, or the day has come since from which it is."""
        waiting = self.status in _WAITING and self.overdue_from is not None and self.overdue_from <= today
        return waiting or self.status is Status.OVERDUE

    @property
    def late_in_doubt(self) -> bool:
        """Whether a clinician decides, and the dose is overdue beside that: a doubt never hides a delay."""
        return self.status is Status.DECISION and not _LATE.isdisjoint(self.found)

    def listed(self, today: date) -> bool:
        """Whether the patient is on the list."""
        return self.status in TO_BE_LOOKED_AT or self.incomplete or self.come(today)


def row(told: Mapping[str, Any]) -> Row:
    """The row of an assessment as JSON (see `cds.dosing.document`). Raises KeyError, TypeError or ValueError for what
    is none."""
    forecast = told["forecast"]
    options = tuple(date.fromisoformat(each) for each in forecast["options"])
    earliest, recommended = _day(forecast, "earliest"), _day(forecast, "recommended")
    found = [(Code(each["code"]), Severity(each["severity"])) for each in (*forecast["findings"], *told["findings"])]
    evaluations = told["evaluations"]
    return Row(
        patient=_text(told["patient"]),
        status=Status(forecast["status"]),
        step=_text(forecast["step"]),
        act_on=recommended or next(iter(options), None) or earliest or date.fromisoformat(told["on"]),
        earliest=earliest,
        recommended=recommended,
        overdue_from=_day(forecast, "overdue_from"),
        options=options,
        last_dose=date.fromisoformat(evaluations[-1]["latest"]) if evaluations else None,
        found=tuple(dict.fromkeys(code for code, severity in found if severity is not Severity.INFO)),
        incomplete=Code.HISTORY_INCOMPLETE in dict(found),
        regimen=" ".join(_text(each["id"]) for each in told["regimens"]),
    )


def _day(of: Mapping[str, Any], name: str) -> date | None:
    return date.fromisoformat(of[name]) if name in of else None


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{type(value).__name__} in the place of a text")
    return value
