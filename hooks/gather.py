"""Gathering a patient's records: what was prefetched if it can be used, else the FHIR server, else nothing is known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from cds.dosing.drug import Drug
from cds.fhir.bundle import Contents, read_contents
from cds.fhir.client import FhirClient
from cds.fhir.errors import FhirError, Kind
from cds.fhir.fetch import Fetched
from cds.fhir.history import contradictions, unresolved
from cds.fhir.identify import may_refer
from cds.fhir.needs import NEEDS, ORDERS, Need
from cds.fhir.plain import Resource
from cds.fhir.versions import refused_version
from hooks.protocol import HookRequest
from hooks.words import NotChecked

_NOTHING: Mapping[str, Resource] = MappingProxyType({})


class Gathered(NamedTuple):
    """The records that could be had.

    `whole`: no record of the history is missing; `problems` say what is, or could not be read beside it. `unread`:
    Medications that could not be read, `not_asked`: those that nobody was asked for; their records may stay
    unidentified. `medications` are those fetched by reference, `full_urls` the entries of all Bundles: for references.
    `beside` is what was read beside the history, as active orders.
    """

    resources: tuple[Resource, ...]
    whole: bool
    problems: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    medications: Mapping[str, Resource] = _NOTHING
    full_urls: Mapping[str, Resource] = _NOTHING
    not_asked: tuple[str, ...] = ()
    beside: tuple[Resource, ...] = ()


class NoSourceError(Exception):
    """Neither prefetch nor a FHIR server was given: the answer that CDS Hooks demands is 412."""

    def __init__(self, key: str, unusable: Iterable[str] = ()) -> None:
        self.key = key
        sent = ", ".join(unusable)
        super().__init__(
            f"prefetch.{key} is missing, and the request names no fhirServer to read it from: send the prefetch that "
            "discovery asks for, or fhirServer with fhirAuthorization"
            + (f" ({sent} was sent and is of no use: it has the wrong type)" if sent else "")
        )


class NotReadError(Exception):
    """The history could not be read. The message is for people and holds no patient data; `why` is what a card says."""

    def __init__(self, message: str, why: NotChecked = NotChecked.UPSTREAM) -> None:
        super().__init__(message)
        self.why = why


class Link:
    """The way to the FHIR server of a request, made when something must be read from it: most requests bring all."""

    def __init__(self, connect: Callable[[HookRequest], FhirClient | None], request: HookRequest) -> None:
        self._connect, self._request = connect, request
        self._made: FhirClient | None = None
        self.fault: FhirError | None = None

    @property
    def client(self) -> FhirClient | None:
        """A client; None where the request names no server, or one that cannot be used (`fault` says why)."""
        if self._made is None and self.fault is None:
            try:
                self._made = self._connect(self._request)
            except FhirError as error:
                self.fault = error
        return self._made


def prefetched(request: HookRequest) -> tuple[Resource, ...]:
    """All resources that came with the request as prefetch of the history and of orders."""
    return tuple(
        resource
        for need in (*NEEDS, ORDERS)
        if need.key in request.prefetch
        for resource in read_contents(request.prefetch[need.key]).resources
    )


async def gather(request: HookRequest, link: Link, *, drug: Drug, seconds: float) -> Gathered:
    """All records of the patient that an assessment of `drug` needs, within `seconds`.

    Raises NoSourceError where there is nothing to read from, and NotReadError where nothing could be read.
    """
    usable: list[Contents] = []
    missing: list[Need] = []
    problems: list[str] = []
    for need in NEEDS:
        contents = read_contents(request.prefetch[need.key]) if need.key in request.prefetch else None
        if contents is None:
            if link.client is None and link.fault is None:
                raise NoSourceError(need.key, request.unusable)
            missing.append(need)
            continue
        useless = _useless(contents, need)
        wrong = [f"prefetch.{need.key}: {problem}" for problem in (*contents.problems, *useless)]
        if wrong:
            problems += wrong
            missing.append(need)
        if not useless:
            usable.append(contents)
            problems += [f"prefetch.{need.key}: {problem}" for problem in contradictions(contents.resources, drug)]
    resources = tuple([resource for contents in usable for resource in contents.resources])
    full_urls: dict[str, Resource] = {}
    for contents in usable:
        full_urls.update(contents.full_urls)
    next_url = next((contents.next_url for contents in usable if contents.next_url), None)
    wanted = _wanted(resources, full_urls)
    if not missing and next_url is None and not wanted:
        return Gathered(resources, not problems, tuple(problems), full_urls=full_urls)
    if link.client is None:
        return _without_server(resources, full_urls, next_url, wanted, problems, link)
    if missing:
        return await _from_server(request, link.client, tuple(missing), resources, full_urls, problems, seconds)
    fetched = await link.client.complete(
        resources, next_url, full_urls=full_urls, patient=f"Patient/{request.patient_id}", seconds=seconds
    )
    gathered = _fetched(fetched)
    return gathered._replace(whole=gathered.whole and not problems, problems=(*problems, *gathered.problems))


def _wanted(resources: tuple[Resource, ...], full_urls: Mapping[str, Resource]) -> tuple[str, ...]:
    """The references to Medications that are not here; most histories have none at all."""
    if not any(map(may_refer, resources)):
        return ()
    return unresolved(resources, full_urls=full_urls)


def _useless(contents: Contents, need: Need) -> tuple[str, ...]:
    """A value that holds resources and none of the type asked for is no answer, however empty it may look. Nor is one
    of an older version of FHIR: its other records, which look like those of today, can mean something else."""
    older = next(filter(None, map(refused_version, contents.resources)), "")
    if older:
        return (f"its records look like FHIR {older}, which is not read: send those of the R4 or R5 endpoint",)
    types = {resource.get("resourceType") for resource in contents.resources}
    if not types or need.resource_type in types:
        return ()
    return (f"holds no {need.resource_type}, but other resources",)


def _without_server(
    resources: tuple[Resource, ...],
    full_urls: Mapping[str, Resource],
    next_url: str | None,
    wanted: tuple[str, ...],
    problems: list[str],
    link: Link,
) -> Gathered:
    """What was prefetched must do; a page that cannot be followed is a page lost."""
    why = link.fault.message if link.fault is not None else "the request names no fhirServer to read it from"
    if next_url is not None:
        problems.append(f"the prefetched Bundle goes on on a further page: {why}")
    if link.fault is not None and not resources and not problems:
        problems.append(why)
    if problems and not resources:
        raise NotReadError("; ".join(problems))
    said = list(problems)
    if wanted:
        said.append(f"{len(wanted)} of the Medications did not come with the records: {why}")
    return Gathered(resources, not problems, tuple(said), not_asked=wanted, full_urls=full_urls)


async def _from_server(
    request: HookRequest,
    client: FhirClient,
    needs: tuple[Need, ...],
    resources: tuple[Resource, ...],
    full_urls: Mapping[str, Resource],
    problems: list[str],
    seconds: float,
) -> Gathered:
    """Our own queries; what was prefetched in part is used only where they fail, and then as incomplete."""
    try:
        fetched = await client.history(request.patient_id, needs=needs, seconds=seconds)
    except FhirError as error:
        if not resources:
            why = NotChecked.DENIED if error.kind is Kind.DENIED else NotChecked.UPSTREAM
            raise NotReadError("; ".join([error.message, *problems]), why) from error
        return Gathered(resources, False, (*problems, error.message), full_urls=full_urls)
    return _fetched(fetched, resources, full_urls)


def _fetched(
    fetched: Fetched, resources: tuple[Resource, ...] = (), full_urls: Mapping[str, Resource] = _NOTHING
) -> Gathered:
    """What the server delivered, with what was prefetched beside it."""
    return Gathered(
        (*resources, *fetched.resources),
        fetched.whole,
        fetched.problems,
        fetched.unread,
        fetched.by_reference,
        {**full_urls, **fetched.full_urls},
        fetched.not_asked,
    )
