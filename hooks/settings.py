"""The settings of the service and the command line: the only reader of the environment."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from pydantic import Field, HttpUrl, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict
from pydantic_settings import SettingsError as UnreadableSettings

from hooks.boundary_settings import BoundaryFields
from hooks.listed import Words
from hooks.memory_settings import MemoryFields
from hooks.operations.logs import LogFormat, LogLevel
from hooks.outbound_settings import OutboundFields
from hooks.site_settings import (
    Codings,
    Day,
    NetworkNames,
    Site,
    SiteFields,
    SiteFileError,
    ZoneName,
    clashes,
    read_sites,
    said,
)

PREFIX = "NUSINERSEN_CDS_"
_NOT_SETTINGS = {"NUSINERSEN_CDS_PUBLISHED_DATA"}
"""Variables of the tests, which share the prefix."""
ONLY_AT_A_SITE = ("fhir_servers", "clients", "worklist_folder", "worklist_groups")
"""What tells sites apart, so that all of them cannot share it."""


class Settings(BaseSettings, MemoryFields, BoundaryFields, OutboundFields, SiteFields):
    """What the service is told. Each field is read from NUSINERSEN_CDS_<NAME>. The fields of a site describe the only
    site; with `sites_file` they are what its sites have in common."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True, env_ignore_empty=True)

    sites_file: Path | None = Field(None, description="File with the sites, where one service has several")
    site_folder: Path | None = Field(None, description="Folder with the site's own regimen and code files")
    wording_folder: Path | None = Field(
        None, description="Folder with the words of the cards in other languages than English, one file each"
    )
    deadline_seconds: float = Field(4.0, gt=0, description="Time for all reading from the FHIR server in one call")
    max_pages: int = Field(100, ge=1, description="Pages of one search that are read at most")
    page_size: int = Field(500, ge=1, description="Resources asked for per page")
    cors_origins: Words = Field(("*",), description="Browser origins that may call the service, separated by spaces")
    log_format: LogFormat = Field(LogFormat.JSON, description="Log lines for machines or for people")
    log_level: LogLevel = Field(LogLevel.INFO, description="From which level on log lines are written")
    metrics_port: int | None = Field(
        None, ge=1, le=65535, description="Port for /metrics alone, on the address of the service; none: no such port"
    )
    metrics_open: bool = Field(
        False, description="Show /metrics on the port of the service too, to everybody who reaches it"
    )
    tracing: bool = Field(False, description="Send traces to an OpenTelemetry collector; needs the extra [tracing]")
    tracing_endpoint: HttpUrl | None = Field(
        None, description="URL of the collector, for OTLP over HTTP; none: http://localhost:4318/v1/traces"
    )
    tracing_share: float = Field(
        1.0, ge=0, le=1, description="Share of the calls that are traced where the caller does not say whether to"
    )
    tracing_to_servers: bool = Field(False, description="Send traceparent to the FHIR servers that are read from")
    shutdown_seconds: int = Field(
        10, ge=1, description="Time for calls in flight to end when the service is stopped, before they are cut off"
    )

    def sites(self) -> tuple[Site, ...]:
        """The sites of this service. Raises SettingsError, also where two of them cannot be told apart."""
        chosen = {name: getattr(self, name) for name in SiteFields.model_fields if name in self.model_fields_set}
        if self.sites_file is not None:
            misplaced = [f"{PREFIX}{name.upper()}" for name in ONLY_AT_A_SITE if chosen.get(name)]
            if misplaced:
                raise SettingsError(f"{', '.join(misplaced)}: write it in the file of the sites, at its site")
            try:
                return read_sites(self.sites_file, chosen)
            except SiteFileError as error:
                raise SettingsError(f"{PREFIX}SITES_FILE: {error}") from error
        try:
            site = Site(**{name: value for name, value in chosen.items() if value is not None})
        except ValidationError as error:
            raise _settings_error(error) from error
        faults = clashes([site])
        if faults:
            raise SettingsError("\n".join(f"{PREFIX}CLIENTS: {fault}" for fault in faults))
        return (site,)


