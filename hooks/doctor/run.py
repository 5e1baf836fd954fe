"""`nusinersen-cds doctor`: one examination of a FHIR server from its address to the dates of its records."""

from __future__ import annotations

import asyncio
from zoneinfo import ZoneInfo

from cds.dosing.drug import Drug
from cds.fhir.addresses import EVERYWHERE, Networks
from cds.fhir.allowed import Allowed
from cds.fhir.connections import Http
from cds.fhir.errors import FhirError
from cds.fhir.limits import Limits
from cds.fhir.links import Base
from hooks.app import now
from hooks.console import ExitCode, UsageError, say
from hooks.credentials import tokens_of
from hooks.doctor.access import check_access
from hooks.doctor.checks import Check, Report
from hooks.doctor.patient import check_patient
from hooks.doctor.reach import check_reach
from hooks.doctor.searches import check_searches
from hooks.doctor.show import Format, exit_code, show
from hooks.doctor.visit import Visit
from hooks.histories import patient_reference
from hooks.settings import CheckSettings, Settings
from hooks.show_regimens import chosen, library


def examine(url: str, patient: str | None, form: Format, settings: CheckSettings) -> ExitCode:
    """Examines, prints, and says how it ends. Raises UsageError."""
    try:
        base = Base(url)
    except FhirError as error:
        raise UsageError(f"BASE_URL: {error.message}") from None
    named = None if patient is None else patient_reference(patient).removeprefix("Patient/")
    checks = asyncio.run(_examine(base, named, _drug(settings), settings))
    show(base.url, checks, form)
    return exit_code(checks)


async def _examine(base: Base, patient: str | None, drug: Drug, settings: CheckSettings) -> tuple[Check, ...]:
    limits = Limits(seconds=settings.deadline_seconds, pages=settings.max_pages, page_size=settings.page_size)
    report = Report({})
    # who names a server on the command line lists it, wherever it is
    async with Http(limits, Allowed([base.url], EVERYWHERE), outbound=settings.outbound) as http:
        visit = Visit(
            base=base,
            networks=Networks(settings.fhir_networks),
            http=http,
            tokens=tokens_of(settings, http, base.url),
            limits=limits,
            drug=drug,
            patient=patient,
            zone=ZoneInfo(settings.time_zone) if settings.time_zone else None,
            filtered=settings.filter_by_code,
            by_post=settings.search_by_post,
            clock=now,
            hook_seconds=_hook_seconds(settings),
        )
        try:
            visit.client([])
        except FhirError as error:
            raise UsageError(f"{error.message} (NUSINERSEN_CDS_FHIR_TOKEN)") from None
        if await check_reach(visit, report) and await check_access(visit, report):
            await check_searches(visit, report)
            await check_patient(visit, report)
    return report.checks


def _hook_seconds(settings: CheckSettings) -> float:
    """The time that the service has for a call: what is set for both, or its own default."""
    chosen = "deadline_seconds" in settings.model_fields_set
    return settings.deadline_seconds if chosen else float(Settings.model_fields["deadline_seconds"].default)


def _drug(settings: CheckSettings) -> Drug:
    """Whose codes and names count: those of the regimens, or of the drug that is meant where nobody names one."""
    known = library(settings.site_folder)
    if settings.regimen:
        first, *others = [regimens.drug for regimens in chosen(known, settings.regimen)]
        if others:
            names = ", ".join(drug.id for drug in others)
            say(f"Examined for {first.id} alone; to examine for {names}, name a regimen of it by --regimen.")
        return first
    assert known.default_drug is not None, "one of the shipped drugs is it"
    return known.default_drug
