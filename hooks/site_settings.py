"""What one site chooses, and the file in which several sites of one service are described."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import NoDecode

from cds.dosing.drug import Coding
from cds.fhir.addresses import Networks
from cds.fhir.errors import FhirError
from cds.fhir.links import Base
from cds.fhir.markers import Markers
from hooks.launch_settings import LaunchFields
from hooks.listed import OptionalWords, Words, words
from hooks.security.urls import key_url
from hooks.services import SERVICES

_GROUP = re.compile(r"(?P<base>.+)/Group/(?P<id>[A-Za-z0-9\-.]{1,64})")


class OnFailure(StrEnum):
    """How a failed check is answered: with a warning card that an EHR shows, or with a status that it may hide."""

    CARD = "card"
    STATUS = "status"


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError("no such time zone: write a name of the IANA list, such as Europe/Stockholm") from error
    return name


def _base_url(url: str) -> str:
    try:
        return Base(url).url
    except FhirError:
        raise ValueError(
            "not the base URL of a FHIR server: write http or https, a host in ASCII (an address in full), a path "
            "without dots; no user, no query"
        ) from None


def _group_url(url: str) -> str:
    found = _GROUP.fullmatch(url.strip())
    if found is None:
        raise ValueError("not the URL of a Group: write that of the FHIR server, /Group/ and the id")
    return f"{_base_url(found['base'])}/Group/{found['id']}"


def _network_of(written: str) -> str:
    Networks([written])
    return written


def _service(name: str) -> str:
    if name not in SERVICES:
        raise ValueError(f"no such service: write one of {', '.join(SERVICES)}")
    return name


def _coding(text: str) -> str:
    system, separator, code = text.rpartition("|")
    if not separator or not system or not code:
        raise ValueError("not a code with its system: write system|code")
    return text


def _day(text: object) -> object:
    """A day as everywhere else here; Pydantic would take numbers and moments too."""
    if isinstance(text, str) and not re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        raise ValueError("no date: write YYYY-MM-DD")
    return text


ZoneName = Annotated[str, AfterValidator(_zone)]
Day = Annotated[date, BeforeValidator(_day)]
BaseUrls = Annotated[tuple[Annotated[str, AfterValidator(_base_url)], ...], NoDecode, BeforeValidator(words)]
NetworkNames = Annotated[tuple[Annotated[str, AfterValidator(_network_of)], ...], NoDecode, BeforeValidator(words)]
GroupUrls = Annotated[tuple[Annotated[str, AfterValidator(_group_url)], ...], NoDecode, BeforeValidator(words)]
Codings = Annotated[tuple[Annotated[str, AfterValidator(_coding)], ...], NoDecode, BeforeValidator(words)]
ServiceIds = Annotated[frozenset[Annotated[str, AfterValidator(_service)]], NoDecode, BeforeValidator(words)]


class Client(BaseModel):
    """A CDS client that may call: the `iss` of its tokens, and where the keys are that sign them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    issuer: str = Field(min_length=1, description="The `iss` of its tokens")
    jku: tuple[Annotated[str, AfterValidator(key_url)], ...] = Field(
        (), description="URLs of its key sets; a token that names another is refused"
    )
    jwks_file: Path | None = Field(None, description="A key set handed over as a file; nothing is read from `jku` then")
    tenants: tuple[str, ...] = Field((), description="Tenants that may call; none: any, or a token without one")
    audiences: tuple[str, ...] = Field((), description="Further values of `aud` that its tokens may carry")

    @model_validator(mode="after")
    def _has_keys(self) -> Self:
        if not self.jku and self.jwks_file is None:
            raise ValueError(f"client {self.issuer}: name where its keys are: URLs in jku, or a file in jwks_file")
        return self

    def serves(self, tenant: str | None) -> bool:
        """Whether calls for this tenant may come from this client; a token need not name one."""
        return not self.tenants or tenant is None or tenant in self.tenants


