"""What an audit reads from a FHIR server by searches: all that it holds, type by type, or named patients."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cds.audit.documents import line_of
from cds.audit.doses import patient_of
from cds.audit.lines import RejectedError, read_line
from cds.fhir.errors import FhirError
from cds.fhir.history import lost as may_be_lost
from cds.fhir.history import read_history, unresolved
from cds.fhir.needs import NEEDS, PERSON, Need, Parameters, beside_doses, query_all
from cds.fhir.plain import Resource
from cds.fhir.read import RESOURCE
from cds.fhir.references import relative
from hooks.console import say
from hooks.delivered import Delivered, note, noted
from hooks.question import Question
from hooks.server_patient import read_patient

if TYPE_CHECKING:
    from cds.fhir.client import FhirClient
    from hooks.settings import CheckSettings

_BATCH = 100
"""Patients in one file, which is not read again after an interruption."""
_REFERENCES = 200


async def whole(
    client: FhirClient, settings: CheckSettings, parallel: int, folder: Path, question: Question
) -> Delivered:
    """All administrations of a server, and all that stands beside them, so many types at once; and the Medications that
    they refer to. Raises FhirError where not all administrations could be read."""
    turns = asyncio.Semaphore(parallel)

    async def read(need: Need) -> Delivered:
        async with turns:
            return await _type(client, need, query_all(need, page_size=settings.page_size), folder)

    found = Delivered()
    # where these cannot be had, there is nothing for the others to stand beside
    found.add(await read(NEEDS[0]))
    for each in await asyncio.gather(*map(read, (PERSON, *beside_doses(question.markers)))):
        found.add(each)
    return found


async def _type(client: FhirClient, need: Need, parameters: Parameters, folder: Path) -> Delivered:
    """All resources of one type. What of another type than the administrations could not be read is told."""
    of_type = need.resource_type
    path, done = folder / f"{of_type}.ndjson", folder / f"{of_type}.json"
    before = noted(done)
    if before is not None:
        return before.of({path: None})
    found = Delivered()
    wanted: set[str] = set()
    held: set[str] = set()
    part = path.with_name(f".{path.name}.part")
    with part.open("wb") as file:
        try:
            number = 0
            async for page in client.pages(of_type, parameters):
                number += 1
                held |= {f"Medication/{each.get('id')}" for each in page.resources if _is(each, "Medication")}
                wanted |= {name for name in unresolved(page.resources) if relative(name) not in held}
                file.writelines(line_of(each) + b"\n" for each in page.resources)
                if number % 10 == 0:
                    say(f"reading: {number:,} pages of {of_type}")
            found.answered.add(of_type)
        except FhirError as error:
            if of_type == RESOURCE:
                raise
            if not (error.unsupported and need.optional):
                found.unread.add(of_type)
                found.lost.append(error.message)
        missing = sorted(name for name in wanted if relative(name) not in held)
        unread = await _medications(client, missing, file, found)
    for patient in _patients_with(unread, part) if unread else ():
        found.miss(patient, of_type)
    part.replace(path)
    found.files[path] = None
    if of_type not in found.unread:
        # what was not read to its end is asked for again where the audit goes on
        note(done, found)
    return found


async def _medications(client: FhirClient, references: Sequence[str], file: Any, found: Delivered) -> set[str]:
    """Fetch Medications into a file; the references to those that could not be read."""
    unread: set[str] = set()
    for at in range(0, len(references), _REFERENCES):
        fetched = await client.medications(references[at : at + _REFERENCES])
        file.writelines(line_of(each) + b"\n" for each in fetched.resources)
        unread |= {*fetched.unread, *fetched.not_asked}
        found.lost += [each for each in fetched.problems if each not in found.lost]
    return unread


def _patients_with(references: set[str], path: Path) -> set[str]:
    """The patients with records that refer to one of these Medications."""
    found: set[str | None] = set()
    with path.open("rb") as lines:
        for line in lines:
            try:
                resource = read_line(line)
            except RejectedError:
                # too deep to be read; it is listed when the audit meets it
                continue
            if resource is not None and references.intersection(unresolved([resource])):
                found.add(patient_of(resource))
    # a record of nobody is rejected when it is read
    return {each for each in found if each is not None}


async def histories(
    client: FhirClient, url: str, parallel: int, folder: Path, patients: Sequence[str], question: Question
) -> Delivered:
    """The named patients, so many at once, in files of some patients each."""
    found = Delivered()
    turns = asyncio.Semaphore(parallel)
    for number, at in enumerate(range(0, len(patients), _BATCH)):
        path, done = folder / f"patients-{number:05d}.ndjson", folder / f"patients-{number:05d}.json"
        part = noted(done)
        if part is None:
            part = Delivered()
            batch = patients[at : at + _BATCH]
            read = await asyncio.gather(*(_history(client, url, each, question, turns, part) for each in batch))
            with path.open("wb") as file:
                file.writelines(line_of(each) + b"\n" for resources in read for each in resources)
            part.lost.sort()
            note(done, part)
            say(f"reading: {min(at + _BATCH, len(patients)):,} of {len(patients):,} patients")
        found.add(part.of({path: None}))
    return found


async def _history(
    client: FhirClient, url: str, patient: str, question: Question, turns: asyncio.Semaphore, found: Delivered
) -> Sequence[Resource]:
    async with turns:
        try:
            held = await read_patient(client, url, patient, question.markers)
        except FhirError as error:
            found.lost.append(f"{patient}: {error.message}")
            found.incomplete.add(patient)
            return ()
    every = held.resources
    records = read_history(
        every,
        drug=question.only.drug,
        zone=question.zone,
        patient=held.patient,
        medications=held.medications,
        full_urls=held.full_urls,
    )
    problems = [*held.problems, *(problem for fetched in held.doses for problem in fetched.problems)]
    unread = [name for fetched in held.doses for name in (*fetched.unread, *fetched.not_asked)]
    if held.problems or not all(fetched.whole for fetched in held.doses) or may_be_lost(records, unread):
        found.incomplete.add(patient)
        found.lost += [f"{patient}: {problem}" for problem in problems or ("not everything could be read",)]
    for of_type, read in held.beside.items():
        # a Patient that is not there tells nothing, as one that an export lacks
        if read.missing:
            continue
        found.lost += [f"{patient}: {problem}" for problem in read.problems]
        if read.problems:
            found.miss(patient, of_type)
        elif not read.unsupported:
            found.answered.add(of_type)
    return every


def _is(resource: Mapping[str, Any], of_type: str) -> bool:
    return resource.get("resourceType") == of_type
