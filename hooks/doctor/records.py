"""The records of a history: whose they are, what they refer to, what they are coded by, and how they are dated."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any

from cds.dosing.drug import Drug
from cds.dosing.facts import Unidentified, Unreadable
from cds.fhir.fetch import Fetched
from cds.fhir.history import read_history
from cds.fhir.identify import medication_references
from cds.fhir.links import Base
from cds.fhir.plain import Malformed, Resource
from cds.fhir.read import RESOURCE
from cds.fhir.references import Pool, contained, reference_of, subject_of
from hooks.console import counted
from hooks.doctor.checks import Check, failed, not_possible, ok, warning

_MIDNIGHT = re.compile(r"(?P<day>\d{4}-\d{2}-\d{2})T00:00:00(?:\.0+)?(?:Z|[+-]00:00)")
_DATES = ("effectiveDateTime", "occurenceDateTime", "occurrenceDateTime")
_PERIODS = ("effectivePeriod", "occurencePeriod", "occurrencePeriod")
_SUSPICIOUS = 0.5
# Where a system is said by a server it is shown only if it looks like one.
_SYSTEM = re.compile(r"(?:https?://|urn:oid:)[A-Za-z0-9._~:/-]{1,120}")
_NO_CODE = "no code at all"


def check_own(records: Iterable[Resource], patient: str) -> Check:
    """Whose records they are."""
    others = sum(_whose(each) not in (patient, None) for each in records)
    if others:
        text = f"{counted(others, 'record')} came of other patients than the one asked for."
        advice = "Such records are shown as unreadable and never counted. Tell the server's operator."
        return failed("own-patient", text, advice)
    return ok("own-patient", "All records are of the patient asked for.")


def check_references(fetched: Fetched, base: Base) -> Check:
    """Where the references to Medications lead."""
    pool = Pool(fetched.resources, full_urls=fetched.full_urls, fetched=fetched.by_reference)
    kinds: Counter[str] = Counter()
    lost: Counter[str] = Counter()
    for record in _administrations(fetched):
        for reference in medication_references(record):
            kind = _kind(reference, base)
            kinds[kind] += 1
            lost[kind] += _target(reference, record, pool) is None
    if not kinds:
        return ok("references", "Medications are written in the records; none refers to one.")
    total = ", ".join(f"{number:,} {kind}" for kind, number in kinds.most_common())
    if not lost.total():
        return ok("references", f"All references lead to a Medication ({total}).")
    text = f"{lost.total():,} of {kinds.total():,} references lead to no Medication: {_list(lost)} (of {total})."
    advice = (
        "Their records stay unidentified, unless a text names the drug: have the Medications on this server, or inline."
    )
    return warning("references", text, advice)


def check_identification(fetched: Fetched, drug: Drug) -> Check:
    """How many records are of the drug, and by which code systems those are coded of which nobody can say."""
    records = read_history(
        fetched.resources,
        drug=drug,
        zone=UTC,
        patient=None,
        medications=fetched.by_reference,
        full_urls=fetched.full_urls,
    )
    every = len(list(_administrations(fetched)))
    unidentified = {record.reference for record in records if isinstance(record, Unidentified)}
    unreadable = sum(isinstance(record, Unreadable) for record in records)
    ours = len(records) - len(unidentified)
    said = f"{ours:,} of {counted(every, 'record')} are of {drug.title}"
    said += f", {unreadable:,} of them unreadable" if unreadable else ""
    if not unidentified:
        return ok("identification", f"{said}; of none it is unknown.")
    pool = Pool(fetched.resources, full_urls=fetched.full_urls, fetched=fetched.by_reference)
    systems: Counter[str] = Counter()
    for record in _administrations(fetched):
        if reference_of(record) in unidentified:
            systems.update(_systems(record, pool))
    text = f"{said}; of {len(unidentified):,} nobody can say, by code system: {_list(systems)}."
    advice = "Add the site's codes for the drug in --site-folder, or have a text sent with the codes."
    return warning("identification", text, advice)


def check_code_filter(plain: Fetched, by_code: Fetched, drug: Drug, filtered: bool) -> Check:
    """How many records of the drug the search by code finds, beside the search without."""
    all_of_them, some = _of_the_drug(plain, drug), _of_the_drug(by_code, drug)
    seen = [len(list(_administrations(each))) for each in (by_code, plain)]
    said = f"By code the search finds {seen[0]:,} of {counted(seen[1], 'record')}, and {len(some):,} of the"
    said += f" {len(all_of_them):,} that are of the drug or may be"
    missed = all_of_them - some
    if not all_of_them:
        return not_possible("code-filter", "The patient has no record of the drug.")
    if not missed:
        return ok("code-filter", f"{said}.")
    if filtered:
        text = f"{said}: {counted(len(missed), 'record')} would be missed, and NUSINERSEN_CDS_FILTER_BY_CODE is on."
        return failed("code-filter", text, "Turn it off.")
    text = f"{said}: {counted(len(missed), 'record')} would be missed."
    return warning("code-filter", text, "Leave NUSINERSEN_CDS_FILTER_BY_CODE off, as it is.")


def check_dates(records: Sequence[Resource], zone: tzinfo | None) -> Check:
    """How many records are dated to midnight of UTC, and which day that is at the site."""
    dated = [date for record in records if (date := date_of(record))]
    days = [found["day"] for date in dated if (found := _MIDNIGHT.fullmatch(date))]
    if not dated:
        return not_possible("dates", "No record has a date.")
    if not days:
        return ok("dates", f"None of {counted(len(dated), 'date')} is midnight of UTC.")
    said = f"{len(days):,} of {counted(len(dated), 'date')} are midnight of UTC"
    if zone is None:
        text = f"{said}, which is another day in some time zones."
        return warning("dates", text, "Name the time zone of the site with --time-zone to see whether it is there.")
    moved = sum(_day_at(day, zone) != day for day in days)
    if moved:
        text = (
            f"{said}; in {zone} {moved:,} of them are the day before: dates without a time were exported so, perhaps."
        )
        advice = "Have dates exported without a time, or with the time and offset of the site: doses count a day early."
        return (failed if len(days) >= len(dated) * _SUSPICIOUS else warning)("dates", text, advice)
    return ok("dates", f"{said}; in {zone} that is the same day.")


def _day_at(day: str, zone: tzinfo) -> str:
    try:
        return datetime.fromisoformat(f"{day}T00:00:00+00:00").astimezone(zone).date().isoformat()
    except (ValueError, OverflowError):
        return day


def _administrations(fetched: Fetched) -> Iterator[Resource]:
    return (each for each in fetched.resources if each.get("resourceType") == RESOURCE)


def _of_the_drug(fetched: Fetched, drug: Drug) -> set[str]:
    """The records that are of the drug or may be."""
    records = read_history(
        fetched.resources,
        drug=drug,
        zone=UTC,
        patient=None,
        medications=fetched.by_reference,
        full_urls=fetched.full_urls,
    )
    return {record.reference for record in records}


def _whose(record: Resource) -> str | None:
    try:
        return subject_of(record, lambda *_: None)
    except Malformed:
        return None


def _kind(reference: str, base: Base) -> str:
    if reference.startswith("#"):
        return "contained"
    if reference.startswith("urn:"):
        return "within a Bundle"
    if base.resource(reference) is None:
        return "on another server"
    return "absolute" if "://" in reference else "relative"


def _target(reference: str, record: Resource, pool: Pool) -> Resource | None:
    if not reference.startswith("#"):
        return pool.resolve(reference, record)
    try:
        return contained(record, reference)
    except Malformed:
        return None


def _systems(record: Resource, pool: Pool) -> set[str]:
    """The systems of the codes of a record and of the Medication that it refers to."""
    both = _object(record.get("medication"))
    concepts = [_object(record.get("medicationCodeableConcept")), _object(both.get("concept"))]
    targets = [_target(reference, record, pool) or {} for reference in medication_references(record)]
    concepts += [_object(target.get("code")) for target in targets]
    found = {_shown(coding.get("system")) for concept in concepts for coding in _objects(concept.get("coding"))}
    return found or {_NO_CODE}


def _shown(system: object) -> str:
    if not system:
        return "a code without a system"
    return system if isinstance(system, str) and _SYSTEM.fullmatch(system) else "a system that is no URI"


def date_of(record: Resource) -> str:
    """The date by which a record counts, as it is written."""
    periods = [_object(record.get(name)) for name in _PERIODS]
    said = [*(record.get(name) for name in _DATES), *(period.get("start") for period in periods)]
    return next((date for date in said if isinstance(date, str)), "")


def _list(counts: Counter[str]) -> str:
    return ", ".join(f"{number:,} {name}" for name, number in counts.most_common() if number)


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _objects(value: object) -> Iterator[dict[str, Any]]:
    if isinstance(value, list):
        yield from (item for item in value if isinstance(item, dict))
