"""The service as it is installed: as `app`, and every decision is safe on the disk before its answer goes out."""

from __future__ import annotations

from hooks.app import create_app
from hooks.collector import settle_collector
from tests.bench.app import NOW, SETTINGS

app = create_app(SETTINGS, clock=lambda: NOW)
settle_collector()
