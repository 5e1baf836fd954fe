"""Laboratory tests before a dose, in the service (rule 10): what is asked for, and where it is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from cds.fhir.resources import explain
from tests.service.ehr import (
    CHART,
    ENCOUNTER,
    LAST_WEEK,
    LOADED,
    ON_SCHEDULE,
    ORDER,
    PATIENT,
    ask,
    bundle,
    call,
    draft,
    history,
    kinds,
    no_calls,
    prefetched,
    service,
    with_server,
)
from tests.service.test_beside import DUE, Ehr, died

Resource = dict[str, Any]
OVERDUE = LOADED
"""By the US label the next dose is overdue on the day of the call, 2026-05-04."""
UCUM = "http://unitsofmeasure.org"


def result(loinc: str, value: float, unit: str, day: str = "2026-05-02", **changes: Any) -> Resource:
    """A laboratory result of two days ago."""
    return {
        "resourceType": "Observation",
        "id": f"o-{loinc}",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": loinc}]},
        "subject": {"reference": f"Patient/{PATIENT}"},
        "effectiveDateTime": day,
        "valueQuantity": {"value": value, "unit": unit, "system": UCUM, "code": unit},
        **changes,
    }


BLOOD = [result("777-3", 240, "10*3/uL"), result("5902-2", 12.1, "s"), result("14979-9", 29, "s")]
ALL = [*BLOOD, result("2888-6", 8, "mg/dL")]
OPEN = "**Not compared with 0.2 g/L**"
NO_CODE = "its unit is not said as a code of UCUM"
LIMIT_ONLY = "the result says only that the value lies above or below a limit"
ADVICE = ": above it the label says to consider repeating the test and evaluating further"
HIGH = [*BLOOD, result("2888-6", 35, "mg/dL")]


def us(ehr: Any = no_calls, **settings: Any) -> Any:
    return service(ehr, **{"regimen": "us-12mg", **settings})


def sent(days: tuple[str, ...], results: list[Resource], **more: Any) -> Resource:
    return {**prefetched(*days), "results": bundle(results), **more}


def detail(answer: httpx.Response, kind: str) -> str:
    """The detail of the one card of a kind."""
    (found,) = [card for card in answer.json()["cards"] if card["source"]["topic"]["code"] == f"Nusinersen{kind}"]
    return str(found["detail"])


def section(text: str) -> list[str]:
    """The lines about tests in a detail."""
    section = text.partition("**Laboratory tests before the dose")[2].partition("\n\n**")[0]
    return [line for line in section.splitlines() if line.startswith("- ")]


def test_the_observations_of_these_tests_are_valid_fhir() -> None:
    assert [explain(each) for each in ALL] == [()] * 4


@pytest.mark.parametrize(("regimen", "asked"), [("eu-12mg", False), ("us-12mg", True), ("us-12mg us-high-dose", True)])
def test_results_are_asked_for_only_where_the_label_asks_for_tests(regimen: str, asked: bool) -> None:
    with service(regimen=regimen, unverified_regimens="us-high-dose") as client:
        offered = client.get("/cds-services").json()["services"]
    assert {"results" in each["prefetch"] for each in offered} == {asked}
    assert {"patient/Observation.read" in each["usageRequirements"] for each in offered} == {asked}
    if asked:
        template = offered[0]["prefetch"]["results"]
        assert template.startswith("Observation?patient={{context.patientId}}&_sort=-date&code=http://loinc.org|777-3,")


def test_of_several_sites_one_that_needs_results_is_enough_to_ask_for_them(tmp_path: Path) -> None:
    sites = tmp_path / "sites.toml"
    sites.write_text(
        '[[site]]\nid = "a"\nregimen = "eu-12mg"\ntime_zone = "UTC"\nfhir_servers = ["https://a.example.invalid/fhir"]\n'
        '[[site]]\nid = "b"\nregimen = "us-12mg"\ntime_zone = "UTC"\nfhir_servers = ["https://b.example.invalid/fhir"]\n'
    )
    with service(sites_file=sites, regimen=None, time_zone=None, fhir_servers="") as client:
        offered = client.get("/cds-services").json()["services"]
    assert {"results" in each["prefetch"] for each in offered} == {True}


@pytest.mark.parametrize("hook", ["patient-view", "encounter-start"])
def test_under_the_eu_label_no_result_is_read_or_told_though_it_came(hook: str) -> None:
    ehr = Ehr(history(*OVERDUE))
    request = call(hook)
    with service(ehr) as client:
        answer = ask(client, CHART if hook == "patient-view" else ENCOUNTER, with_server(request))
        assert kinds(answer) == ["Overdue"]
        assert section(detail(answer, "Overdue")) == []
        brought = call("patient-view", prefetch=sent(OVERDUE, HIGH))
        assert "Laboratory" not in ask(client, CHART, brought).text
    assert "Observation" not in ehr.asked


def test_on_a_chart_missing_results_are_lines_of_the_card_that_is_shown() -> None:
    with us() as client:
        answer = ask(client, CHART, call("patient-view", prefetch=sent(OVERDUE, BLOOD)))
    assert kinds(answer) == ["Overdue"]
    assert section(detail(answer, "Overdue")) == [
        "- platelet count: 240 10\\*3/uL (2026-05-02)",
        "- prothrombin time: 12.1 s (2026-05-02)",
        "- activated partial thromboplastin time: 29 s (2026-05-02)",
        "- urine protein: **none on record**",
    ]
    assert answer.json()["cards"][0]["extension"]["org.nusinersen-cds"]["findings"] == ["overdue", "monitoring-due"]
    assert answer.json()["cards"][0]["indicator"] == "warning"


def test_at_a_visit_they_are_a_card_of_their_own_too() -> None:
    with us() as client:
        answer = ask(client, ENCOUNTER, call("encounter-start", prefetch=sent(OVERDUE, BLOOD)))
        assert kinds(answer) == ["Overdue", "Monitoring"]
        card = answer.json()["cards"][1]
        assert (card["indicator"], card["summary"]) == (
            "info",
            "Nusinersen: laboratory tests before the dose: 1 missing or old (of 4)",
        )
        assert "overrideReasons" not in card
        assert "consider repeating and evaluating" not in card["detail"]
        assert "quantitative spot urine protein, at baseline and before each dose" in card["detail"]
        complete = ask(client, ENCOUNTER, call("encounter-start", prefetch=sent(OVERDUE, ALL)))
        assert kinds(complete) == ["Overdue"]
        assert "**Laboratory tests before the dose:** all are done" in detail(complete, "Overdue")


@pytest.mark.parametrize(
    ("settings", "window"),
    [
        ({}, "results since 2025-12-04, after the last dose; this site has set no window"),
        ({"monitoring_days": 30}, "results since 2026-04-04, 30 days back, which is a setting of this site"),
    ],
)
def test_the_window_is_shown(settings: Resource, window: str) -> None:
    with us(**settings) as client:
        for results in ([], ALL):
            answer = ask(client, CHART, call("patient-view", prefetch=sent(OVERDUE, results)))
            assert window in detail(answer, "Overdue")


def test_a_result_from_before_the_window_is_old_and_its_day_is_said() -> None:
    old = [*BLOOD, result("2888-6", 8, "mg/dL", "2026-04-03")]
    with us(monitoring_days=30) as client:
        answer = ask(client, CHART, call("patient-view", prefetch=sent(OVERDUE, old)))
    assert section(detail(answer, "Overdue"))[-1] == (
        "- urine protein: **none in that time**, the latest is 8 mg/dL (2026-04-03)"
    )


def test_at_an_order_a_missing_result_is_a_line_and_no_card() -> None:
    with us() as client:
        fits = call("order-sign", drafts=[draft(day=DUE)], prefetch=sent(ON_SCHEDULE, []))
        assert kinds(ask(client, ORDER, fits)) == []
        early = call("order-sign", drafts=[draft()], prefetch=sent(LAST_WEEK, []))
        answer = ask(client, ORDER, early)
        assert kinds(answer) == ["TooEarly"]
        assert len(section(detail(answer, "TooEarly"))) == 4


def test_a_site_may_ask_for_a_card_at_orders_too() -> None:
    with us(monitoring_at_orders=True) as client:
        fits = call("order-sign", drafts=[draft(day=DUE)], prefetch=sent(ON_SCHEDULE, []))
        answer = ask(client, ORDER, fits)
        assert kinds(answer) == ["Monitoring"]
        assert "suggestions" not in answer.json()["cards"][0]
        complete = call("order-sign", drafts=[draft(day=DUE)], prefetch=sent(ON_SCHEDULE, ALL))
        assert kinds(ask(client, ORDER, complete)) == []
        other = call("order-sign", drafts=[draft(medicationCodeableConcept={"text": "x"})], prefetch=sent(OVERDUE, []))
        assert kinds(ask(client, ORDER, other)) == []


def test_urine_protein_above_the_threshold_is_a_line_with_its_value() -> None:
    with us() as client:
        answer = ask(client, ENCOUNTER, call("encounter-start", prefetch=sent(OVERDUE, HIGH)))
        assert kinds(answer) == ["Overdue", "Monitoring"]
        line = (
            "- urine protein: 35 mg/dL (2026-05-02). **That is above 0.2 g/L**: the label says to consider repeating "
            "the test and evaluating further"
        )
        assert section(detail(answer, "Overdue"))[-1] == section(detail(answer, "Monitoring"))[-1] == line
        card = answer.json()["cards"][1]
        assert card["summary"] == "Nusinersen: laboratory tests before the dose: 1 to look at (of 4)"
        assert card["extension"]["org.nusinersen-cds"]["findings"] == ["overdue"], "no result is missing"
        fits = call("order-sign", drafts=[draft(day=DUE)], prefetch=sent(ON_SCHEDULE, HIGH))
        assert kinds(ask(client, ORDER, fits)) == [], "it holds no order back"


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        (
            {"code": {"coding": [{"system": "http://loinc.org", "code": "5804-0"}]}},
            "- Observation/o-2888-6 (2026-05-02): not counted, since a test strip is not quantitative",
        ),
        (
            {"status": "preliminary"},
            "- Observation/o-2888-6 (2026-05-02): not counted, since it is not final: preliminary",
        ),
        (
            {"effectiveDateTime": "soon"},
            "- Observation/o-2888-6: could not be read: effectiveDateTime is no date",
        ),
        (
            {"valueQuantity": {"value": 8, "unit": "<b>mg</b> | per dl"}},
            f"- urine protein: 8 &lt;b&gt;mg&lt;/b&gt; \\| per dl (2026-05-02). {OPEN} ({NO_CODE}){ADVICE}",
        ),
        (
            {"valueQuantity": {"value": 30, "comparator": "<", "unit": "mg/dL", "system": UCUM, "code": "mg/dL"}},
            f"- urine protein: &lt;30 mg/dL (2026-05-02). {OPEN} ({LIMIT_ONLY}){ADVICE}",
        ),
    ],
)
def test_what_does_not_count_or_cannot_be_compared_is_said(changes: Resource, line: str) -> None:
    results = [*BLOOD, result("2888-6", 8, "mg/dL", **changes)]
    with us() as client:
        answer = ask(client, ENCOUNTER, call("encounter-start", prefetch=sent(OVERDUE, results)))
    assert section(detail(answer, "Monitoring"))[-1] == line


def test_results_that_could_not_be_read_are_said_and_never_called_missing() -> None:
    ehr = Ehr(history(*OVERDUE), Observation=(403, {"resourceType": "OperationOutcome", "issue": []}))
    with us(ehr) as client:
        chart = ask(client, CHART, with_server(call("patient-view")))
        assert kinds(chart) == ["Overdue"]
        visit = ask(client, ENCOUNTER, with_server(call("encounter-start")))
        assert kinds(visit) == ["Overdue", "Monitoring"]
        early = ask(client, ORDER, with_server(call("order-sign", drafts=[draft(day="2025-12-04")])))
    assert "Observation" in ehr.asked
    assert visit.json()["cards"][1]["summary"].endswith("4 not known (of 4)")
    for text in (detail(chart, "Overdue"), detail(visit, "Monitoring")):
        assert "**Not known, since it could not be read:**\n\n- Laboratory results before the dose: " in text
        assert "- urine protein: **not known**, since not all could be read" in text
        assert "none on record" not in text
        assert "monitoring-due" not in text
    assert kinds(early) == [] or "none on record" not in json.dumps(early.json())


def test_a_page_that_is_lost_leaves_the_tests_open_and_the_results_that_came_stand() -> None:
    cut = bundle(BLOOD, link=[{"relation": "next", "url": "https://ehr.example.invalid/fhir?page=2"}])
    with us() as client:
        answer = ask(client, CHART, call("patient-view", prefetch={**prefetched(*OVERDUE), "results": cut}))
    text = detail(answer, "Overdue")
    assert "- platelet count: 240 10\\*3/uL (2026-05-02)\n" in text
    assert "- urine protein: **not known**, since not all could be read" in text
    assert "goes on on a further page" in text


def test_results_cost_no_other_answer() -> None:
    """What stood in for a failure before still does: a reminder takes the place of nothing."""
    ehr = Ehr(history(*ON_SCHEDULE), MedicationStatement=(500, {}), Observation=(200, bundle([])))
    with us(ehr, monitoring_at_orders=True) as client:
        visit = ask(client, ENCOUNTER, with_server(call("encounter-start")))
        order = ask(client, ORDER, with_server(call("order-sign", drafts=[draft(day=DUE)])))
    assert visit.status_code == 412
    assert kinds(order) == ["NotChecked", "Monitoring"]


def test_a_first_dose_that_is_booked_for_today_has_its_baseline() -> None:
    today = draft(day="2026-05-04", status="active")
    with us() as client:
        prefetch = sent((), [], orders=bundle([today]))
        answer = ask(client, ENCOUNTER, call("encounter-start", prefetch=prefetch))
        assert kinds(answer) == ["Monitoring"]
        assert "results of any day; no dose is on record" in detail(answer, "Monitoring")
        complete = sent((), ALL, orders=bundle([today]))
        assert kinds(ask(client, ENCOUNTER, call("encounter-start", prefetch=complete))) == []


def test_where_no_dose_is_near_results_are_not_read() -> None:
    ehr = Ehr(history(*ON_SCHEDULE))
    with us(ehr) as client:
        assert kinds(ask(client, ENCOUNTER, with_server(call("encounter-start")))) == []
        assert kinds(ask(client, CHART, with_server(call("patient-view")))) == []
    assert "Observation" not in ehr.asked


def test_after_a_therapy_that_has_ended_nothing_is_said_of_tests() -> None:
    prefetch = sent(OVERDUE, [], patient=died(deceasedBoolean=True))
    with us() as client:
        assert kinds(ask(client, ENCOUNTER, call("encounter-start", prefetch=prefetch))) == []


def test_the_results_of_an_id_that_the_patient_had_before_count() -> None:
    merged = died(link=[{"other": {"reference": "Patient/old"}, "type": "replaces"}])
    results = [{**each, "subject": {"reference": "Patient/old"}} for each in ALL]
    with us() as client:
        for patient, known in ((merged, True), (died(), False)):
            prefetch = sent(OVERDUE, results, patient=patient)
            if known:
                # a dose of before the charts were joined, by which the old id was searched too
                prefetch["administrations"]["entry"][0]["resource"]["subject"] = {"reference": "Patient/old"}
            answer = ask(client, CHART, call("patient-view", prefetch=prefetch))
            assert ("all are done" in detail(answer, "Overdue")) is known
            assert ("subject is another patient" in detail(answer, "Overdue")) is not known
