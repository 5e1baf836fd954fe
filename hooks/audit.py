"""`nusinersen-cds audit`: every historic administration of every patient, with an account of every line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from time import perf_counter
from typing import Self

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn, TransferSpeedColumn

from cds.audit.audit import audit
from cds.audit.files import Form, InputFile
from cds.audit.ledger import Key
from cds.audit.plan import Plan, tasks
from cds.audit.publish import Audited, Wanted
from cds.audit.scan import Task
from cds.audit.shares import Question as Asked
from cds.audit.work import DOWNLOAD, NAME, WorkError, digest, program, work_folder
from cds.audit.workers import NotStartedError, WorkFailedError
from cds.dosing.codes import Severity
from cds.fhir.beside import STATEMENT
from cds.fhir.errors import FhirError
from hooks.audit_identifiers import Identified
from hooks.audit_inputs import audit_inputs, outside
from hooks.audit_options import Options
from hooks.audit_server import FETCHED, at_server, fetch, keep, server_of
from hooks.console import ExitCode, UsageError, counted, say, say_all
from hooks.delivered import Delivered
from hooks.engines import EngineOf
from hooks.histories import patient_reference
from hooks.question import Question, day

_MOST_NAMED = 20
_GRAVEST = (ExitCode.USAGE, ExitCode.INTERNAL, ExitCode.NOT_READ, ExitCode.FINDINGS, ExitCode.CLEAR)
"""The ends of an audit, the one first that is told where several apply."""


def run_audit(
    inputs: Sequence[str],
    question: Question,
    output: Path,
    identified: Identified,
    options: Options,
    engine_of: EngineOf,
) -> ExitCode:
    """Reads, assesses, writes: of several drugs each in a folder of its own, since each record is accounted for once in
    the audit of a drug. Raises UsageError where nothing can be read or written for reasons that the user can mend."""
    if len(question.each_drug) == 1:
        ended, unknown = _run(inputs, question, output, identified, options, engine_of)
    else:
        each: list[tuple[ExitCode, frozenset[str]]] = []
        for regimens in question.each_drug:
            folder = output / regimens.drug.id
            say(f"{regimens.drug.title}: to {folder}")
            asked = replace(question, each_drug=(regimens,))
            each.append(_run(inputs, asked, folder, identified, options, engine_of))
        ended = min([code for code, _ in each], key=_GRAVEST.index)
        # who is treated with one drug need not be known for the others
        unknown = frozenset.intersection(*[names for _, names in each])
    say_all("NOT ASSESSED, since the input holds no record of the drug of these", sorted(unknown))
    return min(ended, ExitCode.USAGE if unknown else ended, key=_GRAVEST.index)


def _run(
    inputs: Sequence[str],
    question: Question,
    output: Path,
    identified: Identified,
    options: Options,
    engine_of: EngineOf,
) -> tuple[ExitCode, frozenset[str]]:
    """The audit of one drug; how it ended, and the wanted patients of whom there is no record of it."""
    files, server = server_of(inputs, options)
    given = audit_inputs(files, options.parquet_column)
    outside(output, files)
    wanted = Wanted(
        output,
        _severity(options.severity),
        _patients(options.patients),
        shown=identified.files,
        in_report=identified.report,
        since=_since(options.since, question.on),
        sample=options.sample,
        server=at_server(server, options),
        group=options.group,
    )
    asked = Asked(question.only, question.on, question.zone, question.complete_since, question.markers)
    begun = perf_counter()
    read = [tasks(given.files), *([] if server is None else [server.url, server.wish])]
    delivered = Delivered()
    with _taken_up(output, _fingerprint(read, asked, wanted, options.strict), resume=options.resume) as work:
        if server is not None:
            delivered = fetch(server, work / DOWNLOAD, wanted.patients, question)
            # an export of what has changed adds to an earlier one, and is no history by itself
            if delivered.all_incomplete and files:
                delivered.all_incomplete = False
            elif delivered.all_incomplete:
                given.lost.append(
                    "an export of what has changed since a day: without an earlier one no history is whole"
                )
            given.add(delivered, output / FETCHED)
        incomplete = frozenset(delivered.incomplete)
        reading = delivered.reading
        plan = Plan(tasks(given.files), asked, work, options.strict, incomplete, delivered.all_incomplete, reading)
        with _Shown(plan.tasks) as shown, engine_of(plan) as engine:
            audited = audit(plan, wanted, engine, tell=shown.done, not_read=given.not_read)
        if server is not None:
            keep(work, output)
    say_all("No FHIR, passed over", given.passed_over)
    lost = given.not_read(audited.ledger)
    say_all("NOT READ, so that histories may be incomplete", lost)
    _report(audited, given.files, perf_counter() - begun)
    # of whom doses elsewhere could not be read it is not known that there is no record
    open_ = incomplete.union(each for each, types in reading.unread_of.items() if STATEMENT in types)
    unknown = frozenset(audited.unknown) - open_
    return ExitCode.NOT_READ if lost else _exit_code(audited), unknown


def _fingerprint(read: Sequence[object], asked: Asked, wanted: Wanted, strict: bool) -> dict[str, str]:
    """What must be the same for an audit to be gone on with, by what it is called in messages."""
    patients = None if wanted.patients is None else sorted(wanted.patients)
    judging = [
        (entry.from_, [(each.digest, each.tolerance) for each in entry.regimens]) for entry in asked.regimens.timeline
    ]
    markers = [sorted(map(repr, codes)) for codes in (asked.markers.flags, asked.markers.lists)]
    shown = [(each.how, each.reference("Patient/x")) for each in (wanted.shown, wanted.in_report)]
    return {
        "the program": program(),
        "the input": digest(read),
        "the regimen, the day or the time zone": digest([judging, asked.on, asked.zone, asked.complete_since, markers]),
        "the options": digest([strict, wanted.at_least, patients, shown, wanted.since, wanted.sample, wanted.server]),
    }


@contextmanager
def _taken_up(output: Path, fingerprint: Mapping[str, str], *, resume: bool) -> Iterator[Path]:
    """The work folder; what goes wrong says how to go on. Raises UsageError for what the user can mend."""
    go_on = f"What was done is in {output / NAME}; go on with --resume, or remove that folder"

    def left() -> str:
        return f" {go_on}" if (output / NAME).exists() else ""

    try:
        with work_folder(output, fingerprint, resume=resume) as folder:
            yield folder
    except (NotStartedError, WorkError) as error:
        raise UsageError(str(error)) from None
    except FhirError as error:
        say(f"NOT READ, and nothing was assessed: {error.message}.{left()}")
        raise typer.Exit(ExitCode.NOT_READ) from None
    except WorkFailedError as error:
        say(f"nusinersen-cds: {error}.{left()}")
        raise typer.Exit(ExitCode.INTERNAL) from None
    except BrokenProcessPool:
        say(f"nusinersen-cds: a process of the audit was killed, for want of memory perhaps.{left()}")
        raise typer.Exit(ExitCode.INTERNAL) from None
    except KeyboardInterrupt:
        say(f"Interrupted.{left()}")
        raise
    except OSError as error:
        raise UsageError(f"--output {output}: cannot be written ({error.strerror}).{left()}") from None


def _severity(given: str) -> Severity:
    if given not in list(Severity):
        raise UsageError(f"--severity: {given!r} is none; write one of: {', '.join(Severity)}")
    return Severity(given)


def _since(given: str | None, on: date) -> date | None:
    if given is None:
        return None
    since = day(given, "--since")
    if since > on:
        raise UsageError(f"--since {since}: lies after {on}, the day of the audit; no dose is as late")
    return since


def _patients(path: Path | None) -> frozenset[str] | None:
    """The patients of a file, one id or reference a line."""
    if path is None:
        return None
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except OSError as error:
        raise UsageError(f"--patients {path}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise UsageError(f"--patients {path}: is no UTF-8; write it as text, one id a line") from None
    patients = frozenset(
        patient_reference(line.strip(), f"--patients {path}:{number}")
        for number, line in enumerate(lines, 1)
        if line.strip()
    )
    if not patients:
        raise UsageError(f"--patients {path}: names no patient; write one id a line")
    return patients


class _Shown:
    """How far the audit is: a bar on a terminal, else a line now and then. It stands on standard error."""

    def __init__(self, tasks: Sequence[Task]) -> None:
        console = Console(stderr=True)
        self._progress = Progress(
            "reading", BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn(), console=console
        )
        self._live = console.is_terminal
        self._total = sum(_size(task) for task in tasks)
        self._done, self._tenth = 0, 0
        self._bar = self._progress.add_task("", total=self._total)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def done(self, task: Task) -> None:
        """Take note of a part that is read."""
        self._done += _size(task)
        if self._live:
            self._progress.start()
            self._progress.update(self._bar, completed=self._done)
        elif self._total and self._done * 10 // self._total > self._tenth:
            self._tenth = self._done * 10 // self._total
            say(f"reading: {self._done / 1e6:,.0f} of {self._total / 1e6:,.0f} MB")


def _size(task: Task) -> int:
    if task.file.form is Form.PARQUET:
        return task.file.size // max(task.file.groups, 1)
    return (task.file.size if task.end is None else task.end) - task.start


def _report(audited: Audited, files: Sequence[InputFile], seconds: float) -> None:
    ledger = audited.ledger
    parts = ", ".join(f"{ledger.counts[key]:,} {key.value}" for key in Key if ledger.counts[key])
    size = sum(file.size for file in files)
    say(f"{counted(ledger.lines, 'line')} in {counted(len(files), 'file')}: {parts or 'nothing'}.")
    say_all(
        "REJECTED; ledger.json has all of them" if len(ledger.rejected) > _MOST_NAMED else "REJECTED",
        [f"{each.place}: {each.reason}" for each in ledger.rejected[:_MOST_NAMED]],
    )
    say_all("FILES THAT BROKE, so that histories may be incomplete", [f"{e.place}: {e.reason}" for e in ledger.faults])
    tally = audited.tally
    statuses = ", ".join(f"{number:,} {status}" for status, number in sorted(tally.statuses.items()))
    say(f"{counted(tally.patients, 'patient')} assessed" + (f": {statuses}." if statuses else "."))
    if audited.not_looked_at:
        say(f"Not known, since nothing that could be read tells of it: {'; '.join(audited.not_looked_at)}.")
    say(f"{counted(tally.unsafe, 'unsafe interval')}. {size / 1e6:,.1f} MB in {seconds:.1f} s.")


def _exit_code(audited: Audited) -> ExitCode:
    if not audited.ledger.balanced and not audited.ledger.faults:
        say("nusinersen-cds: the ledger does not add up; please report it")
        return ExitCode.INTERNAL
    if audited.ledger.rejected or audited.ledger.faults:
        return ExitCode.NOT_READ
    if audited.ledger.lines == audited.ledger.counts[Key.BLANK]:
        say("NOT USABLE: there is no resource in the input; name the files of an export")
        return ExitCode.USAGE
    told = {severity for (_, severity), number in audited.tally.findings.items() if number}
    return ExitCode.FINDINGS if told & {Severity.CRITICAL, Severity.WARNING} else ExitCode.CLEAR
