"""What was fetched for an audit, and what could not be: noted beside the files, so that an audit can go on from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import orjson

from cds.audit.reading import Reading
from cds.fhir.read import RESOURCE


@dataclass(slots=True)
class Delivered:
    """The files, each with how many resources it should hold where that is told. `lost`: what was not read.
    `incomplete`: patients of whom doses may be missing; `all_incomplete`: they may be missing of anyone. For
    `answered`, `unread` and `unread_of` see cds.audit.reading."""

    files: dict[Path, int | None] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)
    incomplete: set[str] = field(default_factory=set)
    all_incomplete: bool = False
    answered: set[str] = field(default_factory=set)
    unread: set[str] = field(default_factory=set)
    unread_of: dict[str, set[str]] = field(default_factory=dict)

    @property
    def reading(self) -> Reading:
        """How what stands beside the doses was read."""
        of = {patient: frozenset(types) for patient, types in self.unread_of.items()}
        return Reading(frozenset(self.answered), frozenset(self.unread), of)

    def miss(self, patient: str, of_type: str) -> None:
        """Take note that something of a type could not be read of a patient."""
        if of_type == RESOURCE:
            self.incomplete.add(patient)
        else:
            self.unread_of.setdefault(patient, set()).add(of_type)

    def of(self, files: Mapping[Path, int | None]) -> Delivered:
        """The same, with these files."""
        return replace(self, files=dict(files))

    def add(self, other: Delivered) -> None:
        """Take what was read apart."""
        self.files |= other.files
        self.lost += [each for each in other.lost if each not in self.lost]
        self.incomplete |= other.incomplete
        self.answered |= other.answered
        self.unread |= other.unread
        for patient, types in other.unread_of.items():
            self.unread_of.setdefault(patient, set()).update(types)


def noted(path: Path) -> Delivered | None:
    """What was noted of files that are there; None where they are still to be fetched."""
    try:
        kept = orjson.loads(path.read_bytes())
    except (OSError, orjson.JSONDecodeError):
        return None
    found = Delivered(lost=kept["lost"])
    for name in ("incomplete", "answered", "unread"):
        getattr(found, name).update(kept[name])
    found.unread_of = {patient: set(types) for patient, types in kept["unread_of"].items()}
    return found


def note(path: Path, found: Delivered) -> None:
    """Note what was fetched, when its files are complete."""
    kept = {name: getattr(found, name) for name in ("lost", "incomplete", "answered", "unread", "unread_of")}
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(orjson.dumps(kept, default=sorted))
    part.replace(path)
