"""`make bench`: the ratio to a bare application, the CPU time of a request, where it goes, and the start-up."""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import repeat

from rich.console import Console
from rich.table import Table

from tests.bench.load import Load, http_request, run_load
from tests.bench.profile import stages
from tests.bench.requests import NUSINERSEN, OTHER, call_day, order_sign
from tests.bench.servers import cpu_seconds, server
from tests.bench.tokens import signed

ROUNDS = 3
TARGET, FLOOR = 0.5, 0.35
"""Requests per second of the service, as a share of the bare application's."""
CONNECTIONS = 4
ALONE, JOURNALED = "tests.bench.app:app", "tests.bench.journaled:app"
"""The check without and with the journal of what was answered; the target is one for the check."""
GUARDED, GUARDED_JOURNALED = "tests.bench.tokens:app", "tests.bench.tokens:journaled"
"""The same two, with a signed token (ES384) for each call."""
TOKENS = 4_000
"""For one round: the service takes each once, and starts the next round with an empty memory."""
ORDER_PATH = "/cds-services/nusinersen-order"
BARE = ("tests.bench.bare:app", "/cds-services/bare", b"constant card")


@dataclass(frozen=True, slots=True)
class Scene:
    """One request that is measured, and what its answer must contain."""

    name: str
    body: bytes
    expect: bytes
    app: str = ALONE

    def requests(self) -> Iterator[bytes]:
        """What is sent to the service."""
        if self.app in {GUARDED, GUARDED_JOURNALED}:
            return (http_request(ORDER_PATH, self.body, token) for token in _tokens())
        return repeat(http_request(ORDER_PATH, self.body))


@dataclass(frozen=True, slots=True)
class Round:
    """One application under one load."""

    load: Load
    cpu_ms: float


def scenes() -> tuple[Scene, ...]:
    """The order that is too early; the same from another drug's order; the same among other drugs' records; and the
    order that is too early with the journal, with tokens, and with both."""
    on = call_day()
    early = Scene("too-early order, 20 doses", order_sign(NUSINERSEN, NUSINERSEN, on), b"NusinersenTooEarly")
    return (
        early,
        Scene("order of another drug", order_sign(OTHER, NUSINERSEN, on), b'{"cards":[]}'),
        Scene("our order, 20 records of other drugs", order_sign(NUSINERSEN, OTHER, on), b'{"cards":[]}'),
        replace(early, name="too-early order, with the journal", app=JOURNALED),
        replace(early, name="too-early order, with tokens", app=GUARDED),
        replace(early, name="too-early order, with tokens and journal", app=GUARDED_JOURNALED),
    )


@cache
def _tokens() -> list[str]:
    return signed(ORDER_PATH, TOKENS)


def measure(app: str, requests: Iterator[bytes], expect: bytes, seconds: float) -> Round:
    """Start the application, warm it up, and load it."""
    with server(app) as (port, pid):
        asyncio.run(run_load(port, requests, expect=expect, seconds=min(1.0, seconds), connections=CONNECTIONS))
        before = cpu_seconds(pid)
        load = asyncio.run(run_load(port, requests, expect=expect, seconds=seconds, connections=CONNECTIONS))
        return Round(load, (cpu_seconds(pid) - before) * 1000 / len(load.latencies))


def compare(scene: Scene, seconds: float, rounds: int, table: Table) -> float:
    """Rounds of service and baseline in turn; the median of the ratios of each round."""
    ratios = []
    ours: list[Round] = []
    bare: list[Round] = []
    for _ in range(rounds):
        bare.append(measure(BARE[0], repeat(http_request(BARE[1], scene.body)), BARE[2], seconds))
        ours.append(measure(scene.app, scene.requests(), scene.expect, seconds))
        ratios.append(ours[-1].load.rate / bare[-1].load.rate)
    ratio = statistics.median(ratios)
    table.add_row(
        scene.name,
        f"{len(scene.body) / 1000:.1f}",
        f"{statistics.median(r.load.rate for r in bare):,.0f}",
        f"{statistics.median(r.load.rate for r in ours):,.0f}",
        f"{ratio:.2f}  ({', '.join(f'{r:.2f}' for r in ratios)})",
        f"{statistics.median(r.cpu_ms for r in bare):.3f}",
        f"{statistics.median(r.cpu_ms for r in ours):.3f}",
        f"{max(r.load.percentile(99) for r in ours) * 1000:.1f}",
    )
    return ratio


def first_card(scene: Scene) -> tuple[float, float]:
    """Seconds from starting the process to its first card, and the latency of that card."""
    started = time.perf_counter()
    with server(JOURNALED) as (port, _):
        load = asyncio.run(run_load(port, scene.requests(), expect=scene.expect, seconds=0, connections=1))
        return time.perf_counter() - started, load.latencies[0]


def main() -> int:
    """Print the tables; `--seconds` is the length of each round. The exit code is 1 below the floor."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--seconds", type=float, default=4.0, help="length of each round")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    chosen = parser.parse_args()
    console = Console(width=140)
    measured = scenes()
    table = Table(
        title=f"Order entry against a bare FastAPI application, {CONNECTIONS} connections, {chosen.rounds} rounds"
    )
    for column in (
        "request",
        "kB",
        "bare req/s",
        "ours req/s",
        "ratio (rounds)",
        "bare CPU ms",
        "ours CPU ms",
        "p99 ms",
    ):
        table.add_column(column, justify="left" if column == "request" else "right")
    ratio, *_ = [compare(scene, chosen.seconds, chosen.rounds, table) for scene in measured]
    console.print(table)
    verdict = (
        "reached" if ratio >= TARGET else "missed" if ratio >= FLOOR else f"missed, and below the floor of {FLOOR}"
    )
    console.print(
        f"The order that is too early: {ratio:.2f} of the bare application; the target of {TARGET} is {verdict}"
    )
    console.print(stages(measured[0].body))
    until_card, latency = first_card(measured[0])
    console.print(f"Start of the process to its first card: {until_card:.2f} s; that card took {latency * 1000:.1f} ms")
    return 0 if ratio >= FLOOR else 1


if __name__ == "__main__":
    sys.exit(main())
