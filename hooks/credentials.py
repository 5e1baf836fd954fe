"""What the command line shows to a FHIR server: nothing, a bearer token, or the key of a SMART client."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cds.fhir.backend_services import BackendServices, Client
from cds.fhir.client_keys import BadKey, ClientKey
from cds.fhir.errors import FhirError
from hooks.console import UsageError
from hooks.secret_files import TooOpenError, read_secret
from hooks.settings import CheckSettings
from hooks.site_settings import markers_of

if TYPE_CHECKING:
    from cds.fhir.connections import Http


def client_of(settings: CheckSettings) -> Client | None:
    """The SMART client of the settings, None where they name none. Raises UsageError, with the options' names."""
    client_id, path = settings.fhir_client_id, settings.fhir_key_file
    if client_id is None and path is None:
        return None
    if client_id is None or path is None:
        missing, given = ("--client-id", "--key") if client_id is None else ("--key", "--client-id")
        raise UsageError(f"{missing} is missing: {given} is given, and Backend Services need both")
    if settings.fhir_token is not None:
        raise UsageError("both a token (NUSINERSEN_CDS_FHIR_TOKEN) and a client (--client-id) are given; take one away")
    if not client_id.strip() or not client_id.isprintable():
        raise UsageError("--client-id: is empty or not printable; write the id that the server's operator gave you")
    return Client(client_id.strip(), _key(path))


def tokens_of(settings: CheckSettings, http: Http, base_url: str) -> str | BackendServices | None:
    """What a FhirClient takes as its token. Raises UsageError."""
    from cds.fhir.client import exchange
    from hooks.app import now

    client = client_of(settings)
    if client is None:
        return None if settings.fhir_token is None else settings.fhir_token.get_secret_value()
    try:
        also = tuple(sorted(markers_of(settings.ended_flags, settings.ended_lists).types))
        return BackendServices(exchange(http), base_url, client, clock=now, also=also)
    except FhirError as error:
        raise UsageError(error.message) from None


def _key(path: Path) -> ClientKey:
    try:
        return ClientKey.read(read_secret(path, "the key"))
    except OSError as error:
        raise UsageError(f"--key: {path} cannot be read ({error.strerror}); `nusinersen-cds keys` makes one") from None
    except (TooOpenError, BadKey) as error:
        raise UsageError(f"--key: {path} {error}") from None
