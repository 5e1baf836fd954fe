"""The Groups of a site that its worklist can be read from, and how this service shows the server who it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from cds.fhir.allowed import Allowed
from cds.fhir.backend_services import TYPES, BackendServices, Client
from cds.fhir.client import exchange
from cds.fhir.client_keys import BadKey, ClientKey
from cds.fhir.errors import FhirError
from cds.fhir.group import GROUP
from cds.fhir.needs import RESULTS
from hooks.desk import Desk
from hooks.secret_files import TooOpenError, read_secret
from hooks.site_settings import Site


@dataclass(frozen=True, slots=True)
class Source:
    """A Group, by the base URL of its server and its id, and the client by which it is read; without one, no token."""

    base_url: str
    id: str
    client: Client | None = None


def sources_of(site: Site) -> tuple[Source, ...]:
    """The Groups of a site. Raises ValueError, which begins with the name of the setting."""
    if not site.worklist_groups:
        return ()
    client = _client_of(site)
    allowed = Allowed(site.fhir_servers)
    found: dict[str, Source] = {}
    for url in site.worklist_groups:
        base_url, _, name = url.rpartition(f"/{GROUP}/")
        try:
            allowed.base(base_url)
        except FhirError as error:
            raise ValueError(f"worklist_groups: {error.message}") from None
        if name in found:
            raise ValueError(
                f"worklist_groups: two Groups have the id {name}, by which their pages are named; take one"
            )
        found[name] = Source(base_url, name, client)
    return tuple(found.values())


def _client_of(site: Site) -> Client | None:
    client_id, path = site.fhir_client_id, site.fhir_key_file
    if client_id is None and path is None:
        return None
    if client_id is None or path is None:
        missing, given = ("client_id", "key_file") if client_id is None else ("key_file", "client_id")
        raise ValueError(f"fhir_{missing}: is not set and fhir_{given} is; SMART Backend Services need both")
    try:
        return Client(client_id, ClientKey.read(read_secret(path, "the key")))
    except OSError as error:
        raise ValueError(f"fhir_key_file: {path} cannot be read ({error.strerror})") from None
    except (TooOpenError, BadKey) as error:
        raise ValueError(f"fhir_key_file: {path} {error}") from None


def tokens_of(source: Source, desk: Desk, clock: Callable[[], datetime]) -> BackendServices | None:
    """Where the tokens for a Group and its members come from; None where none are used."""
    if source.client is None:
        return None
    assert desk.http is not None, "the connections are opened when the application starts"
    return BackendServices(
        exchange(desk.http),
        source.base_url,
        source.client,
        clock=clock,
        types=(*TYPES, GROUP),
        also=tuple(_beside(desk)),
    )


def _beside(desk: Desk) -> Iterable[str]:
    """What is read beside the histories, where the server lets us."""
    yield from sorted(desk.site.markers.types)
    if any(each.laboratory for each in desk.every):
        yield RESULTS.resource_type
