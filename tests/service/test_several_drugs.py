"""A site that allows regimens of two drugs: each drug is judged apart, and each has its cards."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from hooks.memory import Memory
from tests.service.ehr import (
    CHART,
    LAST_WEEK,
    LOADED,
    NOW,
    ORDER,
    OTHER_DRUG,
    PATIENT,
    Client,
    ask,
    bundle,
    call,
    draft,
    given,
    history,
    kinds,
    service,
    with_server,
)
from tests.service.noted import NotedJournal, noting

TOFERSEN = {"coding": [{"system": "http://fdasis.nlm.nih.gov", "code": "2NU6F9601K"}], "text": "tofersen"}
HUNDRED_MG = {"dose": {"value": 100, "unit": "mg", "system": "http://unitsofmeasure.org", "code": "mg"}}
BOTH = {"regimen": "eu-12mg eu-high-dose qalsody"}
RECENT = ("2026-04-01", "2026-04-15", "2026-04-29")
"""The loading doses of tofersen, the last on 29 April: the next is due on 27 May."""
OLD = ("2025-12-01", "2025-12-15", "2025-12-29")

Resource = dict[str, Any]


def tofersen(*days: str) -> list[Resource]:
    """Administrations of tofersen on these days."""
    changes = {"medicationCodeableConcept": TOFERSEN, "dosage": HUNDRED_MG}
    return [given(f"t{number}", day, **changes) for number, day in enumerate(days, 1)]


def order(*drafts: Resource, records: list[Resource], **more: Any) -> Resource:
    prefetch = {"administrations": bundle(records)}
    return call("order-sign", drafts=list(drafts), prefetch=prefetch, **more)


def chart(*records: Resource) -> Resource:
    return call("patient-view", prefetch={"administrations": bundle(list(records))})


def of_tofersen(name: str = "o2", day: str = "2026-05-06") -> Resource:
    return draft(name, day, medicationCodeableConcept=TOFERSEN)


def said(answer: httpx.Response) -> list[tuple[str, str]]:
    """The indicator of each card, and the drug that its summary begins with."""
    kinds(answer)
    return [(card["indicator"], card["summary"].split(" ")[0].rstrip(":")) for card in answer.json()["cards"]]


ORDERS = [
    ("of the first drug, too early", [draft()], [("critical", "Nusinersen")]),
    ("of the second drug, too early", [of_tofersen()], [("critical", "Tofersen")]),
    ("of both, too early", [draft(), of_tofersen()], [("critical", "Nusinersen"), ("critical", "Tofersen")]),
    ("of a third drug", [draft(medicationCodeableConcept=OTHER_DRUG)], []),
    ("of both, one of them early only", [draft(day="2026-08-20"), of_tofersen()], [("critical", "Tofersen")]),
]


@pytest.mark.parametrize(("drafts", "cards"), [case[1:] for case in ORDERS], ids=[case[0] for case in ORDERS])
def test_an_order_gets_the_cards_of_its_drug(drafts: list[Resource], cards: list[tuple[str, str]]) -> None:
    with service(**BOTH) as client:
        answer = ask(client, ORDER, order(*drafts, records=[*history(*LAST_WEEK), *tofersen(*RECENT)]))
    assert said(answer) == cards


def test_the_doses_of_one_drug_say_nothing_of_the_other() -> None:
    with service(**BOTH) as client:
        answer = ask(client, ORDER, order(of_tofersen(), records=history(*LAST_WEEK)))
    assert said(answer) == []


CHARTS = [
    ("of the first drug", history(*LOADED), [("warning", "Nusinersen")]),
    ("of the second drug", tofersen(*OLD), [("warning", "Tofersen")]),
    ("of both", [*history(*LOADED), *tofersen(*OLD)], [("warning", "Nusinersen"), ("warning", "Tofersen")]),
    ("of neither", [given("x", "2026-05-01", medicationCodeableConcept=OTHER_DRUG)], []),
]


@pytest.mark.parametrize(("records", "cards"), [case[1:] for case in CHARTS], ids=[case[0] for case in CHARTS])
def test_a_chart_shows_the_card_of_each_drug(records: list[Resource], cards: list[tuple[str, str]]) -> None:
    with service(**BOTH, show_assessment=True) as client:
        answer = ask(client, CHART, chart(*records))
    assert said(answer) == cards
    (shown,) = answer.json()["extension"].values()
    assert [[each["id"] for each in one["regimens"]] for one in shown["assessments"]] == [
        ["eu-12mg", "eu-high-dose"],
        ["qalsody"],
    ]


def test_one_drug_is_answered_with_one_assessment_as_ever() -> None:
    with service(regimen="qalsody", show_assessment=True) as client:
        answer = ask(client, CHART, chart(*tofersen(*OLD)))
    (shown,) = answer.json()["extension"].values()
    assert list(shown) == ["assessment"]


def failing(request: httpx.Request) -> httpx.Response:
    return httpx.Response(503)


@pytest.mark.parametrize(
    ("failure", "status", "cards"),
    [("status", 412, []), ("card", 200, [("warning", "Nusinersen"), ("warning", "Tofersen")])],
)
def test_a_chart_that_was_not_read_is_told_for_each_drug(failure: str, status: int, cards: list[object]) -> None:
    with service(failing, **BOTH, chart_failure=failure, deadline_seconds=1) as client:
        answer = ask(client, CHART, with_server(call("patient-view")))
    assert answer.status_code == status
    assert cards == (said(answer) if status == 200 else [])


def test_where_one_drug_has_cards_the_failure_of_the_other_is_a_card_beside_them() -> None:
    # a piece of the drafts that may be an order of any drug, beside one of tofersen for which there is no history
    request = call("order-sign", drafts=[of_tofersen()])
    request["context"]["draftOrders"]["entry"].append({"resource": 17})
    with service(**BOTH) as client:
        answer = ask(client, ORDER, request)
    assert said(answer) == [("warning", "Nusinersen"), ("warning", "Tofersen")]
    assert "a draft order could not be read" in answer.json()["cards"][0]["summary"]
    assert "the dose history could not be read" in answer.json()["cards"][1]["summary"]


def test_without_any_card_the_status_tells_of_the_failure() -> None:
    with service(**BOTH) as client:
        answer = ask(client, ORDER, call("order-sign", drafts=[of_tofersen()]))
    assert answer.status_code == 412
    assert "prefetch.administrations is missing" in answer.text


def test_a_request_beyond_a_limit_is_told_for_each_drug() -> None:
    with service(**BOTH, max_resources=2) as client:
        answer = ask(client, ORDER, order(draft(), records=history(*LAST_WEEK)))
    assert said(answer) == [("warning", "Nusinersen"), ("warning", "Tofersen")]


def noted() -> tuple[Memory, NotedJournal]:
    memory = noting(lambda: NOW)
    journal = memory.journal
    assert isinstance(journal, NotedJournal)
    return memory, journal


def test_a_call_is_one_decision_about_all_its_drugs() -> None:
    memory, journal = noted()
    with service(**BOTH, memory=memory) as client:
        answer = ask(client, ORDER, order(draft(), of_tofersen(), records=[*history(*LAST_WEEK), *tofersen(*RECENT)]))
    (decision,) = journal.decisions
    assert decision.regimen == "eu-12mg eu-high-dose qalsody"
    assert decision.outcome == "checked"
    assert [card.uuid for card in decision.cards] == [card["uuid"] for card in answer.json()["cards"]]
    assert "interval-too-short" in decision.findings
    assert decision.input


def test_silent_mode_withholds_the_cards_of_every_drug() -> None:
    memory, journal = noted()
    with service(**BOTH, memory=memory, silent=ORDER) as client:
        answer = ask(client, ORDER, order(draft(), of_tofersen(), records=[*history(*LAST_WEEK), *tofersen(*RECENT)]))
    assert answer.json() == {"cards": []}
    (decision,) = journal.decisions
    assert (decision.silent, len(decision.cards)) == (True, 2)


def discovered(client: Client) -> str:
    services = client.get("/cds-services").json()["services"]
    return str(next(each for each in services if each["id"] == ORDER)["prefetch"]["administrations"])


def test_a_filter_by_code_asks_for_the_codes_of_every_drug() -> None:
    with service(**BOTH, filter_by_code=True) as client:
        template = discovered(client)
    assert "M09AX07" in template
    assert "2NU6F9601K" in template


def test_the_source_attributes_are_those_of_every_drug() -> None:
    with service(**BOTH) as client:
        regimens = client.get("/source-attributes").json()["regimens"]
    assert [each["id"] for each in regimens] == ["eu-12mg", "eu-high-dose", "qalsody"]


TWO_SITES = """
[[site]]
id = "neuromuscular"
regimen = "eu-12mg"
time_zone = "Pacific/Chatham"
fhir_servers = ["https://one.example.invalid/fhir"]

