"""Which URLs belong to a server: the token goes to no other."""

from __future__ import annotations

import pytest

from cds.fhir.errors import FhirError, Kind
from cds.fhir.links import Base
from tests.fhir_client.server import BASE

PAGE = f"{BASE}/MedicationAdministration?patient=x"

WITHIN = [
    (f"{BASE}/MedicationAdministration?page=2", f"{BASE}/MedicationAdministration?page=2"),
    (f"{BASE}?_getpages=7f&_getpagesoffset=20", f"{BASE}?_getpages=7f&_getpagesoffset=20"),
    (f"{BASE}/?_getpages=7f", f"{BASE}/?_getpages=7f"),
    ("https://EHR.example.invalid:443/fhir/_page/2", "https://EHR.example.invalid:443/fhir/_page/2"),
    ("?page=2", f"{BASE}/MedicationAdministration?page=2"),
    ("MedicationAdministration?page=2", f"{BASE}/MedicationAdministration?page=2"),
    ("/fhir/next/abc", f"{BASE}/next/abc"),
]
OUTSIDE = [
    "https://other.example.invalid/fhir/MedicationAdministration?page=2",
    "http://ehr.example.invalid/fhir/MedicationAdministration?page=2",
    "https://ehr.example.invalid:8443/fhir/MedicationAdministration?page=2",
    "https://ehr.example.invalid.evil.example.invalid/fhir/x",
    "https://ehr.example.invalid@evil.example.invalid/fhir/x",
    "https://user:word@ehr.example.invalid/fhir/x",
    "https://ehr.example.invalid/fhirs/x",
    "https://ehr.example.invalid/admin",
    "https://ehr.example.invalid/fhir/../admin",
    "https://ehr.example.invalid/fhir/%2e%2e/admin",
    "https://ehr.example.invalid/fhir/..%2fadmin",
    "https:\\\\evil.example.invalid/fhir/x",
    "//evil.example.invalid/fhir/x",
    "https://ehr.example.invalid:port/fhir/x",
    "https://[ehr/fhir/x",
    "file:///fhir/x",
    "urn:uuid:5b6b8a4e-0000-4000-8000-000000000000",
]


@pytest.mark.parametrize(("link", "url"), WITHIN)
def test_links_that_stay(link: str, url: str) -> None:
    assert Base(BASE).within(link, PAGE) == url


@pytest.mark.parametrize("link", OUTSIDE)
def test_links_that_lead_away(link: str) -> None:
    assert Base(BASE).within(link, PAGE) is None


@pytest.mark.parametrize(
    ("reference", "target"),
    [
        ("Medication/m1", ("Medication", "m1")),
        ("Medication/m1/_history/3", ("Medication", "m1")),
        (f"{BASE}/Medication/m1", ("Medication", "m1")),
        ("https://other.example.invalid/fhir/Medication/m1", None),
        ("https://ehr.example.invalid/Medication/m1", None),
        ("Medication?identifier=7", None),
        ("Medication/..", None),
        ("m1", None),
        ("#m1", None),
        ("", None),
    ],
)
def test_references_to_resources_of_this_server(reference: str, target: tuple[str, str] | None) -> None:
    assert Base(BASE).resource(reference) == target


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ehr.example.invalid/fhir",
        "ftp://ehr.example.invalid/fhir",
        "https://user:word@ehr.example.invalid/fhir",
        f"{BASE}?x=1",
        f"{BASE}#x",
        "https://",
        "https://ehr.example.invalid:x/fhir",
        "https://ehr.example.invalid\\fhir",
    ],
)
def test_what_is_no_base_url(url: str) -> None:
    with pytest.raises(FhirError, match="is not an http or https URL") as caught:
        Base(url)
    assert caught.value.kind is Kind.UNUSABLE
    assert "word" not in str(caught.value)


def test_a_base_url_loses_its_last_slash_and_ids_are_encoded() -> None:
    base = Base(f" {BASE}/ ")
    assert base.url == BASE
    assert base.read("Medication", "a/../b?c") == f"{BASE}/Medication/a%2F..%2Fb%3Fc"
    assert base.search("Medication", (("code", "a|b,c&d"),)) == f"{BASE}/Medication?code=a%7Cb%2Cc%26d"
