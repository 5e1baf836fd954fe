"""Prefetch values and HTTP bodies of every kind: what they hold, and what is wrong with them."""

from __future__ import annotations

from typing import Any

import pytest

from cds.fhir.bundle import read_contents
from tests.fhir.records import known_empty

A = {"resourceType": "MedicationAdministration", "id": "a"}
B = {"resourceType": "MedicationAdministration", "id": "b"}
M = {"resourceType": "Medication", "id": "m"}
NEXT = "https://ehr.example.invalid/fhir?page=2"


def outcome(*issues: tuple[object, object]) -> dict[str, Any]:
    made = [{"severity": severity, "code": code, "diagnostics": "about Ann Other"} for severity, code in issues]
    return {"resourceType": "OperationOutcome", "issue": made}


def bundle(*entries: object, **elements: object) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "searchset", "entry": list(entries), **elements}


def entry(resource: object, mode: str | None = None) -> dict[str, Any]:
    return {"resource": resource, **({"search": {"mode": mode}} if mode else {})}


READ: dict[str, tuple[object, list[Any]]] = {
    "a resource alone": (A, [A]),
    "an empty Bundle": (bundle(), []),
    "a Bundle without entries": ({"resourceType": "Bundle", "type": "searchset", "total": 0}, []),
    "matches and what they include": (bundle(entry(A, "match"), entry(M, "include"), total=1), [A, M]),
    "a Bundle without a type": ({"resourceType": "Bundle", "entry": [entry(A)]}, [A]),
    "a collection that counts wrongly": (bundle(entry(A), type="collection", total=7), [A]),
    "a transaction with a deletion": (
        bundle({"request": {"method": "DELETE"}}, {**entry(A), "request": {"method": "PUT"}}, type="transaction"),
        [A],
    ),
    "a deletion that holds what is deleted": (
        bundle({**entry(A), "request": {"method": "DELETE"}}, entry(B), type="history"), [B]
    ),
    "an answer to a batch": (
        bundle({**entry(bundle(entry(A), total=1)), "response": {"status": "200 OK"}}, type="batch-response"),
        [A],
    ),
    "an answer to a batch, with a deletion after a search": (
        bundle(entry(bundle(entry(A))), {"request": {"method": "DELETE"}}, type="batch-response"), [A]
    ),
    "a Bundle inside a search that found all of it": (bundle(entry(bundle(entry(A), entry(B))), total=2), [A, B]),
    "an answer to a transaction": (bundle({"response": {"status": "201 Created"}}, type="transaction-response"), []),
    "entries without their wrapper": (bundle(A, B), [A, B]),
    "an entry instead of a resource": ({"fullUrl": "urn:uuid:1", "resource": A}, [A]),
    "a page of several": (bundle(entry(A), total=2, link=[{"relation": "next", "url": NEXT}]), [A]),
    "a total that is below what came": (bundle(entry(A), entry(B), total=1), [A, B]),
    "a total that is no number": (bundle(entry(A), total="many"), [A]),
    "a tag that takes nothing away": (bundle(entry(A), meta={"tag": [{"code": "HTEST"}]}), [A]),
    "tags that are none": (bundle(entry(A), meta={"tag": ["SUBSETTED"]}), [A]),
    "a remark of a server on how it searched": (
        bundle(entry(A), entry(outcome(("information", "processing")), "outcome")), [A]
    ),
}  # fmt: skip


@pytest.mark.parametrize(("value", "resources"), READ.values(), ids=READ)
def test_what_is_read_whole(value: object, resources: list[Any]) -> None:
    contents = read_contents(value)
    assert (list(contents.resources), contents.problems) == (resources, ())
    assert known_empty(contents) is (not resources)


