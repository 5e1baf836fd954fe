"""From the settings to the pages for people; without a client id there are none."""

from __future__ import annotations

from collections.abc import Callable, Container
from datetime import datetime
from importlib.util import find_spec
from logging import WARNING
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cds.fhir.links import Base
from hooks.boundary_settings import BoundaryFields
from hooks.launch.client import Client, client_of
from hooks.launch.pending import Seal
from hooks.launch.places import LAUNCH, SIGN_OUT, TIMELINE, Places
from hooks.launch.sealing import seals
from hooks.launch.session import Sessions
from hooks.launch_settings import Role
from hooks.memory import Memory
from hooks.operations.logs import event
from hooks.security.urls import is_loopback
from hooks.settings import PREFIX, SettingsError
from hooks.sites import Sites
from hooks.worklist.source import sources_of

if TYPE_CHECKING:
    from hooks.launch.pages import LaunchPages
    from hooks.pages.work import WorkPages

_NEEDED = ("authlib", "jinja2")
_HISTORY = "MedicationAdministration."
_NO_SIGN_IN = "{} is set and launch_client_id is not: nobody can sign in, so there is no worklist"


def launch_pages(
    settings: BoundaryFields, sites: Sites, memory: Memory, clock: Callable[[], datetime]
) -> tuple[LaunchPages | WorkPages, ...]:
    """The pages of the sites that have a client id; none where none has. Raises SettingsError, with every fault."""
    faults: list[str] = []
    clients: list[tuple[str, Client]] = []
    for desk in sites:
        site = desk.site
        try:
            client = client_of(site)
        except ValueError as error:
            faults.append(_fault(error, site.id))
            continue
        if client is None:
            continue
        clients.append((site.id, client))
        if not any(_HISTORY in scope for scope in site.launch_scopes):
            faults.append(f"{PREFIX}LAUNCH_SCOPES: names no scope to read MedicationAdministration (site {site.id})")
        if site.launch_roles and not {"openid", "fhirUser"} <= set(site.launch_user_scopes):
            faults.append(
                f"{PREFIX}LAUNCH_USER_SCOPES: launch_roles needs openid and fhirUser here (site {site.id}): without "
                "them nobody knows who signs in"
            )
        if not site.fhir_servers:
            faults.append(f"{PREFIX}FHIR_SERVERS: is not set, and launches come from a listed server alone")
    _tell_of_worklists(sites, [name for name, _ in clients])
    if clients or faults:
        faults += [*_faults_of_url(settings), *_faults_of_extra()]
    faults += _faults_of_groups(sites)
    if faults:
        raise SettingsError("\n".join(faults))
    if not clients:
        return ()
    # only here, since Authlib and Jinja are of the extra
    from hooks.launch.pages import LaunchPages
    from hooks.launch.people import SignedIn
    from hooks.launch.servers import Server, Servers
    from hooks.pages.listing import patient_query
    from hooks.pages.people import Around
    from hooks.pages.work import WorkPages

    by_site = dict(clients)
    servers = Servers(
        Server(Base(url), desk, by_site[desk.site.id])
        for desk in sites
        if desk.site.id in by_site
        for url in desk.site.fhir_servers
    )
    sessions = Sessions(memory.sessions, seals(memory.keys, "sessions"), clock)
    places = Places(settings.public_url[0])
    around = Around(sign_in=places.path(LAUNCH), sign_out=places.path(SIGN_OUT), base=places.path(""))
    work = WorkPages(SignedIn(sessions), patient_query(places.path(TIMELINE)), around)
    return LaunchPages(
        servers,
        sessions,
        Seal(seals(memory.keys, "sign-ins")),
        places,
        clock,
        frozenset({Role.WORKLIST, Role.FEEDBACK}),
    ), work


def _faults_of_extra() -> list[str]:
    if any(find_spec(name) is None for name in _NEEDED):
        return [f"{PREFIX}LAUNCH_CLIENT_ID: needs the extra: pip install 'nusinersen-cds[launch]'"]
    return []


def _faults_of_groups(sites: Sites) -> list[str]:
    faults = []
    for desk in sites:
        try:
            sources_of(desk.site)
        except ValueError as error:
            faults.append(_fault(error, desk.site.id))
    return faults


def _fault(error: ValueError, site: str) -> str:
    """A fault whose words begin with the name of the setting."""
    name, _, what = str(error).partition(":")
    return f"{PREFIX}{name.upper()}:{what} (site {site})"


def _tell_of_worklists(sites: Sites, with_sign_in: Container[str]) -> None:
    for desk in sites:
        if desk.site.id in with_sign_in:
            continue
        if desk.site.worklist_folder is not None or desk.site.worklist_groups:
            named = "worklist_folder" if desk.site.worklist_folder is not None else "worklist_groups"
            event(_NO_SIGN_IN.format(named), WARNING, site=desk.site.id)


def _faults_of_url(settings: BoundaryFields) -> list[str]:
    if not settings.public_url:
        return [f"{PREFIX}PUBLIC_URL: is not set, and the EHR sends people back to it after they signed in"]
    parts = urlsplit(settings.public_url[0])
    if parts.scheme != "https" and not is_loopback(parts.hostname or ""):
        return [
            f"{PREFIX}PUBLIC_URL: is no https URL, and people are signed in over https alone; http is for this machine"
        ]
    return []
