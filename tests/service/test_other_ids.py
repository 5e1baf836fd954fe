"""A patient with several ids on the server of the EHR, as after two charts were joined (C9)."""

from __future__ import annotations

from asyncio import Event
from typing import Any

import httpx
import pytest

from tests.service.ehr import (
    CHART,
    ENCOUNTER,
    LAST_WEEK,
    LOADED,
    ORDER,
    PATIENT,
    PERSON,
    ask,
    bundle,
    call,
    draft,
    given,
    history,
    kinds,
    prefetched,
    service,
    with_server,
)

Resource = dict[str, Any]
OLD = "p-before"
LAST = "2026-04-27"
"""The day of the last dose, a week before the day of the call."""


def linked(identifier: str, other: str, how: str) -> Resource:
    return {**PERSON, "id": identifier, "link": [{"other": {"reference": f"Patient/{other}"}, "type": how}]}


NOW, BEFORE = linked(PATIENT, OLD, "replaces"), linked(OLD, PATIENT, "replaced-by")


def of_old(*resources: Resource) -> list[Resource]:
    return [{**each, "subject": {"reference": f"Patient/{OLD}"}} for each in resources]


class Server:
    """A server that searches by one id at a time; `denied` are the ids whose doses it does not show."""

    def __init__(self, held: dict[str, list[Resource]], denied: tuple[str, ...] = ()) -> None:
        self.held, self.denied = held, denied

    def __call__(self, request: httpx.Request) -> httpx.Response:
        of_type, _, name = request.url.path.removeprefix("/fhir/").partition("/")
        patient = name or request.url.params["patient"]
        if of_type == "MedicationAdministration" and patient in self.denied:
            return httpx.Response(403)
        found = [each for each in self.held.get(patient, []) if each["resourceType"] == of_type]
        if not name:
            return httpx.Response(200, json=bundle(found))
        return httpx.Response(200, json=found[0]) if found else httpx.Response(404)


ORDERED = of_old(draft("x1", "2026-08-10", status="active"))

CASES = [
    pytest.param({PATIENT: [NOW], OLD: [BEFORE, *of_old(*history(*LAST_WEEK))]}, ["TooEarly"], id="all doses"),
    pytest.param(
        {PATIENT: [NOW, *history(*LOADED)], OLD: of_old(given("z", LAST))}, ["TooEarly"], id="the last; no old Patient"
    ),
    pytest.param({PATIENT: [linked(PATIENT, PATIENT, "replaces"), *history(*LAST_WEEK)]}, ["TooEarly"], id="itself"),
    pytest.param({PATIENT: [NOW, *history(*LAST_WEEK)]}, ["TooEarly"], id="nothing any more"),
]


@pytest.mark.parametrize(("held", "expected"), CASES)
def test_c9_doses_under_another_id_are_doses_of_the_patient(
    held: dict[str, list[Resource]], expected: list[str]
) -> None:
    with service(Server(held)) as client:
        assert kinds(ask(client, ORDER, with_server(call("order-sign", drafts=[draft()])))) == expected


def test_c9_a_chart_that_is_opened_under_the_old_id_knows_the_doses_of_the_new_one() -> None:
    held = {PATIENT: [linked(PATIENT, "p-new", "replaced-by")], "p-new": [linked("p-new", PATIENT, "replaces")]}
    held["p-new"] += [{**each, "subject": {"reference": "Patient/p-new"}} for each in history(*LAST_WEEK)]
    with service(Server(held)) as client:
        assert kinds(ask(client, ORDER, with_server(call("order-sign", drafts=[draft()])))) == ["TooEarly"]


def test_c9_orders_and_deaths_under_another_id_count_too() -> None:
    doses = history(*LOADED, "2026-04-03")
    ordered = {PATIENT: [NOW, *doses], OLD: [BEFORE, *ORDERED]}
    with service(Server(ordered)) as client:
        answer = ask(client, ORDER, with_server(call("order-sign", drafts=[draft("o1", "2026-08-03")])))
        assert kinds(answer) == ["OrderConflict"]
    overdue = {PATIENT: [NOW, *history(*LOADED)], OLD: [{**BEFORE, "deceasedBoolean": True}]}
    with service(Server(overdue)) as client:
        assert kinds(ask(client, CHART, with_server(call("patient-view")))) == []


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        pytest.param({PATIENT: [NOW, *history(*LOADED)], OLD: of_old(given("z", LAST))}, [], id="no longer overdue"),
        pytest.param({PATIENT: [NOW, *history(*LOADED)], OLD: [BEFORE]}, ["Overdue"], id="no dose there"),
    ],
)
def test_c9_a_chart_with_the_drug_knows_the_doses_under_another_id(
    held: dict[str, list[Resource]], expected: list[str]
) -> None:
    with service(Server(held)) as client:
        assert kinds(ask(client, CHART, with_server(call("patient-view")))) == expected


