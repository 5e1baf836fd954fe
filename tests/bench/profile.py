"""Where the CPU time of one measured request goes: each stage of the flow timed on its own, in this process."""

from __future__ import annotations

import asyncio
import time
import timeit
from collections.abc import Callable
from functools import partial

import orjson
from rich.table import Table

from cds.dosing.assess import assess
from cds.fhir.bundle import read_contents
from cds.fhir.history import read_history
from cds.fhir.orders import read_order
from cds.fhir.references import Pool
from cds.regimens.library import load
from hooks.cards import order_cards
from hooks.ids import new_id
from hooks.protocol import read_request
from hooks.services import SERVICES
from hooks.sites import Sites
from tests.bench.app import NOW, SETTINGS, app
from tests.bench.requests import ORDER_ID, call_day

_RUNS = 100
_REPEATS = 20


def stages(body: bytes) -> Table:
    """A table of microseconds per stage, the best of several repeats."""
    desk = Sites.of(SETTINGS, load(), clock=lambda: NOW, new_id=new_id).whichever
    on, drug, zone = call_day(), desk.regimens.drug, desk.zone
    patient = "Patient/bench"
    parsed = orjson.loads(body)
    request = read_request(parsed, serves=SERVICES["nusinersen-order"].hooks)
    drafts = read_contents(request.draft_orders)
    pool = Pool(drafts.resources)
    order = read_order(drafts.resources[0], drug=drug, zone=zone, on=on, resolve=pool.resolve)
    given = read_contents(request.prefetch["administrations"])
    read = partial(read_history, given.resources, drug=drug, zone=zone, patient=patient, full_urls=given.full_urls)
    judge = partial(assess, patient, read(), desk.regimens, on=on, whole=True, proposals=order.proposals)
    judged = frozenset({f"MedicationRequest/{ORDER_ID}"})
    show = partial(order_cards, judge(), [order], judged=judged, context=desk.context(desk.clock()))
    cards = {"cards": show()}
    steps: dict[str, Callable[[], object]] = {
        "parse the body (the baseline does this too)": lambda: orjson.loads(body),
        "read the envelope": lambda: read_request(parsed, serves=SERVICES["nusinersen-order"].hooks),
        "read the order": lambda: read_order(drafts.resources[0], drug=drug, zone=zone, on=on, resolve=pool.resolve),
        "unpack the prefetched Bundle": lambda: read_contents(request.prefetch["administrations"]),
        "read 20 administrations": read,
        "assess": judge,
        "card with detail and suggestions": show,
        "write the answer": lambda: orjson.dumps(cards),
    }
    table = Table(
        title=f"CPU time of one too-early order in our own code; the answer has {len(orjson.dumps(cards)):,} bytes"
    )
    table.add_column("stage")
    table.add_column("microseconds", justify="right")
    total = 0.0
    for name, step in steps.items():
        spent = min(timeit.repeat(step, timer=time.process_time, number=_RUNS, repeat=_REPEATS)) / _RUNS * 1e6
        total += spent
        table.add_row(name, f"{spent:.0f}")
    table.add_section()
    table.add_row("the stages together, each in a loop of its own", f"{total:.0f}")
    table.add_row("the whole call in process, framework included", f"{asyncio.run(_whole_call(body)):.0f}")
    return table


async def _whole_call(body: bytes) -> float:
    """Microseconds of CPU time of one call to the application without a server: the stages in turn cost more than each
    in a loop of its own, since one drives the other out of the processor's caches."""

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(_message: object) -> None:
        return None

    best = float("inf")
    async with app.router.lifespan_context(app):
        for _ in range(_REPEATS):
            started = time.process_time()
            for _ in range(_RUNS):
                await app(dict(_SCOPE), receive, send)
            best = min(best, time.process_time() - started)
    return best / _RUNS * 1e6


_SCOPE = {
    "type": "http",
    "asgi": {"version": "3.0"},
    "http_version": "1.1",
    "method": "POST",
    "scheme": "http",
    "path": "/cds-services/nusinersen-order",
    "raw_path": b"/cds-services/nusinersen-order",
    "query_string": b"",
    "root_path": "",
    "headers": [(b"host", b"127.0.0.1"), (b"content-type", b"application/json")],
    "client": ("127.0.0.1", 1),
    "server": ("127.0.0.1", 80),
}
