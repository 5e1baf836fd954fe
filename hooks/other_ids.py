"""The other ids of the patient of a call (rule C9): what is recorded under them is read as this patient's."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping

from cds.fhir.client import FhirClient
from cds.fhir.errors import FhirError
from cds.fhir.fetch import Fetched
from cds.fhir.links import Base
from cds.fhir.needs import ORDERS, PERSON, STATEMENTS, Need
from cds.fhir.patients import ADMINISTRATION, linked, other_ids
from cds.fhir.plain import Resource
from cds.fhir.references import relative
from hooks.aside import Read, ask
from hooks.beside import Beside
from hooks.gather import Gathered, Link
from hooks.protocol import HookRequest
from hooks.server_patient import joined, read_persons


async def with_other_ids(
    request: HookRequest, gathered: Gathered, beside: Beside, markers: Iterable[Need], link: Link, seconds: float
) -> tuple[Gathered, Beside]:
    """What was read of a patient, and what the server holds under the other ids that the Patient is linked to.

    Where that cannot be read the history is not whole; nor is it where the server has neither the patient nor a record
    of one. An id of which records came with the others was searched already. Never raises FhirError, and costs nothing
    where the Patient names no other id, as nearly all do.
    """
    patient, person = f"Patient/{request.patient_id}", beside.read.get(PERSON.key, Read())
    if person.missing and not gathered.resources:
        # who is not there has no doses there, and can have had them under the id that there is
        return _joined(gathered, (), ["the server knows no patient of this id"]), beside
    if person.instead:
        return _joined(gathered, (), ["the server answers for this patient with one of another id"]), beside
    links = [each for named in person.resources for each in linked(named)]
    if not links:
        return gathered, beside
    client = link.client
    searched = {patient, *(_subjects(gathered.resources) & other_ids(person.resources, patient))}
    if {_named(each, request, client) for each in links} <= searched:
        return gathered, beside
    if client is None or request.fhir_server is None:
        why = link.fault.message if link.fault is not None else "the request names no fhirServer to read them from"
        return _joined(gathered, (), [f"the patient has another id, whose records did not come: {why}"]), beside
    try:
        # one limit for all of it, since each further id is asked about once the one before is known
        async with asyncio.timeout(seconds):
            return await _with_those_of(
                client, request.fhir_server, patient, searched, gathered, beside, markers, seconds
            )
    except TimeoutError:
        return _joined(gathered, (), ["the records under another id of the patient did not come in time"]), beside


async def _with_those_of(
    client: FhirClient,
    url: str,
    patient: str,
    searched: Collection[str],
    gathered: Gathered,
    beside: Beside,
    markers: Iterable[Need],
    seconds: float,
) -> tuple[Gathered, Beside]:
    """What there is, with what the server holds under all other ids than those `searched`."""
    person = beside.read[PERSON.key]
    persons, met = await read_persons(client, url, patient, seconds=seconds, asked=person)
    problems = [each for each in persons.problems if each not in person.problems]
    same = other_ids(persons.resources, patient)
    others = [each for each in met if each in same and each not in searched]
    needs = [need for need in (ORDERS, STATEMENTS, *markers) if need.key in beside.read]
    doses, read = await asyncio.gather(
        asyncio.gather(*(_doses(client, each, same | {patient}, seconds) for each in others)),
        asyncio.gather(*(_of_each(client, need, others, beside.read[need.key], seconds) for need in needs)),
    )
    problems += [f"under another id: {each.message}" for each in doses if isinstance(each, FhirError)]
    gathered = _joined(gathered, [each for each in doses if isinstance(each, Fetched)], problems)
    more: Mapping[str, Read] = dict(zip((need.key for need in needs), read, strict=True))
    return gathered, beside.with_more(Beside({**more, PERSON.key: persons._replace(problems=person.problems)}))


def _named(reference: str, request: HookRequest, client: FhirClient | None) -> str:
    """The id in a link, `Patient/x`; a link to another server than the one that is asked stays as it is written."""
    if client is not None and request.fhir_server is not None:
        target = Base(request.fhir_server).resource(reference)
        return "/".join(target) if target is not None else reference
    return relative(reference) or reference


def _subjects(resources: Iterable[Resource]) -> frozenset[str]:
    """Whose administrations these are, by the plain references in them."""
    subjects = [each.get("subject") for each in resources if each.get("resourceType") == ADMINISTRATION]
    written = [each.get("reference") for each in subjects if isinstance(each, dict)]
    return frozenset(relative(each) or each for each in written if isinstance(each, str))


async def _doses(client: FhirClient, patient: str, also: Collection[str], seconds: float) -> Fetched | FhirError:
    try:
        return await client.history(patient, seconds=seconds, also=also)
    except FhirError as error:
        return error


async def _of_each(client: FhirClient, need: Need, patients: Iterable[str], first: Read, seconds: float) -> Read:
    """What was read of a need, and what the server holds of it under other ids."""
    asked = [ask(client, need, each.removeprefix("Patient/"), seconds) for each in patients]
    return joined([first, *await asyncio.gather(*asked)])


def _joined(gathered: Gathered, doses: Iterable[Fetched], problems: Iterable[str]) -> Gathered:
    """The history with those under other ids; with a problem it is not whole."""
    lost = tuple(problems)
    for each in doses:
        gathered = gathered._replace(
            resources=(*gathered.resources, *each.resources),
            whole=gathered.whole and each.whole,
            problems=(*gathered.problems, *each.problems),
            unread=(*gathered.unread, *each.unread),
            medications={**gathered.medications, **each.by_reference},
            full_urls={**gathered.full_urls, **each.full_urls},
            not_asked=(*gathered.not_asked, *each.not_asked),
        )
    return gathered._replace(whole=gathered.whole and not lost, problems=(*gathered.problems, *lost))
