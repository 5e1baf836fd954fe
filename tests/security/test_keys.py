"""Which keys of a key set are used, and where the keys of a client are."""

from __future__ import annotations

import asyncio
import json
import logging
import os
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from hooks.security.algorithms import ASYMMETRIC
from hooks.security.clients import Caller, Why
from hooks.security.key_sources import FileKeys
from hooks.security.keys import KeySet
from hooks.site_settings import Client
from tests.security.door import EPIC, NOW, SANDBOX, Door, key_file
from tests.security.issuer import CHART, Issuer, key_pair, key_set, public_jwk

ELLIPTIC = public_jwk(key_pair("P-384"), "k")
MODULUS = public_jwk(key_pair("RSA"), "k")


@pytest.mark.parametrize(
    ("key", "fits"),
    [
        pytest.param(ELLIPTIC, {"ES384"}, id="P-384"),
        pytest.param(public_jwk(key_pair("P-256"), "k"), {"ES256"}, id="P-256"),
        pytest.param(MODULUS, {name for name in ASYMMETRIC if name[1] == "S" and name[0] in "RP"}, id="RSA"),
        pytest.param({**MODULUS, "alg": "RS384"}, {"RS384"}, id="RSA for one algorithm"),
        pytest.param(public_jwk(key_pair("Ed25519"), "k"), {"EdDSA"}, id="Ed25519"),
        pytest.param({**ELLIPTIC, "use": "sig", "key_ops": ["verify"]}, {"ES384"}, id="for signatures"),
        pytest.param({**ELLIPTIC, "use": "enc"}, set(), id="for encryption"),
        pytest.param({**ELLIPTIC, "key_ops": ["deriveKey"]}, set(), id="for another operation"),
        pytest.param({**ELLIPTIC, "alg": "ES256"}, set(), id="for an algorithm of another curve"),
        pytest.param({**ELLIPTIC, "kty": "RSA"}, set(), id="of another type than it has"),
        pytest.param({**ELLIPTIC, "x": ELLIPTIC["y"]}, set(), id="a point that is not on the curve"),
        pytest.param({**ELLIPTIC, "x": 7}, set(), id="a number for text"),
        pytest.param({name: value for name, value in ELLIPTIC.items() if name != "y"}, set(), id="half a point"),
        pytest.param(public_jwk(key_pair("RSA", size=1024), "k"), set(), id="RSA of 1,024 bits"),
        pytest.param({**MODULUS, "n": "AQAB"}, set(), id="RSA of no strength"),
        pytest.param({"kty": "oct", "kid": "k", "k": "c2VjcmV0"}, set(), id="a secret"),
    ],
)
def test_a_key_fits_the_algorithms_of_its_type_and_purpose_and_no_other(key: dict[str, Any], fits: set[str]) -> None:
    keys = KeySet(key_set(key))
    assert {algorithm for algorithm in ASYMMETRIC if keys.find("k", algorithm)} == fits


def test_of_a_private_key_that_was_published_by_mistake_the_public_half_is_used() -> None:
    private = {**ELLIPTIC, "d": "A" * 64}
    [key] = KeySet(key_set(private)).find("k", "ES384")
    assert "PublicKey" in type(key.key).__name__