def test_c9_a_chart_without_the_drug_looks_under_another_id_where_the_patient_came_with_the_request() -> None:
    request = call("patient-view", prefetch={**prefetched(), "patient": NOW})
    held = {OLD: [BEFORE, *of_old(*history(*LOADED))]}
    with service(Server(held)) as client:
        assert kinds(ask(client, CHART, with_server(request))) == ["Overdue"]


@pytest.mark.parametrize(
    ("request_", "denied"),
    [
        pytest.param(with_server(call("order-sign", drafts=[draft("o1", "2026-08-03")])), (OLD,), id="denied"),
        pytest.param(
            call(
                "order-sign",
                drafts=[draft("o1", "2026-08-03")],
                prefetch={**prefetched(*LOADED, "2026-04-03"), "patient": NOW},
            ),
            (),
            id="no server to read from",
        ),
    ],
)
def test_c9_doses_under_another_id_that_cannot_be_read_make_the_history_incomplete(
    request_: Resource, denied: tuple[str, ...]
) -> None:
    held = {PATIENT: [NOW, *history(*LOADED, "2026-04-03")], OLD: [BEFORE]}
    with service(Server(held, denied)) as client:
        answer = ask(client, ORDER, request_)
        assert kinds(answer) == ["HistoryIncomplete"]
        assert "another id" in answer.json()["cards"][0]["detail"]


def test_c9_records_of_the_other_id_that_came_with_the_others_show_that_it_was_searched() -> None:
    doses = [*history(*LOADED), *of_old(given("z", LAST))]
    prefetch = {"administrations": bundle(doses), "patient": NOW}
    with service() as client:
        request = call("order-sign", drafts=[draft()], prefetch=prefetch)
        assert kinds(ask(client, ORDER, request)) == ["TooEarly"]
        assert kinds(ask(client, CHART, call("patient-view", prefetch=prefetch))) == []


def test_c9_another_id_that_is_never_answered_costs_no_more_than_the_time_of_the_call() -> None:
    held = {PATIENT: [NOW, *history(*LOADED, "2026-04-03")], OLD: [BEFORE]}
    at_once = Server(held)

    async def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith(OLD):
            await Event().wait()
        return at_once(request)

    with service(answer, deadline_seconds=0.5) as client:
        answered = ask(client, ORDER, with_server(call("order-sign", drafts=[draft("o1", "2026-08-03")])))
        assert kinds(answered) == ["HistoryIncomplete"]


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        pytest.param([], ["HistoryIncomplete"], id="neither the patient nor a record"),
        pytest.param([PERSON], [], id="the patient, never treated"),
        pytest.param(history(*LOADED, "2026-04-03"), [], id="records, and no Patient"),
    ],
)
def test_c9_a_patient_whom_the_server_does_not_know_is_not_one_who_was_never_treated(
    held: list[Resource], expected: list[str]
) -> None:
    with service(Server({PATIENT: held})) as client:
        answer = ask(client, ORDER, with_server(call("order-sign", drafts=[draft("o1", "2026-08-03")])))
        assert kinds(answer) == expected


