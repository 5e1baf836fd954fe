"""The rows that the patients of a share add to the outputs, kept as sorted runs until all shares are merged."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import orjson

from cds.audit.identifiers import Shown
from cds.audit.rows import findings, recall
from cds.audit.runs import Row, merged, write_run
from cds.audit.shares import PatientResult
from cds.dosing.codes import Severity
from cds.dosing.document import as_json

ASSESSMENTS, FINDINGS, RECALL = _STREAMS = ("assessments", "findings", "recall")


class Streams:
    """The rows of one share, with references as the files are to show them. `at_least`: findings of this severity or a
    graver one; `since`: none of a dose given before that day."""

    def __init__(self, shown: Shown, at_least: Severity, since: date | None) -> None:
        self._shown = shown
        self._at_least = at_least
        self._since = since
        self._rows: dict[str, list[Row]] = {name: [] for name in _STREAMS}

    def add(self, result: PatientResult) -> None:
        """Add the rows of a patient."""
        patient = result.assessment.patient
        shown = self._shown.result(result)
        self._add(ASSESSMENTS, "", patient, orjson.dumps(as_json(shown.assessment)))
        for row in findings(shown, self._at_least, self._since):
            self._add(FINDINGS, "", patient, orjson.dumps(row))
        line = recall(shown.assessment, result.not_known)
        if line is not None:
            self._add(RECALL, f"{line['date']} ", patient, orjson.dumps(line))

    def _add(self, stream: str, first: str, patient: str, row: bytes) -> None:
        self._rows[stream].append((first + self._shown.order(patient, row), row))

    def write(self, folder: Path, share: int) -> None:
        """Write the rows to a folder, as those of this share."""
        for stream, rows in self._rows.items():
            write_run(_run(folder, stream, share), rows)


def stream(name: str, folder: Path, shares: int) -> Iterator[bytes]:
    """The rows of all shares, in order."""
    return (row for _, row in merged([_run(folder, name, share) for share in range(shares)], folder))


def runs(folder: Path, share: int) -> list[Path]:
    """The files that a share writes."""
    return [_run(folder, name, share) for name in _STREAMS]


def _run(folder: Path, name: str, share: int) -> Path:
    return folder / f"{name}-{share:04d}.run"
