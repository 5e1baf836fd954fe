"""Both ways to run with TLS: ended by the service, and ended by a proxy; with and without certificates of clients."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from hooks.settings import Settings, SettingsError, load
from hooks.tls import tls_context
from tests.security.authority import Authority, Served, logged, proxied, served
from tests.security.door import SANDBOX, key_file
from tests.security.issuer import BASE, DISCOVERY, ORDER
from tests.service.ehr import LAST_WEEK, call, draft, prefetched

# one worker, since each would start services of its own
pytestmark = pytest.mark.xdist_group("tls")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tls")


@pytest.fixture(scope="module")
def ours(folder: Path) -> Authority:
    """The authority of the hospital."""
    return Authority(folder / "ours")


@pytest.fixture(scope="module")
def others(folder: Path) -> Authority:
    """An authority that nobody here trusts."""
    return Authority(folder / "others")


@pytest.fixture(scope="module")
def known(folder: Path) -> dict[str, Any]:
    """Settings that know one caller, by a key file."""
    client = {"issuer": SANDBOX.issuer, "jku": [SANDBOX.jku], "jwks_file": str(key_file(folder, SANDBOX.keys))}
    return {"public_url": BASE, "clients": json.dumps([client])}


def signed(path: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {SANDBOX.token(path, datetime.now(UTC))}"}


def discovered(base: str, tls: ssl.SSLContext) -> int:
    """The status of discovery with a good token."""
    return httpx.get(base + DISCOVERY, headers=signed(DISCOVERY), verify=tls, timeout=30).status_code


@pytest.fixture(scope="module")
def with_tls(ours: Authority, known: dict[str, Any]) -> Iterator[str]:
    certificate, key = ours.issue("service")
    with served(tls_certificate=certificate, tls_key=key, **known) as base:
        yield base


@pytest.fixture(scope="module")
def with_mutual_tls(ours: Authority, known: dict[str, Any]) -> Iterator[str]:
    certificate, key = ours.issue("mutual")
    with served(tls_certificate=certificate, tls_key=key, tls_client_ca=ours.certificate, **known) as base:
        yield base


@pytest.fixture(scope="module")
def plain(known: dict[str, Any]) -> Iterator[Served]:
    with logged(trusted_proxies="127.0.0.1", max_body_megabytes=1, **known) as service:
        yield service


def test_the_service_ends_tls(with_tls: str, ours: Authority, others: Authority) -> None:
    assert with_tls.startswith("https://")
    assert discovered(with_tls, ours.trusted()) == 200
    assert httpx.get(with_tls + DISCOVERY, verify=ours.trusted(), timeout=30).status_code == 401
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        discovered(with_tls, others.trusted())


def test_a_call_without_tls_is_not_answered(with_tls: str) -> None:
    with pytest.raises(httpx.HTTPError):
        httpx.get(with_tls.replace("https://", "http://") + DISCOVERY, timeout=30)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_the_service_speaks_the_versions_of_today(version: ssl.TLSVersion, with_tls: str, ours: Authority) -> None:
    tls = ours.trusted()
    tls.minimum_version = tls.maximum_version = version
    assert discovered(with_tls, tls) == 200


def test_no_older_version_is_offered(ours: Authority) -> None:
    certificate, key = ours.issue("old")
    context = tls_context(Settings(tls_certificate=certificate, tls_key=key))
    assert context is not None
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2


def test_with_mutual_tls_only_clients_of_the_authority_get_through(
    with_mutual_tls: str, ours: Authority, others: Authority
) -> None:
    assert discovered(with_mutual_tls, ours.trusted(ours.issue("client"))) == 200
    for shown in (None, others.issue("client")):
        with pytest.raises(httpx.HTTPError):
            discovered(with_mutual_tls, ours.trusted(shown))


def test_a_certificate_is_no_token(with_mutual_tls: str, ours: Authority) -> None:
    tls = ours.trusted(ours.issue("client-without-token"))
    assert httpx.get(with_mutual_tls + DISCOVERY, verify=tls, timeout=30).status_code == 401


@pytest.mark.parametrize("mutual", [False, True])
def test_a_proxy_ends_tls(mutual: bool, plain: Served, ours: Authority) -> None:
    """The tokens name the URL that clients call, which is not the one that the service listens on."""
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(*ours.issue("proxy"))
    if mutual:
        tls.load_verify_locations(ours.certificate)
        tls.verify_mode = ssl.CERT_REQUIRED
    with proxied(plain.url, tls) as base:
        assert discovered(base, ours.trusted(ours.issue("client-of-proxy"))) == 200
        if mutual:
            with pytest.raises(httpx.HTTPError):
                discovered(base, ours.trusted())


def refused_from(service: Served, headers: dict[str, str]) -> str:
    """The address that the log names for a call that is refused."""
    answer = httpx.get(service.url + DISCOVERY, headers=headers, timeout=30)
    assert answer.status_code == 401
    address: str = service.said(answer.headers["X-Incident-Id"], "caller-refused")["address"]
    return address


def test_the_headers_of_a_proxy_are_believed_where_it_is_listed(plain: Served) -> None:
    assert refused_from(plain, {"X-Forwarded-For": "203.0.113.9"}) == "203.0.113.9"
    assert refused_from(plain, {}) == "127.0.0.1"


def test_the_headers_of_anybody_else_are_not(known: dict[str, Any]) -> None:
    with logged(trusted_proxies="10.0.0.0/8", **known) as service:
        assert refused_from(service, {"X-Forwarded-For": "203.0.113.9"}) == "127.0.0.1"
    with logged(**known) as service:
        assert refused_from(service, {"X-Forwarded-For": "203.0.113.9"}) == "127.0.0.1"


@pytest.mark.parametrize("chunked", [False, True])
def test_who_sends_more_than_is_taken_still_gets_the_answer(chunked: bool, plain: Served) -> None:
    body = json.dumps(call("order-sign", drafts=[draft()], prefetch=prefetched(*LAST_WEEK))).encode()
    body = body[:-1] + b" " * 30_000_000 + b"}"
    sent = (body[start : start + 65_536] for start in range(0, len(body), 65_536)) if chunked else body
    answer = httpx.post(plain.url + ORDER, content=sent, headers=signed(ORDER), timeout=60)
    assert answer.status_code == 200
    [card] = answer.json()["cards"]
    assert card["extension"]["org.nusinersen-cds"]["reason"] == "limit"


def faults(ours: Authority, others: Authority, folder: Path) -> list[tuple[dict[str, Path], str]]:
    certificate, key = ours.issue("faults")
    _, secret = ours.issue("secret", "a password")
    _, another = others.issue("another")
    broken = folder / "broken.pem"
    broken.write_text("-----BEGIN CERTIFICATE-----\nbroken\n-----END CERTIFICATE-----\n")
    return [
        ({"tls_key": key}, "TLS_KEY: is of no use without NUSINERSEN_CDS_TLS_CERTIFICATE"),
        ({"tls_client_ca": ours.certificate}, "TLS_CLIENT_CA: is of no use without"),
        ({"tls_certificate": folder / "none.pem", "tls_key": key}, "cannot be read (No such file or directory)"),
        ({"tls_certificate": certificate}, "no PEM file with what is needed, or a key that does not fit"),
        ({"tls_certificate": certificate, "tls_key": another}, "a key that does not fit (KEY_VALUES_MISMATCH)"),
        ({"tls_certificate": certificate, "tls_key": secret}, "the key is encrypted; give it decrypted"),
        ({"tls_certificate": broken, "tls_key": key}, "no PEM file with what is needed"),
        ({"tls_certificate": certificate, "tls_key": key, "tls_client_ca": broken}, "TLS_CLIENT_CA: "),
        ({"tls_certificate": certificate, "tls_key": key, "tls_client_ca": key}, "TLS_CLIENT_CA: "),
    ]


def test_files_that_cannot_be_used_stop_the_start(ours: Authority, others: Authority, folder: Path) -> None:
    for given, fault in faults(ours, others, folder):
        with pytest.raises(SettingsError) as refused:
            tls_context(Settings(**given))
        assert fault in str(refused.value), given


@pytest.mark.parametrize("value", ["*", "proxy.example.invalid", "10.0.0.1/8"])
def test_a_proxy_is_listed_by_its_address(value: str) -> None:
    with pytest.raises(SettingsError, match=r"TRUSTED_PROXIES.*not an address or a network"):
        load(regimen="eu-12mg", time_zone="UTC", trusted_proxies=value)
