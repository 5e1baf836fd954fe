"""Whose records they are: records grouped by subject, and the ids that are one patient (rule C9)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from cds.fhir.plain import Malformed, Resolve, Resource, kind, object_in, objects_in, text_in
from cds.fhir.references import Pool, newest, reference_of, relative, subject_of

ADMINISTRATION = "MedicationAdministration"


@dataclass(frozen=True, slots=True)
class Rejected:
    """A record that belongs to nobody, and why, in words without patient data."""

    reference: str
    reason: str


@dataclass(frozen=True, slots=True)
class Groups:
    """The administrations of each patient (`Patient/x`), in order of reference. A patient of whom there is a Patient
    resource and no administration has an empty group. `rejected`: records without a usable subject."""

    patients: Mapping[str, tuple[Resource, ...]]
    rejected: tuple[Rejected, ...]


def group_by_patient(
    resources: Iterable[object], *, full_urls: Mapping[str, Resource] | None = None, resolve: Resolve | None = None
) -> Groups:
    """Administrations by subject. Ids that a Patient resource replaces count as that patient's. All versions of one
    record are the patient's of whom the last one is: it may have been noted of somebody else by mistake."""
    every = list(resources)
    last = {reference_of(each): each for each in newest(_administrations(every))}
    if resolve is None:
        resolve = Pool(every, full_urls=full_urls).resolve
    replaced = _replaced(every)
    grouped: dict[str, list[Resource]] = {}
    rejected: list[Rejected] = []
    for index, resource in enumerate(every):
        if not isinstance(resource, dict):
            rejected.append(Rejected(f"?index={index}", f"is {kind(resource)}, not a resource"))
            continue
        of_type = resource.get("resourceType")
        if of_type == "Patient" and (patient := reference_of(resource)):
            grouped.setdefault(_current(patient, replaced), [])
        elif of_type == ADMINISTRATION:
            reference = reference_of(resource) or f"{ADMINISTRATION}?index={index}"
            whose, reason = _whose(last.get(reference, resource), resolve)
            if whose is None:
                rejected.append(Rejected(reference, reason))
            else:
                grouped.setdefault(_current(whose, replaced), []).append(resource)
        elif not isinstance(of_type, str) or not of_type:
            rejected.append(Rejected(f"?index={index}", "has no resourceType"))
    return Groups({patient: tuple(grouped[patient]) for patient in sorted(grouped)}, tuple(rejected))


def _administrations(resources: Iterable[object]) -> Iterator[Resource]:
    return (each for each in resources if isinstance(each, dict) and each.get("resourceType") == ADMINISTRATION)


def other_subject(resource: Resource, patient: str) -> str | None:
    """Whose a record is that says it is of another than `patient` (`Patient/x`); None for all that do not say so."""
    subject = resource.get("subject")
    if isinstance(subject, dict) and subject.get("reference") == patient:
        return None
    try:
        whose = subject_of(resource, lambda *_: None)
    except Malformed:
        return None
    return whose if whose != patient else None


def _whose(resource: Resource, resolve: Resolve) -> tuple[str | None, str]:
    try:
        whose = subject_of(resource, resolve)
    except Malformed as fault:
        return None, f"{fault.element} {fault.detail}"
    if whose is None:
        return None, "subject is missing"
    if not whose.startswith("Patient/"):
        return None, "subject is not a patient"
    return whose, ""


def other_ids(resources: Iterable[object], patient: str) -> frozenset[str]:
    """The other ids of a patient, by the Patient resources given: those that it replaces, and those that replace it."""
    replaced = _replaced(resources)
    now = _current(patient, replaced)
    met = {*replaced, *replaced.values()} - {patient}
    return frozenset(each for each in met if _current(each, replaced) == now)


def linked(person: Resource) -> list[str]:
    """The references of a Patient to other ids of the same patient: those that it replaces, and the one that replaces
    it. An empty one stands for a link that cannot be read."""
    return _links(person, "replaces", "replaced-by")


def all_replaced(resources: Iterable[object]) -> dict[str, str]:
    """Each replaced id of a patient and the one that stands for it now, by the Patient resources given."""
    replaced = _replaced(resources)
    return {old: _current(old, replaced) for old in replaced}


def _current(patient: str, replaced: Mapping[str, str]) -> str:
    seen = [patient]
    while (newer := replaced.get(patient)) is not None:
        if newer in seen:
            # ids that replace each other in a circle are one patient all the same: each must lead to the same one
            return min(seen[seen.index(newer) :])
        seen.append(newer)
        patient = newer
    return patient


def _replaced(resources: Iterable[object]) -> dict[str, str]:
    """The replaced id and the one that replaces it, from `Patient.link` of type `replaces`, as the last version of each
    Patient has it: two who were made one by mistake are taken apart again by leaving out the link."""
    persons = (each for each in resources if isinstance(each, dict) and each.get("resourceType") == "Patient")
    return {old: patient for each in newest(persons) if (patient := reference_of(each)) for old in replaced_by(each)}


def replaced_by(person: Resource) -> list[str]:
    """The other ids (`Patient/x`) that one Patient says it replaces."""
    return [old for old in map(relative, _links(person, "replaces")) if old is not None]


def _links(patient: Resource, *types: str) -> list[str]:
    """The references of the links of some types, as they are written."""
    found = []
    try:
        for link, at in objects_in(patient, "link"):
            other = object_in(link, "other", at)
            written = text_in(other, "reference", at) if other and link.get("type") in types else None
            if written is not None:
                found.append(written)
    except Malformed:
        # it joins nothing: the records of the other id stay apart, and are shown
        return [*found, ""]
    return found