PROBLEMS: dict[str, tuple[object, list[Any], list[str]]] = {
    "a string": ("no access", [], ["the value is a string, not a resource"]),
    "a page of HTML": (" <!DOCTYPE html>", [], ["the value is a page of HTML or XML"]),
    "a number": (404, [], ["the value is a number, not a resource"]),
    "a boolean": (False, [], ["the value is a boolean, not a resource"]),
    "a list": ([A], [], ["the value is a list, not a resource"]),
    "an empty object": ({}, [], ["the value has no resourceType"]),
    "an object without type": ({"id": "a"}, [], ["the value has no resourceType"]),
    "an error alone": (
        outcome(("error", "security")),
        [],
        ["the value is an OperationOutcome: error, security", "the value is an OperationOutcome instead of data"],
    ),
    "a remark instead of data": (
        outcome(("information", "informational")),
        [],
        ["the value is an OperationOutcome instead of data"],
    ),
    "an error as entry": (
        bundle(entry(A), entry(outcome(("fatal", "exception")))),
        [A],
        ["Bundle.entry[1].resource is an OperationOutcome: fatal, exception"],
    ),
    "an error as outcome of the search": (
        bundle(entry(outcome(("error", None)), "outcome")),
        [],
        ["Bundle.entry[0].resource is an OperationOutcome: error, no code"],
    ),
    "an outcome without issues": (
        bundle(entry({"resourceType": "OperationOutcome"}, "outcome")),
        [],
        ["Bundle.entry[0].resource is an OperationOutcome that says nothing"],
    ),
    "an outcome that does not say how severe": (
        bundle(entry(outcome((["error"], "x y")), "outcome")),
        [],
        ["Bundle.entry[0].resource is an OperationOutcome: severity not said, no code"],
    ),
    "fewer than there are": (
        bundle(entry(A), entry(M, "include"), total=40),
        [A, M],
        ["Bundle.total says 40, 1 were delivered, and there is no next link"],
    ),
    "fewer than there are, counted in words of JSON": (
        bundle(entry(A), total="40"),
        [A],
        ["Bundle.total says 40, 1 were delivered, and there is no next link"],
    ),
    "fewer than there are, with a Bundle inside": (
        bundle(entry(bundle(entry(A), entry(B))), total=3),
        [A, B],
        ["Bundle.total says 3, 2 were delivered, and there is no next link"],
    ),
    "an entry without a resource, after an answer to a batch": (
        bundle(entry({"resourceType": "Bundle", "type": "batch-response"}), {"request": {"method": "GET"}}),
        [],
        ["Bundle.entry[1] holds no resource"],
    ),
    "something was left out, as a tag says": (
        bundle(entry(A), meta={"tag": [{"code": "HTEST"}, {"code": "SUBSETTED"}]}),
        [A],
        ["Bundle is tagged SUBSETTED: something was left out"],
    ),
    "an error on how it searched": (
        bundle(entry(A), entry(outcome(("error", "processing")), "outcome")),
        [A],
        ["Bundle.entry[1].resource is an OperationOutcome: error, processing"],
    ),
    "only the count": ({"resourceType": "Bundle", "type": "searchset", "total": 3}, [],
                       ["Bundle.total says 3, 0 were delivered, and there is no next link"]),
    "an entry without a resource": (bundle({"fullUrl": "x"}, entry(A)), [A], ["Bundle.entry[0] holds no resource"]),
    "an entry that is none": (bundle("a", entry(A)), [A], ["Bundle.entry[0] is a string, not an entry"]),
    "an entry without a type": (bundle(entry({"id": "a"})), [], ["Bundle.entry[0].resource has no resourceType"]),
    "entries that are no list": (bundle() | {"entry": entry(A)}, [], ["Bundle.entry is an object, not a list"]),
    "a refused part of a batch": (
        bundle(
            {"response": {"status": "403 Forbidden", "outcome": outcome(("error", "forbidden"))}}, type="batch-response"
        ),
        [],
        ["Bundle.entry[0].response has status 403",
         "Bundle.entry[0].response.outcome is an OperationOutcome: error, forbidden"],
    ),
    "a next link without a URL": (
        bundle(entry(A), link=[{"relation": "next"}]), [A], ["Bundle.link[0] is a next link without a URL"],
    ),
    "links that are no list": (bundle(entry(A), link="next"), [A], ["Bundle.link is a string, not a list"]),
    "a page inside another": (
        bundle(entry(bundle(entry(A), link=[{"relation": "next", "url": NEXT}])), type="batch-response"),
        [A],
        ["Bundle.entry[0].resource has further pages, which cannot be followed from inside another Bundle"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("value", "resources", "problems"), PROBLEMS.values(), ids=PROBLEMS)
def test_what_may_be_missing_is_said(value: object, resources: list[Any], problems: list[str]) -> None:
    contents = read_contents(value)
    assert (list(contents.resources), list(contents.problems)) == (resources, problems)
    assert not known_empty(contents)
    assert "Ann" not in str(contents.problems)


def test_null_is_a_known_absence() -> None:
    assert known_empty(read_contents(None))
    assert read_contents(None).problems == ()


def test_a_next_link_is_kept_and_means_that_nothing_is_known_to_be_empty() -> None:
    contents = read_contents(bundle(link=[{"relation": "self", "url": "x"}, {"relation": "next", "url": f" {NEXT} "}]))
    assert (contents.next_url, known_empty(contents), contents.problems) == (NEXT, False, ())


def test_a_warning_beside_data_is_a_note() -> None:
    contents = read_contents(bundle(entry(A), entry(outcome(("warning", "not-supported")), "outcome"), total=1))
    assert contents.problems == ()
    assert contents.notes == ("Bundle.entry[1].resource is an OperationOutcome: warning, not-supported",)


def test_one_page_of_several_does_not_hold_what_its_total_counts() -> None:
    assert read_contents(bundle(entry(A), total=40), page=True).problems == ()


@pytest.mark.parametrize(
    ("total", "read"),
    [(0, 0), (40, 40), ("40", 40), ("4 0", None), ("9" * 10, None), (True, None), (4.5, None), (None, None)],
)
@pytest.mark.parametrize("page", [True, False])
def test_the_count_that_a_searchset_states(total: object, read: int | None, page: bool) -> None:
    assert read_contents(bundle(entry(A), total=total), page=page).total == read
    assert read_contents(bundle(entry(A), total=total, type="collection"), page=page).total is None


def test_full_urls_lead_to_the_resources_of_their_entries() -> None:
    urls = ["urn:uuid:1", "https://ehr.example.invalid/fhir/Medication/m/_history/4"]
    contents = read_contents(bundle({"fullUrl": urls[0], "resource": A}, {"fullUrl": urls[1], "resource": M}))
    assert contents.full_urls == {urls[0]: A, "https://ehr.example.invalid/fhir/Medication/m": M}


def test_bundles_inside_bundles_without_end_are_a_problem() -> None:
    value: Any = A
    for _ in range(500):
        value = bundle(entry(value))
    contents = read_contents(value)
    assert contents.resources == ()
    assert "too deep" in contents.problems[0]
