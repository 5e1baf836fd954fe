"""The histories of named patients on a FHIR server, as `check` assesses them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from cds.dosing.drug import Drug
from cds.fhir.beside import beside, died_on, of_one, unreadable_deaths
from cds.fhir.history import lost, read_history
from cds.fhir.needs import PERSON, STATEMENTS
from cds.fhir.read import RESOURCE
from cds.fhir.references import Pool, relative
from hooks.console import UsageError, say
from hooks.credentials import tokens_of
from hooks.histories import DEATH_UNREADABLE, Histories, history_of
from hooks.question import Question
from hooks.settings import CheckSettings

if TYPE_CHECKING:
    from hooks.aside import Read
    from hooks.server_patient import OnServer

_BESIDE = "Not read beside the doses, which are judged without it (rules C7, C8, C9, F10)"


def from_server(
    url: str, wanted: Sequence[str], drugs: Sequence[Drug], question: Question, settings: CheckSettings
) -> Histories:
    """The named patients of a FHIR server. One whose history could not be read at all is not assessed."""
    one = relative(url.rstrip("/"))
    if one is not None and one.startswith("Patient/"):
        raise UsageError(f"{url}: is the URL of one patient; give the base URL before /{one}, and --patient {one}")
    if not wanted:
        raise UsageError(f"{url}: name the patients to read with --patient; a whole server is not read")
    return asyncio.run(_fetch(url, sorted(set(wanted)), drugs, question, settings))


async def _fetch(
    url: str, wanted: list[str], drugs: Sequence[Drug], question: Question, settings: CheckSettings
) -> Histories:
    from cds.fhir.addresses import EVERYWHERE
    from cds.fhir.allowed import Allowed
    from cds.fhir.client import FhirClient
    from cds.fhir.connections import Http
    from cds.fhir.errors import FhirError, Kind
    from cds.fhir.limits import Limits
    from hooks.server_patient import read_patient

    limits = Limits(seconds=settings.deadline_seconds, pages=settings.max_pages, page_size=settings.page_size)
    every_code = dict.fromkeys(coding for drug in drugs for coding in drug.searched)
    codes = tuple(every_code) if settings.filter_by_code else ()
    found = Histories(source=url)
    try:
        # who names a server on the command line lists it, wherever it is
        allowed = Allowed([url], EVERYWHERE)
    except FhirError as error:
        raise UsageError(error.message) from None
    async with Http(limits, allowed, outbound=settings.outbound) as http:
        token = tokens_of(settings, http, url)
        try:
            by_post = settings.search_by_post
            client = FhirClient(http, url, token=token, limits=limits, codes=codes, search_by_post=by_post)
        except FhirError as error:
            advice = " (NUSINERSEN_CDS_FHIR_TOKEN)" if error.kind is Kind.DENIED else ""
            raise UsageError(f"{error.message}{advice}") from None
        for at, patient in enumerate(wanted, start=1):
            say(f"reading {patient} ({at} of {len(wanted)})")
            try:
                held = await read_patient(client, url, patient, question.markers)
            except FhirError as error:
                found.not_read.append(f"{patient}: {error.message}; not assessed")
                continue
            _add(patient, held, found, drugs, question, url)
    return found


def _add(asked: str, held: OnServer, found: Histories, drugs: Sequence[Drug], question: Question, url: str) -> None:
    """Add the history of a patient for each drug, with what stands beside it."""
    patient, zone = held.patient, question.zone
    if patient != asked:
        say(f"{asked} was replaced by {patient}, by a Patient resource of the server")
    if any(history.patient == patient for history in found.patients):
        # asked for by two ids
        return
    every = held.resources
    group = [item for item in every if item.get("resourceType") == RESOURCE]
    person = held.beside[PERSON.resource_type]
    if not group and person.missing:
        # a mistyped id must not pass for one who was never treated
        found.unusable.append(f"{asked}: {url} knows no such patient; correct --patient")
        return
    resolve = Pool(every, full_urls=held.full_urls, fetched=held.medications).resolve
    died, all_whole = died_on(person.resources, zone).get(patient), True
    unread = [name for fetched in held.doses for name in (*fetched.unread, *fetched.not_asked)]
    for drug in drugs:
        records = read_history(every, drug=drug, zone=zone, patient=patient, resolve=resolve)
        whole = not held.problems and all(fetched.whole for fetched in held.doses) and not lost(records, unread)
        all_whole = all_whole and whole
        own = of_one(every, patient)
        records += beside(own, drug=drug, zone=zone, resolve=resolve)
        records += question.markers.read(own, zone)
        found.patients.append(replace(history_of(drug, patient, group, records, whole, {}), died=died))
    if patient in unreadable_deaths(person.resources, zone):
        found.remarks.setdefault(DEATH_UNREADABLE, []).append(patient)
    _tell(patient, held, all_whole, found)
    _tell_beside(patient, bool(group), held.beside, found)
    found.administrations += len(group)


def _tell(patient: str, held: OnServer, whole: bool, found: Histories) -> None:
    """What is to be said of the reading of the doses."""
    told = [*held.problems, *(problem for fetched in held.doses for problem in fetched.problems)]
    problems = [f"{patient}: {problem}" for problem in told]
    notes = [f"{patient}: {note}" for fetched in held.doses for note in fetched.notes]
    if notes:
        found.remarks.setdefault("Remarks of servers", []).extend(notes)
    if not whole or any(fetched.unread for fetched in held.doses):
        found.not_read += problems or [f"{patient}: not everything could be read"]
    else:
        found.remarks.setdefault("Remarks", []).extend(problems)


def _tell_beside(patient: str, recorded: bool, every: Mapping[str, Read], found: Histories) -> None:
    """What is to be said of the reading of what stands beside the doses."""
    person = every[PERSON.resource_type]
    if not recorded:
        empty = f"{patient}: the server shows no {RESOURCE}; check what the token may see"
        if person.problems:
            empty += f", and the id, since the Patient could not be read ({'; '.join(person.problems)})"
        found.remarks.setdefault("Nothing recorded", []).append(empty)
    for of_type, read in every.items():
        if of_type == STATEMENTS.resource_type:
            found.not_read += [f"{patient}: doses given elsewhere: {problem}" for problem in read.problems]
        elif read.problems:
            found.remarks.setdefault(_BESIDE, []).extend(f"{patient}: {problem}" for problem in read.problems)
