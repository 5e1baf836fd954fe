"""Faults of the FHIR server, each tried with each kind of call."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from tests.bench.servers import free_port
from tests.chaos.calls import Json, Kind, Seen, ask, request
from tests.chaos.fhir import MANY, QUICK, SLOW, Fault, running
from tests.chaos.program import Program, program
from tests.chaos.verdict import Promise, Row, row


def reading(folder: Path, faults: Iterable[Fault] = (*QUICK, SLOW, MANY)) -> Iterator[Row]:
    """A row for each fault and kind of call, and for a server that is dead."""
    dead = f"http://127.0.0.1:{free_port()}/fhir"
    with running() as (server, url), program(folder, FHIR_SERVERS=f"{url} {dead}") as service:
        for fault in faults:
            server.fault = fault
            yield from _rows(service, fault.name, {kind: request(kind, fhir=url) for kind in Kind}, fault.promise)
        yield from _rows(service, "dead", {kind: request(kind, fhir=dead) for kind in Kind}, Promise.LOUD)
        elsewhere = {kind: request(kind, fhir="http://127.0.0.2/fhir") for kind in Kind}
        yield from _rows(service, "not on the list of servers", elsewhere, Promise.LOUD)


def prefetching(folder: Path) -> Iterator[Row]:
    """A row for each kind of call with a history of 10,000 records in it."""
    with program(folder) as service:
        bodies = {kind: request(kind, more=MANY.more) for kind in Kind}
        yield from _rows(service, f"{MANY.name}, as prefetch", bodies, Promise.JUDGED)


def _rows(service: Program, name: str, bodies: dict[Kind, Json], promise: Promise) -> list[Row]:
    with ThreadPoolExecutor(len(bodies)) as pool:
        calls = {kind: pool.submit(partial(ask, service.client, kind, body)) for kind, body in bodies.items()}
    found: dict[Kind, Seen] = {kind: call.result() for kind, call in calls.items()}
    return [row(name, kind, [one], promise) for kind, one in found.items()]
