"""The sandbox as the FHIR server of a site, with Groups of the test's own, and with faults where a test wants them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import httpx
from starlette.types import ASGIApp

from hooks.sandbox.server import create_sandbox
from tests.pages.conftest import ON, SERVER

Fault = Callable[[httpx.Request], httpx.Response | None]


@cache
def sandbox() -> ASGIApp:
    return create_sandbox(SERVER, ON)


def group(*members: object, **more: Any) -> dict[str, Any]:
    """A Group of a clinic; a member that is a text is a reference."""
    listed = [{"entity": {"reference": each}} if isinstance(each, str) else each for each in members]
    own = {"resourceType": "Group", "id": "clinic", "type": "person", "actual": True, "name": "The clinic"}
    return {**own, "member": listed, **more}


class Hospital(httpx.AsyncBaseTransport):
    """The server. `groups`: what it answers for a Group of this id, in place of what it holds; `fault`: an answer in
    place of its own, or none. `asked` are the paths that were asked for."""

    def __init__(self, fault: Fault = lambda _: None, **groups: Mapping[str, Any]) -> None:
        self._server = httpx.ASGITransport(sandbox())
        self._groups, self.fault = groups, fault
        self.asked: list[str] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/fhir/")
        self.asked.append(path)
        wrong = self.fault(request)
        if wrong is not None:
            return wrong
        kind, _, name = path.partition("/")
        if kind == "Group" and name in self._groups:
            return httpx.Response(200, json={**self._groups[name], "id": name})
        return await self._server.handle_async_request(request)


def refusing(status: int, *, path: str = "", patient: str = "") -> Fault:
    """Refuses what is asked at a path, or about a patient."""

    def fault(request: httpx.Request) -> httpx.Response | None:
        about = request.url.params.get("patient") == patient or request.url.path.endswith(f"/Patient/{patient}")
        wanted = request.url.path.endswith(path) if path else about
        return httpx.Response(status) if wanted else None

    return fault
