"""What is read from each published MedicationAdministration, as it is and as one of nusinersen: rows of a table."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from cds.dosing.facts import Administration, Unidentified, Unreadable
from cds.fhir.codes import codes_of
from cds.fhir.plain import Malformed
from cds.fhir.read import Ignored, read_administration
from cds.fhir.references import subject_of
from cds.fhir.routes import WrongRoute, route_recognised
from cds.regimens.library import load
from tests import published

TABLE = Path(__file__).parent / "published" / "administrations.tsv"
COLUMNS = ("file", "as_is", "subject", "read_as", "earliest", "latest", "mg", "route", "notes", "reason", "element")
ZONE = ZoneInfo("Pacific/Chatham")
DRUG = load().get("eu-12mg").drug
VIAL = {"coding": [{"system": "http://hl7.org/fhir/sid/ndc", "code": "64406-058-01"}]}


def rows() -> Iterator[dict[str, str]]:
    """One row a file, in order of file."""
    for path in published.files("medication-administration/*/*.json"):
        resource = json.loads(path.read_text())
        yield {"file": f"{path.parent.name}/{path.name}", **row(resource)}


def row(resource: dict[str, Any]) -> dict[str, str]:
    """All columns but the file. `as_is` tells what the published record is read as, the others what one of nusinersen
    with the same date, status, dose and route is."""
    record = read(with_nusinersen(resource))
    days = getattr(record, "when", None)
    amount = record.amount if isinstance(record, Administration) else None
    return {
        "as_is": read_as(read(resource)),
        "subject": subject(resource),
        "read_as": read_as(record),
        "earliest": days.earliest.isoformat() if days else "",
        "latest": days.latest.isoformat() if days else "",
        "mg": f"{amount:f}" if amount is not None else "",
        "route": route(resource),
        "notes": " ".join(note.code for note in record.notes) if isinstance(record, Administration) else "",
        "reason": record.reason if isinstance(record, Unreadable) else "",
        "element": record.element if isinstance(record, Unreadable) else "",
    }


def read(resource: dict[str, Any]) -> object:
    return read_administration(resource, drug=DRUG, zone=ZONE, patient=None, resolve=lambda _reference, _record: None)


def with_nusinersen(resource: dict[str, Any]) -> dict[str, Any]:
    """The record with its medication replaced, in the spelling of its version."""
    changed = {name: value for name, value in resource.items() if not name.startswith("medication")}
    return {
        **changed,
        **({"medication": {"concept": VIAL}} if "medication" in resource else {"medicationCodeableConcept": VIAL}),
    }


def read_as(record: object) -> str:
    if isinstance(record, Ignored):
        return record.why
    if isinstance(record, Administration):
        return "stopped dose" if record.stopped else "dose"
    return "unidentified" if isinstance(record, Unidentified) else type(record).__name__.lower()


def subject(resource: dict[str, Any]) -> str:
    try:
        return subject_of(resource, lambda _reference, _record: None) or "none"
    except Malformed as fault:
        return f"unusable: {fault.element}"


def route(resource: dict[str, Any]) -> str:
    dosage = resource.get("dosage")
    if not isinstance(dosage, dict) or not dosage.get("route"):
        return "none"
    try:
        return "right" if route_recognised(dosage, codes_of(DRUG), "dosage") else "unrecognised"
    except WrongRoute as wrong:
        return wrong.name


def recorded() -> list[dict[str, str]]:
    """The table as it was reviewed."""
    with TABLE.open(newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def main() -> None:
    """Write the table anew; what changed has to be reviewed against the records before it is kept."""
    with TABLE.open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, delimiter="\t", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows())


if __name__ == "__main__":
    main()
