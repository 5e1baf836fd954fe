"""What comes of an audit, and the writing of all of its files."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any

import orjson

from cds.audit.detected import Issues
from cds.audit.identifiers import Identifiers, Shown
from cds.audit.ledger import Ledger
from cds.audit.measured import measure_report
from cds.audit.outputs import complete, write_findings, write_json, write_lines, write_recall
from cds.audit.plan import Plan
from cds.audit.shares import Account
from cds.audit.streams import ASSESSMENTS, FINDINGS, RECALL, stream
from cds.audit.tally import Tally
from cds.dosing.codes import Severity
from cds.dosing.document import regimens_as_json

_MOST_NAMED = 20
"""Files of the input that the summary names."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What goes into the outputs. `patients`: only these, all where it is None; `at_least`: findings of this severity
    or a graver one; `shown` and `in_report`: how references stand in the files for machines, and in the report;
    `since`: findings and figures of doses from that day on; `sample`: so many patients; `server`: the base URL of the
    FHIR server at which they have their ids, `group`: the Group whose patients it was asked for."""

    output: Path
    at_least: Severity = Severity.INFO
    patients: frozenset[str] | None = None
    shown: Shown = field(default_factory=Shown)
    in_report: Shown = field(default_factory=Shown)
    since: date | None = None
    sample: int | None = None
    server: str | None = None
    group: str | None = None

    def of(self, files: Iterable[str]) -> Wanted:
        """The same for the files of an input, in its order."""
        names = tuple(files)
        return replace(self, shown=self.shown.of(names), in_report=self.in_report.of(names))


@dataclass(frozen=True, slots=True)
class Audited:
    """What came of an audit. `unknown`: the wanted patients of whom there is no record of the drug; `not_read`: how
    many inputs were not read, or not to their end; `not_looked_at`: what nobody can know of this input, since it holds
    nothing that would say it, in words."""

    ledger: Ledger
    tally: Tally
    accounts: tuple[Account, ...]
    unknown: tuple[str, ...]
    not_read: int
    not_looked_at: tuple[str, ...]


def publish(plan: Plan, wanted: Wanted, shares: int, audited: Audited) -> None:
    """Write all files, from what so many shares have kept in the folder of the plan."""
    on, shown = plan.question.on, wanted.shown
    with complete(wanted.output, plan.folder) as folder:
        write_lines(folder / "assessments.ndjson", stream(ASSESSMENTS, plan.folder, shares))
        found = map(orjson.loads, stream(FINDINGS, plan.folder, shares))
        write_findings(folder, found, Issues(on, shown.how))
        write_recall(folder / "recall.csv", map(orjson.loads, stream(RECALL, plan.folder, shares)))
        (folder / "report.html").write_text(_report(plan, wanted, shares, audited), "utf-8")
        write_json(folder / "measure-report.json", measure_report(audited.tally, on))
        write_json(folder / "ledger.json", _shown(audited.ledger.as_json(), shown))
        write_json(folder / "summary.json", _shown(summary(plan, wanted, audited), shown))


def _report(plan: Plan, wanted: Wanted, shares: int, audited: Audited) -> str:
    # only now: what draws takes a second to be there, and the scan does not wait for it
    from cds.audit.report.content import MOST_RECALLED
    from cds.audit.report.page import Reported, page

    rows = stream(RECALL, plan.folder, shares)
    return page(
        Reported(
            question=plan.question,
            tally=audited.tally,
            ledger=audited.ledger,
            recall=[_in_report(orjson.loads(row), wanted) for row in islice(rows, MOST_RECALLED)],
            only_unidentified=sum(account.only_unidentified for account in audited.accounts),
            at_least=wanted.at_least,
            shown=wanted.in_report,
            not_read=audited.not_read,
            not_looked_at=audited.not_looked_at,
            only=None if wanted.patients is None else len(wanted.patients),
            since=wanted.since,
            sample=wanted.sample,
        )
    )


def _in_report(row: dict[str, Any], wanted: Wanted) -> dict[str, Any]:
    """A row of a file for machines as the report shows it. Where its reference is not plain, it is shown that way."""
    plain = wanted.shown.how is Identifiers.PLAIN
    return row | {"patient": wanted.in_report.reference(row["patient"])} if plain else row


def summary(plan: Plan, wanted: Wanted, audited: Audited) -> dict[str, Any]:
    """The content of `summary.json`."""
    question = plan.question
    return {
        "on": question.on.isoformat(),
        "time_zone": str(question.zone),
        "regimens": regimens_as_json(question.regimens.every),
        **({} if question.complete_since is None else {"history_complete_since": question.complete_since.isoformat()}),
        **({} if wanted.since is None else {"doses_since": wanted.since.isoformat()}),
        **({} if wanted.sample is None else {"sample": wanted.sample}),
        **({} if wanted.server is None else {"server": wanted.server}),
        **({} if wanted.group is None else {"group": wanted.group}),
        **({} if wanted.patients is None else {"patients_asked_for": len(wanted.patients)}),
        "identifiers": wanted.shown.how.value,
        "input": {
            "files": len(wanted.shown.files),
            "lines": audited.ledger.lines,
            "first": [wanted.shown.file(name) for name in islice(wanted.shown.files, _MOST_NAMED)],
        },
        **audited.tally.as_json(),
        "patients_with_unidentified_records_only": sum(account.only_unidentified for account in audited.accounts),
        "inputs_not_read": audited.not_read,
        "not_looked_at": list(audited.not_looked_at),
    }


def _shown(document: dict[str, Any], shown: Shown) -> dict[str, Any]:
    """A document with the places in its lists as they are shown."""
    listed = ("rejections", "faults")
    return {name: shown.listed(value) if name in listed else value for name, value in document.items()}
