"""What a service asks of its callers, how much it takes from them, and how it ends TLS."""

from __future__ import annotations

from enum import StrEnum
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field
from pydantic_settings import NoDecode

from hooks.listed import words
from hooks.security.algorithms import ASYMMETRIC
from hooks.security.urls import public_url


class ClientAuth(StrEnum):
    """How callers are known: by their signed tokens, or not at all."""

    JWT = "jwt"
    OFF = "off"


def _algorithm(name: str) -> str:
    if name not in ASYMMETRIC:
        raise ValueError(
            f"{name[:20]} cannot be allowed: signatures with a shared secret (HS...) and none are always refused; "
            f"write some of {', '.join(ASYMMETRIC)}"
        )
    return name


def _network(written: str) -> str:
    try:
        return str(ip_network(written))
    except ValueError:
        raise ValueError("not an address or a network: write 10.0.0.5 or 10.0.0.0/24") from None


Networks = Annotated[tuple[Annotated[str, AfterValidator(_network)], ...], NoDecode, BeforeValidator(words)]
Algorithms = Annotated[
    tuple[Annotated[str, AfterValidator(_algorithm)], ...], NoDecode, BeforeValidator(words), Field(min_length=1)
]
PublicUrls = Annotated[tuple[Annotated[str, AfterValidator(public_url)], ...], NoDecode, BeforeValidator(words)]


class BoundaryFields(BaseModel):
    """The settings of the trust boundary towards callers."""

    client_auth: ClientAuth = Field(
        ClientAuth.JWT, description="How callers are known: `jwt`, by signed tokens; or `off`, not at all"
    )
    public_url: PublicUrls = Field(
        (),
        description="URL of this service before /cds-services, as its clients call it; several are separated by spaces",
    )
    client_algorithms: Algorithms = Field(
        ("ES384", "RS384"), description="Algorithms of signatures that are taken, separated by spaces"
    )
    client_leeway_seconds: float = Field(60.0, ge=0, le=600, description="How far the clock of a client may be off")
    client_token_seconds: float = Field(600.0, gt=0, le=3600, description="How long ago a token may have been issued")
    client_token_seconds_alone: float = Field(
        120.0,
        gt=0,
        le=3600,
        description="The same while the database is down, and used tokens are known to one process alone",
    )
    calls_per_minute: int | None = Field(
        None, ge=1, description="Calls a minute that each issuer of tokens may make; default: no limit"
    )
    max_body_megabytes: float = Field(
        64.0, gt=0, description="Size of a request; a patient with 10,000 administrations has 32 MB"
    )
    max_bodies_megabytes: float = Field(
        256.0, gt=0, description="Size of all requests that are being answered at one time, together"
    )
    body_seconds: float = Field(10.0, gt=0, description="Time for a request to arrive")
    max_nesting: int = Field(500, ge=20, description="Levels of a request's JSON")
    max_resources: int = Field(50_000, ge=1, description="Resources in a request")
    tls_certificate: Path | None = Field(
        None, description="PEM file with the certificate of the service and those above it; without it, plain HTTP"
    )
    tls_key: Path | None = Field(None, description="PEM file with its key, where it is not in the same file")
    tls_client_ca: Path | None = Field(
        None, description="PEM file with the authority by which clients must have a certificate (mutual TLS)"
    )
    trusted_proxies: Networks = Field(
        (), description="Addresses or networks of proxies whose X-Forwarded-... headers are believed; none without it"
    )
