"""Records that others have published, read as they are and as if they were of nusinersen, against a reviewed table."""

from __future__ import annotations

import json

import pytest

from cds.dosing.facts import NotGiven, Unidentified, Unreadable
from cds.fhir.bundle import read_contents
from cds.fhir.history import group_by_patient, read_history
from tests import published
from tests.fhir.published_table import DRUG, ZONE, recorded, rows, with_nusinersen
from tests.fhir.records import known_empty

pytestmark = pytest.mark.published


def test_every_record_is_read_as_the_reviewed_table_says() -> None:
    read = {row["file"]: row for row in rows()}
    table = {row["file"]: row for row in recorded()}
    assert len(table) == 327
    assert {name: row for name, row in read.items() if row != table.get(name)} == {}
    assert table.keys() == read.keys()


def test_no_record_of_the_folder_is_lost_when_all_are_one_history_of_nusinersen() -> None:
    resources = [
        {**with_nusinersen(json.loads(path.read_text())), "id": f"n{index}"}
        for index, path in enumerate(published.files("medication-administration/*/*.json"))
    ]
    records = read_history(resources, drug=DRUG, zone=ZONE, patient=None)
    left_out = sum(resource.get("status") == "entered-in-error" for resource in resources)
    assert left_out == 6
    assert len(records) + left_out == len(resources)
    assert not any(isinstance(record, Unidentified) for record in records)


def test_what_an_older_version_of_fhir_says_is_refused_and_its_date_kept() -> None:
    for row in recorded():
        if row["file"].startswith("other/") and row["read_as"] != "entered-in-error":
            assert (row["read_as"], row["reason"]) == ("unreadable", "unreadable-record"), row
            assert row["earliest"], row


def test_an_example_that_is_published_for_r4_and_r5_is_read_alike() -> None:
    read: dict[str, dict[str, list[dict[str, str]]]] = {}
    for row in rows():
        version, name = row.pop("file").split("/")
        read.setdefault(name.split("__")[1], {}).setdefault(version, []).append(row)
    both = [versions for versions in read.values() if {"R4", "R5"} <= versions.keys()]
    assert len(both) == 14
    for versions in both:
        assert all(row == versions["R5"][0] for row in versions["R4"])


def test_records_of_others_are_of_other_patients() -> None:
    resources = [
        with_nusinersen(json.loads(path.read_text())) for path in published.files("medication-administration/R4/*.json")
    ]
    records = read_history(resources, drug=DRUG, zone=ZONE, patient="Patient/somebody-else")
    assert {record.reason for record in records if isinstance(record, Unreadable)} == {
        "wrong-patient",
        "unreadable-record",
    }
    assert not any(isinstance(record, NotGiven) for record in records)
    assert all(isinstance(record, Unreadable) for record in records)


def test_all_subjects_are_found() -> None:
    resources = [json.loads(path.read_text()) for path in published.files("medication-administration/*/*.json")]
    groups = group_by_patient(resources)
    assert sum(map(len, groups.patients.values())) + len(groups.rejected) == len(resources) == 327
    assert {rejected.reason for rejected in groups.rejected} == {
        "subject.reference points at no patient that was delivered"
    }
    assert len(groups.rejected) == 4


def test_prefetch_values_of_published_requests_are_read_or_refused_in_words() -> None:
    read = 0
    for path in published.files("cds-hooks/*.json"):
        try:
            request = json.loads(path.read_text())
        except ValueError:
            continue
        for value in (request.get("prefetch") or {}).values():
            contents = read_contents(value)
            read += 1
            assert contents.resources or contents.problems or known_empty(contents)
    assert read > 20
