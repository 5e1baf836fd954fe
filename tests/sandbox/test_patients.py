"""The demo patients: valid FHIR, one for each kind of finding, and of the same age on every day."""

from __future__ import annotations

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from cds.dosing.assess import assess
from cds.dosing.codes import Code, Status
from cds.dosing.findings import Finding
from cds.dosing.laboratory import Laboratory
from cds.dosing.monitor import monitor
from cds.fhir.beside import beside
from cds.fhir.history import read_history
from cds.fhir.orders import read_order
from cds.fhir.references import Pool
from cds.fhir.resources import explain
from cds.fhir.results import read_results
from cds.regimens.library import load as load_regimens
from hooks.sandbox.demo import demo_settings
from hooks.sandbox.load import resources, transaction
from hooks.sandbox.patients import DemoPatient, demo_patients, medications, moved, shared_resources
from tests.sandbox.expected import Line, expected

ON = date(2026, 5, 1)
# Month ends, a leap day, and the day after the shortest month: where calendar months are most uneven.
DAYS = [ON, date(2024, 2, 29), date(2026, 10, 31), date(2026, 11, 1), date(2027, 3, 1), date(2030, 12, 31)]
NAMES = [patient.id for patient in demo_patients(ON)]
ZONE = ZoneInfo("Asia/Kathmandu")
REGIMENS = load_regimens().choose(demo_settings().sites()[0].regimen)


def patient(name: str, on: date) -> DemoPatient:
    return next(one for one in demo_patients(on) if one.id == name)


def codes(findings: tuple[Finding, ...]) -> tuple[str, ...]:
    return tuple(finding.code.value for finding in findings)


def test_there_are_at_least_eighteen() -> None:
    assert len(NAMES) >= 18


@pytest.mark.parametrize("on", DAYS, ids=str)
@pytest.mark.parametrize("name", NAMES)
def test_the_engine_finds_what_the_table_says_on_any_day(name: str, on: date) -> None:
    demo, said = patient(name, on), expected(name)
    every = [*demo.resources, *shared_resources()]
    read = [
        *read_history(every, drug=REGIMENS.drug, zone=ZONE, patient=f"Patient/{name}"),
        *beside(every, drug=REGIMENS.drug, zone=ZONE, resolve=Pool(every).resolve),
    ]
    found = assess(f"Patient/{name}", read, REGIMENS, on=on, whole=True)
    assert tuple(Line(one.step, codes(one.findings)) for one in found.evaluations) == said.evaluations
    assert found.forecast.status == said.status
    assert Line(found.forecast.step, codes(found.forecast.findings)) == said.forecast
    assert codes(found.findings) == said.series


@pytest.mark.parametrize("on", DAYS, ids=str)
@pytest.mark.parametrize("name", [one.id for one in demo_patients(ON) if one.order])
def test_the_draft_order_gives_the_findings_of_the_table_on_any_day(name: str, on: date) -> None:
    demo = patient(name, on)
    every = [*demo.resources, *shared_resources()]
    assert demo.order is not None
    order = read_order(demo.order, drug=REGIMENS.drug, zone=ZONE, on=on, resolve=Pool(every).resolve)
    read = read_history(every, drug=REGIMENS.drug, zone=ZONE, patient=f"Patient/{name}")
    found = assess(f"Patient/{name}", read, REGIMENS, on=on, whole=True, proposals=order.proposals)
    assert [codes(proposed.findings) for proposed in found.proposed] == [expected(name).order]


@pytest.mark.parametrize("on", DAYS, ids=str)
def test_by_the_us_label_one_test_is_old_and_one_value_is_high(on: date) -> None:
    us, demo = load_regimens().get("us-12mg"), patient("monitoring-due", on)
    records = read_history(demo.resources, drug=us.drug, zone=ZONE, patient="Patient/monitoring-due")
    results = read_results(demo.resources, us.monitoring, patient="Patient/monitoring-due", zone=ZONE)
    found = monitor(assess("Patient/monitoring-due", records, us, on=on, whole=True), Laboratory(*results))
    assert codes(found.findings) == ("monitoring-due",)
    assert found.monitored is not None
    assert [(each.standing.value, each.above) for each in found.monitored.tests] == [
        ("done", None), ("done", None), ("old", None), ("done", True),
    ]  # fmt: skip


def test_every_status_has_a_patient() -> None:
    # That therapy has ended stands in the Patient resource or beside the doses, of which these tables tell nothing.
    assert {status.value for status in Status} - {expected(name).status for name in NAMES} == {"ended"}


def test_every_finding_has_a_patient_or_needs_more_than_a_history() -> None:
    shown = {code for name in NAMES for code in expected(name).codes}
    # a server that is asked for one patient's records does not answer with those of another; the labels of the
    # demonstration ask for no laboratory tests
    assert {code.value for code in Code} - shown == {"wrong-patient", "monitoring-due"}


def test_every_way_to_name_a_medication_is_used() -> None:
    used = [str(one.resources) for one in demo_patients(ON)]
    for name, part in medications().items():
        assert any(str(value) in text for value in part.values() for text in used), name


@pytest.mark.parametrize("resource", resources(ON), ids=lambda one: f"{one['resourceType']}/{one['id']}")
def test_every_resource_is_valid_fhir(resource: dict[str, Any]) -> None:
    # FHIR allows an extension in the place of a value; the model does not know that for `effective[x]`.
    absent = {"effectiveDateTime": "2026-05-01"} if "_effectiveDateTime" in resource else {}
    assert explain({**resource, **absent}) == ()


def test_no_resource_is_loaded_twice() -> None:
    urls = [entry["request"]["url"] for entry in transaction(resources(ON))["entry"]]
    assert sorted(set(urls)) == sorted(urls)


def test_a_resource_without_an_id_cannot_be_loaded() -> None:
    with pytest.raises(ValueError, match="'id' is missing"):
        transaction([{"resourceType": "Patient"}])


def test_the_dates_move_with_the_day() -> None:
    first, second = patient("loading-in-progress", ON), patient("loading-in-progress", date(2026, 5, 11))
    dates = [
        [one["effectiveDateTime"][:10] for one in p.resources if "effectiveDateTime" in one] for p in (first, second)
    ]
    assert dates == [["2026-04-11", "2026-04-25"], ["2026-04-21", "2026-05-05"]]


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        (-10, date(2026, 10, 21)),
        ("4mo", date(2027, 3, 1)),
        ("4mo-5d", date(2027, 2, 24)),
        ("-8mo-1d", date(2026, 2, 28)),
        ("0d", date(2026, 10, 31)),
    ],
)
def test_distances_are_months_first_then_days(by: str | int, expected: date) -> None:
    assert moved(date(2026, 10, 31), by) == expected


@pytest.mark.parametrize("by", ["", "4", "4 mo", "4mo5", "2y"])
def test_a_distance_that_cannot_be_read_is_refused(by: str) -> None:
    with pytest.raises(ValueError, match="write it like 14d, 4mo or 4mo-3d"):
        moved(ON, by)
