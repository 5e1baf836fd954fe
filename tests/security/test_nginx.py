"""The way to run behind a proxy that docs/callers.md shows, with the real nginx and the real service."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from tests.bench.servers import free_port
from tests.security.authority import Authority, Served, logged
from tests.security.door import SANDBOX, key_file
from tests.security.issuer import BASE, DISCOVERY, ORDER
from tests.security.nginx import nginx
from tests.service.ehr import LAST_WEEK, call, draft, prefetched

pytestmark = pytest.mark.xdist_group("tls")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("nginx")


@pytest.fixture(scope="module")
def ours(folder: Path) -> Authority:
    return Authority(folder / "ours")


@pytest.fixture(scope="module")
def behind(folder: Path) -> Iterator[Served]:
    """The service on plain HTTP, as a proxy calls it. Its tokens name the URL at the proxy."""
    client = {"issuer": SANDBOX.issuer, "jku": [SANDBOX.jku], "jwks_file": str(key_file(folder, SANDBOX.keys))}
    with logged(public_url=BASE, clients=json.dumps([client]), trusted_proxies="127.0.0.1") as service:
        yield service


def signed(path: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {SANDBOX.token(path, datetime.now(UTC))}"}


def test_calls_pass_with_their_tokens_and_large_bodies(folder: Path, behind: Served, ours: Authority) -> None:
    order = json.dumps(call("order-sign", drafts=[draft()], prefetch=prefetched(*LAST_WEEK))).encode()
    large = order[:-1] + b" " * 32_000_000 + b"}"
    with (
        nginx(folder / "one", behind.url, ours.issue("nginx")) as base,
        httpx.Client(verify=ours.trusted(), timeout=60) as client,
    ):
        found = client.get(base + DISCOVERY, headers=signed(DISCOVERY))
        ordered = client.post(base + ORDER, content=large, headers=signed(ORDER))
        refused = client.get(base + DISCOVERY)
        with_slash = client.get(f"{base}{DISCOVERY}/", headers=signed(DISCOVERY), follow_redirects=False)
    assert len(found.json()["services"]) == 5
    assert ordered.status_code == 200
    assert ordered.json()["cards"]
    assert with_slash.status_code == 200
    assert (refused.status_code, refused.content) == (401, b"")
    said = behind.said(refused.headers["X-Incident-Id"], "caller-refused")
    assert (said["why"], said["address"]) == ("no bearer token", "127.0.0.1")


def test_with_mutual_tls_only_clients_of_the_authority_get_through(
    folder: Path, behind: Served, ours: Authority
) -> None:
    others = Authority(folder / "others")
    with nginx(folder / "two", behind.url, ours.issue("mutual"), ours.certificate) as base:
        statuses = [
            httpx.get(base + DISCOVERY, headers=signed(DISCOVERY), verify=ours.trusted(shown), timeout=60).status_code
            for shown in (ours.issue("client"), None, others.issue("client"))
        ]
    assert statuses == [200, 400, 400]


def test_where_the_service_is_down_the_answer_is_no_empty_list_of_cards(folder: Path, ours: Authority) -> None:
    with nginx(folder / "three", f"http://127.0.0.1:{free_port()}", ours.issue("alone")) as base:
        answer = httpx.post(base + ORDER, json={}, headers=signed(ORDER), verify=ours.trusted(), timeout=60)
    assert answer.status_code == 502
