"""The demonstration: sandbox and service side by side, the cards of the demo patients as a table, then serving."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from socket import socket
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlencode

from rich.console import Console
from rich.table import Table
from rich.text import Text
from starlette.types import ASGIApp

from cds.regimens.library import load as load_regimens
from hooks.app import create_app, now
from hooks.launch.places import CALLBACK, LAUNCH
from hooks.launch_settings import Role
from hooks.memory import open_database
from hooks.operations.logs import LogFormat, LogLevel, log_lines
from hooks.sandbox.audited import audit_patients
from hooks.sandbox.authorization import CLIENT, USER, App, Authorization
from hooks.sandbox.calls import Shown, call_all, chart_request, discover, order_request
from hooks.sandbox.made_up import make_up
from hooks.sandbox.pages import TIMELINE, DemoPages
from hooks.sandbox.patients import DemoPatient, demo_patients
from hooks.sandbox.playground import PLAYGROUND, opened_by_ehr
from hooks.sandbox.running import HOST, address, forever, listen, loopback, serving, stoppable
from hooks.sandbox.server import create_sandbox
from hooks.settings import Settings, load

_STYLES = {"error": "bold magenta", "critical": "bold red", "warning": "yellow", "info": "cyan", "": "dim"}
"""How each indicator looks, the most urgent first."""
REGIMENS = "eu-12mg eu-high-dose"
"""Those for which the demo patients were written: who is treated by 12 mg may change to the high dose."""
GROUP = "sma-clinic"
"""The Group of the demo patients whose worklist is read on demand."""
_EXAMPLE = "loading-in-progress"
_WIDTH_OF_A_FILE = 150


def demo_settings(regimen: str = REGIMENS) -> Settings:
    """The settings of the demonstration. Raises SettingsError."""
    return load(
        regimen=regimen,
        time_zone="Europe/Stockholm",
        show_assessment=True,
        client_auth="off",
        metrics_open=True,
    )


def run_demo(
    port: int = 8000,
    sandbox_port: int = 8001,
    *,
    settings: Settings | None = None,
    clock: Callable[[], datetime] = now,
    console: Console | None = None,
    wait: Callable[[], None] = forever,
) -> None:
    """Starts both servers on 127.0.0.1, prints the cards, and serves until Ctrl-C. A port of 0 is any free one.

    Raises PortInUse, SandboxMissing, DemoFailed, and what `create_app` and `demo_settings` raise; each message can be
    shown as it is.
    """
    settings = settings or demo_settings()
    console = console or _console()
    with (
        listen(sandbox_port, "SANDBOX_PORT") as fhir_socket,
        listen(port, "PORT") as service_socket,
        TemporaryDirectory(prefix="nusinersen-cds-demo-", ignore_cleanup_errors=True) as state,
    ):
        site = settings.sites()[0]
        on = clock().astimezone(site.zone).date()
        fhir, service = f"{address(fhir_socket)}/fhir", address(service_socket)
        patients = demo_patients(on)
        settings = settings.model_copy(
            update={
                "fhir_servers": loopback(fhir),
                "state_folder": Path(state) / "state",
                "public_url": (service,),
                "launch_client_id": CLIENT,
                "launch_roles": {Role.WORKLIST: (USER,), Role.FEEDBACK: (USER,)},
            }
        )
        regimens = load_regimens(settings.site_folder).choose(site.regimen)
        audited = audit_patients(patients, regimens, on, site.zone, Path(state))
        # the sites of settings are made of the fields that were set, so that is where the worklists are put
        settings = settings.model_copy(
            update={"worklist_folder": audited, "worklist_groups": (f"{fhir}/Group/{GROUP}",)}
        )
        app = App(f"{service}{LAUNCH}", f"{service}{CALLBACK}")
        authorization = Authorization(fhir, app, {each.id: each.title for each in patients}, clock)
        database = open_database(settings, clock=clock)
        make_up(database, site, clock())
        database.close()
        apps: list[tuple[ASGIApp, socket]] = [
            (create_sandbox(fhir, on, authorization=authorization), fhir_socket),
            (create_app(settings, clock=clock, more=DemoPages(fhir, service, patients)), service_socket),
        ]
        with stoppable(), log_lines(LogFormat.TEXT, LogLevel.WARNING), serving(apps):
            console.print(table(call_all(service, fhir, patients), f"Regimen {' '.join(site.regimen)} on {on}"))
            _print_addresses(console, service, fhir, patients)
            wait()
        console.print("stopped")


def run_sandbox(
    port: int = 8001,
    *,
    settings: Settings | None = None,
    clock: Callable[[], datetime] = now,
    console: Console | None = None,
    wait: Callable[[], None] = forever,
) -> None:
    """Serves the sandbox alone until Ctrl-C. Raises PortInUse and SandboxMissing."""
    console = console or _console()
    on = clock().astimezone((settings or demo_settings()).sites()[0].zone).date()
    with listen(port, "SANDBOX_PORT") as fhir_socket:
        fhir = f"{address(fhir_socket)}/fhir"
        apps: list[tuple[ASGIApp, socket]] = [(create_sandbox(fhir, on), fhir_socket)]
        with stoppable(), log_lines(LogFormat.TEXT, LogLevel.WARNING), serving(apps):
            console.print(f"FHIR R4 sandbox as of {on}, Ctrl-C to stop: {fhir}/Patient", soft_wrap=True)
            wait()


def table(lines: Iterable[Shown], title: str) -> Table:
    """The cards as a table, one line a card: the most urgent patients first, each named once."""
    shown = Table(title=title, title_justify="left", header_style="bold")
    for name in ("patient", "situation", "hook", "card", "summary"):
        shown.add_column(name, overflow="fold", no_wrap=name in {"patient", "hook", "card"})
    before = ""
    for line in _by_urgency(lines):
        again, before = line.patient == before, line.patient
        style = _STYLES.get(line.indicator, "")
        who = ("", "") if again else (line.patient, line.situation)
        # Text, since a summary may hold brackets that rich would take for its own markup
        shown.add_row(*map(Text, who), line.hook, Text(line.indicator or "-", style), Text(line.summary, style))
    return shown


def _by_urgency(lines: Iterable[Shown]) -> list[Shown]:
    """The lines of a patient stay together; patients with an error or the gravest card come first."""
    ranks = {indicator: rank for rank, indicator in enumerate(_STYLES)}
    every = list(lines)
    first: dict[str, int] = {}
    for line in every:
        rank = ranks.get(line.indicator, 0)
        first[line.patient] = min(rank, first.get(line.patient, rank))
    return sorted(every, key=lambda line: (first[line.patient], line.patient))


def _print_addresses(console: Console, service: str, fhir: str, patients: Iterable[DemoPatient]) -> None:
    order = next(patient.order for patient in patients if patient.id == _EXAMPLE)
    services = discover(service)
    requests = (chart_request(fhir, "overdue"), order_request(fhir, _EXAMPLE, order or {}))
    lines = [
        "",
        "To open:",
        f"  playground    {service}{PLAYGROUND}",
        f"  a timeline    {service}{TIMELINE}?patient=overdue",
        f"  worklist      {service}/worklist",
        f"  of a Group    {service}/worklist/group?{urlencode({'of': GROUP})}",
        f"  a launch      {opened_by_ehr(fhir, 'overdue')}",
        f"  sign in       {service}{LAUNCH}?{urlencode({'server': fhir})}",
        f"  feedback      {service}/feedback",
        f"  services      {service}/cds-services",
        f"  patients      {fhir}/Patient?_count=100",
        f"  one history   {fhir}/MedicationAdministration?patient=overdue&_sort=-effective-time",
        "",
        "A chart, and an order that is too early:",
        *(_curl(f"{service}/cds-services/{services[request['hook']]}", request) for request in requests),
        "",
        f"Serving on {HOST} until Ctrl-C.",
    ]
    console.print("\n".join(lines), soft_wrap=True, markup=False, highlight=False)


def _curl(url: str, request: dict[str, Any]) -> str:
    return f"  curl -s {url} -H 'Content-Type: application/json' -d '{json.dumps(request)}'"


def _console() -> Console:
    console = Console()
    return console if console.is_terminal else Console(width=_WIDTH_OF_A_FILE)
