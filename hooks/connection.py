"""One connection of a client: the head of a request, which comes before anybody is known, within limits of its own."""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

LONGEST_HEAD = 65_536
"""Bytes of a request that lead nowhere: neither to the end of its head nor to its body. Tokens and cookies have a few
thousand; what is read at once may go beyond."""
_SECONDS = 10.0


class Connection(HttpToolsProtocol):
    """A connection as uvicorn has it, which takes heads of any size and waits for them for ever: whoever reaches the
    port could fill the memory with one header, or hold connections open, without a token."""

    seconds = _SECONDS
    """How long the head of a request may take, from the opening of the connection or the end of the call before."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """See asyncio.Protocol."""
        super().connection_made(transport)
        self._leading_nowhere = self._unanswered = 0
        self._moved = self._has_head = False
        self._since = self.loop.time()
        self._timer = self.loop.call_later(self.seconds, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio.Protocol."""
        self._timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        self._moved = False
        super().data_received(data)
        self._leading_nowhere = 0 if self._moved else self._leading_nowhere + len(data)
        if self._leading_nowhere > LONGEST_HEAD and not self.transport.is_closing():
            self.logger.warning("A request has too long a head.")
            self.send_400_response("The head of the request is too long.")

    def on_headers_complete(self) -> None:
        """The head is there."""
        self._moved = self._has_head = True
        self._unanswered += 1
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A part of the body is there."""
        self._moved = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is there: the next head is waited for, once it is answered."""
        self._has_head = False
        self._since = self.loop.time()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """The request is answered, perhaps with others behind it."""
        self._unanswered -= 1
        self._since = self.loop.time()
        super().on_response_complete()

    def _look(self) -> None:
        """Close the connection if it has waited for a head for too long; else look again later. One timer serves all
        requests, so that none has to set its own."""
        waits = not self._has_head and not self._unanswered
        left = self._since + self.seconds - self.loop.time() if waits else self.seconds
        if left > 0:
            self._timer = self.loop.call_later(left, self._look)
        elif not self.transport.is_closing():
            self.transport.close()
