"""What a FHIR server holds beside the doses: the Patient and the statements. A failure is told, and not raised."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from cds.fhir.client import FhirClient
from cds.fhir.errors import FhirError, Kind
from cds.fhir.needs import STATEMENTS
from cds.fhir.plain import Resource

_NOTHING: Mapping[str, Resource] = MappingProxyType({})


class Aside(NamedTuple):
    """What could be had; `problems` say what could not, without patient data. `missing`: the server has no such
    patient. `medications` and `full_urls` are for references."""

    resources: tuple[Resource, ...] = ()
    problems: tuple[str, ...] = ()
    missing: bool = False
    medications: Mapping[str, Resource] = _NOTHING
    full_urls: Mapping[str, Resource] = _NOTHING


async def read_person(client: FhirClient, patient_id: str, seconds: float | None = None) -> Aside:
    """The Patient, who may have died (rule F10) or stand for another id too (C9). `patient_id` is bare."""
    try:
        return Aside((await client.read("Patient", patient_id, seconds=seconds),))
    except FhirError as error:
        return Aside(problems=(error.message,), missing=error.kind is Kind.MISSING)


async def read_statements(client: FhirClient, patient_id: str, seconds: float | None = None) -> Aside:
    """The MedicationStatements (rules C7, C8). Of a server that has none of this type nothing is claimed: it says so
    itself, and has nothing to hide."""
    try:
        fetched = await client.history(patient_id, needs=(STATEMENTS,), seconds=seconds)
    except FhirError as error:
        return Aside() if error.unsupported else Aside(problems=(error.message,))
    return Aside(
        tuple(fetched.resources),
        () if fetched.whole and not fetched.unread else fetched.problems,
        medications=fetched.by_reference,
        full_urls=fetched.full_urls,
    )