[[site]]
id = "motor-neurone"
regimen = "qalsody"
time_zone = "Pacific/Chatham"
fhir_servers = ["https://two.example.invalid/fhir"]
"""


def test_where_the_site_is_not_known_an_order_of_any_drug_of_any_site_is_not_checked(tmp_path: Path) -> None:
    path = tmp_path / "sites.toml"
    path.write_text(TWO_SITES)
    sites = {"sites_file": path, "regimen": None, "time_zone": None, "fhir_servers": ()}
    with service(**sites) as client:
        answer = ask(client, ORDER, order(of_tofersen(), records=tofersen(*RECENT)))
    assert said(answer) == [("warning", "Tofersen")]
    assert "not known for which site" in answer.json()["cards"][0]["summary"]


def test_a_dose_of_the_other_drug_is_never_counted() -> None:
    with service(**BOTH, show_assessment=True) as client:
        answer = ask(client, CHART, chart(*history(*LOADED), *tofersen(*OLD)))
    (shown,) = answer.json()["extension"].values()
    counted = [[dose["administrations"][0] for dose in one["evaluations"]] for one in shown["assessments"]]
    assert [sorted({name.split("/")[1][0] for name in names}) for names in counted] == [["a"], ["t"]]
    assert {one["patient"] for one in shown["assessments"]} == {f"Patient/{PATIENT}"}
