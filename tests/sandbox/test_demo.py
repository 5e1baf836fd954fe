"""`nusinersen-cds demo`: both servers on free ports, the cards of the demo patients, then an orderly end."""

from __future__ import annotations

import json
import shlex
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from io import StringIO
from itertools import takewhile

import pytest
from rich.console import Console

from hooks.sandbox.calls import DemoFailed, Shown, discover, send
from hooks.sandbox.demo import run_demo, run_sandbox, table
from hooks.sandbox.patients import demo_patients
from hooks.sandbox.running import HOST, PortInUse, listen, serving
from hooks.settings import Settings

SETTINGS = Settings(regimen="eu-12mg eu-high-dose", time_zone="Asia/Kathmandu", show_assessment=True, client_auth="off")
# 18:30 UTC on 30 April is the first of May in Kathmandu: the demo patients are those of the site's day.
NOON = datetime(2026, 4, 30, 18, 30, tzinfo=UTC)


class Seen:
    """What a demo printed, and what was asked of it while it was serving."""

    def __init__(self, run: Callable[..., None], settings: Settings = SETTINGS) -> None:
        written = StringIO()
        self.shown: list[Shown] = []
        self.by_curl: list[dict[str, object]] = []
        self.addresses: list[str] = []
        self._written = written
        run(settings=settings, clock=lambda: NOON, console=Console(file=written, width=200), wait=self._while_serving)
        self.text = written.getvalue()

    def _while_serving(self) -> None:
        lines = [line.strip() for line in self._written.getvalue().splitlines()]
        self.addresses = [word for line in lines for word in line.split() if word.startswith("http://127.0.0.1:")]
        # What stands after "curl -s" is sent as it was printed, but for the client.
        for line in lines:
            if line.startswith("curl "):
                _, _, url, _, _, _, body = shlex.split(line)
                self.by_curl.append(send(url, json.loads(body))[1])


@pytest.fixture(scope="module")
def seen() -> Seen:
    return Seen(lambda **more: run_demo(0, 0, **more))


def row(seen: Seen, start: str) -> list[str]:
    """The cells of the table's first row that begins with these words."""
    rows = [[cell.strip() for cell in line.strip("│").split("│")] for line in seen.text.splitlines() if "│" in line]
    return next(cells for cells in rows if cells[0] == start)


def test_every_demo_patient_is_shown_once(seen: Seen) -> None:
    first_cells = [line.strip("│").split("│")[0].strip() for line in seen.text.splitlines() if "│" in line]
    assert sorted(cell for cell in first_cells if cell) == sorted(patient.id for patient in demo_patients(NOON.date()))


@pytest.mark.parametrize(
    ("patient", "hook", "card"),
    [
        ("overdue", "patient-view", "warning"),
        ("due", "patient-view", "info"),
        ("restart-required", "patient-view", "warning"),
        ("transfer", "patient-view", "warning"),
        ("transfer-noted", "patient-view", "warning"),
        ("catch-up-interrupted", "patient-view", "warning"),
        ("high-dose-switch", "patient-view", "info"),
        ("high-dose-delayed", "patient-view", "warning"),
        ("late", "patient-view", "-"),
        ("not-started", "patient-view", "-"),
    ],
)
def test_a_chart_shows_the_card_of_the_situation(seen: Seen, patient: str, hook: str, card: str) -> None:
    assert row(seen, patient)[2:4] == [hook, card]


def test_under_the_us_label_a_visit_shows_that_laboratory_tests_are_due() -> None:
    us = Seen(lambda **more: run_demo(0, 0, **more), SETTINGS.model_copy(update={"regimen": ("us-12mg",)}))
    rows = [[cell.strip() for cell in line.strip("│").split("│")] for line in us.text.splitlines() if "│" in line]
    begin = next(number for number, each in enumerate(rows) if each[0] == "monitoring-due")
    own = [rows[begin], *takewhile(lambda each: not each[0], rows[begin + 1 :])]
    assert [each[2:4] for each in own if each[2]] == [
        ["patient-view", "info"], ["encounter-start", "info"], ["encounter-start", "info"],
    ]  # fmt: skip
    said = " ".join(each[4] for each in own)
    assert "Nusinersen: laboratory tests before the dose: 1 missing or old, 1 to look at (of 4)" in said
    assert "Regimen us-12mg on 2026-05-01" in us.text


