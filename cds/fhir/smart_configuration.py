"""Where a FHIR server has its tokens issued: its SMART configuration, or the security section of its statement."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from cds.fhir.errors import FhirError, Kind
from cds.fhir.exchange import Exchange
from cds.fhir.limits import Budget
from cds.fhir.links import Base

_WHAT = "the SMART configuration"
_WELL_KNOWN = ".well-known/smart-configuration"
_METHOD = "private_key_jwt"
_OAUTH_URIS = "/StructureDefinition/oauth-uris"


@dataclass(frozen=True, slots=True)
class SmartConfiguration:
    """What a server tells of its tokens; empty where it does not say, as in the older extension of the
    CapabilityStatement, which names the address alone. `authorization_endpoint`, `jwks_uri` and `issuer` are for the
    launch of an application by a person, as the server wrote them: see `usable`."""

    token_endpoint: str
    algorithms: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    capabilities: tuple[str, ...] = ()
    authorization_endpoint: str = ""
    issuer: str = ""
    jwks_uri: str = ""
    challenges: tuple[str, ...] = ()

    def misfit(self, algorithm: str) -> str:
        """Why an assertion signed with this algorithm is not accepted, by what the server says; empty if it may be."""
        if self.methods and _METHOD not in self.methods:
            return f"it does not list {_METHOD} among the ways in which a client may show who it is"
        if self.algorithms and algorithm not in self.algorithms:
            return f"it does not list {algorithm} among the algorithms that it accepts"
        return ""

    @property
    def old_scopes_only(self) -> bool:
        """Whether the server says that it knows the scopes of SMART 1 (`.read`) and not those of SMART 2 (`.rs`)."""
        if "permission-v2" in self.capabilities or any(scope.endswith((".rs", ".cruds")) for scope in self.scopes):
            return False
        return "permission-v1" in self.capabilities or any(scope.endswith(".read") for scope in self.scopes)


async def discover(exchange: Exchange, base: Base, budget: Budget) -> SmartConfiguration:
    """The configuration of the server at a base URL (SMART App Launch 2.2, "Backend Services", "Discovery").

    Raises FhirError: unavailable where the server does not answer, unusable where it names no token endpoint or one
    to which a signed assertion must not be sent.
    """
    found = await exchange(f"{base.url}/{_WELL_KNOWN}", _WHAT, budget, headers={"Accept": "application/json"})
    if found.status >= 500 or found.status == 429:
        raise FhirError(
            Kind.UNAVAILABLE, f"{_WHAT}: {base.url} did not answer it (status {found.status}); try again later"
        )
    told = found.json if found.status == 200 else None
    endpoint = told.get("token_endpoint") if isinstance(told, dict) else None
    if isinstance(told, dict) and isinstance(endpoint, str) and endpoint:
        return SmartConfiguration(
            usable(endpoint, base, "token endpoint"),
            algorithms=_texts(told, "token_endpoint_auth_signing_alg_values_supported"),
            methods=_texts(told, "token_endpoint_auth_methods_supported"),
            scopes=_texts(told, "scopes_supported"),
            capabilities=_texts(told, "capabilities"),
            authorization_endpoint=_text(told, "authorization_endpoint"),
            issuer=_text(told, "issuer"),
            jwks_uri=_text(told, "jwks_uri"),
            challenges=_texts(told, "code_challenge_methods_supported"),
        )
    statement = await exchange(f"{base.url}/metadata", _WHAT, budget, headers={})
    for address in _stated(statement.json):
        return SmartConfiguration(usable(address, base, "token endpoint"))
    text = f"{_WHAT}: neither {_WELL_KNOWN} (status {found.status}) nor the CapabilityStatement of {base.url} names a"
    raise FhirError(Kind.UNUSABLE, f"{text} token endpoint; ask its operator whether it supports SMART App Launch 2")


def is_loopback(host: str) -> bool:
    """Whether a host is this machine itself, by its address or as `localhost`."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def usable(endpoint: str, base: Base, what: str) -> str:
    """An address that the server at a base URL names as `what`. Raises FhirError (unusable) for all but https, and http
    on this machine."""
    try:
        parts = urlsplit(endpoint)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        host, parts = "", urlsplit("")
    secure = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))
    if not host or not secure or "@" in parts.netloc or not endpoint.isprintable() or " " in endpoint:
        text = f"{_WHAT}: the {what} that {base.url} names is no https URL, so that nothing is sent there"
        raise FhirError(Kind.UNUSABLE, f"{text}; tell its operator")
    return endpoint


def _text(told: dict[str, Any], name: str) -> str:
    value = told.get(name)
    return value if isinstance(value, str) else ""


def _texts(told: dict[str, Any], name: str) -> tuple[str, ...]:
    values = told.get(name)
    return tuple(value for value in values if isinstance(value, str)) if isinstance(values, list) else ()


def _stated(statement: object) -> Iterator[str]:
    """The token endpoints in `rest.security.extension` of a CapabilityStatement, as SMART 1 has it."""
    for rest in _objects(statement, "rest"):
        for extension in _objects(rest.get("security"), "extension"):
            if str(extension.get("url", "")).endswith(_OAUTH_URIS):
                for part in _objects(extension, "extension"):
                    address = part.get("valueUri")
                    if part.get("url") == "token" and isinstance(address, str) and address:
                        yield address


def _objects(holder: object, name: str) -> Iterator[dict[str, Any]]:
    values = holder.get(name) if isinstance(holder, dict) else None
    if isinstance(values, list):
        yield from (value for value in values if isinstance(value, dict))
