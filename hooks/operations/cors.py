"""CORS, by the framework; a request that is from no browser is spared what it is not concerned with."""

from __future__ import annotations

from starlette.middleware.cors import CORSMiddleware
from starlette.types import Message, Receive, Scope, Send

_VARY = (b"vary", b"Origin")


class Cors(CORSMiddleware):
    """Most requests come from the server of an EHR and name no Origin: of CORS they need to be told only that the
    answer depends on it, as the framework tells them too."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request; the events of start and end pass."""
        if scope["type"] != "http" or any(name == b"origin" for name, _ in scope["headers"]):
            await super().__call__(scope, receive, send)
            return

        async def varied(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), _VARY]
            await send(message)

        await self.app(scope, receive, varied)
