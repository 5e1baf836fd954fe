"""The output of an audit as the worklist reads it: all of one audit, or a reason why there is nothing to show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import orjson

from cds.dosing.codes import Status
from hooks.worklist.rows import Row, row

ASSESSMENTS, SUMMARY, LEDGER = "assessments.ndjson", "summary.json", "ledger.json"
_AT_WORK = ".work"
"""The folder in which an audit keeps what is not finished."""
_TRIES = 2


@dataclass(frozen=True, slots=True)
class About:
    """What an audit says of itself. `written`: when its summary was; `files` and `lines`: of its input, `first` the
    names of some of the files; `server`: the base URL of the FHIR server at which the patients have their ids, empty
    where nobody said; `asked_for`, `sample`, `group`: that it looked at so many patients alone, or at those of a Group;
    `only_unidentified`: patients of whom no record is known to be of the drug; `not_read`: inputs, `rejected`: lines
    that are nobody's."""

    on: date
    zone: str
    regimens: tuple[str, ...]
    written: datetime
    files: int
    lines: int
    first: tuple[str, ...]
    plain: bool
    asked_for: int | None
    sample: int | None
    server: str
    group: str | None
    patients: int
    only_unidentified: int
    not_read: int
    rejected: int
    broken: int
    not_looked_at: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AuditRead:
    """One audit. `rows` are all its patients; `at_work`: another audit is at work in the folder, or was interrupted."""

    about: About
    rows: tuple[Row, ...]
    at_work: bool


class NoWorklistError(Exception):
    """There is no worklist to show: the message says why and what to do, and names no patient."""


class Audits:
    """The audits of folders, each read again when its files have changed."""

    def __init__(self) -> None:
        self._read: dict[Path, tuple[_Marks, AuditRead]] = {}

    def read(self, folder: Path) -> AuditRead:
        """The audit in a folder. Blocks for as long as reading takes. Raises NoWorklistError."""
        for _ in range(_TRIES):
            before = _marks(folder)
            kept = self._read.get(folder)
            if kept is not None and kept[0] == before:
                return kept[1]
            try:
                found = _read(folder)
            except NoWorklistError:
                self._read.pop(folder, None)
                # files that appear while they are read are read once more
                if _marks(folder) == before:
                    raise
                continue
            if _marks(folder) == before:
                self._read[folder] = (before, found)
                return found
        raise NoWorklistError("its files are being written just now. Load this page again in a minute")


_Marks = tuple[object, ...]


def _marks(folder: Path) -> _Marks:
    """What tells one state of a folder from another. Raises NoWorklistError."""
    marks: list[object] = [(folder / _AT_WORK).exists()]
    for name in (ASSESSMENTS, LEDGER, SUMMARY):
        try:
            found = (folder / name).stat()
        except FileNotFoundError:
            raise NoWorklistError(_missing(folder, name)) from None
        except OSError as error:
            raise NoWorklistError(f"{name} cannot be read ({error.strerror})") from None
        marks.append((found.st_mtime_ns, found.st_size, found.st_ino))
    return tuple(marks)


def _missing(folder: Path, name: str) -> str:
    if not folder.is_dir():
        return "the folder of the audit (setting worklist_folder) does not exist, or is no folder. Correct the setting"
    if (folder / _AT_WORK).exists():
        return f"an audit is at work in the folder, or was interrupted, and there is no {name} yet. See how it ended"
    if any(folder.glob(f"*/{SUMMARY}")):
        return "the folder holds the audits of several drugs. Name that of one drug in worklist_folder"
    return (
        f"there is no {name} in the folder of the audit (setting worklist_folder). Run the audit, or mend the setting"
    )


def _read(folder: Path) -> AuditRead:
    about, statuses = _about(folder)
    rows, seen = [], Counter[Status]()
    for number, told in enumerate(_lines(folder / ASSESSMENTS), 1):
        try:
            assessment = orjson.loads(told)
            if date.fromisoformat(assessment["on"]) != about.on:
                raise NoWorklistError(_MIXED)
            read = row(assessment)
        except (KeyError, TypeError, ValueError, AttributeError, IndexError):
            raise NoWorklistError(
                f"line {number} of {ASSESSMENTS} is no assessment that this version can read. Run the audit again"
            ) from None
        rows.append(read)
        seen[read.status] += 1
    if len(rows) != about.patients or any(seen[status] != statuses.get(status, 0) for status in Status):
        raise NoWorklistError(_MIXED)
    return AuditRead(about, tuple(rows), (folder / _AT_WORK).exists())


_MIXED = "its files are not of one audit: some were not written, or were changed. Run the audit again"


def _lines(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            for line in file:
                if not line.endswith(b"\n"):
                    raise NoWorklistError(f"{path.name} breaks off in its last line. Run the audit again")
                yield line
    except OSError as error:
        raise NoWorklistError(f"{path.name} cannot be read ({error.strerror})") from None


def _about(folder: Path) -> tuple[About, Mapping[str, int]]:
    """What the audit says of itself, and how many patients of each status it has."""
    summary, ledger = _document(folder / SUMMARY), _document(folder / LEDGER)
    try:
        given = summary["input"]
        if ledger["lines"] != given["lines"]:
            raise NoWorklistError(_MIXED)
        about = About(
            on=date.fromisoformat(summary["on"]),
            zone=str(summary["time_zone"]),
            regimens=tuple(f"{each['id']} {each['version']}" for each in summary["regimens"]),
            written=datetime.fromtimestamp((folder / SUMMARY).stat().st_mtime, UTC),
            files=int(given["files"]),
            lines=int(given["lines"]),
            first=tuple(map(str, given["first"])),
            plain=summary["identifiers"] == "plain",
            asked_for=summary.get("patients_asked_for"),
            sample=summary.get("sample"),
            server=str(summary.get("server", "")),
            group=summary.get("group"),
            patients=int(summary["patients"]),
            only_unidentified=int(summary["patients_with_unidentified_records_only"]),
            not_read=int(summary["inputs_not_read"]),
            rejected=int(ledger["rejected"]),
            broken=len(ledger["faults"]),
            not_looked_at=tuple(map(str, summary["not_looked_at"])),
        )
        return about, {str(name): int(number) for name, number in summary["statuses"].items()}
    except (KeyError, TypeError, ValueError, AttributeError, OSError):
        raise NoWorklistError(
            f"{SUMMARY} and {LEDGER} are not as this version writes them. Run the audit again"
        ) from None


def _document(path: Path) -> Any:
    try:
        return orjson.loads(path.read_bytes())
    except OSError as error:
        raise NoWorklistError(f"{path.name} cannot be read ({error.strerror})") from None
    except ValueError:
        raise NoWorklistError(f"{path.name} is no JSON, or breaks off. Run the audit again") from None
