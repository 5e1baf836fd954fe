"""Every check has a broken service that fails by it, and by it alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from hooks.conformance.command import Options, conformance
from hooks.conformance.results import Severity
from hooks.conformance.samples import request as sample
from hooks.conformance.table import CHECKS
from hooks.console import ExitCode
from tests.conformance.broken import Service, answers
from tests.conformance.good import BASE, ISSUER, NOW, Good, pem
from tests.conformance.variants import VARIANTS

Json = dict[str, Any]
PREFETCH = {"doses": "MedicationAdministration?patient={{context.patientId}}"}


def chart(**changes: Any) -> Json:
    """A good request of one's own, with changes."""
    made = sample("patient-view", NOW.date(), PREFETCH)
    assert made is not None
    return {**made, **changes}


def access(**changes: Any) -> Json:
    authorization = {
        "access_token": "t",
        "token_type": "Bearer",
        "expires_in": 60,
        "scope": "user/*.read",
        "subject": "c",
    }
    return {"fhirServer": "https://ehr.example.invalid/fhir", "fhirAuthorization": {**authorization, **changes}}


# What is broken here is the request, not the service. A good service refuses some of these, so it takes them all.
REQUESTS: dict[str, Json] = {
    "request-fields": chart(hookInstance="not a uuid"),
    "request-context": chart(context={**chart()["context"], "userId": "example"}),
    "request-optional-fields": chart(**access(token_type="bearer")),
    "request-scope-patient": chart(**access(scope="patient/*.read")),
}


class Run:
    """What the command said of a service."""

    def __init__(self, capsys: pytest.CaptureFixture[str], folder: Path) -> None:
        self._capsys, self._key = capsys, folder / "key.pem"
        self._key.write_bytes(pem())

    def __call__(self, service: Service, url: str = BASE, **options: Any) -> tuple[ExitCode, dict[str, Json]]:
        given = Options(url, key=self._key, key_id="k", issuer=ISSUER, form="json", **options)
        ended = conformance(given, clock=lambda: NOW, transport=httpx.MockTransport(service), timer=lambda: 0.0)
        results = json.loads(self._capsys.readouterr().out)["results"]
        return ended, {one["check"]: one for one in results}


@pytest.fixture
def check(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    return Run(capsys, tmp_path)


def failed(results: dict[str, Json]) -> list[str]:
    return [name for name, one in results.items() if one["outcome"] == "failed"]


def test_the_good_service_passes_every_check(check: Run, tmp_path: Path) -> None:
    own = tmp_path / "own.json"
    own.write_text(json.dumps(chart(**access())), "utf-8")
    ended, results = check(Good(), requests=[own], crd=True)
    assert {name: one for name, one in results.items() if one["outcome"] != "passed"} == {}
    assert list(results) == list(CHECKS)
    assert ended == 0


def test_every_check_has_its_broken_variant() -> None:
    assert sorted([*VARIANTS, *REQUESTS, "tls", "answer-time"]) == sorted(CHECKS)


@pytest.mark.parametrize("name", VARIANTS)
def test_a_broken_service_fails_by_its_check_alone(check: Run, name: str) -> None:
    ended, results = check(VARIANTS[name](), crd=CHECKS[name].crd)
    assert failed(results) == [name], {one: results[one].get("seen") for one in failed(results)}
    assert results[name]["seen"]
    assert results[name]["advice"]
    assert ended == (1 if CHECKS[name].severity is Severity.ERROR else 0)


def first_card(**changes: Any) -> Service:
    return answers(lambda value: [card.update(changes) for card in value["cards"][:1]])


@pytest.mark.parametrize(
    ("broken", "seen"),
    [
        (first_card(detail=""), "cards[0].detail is ''"),
        (first_card(links=[]), "cards[0].links is []"),
        (first_card(extension={}), "cards[0].extension is {}"),
        (first_card(source={"label": "Label", "icon": None}), "cards[0].source.icon is null"),
        (answers(lambda value: value.update(systemActions=[])), "systemActions is []"),
        (answers(lambda value: value.update(extension=None)), "extension is null"),
    ],
)
def test_nothing_of_the_protocol_may_be_empty(check: Run, broken: Service, seen: str) -> None:
    ended, results = check(broken)
    assert failed(results) == ["answer-no-empties"]
    assert seen in results["answer-no-empties"]["seen"][0]
    assert ended == 1


@pytest.mark.parametrize("name", REQUESTS)
def test_a_broken_request_is_told_by_its_check_alone(check: Run, tmp_path: Path, name: str) -> None:
    file = tmp_path / "request.json"
    file.write_text(json.dumps(REQUESTS[name]), "utf-8")
    _, results = check(Good(), requests=[file])
    assert failed(results) == [name]
    assert "request.json" in results[name]["seen"][0]


def test_plain_http_fails_by_its_check_alone(check: Run) -> None:
    ended, results = check(Good(), url=BASE.replace("https", "http"))
    assert failed(results) == ["tls"]
    assert ended == 1
    _, results = check(Good(), url="http://127.0.0.1/base")
    assert (results["tls"]["outcome"], results["tls"]["reason"]) == ("skipped", "127.0.0.1 is this machine")


def test_a_slow_service_is_a_remark(capsys: pytest.CaptureFixture[str]) -> None:
    ticks = iter(range(10**6))
    options = Options(BASE, form="json")
    ended = conformance(
        options, clock=lambda: NOW, transport=httpx.MockTransport(Good(token_needed=False)), timer=lambda: next(ticks)
    )
    results = {one["check"]: one for one in json.loads(capsys.readouterr().out)["results"]}
    assert failed(results) == ["answer-time", "auth-required"]
    assert ended == 0


def test_a_warning_counts_where_that_is_asked_for(check: Run) -> None:
    assert check(VARIANTS["service-title"]())[0] == 0
    assert check(VARIANTS["service-title"](), strict=True)[0] == 1
    assert check(VARIANTS["card-uuid"](), strict=True)[0] == 0


def unreachable(_: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("refused")


def hanging(request: httpx.Request) -> httpx.Response:
    if request.method == "POST":
        raise httpx.ReadTimeout("too slow")
    return Good(token_needed=False)(request)


@pytest.mark.parametrize(
    ("service", "ended"), [(unreachable, ExitCode.NOT_READ), (hanging, ExitCode.FINDINGS)], ids=["refused", "too slow"]
)
def test_a_service_that_does_not_answer(service: Callable[..., Any], ended: ExitCode) -> None:
    assert conformance(Options(BASE), clock=lambda: NOW, transport=httpx.MockTransport(service)) == ended
