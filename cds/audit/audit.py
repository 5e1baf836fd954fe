"""An audit from its input to its outputs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from cds.audit.beside import LOOKED_FOR
from cds.audit.engine import ledger, scan, shares
from cds.audit.ledger import Ledger
from cds.audit.plan import Plan
from cds.audit.publish import Audited, Wanted, publish
from cds.audit.sample import drawn
from cds.audit.scan import Task
from cds.audit.shares import Account, Lines, patients
from cds.audit.streams import Streams, runs
from cds.audit.tally import Tally
from cds.audit.units import once
from cds.audit.workers import Engine, Shared, Worker


def audit(
    plan: Plan,
    wanted: Wanted,
    engine: Engine,
    *,
    tell: Callable[[Task], None] = lambda _: None,
    not_read: Callable[[Ledger], Sequence[str]] = lambda _: (),
) -> Audited:
    """Scan, assess, write. `tell` is called with each part of a file that is done; `not_read` says which inputs were
    not read, or not to their end."""
    scanned = scan(plan, engine, tell=tell)
    asked = _as_they_are_now(wanted.patients, scanned.lines)
    only = None if asked is None else frozenset(asked.values())
    lines = Shared.keep(plan.folder / "lines.pickle", scanned.lines)
    wanted = wanted.of(task.file.path for task in plan.tasks)
    given = [_Share(number, buckets, lines, wanted, only) for number, buckets in enumerate(shares(scanned.lines))]
    found: list[str] = []
    if wanted.sample is not None:
        found = [patient for part in engine.map(_patients, given) for patient in part]
        given = [replace(share, only=frozenset(drawn(found, wanted.sample))) for share in given]
    made = list(engine.map(_assess, given))
    tally = Tally()
    for _, part, _ in made:
        tally.merge(part)
    accounts = tuple(account for account, _, _ in made)
    seen = frozenset(found).union(*(patients for _, _, patients in made))
    unknown = tuple(sorted(old for old, new in (asked or {}).items() if new not in seen))
    account = ledger(scanned, accounts)
    not_looked_at = _not_looked_at(tuple(LOOKED_FOR[of_type] for of_type in scanned.not_known), tally)
    audited = Audited(account, tally, accounts, unknown, len(not_read(account)), not_looked_at)
    publish(plan, wanted, len(given), audited)
    return audited


def _not_looked_at(of_all: tuple[str, ...], tally: Tally) -> tuple[str, ...]:
    """What nobody can know: of all, then of some patients, whom the recall list names."""
    of_some = [(words, number) for words, number in sorted(tally.not_known.items()) if words not in of_all]
    return (*of_all, *(f"{words}: of {number:,} patient{'s' * (number > 1)}" for words, number in of_some))


def _as_they_are_now(patients: frozenset[str] | None, lines: Lines) -> dict[str, str] | None:
    """The wanted patients, each with the id that stands for it now."""
    return None if patients is None else {patient: lines.replaced.get(patient, patient) for patient in patients}


@dataclass(frozen=True, slots=True)
class _Share:
    """The patients of some buckets, assessed by one worker. `only`: these patients, all where it is None."""

    number: int
    buckets: tuple[int, ...]
    lines: Shared[Lines]
    wanted: Wanted
    only: frozenset[str] | None


def _patients(worker: Worker, share: _Share) -> list[str]:
    """The patients of a share of whom there will be an assessment."""
    plan, only = worker.plan, share.only
    made = patients(share.buckets, share.lines.value, plan.question, worker.medications, Account())
    every = (result.assessment.patient for result in made)
    return [patient for patient in every if only is None or patient in only]


_Made: TypeAlias = tuple[Account, Tally, frozenset[str]]
"""The account of a share, its figures, and who of `only` is among its patients."""


def _assess(worker: Worker, share: _Share) -> _Made:
    """What is made of a share; not made again where an interrupted audit has made it."""
    folder = worker.plan.folder
    return once(folder, f"assess-{share.number:04d}", runs(folder, share.number), lambda: _make(worker, share))


def _make(worker: Worker, share: _Share) -> _Made:
    """Write the rows of a share, sorted, beside those of the others."""
    plan, wanted = worker.plan, share.wanted
    account, tally = Account(), Tally()
    streams = Streams(wanted.shown, wanted.at_least, wanted.since)
    seen: set[str] = set()
    for result in patients(share.buckets, share.lines.value, plan.question, worker.medications, account):
        if share.only is not None:
            if result.assessment.patient not in share.only:
                continue
            seen.add(result.assessment.patient)
        tally.add(result.assessment, wanted.since)
        tally.not_known.update(result.not_known)
        streams.add(result)
    streams.write(plan.folder, share.number)
    return account, tally, frozenset(seen)
