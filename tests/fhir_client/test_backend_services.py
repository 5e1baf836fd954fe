"""Tokens by SMART Backend Services: what is signed and asked for, how long a token is used, what a refusal says."""

from __future__ import annotations

import logging

import jwt
import pytest
from starlette.responses import JSONResponse, Response

from cds.fhir.backend_services import Grant
from cds.fhir.client_keys import ClientKey
from cds.fhir.errors import FhirError, Kind
from tests.fhir_client.token_server import (
    BASE,
    CLIENT,
    ENDPOINT,
    ES384,
    NOW,
    RS384,
    TokenServer,
    refusal,
    statement,
)

NEEDED_V2 = "system/MedicationAdministration.rs system/Medication.rs system/Patient.rs"
NEEDED_V1 = "system/MedicationAdministration.read system/Medication.read system/Patient.read"
FEWER_V2, FEWER_V1 = f"{NEEDED_V2} system/MedicationStatement.rs", f"{NEEDED_V1} system/MedicationStatement.read"
V2, V1 = f"{FEWER_V2} system/MedicationRequest.rs", f"{FEWER_V1} system/MedicationRequest.read"


def grant_of(server: TokenServer, key: ClientKey = ES384) -> Grant:
    return server.ask(lambda tokens, budget: tokens.grant(budget), key)


def error_of(server: TokenServer) -> FhirError:
    with pytest.raises(FhirError) as caught:
        grant_of(server)
    assert all(form["client_assertion"] not in caught.value.message for form in server.forms)
    return caught.value


@pytest.mark.parametrize("key", [ES384, RS384], ids=["ES384", "RS384"])
def test_the_assertion_is_what_the_guide_asks_for(key: ClientKey) -> None:
    server = TokenServer()
    grant = grant_of(server, key)
    assert (grant.token, grant.seconds) == ("token-1", 300)
    (form,) = server.forms
    assertion = form.pop("client_assertion")
    assert form == {
        "grant_type": "client_credentials",
        "scope": V2,
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    }
    assert jwt.get_unverified_header(assertion) == {"alg": key.algorithm, "typ": "JWT", "kid": key.kid}
    public = jwt.PyJWK.from_dict(key.public_jwk)
    claims = jwt.decode(
        assertion,
        public,
        algorithms=[key.algorithm],
        audience=ENDPOINT,
        options={"verify_exp": False, "verify_iat": False},
    )
    now = int(NOW.timestamp())
    jti = claims.pop("jti")
    assert claims == {"iss": CLIENT, "sub": CLIENT, "aud": ENDPOINT, "iat": now, "exp": now + 240}
    assert len(jti) == 36


def test_no_assertion_is_used_twice() -> None:
    server = TokenServer(grant={"expires_in": "0.001"})
    server.read(3)
    assert len({claims["jti"] for _, claims in server.assertions}) == len(server.forms) == 3


@pytest.mark.parametrize(
    ("grant", "forms"),
    [
        pytest.param({"expires_in": 300}, 1, id="kept"),
        pytest.param({"expires_in": "300"}, 1, id="a number as a string"),
        pytest.param({}, 1, id="not said"),
        pytest.param({"expires_in": 0}, 1, id="nonsense"),
        pytest.param({"expires_in": 0.001}, 3, id="expired each time"),
    ],
)
def test_a_token_is_kept_until_it_is_about_to_expire(grant: dict[str, object], forms: int) -> None:
    server = TokenServer(grant=grant)
    server.read(3)
    assert len(server.forms) == forms


def test_many_readers_at_once_share_one_token() -> None:
    server = TokenServer()
    server.read(8, at_once=True)
    assert (len(server.forms), set(server.tokens)) == (1, {"token-1"})


def test_a_token_that_is_refused_is_renewed_once() -> None:
    server = TokenServer(expired={"token-1"})
    server.read(2)
    assert server.tokens == ["token-1", "token-2", "token-2"]


def test_a_server_that_refuses_every_token_is_not_asked_for_ever() -> None:
    server = TokenServer(expired={"token-1", "token-2", "token-3"})
    with pytest.raises(FhirError, match="denied it") as caught:
        server.read(1)
    assert (caught.value.kind, server.tokens) == (Kind.DENIED, ["token-1", "token-2"])


@pytest.mark.parametrize(
    ("told", "first"),
    [
        pytest.param({}, V2, id="nothing said"),
        pytest.param({"capabilities": ["permission-v1", "permission-v2"]}, V2, id="both"),
        pytest.param({"capabilities": ["permission-v1"]}, V1, id="the old ones"),
        pytest.param({"scopes_supported": ["system/*.read"]}, V1, id="the old ones, by example"),
        pytest.param({"scopes_supported": ["system/*.read", "system/*.rs"]}, V2, id="both, by example"),
        pytest.param({"scopes_supported": "system/*.read"}, V2, id="no list"),
    ],
)
def test_the_scopes_are_spelt_as_the_server_knows_them(told: dict[str, object], first: str) -> None:
    server = TokenServer({"token_endpoint": ENDPOINT, **told})
    grant_of(server)
    assert [form["scope"] for form in server.forms] == [first]


def test_the_other_spelling_is_tried_where_one_is_refused() -> None:
    server = TokenServer(answers=[refusal("invalid_scope")])
    assert grant_of(server).asked == tuple(V1.split())
    assert [form["scope"] for form in server.forms] == [V2, V1]


