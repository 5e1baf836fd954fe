"""The worklist of the demonstration: an audit of its patients, made by the very program that audits an export."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from cds.dosing.in_force import Regimens
from hooks.sandbox.patients import DemoPatient, shared_resources


def audit_patients(
    patients: Iterable[DemoPatient], regimens: Regimens, on: date, zone: ZoneInfo, folder: Path
) -> Path | None:
    """The folder with the output of an audit of these patients, made in `folder`; None where the extra [audit] is not
    installed."""
    try:
        from cds.audit.audit import audit
        from cds.audit.files import InputFile
        from cds.audit.plan import Plan, tasks
        from cds.audit.publish import Wanted
        from cds.audit.shares import Question
        from cds.audit.workers import Processes
    except ModuleNotFoundError:
        return None
    output, work = folder / "audit", folder / "work"
    output.mkdir()
    work.mkdir()
    export = folder / "demo-patients.ndjson"
    resources = [*shared_resources(), *(each for patient in patients for each in patient.resources)]
    export.write_text("".join(f"{json.dumps(each)}\n" for each in resources), "utf-8")
    plan = Plan(tasks([InputFile.of(export)]), Question(regimens, on, zone), work)
    with Processes(plan, jobs=1) as engine:
        audit(plan, Wanted(output), engine)
    return output
