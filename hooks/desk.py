"""What the calls of one site need: its settings made ready once, the clock, and the connections to FHIR servers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, tzinfo
from functools import partial

import orjson

from cds.dosing.assess import assess
from cds.dosing.drug import Coding
from cds.dosing.in_force import Regimens
from cds.dosing.regimen import Regimen
from cds.fhir.allowed import Allowed
from cds.fhir.appointments import moved_dose
from cds.fhir.client import FhirClient
from cds.fhir.connections import Http
from cds.fhir.history import read_history
from cds.fhir.limits import Limits
from cds.fhir.needs import Need, marks, results
from cds.fhir.repeated import repeated
from cds.regimens.library import Library
from hooks.cards import Card, CardContext, chart_cards
from hooks.launch.places import DRUG, LAUNCH
from hooks.operations.traces import NoTraces, Traces
from hooks.protocol import HookRequest
from hooks.settings import Settings
from hooks.site_settings import Site
from hooks.source_attributes import PATH as SOURCE_PATH
from hooks.wording import ENGLISH
from hooks.words import Wording


@dataclass(slots=True)
class Desk:
    """One site at work on one drug; `others` are those of its other drugs, each judged apart (rule W11). `refusal` says
    why no call can be judged here, empty where they can (see `Sites.choose`)."""

    site: Site
    regimens: Regimens
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
    words: Wording = ENGLISH
    others: tuple[Desk, ...] = ()
    laboratory: tuple[Need, ...] = ()
    markers: tuple[Need, ...] = ()

    @classmethod
    def of(
        cls,
        site: Site,
        settings: Settings,
        library: Library,
        *,
        clock: Callable[[], datetime],
        new_id: Callable[[], str],
        wordings: Mapping[str, Wording],
    ) -> Desk:
        """Raises UnknownRegimen, or ValueError for a regimen that may not be used here, that the tolerances do not fit,
        or for a language that `wordings` does not hold."""
        words = _words(site, wordings)
        each_drug = [regimens.map(partial(_at_the_site, site)) for regimens in library.choose_each(site.regimen)]
        # one prefetch and one query serve every drug of the site
        codes = tuple(dict.fromkeys(coding for regimens in each_drug for coding in regimens.drug.searched))
        first, *others = [
            cls(
                site,
                regimens,
                site.zone,
                Limits(pages=settings.max_pages, seconds=settings.deadline_seconds, page_size=settings.page_size),
                Allowed(site.fhir_servers, site.fhir_networks),
                codes if site.filter_by_code else (),
                clock,
                new_id,
                links=[
                    *_launch(site, settings, words, regimens if len(each_drug) > 1 else None),
                    *_links(settings, regimens, words),
                ],
                words=words,
                laboratory=results(regimen.monitoring for regimen in regimens.every),
                markers=marks(site.markers),
            )
            for regimens in each_drug
        ]
        return replace(first, others=tuple(others))

    @property
    def every(self) -> tuple[Desk, ...]:
        """The desk of each drug of the site, this one first."""
        return (self, *self.others)

    def open(self, http: Http, traces: Traces) -> None:
        """Connect every drug's desk, and warm it up."""
        for each in self.every:
            each.warm_up()
            each.http, each.traces = http, traces

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

    def context(
        self,
        now: datetime,
        problems: Iterable[str] = (),
        not_compared: Iterable[str] = (),
        unknown: Iterable[str] = (),
    ) -> CardContext:
        """What cards need beside an assessment."""
        here = now.astimezone(self.zone)
        return CardContext(
            regimen=self.regimens.every[0],
            read_at=here.isoformat(timespec="seconds"),
            move=partial(moved_dose, zone=self.zone, on=here.date()),
            repeat=partial(repeated, zone=self.zone, on=here.date()),
            new_id=self.new_id,
            show_upcoming=self.site.show_upcoming,
            problems=tuple(problems),
            links=self.links,
            not_compared=tuple(not_compared),
            unknown=tuple(unknown),
            words=self.words,
        )

    def today(self) -> date:
        """The day at the site."""
        return self.clock().astimezone(self.zone).date()

    def warm_up(self) -> None:
        """Pay before the first call for what is made once: tables of the drug's codes, the card texts."""
        now = self.clock()
        patient = "Patient/warm-up"
        resource = {"resourceType": "MedicationAdministration", "id": "warm-up", "status": "completed"}
        records = read_history([resource], drug=self.regimens.drug, zone=self.zone, patient=patient)
        on = now.astimezone(self.zone).date()
        chart_cards(assess(patient, records, self.regimens, on=on, whole=True), context=self.context(now))


def _words(site: Site, wordings: Mapping[str, Wording]) -> Wording:
    if site.locale not in wordings:
        raise ValueError(
            f"there are no words in the language {site.locale!r}, only in: {', '.join(wordings)}; name one of them in "
            "NUSINERSEN_CDS_LOCALE, or in locale of its site, or add its file to the folder of wordings"
        )
    return wordings[site.locale]


def _launch(site: Site, settings: Settings, words: Wording, of: Regimens | None) -> list[Card]:
    """The link to the timeline, which the EHR opens for the patient of the chart; none where nobody can sign in. It
    names the drug `of` which it tells, where the site has several."""
    if site.launch_client_id is None:
        return []
    context = {} if of is None else {"appContext": orjson.dumps({DRUG: of.drug.id}).decode()}
    label = words.phrases.timeline
    return [{"label": label, "url": f"{base}{LAUNCH}", "type": "smart", **context} for base in settings.public_url[:1]]


def _links(settings: Settings, regimens: Regimens, words: Wording) -> list[Card]:
    """The links on every card, one for each regimen; none where this service does not know its own URL."""
    several, label = regimens.only is None, words.phrases.source_attributes
    return [
        {
            "label": f"{label} ({regimen.id})" if several else label,
            "url": f"{base}{SOURCE_PATH}.html#{regimen.id}",
            "type": "absolute",
        }
        for base in settings.public_url[:1]
        for regimen in regimens.every
    ]


def _at_the_site(site: Site, regimen: Regimen) -> Regimen:
    """A regimen with the tolerances of the site. Raises ValueError where the site has not said that it may be used."""
    if regimen.unverified is not None and regimen.id not in site.unverified_regimens:
        raise ValueError(
            f"regimen {regimen.id} is not verified: {regimen.unverified}; to use it all the same, name it in "
            "NUSINERSEN_CDS_UNVERIFIED_REGIMENS, or in unverified_regimens of its site: every card then says so"
        )
    return regimen.with_tolerance(loading=site.tolerance_loading, maintenance=site.tolerance_maintenance)
