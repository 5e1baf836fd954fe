"""An audit from its input to its outputs."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import Any

import orjson

from cds.audit.engine import Plan, Pool, ledger, scan, shares, worker
from cds.audit.ledger import Ledger
from cds.audit.outputs import write_findings, write_json, write_lines, write_recall
from cds.audit.rows import findings, recall
from cds.audit.runs import Row, merged, write_run
from cds.audit.scan import Task
from cds.audit.shares import Account, Lines, patients
from cds.audit.tally import Tally
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
    """What came of an audit."""

    ledger: Ledger
    tally: Tally
    accounts: tuple[Account, ...]


def audit(
    plan: Plan, wanted: Wanted, *, jobs: int | None = None, tell: Callable[[Task], None] = lambda _: None
) -> Audited:
    """Scan, assess, write. `tell` is called with each part of a file that is done."""
    pool = Pool(plan, jobs)
    try:
        scanned = scan(plan, pool, tell=tell)
        given = [(number, buckets, scanned.lines, wanted) for number, buckets in enumerate(shares(scanned.lines))]
        made = list(pool.map(_share, given))
    finally:
        pool.close()
    tally = Tally()
    for _, part in made:
        tally.merge(part)
    audited = Audited(ledger(scanned, (account for account, _ in made)), tally, tuple(account for account, _ in made))
    _write(plan, wanted, len(given), audited)
    return audited


def _share(given: tuple[int, tuple[int, ...], Lines, Wanted]) -> tuple[Account, Tally]:
    """Assess the patients of some buckets and write their rows, sorted, beside those of the other shares."""
    number, buckets, lines, wanted = given
    plan = worker().plan
    account, tally = Account(), Tally()
    rows: dict[str, list[Row]] = {stream: [] for stream in _STREAMS}
    for result in patients(buckets, lines, plan.question, worker().medications, account):
        patient = result.assessment.patient
        if wanted.patients is not None and patient not in wanted.patients:
            continue
        tally.add(result.assessment)
        rows["assessments"].append((patient, orjson.dumps(as_json(result.assessment))))
        rows["findings"] += [(patient, orjson.dumps(row)) for row in findings(result, wanted.at_least)]
        line = recall(result.assessment)
        if line is not None:
            rows["recall"].append((f"{line['date']} {patient}", orjson.dumps(line)))
    for stream in _STREAMS:
        write_run(_run(plan, stream, number), rows[stream])
    return account, tally


def _run(plan: Plan, stream: str, number: int) -> Path:
    return plan.folder / f"{stream}-{number:04d}.run"


def _write(plan: Plan, wanted: Wanted, shares: int, audited: Audited) -> None:
    def rows(stream: str) -> Any:
        return merged([_run(plan, stream, number) for number in range(shares)], plan.folder)

    output = wanted.output
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


def clear(folder: Path) -> None:
    """Remove what was kept on disk meanwhile."""
    shutil.rmtree(folder, ignore_errors=True)
