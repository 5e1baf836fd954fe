"""Appointments and visits: a proposed appointment is checked like an order, and what is booked or ordered is heeded."""

from __future__ import annotations

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from cds.fhir.appointments import moved_dose
from tests.service.ehr import (
    APPOINTMENT,
    CHART,
    ENCOUNTER,
    LAST_WEEK,
    ON_SCHEDULE,
    OTHER_DRUG,
    PATIENT,
    ask,
    bundle,
    call,
    draft,
    given,
    history,
    kinds,
    no_calls,
    service,
    with_server,
)

Resource = dict[str, Any]
OURS = "https://hospital.example.invalid/visits|lumbar"
DUE_SINCE = ("2025-06-01", "2025-06-15", "2025-06-29", "2025-08-03", "2025-12-30")
"""The next dose was due on 2026-04-30, four days before the day of the call, and is overdue from 2026-05-29."""


def visit(name: str = "v1", start: str | None = "2026-05-06T09:00:00+12:45", **changes: Any) -> Resource:
    """An appointment for the dose, known by a code of the site."""
    system, _, code = OURS.partition("|")
    made: Resource = {
        "resourceType": "Appointment",
        "id": name,
        "status": "proposed",
        "serviceType": [{"coding": [{"system": system, "code": code}]}],
        "participant": [{"actor": {"reference": f"Patient/{PATIENT}"}, "status": "accepted"}],
    }
    return {**made, **({"start": start} if start else {}), **changes}


def linked(target: str, **changes: Any) -> Resource:
    """An appointment that is known by the order it is for."""
    return visit(serviceType=[], basedOn=[{"reference": target}], **changes)


def book(*visits: Resource, days: tuple[str, ...] = LAST_WEEK, orders: object = None, **more: Any) -> Resource:
    """An appointment-book call with the history."""
    prefetch = {"administrations": bundle(history(*days)), "orders": orders}
    appointments = {"resourceType": "Bundle", "entry": [{"resource": each} for each in visits]}
    return call("appointment-book", context={"appointments": appointments}, prefetch=prefetch, **more)


@pytest.mark.parametrize(
    ("proposed", "expected"),
    [
        pytest.param(visit(), ["TooEarly"], id="P2: nine days after the last dose"),
        pytest.param(visit(start="2026-08-27T09:00:00Z"), [], id="on schedule"),
        pytest.param(visit(start="2026-05-10T12:00:00Z"), ["EarlierThanSchedule"], id="D1: at the site the next day"),
        pytest.param(visit(start="2026-05-10T11:00:00Z"), ["TooEarly"], id="D1: at the site still the same day"),
        pytest.param(visit(start=None), [], id="P2: without a start"),
        pytest.param(visit(start="2026-05-01T09:00:00Z"), [], id="P2: in the past"),
        pytest.param(visit(status="cancelled"), [], id="P2: cancelled"),
        pytest.param(
            visit(serviceType=[{"coding": [{"system": "http://Hospital.example.invalid/visits/", "code": " LUMBAR"}]}]),
            ["TooEarly"],
            id="a code of the site, spelled otherwise",
        ),
        pytest.param(visit(serviceType=[{"text": "Nusinersen"}]), [], id="a text is no code"),
        pytest.param(
            visit(serviceType=[], reasonCode=[{"coding": [{"system": "http://www.whocc.no/atc", "code": "M09AX07"}]}]),
            ["TooEarly"],
            id="the drug as the reason",
        ),
        pytest.param(
            visit(
                serviceType=[],
                reason=[{"concept": {"coding": [{"system": OURS.partition("|")[0], "code": "lumbar"}]}}],
            ),
            ["TooEarly"],
            id="the reason of R5",
        ),
        pytest.param(
            visit(participant=[{"actor": {"reference": "Patient/another"}}]),
            ["TooEarly", "NotChecked"],
            id="of another patient",
        ),
    ],
)
def test_one_appointment(proposed: Resource, expected: list[str]) -> None:
    with service(no_calls, appointment_codes=OURS) as client:
        assert kinds(ask(client, APPOINTMENT, book(proposed))) == expected


