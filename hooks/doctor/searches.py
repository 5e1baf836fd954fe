"""Searches and reads that need no patient: their answers must be empty, or say that nothing is there."""

from __future__ import annotations

from cds.fhir.bundle import read_contents
from cds.fhir.errors import FhirError, Kind
from cds.fhir.exchange import Reply
from cds.fhir.read import RESOURCE
from hooks.doctor.checks import Check, Report, failed, failed_by, ok, warning
from hooks.doctor.visit import Seen, Visit


async def check_searches(visit: Visit, report: Report) -> None:
    """Adds the search for the records of nobody, and the search and the read of Medications that are not there."""
    report.add([await _nobody(visit), await _by_ids(visit), await _by_id(visit)])


async def _nobody(visit: Visit) -> Check:
    try:
        fetched = await visit.client([]).history(visit.nobody)
    except FhirError as error:
        if error.kind is Kind.UNUSABLE and error.query_refused:
            text = "The server refuses to search for a patient that it does not know."
            return ok("unknown-patient", text, "Nothing: a refusal is never taken for an empty history.")
        return failed_by("unknown-patient", error)
    found = sum(resource.get("resourceType") == RESOURCE for resource in fetched.resources)
    if found:
        text = f"The server gives {found:,} records of a patient that cannot exist: it does not heed `patient`."
        advice = "Do not use it: histories of others would be shown, though not counted. Tell the server's operator."
        return failed("unknown-patient", text, advice)
    if not fetched.whole:
        text = "The empty history of a patient that cannot exist is not whole, by what the server says with it."
        return warning("unknown-patient", text, _first(fetched.problems))
    return ok("unknown-patient", "A patient that cannot exist has no records.")


async def _by_ids(visit: Visit) -> Check:
    seen: list[Seen] = []
    await visit.client(seen).medications([f"Medication/{visit.nobody}-{number}" for number in (1, 2)])
    searches = [each.reply for each in seen if "_id=" in each.url]
    if searches and 200 <= searches[-1].status < 300:
        if read_contents(searches[-1].json).resources:
            text = "The server gives Medications whose ids were not asked for: it does not heed `_id`."
            return warning("medication-search", text, "Tell the server's operator; what was not asked for is left out.")
        return ok("medication-search", "Several Medications can be asked for at once.")
    text = f"The server does not answer a search for several Medications by `_id`{_status(searches)}."
    return warning(
        "medication-search", text, "They are read one by one, which takes longer; ask its operator for `_id`."
    )


async def _by_id(visit: Visit) -> Check:
    try:
        await visit.client([]).read("Medication", visit.nobody)
    except FhirError as error:
        if error.kind is Kind.MISSING:
            return ok("medication-read", "The server says of a Medication that is not there that it is not.")
        return failed_by("medication-read", error)
    text = "The server gives a Medication that cannot exist."
    return failed("medication-read", text, "Check the base URL, and tell the server's operator.")


def _status(searches: list[Reply]) -> str:
    return f" (status {searches[-1].status})" if searches else ""


def _first(problems: tuple[str, ...]) -> str:
    return f"The first reason: {problems[0]}." if problems else "Ask the server's operator why."
