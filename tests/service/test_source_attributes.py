"""The source attributes: the list of the criterion, as JSON and as a page, and the link to it on every card."""

from __future__ import annotations

import ast
from dataclasses import replace
from urllib.parse import urlsplit

import pytest

from cds.regimens.library import load
from hooks.source_attributes import page, source_attributes
from tests.architecture.sources import modules
from tests.service.ehr import LAST_WEEK, LOADED, ask, call, draft, kinds, prefetched, service

BASE = "https://cds.example.invalid/base"
ATTRIBUTES = {
    1: "citation",
    2: "developer",
    3: "funding",
    4: "dates",
    5: "race",
    6: "ethnicity",
    7: "language",
    8: "sexual-orientation",
    9: "gender-identity",
    10: "sex",
    11: "date-of-birth",
    12: "social-determinants",
    13: "health-status-assessments",
}
"""45 CFR 170.315(b)(11)(iv)(A)(1) to (13)."""
NOT_READ = {
    *("birthDate", "gender", "communication"),
    *("us-core-race", "us-core-ethnicity", "us-core-birthsex", "us-core-genderIdentity", "us-core-sex"),
}
"""Where FHIR says what the attributes from 5 on are about."""


def test_every_attribute_of_the_criterion_is_there_in_its_order() -> None:
    with service() as client:
        said = client.get("/source-attributes").json()
    assert {each["number"]: each["id"] for each in said["attributes"]} == ATTRIBUTES
    assert all(each["name"].strip() and each["value"] and all(each["value"]) for each in said["attributes"])


def test_citations_and_dates_are_those_of_the_regimens_in_use() -> None:
    regimen = load().get("us-12mg-2016")
    with service(regimen=regimen.id, unverified_regimens=regimen.id) as client:
        said = client.get("/source-attributes").json()
    citation, _, _, dates = (each["value"] for each in said["attributes"][:4])
    assert len(citation) == len(regimen.sources)
    assert all(
        source.title in text and source.date in text for source, text in zip(regimen.sources, citation, strict=True)
    )
    assert f"us-12mg-2016: version {regimen.version}" in dates[1]
    assert [each["digest"] for each in said["regimens"]] == [regimen.digest]
    assert said["regimens"][0]["verified"] == regimen.verified


def test_each_regimen_of_several_sites_is_there_once() -> None:
    regimens = [load().get(name) for name in ("eu-12mg", "us-12mg", "eu-12mg")]
    said = source_attributes(regimens)
    assert [each["id"] for each in said["regimens"]] == ["eu-12mg", "us-12mg"]


@pytest.mark.parametrize(
    ("path", "accept", "kind"),
    [
        ("/source-attributes", "*/*", "application/json"),
        ("/source-attributes", "application/json", "application/json"),
        ("/source-attributes", "text/html,application/xhtml+xml,*/*;q=0.8", "text/html"),
        ("/source-attributes.html", "application/json", "text/html"),
    ],
)
def test_browsers_get_a_page_and_programs_get_json(path: str, accept: str, kind: str) -> None:
    with service() as client:
        answer = client.get(path, headers={"Accept": accept})
    assert answer.status_code == 200
    assert answer.headers["content-type"].partition(";")[0] == kind


def test_the_page_holds_what_the_json_says_and_text_stays_text() -> None:
    regimen = replace(load().get("eu-12mg"), title="<script>a & b</script>")
    written = page(source_attributes([regimen]))
    assert "<script>" not in written
    assert "&lt;script&gt;a &amp; b&lt;/script&gt;" in written
    assert all(name in written for name in ("Use of race", "Use of date of birth", regimen.digest))


def test_every_card_links_to_the_page_where_the_service_knows_its_url() -> None:
    order = call("order-sign", drafts=[draft()], prefetch=prefetched(*LAST_WEEK))
    broken = call("order-sign", drafts=[draft()], prefetch={"administrations": "<html>"})
    with service(public_url=f"{BASE} https://other.example.invalid") as client:
        chart = ask(client, "nusinersen-chart", call("patient-view", prefetch=prefetched(*LOADED)))
        answers = [chart, ask(client, "nusinersen-order", order), ask(client, "nusinersen-order", broken)]
        shown = client.get("/source-attributes.html").text
    assert [kinds(answer) for answer in answers] == [["Overdue"], ["TooEarly"], ["NotChecked"]]
    for answer in answers:
        [card] = answer.json()["cards"]
        [link] = card["links"]
        url = urlsplit(link["url"])
        assert link["type"] == "absolute"
        assert link["url"].startswith(f"{BASE}/source-attributes.html#")
        assert f"id='{url.fragment}'" in shown


def test_without_a_url_of_its_own_the_service_puts_no_link_on_a_card() -> None:
    with service() as client:
        answer = ask(client, "nusinersen-chart", call("patient-view", prefetch=prefetched(*LOADED)))
    assert kinds(answer) == ["Overdue"]
    assert "links" not in answer.json()["cards"][0]


def test_who_reads_a_card_needs_no_token_for_the_page() -> None:
    clients = [{"issuer": "https://ehr.example.invalid", "jku": ["https://ehr.example.invalid/keys"]}]
    with service(client_auth="jwt", public_url=BASE, clients=clients) as client:
        assert client.get("/cds-services").status_code == 401
        assert client.get("/source-attributes").status_code == 200


def test_what_is_said_to_be_unused_is_read_nowhere() -> None:
    made_up = ("hooks/sandbox/", "hooks/conformance/")
    named = {
        (path, node.value)
        for path, tree in modules("cds", "hooks")
        if not path.startswith(made_up)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and node.value in NOT_READ
    }
    # shown beside the name and judged by nothing, as its attribute says
    assert named == {("hooks/pages/person.py", "birthDate")}
