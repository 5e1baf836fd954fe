"""From the settings to the check of callers; it is off only where a setting says so."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from pathlib import Path

from cds.fhir.addresses import Networks
from cds.fhir.outbound import NO_PROXY, Outbound
from hooks.boundary_settings import BoundaryFields, ClientAuth
from hooks.operations.health import Health, State, Status
from hooks.security.callers import Callers, Rules
from hooks.security.fetch_keys import fetch_keys
from hooks.security.key_sources import Fetch, FileKeys, KeySource, UrlKeys
from hooks.security.replay import Replay, TokenClaims
from hooks.security.urls import Endpoints
from hooks.settings import PREFIX, SettingsError
from hooks.site_settings import Client, Site

OFF = (
    "client_auth is off: callers are NOT authenticated. Whoever reaches this port can ask for cards, and have the "
    "listed FHIR servers read. That is for trials on one machine, or behind mutual TLS"
)
ALONE = Status(
    State.DEGRADED, "the database is down: used tokens are known to this process alone, and only fresh ones are taken"
)


def callers(
    settings: BoundaryFields,
    sites: Iterable[Site],
    *,
    claims: TokenClaims | None,
    fetch: Fetch | None,
    clock: Callable[[], datetime],
    health: Health,
    outbound: Outbound = NO_PROXY,
) -> Callers | None:
    """The check of callers for the clients of all sites; None where it is off. `health` is told of what is down.
    Raises SettingsError."""
    if settings.client_auth is ClientAuth.OFF:
        if settings.calls_per_minute is not None:
            text = "counts the calls of each issuer, and without tokens none is known"
            raise SettingsError(f"{PREFIX}CALLS_PER_MINUTE: {text}; remove it, or {PREFIX}CLIENT_AUTH=off")
        return None
    sites = tuple(sites)
    faults = [
        f"{PREFIX}CLIENTS: site {site.id} has none, so nobody may call it; list the CDS clients that may, with their "
        f"keys, or set {PREFIX}CLIENT_AUTH=off, which lets everybody"
        for site in sites
        if not site.clients
    ]
    clients = [client for site in sites for client in site.clients]
    faults += [
        f"{PREFIX}PUBLIC_URL: is not set: the URL of this service as its clients call it, which the tokens of client "
        f"{client.issuer} must name; set it, or list the audiences of that client"
        for client in clients
        if not settings.public_url and not client.audiences
    ]
    if fetch is None:
        networks = Networks(network for site in sites for network in site.fhir_networks)
        fetch = partial(fetch_keys, networks=networks, outbound=outbound)
    keys: dict[str | Path, KeySource] = {
        url: UrlKeys(url, fetch) for client in clients if client.jwks_file is None for url in client.jku
    }
    for client in clients:
        try:
            keys |= _file_keys(client)
        except ValueError as error:
            faults.append(f"{PREFIX}CLIENTS: client {client.issuer}: {error}")
    if faults:
        raise SettingsError("\n".join(dict.fromkeys(faults)))
    rules = Rules(
        tuple(settings.client_algorithms),
        settings.client_leeway_seconds,
        settings.client_token_seconds,
        settings.client_token_seconds_alone,
    )
    replay = Replay(claims)
    health.add("used-tokens", lambda: ALONE if replay.alone else Status())
    health.add("client-keys", lambda: _of_keys(keys.values()))
    return Callers(clients, keys, endpoints=Endpoints(settings.public_url), rules=rules, replay=replay, clock=clock)


def _of_keys(sources: Iterable[KeySource]) -> Status:
    faults = sum(bool(source.fault) for source in sources)
    return Status(State.DEGRADED, f"{faults} key sets of clients could not be read") if faults else Status()


def _file_keys(client: Client) -> dict[str | Path, KeySource]:
    return {} if client.jwks_file is None else {client.jwks_file: FileKeys(client.jwks_file)}
