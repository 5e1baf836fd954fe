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
from cds.fhir.bundle import read_contents
from cds.fhir.client import FhirClient, exchange
from cds.fhir.connections import Http
from cds.fhir.exchange import Exchange, Reply
from cds.fhir.limits import Budget, Limits
from cds.fhir.links import Base
from cds.fhir.smart_configuration import is_loopback


@dataclass(frozen=True, slots=True)
class Seen:
    """One answer that the client was given: what was asked as a URL, by GET or by POST, and all of the answer."""

    url: str
    reply: Reply

    @property
    def by_post(self) -> bool:
        """Whether it was a search by POST."""
        return "/_search?" in self.url

    def answers(self, resource_type: str) -> bool:
        """Whether it is a page of a search for this type. The URL of a further page need not name the type: what is on
        the page tells then."""
        if not 200 <= self.reply.status < 300:
            return False
        body = self.reply.json
        if not isinstance(body, dict) or body.get("type") != "searchset":
            return False
        searched = (f"/{resource_type}?", f"/{resource_type}/_search?")
        return any(each in self.url for each in searched) or any(
            each.get("resourceType") == resource_type for each in read_contents(body, page=True).resources
        )


@dataclass(slots=True)
class Visit:
    """`networks` are those that the service may call. `tokens` as FhirClient takes them. `patient` is the id of a
    patient, `zone` the time zone of the site, each None where none was named. `filtered`: the service searches by code,
    `by_post`: by POST. `clock` is the time of day. `hook_seconds`: the time that the service has for a call."""

    base: Base
    networks: Networks
    http: Http
    tokens: str | BackendServices | None
    limits: Limits
    drug: Drug
    patient: str | None
    zone: tzinfo | None
    filtered: bool
    by_post: bool
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
            search_by_post=self.by_post,
            observe=lambda url, reply: seen.append(Seen(url, reply)),
        )