BEYOND = "p-beyond"
ON_TIME = draft("o1", "2026-08-03")
TREATED = history(*LOADED, "2026-04-03")


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        pytest.param(
            {PATIENT: [linked(PATIENT, OLD, "replaces")], OLD: [linked(OLD, PATIENT, "replaces")]},
            ["TooEarly"],
            id="each replaces the other",
        ),
        pytest.param(
            {
                PATIENT: [linked(PATIENT, BEYOND, "replaces")],
                BEYOND: [linked(BEYOND, OLD, "replaces")],
                OLD: [linked(OLD, PATIENT, "replaces")],
            },
            ["TooEarly"],
            id="three in a circle",
        ),
        pytest.param(
            {PATIENT: [linked(PATIENT, OLD, "replaced-by")], OLD: [{**PERSON, "id": OLD}]},
            ["HistoryIncomplete"],
            id="the new one does not say so",
        ),
        pytest.param(
            {PATIENT: [linked(PATIENT, OLD, "replaced-by")]}, ["HistoryIncomplete"], id="the new one is not there"
        ),
    ],
)
def test_c9_links_that_do_not_fit_one_another_hide_no_dose(
    held: dict[str, list[Resource]], expected: list[str]
) -> None:
    held = {**held, OLD: [*held.get(OLD, []), *of_old(*history(*LAST_WEEK))]}
    with service(Server(held)) as client:
        assert kinds(ask(client, ORDER, with_server(call("order-sign", drafts=[draft()])))) == expected


@pytest.mark.parametrize(
    "links",
    [
        pytest.param({"other": {"reference": f"Patient/{OLD}"}, "type": "replaces"}, id="no list"),
        pytest.param(
            [{"other": {"reference": f"https://before.example.invalid/fhir/Patient/{PATIENT}"}, "type": "replaces"}],
            id="the same id on another server",
        ),
    ],
)
def test_c9_a_link_that_leads_to_no_id_of_this_server_makes_the_history_incomplete(links: object) -> None:
    with service(Server({PATIENT: [{**PERSON, "link": links}, *TREATED]})) as client:
        answer = ask(client, ORDER, with_server(call("order-sign", drafts=[ON_TIME])))
        assert kinds(answer) == ["HistoryIncomplete"]


class Follows(Server):
    """A server that answers for an id that was replaced as for the one that replaces it."""

    def __init__(self, held: dict[str, list[Resource]], stands_for: dict[str, str]) -> None:
        super().__init__(held)
        self.stands_for = stands_for

    def __call__(self, request: httpx.Request) -> httpx.Response:
        url = str(request.url)
        for old, new in self.stands_for.items():
            url = url.replace(old, new)
        return super().__call__(httpx.Request("GET", url))


def test_c9_a_server_that_answers_for_the_old_id_as_for_the_new_gives_the_same_records_again() -> None:
    server = Follows({PATIENT: [NOW, *TREATED]}, {OLD: PATIENT})
    with service(server) as client:
        assert kinds(ask(client, ORDER, with_server(call("order-sign", drafts=[ON_TIME])))) == []


@pytest.mark.parametrize(
    "held",
    [
        pytest.param([PERSON], id="no record there"),
        pytest.param([PERSON, *TREATED], id="records there"),
    ],
)
def test_c9_an_order_under_an_id_for_which_the_server_answers_with_another_patient(held: list[Resource]) -> None:
    another = [{**PERSON, "id": BEYOND}]

    def answer(request: httpx.Request) -> httpx.Response:
        of_person = request.url.path.endswith(f"Patient/{PATIENT}")
        return httpx.Response(200, json=another[0]) if of_person else Server({PATIENT: held})(request)

    with service(answer) as client:
        answered = ask(client, ORDER, with_server(call("order-sign", drafts=[ON_TIME])))
        assert kinds(answered) == ["HistoryIncomplete"]
        assert "another id" in answered.json()["cards"][0]["detail"]


def test_c9_a_chart_without_the_drug_makes_no_card_of_another_id_that_cannot_be_read() -> None:
    request = with_server(call("patient-view", prefetch={**prefetched(), "patient": NOW}))
    with service(Server({}, (OLD,))) as client:
        assert ask(client, CHART, request).status_code == 412


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        pytest.param({PATIENT: [NOW], OLD: [BEFORE, *of_old(*history(*LAST_WEEK))]}, ["TooEarly"], id="doses there"),
        pytest.param({PATIENT: [PERSON]}, [], id="no other id"),
        pytest.param({}, ["HistoryIncomplete"], id="no such patient"),
    ],
)
def test_c9_a_dose_of_the_day_of_a_visit_is_judged_by_the_doses_under_another_id(
    held: dict[str, list[Resource]], expected: list[str]
) -> None:
    today = draft("o1", "2026-05-04", status="active")
    server = Server({**held, PATIENT: [*held.get(PATIENT, []), today]})
    with service(server) as client:
        visit = with_server(call("encounter-start", context={"encounterId": "e1"}))
        assert kinds(ask(client, ENCOUNTER, visit)) == expected
