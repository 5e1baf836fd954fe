"""Our own service under the black-box check: over a socket, by the command line, as anybody would run it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from hooks.app import create_app
from hooks.cli import app
from hooks.conformance.command import Options, conformance
from hooks.conformance.samples import request as sample
from hooks.conformance.table import CHECKS
from hooks.conformance.tokens import signer
from hooks.sandbox.running import address, listen, serving
from hooks.settings import Settings
from tests.conformance.good import ISSUER, key, pem
from tests.service.ehr import NOW

Json = dict[str, Any]

NO_KEY = {name for name in CHECKS if name.startswith("auth-")} - {"auth-required"}
# What cannot be judged of our service, and why. Whatever else were skipped would be skipped in silence.
SKIPPED: dict[str, set[str]] = {
    "is this machine": {"tls"},
    "had appContext": {"link-app-context"},
    "had systemActions": {"system-actions"},
    "--crd": {name for name, check in CHECKS.items() if check.crd},
    "has fhirAuthorization": {"request-scope-patient"},
}


@contextmanager
def ours(**settings: Any) -> Iterator[str]:
    """The base URL of our service, on a socket."""
    with listen(0, "of the test") as listener:
        url = address(listener)
        chosen = {"regimen": "eu-12mg", "time_zone": "Pacific/Chatham", "public_url": url, **settings}
        with serving([(create_app(Settings(**chosen), clock=lambda: NOW), listener)]):
            yield url


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    """The service as `make run` starts it: it asks nobody who calls, and shows the assessment beside the cards."""
    with ours(client_auth="off", show_assessment=True) as url:
        yield url


def checked(capsys: pytest.CaptureFixture[str], url: str, **options: Any) -> tuple[int, dict[str, Json]]:
    ended = conformance(Options(url, form="json", **options), clock=lambda: NOW, timer=lambda: 0.0)
    return ended, {one["check"]: one for one in json.loads(capsys.readouterr().out)["results"]}


def outcomes(results: dict[str, Json], outcome: str) -> list[str]:
    return [name for name, one in results.items() if one["outcome"] == outcome]


def assert_skipped(results: dict[str, Json], expected: dict[str, set[str]]) -> None:
    for reason, names in expected.items():
        assert {name for name in outcomes(results, "skipped") if reason in results[name]["reason"]} == names, reason
    assert set(outcomes(results, "skipped")) == set().union(*expected.values())


def test_our_service_keeps_every_rule(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    private, public = tmp_path / "key.pem", tmp_path / "keys.json"
    private.write_bytes(pem())
    given = ECAlgorithm.to_jwk(key().public_key(), as_dict=True)
    public.write_text(json.dumps({"keys": [{**given, "kid": "k", "use": "sig", "alg": "ES384"}]}), "utf-8")
    with ours(clients=[{"issuer": ISSUER, "jwks_file": str(public)}]) as url:
        ended, results = checked(capsys, url, key=private, key_id="k", issuer=ISSUER, strict=True)
    assert {name: results[name]["seen"] for name in outcomes(results, "failed")} == {}
    assert ended == 0
    assert_skipped(results, SKIPPED)


def test_where_everybody_may_call_the_check_says_so(capsys: pytest.CaptureFixture[str], base: str) -> None:
    ended, results = checked(capsys, base)
    assert ended == 0
    assert outcomes(results, "failed") == ["auth-required"]
    assert_skipped(results, {**SKIPPED, "--key": NO_KEY})


def test_requests_of_ones_own_replace_the_samples(
    capsys: pytest.CaptureFixture[str], base: str, tmp_path: Path
) -> None:
    file = tmp_path / "mine.json"
    request = sample("order-sign", NOW.date(), {})
    assert request is not None
    file.write_text(json.dumps(request), "utf-8")
    ended, results = checked(capsys, f"{base}/cds-services/", requests=[file], hooks=["order-sign"])
    assert ended == 1
    # a sample without data proves nothing; a request of one's own is to be answered
    assert "answered 412" in results["call-status"]["seen"][0]
    assert results["card-fields"]["outcome"] == "skipped"


def test_only_the_services_and_hooks_that_are_meant_are_called(capsys: pytest.CaptureFixture[str], base: str) -> None:
    _, results = checked(capsys, base, services=["nusinersen-chart"])
    assert results["call-status"]["outcome"] == "passed"
    assert results["suggestion-fields"]["outcome"] == "skipped"
    _, results = checked(capsys, base, hooks=["encounter-discharge"])
    assert results["call-status"]["reason"].endswith("no service could be called")


def run(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "hooks.cli", "conformance", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_command(base: str) -> None:
    ended = run(base, "--no-feedback")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "FAILED   warning  auth-required: Without a token the answer is 401" in ended.stdout
    assert "         do:   Demand a token where data could leak." in ended.stdout
    assert "skipped  error    feedback-status: no feedback was to be sent" in ended.stdout
    assert "passed   error    unknown-service:" in ended.stdout
    assert run(base, "--strict", "--format", "json").returncode == 1


def test_the_list_of_checks() -> None:
    listed = run("--list")
    assert [line.split()[0] for line in listed.stdout.splitlines()] == list(CHECKS)


def test_a_port_where_nobody_listens() -> None:
    with listen(0, "of the test") as listener:
        url = address(listener)
    ended = run(url)
    assert ended.returncode == 3
    assert "is not reachable" in ended.stderr


KEY = ["--key", "key.json", "--issuer", ISSUER]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["ehr.example.invalid"], "URL: is no http or https URL"),
        (["http://127.0.0.1:1", "--format", "xml"], "--format: 'xml' is no format"),
        (["http://127.0.0.1:1", "--request", "absent.json"], "--request: absent.json cannot be read"),
        (["http://127.0.0.1:1", "--request", "text.json"], "--request: text.json is no JSON (line 1, column 1)"),
        (["http://127.0.0.1:1", "--request", "list.json"], "--request: list.json is no request"),
        (["http://127.0.0.1:1", "--key", "absent.pem", "--issuer", "i"], "--key: cannot be read"),
        (["http://127.0.0.1:1", "--key", "text.json", "--issuer", "i"], "--key: is no private key"),
        (["http://127.0.0.1:1", "--key", "key.json"], "--issuer: is needed"),
        (["http://127.0.0.1:1", *KEY], "--key-id: is needed"),
        (["http://127.0.0.1:1", *KEY, "--token", "t"], "--key, --token: give one of them"),
        (["http://127.0.0.1:1", "--token", ""], "--token: is empty"),
        (["http://127.0.0.1:1", "--ca-file", "absent.pem"], "--ca-file: cannot be read"),
    ],
)
def test_what_the_user_can_mend_ends_it_with_2(
    words: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("text.json").write_text("no JSON", "utf-8")
    Path("list.json").write_text("[]", "utf-8")
    Path("key.json").write_text(json.dumps(jwk()), "utf-8")
    with pytest.raises(SystemExit) as ended:
        app(["conformance", *words], prog_name="nusinersen-cds")
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


def jwk() -> Json:
    """The client's key as a JWK, without the id that it should have."""
    written: Json = ECAlgorithm.to_jwk(key(), as_dict=True)
    return written


def test_a_key_may_be_a_jwk_of_either_type() -> None:
    ours = signer(json.dumps({**jwk(), "kid": "k"}).encode(), clock=lambda: NOW, issuer="i", key_id=None)
    assert (ours.algorithm, ours.key_id) == ("ES384", "k")
    private: Json = RSAAlgorithm.to_jwk(rsa.generate_private_key(public_exponent=65537, key_size=2048), as_dict=True)
    theirs = signer(
        json.dumps(private).encode(),
        clock=lambda: NOW,
        issuer="i",
        key_id="r",
        jku="https://x.example.invalid",
        tenant="t",
    )
    token = theirs.token("https://service.example.invalid/cds-services") or ""
    assert jwt.get_unverified_header(token) == {
        "alg": "RS384",
        "typ": "JWT",
        "kid": "r",
        "jku": "https://x.example.invalid",
    }
    claims = jwt.decode(token, options={"verify_signature": False})
    assert (claims["iss"], claims["tenant"], claims["exp"] - claims["iat"]) == ("i", "t", 300)
