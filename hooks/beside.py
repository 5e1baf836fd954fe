"""What is read beside the history of a patient: active orders, statements, the Patient."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from datetime import date
from typing import NamedTuple

from cds.fhir.bundle import Contents, read_contents
from cds.fhir.client import FhirClient
from cds.fhir.needs import STATEMENTS, Need
from cds.fhir.patients import other_ids
from cds.fhir.plain import Resource
from cds.fhir.standing import Standing, read_standing, unnamed
from hooks.aside import Read, ask
from hooks.desk import Desk
from hooks.gather import Link
from hooks.protocol import HookRequest


class Beside(NamedTuple):
    """What was read beside the history, by the key of its need."""

    read: Mapping[str, Read]

    @property
    def resources(self) -> tuple[Resource, ...]:
        """All of it."""
        return tuple([resource for each in self.read.values() for resource in each.resources])

    def with_more(self, further: Beside) -> Beside:
        """This, and what was read later."""
        return Beside({**self.read, **further.read})

    def unknown(self, words: Mapping[str, str]) -> tuple[str, ...]:
        """What could not be read, each need in the words for it; needs without words are left out."""
        return tuple(
            [f"{words[key]}: {problem}" for key, each in self.read.items() if key in words for problem in each.problems]
        )

    def elsewhere(self, words: Mapping[str, str]) -> tuple[str, ...]:
        """What could not be read of doses given elsewhere."""
        return self.unknown({STATEMENTS.key: words[STATEMENTS.key]})


NOTHING = Beside({})


def asked_for(needs: Iterable[Need], request: HookRequest, desk: Desk) -> tuple[Need, ...]:
    """The needs without statements, where a site has none to read and none came with the request."""
    without = not desk.site.statements and STATEMENTS.key not in request.prefetch
    return tuple([need for need in needs if not (without and need is STATEMENTS)])


def at_hand(request: HookRequest, need: Need) -> Read | None:
    """What the prefetch holds, where that is all there is; None where it must be read from the server."""
    if need.key not in request.prefetch:
        return None
    contents = read_contents(request.prefetch[need.key])
    return None if _why_not_all(contents, need) else Read(contents.resources, full_urls=contents.full_urls)


def all_at_hand(request: HookRequest, needs: Iterable[Need]) -> Beside | None:
    """What the prefetch holds of some needs; None where a part of it must be read from the server."""
    found: dict[str, Read] = {}
    for need in needs:
        read = at_hand(request, need)
        if read is None:
            return None
        found[need.key] = read
    return Beside(found)


async def read_beside(request: HookRequest, needs: Iterable[Need], link: Link, seconds: float) -> Beside:
    """All resources of some needs, from the prefetch, else from the server, all at the same time. Never raises
    FhirError."""
    needs = tuple(needs)
    found = {need.key: at_hand(request, need) for need in needs}
    missing = [need for need in needs if found[need.key] is None]
    if missing:
        answers = await asyncio.gather(*(_read(request, need, link, seconds) for need in missing))
        found |= zip((need.key for need in missing), answers, strict=True)
    return Beside({key: each for key, each in found.items() if each is not None})


async def _read(request: HookRequest, need: Need, link: Link, seconds: float) -> Read:
    """All resources of a need that are not at hand."""
    part = Contents()
    why: tuple[str, ...] = (f"prefetch.{need.key} is missing",)
    if need.key in request.prefetch:
        part = read_contents(request.prefetch[need.key])
        why = tuple(f"prefetch.{need.key}: {problem}" for problem in _why_not_all(part, need))
    client = link.client
    if client is None:
        no_way = link.fault.message if link.fault is not None else "the request names no fhirServer to read it from"
        return Read(part.resources, (*why, no_way), full_urls=part.full_urls)
    found = await ask(client, need, request.patient_id, seconds)
    return (
        found
        if found.resources or not found.problems
        else found._replace(resources=part.resources, full_urls=part.full_urls)
    )


async def read_orders(
    request: HookRequest, found: Read, beside: Beside, desk: Desk, on: date, link: Link, seconds: float
) -> Standing:
    """The active orders of the drug among what was found; a Medication without which nobody can say is read, too.
    `beside` holds the Patient, who may have other ids."""
    if not found.resources:
        return Standing(problems=found.problems)
    drug, zone = desk.regimens.drug, desk.zone
    medications = dict(found.medications)
    wanted = unnamed(found.resources, drug=drug, zone=zone, on=on, full_urls=found.full_urls)
    wanted = tuple(reference for reference in wanted if reference not in medications)
    client: FhirClient | None = link.client if wanted else None
    if client is not None:
        medications |= (await client.medications(wanted, seconds=seconds)).by_reference
    patient = f"Patient/{request.patient_id}"
    standing = read_standing(
        found.resources,
        drug=drug,
        zone=zone,
        on=on,
        patient=patient,
        also=other_ids(beside.resources, patient),
        medications=medications,
        full_urls=found.full_urls,
    )
    return standing._replace(problems=(*found.problems, *standing.problems))


def _why_not_all(contents: Contents, need: Need) -> tuple[str, ...]:
    """Why a prefetched value does not hold all that was asked for; nothing where it does."""
    types = {resource.get("resourceType") for resource in contents.resources}
    problems = contents.problems
    if not types and not need.patient and not problems:
        problems = ("is empty",)
    if types and need.resource_type not in types:
        problems = (*problems, f"holds no {need.resource_type}, but other resources")
    if contents.next_url is not None:
        problems = (*problems, "goes on on a further page")
    return problems
