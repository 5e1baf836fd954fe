"""The HTTP of the black-box check: its own client, which keeps each answer as it came, errors too."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import orjson

from hooks.conformance.tokens import Credentials

Transport = httpx.BaseTransport
_JSON = "application/json"


class NotReachableError(Exception):
    """No answer came from the service at all; the message says why."""


class _NotJson:
    """What `Answer.json` is where the body is no JSON."""


NOT_JSON = _NotJson()


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it came. `status` is 0 where there was none, and `trouble` says why. `where` names the call."""

    where: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float
    trouble: str = ""

    @property
    def json(self) -> Any:
        """The JSON value of the body, or NOT_JSON."""
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError:
            return NOT_JSON

    @property
    def said(self) -> str:
        """The status for a message."""
        return f"{self.where} answered {self.status}" if self.status else f"{self.where}: {self.trouble}"

    @property
    def cards(self) -> list[Any]:
        """The cards of a 200; none where it is something else."""
        value = self.json if self.status == 200 else None
        cards = value.get("cards") if isinstance(value, dict) else None
        return cards if isinstance(cards, list) else []

    @property
    def refused(self) -> bool:
        """A status of the 4xx that says something of the request; 404 says that there is no such service."""
        return 400 <= self.status < 500 and self.status != 404


@dataclass(slots=True)
class Caller:
    """Calls one service. `base` is the URL before `/cds-services`. Each call carries a token of `credentials`."""

    base: str
    http: httpx.Client
    credentials: Credentials
    timer: Callable[[], float] = time.perf_counter
    errors: list[Answer] = field(default_factory=list)

    def get(self, path: str, what: str = "", *, headers: Mapping[str, str] | None = None) -> Answer:
        """GET with a token."""
        return self.send("GET", path, what, headers={**self._authorized(path), **(headers or {})})

    def post(self, path: str, body: object, what: str = "", *, headers: Mapping[str, str] | None = None) -> Answer:
        """POST of JSON with a token; of the bytes themselves where `body` is bytes."""
        return self.send("POST", path, what, body=body, headers={**self._authorized(path), **(headers or {})})

    def send(
        self,
        method: str,
        path: str,
        what: str = "",
        *,
        body: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One call with these headers and no token of its own. Never raises for what the network or the service do."""
        where = f"{method} {path}{f' ({what})' if what else ''}"
        content = body if isinstance(body, bytes) else None if body is None else orjson.dumps(body)
        sent = {"Accept": _JSON, **({} if content is None else {"Content-Type": _JSON}), **(headers or {})}
        before = self.timer()
        try:
            got = self.http.request(method, f"{self.base}{path}", content=content, headers=sent)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return Answer(where, 0, {}, b"", 0.0, f"no answer ({type(error).__name__}: {error})")
        answer = Answer(where, got.status_code, got.headers, got.content, self.timer() - before)
        if answer.status >= 400:
            self.errors.append(answer)
        return answer

    def _authorized(self, path: str) -> dict[str, str]:
        token = self.credentials.token(f"{self.base}{path}")
        return {} if token is None else {"Authorization": f"Bearer {token}"}


def connect(*, seconds: float, ca_file: Path | None, transport: Transport | None) -> httpx.Client:
    """A client that follows no redirects and asks no proxy. Raises OSError for a CA file that cannot be read."""
    # the default context refuses whatever is older than TLS 1.2
    verify = ssl.create_default_context(cafile=str(ca_file)) if ca_file else True
    return httpx.Client(
        timeout=seconds, verify=verify, transport=transport, trust_env=False, headers={"User-Agent": "nusinersen-cds"}
    )
