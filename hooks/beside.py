"""What is read beside the history: the active orders of the patient. That it could not be read costs no warning."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import NamedTuple

from cds.fhir.bundle import Contents, read_contents
from cds.fhir.client import FhirClient
from cds.fhir.errors import FhirError
from cds.fhir.needs import Need
from cds.fhir.plain import Resource
from cds.fhir.standing import Standing, read_standing, unnamed
from hooks.desk import Desk
from hooks.gather import Link
from hooks.protocol import HookRequest

_NOTHING: Mapping[str, Resource] = MappingProxyType({})


class Read(NamedTuple):
    """The resources of one need as far as they could be had; `problems` say what could not, without patient data."""

    resources: tuple[Resource, ...] = ()
    problems: tuple[str, ...] = ()
    medications: Mapping[str, Resource] = _NOTHING
    full_urls: Mapping[str, Resource] = _NOTHING


def at_hand(request: HookRequest, need: Need) -> Read | None:
    """What the prefetch holds, where that is all there is; None where it must be read from the server."""
    if need.key not in request.prefetch:
        return None
    contents = read_contents(request.prefetch[need.key])
    return None if _why_not_all(contents, need) else Read(contents.resources, full_urls=contents.full_urls)


async def read(request: HookRequest, need: Need, link: Link, seconds: float) -> Read:
    """All resources of a need: from the prefetch, else from the server. Never raises FhirError."""
    found = at_hand(request, need)
    if found is not None:
        return found
    part = Contents()
    why: tuple[str, ...] = (f"prefetch.{need.key} is missing",)
    if need.key in request.prefetch:
        part = read_contents(request.prefetch[need.key])
        why = tuple(f"prefetch.{need.key}: {problem}" for problem in _why_not_all(part, need))
    client = link.client
    if client is None:
        no_way = link.fault.message if link.fault is not None else "the request names no fhirServer to read it from"
        return Read(part.resources, (*why, no_way), full_urls=part.full_urls)
    try:
        fetched = await client.history(request.patient_id, needs=(need,), seconds=seconds)
    except FhirError as error:
        return Read(part.resources, (error.message,), full_urls=part.full_urls)
    return Read(fetched.resources, () if fetched.whole else fetched.problems, fetched.by_reference, fetched.full_urls)


async def read_orders(request: HookRequest, found: Read, desk: Desk, on: date, link: Link, seconds: float) -> Standing:
    """The active orders of the drug among what was read; a Medication without which nobody can say is read, too."""
    drug, zone = desk.regimens.drug, desk.zone
    medications = dict(found.medications)
    wanted = unnamed(found.resources, drug=drug, zone=zone, on=on, full_urls=found.full_urls)
    wanted = tuple(reference for reference in wanted if reference not in medications)
    client: FhirClient | None = link.client if wanted else None
    if client is not None:
        medications |= (await client.medications(wanted, seconds=seconds)).by_reference
    standing = read_standing(
        found.resources,
        drug=drug,
        zone=zone,
        on=on,
        patient=f"Patient/{request.patient_id}",
        medications=medications,
        full_urls=found.full_urls,
    )
    return standing._replace(problems=(*found.problems, *standing.problems))


def _why_not_all(contents: Contents, need: Need) -> tuple[str, ...]:
    """Why a prefetched value does not hold all that was asked for; nothing where it does."""
    types = {resource.get("resourceType") for resource in contents.resources}
    problems = contents.problems
    if types and need.resource_type not in types:
        problems = (*problems, f"holds no {need.resource_type}, but other resources")
    if contents.next_url is not None:
        problems = (*problems, "goes on on a further page")
    return problems
