"""Several processes of one service, and their database: a token is good for one call of one of them."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.security.authority import served
from tests.security.door import SANDBOX, key_file
from tests.security.issuer import BASE, DISCOVERY

pytestmark = pytest.mark.xdist_group("tls")


@pytest.fixture
def known(tmp_path: Path) -> dict[str, Any]:
    client = {"issuer": SANDBOX.issuer, "jku": [SANDBOX.jku], "jwks_file": str(key_file(tmp_path, SANDBOX.keys))}
    return {"public_url": BASE, "clients": json.dumps([client])}


def asked(base: str, token: str) -> int:
    return httpx.get(base + DISCOVERY, headers={"Authorization": f"Bearer {token}"}, timeout=30).status_code


def of_age(seconds: float) -> str:
    now = datetime.now(UTC)
    return SANDBOX.token(DISCOVERY, now, iat=(now - timedelta(seconds=seconds)).timestamp())


def taken(base: str) -> str:
    """A token that a process took; only one that has just written it to the database takes one of this age, and a busy
    machine may keep it from that for a while."""
    for _ in range(60):
        token = of_age(300)
        if asked(base, token) == 200:
            return token
        time.sleep(1)
    raise AssertionError("no token was taken")


def test_a_token_that_one_process_took_the_other_refuses(known: dict[str, Any], tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path / 'shared.db'}"
    one, other = ({"state_folder": tmp_path / name, "database_url": database} for name in ("one", "other"))
    with served(**known, **one) as here, served(**known, **other) as there:
        for first, second in ((here, there), (there, here)):
            token = taken(first)
            assert [asked(second, token), asked(first, token)] == [401, 401]


def test_without_its_database_a_service_takes_fresh_tokens_once_and_readiness_says_so(
    known: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / "taken").touch()
    down = {"state_folder": tmp_path / "spool", "database_url": f"sqlite:///{tmp_path}/taken/shared.db"}
    with served(**known, **down) as base:
        token = of_age(0)
        assert [asked(base, token), asked(base, token), asked(base, of_age(300))] == [200, 401, 401]
        ready = httpx.get(f"{base}/health/ready", timeout=30)
    part = ready.json()["parts"]["used-tokens"]
    assert (ready.status_code, part["state"]) == (200, "degraded")
    assert "the database is down" in part["why"]