def test_the_suggestion_moves_start_and_end() -> None:
    early = visit(end="2026-05-06T10:30:00+12:45", slot=[{"reference": "Slot/1"}])
    with service(no_calls, appointment_codes=OURS) as client:
        [card] = ask(client, APPOINTMENT, book(early)).json()["cards"]
        move, remove = card["suggestions"]
        moved = move["actions"][0]["resource"]
        assert (moved["start"], moved["end"]) == ("2026-08-03T09:00:00+12:45", "2026-08-03T10:30:00+12:45")
        assert "slot" not in moved
        assert remove["label"] == "Remove this nusinersen appointment"
        assert kinds(ask(client, APPOINTMENT, book(moved))) == []


@pytest.mark.parametrize(
    ("start", "new", "moved"),
    [
        ("2026-03-20T09:00:00+13:45", "2026-07-20", "2026-07-20T09:00:00+12:45"),
        ("2026-07-20T09:00:00+12:45", "2026-10-20", "2026-10-20T09:00:00+13:45"),
        ("2026-03-19T19:15:00Z", "2026-07-20", "2026-07-20T09:00:00+12:45"),
        ("2026-03-20T09:00:00", "2026-07-20", "2026-07-20T09:00:00+12:45"),
    ],
)
def test_a_moved_appointment_keeps_its_time_of_day_across_a_change_of_the_clocks(
    start: str, new: str, moved: str
) -> None:
    day = date.fromisoformat(new)
    made = moved_dose(visit(start=start), None, day, zone=ZoneInfo("Pacific/Chatham"), on=date(2026, 3, 1))
    assert made["start"] == moved


ORDERED = draft("x", "2026-08-27", status="active")


@pytest.mark.parametrize(
    ("proposed", "order", "expected"),
    [
        pytest.param(linked("MedicationRequest/x"), ORDERED, ["TooEarly"], id="known by its order"),
        pytest.param(
            linked("MedicationRequest/x", start="2026-08-28T09:00:00+12:45"), ORDERED, [], id="P3: not against its own"
        ),
        pytest.param(
            visit(start="2026-08-27T09:00:00+12:45"), ORDERED, [], id="P3: an order of the very day is that order"
        ),
        pytest.param(
            visit(start="2026-08-28T09:00:00+12:45"), ORDERED, ["OrderConflict"], id="P3: another order, a day before"
        ),
        pytest.param(
            linked("MedicationRequest/x"),
            draft("x", None, status="active", medicationCodeableConcept=OTHER_DRUG),
            [],
            id="for an order of another drug",
        ),
        pytest.param(linked("ServiceRequest/s"), ORDERED, [], id="for something else"),
        pytest.param(linked("MedicationRequest/gone"), ORDERED, ["NotChecked"], id="for an order that is not there"),
    ],
)
def test_an_appointment_and_an_active_order(proposed: Resource, order: Resource, expected: list[str]) -> None:
    with service(no_calls, appointment_codes=OURS) as client:
        assert kinds(ask(client, APPOINTMENT, book(proposed, orders=bundle([order])))) == expected


def test_for_an_appointment_that_is_not_ours_nothing_is_read() -> None:
    request = call("appointment-book", context={"appointments": {"resourceType": "Bundle", "entry": []}})
    request["context"]["appointments"]["entry"] = [{"resource": visit(serviceType=[])}]
    with service(no_calls, appointment_codes=OURS) as client:
        assert kinds(ask(client, APPOINTMENT, with_server(request))) == []


def test_an_appointment_that_cannot_be_checked_is_a_card_and_a_request_without_them_400() -> None:
    def down(_: httpx.Request) -> httpx.Response:
        return httpx.Response(403, json={})

    asked = book(visit())
    del asked["prefetch"]
    with service(down, appointment_codes=OURS) as client:
        assert kinds(ask(client, APPOINTMENT, with_server(asked))) == ["NotChecked"]
        refused = ask(client, APPOINTMENT, call("appointment-book"))
    assert refused.status_code == 400
    assert refused.json()["issue"][0]["expression"] == ["context.appointments"]


