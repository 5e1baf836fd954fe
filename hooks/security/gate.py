"""The gate before the services: a call without a good token gets a bare 401, and its reason is in the log alone."""

from __future__ import annotations

from collections.abc import Callable
from logging import WARNING

from starlette.types import ASGIApp, Receive, Scope, Send

from hooks.operations.logs import event
from hooks.security.callers import Callers
from hooks.security.clients import CALLER, RefusedError

SERVICES_PATH = "/cds-services"


class Gate:
    """An ASGI application that lets known callers through to `app`, on every path that has to do with the services."""

    def __init__(self, app: ASGIApp, callers: Callers, count: Callable[[str], None]) -> None:
        """`count` takes the reason of each refusal, one of `Why`."""
        self._app, self._callers, self._count = app, callers, count

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request; the events of start and end pass."""
        if scope["type"] != "http" or SERVICES_PATH not in scope["path"]:
            await self._app(scope, receive, send)
            return
        try:
            path = scope["path"].removeprefix(scope.get("root_path", ""))
            caller = await self._callers.identify(scope["headers"], path)
        except RefusedError as error:
            await self._refuse(error, send)
            return
        scope[CALLER] = caller
        await self._app(scope, receive, send)

    async def _refuse(self, error: RefusedError, send: Send) -> None:
        self._count(error.why.name.lower().replace("_", "-"))
        # as the token claims, so it may be anyone's words: escaped and cut short
        claimed = {name: ascii(value)[1:-1][:200] for name, value in claims(error).items()}
        event("caller-refused", WARNING, why=str(error), **claimed)
        headers = [(b"www-authenticate", b"Bearer"), (b"content-length", b"0")]
        await send({"type": "http.response.start", "status": 401, "headers": headers})
        await send({"type": "http.response.body", "body": b""})


def claims(error: RefusedError) -> dict[str, str]:
    """What the token claims of its sender, where it could be read."""
    return {name: value for name, value in (("iss", error.issuer), ("tenant", error.tenant)) if value is not None}