def test_where_orders_or_statements_are_not_granted_the_rest_is_asked_for_alone() -> None:
    without_orders = TokenServer(answers=[refusal("invalid_scope")] * 2)
    assert grant_of(without_orders).asked == tuple(FEWER_V2.split())
    server = TokenServer(answers=[refusal("invalid_scope")] * 4)
    assert grant_of(server).asked == tuple(NEEDED_V2.split())
    assert [form["scope"] for form in server.forms] == [V2, V1, FEWER_V2, FEWER_V1, NEEDED_V2]
    refusing = TokenServer(answers=[refusal("invalid_scope")] * 6)
    assert f"have these scopes registered for the client ({NEEDED_V1})" in error_of(refusing).message


def test_what_a_site_reads_beside_is_asked_for_where_it_is_granted() -> None:
    server = TokenServer(answers=[refusal("invalid_scope")] * 2)
    server.ask(lambda tokens, budget: tokens.grant(budget), also=("Flag",))
    assert [form["scope"] for form in server.forms] == [f"{V2} system/Flag.rs", f"{V1} system/Flag.read", V2]


def test_what_was_granted_is_told() -> None:
    assert grant_of(TokenServer()).granted is None
    some = TokenServer(grant={"scope": "system/Medication.rs system/Patient.rs"})
    assert grant_of(some).granted == ("system/Medication.rs", "system/Patient.rs")


def test_an_older_server_names_its_endpoint_in_the_statement() -> None:
    assert grant_of(TokenServer(None, statement(ENDPOINT))).token == "token-1"


@pytest.mark.parametrize(
    ("server", "kind", "says"),
    [
        pytest.param(TokenServer(None), Kind.UNUSABLE, "names a token endpoint; ask its operator", id="none"),
        pytest.param(TokenServer(None, status=503), Kind.UNAVAILABLE, "status 503); try again later", id="busy"),
        *(
            pytest.param(TokenServer({"token_endpoint": url}), Kind.UNUSABLE, "is no https URL", id=url)
            for url in (
                "http://login.example.invalid/token",
                "ftp://x/t",
                "https://",
                "https://a:b@x/t",
                "https://x:y/",
            )
        ),
    ],
)
def test_no_token_endpoint_that_can_be_used(server: TokenServer, kind: Kind, says: str) -> None:
    error = error_of(server)
    assert (error.kind, server.forms) == (kind, [])
    assert says in error.message


@pytest.mark.parametrize(
    ("answer", "kind", "says"),
    [
        (refusal("invalid_client", 401), Kind.DENIED, "(status 401, invalid_client): it does not know this client id"),
        (refusal("invalid_client"), Kind.DENIED, "and the clocks (it does not list ES384 among the algorithms"),
        (refusal("unauthorized_client"), Kind.DENIED, "registered for client_credentials"),
        (refusal("temporarily_unavailable", 503), Kind.UNAVAILABLE, "it is busy; try again later"),
        (refusal("made_up_by_this_server"), Kind.UNUSABLE, "(status 400); it gave no reason that can be read"),
        (refusal(None, 502), Kind.UNAVAILABLE, "(status 502); it gave no reason that can be read; try again later"),
        (Response("<html>", 200), Kind.UNUSABLE, "(status 200); it gave no reason that can be read; ask its operator"),
        (JSONResponse({"token_type": "Bearer"}), Kind.UNUSABLE, "answered without a bearer token"),
        (JSONResponse({"access_token": "x", "token_type": "mac"}), Kind.UNUSABLE, "answered without a bearer token"),
        (JSONResponse({"access_token": "x", "error": "invalid_grant"}), Kind.DENIED, "does not accept the assertion"),
    ],
)
def test_a_refusal_says_what_and_what_to_do(answer: Response, kind: Kind, says: str) -> None:
    told = {"token_endpoint": ENDPOINT, "token_endpoint_auth_signing_alg_values_supported": ["RS384"]}
    error = error_of(TokenServer(told, answers=[answer]))
    assert error.kind is kind
    assert says in error.message
    assert BASE in error.message


def test_the_servers_own_reason_is_repeated_without_what_may_be_of_a_token() -> None:
    reason = "client eyJhbGciOiJFUzM4NCJ9.eyJpc3MiOiJ4In0.AAAA is\nnot known here" + 300 * " !"
    message = error_of(TokenServer(answers=[refusal("invalid_client", 401, error_description=reason)])).message
    assert 'and says "client ... is not known here ! !' in message
    assert "eyJ" not in message
    assert len(message) < 700


def test_neither_token_nor_key_is_in_a_log_or_a_representation(caplog: pytest.LogCaptureFixture) -> None:
    server = TokenServer()
    with caplog.at_level(logging.DEBUG):
        grant = grant_of(server)
    assert server.forms[0]["client_assertion"] not in caplog.text
    assert grant.token not in caplog.text + repr(grant)
    assert ES384.private_jwk["d"] not in repr(ES384)


def test_a_token_with_a_line_break_is_not_sent() -> None:
    server = TokenServer(answers=[JSONResponse({"access_token": "a\r\nb", "token_type": "bearer"})])
    with pytest.raises(FhirError, match="the access token is no bearer token"):
        server.read(1)
    assert server.tokens == []
