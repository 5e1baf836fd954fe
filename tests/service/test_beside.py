"""What stands beside the doses, in the service: statements (C7), other therapies (C8), therapy that has ended (F10)."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.service.ehr import (
    ATC,
    CHART,
    ENCOUNTER,
    LAST_WEEK,
    LOADED,
    ON_SCHEDULE,
    ORDER,
    OTHER_DRUG,
    PATIENT,
    PERSON,
    ask,
    bundle,
    call,
    draft,
    given,
    history,
    kinds,
    no_calls,
    prefetched,
    service,
    with_server,
)

Resource = dict[str, Any]
DUE = "2026-08-03"
"""The day that the schedule recommends for the draft."""
LONG_AGO = ("2025-01-01", "2025-01-15", "2025-01-29", "2025-03-05", "2025-07-05")
"""The dose of November is missing: the catch-up of the label is due."""
INSTEAD = {**ATC, "text": "nusinersen 12 mg, instead of risdiplam"}
RISDIPLAM = {"text": "risdiplam 60 mg powder"}
ELSEWHERE = "NOT checked against doses given elsewhere"
UNKNOWN = "**Not known, since it could not be read:**"


def statement(**changes: Any) -> Resource:
    """A dose of nusinersen that was given elsewhere last week."""
    noted = {
        "resourceType": "MedicationStatement",
        "id": "s1",
        "status": "active",
        "medicationCodeableConcept": ATC,
        "subject": {"reference": f"Patient/{PATIENT}"},
        "effectiveDateTime": "2026-04-28",
    }
    return {**noted, **changes}


def risdiplam(**changes: Any) -> Resource:
    """An active order of another therapy, written after the last dose."""
    order = {"status": "active", "medicationCodeableConcept": RISDIPLAM, "authoredOn": "2026-04-20"}
    return draft("r1", None, **{**order, **changes})


def died(**when: Any) -> Resource:
    return {**PERSON, **when}


@pytest.mark.parametrize(
    ("days", "beside", "chart", "order"),
    [
        pytest.param(LONG_AGO, {}, ["CatchUp"], [], id="nothing beside the doses"),
        pytest.param(
            ON_SCHEDULE, {"statements": bundle([statement()])}, ["HistoryIncomplete"], ["HistoryIncomplete"], id="C7"
        ),
        pytest.param(
            (),
            {"statements": bundle([statement()])},
            ["HistoryIncomplete"],
            ["HistoryIncomplete"],
            id="C7: no dose here",
        ),
        pytest.param(
            ON_SCHEDULE,
            {"statements": bundle([statement(effectiveDateTime="2026-03-01")])},
            [],
            [],
            id="C7: of a day before the last dose",
        ),
        pytest.param(
            ON_SCHEDULE,
            {"statements": bundle([statement(medicationCodeableConcept=OTHER_DRUG)])},
            [],
            [],
            id="C7: of another drug",
        ),
        pytest.param(
            LONG_AGO,
            {
                "orders": bundle(
                    [draft("r2", None, medicationCodeableConcept=INSTEAD, status="active", authoredOn="2026-04-20")]
                )
            },
            ["CatchUp"],
            [],
            id="C8 F10: an order for the drug that names what it takes the place of",
        ),
        pytest.param(
            ON_SCHEDULE,
            {"statements": bundle([statement(subject={"reference": "Patient/other"})])},
            [],
            [],
            id="C9: of another patient",
        ),
        pytest.param(LONG_AGO, {"orders": bundle([risdiplam()])}, [], [], id="C8 F10: another therapy was ordered"),
        pytest.param(
            LONG_AGO,
            {"statements": bundle([statement(medicationCodeableConcept=RISDIPLAM)])},
            [],
            [],
            id="C8 F10: another therapy is taken",
        ),
        pytest.param(
            LONG_AGO,
            {"orders": bundle([risdiplam(authoredOn="2025-02-01")])},
            ["CatchUp"],
            [],
            id="F10: another therapy was begun before the last dose",
        ),
        pytest.param(LONG_AGO, {"patient": died(deceasedBoolean=True)}, [], [], id="F10: has died"),
        pytest.param(LONG_AGO, {"patient": died(deceasedDateTime="2025-12-24")}, [], [], id="F10: has died on a day"),
        pytest.param(LONG_AGO, {"patient": died(deceasedBoolean=False)}, ["CatchUp"], [], id="F10: lives"),
        pytest.param(
            LONG_AGO,
            {"patient": {**died(deceasedBoolean=True), "id": "other"}},
            ["CatchUp"],
            [],
            id="C9: another patient has died",
        ),
    ],
)
def test_c7_c8_f10_what_stands_beside_the_doses_is_read(
    days: tuple[str, ...], beside: Resource, chart: list[str], order: list[str]
) -> None:
    prefetch = {**prefetched(*days), **beside}
    with service(no_calls) as client:
        assert kinds(ask(client, CHART, call("patient-view", prefetch=prefetch))) == chart
        asked = call("order-sign", drafts=[draft(day=DUE)], prefetch=prefetch)
        assert [kind for kind in kinds(ask(client, ORDER, asked)) if kind != "CatchUp"] == order


def test_f10_a_date_that_is_too_early_is_told_though_therapy_has_ended() -> None:
    prefetch = {**prefetched(*LAST_WEEK), "patient": died(deceasedBoolean=True)}
    with service(no_calls) as client:
        assert kinds(ask(client, ORDER, call("order-sign", drafts=[draft()], prefetch=prefetch))) == ["TooEarly"]


class Ehr:
    """A FHIR server with a status and a body for each type; what it was asked for is in `asked`."""

    def __init__(self, doses: list[Resource], **answers: tuple[int, Resource]) -> None:
        nothing = (200, bundle([]))
        self.answers = {
            "MedicationAdministration": (200, bundle(doses)),
            "MedicationRequest": nothing,
            "MedicationStatement": nothing,
            "Patient": (200, PERSON),
            "Appointment": nothing,
            **answers,
        }
        self.asked: set[str] = set()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        of_type = request.url.path.removeprefix("/fhir/").partition("/")[0]
        self.asked.add(of_type)
        status, body = self.answers[of_type]
        return httpx.Response(status, json=body)


EVERYTHING = {"MedicationAdministration", "MedicationRequest", "MedicationStatement", "Patient"}


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        pytest.param({}, ["CatchUp"], id="nothing beside the doses"),
        pytest.param({"MedicationStatement": (200, bundle([statement()]))}, ["HistoryIncomplete"], id="C7"),
        pytest.param({"MedicationRequest": (200, bundle([risdiplam()]))}, [], id="C8 F10"),
        pytest.param({"Patient": (200, died(deceasedBoolean=True))}, [], id="F10"),
    ],
)
def test_c7_c8_f10_it_is_read_from_the_server(answers: dict[str, tuple[int, Resource]], expected: list[str]) -> None:
    ehr = Ehr(history(*LONG_AGO), **answers)
    with service(ehr) as client:
        assert kinds(ask(client, CHART, with_server(call("patient-view")))) == expected
    assert ehr.asked == EVERYTHING


def test_of_a_patient_without_the_drug_neither_orders_nor_the_patient_are_read() -> None:
    ehr = Ehr([])
    with service(ehr) as client:
        assert kinds(ask(client, CHART, with_server(call("patient-view")))) == []
    assert ehr.asked == {"MedicationAdministration", "MedicationStatement"}


def test_an_order_that_is_not_ours_reads_nothing() -> None:
    order = draft(medicationCodeableConcept=OTHER_DRUG)
    with service(no_calls) as client:
        assert kinds(ask(client, ORDER, with_server(call("order-sign", drafts=[order])))) == []


@pytest.mark.parametrize(
    ("of_type", "status", "said"),
    [
        pytest.param("MedicationStatement", 403, "Doses given elsewhere: ", id="C7: denied"),
        pytest.param("MedicationStatement", 500, "Doses given elsewhere: ", id="C7: broken"),
        pytest.param("MedicationStatement", 404, "", id="C7: a server without statements keeps nothing back"),
        pytest.param("Patient", 403, "Whether the patient has died: ", id="F10: denied"),
        pytest.param("Patient", 404, "Whether the patient has died: ", id="F10: not there"),
        pytest.param("MedicationRequest", 403, "Other therapies that are ordered: ", id="C8: denied"),
    ],
)
def test_c7_f10_what_could_not_be_read_is_a_line_of_the_card_that_is_shown(
    of_type: str, status: int, said: str
) -> None:
    failing: dict[str, tuple[int, Resource]] = {of_type: (status, {})}
    with service(Ehr(history(*LONG_AGO), **failing)) as client:
        [card] = ask(client, CHART, with_server(call("patient-view"))).json()["cards"]
    assert card["source"]["topic"]["code"] == "NusinersenCatchUp"
    assert (UNKNOWN in card["detail"]) is bool(said)
    assert said in card["detail"]


@pytest.mark.parametrize(
    ("of_type", "status", "chart", "order"),
    [
        pytest.param("MedicationStatement", 403, 412, ELSEWHERE, id="C7: denied"),
        pytest.param("MedicationStatement", 500, 412, ELSEWHERE, id="C7: broken"),
        pytest.param("MedicationStatement", 404, 200, "", id="C7: a server without statements keeps nothing back"),
        pytest.param("Patient", 403, 200, "", id="F10: a death would take cards away, and bring none"),
        pytest.param("MedicationRequest", 403, 200, "NOT checked against other active orders", id="P3: denied"),
    ],
)
@pytest.mark.parametrize("days", [ON_SCHEDULE, ()], ids=["on schedule", "never treated here"])
def test_c7_what_could_not_be_read_is_told_where_no_card_is_shown(
    days: tuple[str, ...], of_type: str, status: int, chart: int, order: str
) -> None:
    failing: dict[str, tuple[int, Resource]] = {of_type: (status, {})}
    with service(Ehr(history(*days), **failing)) as client:
        shown = ask(client, CHART, with_server(call("patient-view")))
        assert (shown.status_code, "Doses given elsewhere: " in shown.text) == (chart, chart == 412)
        cards = ask(client, ORDER, with_server(call("order-sign", drafts=[draft(day=DUE)]))).json()["cards"]
        assert [order in card["summary"] for card in cards] == ([True] if order else [])


@pytest.mark.parametrize("of_type", ["Appointment", "MedicationRequest", "MedicationStatement"])
def test_a_visit_of_which_a_dose_may_not_have_been_seen_is_not_read(of_type: str) -> None:
    failing: dict[str, tuple[int, Resource]] = {of_type: (503, {})}
    visit = with_server(call("encounter-start", context={"encounterId": "e1"}))
    for days in (ON_SCHEDULE, ()):
        with service(Ehr(history(*days))) as client:
            assert kinds(ask(client, ENCOUNTER, visit)) == []
        with service(Ehr(history(*days), **failing)) as client:
            assert ask(client, ENCOUNTER, visit).status_code == 412


def test_c7_a_chart_without_statements_is_a_card_where_the_site_wants_one() -> None:
    ehr = Ehr(history(*ON_SCHEDULE), MedicationStatement=(403, {}))
    with service(ehr, chart_failure="card") as client:
        [card] = ask(client, CHART, with_server(call("patient-view"))).json()["cards"]
    assert ELSEWHERE in card["summary"]


def test_c7_a_site_can_say_that_it_has_no_statements() -> None:
    ehr = Ehr(history(*ON_SCHEDULE))
    with service(ehr, statements=False) as client:
        assert kinds(ask(client, CHART, with_server(call("patient-view")))) == []
        assert kinds(ask(client, ORDER, with_server(call("order-sign", drafts=[draft(day=DUE)])))) == []
        assert ehr.asked == EVERYTHING - {"MedicationStatement"}
        sent = {**prefetched(*ON_SCHEDULE), "statements": bundle([statement()])}
        assert kinds(ask(client, CHART, call("patient-view", prefetch=sent))) == ["HistoryIncomplete"]


FLAG = "http://ehr.example.invalid/flags|therapy-ended"


def marker(of_type: str, status: str) -> Resource:
    system, _, code = FLAG.partition("|")
    subject = {"reference": f"Patient/{PATIENT}"}
    named = {"coding": [{"system": system, "code": code}]}
    return {"resourceType": of_type, "id": "f", "status": status, "code": named, "subject": subject}


@pytest.mark.parametrize(
    ("setting", "key", "of_type", "status"),
    [("ended_flags", "flags", "Flag", "active"), ("ended_lists", "lists", "List", "current")],
)
def test_f10_a_site_marks_that_the_therapy_has_ended(setting: str, key: str, of_type: str, status: str) -> None:
    chart = with_server(call("patient-view"))
    marked: dict[str, tuple[int, Resource]] = {of_type: (200, bundle([marker(of_type, status)]))}
    ehr = Ehr(history(*LONG_AGO), **marked)
    with service(ehr) as client:
        assert kinds(ask(client, CHART, chart)) == ["CatchUp"]
        assert all(key not in each["prefetch"] for each in client.get("/cds-services").json()["services"])
    assert ehr.asked == EVERYTHING
    with service(ehr, **{setting: FLAG}) as client:
        assert kinds(ask(client, CHART, chart)) == []
        services = client.get("/cds-services").json()["services"]
        assert all(each["prefetch"][key].startswith(f"{of_type}?patient=") for each in services)
        assert all(f"patient/{of_type}.read" in each["usageRequirements"] for each in services)
        sent = {**prefetched(*LONG_AGO), key: bundle([marker(of_type, "inactive")])}
        assert kinds(ask(client, CHART, call("patient-view", prefetch=sent))) == ["CatchUp"]
        sent[key] = bundle([marker(of_type, status)])
        assert kinds(ask(client, CHART, call("patient-view", prefetch=sent))) == []
        sent = {**prefetched(*LAST_WEEK), key: bundle([marker(of_type, status)])}
        assert kinds(ask(client, ORDER, call("order-sign", drafts=[draft()], prefetch=sent))) == ["TooEarly"]
    assert ehr.asked == {*EVERYTHING, of_type}
    failing: dict[str, tuple[int, Resource]] = {of_type: (403, {})}
    with service(Ehr(history(*LONG_AGO), **failing), **{setting: FLAG}) as client:
        [card] = ask(client, CHART, chart).json()["cards"]
    assert UNKNOWN in card["detail"]
    assert "herapy " in card["detail"].partition(UNKNOWN)[2]


def test_f1_a_site_says_since_when_its_records_are_complete() -> None:
    first = prefetched("2026-04-24")
    ordered = [draft(day="2026-05-08")]

    def said(**settings: Any) -> list[list[str]]:
        with service(no_calls, **settings) as client:
            return [
                kinds(ask(client, CHART, call("patient-view", prefetch=prefetched(*days))))
                for days in (("2026-04-24",), ON_SCHEDULE, ())
            ] + [
                kinds(ask(client, ORDER, call("order-sign", drafts=ordered, prefetch=prefetch)))
                for prefetch in (first, prefetched())
            ]

    assert said() == [[], [], [], [], []]
    doubted = ["HistoryIncomplete"]
    assert said(history_complete_since="2025-10-01") == [doubted, [], [], doubted, doubted]
    with service(no_calls, history_complete_since="2025-10-01") as client:
        [card] = ask(client, CHART, call("patient-view", prefetch=first)).json()["cards"]
    assert "The records of this site are complete since 2025-10-01: doses given before may be missing" in card["detail"]


@pytest.mark.parametrize("status", [["completed"], {"a": 1}, 3, True, None], ids=repr)
@pytest.mark.parametrize(
    ("key", "odd"),
    [
        ("administrations", given("z", "2026-01-01", medicationCodeableConcept=OTHER_DRUG)),
        ("statements", statement(medicationCodeableConcept=OTHER_DRUG)),
        ("orders", draft("z", medicationCodeableConcept=OTHER_DRUG)),
    ],
    ids=["administrations", "statements", "orders"],
)
def test_an_odd_status_of_another_drug_keeps_nobody_from_checking(key: str, odd: Resource, status: object) -> None:
    doses = history(*LAST_WEEK) if key == "administrations" else []
    prefetch = {**prefetched(*LAST_WEEK), key: bundle([*doses, {**odd, "status": status}])}
    with service(no_calls) as client:
        assert kinds(ask(client, ORDER, call("order-sign", drafts=[draft()], prefetch=prefetch))) == ["TooEarly"]
        assert ask(client, CHART, call("patient-view", prefetch=prefetch)).status_code == 200


@pytest.mark.parametrize("key", ["statements", "patient"])
@pytest.mark.parametrize("value", ["missing", "<html>", bundle(history(*LOADED))], ids=["missing", "rubbish", "other"])
def test_c7_f10_a_prefetch_without_them_is_a_line_of_the_card_that_is_shown(key: str, value: object) -> None:
    asked = call("order-sign", drafts=[draft()], prefetch={**prefetched(*LAST_WEEK), key: value})
    if value == "missing":
        del asked["prefetch"][key]
    with service(no_calls) as client:
        [card] = ask(client, ORDER, asked).json()["cards"]
    assert card["source"]["topic"]["code"] == "NusinersenTooEarly"
    assert UNKNOWN in card["detail"]
    assert f"prefetch.{key}" in card["detail"]