def test_two_keys_of_one_id_are_both_tried() -> None:
    other = Issuer("https://other.example.invalid", SANDBOX.kid)
    door = Door()
    both = json.loads(other.keys)["keys"] + json.loads(SANDBOX.keys)["keys"]
    door.servers.bodies[SANDBOX.jku] = key_set(*both)
    assert asyncio.run(door.opens(SANDBOX.token(CHART, NOW), CHART)) == Caller(SANDBOX.issuer)


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"<html>", "not JSON"),
        (b"", "not JSON"),
        (b"[]", "not a JSON Web Key Set"),
        (b'{"keys": {}}', "not a JSON Web Key Set"),
        (b'{"keys": []}', "no key with a kid"),
        (b'{"keys": [1, {"kty": "EC"}, {"kid": 3}]}', "no key with a kid"),
        (key_set(*[ELLIPTIC] * 101), "more than 100 keys"),
    ],
)
def test_what_is_no_key_set_is_refused(raw: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        KeySet(raw)


def changed(path: Path, body: bytes, seconds: int) -> None:
    path.write_bytes(body)
    os.utime(path, (seconds, seconds))


def test_a_key_file_is_read_again_when_it_changes_and_a_broken_one_leaves_the_old_keys(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = key_file(tmp_path, SANDBOX.keys)
    keys = FileKeys(path)

    def known(kid: str) -> int:
        return len(asyncio.run(keys.find(kid, "ES384")))

    assert known("key-1") == 1
    changed(path, Issuer(SANDBOX.issuer, "key-2").keys, 1_000)
    assert (known("key-1"), known("key-2")) == (0, 1)
    changed(path, b"{", 2_000)
    assert known("key-2") == 1
    path.unlink()
    assert known("key-2") == known("key-2") == 1
    told = [vars(record)["fields"] for record in caplog.records if record.levelno == logging.ERROR]
    assert [said["why"] for said in told] == ["not JSON", "No such file or directory"]
    changed(path, SANDBOX.keys, 3_000)
    assert known("key-1") == 1


@pytest.mark.parametrize(
    ("body", "why"), [(b"{}", "not a JSON Web Key Set"), (None, "cannot be read: No such file or directory")]
)
def test_a_key_file_that_cannot_be_used_stops_the_start(tmp_path: Path, body: bytes | None, why: str) -> None:
    path = tmp_path / "keys.json"
    if body is not None:
        path.write_bytes(body)
    with pytest.raises(ValueError, match=why) as fault:
        FileKeys(path)
    assert str(path) in str(fault.value)


def with_file(folder: Path, *jku: str) -> Door:
    """A client whose keys were handed over, and the URLs that its tokens may name."""
    path = key_file(folder, SANDBOX.keys)
    door = Door([Client(issuer=SANDBOX.issuer, jku=jku, jwks_file=path)])
    door.callers._keys = {path: FileKeys(path)}
    return door


@pytest.mark.parametrize(
    ("listed", "named", "answer"),
    [
        ((), None, Caller(SANDBOX.issuer)),
        ((), SANDBOX.jku, Why.KEY_URL.value),
        ((), "https://elsewhere.example.invalid/keys", Why.KEY_URL.value),
        ((SANDBOX.jku,), None, Caller(SANDBOX.issuer)),
        ((SANDBOX.jku,), SANDBOX.jku, Caller(SANDBOX.issuer)),
        ((SANDBOX.jku,), "https://elsewhere.example.invalid/keys", Why.KEY_URL.value),
    ],
)
def test_with_a_file_no_url_is_read_and_none_that_is_not_listed_may_be_named(
    tmp_path: Path, listed: tuple[str, ...], named: str | None, answer: Caller | str
) -> None:
    door = with_file(tmp_path, *listed)
    token = SANDBOX.token(CHART, NOW, **({"header": {"jku": named}} if named else {"drop": ("jku",)}))
    assert asyncio.run(door.opens(token, CHART)) == answer
    assert door.servers.asked == []


def test_a_token_without_jku_is_checked_by_the_file_if_there_is_one_and_refused_if_several_urls_could_be_meant(
    tmp_path: Path,
) -> None:
    path = key_file(tmp_path, SANDBOX.keys)
    token = partial(SANDBOX.token, CHART, NOW, drop=("jku",))
    for file, answer in (
        (path, Caller(SANDBOX.issuer)),
        (None, f"{Why.KEY_URL.value}: no jku, and the client has several"),
    ):
        door = Door([Client(issuer=SANDBOX.issuer, jku=(SANDBOX.jku, EPIC.jku), jwks_file=file)])
        door.callers._keys = {**door.callers._keys, path: FileKeys(path)}
        assert asyncio.run(door.opens(token(), CHART)) == answer


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({"issuer": "", "jku": ("https://a.example.invalid/k",)}, "issuer"),
        ({"issuer": "i"}, "name where its keys are"),
        ({"issuer": "i", "jku": ("http://a.example.invalid/k",)}, "http is for this machine only"),
        ({"issuer": "i", "jku": ("http://10.0.0.1/k",)}, "http is for this machine only"),
        ({"issuer": "i", "jku": ("ftp://a.example.invalid/k",)}, "no http or https URL"),
        ({"issuer": "i", "jku": ("https://a:b@a.example.invalid/k",)}, "a user, a password or a fragment"),
        ({"issuer": "i", "jku": ("https://[/k",)}, "this is no URL"),
        ({"issuer": "i", "jku": ("https://a.example.invalid:x/k",)}, "this is no URL"),
    ],
)
def test_a_client_that_could_never_be_known_is_refused_at_the_start(given: dict[str, Any], fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        Client(**given)


@pytest.mark.parametrize("host", ["127.0.0.1:8002", "[::1]:8002", "localhost"])
def test_keys_on_this_machine_may_be_read_over_http(host: str) -> None:
    assert Client(issuer="i", jku=(f"http://{host}/keys",)).jku == (f"http://{host}/keys",)
