"""Which tokens open the door, and for each broken one the reason why it does not."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hooks.security.callers import Rules
from hooks.security.clients import Caller, RefusedError, Why
from hooks.site_settings import Client
from tests.security.door import EPIC, NOW, SANDBOX, Door
from tests.security.issuer import BASE, CHART, DISCOVERY, FEEDBACK, ORDER, Issuer, bearer, key_pair, segment

ISSUED = int(NOW.timestamp())
EVIL = Issuer("https://evil.example.invalid")
KNOWN = Caller(SANDBOX.issuer)


def opens(token: str, path: str = CHART, door: Door | None = None) -> Caller | str:
    return asyncio.run((door or Door()).opens(token, path))


@pytest.mark.parametrize("path", [DISCOVERY, CHART, ORDER, FEEDBACK])
def test_a_token_for_the_called_endpoint_opens_it(path: str) -> None:
    assert opens(SANDBOX.token(path, NOW), path) == KNOWN


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"aud": f"{BASE}{CHART}/"}, id="a slash at the end of aud"),
        pytest.param({"aud": f"https://CDS.example.invalid:443/nusinersen{CHART}"}, id="host in capitals, with port"),
        pytest.param({"aud": ["another", BASE + CHART]}, id="aud is a list"),
        pytest.param({"exp": ISSUED - 59, "iat": ISSUED - 300}, id="expired, within the leeway"),
        pytest.param({"iat": ISSUED + 59}, id="issued in the future, within the leeway"),
        pytest.param({"nbf": ISSUED + 59}, id="valid soon, within the leeway"),
        pytest.param({"iat": ISSUED - 659, "exp": ISSUED + 10}, id="old, and not too old"),
        pytest.param({"iat": ISSUED - 0.25, "exp": ISSUED + 0.75}, id="times with fractions"),
        pytest.param({"sub": "x", "nonce": 1, "patient": None, "fhir": {"deep": []}}, id="claims that are not ours"),
        pytest.param({"nbf": None, "tenant": None}, id="optional claims that are null"),
        pytest.param({"header": {"typ": "jwt"}}, id="typ in small letters"),
        pytest.param({"drop": ("typ",)}, id="no typ"),
        pytest.param({"drop": ("jku",)}, id="no jku, and the client has one"),
    ],
)
def test_what_real_clients_vary_is_taken(changes: dict[str, Any]) -> None:
    assert opens(SANDBOX.token(CHART, NOW, **changes)) == KNOWN


def test_an_epic_like_client_is_known_by_the_audience_that_its_site_typed_in() -> None:
    assert opens(EPIC.token(CHART, NOW)) == Caller(EPIC.issuer)
    # it is the audience of that client alone
    assert opens(SANDBOX.token(CHART, NOW, aud=EPIC.audience)) == Why.AUDIENCE.value


# Each changes a good token for patient-view; the second part is what the log says.
CHANGED: dict[str, tuple[dict[str, Any], str]] = {
    "expired": ({"exp": ISSUED - 60, "iat": ISSUED - 300}, "expired: 60 s ago"),
    "not valid yet": ({"nbf": ISSUED + 61}, "nbf lies in the future: by 61 s"),
    "issued in the future": ({"iat": ISSUED + 61}, "iat lies in the future: by 61 s"),
    "issued long ago, never expiring": ({"iat": ISSUED - 661, "exp": 9e11}, "issued too long ago: 661 s ago"),
    "no exp": ({"drop": ("exp",)}, "a claim is missing or has the wrong type: exp"),
    "no iat": ({"drop": ("iat",)}, "a claim is missing or has the wrong type: iat"),
    "no jti": ({"drop": ("jti",)}, "a claim is missing or has the wrong type: jti"),
    "no aud": ({"drop": ("aud",)}, "a claim is missing or has the wrong type: aud"),
    "no iss": ({"drop": ("iss",)}, "a claim is missing or has the wrong type: iss"),
    "no kid": ({"drop": ("kid",)}, "no kid"),
    "jti is empty": ({"jti": ""}, "a claim is missing or has the wrong type: jti"),
    "jti without end": ({"jti": "j" * 1025}, "a claim is missing or has the wrong type: jti"),
    "aud is an empty list": ({"aud": []}, "a claim is missing or has the wrong type: aud"),
    "aud holds a number": ({"aud": [BASE + CHART, 1]}, "a claim is missing or has the wrong type: aud"),
    "tenant is a list": ({"tenant": ["a"]}, "a claim is missing or has the wrong type: tenant"),
    "nbf is text": ({"nbf": "soon"}, "a claim is missing or has the wrong type: nbf"),
    "aud of another service": ({"aud": BASE + ORDER}, "aud is not the called endpoint"),
    "aud of discovery": ({"aud": BASE + DISCOVERY}, "aud is not the called endpoint"),
    "aud of feedback": ({"aud": f"{BASE}{CHART}/feedback"}, "aud is not the called endpoint"),
    "aud of another host": ({"aud": f"https://other.example.invalid{CHART}"}, "aud is not the called endpoint"),
    "aud with http": ({"aud": f"http://cds.example.invalid/nusinersen{CHART}"}, "aud is not the called endpoint"),
    "aud is the base": ({"aud": BASE}, "aud is not the called endpoint"),
    "aud with a query": ({"aud": f"{BASE}{CHART}?x=1"}, "aud is not the called endpoint"),
    "another issuer": ({"iss": EVIL.issuer}, "iss is not a client that may call"),
    "issuer with a slash": ({"iss": SANDBOX.issuer + "/"}, "iss is not a client that may call"),
    "the keys of another client": ({"header": {"jku": EPIC.jku}}, "jku is not one of the client's"),
    "keys of a stranger": ({"header": {"jku": EVIL.jku}, "key": EVIL.key}, "jku is not one of the client's"),
    "jku with a query": ({"header": {"jku": SANDBOX.jku + "?"}}, "jku is not one of the client's"),
    "jku is a list": ({"header": {"jku": [SANDBOX.jku]}}, "a claim is missing or has the wrong type: jku"),
    "unknown kid": ({"header": {"kid": "key-2"}}, "no usable key of this kid"),
    "signed by a stranger": ({"key": EVIL.key}, "the signature is wrong"),
    "typ of another kind": ({"header": {"typ": "at+jwt"}}, "typ is not JWT"),
    "crit": ({"header": {"crit": ["exp"]}}, "crit names extensions"),
    "crit, empty": ({"header": {"crit": []}}, "crit names extensions"),
    "ES256": (
        {"header": {"alg": "ES256"}, "key": key_pair("P-256", "x")},
        "alg is not in the list of algorithms",
    ),
    "a stranger's key in the header": (
        {"header": {"jwk": json.loads(EVIL.keys)["keys"][0]}, "key": EVIL.key},
        "the signature is wrong",
    ),
    "a stranger's x5u": (
        {"header": {"x5u": "https://evil.example.invalid/c"}, "key": EVIL.key},
        "the signature is wrong",
    ),
    "a stranger's x5c": ({"header": {"x5c": ["MIIB"]}, "key": EVIL.key}, "the signature is wrong"),
}


@pytest.mark.parametrize(("changes", "reason"), CHANGED.values(), ids=CHANGED)
def test_a_changed_token_does_not_open_and_nothing_is_fetched_that_is_not_listed(
    changes: dict[str, Any], reason: str
) -> None:
    door = Door()
    assert opens(SANDBOX.token(CHART, NOW, **changes), door=door) == reason
    assert set(door.servers.asked) <= {SANDBOX.jku}
    assert door.memory.kept == {}


def parts(**changes: Any) -> tuple[str, str, str]:
    header, payload, signature = SANDBOX.token(CHART, NOW, **changes).split(".")
    return header, payload, signature


def with_header(header: object) -> str:
    _, payload, signature = parts()
    return f"{segment(header)}.{payload}.{signature}"


def tampered() -> str:
    header, _, signature = parts()
    return f"{header}.{segment({**SANDBOX.claims(BASE + CHART, NOW), 'tenant': 'another'})}.{signature}"


def unsigned(signature: str) -> str:
    return f"{segment({**SANDBOX.header(), 'alg': 'none'})}.{parts()[1]}.{signature}"


def signed_with_the_public_key(form: Callable[[], bytes]) -> str:
    """HS256 with what everybody knows as its secret."""
    head = f"{segment({**SANDBOX.header(), 'alg': 'HS256'})}.{parts()[1]}"
    return f"{head}.{segment(hmac.new(form(), head.encode(), hashlib.sha256).digest())}"


def pem() -> bytes:
    found: bytes = SANDBOX.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return found


def twice(what: str) -> str:
    header, payload, signature = parts()
    head = json.dumps(SANDBOX.header())[:-1] + ', "alg": "none"}'
    said = json.dumps(SANDBOX.claims(BASE + CHART, NOW))[:-1] + ', "iss": "https://evil.example.invalid"}'
    return f"{segment(head)}.{payload}.{signature}" if what == "header" else f"{header}.{segment(said)}.{signature}"


def with_times(exp: str) -> str:
    header, _, signature = parts()
    claims = json.dumps({**SANDBOX.claims(BASE + CHART, NOW), "exp": "EXP"}).replace('"EXP"', exp)
    return f"{header}.{segment(claims)}.{signature}"


MADE: dict[str, tuple[str, str]] = {
    "alg none, no signature": (unsigned(""), "not a signed token that can be read"),
    "alg none, some signature": (unsigned("AA"), "alg is not in the list of algorithms"),
    "alg None in capitals": (with_header({**SANDBOX.header(), "alg": "NONE"}), "alg is not in the list of algorithms"),
    "HS256 with the public key, PEM": (signed_with_the_public_key(pem), "alg is not in the list of algorithms"),
    "HS256 with the public key, JWKS": (
        signed_with_the_public_key(lambda: SANDBOX.keys),
        "alg is not in the list of algorithms",
    ),
    "alg is a list": (with_header({**SANDBOX.header(), "alg": ["ES384"]}), "alg is not in the list of algorithms"),
    "alg is missing": (with_header({"typ": "JWT", "kid": "key-1"}), "alg is not in the list of algorithms"),
    "RS384 in the header of another's signature": (
        with_header({**SANDBOX.header(), "alg": "RS384"}),
        "no usable key of this kid",
    ),
    "payload tampered with": (tampered(), "the signature is wrong"),
    "signature cut short": (".".join([*parts()[:2], "AAAA"]), "the signature is wrong"),
    "signature of zeros": (".".join([*parts()[:2], segment(bytes(96))]), "the signature is wrong"),
    "header names alg twice": (twice("header"), "a name occurs twice in the token"),
    "payload names iss twice": (twice("payload"), "a name occurs twice in the token"),
    "exp is infinite": (with_times("1e999"), "a claim is missing or has the wrong type: exp"),
    "exp is NaN": (with_times("NaN"), "not a signed token that can be read"),
    "exp is true": (with_times("true"), "a claim is missing or has the wrong type: exp"),
    "exp of 5,000 digits": (with_times("9" * 5000), "not a signed token that can be read"),
    "exp of 400 digits": (with_times("9" * 400), "a claim is missing or has the wrong type: exp"),
    "header is a list": (with_header([]), "not a signed token that can be read"),
    "header nested without end": (with_header("[" * 5000), "not a signed token that can be read"),
    "header is no JSON": (with_header("alg: ES384"), "not a signed token that can be read"),
    "header is not UTF-8": (with_header(b'{"alg": "\xff"}'), "not a signed token that can be read"),
    "five parts, as an encrypted token": ("a.b.c.d.e", "not a signed token that can be read"),
    "two parts": (".".join(parts()[:2]), "not a signed token that can be read"),
    "line break in a part": (".".join(parts()).replace(".", ".\n", 1), "no bearer token"),
    "padding in a part": (parts()[0] + "=." + ".".join(parts()[1:]), "not a signed token that can be read"),
    "letters beyond ASCII": ("é.è.ê", "not a signed token that can be read"),
    "huge": (SANDBOX.token(CHART, NOW, more="x" * 9000), "token too long"),
    "empty": ("", "no bearer token"),
}


@pytest.mark.parametrize(("token", "reason"), MADE.values(), ids=MADE)
def test_a_token_made_up_by_hand_does_not_open(token: str, reason: str) -> None:
    door = Door()
    assert str(opens(token, door=door)).startswith(reason)
    assert set(door.servers.asked) <= {SANDBOX.jku}
    assert door.memory.kept == {}


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ([], Why.NO_TOKEN),
        ([(b"authorization", b"Basic dXNlcjpwYXNz")], Why.NO_TOKEN),
        ([(b"authorization", b"Bearer")], Why.NO_TOKEN),
        ([(b"authorization", b"Bearer a b")], Why.NO_TOKEN),
        (bearer(SANDBOX.token(CHART, NOW)) * 2, Why.SEVERAL_TOKENS),
    ],
)
def test_one_bearer_token_is_wanted(headers: list[tuple[bytes, bytes]], why: Why) -> None:
    with pytest.raises(RefusedError) as refused:
        asyncio.run(Door().callers.identify(headers, CHART))
    assert refused.value.why is why


def test_the_word_bearer_is_read_in_any_case() -> None:
    headers = [(b"authorization", b"bEARER  " + SANDBOX.token(CHART, NOW).encode())]
    assert asyncio.run(Door().callers.identify(headers, CHART)) == KNOWN


def test_who_was_refused_is_told_by_the_claims_where_they_can_be_read() -> None:
    token = SANDBOX.token(CHART, NOW, tenant="north", exp=ISSUED - 3600)
    with pytest.raises(RefusedError) as refused:
        asyncio.run(Door().callers.identify(bearer(token), CHART))
    assert (refused.value.issuer, refused.value.tenant) == (SANDBOX.issuer, "north")


# tenants

TENANTS = (
    Client(issuer=SANDBOX.issuer, jku=(SANDBOX.jku,), tenants=("north", "south")),
    Client(issuer=SANDBOX.issuer, jku=(EPIC.jku,), tenants=("west",)),
)


@pytest.mark.parametrize(
    ("tenant", "answer"),
    [
        ("north", Caller(SANDBOX.issuer, "north")),
        ("south", Caller(SANDBOX.issuer, "south")),
        ("west", "jku is not one of the client's"),
        ("east", "tenant is not one of the client's"),
        (None, Caller(SANDBOX.issuer)),
    ],
)
def test_where_tenants_are_listed_a_token_names_one_of_them_or_none_and_keys_are_not_lent(
    tenant: str | None, answer: Caller | str
) -> None:
    assert opens(SANDBOX.token(CHART, NOW, tenant=tenant), door=Door(TENANTS)) == answer


def test_a_caller_is_the_clients_whose_keys_have_signed_and_no_other_of_the_same_issuer() -> None:
    """Of two sites of one issuer each has keys of its own; a token need not name its tenant."""
    caller = asyncio.run(Door(TENANTS).callers.identify(bearer(SANDBOX.token(CHART, NOW)), CHART))
    assert caller.clients == (TENANTS[0],)
    # without a jku either may be meant, so the keys decide
    unnamed = SANDBOX.token(CHART, NOW, drop=("jku",))
    caller = asyncio.run(Door(TENANTS).callers.identify(bearer(unnamed), CHART))
    assert caller.clients == (TENANTS[0],)
    shared = (TENANTS[0], Client(issuer=SANDBOX.issuer, jku=(SANDBOX.jku,), tenants=("west",)))
    caller = asyncio.run(Door(shared).callers.identify(bearer(SANDBOX.token(CHART, NOW)), CHART))
    assert caller.clients == shared


def test_the_further_audiences_of_each_client_of_an_issuer_count() -> None:
    clients = [
        Client(issuer=SANDBOX.issuer, jku=(SANDBOX.jku,), tenants=(tenant,), audiences=(f"urn:{tenant}",))
        for tenant in ("north", "south")
    ]
    token = SANDBOX.token(CHART, NOW, aud="urn:south")
    caller = asyncio.run(Door(clients).callers.identify(bearer(token), CHART))
    assert caller.clients == (clients[1],)


def test_where_no_tenants_are_listed_any_is_passed_on() -> None:
    assert opens(SANDBOX.token(CHART, NOW, tenant="t-1")) == Caller(SANDBOX.issuer, "t-1")


# algorithms

OTHERS = [("ES256", "P-256"), ("RS256", "RSA"), ("PS384", "RSA"), ("EdDSA", "Ed25519")]


@pytest.mark.parametrize(("algorithm", "kind"), OTHERS)
def test_other_algorithms_open_where_they_are_listed(algorithm: str, kind: str) -> None:
    other = Issuer("https://other.example.invalid")
    other.algorithm, other.key = algorithm, key_pair(kind, "other")
    for algorithms, answer in (((algorithm,), Caller(other.issuer)), (("ES384",), Why.ALGORITHM.value)):
        door = Door([Client(issuer=other.issuer, jku=(other.jku,))], Rules(algorithms))
        door.servers.bodies[other.jku] = other.keys
        assert opens(other.token(CHART, NOW), door=door) == answer


# tokens are good for one call


def test_a_token_opens_once() -> None:
    door, token = Door(), SANDBOX.token(CHART, NOW)
    assert opens(token, door=door) == KNOWN
    assert opens(token, door=door) == Why.REPLAYED.value


def test_of_two_equal_tokens_at_once_one_opens() -> None:
    door, token = Door(), SANDBOX.token(CHART, NOW)

    async def both() -> list[Caller | str]:
        return await asyncio.gather(*(door.opens(token, CHART) for _ in range(5)))

    answers = asyncio.run(both())
    assert sorted(map(str, answers)) == sorted([str(KNOWN), *[Why.REPLAYED.value] * 4])


def test_a_token_used_at_another_process_does_not_open() -> None:
    here, there, token = Door(), Door(), SANDBOX.token(CHART, NOW)
    here.replay._claims = there.memory
    assert opens(token, door=there) == KNOWN
    assert opens(token, door=here) == Why.REPLAYED.value


def test_an_id_can_be_any_text() -> None:
    door = Door()
    for jti in ("\x00", "ünïcode", "\ud83d"):
        assert opens(SANDBOX.token(CHART, NOW, jti=jti), door=door) == KNOWN


def test_the_same_id_from_two_clients_is_two_tokens() -> None:
    door = Door()
    assert opens(SANDBOX.token(CHART, NOW, jti="1"), door=door) == KNOWN
    assert opens(EPIC.token(CHART, NOW, jti="1"), door=door) == Caller(EPIC.issuer)


def test_a_stranger_cannot_use_up_the_id_of_a_token() -> None:
    door = Door()
    assert opens(SANDBOX.token(CHART, NOW, jti="1", key=EVIL.key), door=door) == Why.SIGNATURE.value
    assert opens(SANDBOX.token(CHART, NOW, jti="1"), door=door) == KNOWN


def test_while_the_database_is_down_only_fresh_tokens_open_and_only_once() -> None:
    door = Door()
    door.memory.down = True
    token = SANDBOX.token(CHART, NOW)
    assert opens(token, door=door) == KNOWN
    assert door.replay.alone
    assert opens(token, door=door) == Why.REPLAYED.value
    old = SANDBOX.token(CHART, NOW, iat=ISSUED - 121)
    assert opens(old, door=door) == Why.TOO_OLD_WITHOUT_DATABASE.value
    door.memory.down = False
    door.wait(5)
    assert opens(SANDBOX.token(CHART, NOW, iat=ISSUED - 121), door=door) == KNOWN
    assert not door.replay.alone
