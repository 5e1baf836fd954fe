"""A stop of the real program: calls in flight are answered, their journal lines are kept, and it ends in time."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from hooks.sandbox.running import address, listen, serving
from tests.service.ehr import LAST_WEEK, ORDER, bundle, call, draft, history, with_server

PROGRAM = Path(sys.executable).with_name("nusinersen-cds")
WAITS = 60.0
"""Seconds after which a test gives up: long, since machines are shared, and never waited for in full."""


class Slow:
    """A FHIR server that answers when it is told to."""

    def __init__(self) -> None:
        self.asked, self.go = threading.Semaphore(0), threading.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            while True:
                event = (await receive())["type"]
                await send({"type": f"{event}.complete"})
                if event == "lifespan.shutdown":
                    return
        self.asked.release()
        await asyncio.to_thread(self.go.wait, WAITS)
        headers = [(b"content-type", b"application/fhir+json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": json.dumps(bundle(history(*LAST_WEEK))).encode()})


@contextmanager
def program(folder: Path, fhir: str, **settings: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The console script serving on a free port, and its address."""
    chosen = {
        "REGIMEN": "eu-12mg",
        "TIME_ZONE": "UTC",
        "CLIENT_AUTH": "off",
        "FHIR_SERVERS": fhir,
        "FHIR_NETWORKS": "127.0.0.0/8",
        "STATE_FOLDER": str(folder),
        "DEADLINE_SECONDS": str(WAITS),
        **settings,
    }
    kept = {name: value for name, value in os.environ.items() if not name.startswith("NUSINERSEN_CDS_")}
    environment = kept | {f"NUSINERSEN_CDS_{name}": value for name, value in chosen.items()}
    with subprocess.Popen(
        [PROGRAM, "serve", "--port", "0"], stderr=subprocess.PIPE, text=True, env=environment
    ) as started:
        assert started.stderr is not None
        try:
            for line in started.stderr:
                said = json.loads(line)
                if said["event"] == "serving":
                    yield started, said["url"]
                    break
            else:
                pytest.fail("the service did not start")
        finally:
            started.kill()


def decisions(folder: Path) -> list[str]:
    """The outcomes of the journal's lines in the database."""
    with closing(sqlite3.connect(folder / "journal.db")) as database:
        return [outcome for (outcome,) in database.execute("select outcome from decisions")]


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "Ctrl-C"])
def test_calls_in_flight_are_answered_and_their_lines_are_kept(how: signal.Signals, tmp_path: Path) -> None:
    slow, calls = Slow(), 3
    with listen(0, "none") as listener, serving([(slow, listener)]), ThreadPoolExecutor(calls) as pool:
        fhir = f"{address(listener)}/fhir"
        with program(tmp_path, fhir, SHUTDOWN_SECONDS=str(int(WAITS))) as (started, url):
            request = {**with_server(call("order-sign", drafts=[draft()])), "fhirServer": fhir}
            with httpx.Client(trust_env=False, timeout=WAITS) as client:
                sent = [pool.submit(client.post, f"{url}/{ORDER}", json=request) for _ in range(calls)]
                for _ in sent:
                    assert slow.asked.acquire(timeout=WAITS)
                started.send_signal(how)
                # only now, when it has been told to stop, can the calls be answered
                assert started.stderr is not None
                stopping = next(line for line in started.stderr if json.loads(line)["event"] == "Shutting down")
                slow.go.set()
                answers = [each.result(WAITS) for each in sent]
            lines = [json.loads(line) for line in (stopping, *started.stderr)]
            started.wait(WAITS)
    assert [answer.status_code for answer in answers] == [200] * calls
    assert [len(answer.json()["cards"]) for answer in answers] == [1] * calls
    assert [line["outcome"] for line in lines if line["event"] == "request"] == ["checked"] * calls
    assert decisions(tmp_path) == ["checked"] * calls
    assert not list((tmp_path / "spool").rglob("*.lines")), "what the database took is not kept in the spool as well"


def test_a_call_that_does_not_end_is_cut_off_and_the_service_ends_all_the_same(tmp_path: Path) -> None:
    slow = Slow()
    with listen(0, "none") as listener, serving([(slow, listener)]), ThreadPoolExecutor(1) as pool:
        fhir = f"{address(listener)}/fhir"
        with program(tmp_path, fhir, SHUTDOWN_SECONDS="1") as (started, url):
            request = {**with_server(call("order-sign", drafts=[draft()])), "fhirServer": fhir}
            with httpx.Client(trust_env=False, timeout=WAITS) as client:
                sent = pool.submit(client.post, f"{url}/{ORDER}", json=request)
                assert slow.asked.acquire(timeout=WAITS)
                started.terminate()
                started.wait(WAITS)
                assert sent.result(WAITS).status_code == 500
            assert started.stderr is not None
            lines = [json.loads(line) for line in started.stderr]
        slow.go.set()
    assert [line["outcome"] for line in lines if line["event"] == "request"] == ["cut-off"]
