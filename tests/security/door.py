"""The check of callers with a clock, keys and a memory that a test holds in its hands."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hooks.security.callers import Callers, Rules
from hooks.security.clients import Caller, RefusedError
from hooks.security.key_sources import UrlKeys
from hooks.security.replay import Replay
from hooks.security.urls import Endpoints
from hooks.site_settings import Client
from tests.security.issuer import BASE, EpicLike, Issuer, bearer

NOW = datetime(2026, 5, 3, 23, 45, 10, tzinfo=UTC)
SANDBOX = Issuer()
EPIC = EpicLike()
CLIENTS = (
    Client(issuer=SANDBOX.issuer, jku=(SANDBOX.jku,)),
    Client(issuer=EPIC.issuer, jku=(EPIC.jku,), audiences=(EPIC.audience,)),
)


class Memory:
    """The shared memory of used tokens, in place of the database: it can be down."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], datetime] = {}
        self.down = False

    def claim_token(self, issuer: str, jti: str, expires: datetime) -> bool:
        """As the database does."""
        if self.down:
            raise OSError("down")
        if (issuer, jti) in self.kept:
            return False
        self.kept[issuer, jti] = expires
        return True


class KeyServers:
    """The key servers of all issuers. It counts what was asked for; what is not in it is down."""

    def __init__(self, *issuers: Issuer) -> None:
        self.bodies: dict[str, bytes | Exception] = {issuer.jku: issuer.keys for issuer in issuers}
        self.asked: list[str] = []

    async def fetch(self, url: str) -> bytes:
        """The key set at a URL."""
        self.asked.append(url)
        body = self.bodies[url]
        if isinstance(body, Exception):
            raise body
        return body


class Door:
    """Callers with everything that they need; `now` moves only when a test moves it."""

    def __init__(self, clients: Iterable[Client] = CLIENTS, rules: Rules | None = None) -> None:
        self.now, self.memory, self.servers = NOW, Memory(), KeyServers(SANDBOX, EPIC)
        self.replay = Replay(self.memory, ticks=self.ticks)
        clients = tuple(clients)
        urls = {url for client in clients for url in client.jku}
        self.callers = Callers(
            clients,
            {url: UrlKeys(url, self.servers.fetch, ticks=self.ticks) for url in urls},
            endpoints=Endpoints([BASE]),
            rules=rules or Rules(),
            replay=self.replay,
            clock=lambda: self.now,
        )

    def ticks(self) -> float:
        """Seconds, as a stop watch counts them."""
        return self.now.timestamp()

    def wait(self, seconds: float) -> None:
        """Time goes by."""
        self.now += timedelta(seconds=seconds)

    async def opens(self, token: str, path: str) -> Caller | str:
        """The caller, or the reason why there is none."""
        try:
            return await self.callers.identify(bearer(token), path)
        except RefusedError as error:
            return str(error)


def key_file(folder: Path, body: bytes) -> Path:
    """A file with a key set."""
    path = folder / "keys.json"
    path.write_bytes(body)
    return path
