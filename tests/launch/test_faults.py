"""What stops a sign-in: each fault is a plain page that says what is wrong and what to do, and tells of no patient."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

import hooks.pages.timeline
from hooks.launch.cookies import SESSION
from hooks.settings import SettingsError
from tests.launch.ehr import AUTH, FHIR, NOW, OTHER_KEY, Ehr
from tests.launch.test_way import secret_file
from tests.launch.visitor import BASE, Clock, Visitor, settings, visiting, visitors
from tests.pages.reading import read
from tests.service.noted import NotedSessions

SECONDS = int(NOW.timestamp())


@pytest.fixture(autouse=True)
def _no_secrets_in_the_log(caplog: pytest.LogCaptureFixture) -> Any:
    """Whatever goes wrong, neither tokens nor codes nor patients reach the log."""
    caplog.set_level(logging.INFO)
    yield
    for secret in ("the-token", "code-0", "anna", "Berg", "Practitioner/7", "opaque"):
        assert secret not in caplog.text


@pytest.mark.parametrize(
    "iss",
    [
        "https://elsewhere.example.invalid/fhir",
        "https://ehr.example.invalid/fhir/other",
        "https://ehr.example.invalid",
        "http://ehr.example.invalid/fhir",
        "https://ehr.example.invalid:444/fhir",
        "https://ehr.example.invalid/fhir/../evil",
        "https://user@ehr.example.invalid/fhir",
        "javascript:alert(1)",
        " ",
    ],
)
def test_nothing_is_asked_of_a_server_that_is_not_listed(iss: str) -> None:
    with visiting() as visitor:
        answer = visitor.get(f"/launch?{httpx.QueryParams({'iss': iss, 'launch': 'x'})}")
        said = visitor.stopped(answer, 403)
        assert visitor.ehr.asked == []
    assert "none of those that this service may be opened from" in said
    assert "fhir_servers" in said
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    ("query", "said"),
    [
        (f"iss={FHIR}", "without saying what it was opened for"),
        (f"iss={FHIR}&iss={FHIR}&launch=x", "a name twice"),
        (f"iss={FHIR}&launch={'x' * 5000}", "too long a value"),
    ],
    ids=["no launch", "two issuers", "a launch without end"],
)
def test_a_launch_that_cannot_be_understood(query: str, said: str) -> None:
    with visiting() as visitor:
        assert said in visitor.stopped(visitor.get(f"/launch?{query}"), 400)
        assert visitor.ehr.asked == []


def test_a_page_that_is_not_there_has_no_way_in() -> None:
    with visiting() as visitor:
        assert "no page of this name" in visitor.stopped(visitor.get("/launch?page=admin"), 404)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"token_endpoint": None}, "names a token endpoint"),
        ({"authorization_endpoint": None}, "names no address at which people sign in"),
        ({"authorization_endpoint": "http://login.example.invalid/authorize"}, "is no https URL"),
        ({"token_endpoint": "http://login.example.invalid/token"}, "is no https URL"),
        ({"code_challenge_methods_supported": ["plain"]}, "does not list the code challenge S256"),
    ],
    ids=["no token endpoint", "no authorization endpoint", "one over http", "a token endpoint over http", "no S256"],
)
def test_an_ehr_at_which_nobody_can_sign_in(changes: dict[str, Any], said: str) -> None:
    ehr = Ehr()
    ehr.configuration = changes
    with visiting(ehr) as visitor:
        assert said in visitor.stopped(visitor.get(f"/launch?iss={FHIR}&launch=opaque"), 502)


def no_cookie(visitor: Visitor, callback: str) -> str:
    visitor.forget()
    return callback


def another_state(visitor: Visitor, callback: str) -> str:
    return callback.replace("state=", "state=x")


def of_another_sign_in(visitor: Visitor, callback: str) -> str:
    """The cookie of one sign-in under the name of another."""
    name = next(iter(visitor.cookies))
    sealed = visitor.cookies[name]
    url = visitor.begin(iss=FHIR, launch="opaque")
    visitor.forget()
    answer = visitor.ehr.authorize(url)
    state = httpx.URL(answer).params["state"]
    visitor.keep(f"__Host-nusinersen-cds-launch-{state[:12]}", sealed)
    return answer


def broken_seal(visitor: Visitor, callback: str) -> str:
    name = next(iter(visitor.cookies))
    sealed = visitor.cookies[name]
    visitor.forget()
    visitor.keep(name, sealed[:-4] + "AAAA")
    return callback


@pytest.mark.parametrize("change", [no_cookie, another_state, of_another_sign_in, broken_seal])
def test_an_answer_that_this_browser_did_not_ask_for(change: Callable[[Visitor, str], str]) -> None:
    with visiting() as visitor:
        callback = visitor.ehr.authorize(visitor.begin(iss=FHIR, launch="opaque"))
        answer = visitor.get(change(visitor, callback))
        assert "not begun in this browser" in visitor.stopped(answer, 400)
        assert visitor.get(callback.replace("/callback", "/signed-in").replace("state=", "state=y")).status_code == 400
        assert visitor.ehr.tokens_asked() == []


def test_an_answer_that_comes_to_another_browser() -> None:
    with visitors(2) as [one, other]:
        callback = one.ehr.authorize(one.begin(iss=FHIR, launch="opaque"))
        assert "not begun in this browser" in other.stopped(other.get(callback), 400)


def test_an_answer_after_ten_minutes_is_too_late() -> None:
    clock = Clock()
    with visiting(None, clock) as visitor:
        callback = visitor.ehr.authorize(visitor.begin(iss=FHIR, launch="opaque"))
        clock.wait(seconds=601)
        assert "more than ten minutes ago" in visitor.stopped(visitor.get(callback), 400)


def test_a_code_is_used_once() -> None:
    with visiting() as visitor:
        callback = visitor.ehr.authorize(visitor.begin(iss=FHIR, launch="opaque"))
        assert visitor.come_back(callback).status_code == 200
        assert "not begun in this browser" in visitor.stopped(visitor.come_back(callback), 400)
        assert len(visitor.ehr.tokens_asked()) == 1


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ("access_denied", "access was refused, by the user or by a rule of the EHR"),
        ("temporarily_unavailable", "it is busy"),
        ("<b>Anna Berg</b>", "for a reason that it does not name in the usual way"),
    ],
)
def test_an_ehr_that_does_not_sign_in(error: str, said: str) -> None:
    with visiting() as visitor:
        answer = visitor.by_ehr(error=error, error_description="Anna Berg may not")
        assert said in visitor.stopped(answer, 403)
        assert "Anna" not in answer.text
        assert visitor.ehr.tokens_asked() == []


def test_an_answer_without_a_code() -> None:
    with visiting() as visitor:
        assert "holds no code" in visitor.stopped(visitor.by_ehr(code=""), 400)


def test_an_answer_that_names_another_issuer() -> None:
    with visiting() as visitor:
        answer = visitor.by_ehr(iss="https://elsewhere.example.invalid")
        assert "of another server than the one that was asked" in visitor.stopped(answer, 400)
        assert visitor.ehr.tokens_asked() == []


@pytest.mark.parametrize(
    ("status", "told", "said"),
    [
        (400, {"error": "invalid_grant", "error_description": "anna"}, "the code was used before, is too old"),
        (401, {"error": "invalid_client"}, "it does not know this client"),
        (400, {"error": "anna"}, "status 400, without a reason that can be told"),
        (500, {}, "status 500, without a reason that can be told"),
    ],
)
def test_no_token(status: int, told: dict[str, Any], said: str) -> None:
    ehr = Ehr()
    ehr.token_status, ehr.token = status, told
    with visiting(ehr) as visitor:
        answer = visitor.by_ehr()
        assert said in visitor.stopped(answer, 502)
        assert "anna" not in answer.text
        assert SESSION not in visitor.cookies


@pytest.mark.parametrize(
    ("changes", "status", "said"),
    [
        ({"access_token": None}, 502, "without a token that can be used"),
        ({"token_type": "DPoP"}, 502, "without a token that can be used"),
        ({"patient": None}, 400, "did not say which patient is meant"),
        ({"patient": "Patient/anna"}, 400, "did not say which patient is meant"),
        ({"patient": ["anna"]}, 400, "did not say which patient is meant"),
        ({"scope": "launch openid fhirUser patient/Patient.rs"}, 403, "read MedicationAdministration, Medication,"),
        ({"scope": "openid fhirUser patient/*.r"}, 403, "does not let this page read MedicationAdministration"),
        ({"scope": "openid fhirUser patient/*.rs?category=x"}, 403, "does not let this page read"),
        ({"scope": ["patient/*.rs"]}, 403, "does not let this page read"),
        ({"id_token": None}, 400, "there is none"),
        ({"id_token": "made-up"}, 400, "it is none that can be checked"),
    ],
)
def test_a_token_that_is_not_what_was_asked_for(changes: dict[str, Any], status: int, said: str) -> None:
    ehr = Ehr()
    ehr.token = changes
    with visiting(ehr) as visitor:
        assert said in visitor.stopped(visitor.by_ehr(), status)
        assert SESSION not in visitor.cookies


@pytest.mark.parametrize("scope", ["patient/*.rs", "user/*.read", "patient/*.cruds", "patient/*.*", None])
def test_scopes_that_are_as_good(scope: str | None) -> None:
    ehr = Ehr()
    ehr.token = {"scope": f"launch openid fhirUser {scope}" if scope else None}
    with visiting(ehr) as visitor:
        assert visitor.by_ehr().status_code == 200


@pytest.mark.parametrize(
    ("claims", "claim"),
    [
        ({"iss": "https://elsewhere.example.invalid"}, "iss"),
        ({"aud": "another-client"}, "aud"),
        ({"aud": ["our-client", "another"]}, "azp"),
        ({"nonce": "another"}, "nonce"),
        ({"nonce": None}, "nonce"),
        ({"exp": SECONDS - 61}, "exp"),
        ({"iat": SECONDS + 600}, "iat"),
        ({"sub": None}, "sub"),
        ({"at_hash": "AAAA"}, "at_hash"),
    ],
)
def test_an_id_token_for_somebody_or_something_else(claims: Mapping[str, Any], claim: str) -> None:
    ehr = Ehr()
    ehr.claims = dict(claims)
    with visiting(ehr) as visitor:
        assert f"not valid now ({claim})" in visitor.stopped(visitor.by_ehr(), 400)
        assert SESSION not in visitor.cookies


def test_an_id_token_signed_by_another_key() -> None:
    ehr = Ehr()
    ehr.key = OTHER_KEY
    with visiting(ehr) as visitor:
        assert "its issuer has no such key" in visitor.stopped(visitor.by_ehr(), 400)


@pytest.mark.parametrize(
    "changes",
    [{"jwks_uri": f"{AUTH}/nothing"}, {"jwks_uri": "http://login.example.invalid/keys"}],
    ids=["there are none", "over http"],
)
def test_keys_that_cannot_be_read(changes: dict[str, Any]) -> None:
    ehr = Ehr()
    ehr.configuration = changes
    with visiting(ehr) as visitor:
        assert "the keys of its issuer could not be read" in visitor.stopped(visitor.by_ehr(), 400)


@pytest.mark.parametrize(("status", "said"), [(401, "denied it"), (403, "denied it"), (503, "did not answer it")])
def test_a_history_that_cannot_be_read_is_not_an_empty_one(status: int, said: str) -> None:
    with visiting() as visitor:
        seen = str(visitor.by_ehr().url)
        visitor.ehr.fhir_status = status
        page = read(visitor.get(seen), 502)
    assert "This does not mean that there were no doses" in page.text
    assert said in page.text
    assert "the-token" not in page.text
    assert not page.all("table")


def test_a_session_without_a_patient_shows_none() -> None:
    with visiting(launch_roles={"worklist": ("Practitioner/7",)}) as visitor:
        visitor.alone(page="worklist")
        opened = visitor.get("/timeline?patient=an/na")
        assert "names no patient" in visitor.stopped(opened, 400)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"public_url": ()}, "PUBLIC_URL: is not set"),
        ({"public_url": "http://cds.example.invalid"}, "PUBLIC_URL: is no https URL"),
        ({"fhir_servers": ()}, "FHIR_SERVERS: is not set"),
        ({"launch_scopes": "launch openid"}, "LAUNCH_SCOPES: names no scope to read MedicationAdministration"),
        ({"launch_roles": {"worklist": ("x",)}, "launch_user_scopes": "user/*.rs"}, "LAUNCH_USER_SCOPES: launch_roles"),
    ],
)
def test_settings_by_which_nobody_could_sign_in_stop_the_start(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=said), visiting(**changes):
        pass


@pytest.mark.parametrize(
    ("content", "mode", "name", "said"),
    [
        (b"s", 0o644, "launch_secret_file", "is open to others"),
        (b"\n", 0o600, "launch_secret_file", "holds no secret"),
        (b"\xff", 0o600, "launch_secret_file", "holds no secret"),
        (b"no key", 0o600, "launch_key_file", "is neither a private JWK nor a private key in PEM"),
    ],
)
def test_files_that_cannot_be_used_stop_the_start(
    tmp_path: Path, content: bytes, mode: int, name: str, said: str
) -> None:
    path = secret_file(tmp_path, content, mode)
    with pytest.raises(SettingsError, match=rf"{name.upper()}: .*{said}"), visiting(**{name: path}):
        pass


def test_a_secret_and_a_key_are_one_too_many(tmp_path: Path) -> None:
    path = secret_file(tmp_path, b"s")
    with pytest.raises(SettingsError, match="take one of the two away"):
        visiting(launch_secret_file=path, launch_key_file=path).__enter__()


def test_without_a_client_id_there_are_no_pages_and_no_links() -> None:
    with visiting(launch_client_id=None) as visitor:
        assert visitor.get(f"/launch?iss={FHIR}&launch=x").status_code == 404
        assert visitor.get("/timeline").status_code == 404


def test_the_card_carries_the_link_that_the_ehr_opens() -> None:
    with visiting() as visitor:
        link = visitor.card()["links"][0]
    assert link == {"label": "Doses over time", "url": f"{BASE}/launch", "type": "smart"}
    assert settings(launch_client_id=None).launch_client_id is None


def test_an_unexpected_error_is_a_page_for_people_and_tells_nothing_but_the_incident(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def crash(*_: object, **__: object) -> None:
        raise ValueError("Anna Berg")

    with visiting() as visitor:
        address = str(visitor.by_ehr().url)
        monkeypatch.setattr(hooks.pages.timeline, "doses", crash)
        answer = visitor.get(address)
    assert (answer.status_code, answer.headers["content-type"]) == (500, "text/html; charset=utf-8")
    assert "Nothing is shown, because nothing is known." in answer.text
    assert answer.headers["x-incident-id"] in answer.text
    assert "Berg" not in answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")


@pytest.mark.parametrize(
    ("path", "status", "accept", "kind"),
    [
        ("/sign-out", 405, "text/html,*/*;q=0.8", "text/html; charset=utf-8"),
        ("/time-line", 404, "text/html,*/*;q=0.8", "text/html; charset=utf-8"),
        ("/time-line", 404, "*/*", "application/json"),
        ("/cds-services/none", 405, "text/html,*/*;q=0.8", "application/json"),
    ],
)
def test_what_is_not_there_is_a_page_for_a_browser_alone(path: str, status: int, accept: str, kind: str) -> None:
    with visiting() as visitor:
        answer = visitor.get(path, accept=accept)
    assert (answer.status_code, answer.headers["content-type"]) == (status, kind)
    assert ("There is no such page here" in answer.text) == kind.startswith("text/html")


def test_where_the_database_is_down_each_page_says_so_and_shows_no_doses() -> None:
    kept, roles = NotedSessions(), {"worklist": ("Practitioner/7",)}
    with visiting(sessions=kept, launch_roles=roles) as visitor:
        shown = str(visitor.by_ehr().url)
        callback = visitor.ehr.authorize(visitor.begin(iss=FHIR, launch="opaque"))
        kept.down = True
        for answer in (visitor.get(shown), visitor.get("/sign-out", "POST"), visitor.come_back(callback)):
            assert "the database of this service cannot be reached" in visitor.stopped(answer, 503)
        page = read(visitor.get("/worklist"), 503)
        assert "the database of this service cannot be reached" in page.text
        kept.down = False
        assert "Berg, Anna" in read(visitor.get(shown)).text