class SiteFields(LaunchFields):
    """What a site chooses. There is no default regimen and no default time zone, since a wrong one would judge doses by
    another label or on another day."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    regimen: OptionalWords = Field(
        None,
        description="Id of the regimen by which doses are judged, or ids of several, separated by spaces; those of one "
        "drug in the order of rule W11, and each drug is judged apart. `nusinersen-cds regimens` lists them",
    )
    unverified_regimens: Words = Field(
        (), description="Ids of regimens that are used though their files say that they are not verified"
    )
    time_zone: ZoneName | None = Field(None, description="Time zone of the site, by whose calendar days are counted")
    tolerance_loading: int | None = Field(None, ge=0, description="Days each way in loading; default: the regimen's")
    tolerance_maintenance: int | None = Field(
        None, ge=0, description="Days each way in maintenance; default: the regimen's"
    )
    fhir_servers: BaseUrls = Field(
        (), description="Base URLs of the FHIR servers that may be read from; a request that names another is refused"
    )
    fhir_networks: NetworkNames = Field(
        (),
        description="Networks (10.20.0.0/16) in which those servers, and the key servers of clients, may be; without "
        "one a name has to lead to a public address",
    )
    clients: tuple[Client, ...] = Field((), description="CDS clients that may call, with their keys; in JSON")
    silent: ServiceIds = Field(
        frozenset(), description="Services in silent mode: calls are evaluated and recorded, and no cards are shown"
    )
    filter_by_code: bool = Field(
        False, description="Ask for the drug's codes only; servers then leave out references and texts"
    )
    appointment_codes: Codings = Field(
        (),
        description="Codes, `system|code` between spaces, of service types and reasons of appointments for the dose",
    )
    statements: bool = Field(
        True,
        description="Read what is noted of doses given elsewhere (MedicationStatement, rule C7). False where there is "
        "none to read: nothing is then said of such doses, unless they come with the prefetch",
    )
    ended_flags: Codings = Field(
        (),
        description="Codes, `system|code` between spaces, of the Flags by which the site marks that the therapy has "
        "ended (rule F10), of every drug that it judges; Flags are read only where this is set",
    )
    ended_lists: Codings = Field((), description="The same of Lists")
    history_complete_since: Day | None = Field(
        None,
        description="Day from which on every dose given here is in the records, such as the day on which the EHR was "
        "first used: that no dose of before is recorded then proves nothing (rule F1)",
    )
    search_by_post: bool = Field(
        False, description="Search FHIR servers by POST alone; without it, where a server refuses a GET"
    )
    order_failure: OnFailure = Field(
        OnFailure.CARD, description="An order of the drug that could not be checked: a warning card, or a status"
    )
    chart_failure: OnFailure = Field(
        OnFailure.STATUS, description="A chart that could not be checked: status 412, or a warning card"
    )
    monitoring_days: int | None = Field(
        None,
        ge=1,
        le=3650,
        description="Days to look back for laboratory results before a dose, where the label asks for them (rule 10); "
        "none: results since the last dose count",
    )
    monitoring_at_orders: bool = Field(
        False,
        description="Missing or old laboratory results on a card of their own at orders and appointments too; without "
        "it they are a line of other cards there",
    )
    show_upcoming: bool = Field(False, description="Show the next dose on patient-view while it is not due yet")
    worklist_folder: Path | None = Field(
        None,
        description="Folder with the output of the last audit, for the worklist. It names patients: keep it apart from "
        "the journal, where only the service can read it; none: no worklist",
    )
    worklist_groups: GroupUrls = Field(
        (),
        description="URLs of FHIR Groups of patients, at servers of fhir_servers, for worklists that are read when "
        "somebody asks for them; none: no such list",
    )
    worklist_group_members: int = Field(
        500, ge=1, le=10_000, description="Patients of a Group who are read at most; the others are told as not read"
    )
    worklist_group_seconds: int = Field(
        300, ge=1, le=3600, description="Seconds for reading a Group; who is not read by then is told as not read"
    )
    fhir_client_id: str | None = Field(
        None,
        min_length=1,
        description="Client id at the FHIR server for SMART Backend Services: of this service, for worklist_groups, "
        "and of the command line; none: Groups are read without a token",
    )
    fhir_key_file: Path | None = Field(None, description="File with the private key of that client")
    locale: str = Field(
        "en", description="Language of the cards: `en`, or the name of a file in the folder of wordings"
    )
    show_assessment: bool = Field(False, description="Put the whole assessment into the response's extension")


def markers_of(flags: Iterable[str], lists: Iterable[str]) -> Markers:
    """The markers of codes as they are written."""
    return Markers(_codings(flags), _codings(lists))


def _codings(written: Iterable[str]) -> frozenset[Coding]:
    return frozenset(Coding(*text.rpartition("|")[::2]) for text in written)


class Site(SiteFields):
    """One site, complete. `id` names it in the journal and the log."""

    id: str = Field("default", pattern=r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
    regimen: Annotated[Words, Field(min_length=1)]
    time_zone: ZoneName

    @property
    def dose_visits(self) -> frozenset[Coding]:
        """The codes of appointments for the dose."""
        return _codings(self.appointment_codes)

    @property
    def markers(self) -> Markers:
        """The codes of markers that the therapy has ended."""
        return markers_of(self.ended_flags, self.ended_lists)

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of the site."""
        return ZoneInfo(self.time_zone)


