"""What the calls of one site need: its settings made ready once, the clock, and the connections to FHIR servers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from functools import partial

from cds.dosing.assess import assess
from cds.dosing.drug import Coding
from cds.dosing.regimen import Regimen
from cds.fhir.allowed import Allowed
from cds.fhir.client import FhirClient, Http
from cds.fhir.history import read_history
from cds.fhir.limits import Limits
from cds.fhir.orders import moved
from cds.regimens.library import Library
from hooks.cards import Card, CardContext, chart_cards
from hooks.operations.traces import NoTraces, Traces
from hooks.protocol import HookRequest
from hooks.settings import Settings
from hooks.site_settings import Site
from hooks.source_attributes import PATH as SOURCE_PATH
from hooks.wording import SOURCE_ATTRIBUTES


@dataclass(slots=True)
class Desk:
    """One site at work. `refusal` says why no call can be judged here, empty where they can (see `Sites.choose`)."""

    site: Site
    regimen: Regimen
    zone: tzinfo
    limits: Limits
    allowed: Allowed
    filter_codes: tuple[Coding, ...]
    clock: Callable[[], datetime]
    new_id: Callable[[], str]
    http: Http | None = field(default=None)
    refusal: str = ""
    traces: Traces = field(default_factory=NoTraces)
    links: list[Card] = field(default_factory=list)

    @classmethod
    def of(
        cls,
        site: Site,
        settings: Settings,
        library: Library,
        *,
        clock: Callable[[], datetime],
        new_id: Callable[[], str],
    ) -> Desk:
        """Raises UnknownRegimen, or ValueError where the tolerances do not fit the regimen."""
        regimen = library.get(site.regimen).with_tolerance(
            loading=site.tolerance_loading, maintenance=site.tolerance_maintenance
        )
        return cls(
            site,
            regimen,
            site.zone,
            Limits(pages=settings.max_pages, seconds=settings.deadline_seconds, page_size=settings.page_size),
            Allowed(site.fhir_servers, site.fhir_networks),
            tuple(regimen.drug.products) if site.filter_by_code else (),
            clock,
            new_id,
            links=_links(settings, regimen),
        )

    def client(self, request: HookRequest) -> FhirClient | None:
        """A client for the server of the request, with its token; None where the request names none. Raises FhirError
        where the server is not listed: nothing is sent to it."""
        if request.fhir_server is None:
            return None
        if self.http is None:
            raise RuntimeError("the connections to FHIR servers are opened when the application starts")
        return FhirClient(
            self.http,
            request.fhir_server,
            token=request.access_token,
            limits=self.limits,
            codes=self.filter_codes,
            search_by_post=self.site.search_by_post,
        )

    def context(self, now: datetime, problems: Iterable[str] = ()) -> CardContext:
        """What cards need beside an assessment."""
        here = now.astimezone(self.zone)
        return CardContext(
            regimen=self.regimen,
            read_at=here.isoformat(timespec="seconds"),
            move=partial(moved, zone=self.zone, on=here.date()),
            new_id=self.new_id,
            show_upcoming=self.site.show_upcoming,
            problems=tuple(problems),
            links=self.links,
        )

    def warm_up(self) -> None:
        """Pay before the first call for what is made once: tables of the drug's codes, the card texts."""
        now = self.clock()
        patient = "Patient/warm-up"
        resource = {"resourceType": "MedicationAdministration", "id": "warm-up", "status": "completed"}
        records = read_history([resource], drug=self.regimen.drug, zone=self.zone, patient=patient)
        on = now.astimezone(self.zone).date()
        chart_cards(assess(patient, records, self.regimen, on=on, whole=True), context=self.context(now))


def _links(settings: Settings, regimen: Regimen) -> list[Card]:
    """The links on every card; none where this service does not know its own URL."""
    return [
        {"label": SOURCE_ATTRIBUTES, "url": f"{base}{SOURCE_PATH}.html#{regimen.id}", "type": "absolute"}
        for base in settings.public_url[:1]
    ]
