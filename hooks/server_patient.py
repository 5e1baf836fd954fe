"""All that a FHIR server holds of one patient, under every id that the patient has there (rule C9)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from cds.fhir.errors import FhirError
from cds.fhir.links import Base
from cds.fhir.needs import PERSON, Need, beside_doses
from cds.fhir.patients import all_replaced, linked, other_ids
from cds.fhir.references import reference_of, relative
from hooks.aside import Read, ask

if TYPE_CHECKING:
    from cds.fhir.client import FhirClient
    from cds.fhir.fetch import Fetched
    from cds.fhir.markers import Markers
    from cds.fhir.plain import Resource

_MOST_IDS = 20
"""Ids of one patient that are followed."""


class OnServer(NamedTuple):
    """`patient` (`Patient/x`): the id that stands for the one asked for now. `doses`: the histories of all ids that are
    this patient's. `beside`: what stands beside the doses, by type of resource, the Patients among it. `problems`: what
    of the doses could not be read, beside what the histories say themselves."""

    patient: str
    doses: tuple[Fetched, ...]
    beside: dict[str, Read]
    problems: tuple[str, ...]

    @property
    def resources(self) -> list[Resource]:
        """All of it, each once: a Medication comes with each answer that refers to it."""
        kept: dict[object, Resource] = {}
        doses = [each for fetched in self.doses for each in fetched.resources]
        for each in (*doses, *(each for read in self.beside.values() for each in read.resources)):
            name = reference_of(each) or id(each)
            kept[name if kept.get(name, each) == each else id(each)] = each
        return list(kept.values())

    @property
    def medications(self) -> dict[str, Resource]:
        """What references lead to that was fetched for them, by the reference."""
        held = [read.medications for read in self.beside.values()] + [read.by_reference for read in self.doses]
        return {name: found for each in held for name, found in each.items()}

    @property
    def full_urls(self) -> dict[str, Resource]:
        """The entries of all answers by their full URL."""
        held = [read.full_urls for read in self.beside.values()] + [read.full_urls for read in self.doses]
        return {url: found for each in held for url, found in each.items()}


async def read_patient(client: FhirClient, url: str, patient: str, markers: Markers) -> OnServer:
    """A patient of the server at `url`. Raises FhirError where the doses could not be read."""
    persons, ids = await read_persons(client, url, patient)
    replaced = all_replaced(persons.resources)
    now = replaced.get(patient, patient)
    same = [each for each in ids if replaced.get(each, each) == now]
    needs = beside_doses(markers)
    # the one asked for comes first, and must be there
    doses, problems = [await client.history(patient)], []
    for other in same:
        if other != patient:
            try:
                doses.append(await client.history(other))
            except FhirError as error:
                problems.append(f"under another id: {error.message}")
    beside = {PERSON.resource_type: persons}
    beside |= {need.resource_type: await _of_all(client, need, same) for need in needs}
    return OnServer(now, tuple(doses), beside, tuple(problems))


async def read_persons(
    client: FhirClient, url: str, patient: str, *, seconds: float | None = None, asked: Read | None = None
) -> tuple[Read, list[str]]:
    """The Patient, and those that it is linked to, of whom one may stand for the others; and all ids that were met.
    `asked` is the Patient, where it is known already; `seconds` is for each of the others."""
    base = Base(url)
    found: dict[str, Read] = {}
    waiting, problems = [patient], dict[str, None]()
    while waiting:
        name = waiting.pop(0)
        if len(found) == _MOST_IDS:
            problems[f"the patient has more than {_MOST_IDS} ids, which are not all read"] = None
            break
        known = asked if name == patient else None
        read = known or await ask(client, PERSON, name.removeprefix("Patient/"), seconds)
        if read.instead in found:
            # the one that says to replace it: of this one there is no Patient any more
            read = Read(missing=True)
        found[name] = read
        for person in read.resources:
            for reference in linked(person):
                target = base.resource(reference)
                if target is None or target[0] != PERSON.resource_type:
                    where = "on another server, which is not read" if reference else "in a link that cannot be read"
                    problems[f"another id of the patient is {where}"] = None
                elif (other := f"Patient/{target[1]}") not in found and other not in waiting:
                    waiting.append(other)
    first, *others = found.values()
    # of an id that was replaced there need be no Patient any more
    read = joined([first, *(each for each in others if not each.missing)])
    if _half_joined(read.resources, patient):
        problems["the ids that the patient is linked to contradict one another, and not all are read"] = None
    read = read._replace(problems=(*read.problems, *problems), missing=first.missing, instead=first.instead)
    return read, list(found)


def _half_joined(persons: Sequence[Resource], patient: str) -> bool:
    """Whether an id of the patient is linked to one that is not known to be the same patient (rule C9): it is said to
    stand for it and does not say so itself, as where that Patient is gone, or it replaces what others replace too."""
    same = {patient, *other_ids(persons, patient)}
    links = [each for person in persons if reference_of(person) in same for each in linked(person)]
    return not {name for each in links if (name := relative(each))} <= same


async def _of_all(client: FhirClient, need: Need, patients: Sequence[str]) -> Read:
    # one after the other: several patients are read at once already
    return joined([await ask(client, need, patient.removeprefix("Patient/")) for patient in patients])


def joined(every: Iterable[Read]) -> Read:
    """What was read of several ids, as of one."""
    reads = list(every)
    return Read(
        tuple([resource for each in reads for resource in each.resources]),
        tuple(dict.fromkeys([problem for each in reads for problem in each.problems])),
        {name: found for each in reads for name, found in each.medications.items()},
        {name: found for each in reads for name, found in each.full_urls.items()},
        unsupported=any(each.unsupported for each in reads),
    )
