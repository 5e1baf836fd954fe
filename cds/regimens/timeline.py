"""Reads the file that says which regimens judge the doses of which days (rule W12), or tells all its faults."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

from cds.dosing.in_force import InForce, Regimens
from cds.dosing.regimen import Regimen
from cds.regimens.faults import Fault, RegimenFaults, UnknownRegimen
from cds.regimens.files import read_file
from cds.regimens.library import Library
from cds.regimens.schema import TimelineFile

_Tell = Callable[[str, str], None]


def load_timeline(path: Path, library: Library) -> Regimens:
    """The regimens in force by date, as the file names them. Raises RegimenFaults with every fault of the file."""
    faults: list[Fault] = []
    file = read_file(path, TimelineFile, faults.append)
    timeline: list[InForce] = []
    if file is not None:
        timeline = _timeline(file, library, lambda where, what: faults.append(Fault(str(path), where, what)))
    if faults:
        raise RegimenFaults(faults, "the timeline of regimens")
    return Regimens(tuple(timeline))


def _timeline(file: TimelineFile, library: Library, tell: _Tell) -> list[InForce]:
    timeline: list[InForce] = []
    for number, entry in enumerate(file.in_force, start=1):
        where = f"in_force[{number}]"
        _check_day(where, entry.from_, [each.from_ for each in file.in_force[: number - 1]], tell)
        found = [regimen for each in entry.regimens if (regimen := _find(each, library, where, tell)) is not None]
        if len(set(entry.regimens)) != len(entry.regimens):
            tell(f"{where}.regimens", "names a regimen twice; name each once")
        timeline.append(InForce(entry.from_ or date.min, tuple(found)))
    drugs = sorted({regimen.drug.id for entry in timeline for regimen in entry.regimens})
    if len(drugs) > 1:
        tell("in_force", f"names regimens of several drugs ({', '.join(drugs)}); write one file for each")
    return timeline


def _check_day(where: str, day: date | None, before: list[date | None], tell: _Tell) -> None:
    if not before:
        if day is not None:
            tell(f"{where}.from", "the first regimens hold for all days before the next ones too; leave it out")
    elif day is None:
        tell(f"{where}.from", "is missing; add the first day on which these regimens are in force")
    elif any(each is not None and each >= day for each in before):
        tell(f"{where}.from", f"{day} does not come after the days above it; order the entries by date")


def _find(regimen_id: str, library: Library, where: str, tell: _Tell) -> Regimen | None:
    try:
        return library.get(regimen_id)
    except UnknownRegimen as unknown:
        tell(f"{where}.regimens", str(unknown))
        return None
