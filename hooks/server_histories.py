"""The histories of named patients on a FHIR server, as `check` assesses them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from cds.dosing.drug import Drug
from cds.fhir.beside import beside, died_on, of_one
from cds.fhir.history import lost, read_history
from cds.fhir.needs import PERSON, STATEMENTS, marks
from cds.fhir.read import RESOURCE
from cds.fhir.references import Pool, relative
from hooks.console import UsageError, say
from hooks.credentials import tokens_of
from hooks.histories import Histories, history_of
from hooks.question import Question
from hooks.settings import CheckSettings

if TYPE_CHECKING:
    from cds.fhir.client import FhirClient
    from cds.fhir.fetch import Fetched
    from hooks.aside import Read

_BESIDE = "Not read beside the doses, which are judged without it (rules C7, C8, F10)"


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
                fetched = await client.history(patient)
            except FhirError as error:
                found.not_read.append(f"{patient}: {error.message}; not assessed")
                continue
            await _add(client, patient, fetched, found, drugs, question, url)
    return found


async def _add(
    client: FhirClient,
    patient: str,
    fetched: Fetched,
    found: Histories,
    drugs: Sequence[Drug],
    question: Question,
    url: str,
) -> None:
    """Add the history of a patient for each drug, with what stands beside it."""
    from hooks.aside import ask

    group = [item for item in fetched.resources if item.get("resourceType") == RESOURCE]
    name, zone = patient.removeprefix("Patient/"), question.zone
    needs = (PERSON, STATEMENTS, *marks(question.markers))
    person, statements, *marked = await asyncio.gather(*(ask(client, need, name) for need in needs))
    if not group and person.missing:
        # a mistyped id must not pass for one who was never treated
        found.unusable.append(f"{patient}: {url} knows no such patient; correct --patient")
        return
    every = (*fetched.resources, *statements.resources, *person.resources)
    full_urls = {**statements.full_urls, **fetched.full_urls}
    medications = {**statements.medications, **fetched.by_reference}
    resolve = Pool(every, full_urls=full_urls, fetched=medications).resolve
    died, all_whole = died_on(person.resources, zone).get(patient), True
    for drug in drugs:
        records = read_history(every, drug=drug, zone=zone, patient=patient, resolve=resolve)
        whole = fetched.whole and not lost(records, (*fetched.unread, *fetched.not_asked))
        all_whole = all_whole and whole
        records += beside(of_one(every, patient), drug=drug, zone=zone, resolve=resolve)
        own = of_one([*person.resources, *(item for each in marked for item in each.resources)], patient)
        records += question.markers.read(own, zone)
        found.patients.append(replace(history_of(drug, patient, group, records, whole, {}), died=died))
    _tell(patient, fetched, all_whole, found)
    _tell_beside(patient, bool(group), person, statements, found)
    problems = [f"{patient}: {problem}" for each in marked for problem in each.problems]
    if problems:
        found.remarks.setdefault(_BESIDE, []).extend(problems)
    found.administrations += len(group)


def _tell(patient: str, fetched: Fetched, whole: bool, found: Histories) -> None:
    """What is to be said of the reading of the doses."""
    problems = [f"{patient}: {problem}" for problem in fetched.problems]
    if fetched.notes:
        found.remarks.setdefault("Remarks of servers", []).extend(f"{patient}: {note}" for note in fetched.notes)
    if not whole or fetched.unread:
        found.not_read += problems or [f"{patient}: not everything could be read"]
    else:
        found.remarks.setdefault("Remarks", []).extend(problems)


def _tell_beside(patient: str, recorded: bool, person: Read, statements: Read, found: Histories) -> None:
    """What is to be said of the reading of what stands beside the doses."""
    if not recorded:
        empty = f"{patient}: the server shows no {RESOURCE}; check what the token may see"
        if person.problems:
            empty += f", and the id, since the Patient could not be read ({'; '.join(person.problems)})"
        found.remarks.setdefault("Nothing recorded", []).append(empty)
    found.not_read += [f"{patient}: doses given elsewhere: {problem}" for problem in statements.problems]
    if person.problems:
        found.remarks.setdefault(_BESIDE, []).extend(f"{patient}: {problem}" for problem in person.problems)
