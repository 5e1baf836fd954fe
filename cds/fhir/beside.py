"""What stands beside the doses: doses noted elsewhere (C7), other therapies of the disease (C8), a death (F10)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import date, tzinfo

from cds.dosing.drug import Drug
from cds.dosing.facts import DateRange, OtherTherapy, Outside
from cds.fhir.codes import DrugCodes, codes_of, folded
from cds.fhir.dates import read_element
from cds.fhir.effective import possible_days
from cds.fhir.identify import identify
from cds.fhir.patients import all_replaced, other_ids, other_subject
from cds.fhir.plain import Malformed, Resolve, Resource, status_of
from cds.fhir.references import contained, newest, reference_of, subject_of

STATEMENT, ORDER = "MedicationStatement", "MedicationRequest"
PERSON = "Patient"

_NOTHING_TAKEN = frozenset({"entered-in-error", "not-taken", "intended", "draft"})
_NOTHING_BEGUN = frozenset({"entered-in-error", "draft", "cancelled", "not-done", "on-hold"})
_NOTHING_SAID = _NOTHING_BEGUN | _NOTHING_TAKEN
_STOPPED = frozenset({"stopped", "ended"})
_NOT_ORDERED = frozenset({"proposal", "plan", "option"})
"""Intents of what looks like an order and asks nobody to give anything."""


def beside(
    resources: Iterable[Resource],
    *,
    drug: Drug,
    zone: tzinfo,
    resolve: Resolve,
) -> tuple[Outside | OtherTherapy, ...]:
    """What statements, orders and administrations of one patient say of doses elsewhere and of other therapies.

    What is of the drug is no other therapy, whatever else its text names: an order for it may say what it takes the
    place of. Of several versions of one record the last counts.
    """
    found: list[Outside | OtherTherapy] = []
    for resource in newest(resources):
        of_type = resource.get("resourceType")
        # counted among those that say something: what else there is depends on how it was looked for
        reference = reference_of(resource) or f"{of_type}?index={len(found)}"
        status = status_of(resource)
        if of_type == STATEMENT and status not in _NOTHING_TAKEN and identify(resource, drug, resolve).of_the_drug:
            found.append(Outside(reference, *_taken(resource, zone)))
        nothing = status in _NOTHING_SAID or _orders_nothing(resource)
        therapy = None if nothing else other_therapy(resource, drug, resolve)
        if therapy is not None:
            stopped = of_type in (STATEMENT, ORDER) and (status in _STOPPED or _is_not_taken(resource))
            goes_on = bool(resource.get("priorPrescription"))
            # what does not say whose it is has no day, so that it ends nobody's therapy
            when = _begun(resource, zone) if names_subject(resource) else None
            found.append(OtherTherapy(reference, therapy, when, stopped, goes_on))
    return tuple(found)


def names_subject(resource: Resource) -> bool:
    """Whether a record says whose it is."""
    subject = resource.get("subject")
    return isinstance(subject, dict) and bool(subject.get("reference"))


def _orders_nothing(resource: Resource) -> bool:
    if resource.get("resourceType") != ORDER:
        return False
    # an intent that cannot be looked up says nothing of this kind
    intent = resource.get("intent")
    return resource.get("doNotPerform") is True or (isinstance(intent, str) and intent in _NOT_ORDERED)


def _is_not_taken(resource: Resource) -> bool:
    """Whether a statement of R5 says by its adherence that the medication is not taken, or does not say that it is."""
    if "adherence" not in resource:
        return False
    adherence = resource["adherence"]
    concept = adherence.get("code") if isinstance(adherence, dict) else None
    codings = _list(concept.get("coding")) if isinstance(concept, dict) else []
    codes = [each.get("code") for each in codings if isinstance(each, dict)]
    return not any(isinstance(code, str) and code.startswith("taking") for code in codes)


def concerns(resource: Resource, drug: Drug, resolve: Resolve) -> bool:
    """Whether `beside` could say something of a resource, if its status and its dates let it."""
    if resource.get("resourceType") == STATEMENT and identify(resource, drug, resolve).of_the_drug:
        return True
    return other_therapy(resource, drug, resolve) is not None


def other_therapy(resource: Resource, drug: Drug, resolve: Resolve) -> str | None:
    """The other therapy of the disease that a record is of, by the name that it has in the file of the drug."""
    therapy = _therapy(resource, codes_of(drug), resolve)
    return None if therapy is None or identify(resource, drug, resolve).of_the_drug else therapy


def by_patient(resources: Iterable[object], resolve: Resolve, also: Collection[str] = ()) -> dict[str, list[Resource]]:
    """The statements and orders by patient, and resources of the types `also`; ids that a Patient resource replaces
    count as that patient's. One that names no patient is nobody's."""
    every = list(resources)
    replaced = all_replaced(every)
    found: dict[str, list[Resource]] = {}
    for resource in newest(_of_types(every, STATEMENT, ORDER, *also)):
        try:
            whose = subject_of(resource, resolve)
        except Malformed:
            continue
        if whose is not None:
            found.setdefault(replaced.get(whose, whose), []).append(resource)
    return found


def of_one(resources: Iterable[Resource], patient: str) -> list[Resource]:
    """Those of many resources that do not say that they are of another than `patient` (`Patient/x`)."""
    every = list(resources)
    also = other_ids(every, patient)
    return [each for each in every if (whose := other_subject(each, patient)) is None or whose in also]


def died_on(resources: Iterable[object], zone: tzinfo) -> dict[str, date]:
    """The patients (`Patient/x`) of whom a Patient resource says that they have died: the last day that it can have
    been, the first of all days where it says no day. An id that another one has replaced is the same patient."""
    return {patient: date.fromordinal(told) for patient, told in _deaths(resources, zone).items() if told > UNREADABLE}


def _of_types(resources: Iterable[object], *types: str) -> Iterator[Resource]:
    return (each for each in resources if isinstance(each, dict) and each.get("resourceType") in types)


def day_of_death(person: Resource, zone: tzinfo) -> date | None:
    """By which day a patient has died: the last one that it can have been, the first of all days where the Patient says
    no day. None for one who is not said to have died."""
    day = _element(person, "deceasedDateTime", zone)
    if day is not None:
        return day.latest
    return date.min if person.get("deceasedBoolean") is True else None


def unreadable_deaths(resources: Iterable[object], zone: tzinfo) -> frozenset[str]:
    """The patients (`Patient/x`) of whom a Patient resource says something of a death that cannot be read."""
    return frozenset(patient for patient, told in _deaths(resources, zone).items() if told == UNREADABLE)


LIVING, UNREADABLE = -1, 0
"""In the place of the day by which somebody has died, as a number: it is said that it is not so, or said so that it
cannot be read."""


def told_of_death(person: Resource, zone: tzinfo) -> int | None:
    """By which day a patient has died (date.toordinal), LIVING or UNREADABLE; None where the Patient says nothing."""
    day = day_of_death(person, zone)
    if day is not None:
        return day.toordinal()
    if _tells_of_death_unreadably(person):
        return UNREADABLE
    return LIVING if person.get("deceasedBoolean") is False else None


def of_all_ids(current: int | None, replaced: Iterable[int | None]) -> int | None:
    """What Patients tell of one death who are one patient: the one that stands for the others, unless it says nothing
    that can be read; else the first of the days that those it has replaced tell of."""
    if current is not None and current != UNREADABLE:
        return current
    told = [each for each in replaced if each is not None]
    days = [each for each in told if each > UNREADABLE]
    return min(days) if days else UNREADABLE if UNREADABLE in (current, *told) else None


def _deaths(resources: Iterable[object], zone: tzinfo) -> dict[str, int]:
    """What is told of the deaths of patients, under each of their ids."""
    persons = newest(_of_types(resources, PERSON))
    told = {patient: told_of_death(each, zone) for each in persons if (patient := reference_of(each)) is not None}
    replaced = all_replaced(persons)
    ids: dict[str, list[str]] = {}
    for patient in dict.fromkeys([*told, *replaced]):
        ids.setdefault(replaced.get(patient, patient), []).append(patient)
    return {
        patient: found
        for current, same in ids.items()
        if (found := of_all_ids(told.get(current), map(told.get, same))) is not None
        for patient in {current, *same}
    }


def _tells_of_death_unreadably(person: Resource) -> bool:
    """Whether a Patient without a day of death that can be read says something of a death, and neither yes nor no. Such
    a patient counts as living, which has to be said."""
    if isinstance(person.get("deceasedBoolean"), bool):
        # a day beside it that cannot be read contradicts it
        return person.get("deceasedDateTime") is not None
    # an element with an underscore is there where the value is missing and it is said why
    names = ("deceasedDateTime", "_deceasedDateTime", "deceasedBoolean", "_deceasedBoolean")
    return any(person.get(name) is not None for name in names)


def _taken(statement: Resource, zone: tzinfo) -> tuple[date | None, date | None]:
    """From when to when; an end that is not said, or cannot be read, is open."""
    period = statement.get("effectivePeriod")
    if isinstance(period, dict):
        start, end = _element(period, "start", zone), _element(period, "end", zone)
        return (None if start is None else start.earliest), (None if end is None else end.latest)
    day = _element(statement, "effectiveDateTime", zone)
    return (None, None) if day is None else (day.earliest, day.latest)


def _begun(resource: Resource, zone: tzinfo) -> DateRange | None:
    """When a therapy can have begun: given, or ordered."""
    if resource.get("resourceType") == ORDER:
        return _element(resource, "authoredOn", zone)
    return possible_days(resource, zone)


def _element(parent: Resource, name: str, zone: tzinfo) -> DateRange | None:
    try:
        dated = read_element(parent, name, zone)
    except Malformed:
        return None
    return None if dated is None else dated[0]


def _therapy(resource: Resource, codes: DrugCodes, resolve: Resolve) -> str | None:
    """The other therapy that a record is of, by a listed code or by a name in its texts."""
    for concept in _concepts(resource, resolve):
        texts = [concept.get("text"), concept.get("display")]
        for coding in _list(concept.get("coding")):
            if isinstance(coding, dict):
                system, code = coding.get("system"), coding.get("code")
                if isinstance(system, str) and isinstance(code, str):
                    name = codes.other_therapies.get(system, code)
                    if name is not None:
                        return name
                texts.append(coding.get("display"))
        name = codes.therapy_in(folded(" ".join([text for text in texts if isinstance(text, str)])))
        if name is not None:
            return name
    return None


def _concepts(resource: Resource, resolve: Resolve) -> Iterator[Resource]:
    """The concepts that name the medication: of R4 and of R5, what a reference displays, and what it leads to."""
    r5 = resource.get("medication")
    r5 = r5 if isinstance(r5, dict) else {}
    references = [each for each in (resource.get("medicationReference"), r5.get("reference")) if isinstance(each, dict)]
    yield from (
        each for each in (resource.get("medicationCodeableConcept"), r5.get("concept")) if isinstance(each, dict)
    )
    yield from references
    for reference in references:
        target = reference.get("reference")
        found = _target(target, resource, resolve) if isinstance(target, str) else None
        if found is not None and isinstance(found.get("code"), dict):
            yield found["code"]


def _target(reference: str, resource: Resource, resolve: Resolve) -> Resource | None:
    if not reference.startswith("#"):
        return resolve(reference, resource)
    try:
        return contained(resource, reference)
    except Malformed:
        return None


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
