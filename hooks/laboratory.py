"""Laboratory results before a dose (rule 10): read beside the history where a label asks for them, and put to it."""

from __future__ import annotations

import asyncio

from cds.dosing.assessment import Assessment
from cds.dosing.laboratory import Laboratory
from cds.dosing.monitor import asks, monitor
from cds.fhir.needs import RESULTS
from cds.fhir.patients import other_ids
from cds.fhir.results import read_results
from hooks.beside import Beside, read_beside
from hooks.desk import Desk
from hooks.gather import Link
from hooks.protocol import HookRequest


async def with_laboratory(
    assessment: Assessment, beside: Beside, request: HookRequest, desk: Desk, link: Link, seconds: float
) -> tuple[Assessment, Beside]:
    """The assessment with where each test stands, if its label asks for tests now, and with them what was read. What
    could not be read is for `Beside.unknown` to tell. Never raises FhirError."""
    if not desk.laboratory or not asks(assessment):
        return assessment, beside
    if RESULTS.key not in beside.read:
        beside = beside.with_more(await read_beside(request, desk.laboratory, link, seconds))
    read = beside.read[RESULTS.key]
    # in a thread of its own, since the first unit that has to be converted takes most of a second
    results, no_results = await asyncio.to_thread(
        read_results,
        read.resources,
        assessment.regimen.monitoring,
        patient=assessment.patient,
        zone=desk.zone,
        also=other_ids(beside.resources, assessment.patient),
    )
    whole = not read.problems
    return monitor(assessment, Laboratory(results, no_results, whole, desk.site.monitoring_days)), beside
