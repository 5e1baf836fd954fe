"""The history of one patient, read as the service reads it: with large pages, with small ones, and by code."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from cds.fhir.errors import FhirError
from cds.fhir.fetch import Fetched
from cds.fhir.plain import Resource
from cds.fhir.read import RESOURCE
from cds.fhir.references import reference_of
from hooks.console import counted
from hooks.doctor.checks import Check, Report, failed, failed_by, not_possible, ok, warning
from hooks.doctor.pages import check_include, check_page_size, check_paging, check_sort
from hooks.doctor.records import check_code_filter, check_dates, check_identification, check_own, check_references
from hooks.doctor.visit import Seen, Visit

_SMALL_PAGES = 3
_SHARE = 0.5
_ASKED_FOR = "Name a patient who has had nusinersen with --patient."


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading of the history: what the client made of it, each answer that it was given, and how long it took."""

    fetched: Fetched
    seen: tuple[Seen, ...]
    seconds: float

    @property
    def records(self) -> list[Resource]:
        """The administrations, each once."""
        return [each for each in self.fetched.resources if each.get("resourceType") == RESOURCE]

    @property
    def names(self) -> set[str]:
        """The references of the administrations."""
        return {name for each in self.records if (name := reference_of(each))}


async def check_patient(visit: Visit, report: Report) -> None:
    """Adds all that needs the records of a patient."""
    if visit.patient is None:
        report.close("No patient was named, so no history was read.", _ASKED_FOR)
        return
    whole = await _read(visit, visit.patient)
    if isinstance(whole, FhirError):
        report.add([failed_by("history", whole)])
        report.close("The history could not be read.", "See the check `history`.")
        return
    report.add([_history(whole, visit), check_time(whole.seconds, visit.hook_seconds)])
    if not whole.records:
        report.close("The patient has no records that this token may see.", _ASKED_FOR)
        return
    report.add([check_own(whole.records, f"Patient/{visit.patient}"), check_sort(whole.seen)])
    report.add([check_include(whole.seen, whole.records), check_references(whole.fetched, visit.base)])
    report.add([check_identification(whole.fetched, visit.drug), check_dates(whole.records, visit.zone)])
    await _small_pages(visit, visit.patient, whole, report)
    by_code = await _read(visit, visit.patient, by_code=True)
    if isinstance(by_code, FhirError):
        report.add([_no_filter(visit, by_code)])
    else:
        report.add([check_code_filter(whole.fetched, by_code.fetched, visit.drug, visit.filtered)])


async def _read(visit: Visit, patient: str, page_size: int | None = None, by_code: bool = False) -> Reading | FhirError:
    seen: list[Seen] = []
    limits = replace(visit.limits, page_size=page_size) if page_size else visit.limits
    client = visit.client(seen, codes=visit.drug.products if by_code else (), limits=limits)
    loop = asyncio.get_running_loop()
    start = loop.time()
    try:
        fetched = await client.history(patient)
    except FhirError as error:
        return error
    return Reading(fetched, tuple(seen), loop.time() - start)


def _history(reading: Reading, visit: Visit) -> Check:
    pages = sum(each.answers(RESOURCE) for each in reading.seen)
    text = f"{counted(len(reading.records), 'administration')} on {counted(pages, 'page')}"
    problems = reading.fetched.problems
    if not reading.fetched.whole or reading.fetched.unread:
        why = problems[0] if problems else "not everything could be read"
        return failed(
            "history", f"The history is not whole ({text}): {why}.", "Mend this first: it is not read as one."
        )
    if not visit.by_post and any(each.by_post for each in reading.seen):
        told = f"The history is whole ({text}), but the server wants searches by POST."
        return warning("history", told, "Set NUSINERSEN_CDS_SEARCH_BY_POST: each call then saves a request.")
    refused = [each.reply.status for each in reading.seen if each.reply.status in (400, 422, 501)]
    if refused:
        told = f"The history is whole ({text}), but the server refused the first query (status {refused[0]})."
        return warning(
            "history", told, "It was asked for less, which takes longer: ask its operator for _include and _sort."
        )
    if not reading.records:
        told = "The history is empty: the patient has no records, or this token may not see them."
        return warning("history", told, "Check the id and the scopes; name a patient who has had nusinersen.")
    if problems:
        return warning("history", f"The history is whole ({text}), with a remark: {problems[0]}.", "See the remark.")
    return ok("history", f"The history is whole: {text}.")


def check_time(seconds: float, hook_seconds: float) -> Check:
    """How long the reading took, beside the time that the service has in a hook."""
    text = f"Reading the history took {seconds:.1f} seconds; a hook has {hook_seconds:g}."
    if seconds > hook_seconds:
        advice = "Have the history prefetched, or give the service more time (NUSINERSEN_CDS_DEADLINE_SECONDS)."
        return failed("time", text, advice)
    if seconds > hook_seconds * _SHARE:
        return warning(
            "time", text, "Other patients have more records: have the history prefetched, or give more time."
        )
    return ok("time", text)


async def _small_pages(visit: Visit, patient: str, whole: Reading, report: Report) -> None:
    """Reads the same history with pages so small that there are several, and compares."""
    number = len(whole.records)
    if number < 2:
        text = "The patient has fewer than two records, so there are no two pages."
        report.add([not_possible(name, text, _ASKED_FOR) for name in ("page-size", "paging")])
        return
    size = max(1, number // _SMALL_PAGES)
    small = await _read(visit, patient, page_size=size)
    if isinstance(small, FhirError):
        report.add([failed_by("paging", small), not_possible("page-size", "The pages could not be read.")])
        return
    report.add([check_page_size(small.seen, size), check_paging(small.seen, small.fetched, small.names, whole.names)])


def _no_filter(visit: Visit, error: FhirError) -> Check:
    if visit.filtered:
        return failed_by("code-filter", error)
    text = "The server does not answer the search by code."
    return warning("code-filter", text, "Leave NUSINERSEN_CDS_FILTER_BY_CODE off, as it is.")
