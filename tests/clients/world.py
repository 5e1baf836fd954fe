"""What the clients share: a FHIR server with two patients, and the service that may read from it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import jwt
from jwt.algorithms import ECAlgorithm

from hooks.app import create_app
from hooks.sandbox.running import address, listen, serving
from hooks.sandbox.server import create_sandbox
from hooks.settings import Settings
from tests.conformance.good import ISSUER, key
from tests.service.ehr import LAST_WEEK, LOADED, NOW, PATIENT, given, history

Resource = dict[str, Any]

OVERDUE, NEVER = "p-overdue", "p-never-treated"


@dataclass(frozen=True, slots=True)
class World:
    """The addresses of the two servers, and the connections of the clients to them."""

    service: str
    fhir: str
    http: httpx.Client


def records() -> list[Resource]:
    """One patient dosed a week ago, one overdue since a month, one who had nothing."""
    subject = {"reference": f"Patient/{OVERDUE}"}
    late = [given(f"late-{number}", day, subject=subject) for number, day in enumerate(LOADED, 1)]
    people = [{"resourceType": "Patient", "id": name} for name in (PATIENT, OVERDUE, NEVER)]
    return [*people, *history(*LAST_WEEK), *late]


@contextmanager
def running(folder: Path) -> Iterator[World]:
    """Both servers on free ports. The service asks for signed tokens; the key of the clients is in a file."""
    public = {**ECAlgorithm.to_jwk(key().public_key(), as_dict=True), "kid": "clients"}
    keys = folder / "keys.json"
    keys.write_text(json.dumps({"keys": [public]}), "utf-8")
    with listen(0, "of the FHIR server") as fhir_socket, listen(0, "of the service") as service_socket:
        world = World(address(service_socket), f"{address(fhir_socket)}/fhir", httpx.Client(trust_env=False))
        settings = Settings(
            regimen="eu-12mg",
            time_zone="Pacific/Chatham",
            fhir_servers=(world.fhir,),
            public_url=(world.service,),
            clients=[{"issuer": ISSUER, "jwks_file": str(keys)}],
        )
        fhir = create_sandbox(world.fhir, NOW.date(), more=records(), fixtures=False)
        with world.http, serving([(fhir, fhir_socket), (create_app(settings, clock=lambda: NOW), service_socket)]):
            yield world


def token(url: str) -> str:
    """A token for one call of a URL."""
    issued = int(NOW.timestamp())
    claims = {"iss": ISSUER, "aud": url, "iat": issued, "exp": issued + 300, "jti": str(uuid4())}
    return jwt.encode(claims, key(), algorithm="ES384", headers={"kid": "clients"})
