"""What a FHIR server holds beside the doses of a patient. That it cannot be read is told, and not raised."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from cds.fhir.client import FhirClient
from cds.fhir.errors import FhirError, Kind
from cds.fhir.needs import Need
from cds.fhir.plain import Resource

_NOTHING: Mapping[str, Resource] = MappingProxyType({})


class Read(NamedTuple):
    """The resources of one need as far as they could be had; `problems` say what could not, without patient data.
    `missing`: the server has no such patient; `instead`: it answers with another one (`Patient/x`) in the place of
    this; `unsupported`: it does not have the type at all. `medications` and `full_urls` are for references."""

    resources: tuple[Resource, ...] = ()
    problems: tuple[str, ...] = ()
    medications: Mapping[str, Resource] = _NOTHING
    full_urls: Mapping[str, Resource] = _NOTHING
    missing: bool = False
    instead: str = ""
    unsupported: bool = False


async def ask(client: FhirClient, need: Need, patient_id: str, seconds: float | None = None) -> Read:
    """All resources of a need, of the patient with this bare id. Never raises FhirError."""
    try:
        if not need.patient:
            return Read((await client.read(need.resource_type, patient_id, seconds=seconds),))
        fetched = await client.history(patient_id, needs=(need,), seconds=seconds)
    except FhirError as error:
        if error.unsupported and need.optional:
            return Read(unsupported=True)
        return Read(problems=(error.message,), missing=error.kind is Kind.MISSING, instead=error.instead)
    whole = fetched.whole and not (need.optional and fetched.unread)
    return Read(fetched.resources, () if whole else fetched.problems, fetched.by_reference, fetched.full_urls)
