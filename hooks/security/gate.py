"""The gate before the services: a call without a good token gets a bare 401, and its reason is in the log alone."""

from __future__ import annotations

import math
from collections.abc import Callable
from ipaddress import ip_address
from logging import WARNING

import orjson
from starlette.types import ASGIApp, Receive, Scope, Send

from hooks.operations.answers import send_json
from hooks.operations.call import current
from hooks.operations.logs import event
from hooks.protocol import ORDER_HOOKS, operation_outcome
from hooks.security.callers import Callers
from hooks.security.clients import CALLER, RefusedError
from hooks.security.rate import OVER_RATE, Rate
from hooks.services import SERVICES

SERVICES_PATH = "/cds-services"
_ORDER_CALLS = {f"{SERVICES_PATH}/{each.id}" for each in SERVICES.values() if ORDER_HOOKS.issuperset(each.hooks)}
TOO_OFTEN = "this client calls more often than calls_per_minute allows; call less often, or raise the limit"


class Gate:
    """An ASGI application that lets known callers through to `app`, on every path that has to do with the services.

    A call over the limit of `rate` gets 429. Only where it is about an order does it pass, marked as OVER_RATE, since
    an EHR shows a 429 as no advice.
    """

    def __init__(self, app: ASGIApp, callers: Callers, rate: Rate | None, count: Callable[[str], None]) -> None:
        """`count` takes the reason of each refusal, one of `Why`."""
        self._app, self._callers, self._rate, self._count = app, callers, rate, count

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request; the events of start and end pass."""
        if scope["type"] != "http" or SERVICES_PATH not in scope["path"]:
            await self._app(scope, receive, send)
            return
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        try:
            caller = await self._callers.identify(scope["headers"], path)
        except RefusedError as error:
            await self._refuse(error, scope, send)
            return
        scope[CALLER] = caller
        wait = self._rate.wait(caller.issuer) if self._rate is not None else 0.0
        if wait and path not in _ORDER_CALLS:
            event("caller-over-rate", WARNING, iss=_printable(caller.issuer))
            body = orjson.dumps(operation_outcome("throttled", f"{TOO_OFTEN} (incident {current().incident})"))
            await send_json(send, 429, body, [(b"retry-after", b"%d" % math.ceil(wait))])
            return
        if wait:
            scope[OVER_RATE] = wait
        await self._app(scope, receive, send)

    async def _refuse(self, error: RefusedError, scope: Scope, send: Send) -> None:
        self._count(error.why.name.lower().replace("_", "-"))
        claimed = {name: _printable(value) for name, value in claims(error).items()}
        event("caller-refused", WARNING, why=str(error), **claimed, **_address(scope))
        headers = [(b"www-authenticate", b"Bearer"), (b"content-length", b"0")]
        await send({"type": "http.response.start", "status": 401, "headers": headers})
        await send({"type": "http.response.body", "body": b""})


def claims(error: RefusedError) -> dict[str, str]:
    """What the token claims of its sender, where it could be read."""
    return {name: value for name, value in (("iss", error.issuer), ("tenant", error.tenant)) if value is not None}


def _address(scope: Scope) -> dict[str, str]:
    """Where the call came from. A listed proxy can have written anything in its place."""
    try:
        return {"address": str(ip_address(scope["client"][0]))} if scope.get("client") else {}
    except ValueError:
        return {}


def _printable(claimed: str) -> str:
    """As a token claims, so it may be anyone's words: escaped and cut short."""
    return ascii(claimed)[1:-1][:200]