class SiteFileError(Exception):
    """A file of sites that cannot be used; the message names every fault."""


def read_sites(path: Path, shared: Mapping[str, Any]) -> tuple[Site, ...]:
    """The sites of a TOML file of `[[site]]` tables. `shared` are values for every site that does not say its own.
    Raises SiteFileError."""
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise SiteFileError(f"{path}: cannot be read ({error.strerror})") from None
    except ValueError as error:
        raise SiteFileError(f"{path}: is no TOML file ({error})") from None
    tables = content.pop("site", [])
    if content or not isinstance(tables, list) or not tables or not all(isinstance(table, dict) for table in tables):
        raise SiteFileError(f"{path}: write one table [[site]] for each site, and nothing outside of them")
    faults: list[str] = []
    sites: list[Site] = []
    for number, table in enumerate(tables, 1):
        name = table.get("id")
        where = f"{path}: site {name if isinstance(name, str) else f'number {number}'}"
        if name is None:
            faults.append(f"{where}: id: is not set (a name for the journal and the log)")
            continue
        try:
            sites.append(Site(**{**shared, **table}))
        except ValidationError as error:
            faults += [f"{where}: {fault}" for fault in said(error)]
    faults += [f"{path}: {fault}" for fault in clashes(sites)]
    if faults:
        raise SiteFileError("\n".join(faults))
    return tuple(sites)


def said(error: ValidationError, fields: Mapping[str, FieldInfo] = SiteFields.model_fields) -> list[str]:
    """The faults of a model, one line each: the field, what is wrong, what the field means."""
    lines = []
    for fault in error.errors(include_input=False):
        where = ".".join(str(part) for part in fault["loc"])
        field = fields.get(str(fault["loc"][0])) if fault["loc"] else None
        what = "is not set" if fault["type"] == "missing" else fault["msg"].removeprefix("Value error, ")
        if fault["type"] == "extra_forbidden":
            what = "there is no such setting; remove it or correct its name"
        lines.append(f"{where}: {what}" + (f" ({field.description})" if field and field.description else ""))
    return lines


def clashes(sites: Iterable[Site]) -> list[str]:
    """What two sites share though it must tell them apart: an id, a FHIR server, an issuer without tenants apart."""
    owners: dict[tuple[str, str], str] = {}
    faults: list[str] = []
    for site in sites:
        marks = [("id", site.id), *(("FHIR server", url) for url in dict.fromkeys(site.fhir_servers))]
        for client in site.clients:
            tenants = client.tenants or ("",)
            marks += [("issuer and tenant", f"{client.issuer} {tenant}".strip()) for tenant in tenants]
        for mark in marks:
            if mark in owners:
                faults.append(f"site {site.id}: its {mark[0]} {mark[1]} is that of site {owners[mark]} already")
            owners.setdefault(mark, site.id)
    return faults