def test_the_most_urgent_patient_comes_first(seen: Seen) -> None:
    body = seen.text.split("┡", 1)[1]
    assert body.index("loading-in-progress") < body.index("overdue") < body.index("not-started")


def test_no_hook_call_failed(seen: Seen) -> None:
    assert " error " not in seen.text


def test_the_printed_calls_work_as_they_stand(seen: Seen) -> None:
    chart, order = seen.by_curl
    assert [card["indicator"] for card in chart["cards"]] == ["warning"]  # type: ignore[attr-defined]
    assert [card["indicator"] for card in order["cards"]] == ["critical"]  # type: ignore[attr-defined]


def test_it_serves_on_the_local_address_only_and_ends(seen: Seen) -> None:
    assert len(seen.addresses) >= 5
    assert f"Serving on {HOST} until Ctrl-C." in seen.text
    assert seen.text.rstrip().endswith("stopped")
    with pytest.raises(DemoFailed, match="gave no answer"):
        send(seen.addresses[0])


def test_the_day_is_that_of_the_site(seen: Seen) -> None:
    assert "Regimen eu-12mg eu-high-dose on 2026-05-01" in seen.text


def test_the_sandbox_serves_alone() -> None:
    seen = Seen(lambda **more: run_sandbox(0, **more))
    assert "as of 2026-05-01" in seen.text
    assert seen.addresses[0].endswith("/fhir/Patient")


@pytest.mark.parametrize("taken", ["PORT", "SANDBOX_PORT"])
def test_a_busy_port_is_told_with_the_variable_that_moves_it(taken: str) -> None:
    with socket.socket() as other:
        other.bind((HOST, 0))
        other.listen()
        port = other.getsockname()[1]
        ports = {"port": port, "sandbox_port": 0} if taken == "PORT" else {"port": 0, "sandbox_port": port}
        with pytest.raises(PortInUse, match=f"^port {port} is in use: set {taken}$"):
            run_demo(**ports, settings=SETTINGS, clock=lambda: NOON)


def test_a_server_that_does_not_start_is_told() -> None:
    async def broken(scope: object, receive: object, send: Callable[..., object]) -> None:
        await send({"type": "lifespan.startup.failed", "message": "on purpose"})  # type: ignore[misc]

    with pytest.raises(RuntimeError, match="did not start"), serving([(broken, listen(0, "PORT"))]):
        pass
    assert [thread.name for thread in threading.enumerate() if "run" in thread.name] == []


def test_a_service_without_the_hooks_is_told() -> None:
    async def empty(scope: dict[str, object], receive: object, send: Callable[..., object]) -> None:
        if scope["type"] == "lifespan":
            await send({"type": "lifespan.startup.complete"})  # type: ignore[misc]
            return
        await send({"type": "http.response.start", "status": 200, "headers": []})  # type: ignore[misc]
        await send({"type": "http.response.body", "body": b'{"services": []}'})  # type: ignore[misc]

    listener = listen(0, "PORT")
    url = f"http://{HOST}:{listener.getsockname()[1]}"
    with serving([(empty, listener)]), pytest.raises(DemoFailed, match=r"answered 200 and offers \[\]"):  # type: ignore[list-item]
        discover(url)


def test_brackets_in_a_summary_are_shown_as_they_are() -> None:
    written = StringIO()
    Console(file=written, width=120).print(table([Shown("p", "s", "patient-view", "info", "in [mg] [/]")], "title"))
    assert "in [mg] [/]" in written.getvalue()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_it_ends_without_an_error_when_it_is_told_to(how: signal.Signals) -> None:
    code = "from hooks.sandbox.demo import run_sandbox; run_sandbox(0)"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert "Ctrl-C to stop" in process.stdout.readline()
        process.send_signal(how)
        _, errors = process.communicate(timeout=10)
    assert (process.returncode, errors) == (0, "")
