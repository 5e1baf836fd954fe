"""The options that commands share, and the settings that they become."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from hooks.console import UsageError

if TYPE_CHECKING:
    from hooks.settings import CheckSettings

_OPTIONS = {
    "fhir_client_id": "--client-id",
    "fhir_key_file": "--key",
    "identifier_key_file": "--identifier-key",
}
"""Options that are not called as their settings are."""


def folder(given: str) -> Path:
    """A folder; an empty word, which a variable that is not set leaves, would be the current one."""
    if not given.strip():
        raise typer.BadParameter("is empty; name a folder")
    return Path(given)


SiteFolder = Annotated[
    Path | None,
    typer.Option(
        "--site-folder", metavar="DIR", parser=folder, help="Folder with the site's own regimen and code files."
    ),
]

RegimenId = Annotated[
    list[str] | None,
    typer.Option(
        "--regimen",
        metavar="ID",
        help="Regimen to judge by; there is no default. `regimens` lists them. Can be repeated: of regimens of one "
        "drug the amount of a dose tells which it belongs to, and each drug is judged apart.",
    ),
]
RegimenTimeline = Annotated[
    Path | None,
    typer.Option(
        "--regimen-timeline", metavar="FILE", help="File with the regimens in force by date, instead of --regimen."
    ),
]
TimeZone = Annotated[
    str | None,
    typer.Option("--time-zone", metavar="ZONE", help="Time zone of the site, such as Europe/Stockholm."),
]
ToleranceLoading = Annotated[
    int | None,
    typer.Option("--tolerance-loading", metavar="DAYS", help="Days each way in loading. Default: the regimen's."),
]
ToleranceMaintenance = Annotated[
    int | None,
    typer.Option("--tolerance-maintenance", metavar="DAYS", help="The same in maintenance."),
]
HistoryCompleteSince = Annotated[
    str | None,
    typer.Option(
        "--history-complete-since",
        metavar="DATE",
        help="Day from which on every dose is in the records, such as that on which the EHR was first used.",
    ),
]
ClientId = Annotated[
    str | None,
    typer.Option("--client-id", metavar="ID", help="Client id at the FHIR server, for SMART Backend Services."),
]
KeyFile = Annotated[
    Path | None,
    typer.Option("--key", metavar="FILE", help="File with the client's private key, a JWK or PEM; see `keys`."),
]


def site_folder_of(given: Path | None) -> Path | None:
    """The folder of the option, or of the variable."""
    return check_settings(site_folder=given).site_folder


def check_settings(**given: object) -> CheckSettings:
    """The settings of commands that assess or read, with options before variables. Raises UsageError."""
    from hooks.settings import load_for_check

    return loaded(load_for_check, **given)


_Loaded = TypeVar("_Loaded")


def loaded(load: Callable[..., _Loaded], **given: object) -> _Loaded:
    """Settings, with options before variables. A fault names the option where one was given."""
    from hooks.settings import PREFIX, SettingsError

    try:
        return load(**given)
    except SettingsError as error:
        text = str(error)
        for name, value in given.items():
            option = _OPTIONS.get(name, f"--{name.replace('_', '-')}")
            variable = f"{PREFIX}{name.upper()}"
            text = text.replace(f"{variable}:", f"{option}:" if value is not None else f"{option} or {variable}:")
        raise UsageError(text) from None
