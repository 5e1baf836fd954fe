"""How references stand in an output: as they are, as keyed hashes, or without what tells one from another."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from operator import attrgetter
from typing import Any, TypeVar

from cds.audit.ledger import Place
from cds.audit.shares import PatientResult
from cds.dosing.assessment import Assessment
from cds.dosing.facts import NotGiven, Unidentified, Unreadable
from cds.dosing.findings import Finding

_TYPE = re.compile(r"(?:.*/)?([A-Z][A-Za-z]{0,63})[/?]")
_DIGITS = 20
"""Hexadecimal digits of a hash: 80 bits, so that any two of ten million share one with a chance below 1 in 10^10."""


class Identifiers(StrEnum):
    """What stands in the place of a reference."""

    PLAIN = "plain"
    HASH = "hash"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Shown:
    """How one kind of output shows what tells a patient, a record or a file.

    `secret` is the key of the hashes: the same key gives the same hash, so that two audits can be compared, and nobody
    without it can find a hash by trying all ids. It is never written. `files`: the number of each file of the input,
    which stands for its name where references are not plain, since files are named after patients too.
    """

    how: Identifiers = Identifiers.PLAIN
    secret: bytes = field(default=b"", repr=False)
    files: Mapping[str, int] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        if self.how is Identifiers.HASH and not self.secret:
            raise ValueError("hashes of references need a key: without one everybody can try all ids")

    def of(self, files: Iterable[str]) -> Shown:
        """The same for the files of an input, in its order."""
        return replace(self, files={name: number for number, name in enumerate(dict.fromkeys(files), 1)})

    def reference(self, reference: str) -> str:
        """`Patient/x`, `Patient/3f2a...`, or `Patient`: the type of a record always stays."""
        if self.how is Identifiers.PLAIN:
            return reference
        found = _TYPE.match(reference)
        of_type = found[1] if found else "Resource"
        if self.how is Identifiers.NONE:
            return of_type
        hashed = hmac.new(self.secret, b"audit\n" + reference.encode(errors="surrogatepass"), hashlib.sha256)
        return f"{of_type}/{hashed.hexdigest()[:_DIGITS]}"

    def file(self, name: str) -> str:
        """The name of a file, or the number that stands for it: files count from 1 in order of name."""
        if self.how is Identifiers.PLAIN:
            return name
        number = self.files.get(name)
        return f"file {number}" if number is not None else "a file"

    def listed(self, entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Entries of a list of places, as the ledger and the summary have them."""
        return [{**entry, "file": self.file(entry["file"])} for entry in entries]

    def order(self, patient: str, row: bytes) -> str:
        """What a row is sorted by: the patient; or the row alone, where its place must not tell of whom it is."""
        shown = self.reference(patient)
        return f"{shown} {row.decode()}" if self.how is Identifiers.NONE else shown

    def result(self, result: PatientResult) -> PatientResult:
        """The result of a patient with every reference and file as it is shown. Where a line leads to the record of a
        patient who is not told apart, it is left out."""
        if self.how is Identifiers.PLAIN:
            return result
        places = {
            self.reference(reference): Place(self.file(place.file), place.offset, place.line)
            for reference, place in result.places.items()
        }
        shown = {} if self.how is Identifiers.NONE else places
        return PatientResult(_shown(result.assessment, self.reference), shown, result.not_known)


_Record = TypeVar("_Record", NotGiven, Unreadable, Unidentified)


def _sorted(records: Iterable[_Record], show: Callable[[str], str]) -> tuple[_Record, ...]:
    """Records with their references as shown; each list of an assessment is in order of them (rules.md section 8)."""
    shown = [replace(record, reference=show(record.reference)) for record in records]
    return tuple(sorted(shown, key=attrgetter("reference")))


def _shown(assessment: Assessment, show: Callable[[str], str]) -> Assessment:
    def of(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
        return tuple([each._replace(evidence=tuple([show(name) for name in each.evidence])) for each in findings])

    return replace(
        assessment,
        patient=show(assessment.patient),
        evaluations=tuple(
            [
                each._replace(
                    administrations=tuple(sorted([show(name) for name in each.administrations])),
                    findings=of(each.findings),
                )
                for each in assessment.evaluations
            ]
        ),
        not_given=_sorted(assessment.not_given, show),
        unreadable=_sorted(assessment.unreadable, show),
        unidentified=_sorted(assessment.unidentified, show),
        forecast=replace(assessment.forecast, findings=of(assessment.forecast.findings)),
        findings=of(assessment.findings),
    )
