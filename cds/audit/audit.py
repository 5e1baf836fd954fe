"""An audit from its input to its outputs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import Any

import orjson

from cds.audit.engine import ledger, scan, shares
from cds.audit.ledger import Ledger
from cds.audit.outputs import write_findings, write_json, write_lines, write_recall
from cds.audit.plan import Plan
from cds.audit.rows import findings, recall
from cds.audit.runs import Row, merged, write_run
from cds.audit.scan import Task
from cds.audit.shares import Account, Lines, patients
from cds.audit.tally import Tally
from cds.audit.workers import Engine, Shared, Worker
from cds.dosing.codes import Severity
from cds.dosing.document import as_json

_STREAMS = ("assessments", "findings", "recall")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What goes into the outputs. `patients`: only these, all where it is None; `at_least`: findings of this severity
    or a graver one."""

    output: Path
    at_least: Severity = Severity.INFO
    patients: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Audited:
    """What came of an audit. `unknown`: the wanted patients of whom there is no record of the drug."""

    ledger: Ledger
    tally: Tally
    accounts: tuple[Account, ...]
    unknown: tuple[str, ...]


def audit(plan: Plan, wanted: Wanted, engine: Engine, *, tell: Callable[[Task], None] = lambda _: None) -> Audited:
    """Scan, assess, write. `tell` is called with each part of a file that is done."""
    scanned = scan(plan, engine, tell=tell)
    asked = _as_they_are_now(wanted.patients, scanned.lines)
    only = None if asked is None else frozenset(asked.values())
    lines = Shared.keep(plan.folder / "lines.pickle", scanned.lines)
    given = [
        _Share(number, buckets, lines, wanted.at_least, only) for number, buckets in enumerate(shares(scanned.lines))
    ]
    made = list(engine.map(_assess, given))
    tally = Tally()
    for _, part, _ in made:
        tally.merge(part)
    accounts = tuple(account for account, _, _ in made)
    seen = frozenset[str]().union(*(patients for _, _, patients in made))
    unknown = tuple(sorted(old for old, new in (asked or {}).items() if new not in seen))
    audited = Audited(ledger(scanned, accounts), tally, accounts, unknown)
    _write(plan, wanted.output, len(given), audited)
    return audited


def _as_they_are_now(patients: frozenset[str] | None, lines: Lines) -> dict[str, str] | None:
    """The wanted patients, each with the id that stands for it now."""
    return None if patients is None else {patient: lines.replaced.get(patient, patient) for patient in patients}


@dataclass(frozen=True, slots=True)
class _Share:
    """The patients of some buckets, assessed by one worker. `only`: these patients, all where it is None."""

    number: int
    buckets: tuple[int, ...]
    lines: Shared[Lines]
    at_least: Severity
    only: frozenset[str] | None


def _assess(worker: Worker, share: _Share) -> tuple[Account, Tally, frozenset[str]]:
    """Write the rows of a share, sorted, beside those of the others; its account, its figures, and who of `only` is
    among its patients."""
    plan = worker.plan
    account, tally = Account(), Tally()
    seen: set[str] = set()
    rows: dict[str, list[Row]] = {stream: [] for stream in _STREAMS}
    for result in patients(share.buckets, share.lines.value, plan.question, worker.medications, account):
        patient = result.assessment.patient
        if share.only is not None:
            if patient not in share.only:
                continue
            seen.add(patient)
        tally.add(result.assessment)
        rows["assessments"].append((patient, orjson.dumps(as_json(result.assessment))))
        rows["findings"] += [(patient, orjson.dumps(row)) for row in findings(result, share.at_least)]
        line = recall(result.assessment)
        if line is not None:
            rows["recall"].append((f"{line['date']} {patient}", orjson.dumps(line)))
    for stream in _STREAMS:
        write_run(_run(plan, stream, share.number), rows[stream])
    return account, tally, frozenset(seen)


def _run(plan: Plan, stream: str, number: int) -> Path:
    return plan.folder / f"{stream}-{number:04d}.run"


def _write(plan: Plan, output: Path, shares: int, audited: Audited) -> None:
    def rows(stream: str) -> Any:
        return merged([_run(plan, stream, number) for number in range(shares)], plan.folder)

    write_lines(output / "assessments.ndjson", map(itemgetter(1), rows("assessments")))
    found = (orjson.loads(row) for _, row in rows("findings"))
    write_findings(output / "findings.csv", output / "findings.parquet", found)
    write_recall(output / "recall.csv", (orjson.loads(row) for _, row in rows("recall")))
    write_json(output / "ledger.json", audited.ledger.as_json())
    write_json(output / "summary.json", summary(plan, audited))


def summary(plan: Plan, audited: Audited) -> dict[str, Any]:
    """The content of `summary.json`."""
    question = plan.question
    nobody = sorted(place for account in audited.accounts for place in account.of_nobody)
    return {
        "on": question.on.isoformat(),
        "time_zone": str(question.zone),
        "regimens": [
            {"id": question.regimen.id, "version": question.regimen.version, "digest": question.regimen.digest}
        ],
        **audited.tally.as_json(),
        "patients_with_unidentified_records_only": sum(account.only_unidentified for account in audited.accounts),
        "records_of_nobody": [{"file": place.file, "line": place.line, "offset": place.offset} for place in nobody],
    }
