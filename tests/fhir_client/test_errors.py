"""Errors are classed by what the caller should do, and their words hold no patient data."""

from __future__ import annotations

import pytest

from cds.fhir.errors import ISSUE_TYPES, Kind, from_status, issue_codes
from tests.fhir_client.server import BASE, outcome

KINDS = [
    # status, of a search, of a read, whether a plainer query is worth a try
    (301, Kind.UNUSABLE, Kind.UNUSABLE, False),
    (400, Kind.UNUSABLE, Kind.UNUSABLE, True),
    (401, Kind.DENIED, Kind.DENIED, False),
    (403, Kind.DENIED, Kind.DENIED, False),
    (404, Kind.UNUSABLE, Kind.MISSING, False),
    (405, Kind.UNUSABLE, Kind.UNUSABLE, False),
    (408, Kind.UNAVAILABLE, Kind.UNAVAILABLE, False),
    (410, Kind.UNUSABLE, Kind.MISSING, False),
    (422, Kind.UNUSABLE, Kind.UNUSABLE, True),
    (429, Kind.UNAVAILABLE, Kind.UNAVAILABLE, False),
    (500, Kind.UNAVAILABLE, Kind.UNAVAILABLE, False),
    (501, Kind.UNUSABLE, Kind.UNUSABLE, True),
    (503, Kind.UNAVAILABLE, Kind.UNAVAILABLE, False),
]


@pytest.mark.parametrize(("status", "search", "read", "refused"), KINDS)
def test_statuses(status: int, search: Kind, read: Kind, refused: bool) -> None:
    found = from_status(status, "the search for X", BASE)
    assert (found.kind, found.query_refused) == (search, refused)
    assert from_status(status, "the read of an X", BASE, read=True).kind is read
    assert found.message.startswith(f"the search for X: {BASE} ")
    assert f"(status {status})" in found.message


@pytest.mark.parametrize(
    ("status", "code", "refused", "by_post"),
    [
        (405, "security", False, True),
        (414, "security", False, True),
        (431, "security", False, True),
        (400, "not-supported", True, True),
        (403, "not-supported", False, False),
        (400, "too-long", True, True),
        (400, "invalid", True, False),
        (404, "not-supported", False, False),
        (503, "not-supported", False, False),
    ],
)
def test_when_the_same_search_may_do_as_post(status: int, code: str, refused: bool, by_post: bool) -> None:
    found = from_status(status, "the search for X", BASE, outcome("error", code))
    assert (found.query_refused, found.by_post) == (refused, by_post)


def test_the_message_says_what_where_why_and_what_to_do() -> None:
    coded = outcome("error", "security", details={"coding": [{"code": "MSG_AUTH"}]}, diagnostics="Mere Hohepa")
    assert from_status(403, "the search for MedicationAdministration", BASE, coded).message == (
        "the search for MedicationAdministration: https://ehr.example.invalid/fhir denied it "
        "(status 403, security); ask for a token whose scopes and user may read this"
    )


@pytest.mark.parametrize(
    ("shown", "issue"),
    [
        (("login",), {"code": "login"}),
        (("not-found",), {"code": "not-found", "details": {"coding": [{"code": "59177", "display": "Mere"}]}}),
        ((), {"code": "Mere Hohepa"}),
        ((), {"code": "mere"}),
        ((), {"diagnostics": "Patient/x", "details": {"text": "Mere"}, "expression": ["Patient/x"]}),
        ((), {"details": {"coding": [{"code": "Mere Hohepa"}, {"code": "19870614"}, {"code": 7}, {"code": "x" * 41}]}}),
        ((), {"details": {"coding": {"code": "A"}}}),
        ((), {"details": "A"}),
    ],
)
def test_of_an_operation_outcome_only_codes_are_shown(shown: tuple[str, ...], issue: dict[str, object]) -> None:
    assert issue_codes({"resourceType": "OperationOutcome", "issue": [issue, issue]}) == shown


@pytest.mark.parametrize("rubbish", [None, 7, "text", [], {}, {"issue": 7}, {"issue": [7, None]}])
def test_rubbish_has_no_codes(rubbish: object) -> None:
    assert issue_codes(rubbish) == ()


def test_the_closed_list_of_issue_types_is_that_of_r4_with_two_of_r5() -> None:
    assert len(ISSUE_TYPES) == 33
