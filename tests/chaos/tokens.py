"""Faults of tokens and clocks, each tried with each kind of call."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.chaos.calls import Kind, ask, request
from tests.chaos.program import Program, program
from tests.chaos.verdict import Promise, Row, row
from tests.security.issuer import BASE, Issuer, key_pair

ISSUER = Issuer()
NOWHERE = "postgresql://nobody@127.0.0.1:9/journal"
Token = Callable[[Kind], str]


def tokens(folder: Path) -> Iterator[Row]:
    """A row for each fault and kind of call."""
    keys = folder / "keys.json"
    keys.write_bytes(ISSUER.keys)
    settings = {
        "CLIENT_AUTH": "jwt",
        "PUBLIC_URL": BASE,
        "CLIENTS": json.dumps([{"issuer": ISSUER.issuer, "jku": [ISSUER.jku], "jwks_file": str(keys)}]),
    }
    with program(folder / "one", **settings) as service:
        yield from _rows(service, "none: a good token", _issued(), Promise.JUDGED)
        yield from _rows(service, "no token", lambda _: "", Promise.REFUSED)
        yield from _rows(service, "token of 20 minutes ago", _issued(-1200), Promise.REFUSED)
        yield from _rows(service, "expired token", _expired, Promise.REFUSED)
        yield from _rows(service, "token signed with another key", _forged, Promise.REFUSED)
        yield from _rows(service, "clock of the client 45 s ahead", _issued(45), Promise.JUDGED)
        yield from _rows(service, "clock of the client 45 s behind", _issued(-45), Promise.JUDGED)
        yield from _rows(service, "clock of the client 10 min ahead", _issued(600), Promise.REFUSED)
        used = _used(service)
        yield from _rows(service, "replayed token", used, Promise.REFUSED)
        with program(folder / "one", **settings) as second:
            yield from _rows(second, "replayed at another process", used, Promise.REFUSED)
        used = _used(service)
        service.kill()
    with program(folder / "one", **settings) as service:
        yield from _rows(service, "replayed after SIGKILL and a new start", used, Promise.REFUSED)
    with program(folder / "two", DATABASE_URL=NOWHERE, **settings) as service:
        yield from _rows(service, "database down: a good token", _issued(), Promise.JUDGED)
        yield from _rows(service, "database down: replayed token", _used(service), Promise.REFUSED)
        # two minutes, and one for the difference between clocks
        yield from _rows(service, "database down: token of 4 minutes ago", _issued(-240), Promise.REFUSED)


def _path(kind: Kind) -> str:
    return f"/cds-services/{kind.service}"


def _issued(seconds: float = 0) -> Token:
    """Tokens that were issued as many seconds from now as the clock of the service says."""
    return lambda kind: ISSUER.token(_path(kind), datetime.now(UTC) + timedelta(seconds=seconds))


def _expired(kind: Kind) -> str:
    now = datetime.now(UTC)
    return ISSUER.token(_path(kind), now, iat=int(now.timestamp()) - 300, exp=int(now.timestamp()) - 120)


def _forged(kind: Kind) -> str:
    return ISSUER.token(_path(kind), datetime.now(UTC), key=key_pair(ISSUER.kind, "another"))


def _used(service: Program) -> Token:
    """Tokens that the service has taken already."""
    made = {kind: _issued()(kind) for kind in Kind}
    for kind, token in made.items():
        if ask(service.client, kind, request(kind), token).status != 200:
            raise RuntimeError("a good token was refused")
    return lambda kind: made[kind]


def _rows(service: Program, name: str, token: Token, promise: Promise) -> list[Row]:
    return [row(name, kind, [ask(service.client, kind, request(kind), token(kind))], promise) for kind in Kind]
