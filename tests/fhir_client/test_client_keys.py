"""The keys of a SMART client: made, read from files, named by their thumbprint."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat

from cds.fhir.client_keys import ALGORITHMS, BadKey, ClientKey

# RFC 7638, 3.1: the key of the example and its thumbprint.
EXAMPLE = {
    "kty": "RSA",
    "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjB"
    "ZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8"
    "KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_"
    "xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
    "e": "AQAB",
}
THUMBPRINT = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"


def pem(key: Any, password: bytes | None = None) -> bytes:
    lock = BestAvailableEncryption(password) if password else NoEncryption()
    return bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock))


def test_the_thumbprint_is_that_of_the_standard() -> None:
    from cds.fhir.client_keys import _thumbprint

    assert _thumbprint(EXAMPLE) == THUMBPRINT


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_key_is_the_same_after_its_file_was_read(algorithm: str) -> None:
    key = ClientKey.make(algorithm)
    again = ClientKey.read(json.dumps(key.private_jwk).encode())
    assert again.public_jwk == key.public_jwk
    assert again.algorithm == algorithm
    assert {"d", "p", "q"}.isdisjoint(key.public_jwk)
    assert key.public_jwk["kid"] == key.kid


def test_a_key_set_with_one_private_key_is_read() -> None:
    key, other = ClientKey.make("ES384"), ClientKey.make("ES384")
    assert ClientKey.read(json.dumps({"keys": [other.public_jwk, key.private_jwk]}).encode()).kid == key.kid


def test_a_key_keeps_the_name_that_it_was_registered_under() -> None:
    key = ClientKey.make("ES384")
    assert ClientKey.read(json.dumps(key.private_jwk | {"kid": "ours"}).encode()).kid == "ours"
    unnamed = {name: value for name, value in key.private_jwk.items() if name not in ("kid", "alg")}
    assert ClientKey.read(json.dumps(unnamed).encode()).kid == key.kid


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [(ec.generate_private_key(ec.SECP384R1()), "ES384"), (rsa.generate_private_key(65537, 2048), "RS384")],
)
def test_pem_is_read(key: Any, algorithm: str) -> None:
    assert ClientKey.read(pem(key)).algorithm == algorithm


P256 = ec.generate_private_key(ec.SECP256R1())


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "neither a private JWK nor a private key in PEM"),
        (b"ssh-ed25519 AAAA", "neither a private JWK nor a private key in PEM"),
        (b"{", "begins as JSON and is none"),
        (b"{}", "is a public key; the private one is needed"),
        (json.dumps(ClientKey.make("ES384").public_jwk).encode(), "is a public key"),
        (b'{"keys": []}', "is a key set with 0 private keys"),
        (b'{"kty": "EC", "d": "secret"}', "is no JWK that can be read"),
        (b'{"kty": "oct", "k": "c2VjcmV0", "d": "x"}', "is neither a private key on the curve P-384 nor"),
        (pem(P256), "is neither a private key on the curve P-384 nor"),
        (pem(ec.generate_private_key(ec.SECP384R1()), b"secret"), "is protected by a password"),
    ],
)
def test_what_is_no_key_is_refused_without_quoting_it(content: bytes, says: str) -> None:
    with pytest.raises(BadKey) as caught:
        ClientKey.read(content)
    assert says in str(caught.value)
    assert "secret" not in str(caught.value)


def test_other_algorithms_are_not_made() -> None:
    with pytest.raises(BadKey, match="'HS256' is none of ES384, RS384"):
        ClientKey.make("HS256")
