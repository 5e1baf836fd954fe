"""The way of a sign-in that goes well: what is asked of the EHR, what is kept, and what is seen in the end."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from urllib.parse import parse_qsl

import httpx
import orjson
import pytest

from hooks.launch.cookies import SESSION
from tests.launch.ehr import AUTH, CLIENT, FHIR, KEY, SECRET, Ehr, assertion, basic, by_form
from tests.launch.visitor import BASE, Clock, query_of, visiting, visitors
from tests.pages.reading import read
from tests.service.noted import KEYS, NotedJournal

OLD = {"capabilities": ["permission-v1"], "scopes_supported": ["patient/*.read"]}


def test_the_ehr_is_asked_by_a_code_challenge_for_its_own_patient() -> None:
    with visiting() as visitor:
        asked = query_of(visitor.begin(iss=FHIR, launch="opaque"))
    assert {name: asked[name] for name in ("response_type", "client_id", "redirect_uri", "aud", "launch")} == {
        "response_type": "code",
        "client_id": CLIENT,
        "redirect_uri": f"{BASE}/callback",
        "aud": FHIR,
        "launch": "opaque",
    }
    assert asked["code_challenge_method"] == "S256"
    assert "launch" in asked["scope"].split()
    assert "patient/MedicationAdministration.rs" in asked["scope"].split()


def test_state_nonce_and_challenge_are_new_each_time() -> None:
    with visiting() as visitor:
        one, two = (query_of(visitor.begin(iss=FHIR, launch="opaque")) for _ in range(2))
    for name in ("state", "nonce", "code_challenge"):
        assert one[name] != two[name]
        assert min(len(one[name]), len(two[name])) >= 43, "256 bits"


def test_the_timeline_is_read_with_the_token_of_the_user() -> None:
    with visiting() as visitor:
        page = read(visitor.by_ehr())
        read_at_server = [each for each in visitor.ehr.asked if each.url.path.startswith("/fhir/Med")]
    assert "Berg, Anna, born 2019-04-02" in page.text
    assert "Patient/anna" in page.text
    assert "2026-01-15" in page.text
    assert read_at_server
    assert {each.headers["authorization"] for each in read_at_server} == {"Bearer the-token"}


def test_the_verifier_of_the_challenge_goes_with_the_code() -> None:
    with visiting() as visitor:
        url = visitor.begin(iss=FHIR, launch="opaque")
        visitor.come_back(visitor.ehr.authorize(url))
        [request] = visitor.ehr.tokens_asked()
    form = dict(parse_qsl(request.content.decode()))
    digest = sha256(form["code_verifier"].encode()).digest()
    assert urlsafe_b64encode(digest).rstrip(b"=").decode() == query_of(url)["code_challenge"]
    assert form["grant_type"] == "authorization_code"
    assert form["redirect_uri"] == f"{BASE}/callback"


def test_a_public_client_names_itself_and_shows_nothing() -> None:
    with visiting() as visitor:
        visitor.by_ehr()
        [request] = visitor.ehr.tokens_asked()
    assert dict(parse_qsl(request.content.decode()))["client_id"] == CLIENT
    assert "authorization" not in request.headers


@pytest.mark.parametrize(
    ("methods", "shown"),
    [
        ([], basic),
        (["client_secret_basic", "client_secret_post"], basic),
        (["client_secret_post"], by_form),
    ],
    ids=["the server does not say how", "by the header, where both are taken", "in the form, where no other is taken"],
)
def test_a_confidential_client_shows_its_secret(
    tmp_path: Path, methods: list[str], shown: Callable[[httpx.Request], str]
) -> None:
    ehr = Ehr()
    ehr.configuration = {"token_endpoint_auth_methods_supported": methods}
    with visiting(ehr, launch_secret_file=secret_file(tmp_path, f"{SECRET}\n".encode())) as visitor:
        assert visitor.by_ehr().status_code == 200
        [request] = ehr.tokens_asked()
    assert shown(request) == f"{CLIENT}:{SECRET}"


def test_a_client_with_a_key_signs_an_assertion(tmp_path: Path) -> None:
    key = secret_file(tmp_path, orjson.dumps(KEY.private_jwk))
    with visiting(launch_key_file=key) as visitor:
        assert visitor.by_ehr().status_code == 200
        [request] = visitor.ehr.tokens_asked()
    claims = assertion(request, KEY)
    assert (claims["iss"], claims["sub"], claims["aud"]) == (CLIENT, CLIENT, f"{AUTH}/token")


def test_whoever_comes_alone_has_the_patient_chosen_by_the_ehr() -> None:
    with visiting() as visitor:
        asked = query_of(visitor.begin())
        assert "launch/patient" in asked["scope"].split()
        assert "launch" not in asked
        assert "Berg, Anna" in read(visitor.alone()).text


def test_with_several_ehrs_whoever_comes_alone_chooses_one() -> None:
    other = "https://other.example.invalid/fhir"
    with visiting(fhir_servers=f"{FHIR} {other}") as visitor:
        page = read(visitor.get("/launch"))
        [address] = [each["href"] for each in page.all("a") if "ehr.example" in (each["href"] or "")]
        assert visitor.get(address or "").headers["location"].startswith(f"{AUTH}/authorize?")
    assert other in page.text


def test_the_names_of_this_machine_are_one_choice() -> None:
    here = "http://127.0.0.1:8001/fhir http://localhost:8001/fhir http://[::1]:8001/fhir"
    with visiting(fhir_servers=f"{FHIR} {here} http://localhost:8002/fhir") as visitor:
        page = read(visitor.get("/launch"))
    offered = [query_of(each["href"] or "")["server"] for each in page.all("a") if "server=" in (each["href"] or "")]
    assert offered == [FHIR, "http://127.0.0.1:8001/fhir", "http://localhost:8002/fhir"]


def test_a_server_of_smart_1_is_asked_in_its_own_spelling() -> None:
    ehr = Ehr()
    ehr.configuration = OLD
    with visiting(ehr) as visitor:
        assert "patient/MedicationAdministration.read" in query_of(visitor.begin(iss=FHIR, launch="x"))["scope"].split()
        assert visitor.by_ehr().status_code == 200


def test_a_server_of_smart_1_names_its_keys_by_openid_connect() -> None:
    ehr = Ehr()
    ehr.configuration = {"jwks_uri": None}
    with visiting(ehr) as visitor:
        assert visitor.by_ehr().status_code == 200
    assert f"{AUTH}/.well-known/openid-configuration" in [str(each.url) for each in ehr.asked]


def test_without_openid_nobody_is_named_and_no_keys_are_read() -> None:
    ehr = Ehr()
    ehr.token = {"id_token": None}
    with visiting(ehr, launch_scopes="launch patient/MedicationAdministration.rs") as visitor:
        assert "nonce" not in query_of(visitor.begin(iss=FHIR, launch="x"))
        assert visitor.by_ehr().status_code == 200
    assert not [each for each in ehr.asked if each.url.path == "/keys"]


def test_cookies_are_strict_for_the_session_and_lax_for_the_way() -> None:
    with visiting() as visitor:
        begun = visitor.get(f"/launch?iss={FHIR}&launch=x")
        [on_the_way] = begun.headers.get_list("set-cookie")
        hop = read(visitor.get(visitor.ehr.authorize(begun.headers["location"])))
        [refresh] = [each["content"] or "" for each in hop.all("meta") if each.get("http-equiv") == "refresh"]
        signed_in = visitor.get(refresh.partition("url=")[2])
    kept = {each.partition("=")[0]: each for each in signed_in.headers.get_list("set-cookie")}
    for cookie, same_site in ((on_the_way, "lax"), (kept[SESSION], "strict")):
        assert cookie.startswith("__Host-")
        assert {"HttpOnly", "Secure", "Path=/", f"SameSite={same_site}"} <= set(cookie.split("; "))
    assert "Max-Age=600" in on_the_way
    assert "Max-Age" not in kept[SESSION], "forgotten with the browser"
    assert "Max-Age=0" in kept[on_the_way.partition("=")[0]]


def test_nothing_of_the_token_or_the_patient_is_in_a_cookie_or_an_address() -> None:
    with visiting() as visitor:
        url = visitor.begin(iss=FHIR, launch="x")
        callback = visitor.get(visitor.ehr.authorize(url))
        visitor.by_ehr()
        seen = f"{visitor.cookies} {callback.text}"
    assert "the-token" not in seen
    assert "anna" not in seen


SEVERAL = {"regimen": "eu-12mg qalsody"}


@pytest.mark.parametrize(
    ("context", "shown"),
    [
        (None, "Nusinersen"),
        ('{"drug": "tofersen"}', "Tofersen"),
        ('{"drug": "nusinersen"}', "Nusinersen"),
        ('{"drug": "another"}', "Nusinersen"),
        ("no JSON", "Nusinersen"),
        ('["tofersen"]', "Nusinersen"),
    ],
)
def test_with_several_drugs_the_link_of_a_card_opens_that_of_its_own(context: str | None, shown: str) -> None:
    ehr = Ehr()
    ehr.token = {"appContext": context}
    with visiting(ehr, **SEVERAL) as visitor:
        page = read(visitor.by_ehr())
    assert f"{shown}: doses over time" in page.text
    [other] = {"Nusinersen", "Tofersen"} - {shown}
    assert f"Doses of {other} are on a page of their own" in page.text


def test_each_of_several_drugs_has_a_page_and_tries_dates_of_its_own() -> None:
    with visiting(**SEVERAL) as visitor:
        page = read(visitor.by_ehr())
        [address] = [each["href"] or "" for each in page.all("a") if "drug=" in (each["href"] or "")]
        other = read(visitor.get(address))
    assert "Tofersen: doses over time" in other.text
    assert "Not shown, and judged apart at this site: Nusinersen" in other.text
    assert ("tofersen", "drug") in [(each.get("value"), each.get("name")) for each in other.all("input")]


def test_an_address_that_names_another_drug_shows_no_doses() -> None:
    with visiting(**SEVERAL) as visitor:
        page = read(visitor.by_ehr())
        [address] = [each["href"] or "" for each in page.all("a") if "drug=" in (each["href"] or "")]
        stopped = visitor.get(address.replace("drug=tofersen", "drug=another"))
    assert stopped.status_code == 400
    assert "opened for a drug that is not looked at here" in stopped.text
    assert "doses over time" not in stopped.text


def test_the_link_of_a_card_names_its_drug_where_there_are_several() -> None:
    with visiting(**SEVERAL) as visitor:
        [link] = [each for each in visitor.card()["links"] if each["type"] == "smart"]
    assert link["appContext"] == '{"drug":"nusinersen"}'


def test_two_patients_beside_each_other_have_views_of_their_own() -> None:
    with visiting() as visitor:
        first = visitor.by_ehr()
        second = visitor.by_ehr()
        assert first.url != second.url
        assert visitor.get(str(first.url)).status_code == 200
        assert visitor.get(str(second.url)).status_code == 200


def test_a_view_is_for_the_browser_alone_that_signed_in() -> None:
    with visitors(2) as [one, other]:
        seen = str(one.by_ehr().url)
        assert "not signed in here" in other.stopped(other.get(seen), 401)
        other.by_ehr()
        assert "not signed in here" in other.stopped(other.get(seen), 401)


def test_another_user_in_the_same_browser_ends_the_sessions_of_the_first() -> None:
    with visiting() as visitor:
        first = str(visitor.by_ehr().url)
        visitor.ehr.claims = {"fhirUser": f"{FHIR}/Practitioner/8"}
        second = str(visitor.by_ehr().url)
        assert visitor.get(second).status_code == 200
        assert visitor.get(first).status_code == 401


@pytest.mark.parametrize(
    ("seconds", "minutes", "good_until"),
    [(600, 30, 600), (None, 30, 1800), (86_400, 30, 1800), ("900", 30, 900)],
    ids=["the token ends first", "the server does not say", "the session ends first", "a number written as text"],
)
def test_a_session_ends_with_its_token_or_after_a_while(seconds: object, minutes: int, good_until: int) -> None:
    ehr, clock = Ehr(), Clock()
    ehr.token = {"expires_in": seconds}
    with visiting(ehr, clock, launch_minutes=minutes) as visitor:
        seen = str(visitor.by_ehr().url)
        clock.wait(seconds=good_until - 1)
        assert visitor.get(seen).status_code == 200
        clock.wait(seconds=1)
        assert "not any more" in visitor.stopped(visitor.get(seen), 401)


def test_signing_out_ends_all_sessions_of_the_browser() -> None:
    with visiting() as visitor:
        seen = [str(visitor.by_ehr().url) for _ in range(2)]
        assert "Signed out" in read(visitor.get("/sign-out", "POST")).text
        assert [visitor.get(each).status_code for each in seen] == [401, 401]
        assert visitor.cookies == {}


def test_behind_a_proxy_with_a_path_every_address_has_it() -> None:
    with visiting(public_url=f"{BASE}/nusinersen") as visitor:
        assert query_of(visitor.begin(iss=FHIR, launch="x"))["redirect_uri"] == f"{BASE}/nusinersen/callback"
        answer = visitor.by_ehr()
        page = read(answer)
    assert {each["action"] for each in page.all("form")} == {
        "/nusinersen/sign-out",
        "/nusinersen/timeline#what-if",
    }


def test_a_date_is_tried_for_the_patient_of_the_view() -> None:
    with visiting() as visitor:
        seen = str(visitor.by_ehr().url)
        page = read(visitor.get(f"{seen}&date=2026-05-02"))
    assert "Berg, Anna" in page.text
    assert "2026-05-02" in page.text


def test_every_look_is_in_the_journal_with_hashes_alone() -> None:
    journal = NotedJournal()
    with visiting(journal=journal) as visitor:
        seen = str(visitor.by_ehr().url)
        visitor.get(f"{seen}&date=2026-05-02")
        visitor.ehr.fhir_status = 503
        visitor.get(seen)
        visitor.get("/sign-out", "POST")
    assert [(view.page, view.outcome) for view in journal.views] == [
        ("launch", "done"),
        ("timeline", "shown"),
        ("what-if", "shown"),
        ("timeline", "not-read"),
        ("sign-out", "done"),
    ]
    key = KEYS.newest
    assert {view.user for view in journal.views} == {key.user("default", "Practitioner/7")}
    assert {view.patient for view in journal.views} == {key.patient("default", "anna")}


def test_a_name_that_cannot_be_read_is_said_and_the_doses_are_shown() -> None:
    ehr = Ehr()
    ehr.patient = None
    with visiting(ehr) as visitor:
        page = read(visitor.by_ehr())
    assert "The name could not be read" in page.text
    assert "Patient/anna" in page.text


def secret_file(folder: Path, content: bytes, mode: int = 0o600) -> Path:
    path = folder / "secret"
    path.write_bytes(content)
    path.chmod(mode)
    return path