class CheckSettings(BaseSettings, OutboundFields):
    """What the command line takes from the same variables. Options are stronger, so nothing has to be set; a person who
    waits for an answer gives a FHIR server more time than an EHR does."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True, env_ignore_empty=True)

    regimen: Words = ()
    regimen_timeline: Path | None = Field(None, description="File with the regimens in force by date, for files")
    time_zone: ZoneName | None = None
    site_folder: Path | None = None
    tolerance_loading: int | None = Field(None, ge=0)
    tolerance_maintenance: int | None = Field(None, ge=0)
    history_complete_since: Day | None = None
    ended_flags: Codings = ()
    ended_lists: Codings = ()
    deadline_seconds: float = Field(60.0, gt=0)
    max_pages: int = Field(100, ge=1)
    page_size: int = Field(500, ge=1)
    filter_by_code: bool = False
    search_by_post: bool = False
    fhir_networks: NetworkNames = ()
    fhir_token: SecretStr | None = Field(None, description="Bearer token for the FHIR server that `check` reads from")
    fhir_client_id: str | None = Field(None, description="Client id at that server, for SMART Backend Services")
    fhir_key_file: Path | None = Field(None, description="File with the private key of that client")
    state_folder: Path = Path(MemoryFields.model_fields["state_folder"].default)
    identifier_key_file: Path | None = Field(
        None,
        description="File with the key by which `audit` hashes references, in base64; default: one that it makes in "
        "the state folder",
    )


class JournalSettings(BaseSettings, MemoryFields):
    """What the commands that read the journal take from the same variables."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True, env_ignore_empty=True)


class SettingsError(Exception):
    """Settings that cannot be used: the message names each, says what is wrong and what to write."""


def load(**given: object) -> Settings:
    """The settings of the service from the environment, with `given` values before them. Raises SettingsError."""
    settings = _load(Settings, given)
    settings.sites()
    return settings


def load_for_check(**given: object) -> CheckSettings:
    """What the command line takes from the environment, with `given` values before it. Raises SettingsError."""
    return _load(CheckSettings, given)


def load_for_journal() -> JournalSettings:
    """What those commands take from the environment. Raises SettingsError."""
    return _load(JournalSettings, {})


def let_executors_use_this_python() -> None:
    """Spark's processes need this program, so its Python is theirs too, where PYSPARK_PYTHON does not say otherwise."""
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)


_Kind = TypeVar("_Kind", Settings, CheckSettings, JournalSettings)


def _load(kind: type[_Kind], given: Mapping[str, object]) -> _Kind:
    """A variable with our prefix that names no setting is an error too: it is a setting that somebody believes in."""
    fields = Settings.model_fields | CheckSettings.model_fields
    known = {f"{PREFIX}{name.upper()}" for name in fields} | _NOT_SETTINGS
    unknown = sorted(name for name in os.environ if name.upper().startswith(PREFIX) and name.upper() not in known)
    if unknown:
        raise SettingsError(
            "\n".join(f"{name}: there is no such setting; remove it or correct its name" for name in unknown)
        )
    try:
        return kind(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        raise _settings_error(error) from error
    except UnreadableSettings as error:
        name = next((name for name in fields if f'"{name}"' in str(error)), "")
        raise SettingsError(f"{PREFIX}{name.upper()}: is no JSON ({fields[name].description})") from None


def _settings_error(error: ValidationError) -> SettingsError:
    lines = []
    for line in said(error, Settings.model_fields | CheckSettings.model_fields):
        name, _, rest = line.partition(":")
        field, dot, inside = name.partition(".")
        lines.append(f"{PREFIX}{field.upper()}{dot}{inside}:{rest}")
    return SettingsError("\n".join(lines))
