"""The Medications of an export, kept on disk: what a reference points at, and whether that is of the drug."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from cds.audit.lines import read_line
from cds.dosing.drug import Drug
from cds.fhir.beside import other_therapy
from cds.fhir.identify import identify
from cds.fhir.identity import Answer
from cds.fhir.plain import Resource
from cds.fhir.read import RESOURCE
from cds.fhir.references import newer, relative

KEPT_TYPES = frozenset({"Medication", "Substance"})
"""What a medication, or an ingredient of one, is looked up in."""
_REMEMBERED = 4096


def write_medications(path: Path, resources: Iterable[tuple[str, bytes]]) -> None:
    """Keep resources (`Type/id`, JSON), the newest version of each. A file that is there already is replaced."""
    path.unlink(missing_ok=True)
    with sqlite3.connect(path) as table:
        table.execute("pragma journal_mode = off")
        table.execute("create table medication (reference text primary key, json blob not null) without rowid")
        for reference, json in resources:
            before = table.execute("select json from medication where reference = ?", (reference,)).fetchone()
            if before is None or _replaces(json, before[0]):
                table.execute("insert or replace into medication values (?, ?)", (reference, json))
    table.close()


def _replaces(json: bytes, before: bytes) -> bool:
    """Whether a version takes the place of the one before; both are read as a line is, which may be a first one."""
    version = read_line(json)
    assert version is not None  # it was read before
    return newer(read_line(before), version) is version


class Named(NamedTuple):
    """What a record is that names its medication by one reference alone. `answer`: None if the export does not hold
    that Medication; `other_therapy`: it is of another therapy of the disease (rule C8)."""

    answer: Answer | None
    other_therapy: bool = False

    @property
    def of_the_drug(self) -> bool:
        """Whether it is of the drug, or calls itself so beside something that contradicts it."""
        return self.answer is Answer.OURS or self.answer is Answer.UNREADABLE


class Medications:
    """The table read. Each process opens its own."""

    def __init__(self, path: Path, drug: Drug) -> None:
        self._drug = drug
        self._table = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)
        self.named = lru_cache(_REMEMBERED)(self._named)
        self._find = lru_cache(_REMEMBERED)(self._read)

    def resolve(self, reference: str, _resource: Resource) -> Resource | None:
        """The resource that a reference points at, wherever it says that it is; None if the export does not hold it."""
        return self._find(relative(reference) or "")

    def _read(self, reference: str) -> Mapping[str, Any] | None:
        found = self._table.execute("select json from medication where reference = ?", (reference,)).fetchone()
        return None if found is None else read_line(found[0])

    def _named(self, reference: str) -> Named:
        """What a record is that names its medication by this reference."""
        if self.resolve(reference, {}) is None:
            return Named(None)
        pointing = {"resourceType": RESOURCE, "medicationReference": {"reference": reference}}
        answer = identify(pointing, self._drug, self.resolve).answer
        return Named(answer, other_therapy(pointing, self._drug, self.resolve) is not None)
