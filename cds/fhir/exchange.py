"""One request over HTTP and its answer, for the modules that do not import httpx."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from typing import Protocol

import orjson

from cds.fhir.limits import Budget


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer with any status. Names of headers are found in any case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> object:
        """The JSON value of the body; None where it holds none."""
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError:
            return None


class Exchange(Protocol):
    """How a request is sent that is no reading of FHIR: to a token endpoint, for a configuration."""

    def __call__(
        self, url: str, what: str, budget: Budget, *, headers: Mapping[str, str], form: Mapping[str, str] | None = None
    ) -> Awaitable[Reply]:
        """GET, or POST of a form, without redirects. Raises FhirError where no answer comes; `what` names it there."""


class Tokens(Protocol):
    """Where a client gets its access tokens, one after the other as they expire."""

    async def token(self, budget: Budget) -> str:
        """A token that is thought to be good. Raises FhirError where none can be had."""

    def refused(self, token: str) -> None:
        """The server answered 401 to this token: it must not be given again."""