def chart(hook: str, days: tuple[str, ...], *, orders: object = None, appointments: object = None) -> Resource:
    """A call for a chart or a visit."""
    prefetch = {"administrations": bundle(history(*days)), "orders": orders, "appointments": appointments}
    return call(hook, prefetch=prefetch)


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, ["Due"]),
        ({"orders": bundle([draft("x", "2026-05-06", status="active")])}, []),
        ({"orders": bundle([draft("x", None, status="active")])}, ["Due"]),
        ({"orders": bundle([draft("x", "2026-07-20", status="active")])}, ["Due"]),
        (
            {"orders": bundle([draft("x", "2026-05-06", status="active", medicationCodeableConcept=OTHER_DRUG)])},
            ["Due"],
        ),
        ({"appointments": bundle([visit(status="booked")])}, []),
        ({"appointments": bundle([visit(status="cancelled")])}, ["Due"]),
        ({"appointments": bundle([visit(status="booked", serviceType=[])])}, ["Due"]),
        ({"orders": "<html>"}, ["Due"]),
    ],
)
def test_a_dose_that_is_due_is_not_told_while_a_dated_order_or_appointment_fits(
    more: Resource, expected: list[str]
) -> None:
    with service(no_calls, appointment_codes=OURS) as client:
        answer = ask(client, CHART, chart("patient-view", DUE_SINCE, **more))
        assert kinds(answer) == expected
    if more.get("orders") == "<html>":
        assert "**Not compared with all other active orders:**" in answer.json()["cards"][0]["detail"]


@pytest.mark.parametrize(
    ("days", "more", "expected"),
    [
        pytest.param((), {}, [], id="a patient without the drug"),
        pytest.param(LAST_WEEK, {}, [], id="nothing due, nothing booked"),
        pytest.param(DUE_SINCE, {}, ["Due"], id="what the chart says"),
        pytest.param(
            LAST_WEEK,
            {"orders": bundle([draft("x", "2026-05-04", status="active")])},
            ["TooEarly"],
            id="ordered for today, too early",
        ),
        pytest.param(
            LAST_WEEK,
            {"appointments": bundle([visit(start="2026-05-04T15:00:00+12:45", status="booked")])},
            ["TooEarly"],
            id="booked for today, too early",
        ),
        pytest.param(
            LAST_WEEK,
            {
                "orders": bundle([draft("x", "2026-05-04", status="active")]),
                "appointments": bundle([visit(start="2026-05-04T15:00:00+12:45", status="booked")]),
            },
            ["TooEarly"],
            id="ordered and booked for today is one dose",
        ),
        pytest.param(
            LAST_WEEK, {"orders": bundle([draft("x", "2026-05-06", status="active")])}, [], id="ordered for another day"
        ),
        pytest.param(
            DUE_SINCE,
            {"orders": bundle([draft("x", "2026-05-04", status="active")])},
            [],
            id="ordered for today, right",
        ),
        pytest.param(
            ON_SCHEDULE[:-1],
            {"orders": bundle([draft("x", "2026-05-04", status="active")])},
            ["Overdue"],
            id="overdue, and ordered for today",
        ),
    ],
)
def test_a_visit(days: tuple[str, ...], more: Resource, expected: list[str]) -> None:
    with service(no_calls, appointment_codes=OURS) as client:
        answer = ask(client, ENCOUNTER, chart("encounter-start", days, **more))
        assert kinds(answer) == expected
    assert all("suggestions" not in card for card in answer.json()["cards"])


def test_an_order_that_was_carried_out_today_is_no_dose_to_come() -> None:
    done = given("a9", "2026-05-04", request={"reference": "MedicationRequest/x"})
    asked = chart("encounter-start", DUE_SINCE, orders=bundle([draft("x", "2026-05-04", status="active")]))
    asked["prefetch"]["administrations"] = bundle([*history(*DUE_SINCE), done])
    with service(no_calls) as client:
        assert kinds(ask(client, ENCOUNTER, asked)) == []
