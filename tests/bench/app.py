"""The service as it is measured: default settings, on a fixed day."""

from __future__ import annotations

from datetime import UTC, datetime

from hooks.app import create_app
from hooks.settings import Settings
from tests.bench.requests import call_day

NOW = datetime.combine(call_day(), datetime.min.time(), UTC).replace(hour=9)

app = create_app(
    Settings(regimen="eu-12mg", time_zone="Europe/Stockholm", client_auth="off"),
    clock=lambda: NOW,
)
