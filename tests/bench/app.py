"""The service as it is measured: default settings, on a fixed day, its journal in a folder for this run."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from hooks.app import create_app
from hooks.settings import Settings
from tests.bench.requests import call_day

NOW = datetime.combine(call_day(), datetime.min.time(), UTC).replace(hour=9)
STATE = Path(tempfile.mkdtemp(prefix="nusinersen-cds-bench-"))
atexit.register(shutil.rmtree, STATE, ignore_errors=True)

app = create_app(
    Settings(state_folder=STATE, regimen="eu-12mg", time_zone="Europe/Stockholm", client_auth="off"),
    clock=lambda: NOW,
)
