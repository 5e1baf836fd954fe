"""2,000 calls at once: what each got, and how much memory the service took."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from tests.bench.load import http_request
from tests.chaos.calls import Json, Kind, Seen, request, seen
from tests.chaos.fhir import running
from tests.chaos.program import WAITS, Program, program
from tests.chaos.verdict import Count, Promise, Row, row

CALLS = 2_000
PEAK_MB = 400
"""How far the memory may rise above that of an idle process: the bodies of all calls may take 256 MB."""
GROWTH_MB = 50
"""How much more the process may hold after the last round than after the first."""
ROUNDS = 3
_OPEN_FILES = 8_192


def load(folder: Path) -> Iterator[Row | Count]:
    """Rows and memory for histories that come as prefetch, and for those that are read from a FHIR server."""
    with program(folder / "prefetch") as service:
        yield from _load(service, f"{CALLS:,} calls at once, with prefetch", "", Promise.EITHER)
    with running() as (_, url), program(folder / "server", FHIR_SERVERS=url) as service:
        yield from _load(service, f"{CALLS:,} calls at once, read from a FHIR server", url, Promise.EITHER)


def _load(service: Program, fault: str, fhir: str, promise: Promise) -> Iterator[Row | Count]:
    service.limit_open_files(_OPEN_FILES)
    bodies = {kind: request(kind, fhir=fhir) for kind in Kind}
    idle, after, every = service.megabytes(), [], {kind: list[Seen]() for kind in Kind}
    service.forget_peak()
    for _ in range(ROUNDS):
        for kind, found in asyncio.run(_at_once(service, bodies)).items():
            every[kind] += found
        after.append(service.megabytes())
    peak, growth = service.megabytes("VmHWM") - idle, after[-1] - after[0]
    for kind, found in every.items():
        # how many got what depends on the machine: on a slow one more histories are not read in time
        yield row(fault, kind, found, promise)
    yield _within(f"{fault}, {ROUNDS} times", "peak of the memory above an idle process", peak, PEAK_MB)
    yield _within("the same", "growth from after the first time to after the last", growth, GROWTH_MB)


def _within(fault: str, what: str, found: int, most: int) -> Count:
    problems = (f"{found} MB",) if found > most else ()
    return Count(fault, f"{what}: at most {most} MB", f"{found} MB", problems)


async def _at_once(service: Program, bodies: dict[Kind, Json]) -> dict[Kind, list[Seen]]:
    """One call a connection; no call is sent before all are connected."""
    address = urlsplit(str(service.client.base_url))
    kinds = [list(Kind)[number % len(Kind)] for number in range(CALLS)]
    raw = {kind: http_request(f"/cds-services/{kind.service}", json.dumps(bodies[kind]).encode()) for kind in Kind}
    opened = [await asyncio.open_connection(address.hostname, address.port) for _ in kinds]
    asking = [_ask(*streams, raw[kind]) for streams, kind in zip(opened, kinds, strict=True)]
    answers = await asyncio.gather(*asking)
    return {kind: [one for one, its in zip(answers, kinds, strict=True) if its is kind] for kind in Kind}


async def _ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, raw: bytes) -> Seen:
    try:
        async with asyncio.timeout(2 * WAITS):
            writer.write(raw)
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
            body = await reader.readexactly(int(head.partition("content-length:")[2].split()[0]))
    except (OSError, TimeoutError, asyncio.IncompleteReadError):
        return Seen(0)
    finally:
        writer.close()
    status = int(head.split()[1])
    return seen(status, json.loads(body) if status == 200 else None)
