"""The histories that `check` assesses, and those of the patients in files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, tzinfo
from pathlib import Path

from cds.dosing.drug import Drug
from cds.dosing.facts import NotGiven, Outside, Record, Unidentified
from cds.fhir.beside import beside, by_patient, died_on, unreadable_deaths
from cds.fhir.history import Groups, contradictions, group_by_patient, read_history
from cds.fhir.markers import Markers
from cds.fhir.patients import other_ids
from cds.fhir.plain import Resolve, Resource
from cds.fhir.read import RESOURCE, Ignored, read_administration
from cds.fhir.references import Pool, newer, reference_of, relative
from hooks.console import UsageError, counted, say
from hooks.folders import ENDINGS
from hooks.inputs import Inputs, read_inputs

_MOST_NAMED = 3
DEATH_UNREADABLE = "A death is told of in a form that cannot be read; judged as living (rule F10)"


@dataclass(frozen=True, slots=True)
class History:
    """The records of one patient. `whole`: nothing of it was lost (F1). `resources` and `places` are those of the
    administrations, by the reference under which the records name them; `again` lists those given more than once, of
    which the last updated counts. `died`: by which day the patient has died, as a Patient resource says. `drug` is the
    one that the records are read for: a patient has a history for each drug."""

    drug: Drug
    patient: str
    records: tuple[Record, ...]
    whole: bool
    resources: Mapping[str, Resource]
    places: Mapping[str, str]
    again: tuple[str, ...] = ()
    died: date | None = None


@dataclass(slots=True)
class Histories:
    """All of them in order of patient and drug, and what is to be said of the input. `unusable` are faults of the user,
    `not_read` what was lost, `rejected` the records without a patient, `remarks` all that takes nothing away.
    `administrations` counts the MedicationAdministrations of the source."""

    patients: list[History] = field(default_factory=list)
    unusable: list[str] = field(default_factory=list)
    not_read: list[str] = field(default_factory=list)
    rejected: list[str] = field(default_factory=list)
    remarks: dict[str, list[str]] = field(default_factory=dict)
    source: str = ""
    administrations: int = 0


def patient_reference(given: str, where: str = "--patient") -> str:
    """`Patient/x` of `x`, `Patient/x` or the URL of a Patient, given at `where`. Raises UsageError for anything
    else."""
    found = relative(given if "/" in given else f"Patient/{given}")
    if found is None or not found.startswith("Patient/"):
        raise UsageError(f"{where}: {given!r} names no patient; write 123 or Patient/123")
    return found


def from_files(
    paths: Sequence[Path], wanted: Sequence[str], drugs: Sequence[Drug], zone: tzinfo, markers: Markers
) -> Histories:
    """The patients of the files, or those `wanted`. What is broken in a file, and a dose that names no patient, can be
    of anyone: then no history is whole. `markers`: how the site says that therapy has ended."""
    inputs = read_inputs(paths, markers.types)
    found = Histories(unusable=list(inputs.named_not_fhir), not_read=list(inputs.lost))
    resolve = Pool(inputs.resources, full_urls=inputs.full_urls).resolve
    groups = group_by_patient(inputs.resources, resolve=resolve)
    whole = not found.not_read
    doubtful = _reject(groups, inputs, drugs, zone, resolve, found)
    statements, died = by_patient(inputs.resources, resolve, markers.types), died_on(inputs.resources, zone)
    # who was treated elsewhere alone has no administration here
    elsewhere = {
        patient
        for patient, told in statements.items()
        if any(_tells_of_doses(told, drug, zone, resolve) for drug in drugs)
    }
    patients = {patient: groups.patients.get(patient, ()) for patient in sorted(elsewhere.union(groups.patients))}
    for patient in _chosen(patients, wanted, inputs.resources, found):
        group = patients[patient]
        for drug in drugs:
            records = read_history(group, drug=drug, zone=zone, patient=None, resolve=resolve)
            records += beside((*group, *statements.get(patient, ())), drug=drug, zone=zone, resolve=resolve)
            records += markers.read(statements.get(patient, ()), zone)
            twofold = contradictions(group, drug)
            found.not_read += [f"{patient}: {fault}" for fault in twofold]
            complete = whole and not twofold and drug.id not in doubtful
            history = history_of(drug, patient, group, records, complete, inputs.places)
            found.patients.append(replace(history, died=died.get(patient)))
    if not patients and not found.not_read and not found.unusable:
        found.unusable.append(_nobody(paths, inputs))
    found.administrations = sum(map(len, groups.patients.values())) + len(groups.rejected)
    found.source = counted(inputs.files, "file")
    unreadable = unreadable_deaths(inputs.resources, zone).intersection(each.patient for each in found.patients)
    others = ", ".join(f"{number} {of_type}" for of_type, number in sorted(inputs.others.items()))
    found.remarks = {
        "Not FHIR, passed over": inputs.not_fhir,
        "Not read, since only *.json, *.ndjson and *.gz are": inputs.not_read,
        "Empty": inputs.blank,
        "Remarks of servers": inputs.notes,
        DEATH_UNREADABLE: sorted(unreadable),
        "Deleted, as a Bundle says, and not counted": inputs.gone,
        "Resources that are not looked at": [others] if others else [],
    }
    return found


def _tells_of_doses(statements: Sequence[Resource], drug: Drug, zone: tzinfo, resolve: Resolve) -> bool:
    return any(isinstance(each, Outside) for each in beside(statements, drug=drug, zone=zone, resolve=resolve))


def _nobody(paths: Sequence[Path], inputs: Inputs) -> str:
    """Says of the input that there is nobody to assess in it, and what to do."""
    hidden = len(paths) - _MOST_NAMED
    named = ", ".join(map(str, paths[:_MOST_NAMED])) + (f" and {hidden} more" if hidden > 0 else "")
    if not inputs.files:
        return f"{named}: no file in it ends in {', '.join(ENDINGS)}; rename the files, or name them one by one"
    return f"{named}: no {RESOURCE} of a patient and no Patient is in it; name the files of an export with these"


def _chosen(
    groups: Mapping[str, object], wanted: Sequence[str], resources: Sequence[Resource], found: Histories
) -> list[str]:
    """The patients to assess; a wanted one that is not there is a fault, unless it may be in what was lost."""
    if not wanted:
        return list(groups)
    chosen = set()
    for patient in wanted:
        newer = next((p for p in groups if p == patient), None) or next(
            (p for p in groups if patient in other_ids(resources, p)), None
        )
        if newer is None and found.not_read:
            found.not_read.append(f"{patient}: is not in what could be read, and not assessed")
        elif newer is None:
            found.unusable.append(f"{patient}: is not in the input; correct --patient, or leave it out to assess all")
        else:
            if newer != patient:
                say(f"{patient} was replaced by {newer}, by a Patient resource of the input")
            chosen.add(newer)
    return sorted(chosen)


def history_of(
    drug: Drug,
    patient: str,
    group: Sequence[Resource],
    records: tuple[Record, ...],
    whole: bool,
    places: Mapping[int, str],
) -> History:
    """The history of a patient whose administrations are `group`; `places`: where resources stand, by identity."""
    named: dict[str, Resource] = {}
    again = []
    for index, item in enumerate(group):
        name = reference_of(item) or f"{RESOURCE}?index={index}"
        if name in named:
            both = [places[id(each)] for each in (named[name], item) if id(each) in places]
            again.append(": ".join([name, " and ".join(both)]) if both else name)
        named[name] = newer(named.get(name), item)
    where = {name: places[id(item)] for name, item in named.items() if id(item) in places}
    return History(drug, patient, records, whole, named, where, tuple(again))


def _reject(
    groups: Groups, inputs: Inputs, drugs: Sequence[Drug], zone: tzinfo, resolve: Resolve, found: Histories
) -> frozenset[str]:
    """Lists records without a patient (C9). One that may be a dose of somebody is a history not read, for the drugs (by
    id) that are given back."""
    doubtful: set[str] = set()
    grouped = {id(item) for group in groups.patients.values() for item in group}
    ungrouped = [item for item in inputs.resources if item.get("resourceType") == RESOURCE and id(item) not in grouped]
    for each, resource in zip(groups.rejected, ungrouped, strict=True):
        place = inputs.places[id(resource)]
        # for most of the drugs it is a record of another one
        read = [read_administration(resource, drug=drug, zone=zone, patient=None, resolve=resolve) for drug in drugs]
        doubtful.update(drug.id for drug, each in zip(drugs, read, strict=True) if _may_be_a_dose(each))
        record = min(read, key=_how_unlike)
        line = f"{place}: {each.reference}: {each.reason}"
        match record:
            case Ignored():
                line += f" ({record.why})"
            case NotGiven():
                line += " (not given)"
            case Unidentified():
                line += " (not identified)"
                found.not_read.append(f"{place}: {each.reference} may be of the drug, and is of no patient")
            case _:
                found.not_read.append(f"{place}: {each.reference} is of the drug and of no patient")
        found.rejected.append(line)
    return frozenset(doubtful)


def _may_be_a_dose(record: Record | Ignored) -> bool:
    return not isinstance(record, (Ignored, NotGiven))


def _how_unlike(record: Record | Ignored) -> int:
    """The less, the more certain it is that a record is of the drug that it was read for."""
    return 2 if isinstance(record, Ignored) else 1 if isinstance(record, Unidentified) else 0
