"""A history from many resources mixed: each administration once and accounted for, its Medications found."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import tzinfo

from cds.dosing.drug import Drug
from cds.dosing.facts import Record, Unidentified
from cds.fhir.identify import identify, ingredient_references, medication_references, medication_text
from cds.fhir.patients import Groups, group_by_patient, other_ids
from cds.fhir.plain import Malformed, Resolve, Resource
from cds.fhir.read import RESOURCE, Ignored, read_administration
from cds.fhir.references import Pool, contained, newer, reference_of, relative, without_history
from cds.fhir.twins import Twins

__all__ = ["Groups", "contradictions", "group_by_patient", "leading_nowhere", "lost", "read_history", "unresolved"]

_WITH_MEDICATION = frozenset({RESOURCE, "MedicationRequest", "MedicationStatement"})


def read_history(
    resources: Iterable[object],
    *,
    drug: Drug,
    zone: tzinfo,
    patient: str | None,
    medications: Mapping[str, Resource] | None = None,
    full_urls: Mapping[str, Resource] | None = None,
    resolve: Resolve | None = None,
) -> tuple[Record, ...]:
    """The records of the drug, and those of which nobody can say, among resources of any kind, in their order.

    `medications` are those fetched for it, by the reference as `unresolved` gave it; `full_urls` the entries of its
    Bundles. `resolve`, where given, takes the place of both and of looking among `resources`. Of several versions of
    one record the last updated counts. A record without an id is named by its place,
    `MedicationAdministration?index=3`.
    """
    every = list(resources)
    if resolve is None:
        resolve = Pool(every, full_urls=full_urls, fetched=medications).resolve
    also = other_ids(every, patient) if patient is not None else frozenset()
    records: list[Record] = []
    twins = Twins()
    for reference, resource in _once_each(every):
        twin = twins.read(resource, reference, zone)
        if twin is not None:
            records.append(twin)
            continue
        record = read_administration(
            resource, drug=drug, zone=zone, patient=patient, resolve=resolve, also=also, reference=reference
        )
        twins.remember(resource, record)
        if not isinstance(record, Ignored):
            records.append(record)
    return tuple(records)


def _once_each(resources: Iterable[object]) -> list[tuple[str, object]]:
    """The administrations, and what has no readable type, by reference; without an id by their place in the input."""
    kept: dict[str, object] = {}
    for index, resource in enumerate(resources):
        if not isinstance(resource, dict):
            kept[f"{RESOURCE}?index={index}"] = resource
            continue
        of_type, name = resource.get("resourceType"), resource.get("id")
        if of_type == RESOURCE and isinstance(name, str) and name:
            reference = f"{RESOURCE}/{name}"
            kept[reference] = newer(kept[reference], resource) if reference in kept else resource
        elif of_type == RESOURCE or not isinstance(of_type, str) or not of_type:
            kept[f"{RESOURCE}?index={index}"] = resource
    return list(kept.items())


def unresolved(
    resources: Iterable[object],
    *,
    medications: Mapping[str, Resource] | None = None,
    full_urls: Mapping[str, Resource] | None = None,
) -> tuple[str, ...]:
    """The references to Medications that have still to be fetched, as they are written, each once.

    Those of administrations, medication orders and statements; also those to the ingredients of a Medication without a
    code. What is contained, delivered, no Medication, or cannot be fetched (`urn:`, searches) is not among them.
    """
    every = [resource for resource in resources if isinstance(resource, dict)]
    pool = Pool(every, full_urls=full_urls, fetched=medications)
    wanted: dict[str, None] = {}
    for resource in every:
        of_type = resource.get("resourceType")
        if not isinstance(of_type, str) or of_type not in _WITH_MEDICATION:
            continue
        for reference in medication_references(resource):
            found = _found(pool, reference, resource)
            if found is None:
                wanted.setdefault(reference)
            elif not found.get("code"):
                for ingredient in ingredient_references(found):
                    if pool.resolve(ingredient, resource) is None:
                        wanted.setdefault(ingredient)
    return tuple(reference for reference in wanted if _fetchable(reference))


def _found(pool: Pool, reference: str, resource: Resource) -> Resource | None:
    if not reference.startswith("#"):
        return pool.resolve(reference, resource)
    try:
        return contained(resource, reference)
    except Malformed:
        return None


def _fetchable(reference: str) -> bool:
    found = None if reference.startswith(("#", "urn:")) else relative(without_history(reference))
    return found is not None and found.startswith("Medication/")


def leading_nowhere(
    resources: Iterable[Resource],
    *,
    medications: Mapping[str, Resource] | None = None,
    full_urls: Mapping[str, Resource] | None = None,
) -> tuple[str, ...]:
    """The administrations of which nobody can say what was given, since their only word on it is a reference to what
    was not delivered, nor fetched: it cannot be fetched (`#id`, `urn:`, an identifier), or the server has no such
    resource, which some say too of one that the user may not see."""
    every = tuple(resources)
    pool = Pool(every, full_urls=full_urls, fetched=medications)
    found = []
    for index, resource in enumerate(every):
        pointer = resource.get("medicationReference")
        if resource.get("resourceType") != RESOURCE or not isinstance(pointer, dict) or medication_text(resource):
            continue
        nowhere = all(_found(pool, each, resource) is None for each in medication_references(resource))
        if nowhere and "medicationCodeableConcept" not in resource:
            found.append(reference_of(resource) or f"{RESOURCE}?index={index}")
    return tuple(found)


def lost(records: Iterable[Record], unread: Collection[str]) -> bool:
    """Whether a record may be of the drug that nobody could tell, since references to Medications are `unread`. By a
    text beside its reference a record is told apart all the same (C1)."""
    return bool(unread) and any(isinstance(record, Unidentified) for record in records)


def contradictions(resources: Iterable[Resource], drug: Drug) -> tuple[str, ...]:
    """Why a history is not whole though all of it came: two records of the drug under one id that differ are two
    versions, or doses of two systems, and nobody can say which, where neither says when it was updated."""
    seen: dict[str, Resource] = {}
    for resource in resources:
        name = resource.get("id")
        if resource.get("resourceType") != RESOURCE or not isinstance(name, str):
            continue
        before = seen.setdefault(name, resource)
        if (
            before is not resource
            and before != resource
            and not _which_is_last(before, resource)
            and any(identify(each, drug, lambda *_: None).of_the_drug for each in (before, resource))
        ):
            return (f"there are several versions of one {RESOURCE}, and none says that it is the last",)
    return ()


def _which_is_last(one: Resource, other: Resource) -> bool:
    """Whether two versions tell by when they were updated which of them is the last."""
    times = [meta.get("lastUpdated") for item in (one, other) if isinstance(meta := item.get("meta"), dict)]
    return len(times) == 2 and None not in times and times[0] != times[1]
