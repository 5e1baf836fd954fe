"""Which FHIR servers of requests are called: those on the list, and no other whatever the spelling."""

from __future__ import annotations

import pytest

from cds.fhir.allowed import Allowed
from cds.fhir.errors import FhirError, Kind

EHR = "https://ehr.example.invalid/fhir"
LISTED = [
    # what the site lists, what a request names, the base URL that is then called
    (EHR, EHR, EHR),
    (EHR, f"{EHR}/", EHR),
    (f"{EHR}/", EHR, EHR),
    (EHR, "https://EHR.Example.Invalid:443/fhir", EHR),
    (EHR, "HTTPS://ehr.example.invalid/fhir", EHR),
    (EHR, f"  {EHR} ", EHR),
    (EHR, f"{EHR}/tenant-7/R4", f"{EHR}/tenant-7/R4"),
    (EHR, "https://ehr.example.invalid/%66hir", "https://ehr.example.invalid/%66hir"),
    ("https://ehr.example.invalid", EHR, EHR),
    ("http://localhost:8001/fhir", "http://localhost:8001/fhir", "http://localhost:8001/fhir"),
    ("http://127.0.0.1:8001", "http://127.0.0.1:8001/fhir", "http://127.0.0.1:8001/fhir"),
    ("http://[::1]/fhir", "http://[0:0:0::0:1]:80/fhir", "http://[::1]/fhir"),
    ("https://xn--bcher-kva.example.invalid", "https://XN--bcher-kva.example.invalid",
     "https://xn--bcher-kva.example.invalid"),
]  # fmt: skip
NOT_LISTED = [
    "https://other.example.invalid/fhir",
    "http://ehr.example.invalid/fhir",
    "https://ehr.example.invalid:8443/fhir",
    "https://ehr.example.invalid",
    "https://ehr.example.invalid/",
    "https://ehr.example.invalid/FHIR",
    "https://ehr.example.invalid/fhirs",
    "https://ehr.example.invalid/fhir2/R4",
    "https://ehr.example.invalid/fhir%2Fadmin",
    "https://ehr.example.invalid//fhir",
    "https://ehr.example.invalid./fhir",
    "https://sub.ehr.example.invalid/fhir",
    "https://ehr.example.invalid.evil.example.invalid/fhir",
    "http://169.254.169.254/latest/meta-data",
    "http://127.0.0.1/fhir",
]
NO_BASE_URL = [
    "https://ehr.example.invalid/fhir/../admin",
    "https://ehr.example.invalid/fhir/%2e%2e/admin",
    "https://ehr.example.invalid/fhir/.%2E/admin",
    "https://ehr.example.invalid/fhir/%252e%252e/admin",
    "https://ehr.example.invalid/fhir/..%2fadmin",
    "https://ehr.example.invalid/fhir/..;x/admin",
    "https://ehr.example.invalid/fhir/%2e%2e%5cadmin",
    "https://ehr.example.invalid/fhir\\..\\admin",
    "https://ehr.example.invalid\\@evil.example.invalid/fhir",
    "https://ehr.example.invalid@evil.example.invalid/fhir",
    "https://user:word@ehr.example.invalid/fhir",
    "https://ehr.example.invalid/fhir?x=1",
    "https://ehr.example.invalid/fhir?",
    "https://ehr.example.invalid/fhir#",
    "https://ehr.example.invalid:0/fhir",
    "https://ehr.example.invalid:99999/fhir",
    "https://ehr.example.invalid%00.evil.example.invalid/fhir",
    "https://ehr.example.invalid /fhir",
    "https://ehr.example.invalid\n/fhir",
    "https://ehr.example.invalid\t/fhir",
    "https://ehr\u3002example\u3002invalid/fhir",
    "https://\u0435hr.example.invalid/fhir",
    "https://b\u00fccher.example.invalid/fhir",
    "https://2130706433/fhir",
    "https://0x7f.1/fhir",
    "https://127.1/fhir",
    "https://0177.0.0.1/fhir",
    "https://127.0.0.1./fhir",
    "https://[::1%25lo]/fhir",
    "https://[::1/fhir",
    "https://..../fhir",
    "file:///etc/passwd",
    "gopher://ehr.example.invalid/fhir",
    "ehr.example.invalid/fhir",
    "//ehr.example.invalid/fhir",
    "",
]


@pytest.mark.parametrize(("listed", "named", "called"), LISTED)
def test_a_listed_server_is_called_by_its_one_spelling(listed: str, named: str, called: str) -> None:
    assert Allowed(["https://first.example.invalid", listed]).base(named).url == called


@pytest.mark.parametrize("named", NOT_LISTED)
def test_a_server_that_is_not_listed_is_not_called_and_the_setting_is_named(named: str) -> None:
    with pytest.raises(FhirError, match="not on the list of those that this service may call") as caught:
        Allowed([EHR]).base(named)
    assert caught.value.kind is Kind.DENIED
    assert caught.value.message.endswith("add its base URL to the setting fhir_servers")


@pytest.mark.parametrize("named", NO_BASE_URL)
def test_what_is_no_base_url_is_called_by_no_list_and_may_be_on_none(named: str) -> None:
    allowed = Allowed([EHR, "https://evil.example.invalid", "http://127.0.0.1"])
    for refusing in (allowed.base, lambda url: Allowed([url])):
        with pytest.raises(FhirError, match="is not an http or https URL") as caught:
            refusing(named)
        assert caught.value.kind is Kind.UNUSABLE
    assert not allowed.admits(named)


def test_without_a_list_none_is_called() -> None:
    with pytest.raises(FhirError, match="setting fhir_servers"):
        Allowed([]).base(EHR)


def test_of_a_url_that_came_with_a_request_the_server_alone_is_repeated() -> None:
    for path in ("", "/fhir/", "/[click](https://x)", "/%3Cscript%3E", "/" + "x" * 200, "/Patient/17"):
        with pytest.raises(FhirError) as refused:
            Allowed([EHR]).base(f"https://other.example.invalid:443{path}")
        assert refused.value.message.startswith(
            "the FHIR server https://other.example.invalid, with its path, is not on the list"
        )
