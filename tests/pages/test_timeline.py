"""The timeline: the doses of a patient as cards and rules judge them, and never an empty page for what was not read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from io import StringIO
from typing import Any

import httpx
import pytest

from hooks.app import create_app
from hooks.operations.logs import LogFormat, LogLevel, log_lines
from hooks.sandbox.calls import order_request
from hooks.sandbox.pages import TIMELINE
from hooks.sandbox.patients import DemoPatient
from hooks.settings import Settings
from tests.pages.conftest import NOW, PATIENTS, SERVER, Get, given, holding, pages, person
from tests.pages.reading import Page, read

LOADED = ("2025-10-01", "2025-10-15", "2025-10-29", "2025-12-03")


@pytest.fixture(scope="module")
def demo() -> Iterator[Get]:
    with pages(show_assessment=True) as get:
        yield get


def seen(get: Get, patient: str, status: int = 200, **more: str) -> Page:
    return read(get(TIMELINE, params={"patient": patient, **more}), status)


def of(*days: str, **changes: Any) -> DemoPatient:
    return person("x", *(given("x", f"a{number}", day, **changes) for number, day in enumerate(days, 1)))


@pytest.mark.parametrize("patient", PATIENTS, ids=lambda patient: patient.id)
def test_every_demo_patient_has_a_timeline_that_says_what_the_card_says(demo: Get, patient: DemoPatient) -> None:
    page = seen(demo, patient.id)
    call = {"hook": "patient-view", "hookInstance": "i", "fhirServer": SERVER, "context": {"patientId": patient.id}}
    answer = demo("/cds-services/nusinersen-chart", "POST", json=call).json()
    for card in answer["cards"]:
        assert card["summary"] in page.text
    assessment = answer["extension"]["org.nusinersen-cds"]["assessment"]
    told_of = [*assessment["not_given"], *assessment["unidentified"]]
    told_of += [reference for each in assessment["evaluations"] for reference in each["administrations"]]
    told_of += [each["reference"] for each in assessment["unreadable"]]
    for reference in told_of:
        assert reference in page.text


@pytest.mark.parametrize(
    ("patient", "words"),
    [
        ("overdue", ("Overdue", "overdue since 2026-04-03", "Plan ahead")),
        ("late", ("15 days late (W3)",)),
        ("interval-too-short", ("A clinician decides", "9 days, minimum 14 (W2)")),
        ("earlier-than-schedule", ("days early",)),
        ("catch-up-required", ("extra dose of the catch-up",)),
        ("date-missing", ("Records that are not counted", "no date", "a dose missing here would move it")),
        ("partial-dose", ("stopped, given in part",)),
        ("not-started", ("Not started", "No dose of nusinersen that counts is on record")),
        ("unexpected-amount", ("unexpected amount (C5)",)),
        ("unidentified-record", ("drug not identified",)),
    ],
)
def test_what_a_situation_shows(demo: Get, patient: str, words: tuple[str, ...]) -> None:
    page = seen(demo, patient)
    for each in words:
        assert each in page.text, each


@pytest.mark.parametrize(
    ("patient", "look"),
    [
        ("upcoming", "good"),
        ("due", "info"),
        ("overdue", "warning"),
        ("transfer", "warning"),
        pytest.param("status-unknown", "warning", id="not due yet, and the history is not whole"),
        pytest.param("date-in-future", "warning", id="a record dated in the future: not whole either"),
        ("not-started", "info"),
    ],
)
def test_only_what_is_known_whole_looks_good(demo: Get, patient: str, look: str) -> None:
    [status] = [each for each in seen(demo, patient).all("section") if each.get("aria-labelledby") == "status"]
    assert status["class"] == f"status {look}"


def test_it_names_label_regimen_version_and_digest(demo: Get) -> None:
    text = seen(demo, "overdue").text
    assert "eu-12mg, version 1.0.0: Spinraza 12 mg" in text
    assert "sha256:" in text
    assert "EU summary of product characteristics" in text


def test_amount_and_days_stand_in_the_table(demo: Get) -> None:
    assert "2025-11-05 loading dose 4 12 mg given 35 2025-10-29 to 2025-11-12" in seen(demo, "overdue").text


def test_an_amount_that_no_record_states_is_said() -> None:
    with pages([of(*LOADED)]) as get:
        assert "not stated" in seen(get, "x").text


def test_a_drawing_has_a_name_and_words_in_each_width(demo: Get) -> None:
    page = seen(demo, "overdue")
    drawings = [each for each in page.all("svg") if each.get("role") == "img"]
    assert [each["class"] for each in drawings] == ["w350", "w690", "w1040"]
    ids = {attributes.get("id") for _, attributes in page.elements}
    for each in drawings:
        assert set((each["aria-labelledby"] or "").split()) <= ids


def test_a_long_history_is_drawn_whole_too() -> None:
    days = [f"{year}-{month:02}-01" for year in range(2018, 2026) for month in (3, 7, 11)]
    with pages([of(*days)]) as get:
        page = seen(get, "x")
    assert "The whole history" in page.text
    assert len([each for each in page.all("svg") if each.get("role") == "img"]) == 6


def test_a_dose_of_another_century_is_in_the_table_and_not_drawn() -> None:
    with pages([of("1899-01-01", *LOADED)]) as get:
        assert "1 older doses are in the table only" in seen(get, "x").text


# What if.


@pytest.mark.parametrize("patient", [patient for patient in PATIENTS if patient.order], ids=lambda each: each.id)
def test_the_verdict_is_that_of_an_order_for_the_day(demo: Get, patient: DemoPatient) -> None:
    day = "2026-05-09"
    order = {
        "resourceType": "MedicationRequest",
        "id": "o",
        "status": "draft",
        "intent": "order",
        "subject": {"reference": f"Patient/{patient.id}"},
        "medicationCodeableConcept": {"coding": [{"system": "http://www.whocc.no/atc", "code": "M09AX07"}]},
        "dosageInstruction": [{"timing": {"event": [day]}}],
    }
    answer = demo("/cds-services/nusinersen-order", "POST", json=order_request(SERVER, patient.id, order))
    page = seen(demo, patient.id, date=day)
    for card in answer.json()["cards"]:
        assert card["summary"] in page.text
    if not answer.json()["cards"]:
        assert "nothing was found against this date" in page.text


@pytest.mark.parametrize(
    ("days", "day", "words"),
    [
        (LOADED, "2026-05-01", "nothing was found against this date On 2026-05-01 it would be: maintenance dose"),
        ((*LOADED, "2026-04-25"), "2026-05-05", "is 10 days after the last dose; not before 2026-05-09"),
        ((*LOADED, "2026-04-25"), "2026-05-05", "First date without a warning: 2026-08-03"),
        (LOADED, "2026-09-01", "The plan that would begin Date Step 2026-09-01 maintenance dose 2026-09-15 extra dose"),
        (LOADED, "2026-06-01", "nothing was found against this date but what follows"),
        (LOADED, "9999-12-31", "The date that was tried is too far ahead to be drawn"),
        ((), "2026-05-01", "On 2026-05-01 it would be: loading dose 1"),
    ],
)
def test_a_date_is_tried(days: tuple[str, ...], day: str, words: str) -> None:
    with pages([of(*days)]) as get:
        assert words in seen(get, "x", date=day).text


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("2026-04-30", "2026-04-30 lies before today, 2026-05-01"),
        ("tomorrow", "This is no date"),
        ("2026-02-30", "This is no date"),
        ("<b>1</b>", "This is no date"),
    ],
)
def test_a_date_that_cannot_be_tried_is_said_beside_the_timeline(demo: Get, written: str, words: str) -> None:
    page = seen(demo, "overdue", 400, date=written)
    assert words in page.text
    assert "Overdue" in page.text
    [field] = [each for each in page.all("input") if each.get("type") == "date"]
    assert (field["value"], field["aria-invalid"], field["aria-describedby"]) == (written, "true", "fault")


# What was not read is said.


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(lambda _: httpx.Response(500), id="the server fails"),
        pytest.param(lambda _: httpx.Response(403), id="the server refuses"),
        pytest.param(lambda _: httpx.Response(200, text="<html>login</html>"), id="a login page"),
    ],
)
@pytest.mark.parametrize("settings", [{}, {"chart_failure": "card", "order_failure": "card"}], ids=["status", "card"])
@pytest.mark.parametrize("date", ["", "2026-06-01"], ids=["timeline", "what if"])
def test_a_history_that_was_not_read_is_no_empty_timeline(answer: Any, settings: dict[str, str], date: str) -> None:
    with pages(answer=answer, max_pages=2, **settings) as get:
        page = seen(get, "overdue", 502, date=date)
    assert "The doses could not be read" in page.text
    assert "This does not mean that there were no doses" in page.text
    assert page.all("svg") == []


def test_a_history_that_was_read_in_part_says_so_above_the_drawing() -> None:
    lost = {"link": [{"relation": "next", "url": f"{SERVER}/lost"}]}

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(500) if request.url.path.endswith("lost") else holding([of(*LOADED)], **lost)(request)

    with pages([of(*LOADED)], answer) as get:
        text = seen(get, "x").text
    assert text.index("Not all of the history was read.") < text.index("Time axis")
    assert "A clinician decides" in text


def test_a_patient_that_is_not_of_the_demo_is_not_looked_up() -> None:
    with pages(answer=lambda request: pytest.fail(str(request.url))) as get:
        page = read(get(TIMELINE, params={"patient": "<script>alert(1)</script>"}), 404)
    assert "there is no demo patient of this name" in page.text


def test_only_the_demo_serves_it() -> None:
    app = create_app(Settings(regimen="eu-12mg", time_zone="UTC", client_auth="off"))
    assert [route for route in app.routes if getattr(route, "path", "").startswith("/demo")] == []


# Texts of records.


HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"


def test_texts_of_records_are_escaped_and_odd_values_are_not_quoted() -> None:
    records = [
        given("x", "a1", "2026-01-01"),
        given("x", "a2", HOSTILE),
        given("x", "a3", "2026-02-01", status=HOSTILE),
    ]
    with pages([person("x", *records, family=HOSTILE)]) as get:
        page = seen(get, "x", 400, date=HOSTILE[:30])
    assert page.text.count("<script>alert(1)") == 1
    assert f"{HOSTILE}, G, born 2020-01-01" in page.text


def test_a_log_tells_nothing_of_the_patient() -> None:
    stream = StringIO()
    with log_lines(LogFormat.JSON, LogLevel.INFO, stream), pages() as get:
        seen(get, "overdue", date="2026-06-07")
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line["page"] for line in lines if line["event"] == "request"] == ["timeline"]
    written = stream.getvalue().replace("not-authenticated", "")
    for word in ("Patient/", "Tanaka", "2026-06-07", "patient=", "overdue"):
        assert word not in written, word


def test_the_clock_of_the_page_is_that_of_the_site(demo: Get) -> None:
    assert "today is 2026-05-01 (Asia/Kathmandu)" in seen(demo, "overdue").text
    assert NOW.date().isoformat() == "2026-04-30"


@pytest.mark.parametrize(("regimen", "said"), [("eu-12mg", False), ("eu-12mg qalsody", True)])
def test_a_site_of_several_drugs_says_that_one_alone_is_shown(regimen: str, said: bool) -> None:
    with pages(regimen=regimen) as get:
        text = get(f"{TIMELINE}?patient=overdue").text
    assert ("Not shown, and judged apart at this site: tofersen (Qalsody)." in text) is said
