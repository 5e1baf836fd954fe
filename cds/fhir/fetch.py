"""Whole reads within one deadline: a history with its Medications, the rest of a prefetched page, Medications alone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from cds.fhir.history import unresolved
from cds.fhir.limits import Budget
from cds.fhir.links import Base
from cds.fhir.medications import Medications
from cds.fhir.needs import NEEDS, Parameters
from cds.fhir.pages import Get, Search
from cds.fhir.plain import Resource


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a server delivered, each resource once, in its order, then the Medications that were fetched apart.

    `whole`: no record of the history is missing as far as can be seen (rule F1). `problems` are sentences for people,
    without patient data, `notes` remarks of the server that take nothing away. A Medication that cannot be had leaves
    the history whole and its records unidentified (rule C1), but is a problem where it could not be read: `unread`
    lists the references to those, `not_asked` those to other servers, where the token must not go. `by_reference` are
    the Medications that were fetched apart, by the reference as it was written, `full_urls` the entries of all pages
    by `fullUrl`: what `read_history` takes.
    """

    resources: tuple[Resource, ...]
    whole: bool
    problems: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    by_reference: Mapping[str, Resource] = field(default_factory=dict)
    full_urls: Mapping[str, Resource] = field(default_factory=dict)
    not_asked: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


async def history(
    base: Base,
    get: Get,
    budget: Budget,
    patient: str,
    asked: Iterable[tuple[str, Parameters]],
    also: Collection[str] = (),
) -> Fetched:
    """The answers to several searches (type and parameters) about a patient (`Patient/x`), whose other ids are `also`.
    Raises FhirError where one of them got no page."""
    runs = [(Search(resource_type, patient, also), parameters) for resource_type, parameters in asked]
    searches = [search for search, _ in runs]
    await _in_time(budget, asyncio.gather(*(search.run(base, get, budget, query) for search, query in runs)))
    for search in searches:
        if not search.pages:
            raise search.hand_over() or budget.too_late(search.what, base.url)
    return await _with_medications(base, get, budget, searches)


async def complete(
    base: Base,
    get: Get,
    budget: Budget,
    given: Iterable[Resource],
    link: str | None,
    full_urls: Mapping[str, Resource],
    patient: str | None,
) -> Fetched:
    """A prefetched first page, the pages after it, and the Medications of all. `patient` is whose they are."""
    search = Search(NEEDS[0].resource_type, pages=1, full_urls=dict(full_urls))
    for resource in given:
        search.add(resource)
    search.patient = patient
    await _in_time(budget, search.follow(base, get, budget, link))
    return await _with_medications(base, get, budget, [search])


async def medications(base: Base, get: Get, budget: Budget, references: Iterable[str]) -> Fetched:
    """The Medications behind references, and their ingredients. `whole`: every reference has an answer."""
    records = [{"resourceType": "MedicationRequest", "medicationReference": {"reference": name}} for name in references]
    wanted = await _medications(base, get, budget, records, {})
    return Fetched(
        wanted.found, not wanted.unread, wanted.problems(_late(base, budget)), wanted.unread, wanted.by_reference
    )


async def _with_medications(base: Base, get: Get, budget: Budget, searches: Sequence[Search]) -> Fetched:
    late = _late(base, budget)
    resources = [resource for search in searches for resource in search.resources]
    full_urls = {url: resource for search in searches for url, resource in search.full_urls.items()}
    wanted = await _medications(base, get, budget, resources, full_urls)
    return Fetched(
        resources=(*resources, *wanted.found),
        whole=all(search.whole for search in searches),
        problems=(
            *(problem for search in searches for problem in search.problems),
            *(f"{search.what}: {late}; pages read: {search.pages}" for search in searches if not search.done),
            *wanted.problems(late),
        ),
        unread=wanted.unread,
        by_reference=wanted.by_reference,
        full_urls=full_urls,
        not_asked=tuple(wanted.outside),
        notes=tuple(note for search in searches for note in search.notes),
    )


async def _medications(
    base: Base, get: Get, budget: Budget, records: Sequence[Resource], full_urls: Mapping[str, Resource]
) -> Medications:
    wanted = Medications()
    if wanted.want(base, unresolved(records, full_urls=full_urls)):
        await _in_time(budget, wanted.run(base, get, budget, records, full_urls))
    return wanted


def _late(base: Base, budget: Budget) -> str:
    return f"{base.url} {budget.time_limit}"


async def _in_time(budget: Budget, work: Awaitable[object]) -> None:
    """Do the work until the deadline. There it is cancelled, and what it has gathered is kept."""
    try:
        async with asyncio.timeout_at(budget.until):
            await work
    except TimeoutError:
        pass
    finally:
        # a work of several parts keeps the error that ended it, and that keeps this frame: a circle
        del work
