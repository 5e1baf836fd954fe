"""The settings of the service and the command line: the only reader of the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

PREFIX = "NUSINERSEN_CDS_"
_NOT_SETTINGS = {"NUSINERSEN_CDS_PUBLISHED_DATA"}
"""Variables of the tests, which share the prefix."""


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError("no such time zone: write a name of the IANA list, such as Europe/Stockholm") from error
    return name


ZoneName = Annotated[str, AfterValidator(_zone)]


class OnFailure(StrEnum):
    """How a failed check is answered: with a warning card that an EHR shows, or with a status that it may hide."""

    CARD = "card"
    STATUS = "status"


class Settings(BaseSettings):
    """What a site chooses. Each field is read from NUSINERSEN_CDS_<NAME>; there is no default regimen and no default
    time zone, since a wrong one would judge doses by another label or on another day."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True, env_ignore_empty=True)

    regimen: str = Field(
        description="Id of the regimen by which doses are judged; `nusinersen-cds regimens` lists them"
    )
    time_zone: ZoneName = Field(description="Time zone of the site, by whose calendar days are counted")
    site_folder: Path | None = Field(None, description="Folder with the site's own regimen and code files")
    tolerance_loading: int | None = Field(None, ge=0, description="Days each way in loading; default: the regimen's")
    tolerance_maintenance: int | None = Field(
        None, ge=0, description="Days each way in maintenance; default: the regimen's"
    )
    deadline_seconds: float = Field(4.0, gt=0, description="Time for all reading from the FHIR server in one call")
    max_pages: int = Field(100, ge=1, description="Pages of one search that are read at most")
    page_size: int = Field(500, ge=1, description="Resources asked for per page")
    filter_by_code: bool = Field(
        False, description="Ask for the drug's codes only; servers then leave out references and texts"
    )
    order_failure: OnFailure = Field(
        OnFailure.CARD, description="An order of the drug that could not be checked: a warning card, or a status"
    )
    chart_failure: OnFailure = Field(
        OnFailure.STATUS, description="A chart that could not be checked: status 412, or a warning card"
    )
    show_upcoming: bool = Field(False, description="Show the next dose on patient-view while it is not due yet")
    show_assessment: bool = Field(False, description="Put the whole assessment into the response's extension")
    cors_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        ("*",), description="Browser origins that may call the service, separated by spaces"
    )

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _separated(cls, value: object) -> object:
        return tuple(value.split()) if isinstance(value, str) else value

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of the site."""
        return ZoneInfo(self.time_zone)


class CheckSettings(BaseSettings):
    """What the command line takes from the same variables. Options are stronger, so nothing has to be set; a person who
    waits for an answer gives a FHIR server more time than an EHR does."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True, env_ignore_empty=True)

    regimen: str | None = None
    time_zone: ZoneName | None = None
    site_folder: Path | None = None
    tolerance_loading: int | None = Field(None, ge=0)
    tolerance_maintenance: int | None = Field(None, ge=0)
    deadline_seconds: float = Field(60.0, gt=0)
    max_pages: int = Field(100, ge=1)
    page_size: int = Field(500, ge=1)
    filter_by_code: bool = False
    fhir_token: SecretStr | None = Field(None, description="Bearer token for the FHIR server that `check` reads from")


class SettingsError(Exception):
    """Settings that cannot be used: the message names each, says what is wrong and what to write."""


def load(**given: object) -> Settings:
    """The settings of the service from the environment, with `given` values before them. Raises SettingsError."""
    return _load(Settings, given)


def load_for_check(**given: object) -> CheckSettings:
    """What the command line takes from the environment, with `given` values before it. Raises SettingsError."""
    return _load(CheckSettings, given)


_Kind = TypeVar("_Kind", Settings, CheckSettings)


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
        lines = []
        for fault in error.errors():
            name = str(fault["loc"][0]) if fault["loc"] else "settings"
            what = "is not set" if fault["type"] == "missing" else fault["msg"].removeprefix("Value error, ")
            lines.append(f"{PREFIX}{name.upper()}: {what} ({_meaning(name)})")
        raise SettingsError("\n".join(lines)) from error


def _meaning(name: str) -> str:
    field = Settings.model_fields.get(name) or CheckSettings.model_fields.get(name)
    return (field.description or "") if field else "no such setting"
