"""The check alone as it is measured: default settings, on a fixed day, without a journal of what it answered."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from hooks.app import create_app
from hooks.collector import settle_collector
from hooks.memory import Memory, open_memory
from hooks.settings import Settings
from tests.bench.requests import call_day

NOW = datetime.combine(call_day(), datetime.min.time(), UTC).replace(hour=9)
STATE = Path(tempfile.mkdtemp(prefix="nusinersen-cds-bench-"))
atexit.register(shutil.rmtree, STATE, ignore_errors=True)
SETTINGS = Settings(state_folder=STATE, regimen="eu-12mg", time_zone="Europe/Stockholm", client_auth="off")


class Forgetful(Memory):
    """Keeps no decision, so that what is measured is the check."""

    async def note(self, *_args: object, **_more: object) -> None:
        return None


def forgetful() -> Forgetful:
    """With the parts of a real one."""
    real = open_memory(SETTINGS, clock=lambda: NOW)
    return Forgetful(real.journal, real.tokens, real.sessions, real.keys, None, lambda: NOW)


app = create_app(SETTINGS, clock=lambda: NOW, memory=forgetful())
settle_collector()
