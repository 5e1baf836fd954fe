"""One examination: the server, who asks and with what, and every answer that the client was given."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from uuid import uuid4

from cds.dosing.drug import Coding, Drug
from cds.fhir.addresses import Networks
from cds.fhir.backend_services import BackendServices
from cds.fhir.client import FhirClient, Http, exchange
from cds.fhir.exchange import Exchange, Reply
from cds.fhir.limits import Budget, Limits
from cds.fhir.links import Base
from cds.fhir.smart_configuration import is_loopback


@dataclass(frozen=True, slots=True)
class Seen:
    """One answer that the client was given: the URL asked for, and all of the answer."""

    url: str
    reply: Reply


@dataclass(slots=True)
class Visit:
    """`networks` are those that the service may call. `tokens` as FhirClient takes them. `patient` is the id of a
    patient, `zone` the time zone of the site, each None where none was named. `filtered`: the service searches by code.
    `clock` is the time of day. `hook_seconds`: the time that the service has for a call."""

    base: Base
    networks: Networks
    http: Http
    tokens: str | BackendServices | None
    limits: Limits
    drug: Drug
    patient: str | None
    zone: tzinfo | None
    filtered: bool
    clock: Callable[[], datetime]
    hook_seconds: float
    nobody: str = field(default_factory=lambda: f"nobody-{uuid4().hex}")
    """An id that no patient and no Medication has."""

    @property
    def on_this_machine(self) -> bool:
        """Whether the base URL is of a loopback address."""
        return is_loopback(self.base.host)

    @property
    def exchange(self) -> Exchange:
        """Requests without credentials, or with those that are given."""
        return exchange(self.http)

    def budget(self) -> Budget:
        """A fresh budget for one step."""
        return Budget.start(self.limits, asyncio.get_running_loop().time())

    def client(self, seen: list[Seen], *, codes: Iterable[Coding] = (), limits: Limits | None = None) -> FhirClient:
        """The client of the service itself; what it is answered goes to `seen`."""
        return FhirClient(
            self.http,
            self.base.url,
            token=self.tokens,
            limits=limits or self.limits,
            codes=codes,
            observe=lambda url, reply: seen.append(Seen(url, reply)),
        )
