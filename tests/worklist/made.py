"""A real audit of the demo patients, whole and damaged in one place; and rows that a test describes."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any
from zoneinfo import ZoneInfo

from cds.dosing.codes import Status
from cds.regimens.library import load
from hooks.sandbox.audited import audit_patients
from hooks.sandbox.patients import demo_patients
from hooks.worklist.rows import Row

ON = date(2026, 5, 1)
PATIENTS = [
    "restart-required",
    "near-boundary",
    "catch-up-required",
    "overdue",
    "one-old-dose",
    "catch-up-forgotten",
    "interval-too-short",
    "date-missing",
    "date-unusable",
    "unreadable-record",
    "interval-undecidable",
    "schedule-undefined",
    "loading-interrupted",
    "transfer",
    "unexpected-route",
    "partial-dose",
    "due",
    "status-unknown",
    "upcoming",
    "late",
    "not-started",
]
"""Overdue, a decision, the rest of the list, and three who are not on it."""


@cache
def _audited() -> Path:
    folder = Path(mkdtemp(prefix="nusinersen-cds-worklist-"))
    chosen = [patient for patient in demo_patients(ON) if patient.id in PATIENTS]
    output = audit_patients(chosen, load().choose(["eu-12mg"]), ON, ZoneInfo("Asia/Kathmandu"), folder)
    assert output is not None, "the audit needs its extra"
    return output


def audited(folder: Path, change: Callable[[Path], Any] = lambda _: None) -> Path:
    """The output of an audit in a folder of the test's own, changed as it likes."""
    copy = folder / "audit"
    shutil.copytree(_audited(), copy)
    change(copy)
    return copy


def row(patient: str = "Patient/p1", status: Status = Status.DUE, **changes: Any) -> Row:
    """A row: due since three days on the first of May."""
    values: dict[str, Any] = {
        "step": "maintenance",
        "act_on": date(2026, 4, 28),
        "earliest": date(2026, 1, 11),
        "recommended": date(2026, 4, 28),
        "overdue_from": date(2026, 5, 27),
        "options": (),
        "last_dose": date(2025, 12, 28),
        "found": (),
        "incomplete": False,
        "regimen": "eu-12mg",
    }
    return Row(patient=patient, status=status, **{**values, **changes})
