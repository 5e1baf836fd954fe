"""What the sandbox answers, as a FHIR server: reading, searching, paging, media types, CORS."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import Any

import httpx
import pytest

from hooks.sandbox.server import SandboxMissing, create_sandbox
from tests.sandbox.conftest import BASE, ON, Call, caller

TYPES = ["Patient", "Condition", "Medication", "MedicationAdministration", "MedicationRequest", "Observation"]


def ids(answer: httpx.Response, mode: str = "match") -> list[str]:
    assert answer.status_code == 200, answer.text
    bundle = answer.json()
    assert (bundle["resourceType"], bundle["type"]) == ("Bundle", "searchset")
    return [entry["resource"]["id"] for entry in bundle.get("entry", []) if entry["search"]["mode"] == mode]


def next_link(answer: httpx.Response) -> str | None:
    links = {link["relation"]: link["url"] for link in answer.json()["link"]}
    return links.get("next")


def test_metadata_says_r4_and_the_searches(call: Call) -> None:
    statement = call("GET", "metadata").json()
    assert (statement["resourceType"], statement["fhirVersion"]) == ("CapabilityStatement", "4.0.1")
    served = {resource["type"]: resource for resource in statement["rest"][0]["resource"]}
    assert served.keys() >= set(TYPES)
    searches = {parameter["name"] for parameter in served["MedicationAdministration"]["searchParam"]}
    assert searches >= {"_id", "patient", "subject", "code", "status", "effective-time"}


@pytest.mark.parametrize(
    "path",
    [
        "Patient/due",
        "Condition/due-r1",
        "Medication/spinraza-12mg",
        "MedicationAdministration/due-a1",
        "MedicationRequest/due-order",
        "Observation/upcoming-r1",
    ],
)
def test_each_type_is_read_by_its_own_id(call: Call, path: str) -> None:
    resource = call("GET", path).json()
    assert f"{resource['resourceType']}/{resource['id']}" == path


def test_what_is_not_there_is_404_with_an_operation_outcome(call: Call) -> None:
    answer = call("GET", "Medication/not-on-this-server")
    assert (answer.status_code, answer.json()["resourceType"]) == (404, "OperationOutcome")


SEARCHES: list[tuple[str, dict[str, str], list[str]]] = [
    ("MedicationAdministration", {"patient": "transfer"}, ["transfer-a1", "transfer-a2"]),
    ("MedicationAdministration", {"patient": "Patient/transfer"}, ["transfer-a1", "transfer-a2"]),
    ("MedicationAdministration", {"subject": "Patient/transfer"}, ["transfer-a1", "transfer-a2"]),
    (
        "MedicationAdministration",
        {"patient": "transfer", "_sort": "-effective-time"},
        ["transfer-a2", "transfer-a1"],
    ),
    ("MedicationAdministration", {"patient": "due", "status": "not-done"}, ["due-a5"]),
    ("MedicationAdministration", {"patient": "due", "status": "not-done,entered-in-error"}, ["due-a5", "due-a6"]),
    (
        "MedicationAdministration",
        {"patient": "transfer", "code": "http://www.whocc.no/atc|M09AX07"},
        ["transfer-a1", "transfer-a2"],
    ),
    ("MedicationAdministration", {"patient": "not-started", "code": "http://www.whocc.no/atc|M09AX07"}, []),
    # R4's code sees neither references nor text, so a search by it must not be trusted to find all doses.
    ("MedicationAdministration", {"patient": "overdue", "code": "http://www.whocc.no/atc|M09AX07"}, []),
    # 130 days before ON is 2025-12-22; four months after that is 2026-04-22
    ("MedicationAdministration", {"patient": "transfer", "effective-time": "ge2026-01-01"}, ["transfer-a2"]),
    ("MedicationAdministration", {"patient": "transfer", "effective-time": "lt2025-12-23"}, ["transfer-a1"]),
    ("MedicationAdministration", {"patient": "transfer", "effective-time": "2026-04-22"}, ["transfer-a2"]),
    ("MedicationAdministration", {"patient": "nobody"}, []),
    ("Medication", {"_id": "spinraza-12mg,midazolam"}, ["midazolam", "spinraza-12mg"]),
    ("Patient", {"_id": "due"}, ["due"]),
    ("Condition", {"patient": "due"}, ["due-r1"]),
    ("MedicationRequest", {"patient": "due", "status": "draft"}, ["due-order"]),
    ("Observation", {"patient": "upcoming", "code": "http://loinc.org|777-3"}, ["upcoming-r1"]),
]


@pytest.mark.parametrize(("of", "parameters", "expected"), SEARCHES)
def test_a_search_by_get_and_by_post_finds_the_same(
    call: Call, of: str, parameters: dict[str, str], expected: list[str]
) -> None:
    by_get = ids(call("GET", of, params=parameters))
    by_post = ids(call("POST", f"{of}/_search", data=parameters))
    assert by_get == by_post
    assert (by_get if "_sort" in parameters else sorted(by_get)) == expected


def many(count: int) -> list[dict[str, Any]]:
    return [
        {
            "resourceType": "MedicationAdministration",
            "id": f"m{number}",
            "status": "completed",
            "subject": {"reference": "Patient/many"},
            "effectiveDateTime": f"{2000 + number // 300}-{number % 12 + 1:02d}-{number % 28 + 1:02d}",
            "medicationReference": {"reference": "Medication/spinraza-12mg"},
        }
        for number in range(count)
    ]


def test_pages_follow_the_next_links_and_hold_each_record_once_newest_first() -> None:
    call = caller(create_sandbox(BASE, ON, more=many(45)))
    answer = call("GET", "MedicationAdministration?patient=many&_sort=-effective-time&_count=20")
    pages = [answer]
    while (url := next_link(pages[-1])) is not None:
        assert url.startswith(f"{BASE}/MedicationAdministration?")
        pages.append(call("GET", url))
    assert [len(ids(page)) for page in pages] == [20, 20, 5]
    assert {page.json()["total"] for page in pages} == {45}
    dates = [entry["resource"]["effectiveDateTime"] for page in pages for entry in page.json()["entry"]]
    assert dates == sorted(dates, reverse=True)
    assert len({name for page in pages for name in ids(page)}) == 45


def test_a_large_history_is_searched_and_sorted_in_a_fraction_of_a_second() -> None:
    call = caller(create_sandbox(BASE, ON, more=many(2_000), fixtures=False))
    start = time.perf_counter()
    found = ids(call("GET", "MedicationAdministration?patient=many&_sort=-effective-time&_count=200"))
    assert len(found) == 200
    # without statistics for SQLite this took more than a second
    assert time.perf_counter() - start < 0.5


def test_include_brings_each_medication_once(call: Call) -> None:
    path = "MedicationAdministration?patient=overdue&_include=MedicationAdministration:medication"
    answer = call("GET", path)
    assert len(ids(answer)) == 4
    assert ids(answer, "include") == ["spinraza-12mg"]


def test_links_use_the_configured_base_url(call: Call) -> None:
    bundle = call("GET", "Patient?_count=1").json()
    assert all(link["url"].startswith(f"{BASE}/Patient?") for link in bundle["link"])
    assert bundle["entry"][0]["fullUrl"].startswith(f"{BASE}/Patient/")


def test_an_unknown_parameter_is_told_and_not_taken_for_a_match(call: Call) -> None:
    answer = call("GET", "MedicationAdministration?patient=transfer&nonsense=1")
    assert sorted(ids(answer)) == ["transfer-a1", "transfer-a2"]
    assert len(ids(answer, "outcome")) == 1


@pytest.mark.parametrize(
    ("accept", "answered"),
    [
        ("application/fhir+json", "application/fhir+json"),
        ("application/json", "application/json"),
        ("application/json+fhir", "application/json+fhir"),
        ("application/fhir+json;q=1.0, application/json+fhir;q=0.9", "application/fhir+json"),
        ("*/*", "application/fhir+json"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "application/json"),
    ],
)
@pytest.mark.parametrize("path", ["Patient/due", "Patient?_id=due", "Patient/nobody"])
def test_json_is_answered_under_the_name_that_was_asked_for(call: Call, path: str, accept: str, answered: str) -> None:
    answer = call("GET", path, headers={"Accept": accept})
    assert answer.headers["content-type"] == f"{answered}; charset=utf-8"
    assert answer.json()["resourceType"] in {"Patient", "Bundle", "OperationOutcome"}


@pytest.mark.parametrize("media_type", ["application/fhir+json", "application/json", "application/json+fhir"])
def test_a_transaction_is_taken_under_every_name_of_json(media_type: str) -> None:
    call = caller(create_sandbox(BASE, ON, fixtures=False))
    bundle = {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [
            {
                "resource": {"resourceType": "Patient", "id": "posted"},
                "request": {"method": "PUT", "url": "Patient/posted"},
            }
        ],
    }
    answer = call("POST", "", json=bundle, headers={"Content-Type": media_type})
    assert (answer.status_code, answer.json()["type"]) == (200, "transaction-response")
    assert call("GET", "Patient/posted").json()["id"] == "posted"


def test_a_browser_may_call_from_anywhere(call: Call) -> None:
    origin = {"Origin": "https://ehr.example.invalid"}
    asked = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization"}
    preflight = call("OPTIONS", "Patient/due", headers={**origin, **asked})
    assert preflight.status_code == 200
    assert "authorization" in preflight.headers["access-control-allow-headers"].lower()
    assert call("GET", "Patient/due", headers=origin).headers["access-control-allow-origin"] == "*"


def test_the_base_url_must_lead_to_the_routes() -> None:
    with pytest.raises(ValueError, match="ends in /fhir"):
        create_sandbox("http://sandbox.example.invalid", ON)


def test_without_the_extra_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sekmet.config", None)
    with pytest.raises(SandboxMissing, match=r"pip install 'nusinersen-cds\[sandbox\]'"):
        create_sandbox(BASE, ON)


def test_importing_the_sandbox_does_not_import_the_server() -> None:
    code = (
        "import hooks.sandbox.server, hooks.sandbox.load, sys; print(any(m.startswith('sekmet') for m in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True).stdout == "False\n"
