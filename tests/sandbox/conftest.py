"""A sandbox to call in process, filled as of one day."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date
from typing import Any

import httpx
import pytest

from hooks.sandbox.server import create_sandbox

BASE = "http://sandbox.example.invalid/fhir"
ON = date(2026, 5, 1)

Call = Callable[..., httpx.Response]


def caller(app: Any) -> Call:
    """A function that sends one request to the application and waits for the answer."""

    def call(method: str, path: str, **more: Any) -> httpx.Response:
        async def send() -> httpx.Response:
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app)) as client:
                return await client.request(method, path if path.startswith("http") else f"{BASE}/{path}", **more)

        return asyncio.run(send())

    return call


@pytest.fixture(scope="session")
def call() -> Call:
    return caller(create_sandbox(BASE, ON))
