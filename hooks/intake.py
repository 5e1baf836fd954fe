"""What is taken from a caller: the body of a request within limits of size, time, depth and number of resources."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope

from hooks.boundary_settings import BoundaryFields
from hooks.protocol import BadRequestError, Fault
from hooks.security.gate import TOO_OFTEN
from hooks.security.rate import OVER_RATE

_MEGABYTE = 1_000_000
_CONTAINERS = frozenset({dict, list})


class TooMuchError(Exception):
    """A request beyond a limit; the message names the limit and its setting. `status` is for where no card is shown."""

    def __init__(self, message: str, status: int = 412) -> None:
        super().__init__(message)
        self.status = status


@dataclass(slots=True)
class Intake:
    """The limits, and the bytes of bodies that are held just now by all calls together."""

    body_bytes: float
    all_bytes: float
    seconds: float
    depth: int
    resources: int
    held: int = 0

    @classmethod
    def of(cls, settings: BoundaryFields) -> Intake:
        """The limits of the settings."""
        return cls(
            settings.max_body_megabytes * _MEGABYTE,
            settings.max_bodies_megabytes * _MEGABYTE,
            settings.body_seconds,
            settings.max_nesting,
            settings.max_resources,
        )

    def body(self, scope: Scope, receive: Receive) -> Body:
        """The body of a request, as the target of an `async with`. It counts as held until the block ends, since what
        was read from it lives as long. Raises TooMuchError; what is sent beyond a limit is not kept."""
        return Body(self, scope, receive)

    def check(self, size: int) -> None:
        """Raises TooMuchError for a body of so many bytes, or where those that are held are too many."""
        if size > self.body_bytes:
            limit = self.body_bytes / _MEGABYTE
            raise TooMuchError(f"the body is larger than {limit:g} MB; raise max_body_megabytes", 413)
        if self.held > self.all_bytes:
            limit = self.all_bytes / _MEGABYTE
            text = f"the bodies of all calls together are larger than {limit:g} MB; raise max_bodies_megabytes"
            raise TooMuchError(text, 413)

    def parsed(self, raw: bytes) -> object:
        """The JSON value of a body. Raises BadRequestError where it is none, and TooMuchError."""
        value = _json(raw, self.depth)
        # as many levels as limited need as many brackets: most bodies are passed by this alone
        if _brackets(raw) > self.depth and _deeper(value, self.depth):
            raise _too_deep(self.depth)
        if isinstance(value, dict):
            self._count(value)
        return value

    def _count(self, body: dict[str, Any]) -> None:
        context, prefetch = body.get("context"), body.get("prefetch")
        bundles = list(prefetch.values()) if isinstance(prefetch, dict) else []
        bundles += list(context.values()) if isinstance(context, dict) else []
        lists = [bundle.get("entry") for bundle in bundles if isinstance(bundle, dict)]
        if sum(len(entries) for entries in lists if isinstance(entries, list)) > self.resources:
            raise TooMuchError(f"the request holds more than {self.resources} resources; raise max_resources")


class Body:
    """The body of one request, while it is held."""

    __slots__ = ("_intake", "_receive", "_scope", "_size")

    def __init__(self, intake: Intake, scope: Scope, receive: Receive) -> None:
        self._intake, self._scope, self._receive, self._size = intake, scope, receive, 0

    async def __aenter__(self) -> bytes:
        try:
            return await self._read()
        except BaseException:
            self._give_back()
            raise

    async def __aexit__(self, *_: object) -> None:
        self._give_back()

    async def _read(self) -> bytes:
        intake = self._intake
        intake.check(_announced(self._scope))
        chunks: list[bytes] = []
        try:
            async with asyncio.timeout(intake.seconds):
                while True:
                    message = await self._receive()
                    if message["type"] == "http.disconnect":
                        raise ClientDisconnect
                    chunk = message.get("body", b"")
                    self._size += len(chunk)
                    intake.held += len(chunk)
                    intake.check(self._size)
                    chunks.append(chunk)
                    if not message.get("more_body", False):
                        return b"".join(chunks)
        except TimeoutError:
            text = f"the body did not arrive within {intake.seconds:g} s; send it faster or raise body_seconds"
            raise TooMuchError(text) from None

    def _give_back(self) -> None:
        self._intake.held -= self._size


def check_rate(scope: Scope) -> None:
    """Raises TooMuchError for a call over the limit of its issuer."""
    if OVER_RATE in scope:
        raise TooMuchError(TOO_OFTEN, 429)


def _announced(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length":
            # a bytes object knows no digits but those of ASCII
            return int(value) if value.isdigit() and len(value) < 20 else 0
    return 0


def _json(raw: bytes, depth: int) -> object:
    """What the quick parser refuses and JSON allows (a byte order mark, half of a surrogate pair, a number beyond all
    range) is read by the slow one: a 400 would look like "all clear" at an order."""
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
    try:
        return json.loads(raw.decode("utf-8-sig"), parse_constant=_no_number)
    except RecursionError:
        raise _too_deep(depth) from None
    except ValueError:
        raise BadRequestError([Fault("$", f"the body is not valid JSON ({where})", "structure")]) from None


def _brackets(raw: bytes) -> int:
    """How many objects and lists begin in a body, and brackets in its texts: by what is left without them, which takes
    a third of the time of counting."""
    return 2 * len(raw) - len(raw.replace(b"{", b"")) - len(raw.replace(b"[", b""))


def _too_deep(depth: int) -> TooMuchError:
    return TooMuchError(f"the body is nested deeper than {depth} levels; raise max_nesting")


def _deeper(value: object, depth: int) -> bool:
    """Whether a value has more than so many levels. It goes level by level, since a function that calls itself at each
    would be what the limit is against."""
    level: list[Any] = [value] if type(value) in _CONTAINERS else []
    for _ in range(depth):
        if not level:
            return False
        level = [
            child
            for parent in level
            for child in (parent.values() if type(parent) is dict else parent)
            if type(child) in _CONTAINERS
        ]
    return bool(level)


def _no_number(name: str) -> object:
    raise ValueError(f"{name} is no JSON")
