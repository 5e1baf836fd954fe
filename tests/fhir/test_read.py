"""One MedicationAdministration of nusinersen: what its status, subject, date, route and dose make of it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from cds.dosing.facts import Administration, DateRange, NotGiven, Unidentified, Unreadable
from cds.dosing.findings import Finding
from cds.fhir.read import Ignored, read_administration
from cds.fhir.references import Pool
from tests.fhir.records import (
    ADMINISTRATION,
    ATC,
    DRUG,
    NDC,
    PATIENT,
    RXNORM,
    SNOMED,
    UCUM,
    ZONE,
    changed,
    concept,
    read,
)

REFERENCE = "MedicationAdministration/a1"
DAY = DateRange.on(date(2026, 3, 1))
ABSENT = {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}]}


def said(record: object) -> tuple[str, ...]:
    """What became of a record, in one line of a table."""
    match record:
        case Administration():
            when = (
                f"{record.when.earliest}..{record.when.latest}" if record.when.days > 1 else f"{record.when.earliest}"
            )
            notes = " ".join(f"{note.code}:{note.rule}" for note in record.notes)
            return ("stopped" if record.stopped else "dose", when, str(record.amount), notes)
        case Unreadable():
            when = f"{record.when.earliest}" if record.when else ""
            return ("unreadable", record.reason, record.rule, record.element, when)
        case Unidentified():
            return ("unidentified", record.detail)
        case NotGiven():
            return ("not given",)
        case Ignored():
            return (record.why,)
        case _:
            raise AssertionError(record)


def test_a_plain_record() -> None:
    assert read(ADMINISTRATION) == Administration(REFERENCE, DAY, Decimal(12))


STATUSES = [
    ("completed", ("dose", "2026-03-01", "12", "")),
    ("in-progress", ("dose", "2026-03-01", "12", "")),
    ("stopped", ("stopped", "2026-03-01", "12", "")),
    ("not-done", ("not given",)),
    ("on-hold", ("not given",)),
    ("entered-in-error", ("entered-in-error",)),
    ("unknown", ("unreadable", "status-unknown", "C2", "status", "2026-03-01")),
    ("Completed", ("unreadable", "status-unknown", "C2", "status", "2026-03-01")),
    ("", ("unreadable", "status-unknown", "C2", "status", "2026-03-01")),
    (None, ("unreadable", "status-unknown", "C2", "status", "2026-03-01")),
    (["completed"], ("unreadable", "status-unknown", "C2", "status", "2026-03-01")),
    ({}, ("unreadable", "status-unknown", "C2", "status", "2026-03-01")),
]


@pytest.mark.parametrize(("status", "expected"), STATUSES)
def test_status(status: object, expected: tuple[str, ...]) -> None:
    assert said(read(changed(ADMINISTRATION, status=status))) == expected


def test_a_dose_not_given_needs_no_date() -> None:
    assert read(changed(ADMINISTRATION, status="not-done", effectiveDateTime=None)) == NotGiven(REFERENCE)


DATES: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "a time in the zone of the site": ({"effectiveDateTime": "2026-03-01T10:15:00Z"}, ("dose", "2026-03-02", "12", "")),
    "a time without offset": (
        {"effectiveDateTime": "2026-03-01T23:59:00"},
        ("dose", "2026-03-01", "12", "date-imprecise:D1"),
    ),
    "a month": ({"effectiveDateTime": "2026-03"}, ("dose", "2026-03-01..2026-03-31", "12", "date-imprecise:D2")),
    "a year, which is for the core to refuse": (
        {"effectiveDateTime": "2026"},
        ("dose", "2026-01-01..2026-12-31", "12", "date-imprecise:D2"),
    ),
    "a period": ({"effectivePeriod": {"start": "2026-03-02", "end": "2026-03-04"}}, ("dose", "2026-03-02", "12", "")),
    "an open period": ({"effectivePeriod": {"start": "2026-03-02"}}, ("dose", "2026-03-02", "12", "")),
    "a period that only ends": ({"effectivePeriod": {"end": "2026-03-04"}}, ("dose", "2026-03-04", "12", "")),
    "a period beside a reason why there is no time": (
        {"_effectiveDateTime": ABSENT, "effectivePeriod": {"start": "2026-03-02"}},
        ("dose", "2026-03-02", "12", ""),
    ),
    "a value beside its extension": (
        {"_effectiveDateTime": ABSENT, "effectiveDateTime": "2026-03-02"},
        ("dose", "2026-03-02", "12", ""),
    ),
    "none": ({}, ("unreadable", "date-missing", "C3", "effective[x]", "")),
    "a reason why there is none": (
        {"_effectiveDateTime": ABSENT},
        ("unreadable", "date-missing", "C3", "effectiveDateTime", ""),
    ),
    "no date": ({"effectiveDateTime": "2026-13-01"}, ("unreadable", "date-missing", "C3", "effectiveDateTime", "")),
    "a number": ({"effectiveDateTime": 20260301}, ("unreadable", "date-missing", "C3", "effectiveDateTime", "")),
    "an empty period": ({"effectivePeriod": {}}, ("unreadable", "date-missing", "C3", "effectivePeriod", "")),
    "a period with a start that is none": (
        {"effectivePeriod": {"start": "soon", "end": "2026-03-04"}},
        ("unreadable", "date-missing", "C3", "effectivePeriod.start", ""),
    ),
    "both, of the same day": (
        {"effectiveDateTime": "2026-03-02", "effectivePeriod": {"start": "2026-03-01T23:00:00Z"}},
        ("dose", "2026-03-02", "12", ""),
    ),
    "both, of different days": (
        {"effectiveDateTime": "2026-03-02", "effectivePeriod": {"start": "2026-03-04"}},
        ("unreadable", "unreadable-record", "C3", "effective[x]", "2026-03-02"),
    ),
    "both, one of them no date": (
        {"effectiveDateTime": "2026-03-02", "effectivePeriod": "2026-03-04"},
        ("unreadable", "unreadable-record", "C3", "effectivePeriod", "2026-03-02"),
    ),
}


@pytest.mark.parametrize(("elements", "expected"), DATES.values(), ids=DATES)
def test_date(elements: dict[str, Any], expected: tuple[str, ...]) -> None:
    assert said(read(changed(ADMINISTRATION, **{"effectiveDateTime": None, **elements}))) == expected


def test_a_record_of_two_days_can_be_of_all_days_between() -> None:
    record = read(changed(ADMINISTRATION, effectiveDateTime="2026-03-09", effectivePeriod={"start": "2026-03-04"}))
    assert record.when == DateRange(date(2026, 3, 4), date(2026, 3, 9))


IV, IT, NEW = "47625008", "72607000", "1"
UNEXPECTED = ("unreadable", "unexpected-route", "C4", "dosage.route", "2026-03-01")
COUNTED = ("dose", "2026-03-01", "12", "")
UNRECOGNISED = ("dose", "2026-03-01", "12", "route-unrecognised:C4")
ROUTES: dict[str, tuple[object, tuple[str, ...]]] = {
    "none": (None, COUNTED),
    "an empty one": ({}, COUNTED),
    "an empty list of codes": ({"coding": []}, COUNTED),
    "intrathecal": (concept((SNOMED, IT)), COUNTED),
    "intrathecal beside an unknown code": (concept((RXNORM, "1"), (SNOMED, IT)), COUNTED),
    "intravenous": (concept((SNOMED, IV)), UNEXPECTED),
    "intravenous called intrathecal": (concept((SNOMED, IV), text="intrathecal"), UNEXPECTED),
    "intravenous beside intrathecal": (concept((SNOMED, IT), (SNOMED, IV)), UNEXPECTED),
    "a code on neither list": (concept((SNOMED, NEW)), UNRECOGNISED),
    "a code of another system": (concept(("http://example.invalid/routes", "IT")), UNRECOGNISED),
    "a code without system": ({"coding": [{"code": IV}]}, UNRECOGNISED),
    "only a text, which is no code": (concept(text="intravenous"), UNRECOGNISED),
    "only a text that says intrathecal": (concept(text="Intrathecal"), UNRECOGNISED),
    "only a display": (concept(display="intrathecal"), UNRECOGNISED),
    "a string": ("intrathecal", ("unreadable", "unreadable-record", "C4", "dosage.route", "2026-03-01")),
    "a number as code": (
        {"coding": [{"system": SNOMED, "code": 72607000}]},
        ("unreadable", "unreadable-record", "C4", "dosage.route.coding[0].code", "2026-03-01"),
    ),
    "a number as code beside intravenous": ({"coding": [{"code": 7}, {"system": SNOMED, "code": IV}]}, UNEXPECTED),
}


@pytest.mark.parametrize(("route", "expected"), ROUTES.values(), ids=ROUTES)
def test_route(route: object, expected: tuple[str, ...]) -> None:
    dosage = changed(ADMINISTRATION["dosage"], route=route)
    assert said(read(changed(ADMINISTRATION, dosage=dosage))) == expected


DOSAGES: dict[str, tuple[object, tuple[str, ...]]] = {
    "none": (None, ("dose", "2026-03-01", "None", "")),
    "empty": ({}, ("dose", "2026-03-01", "None", "")),
    "only a rate": ({"rateQuantity": {"value": 12, "unit": "mg"}}, ("dose", "2026-03-01", "None", "")),
    "a vial": ({"dose": {"value": 1, "unit": "vial"}}, ("dose", "2026-03-01", "None", "")),
    "5 mL by a code without strength": ({"dose": {"value": 5, "unit": "mL"}}, ("dose", "2026-03-01", "None", "")),
    "28 mg": (
        {"dose": {"value": 28, "unit": "mg", "system": UCUM, "code": "mg"}},
        ("dose", "2026-03-01", "28", ""),
    ),
    "words": ({"dose": "12 mg"}, ("unreadable", "unreadable-record", "C5", "dosage.dose", "2026-03-01")),
    "a list": ([{}], ("unreadable", "unreadable-record", "C4", "dosage", "2026-03-01")),
    "with a modifier": (
        {"modifierExtension": [{"url": "http://example.invalid/half"}]},
        ("unreadable", "unreadable-record", "C4", "dosage.modifierExtension", "2026-03-01"),
    ),
}


@pytest.mark.parametrize(("dosage", "expected"), DOSAGES.values(), ids=DOSAGES)
def test_dosage(dosage: object, expected: tuple[str, ...]) -> None:
    assert said(read(changed(ADMINISTRATION, dosage=dosage))) == expected


def test_a_volume_counts_by_the_strength_of_a_product_code() -> None:
    vial = concept((NDC, "64406-058-01"))
    record = read(changed(ADMINISTRATION, medicationCodeableConcept=vial, dosage={"dose": {"value": 5, "unit": "mL"}}))
    assert record.amount == Decimal(12)


WRONG = ("unreadable", "wrong-patient", "C9", "subject", "2026-03-01")
NOT_SAID = ("unreadable", "unreadable-record", "C9", "subject", "2026-03-01")
NOT_USABLE = ("unreadable", "unreadable-record", "C9", "subject.reference", "2026-03-01")
SUBJECTS: dict[str, tuple[object, tuple[str, ...]]] = {
    "the patient": ({"reference": "Patient/p1"}, COUNTED),
    "with a version": ({"reference": "Patient/p1/_history/3"}, COUNTED),
    "absolute": ({"reference": "https://ehr.example.invalid/fhir/Patient/p1"}, COUNTED),
    "absolute with a version": ({"reference": "https://ehr.example.invalid/Patient/p1/_history/2"}, COUNTED),
    "a bare id": ({"reference": "p1"}, COUNTED),
    "urn of a delivered patient": ({"reference": "urn:uuid:6b01025b-43b4-a9e4-525b-872995031987"}, COUNTED),
    "another id that this patient had": ({"reference": "Patient/p0"}, COUNTED),
    "another patient": ({"reference": "Patient/p2"}, WRONG),
    "another patient by bare id": ({"reference": "p10"}, WRONG),
    "another patient on another server": ({"reference": "https://ehr.example.invalid/fhir/Patient/P1"}, WRONG),
    "a group": ({"reference": "Group/p1"}, WRONG),
    "nobody": (None, NOT_SAID),
    "only a name": ({"display": "Ann"}, NOT_SAID),
    "only an identifier": ({"identifier": {"value": "p1"}}, NOT_SAID),
    "urn of nobody": ({"reference": "urn:uuid:00000000-0000-0000-0000-000000000000"}, NOT_USABLE),
    "contained": ({"reference": "#p1"}, NOT_USABLE),
    "a search": ({"reference": "Patient?identifier=p1"}, NOT_USABLE),
    "a string": ("Patient/p1", NOT_SAID),
    "a number": ({"reference": 1}, NOT_USABLE),
}


@pytest.mark.parametrize(("subject", "expected"), SUBJECTS.values(), ids=SUBJECTS)
def test_subject(subject: object, expected: tuple[str, ...]) -> None:
    patient = {"resourceType": "Patient", "id": "p1"}
    pool = Pool(full_urls={"urn:uuid:6b01025b-43b4-a9e4-525b-872995031987": patient})
    record = read_administration(
        changed(ADMINISTRATION, subject=subject),
        drug=DRUG,
        zone=ZONE,
        patient=PATIENT,
        resolve=pool.resolve,
        also={"Patient/p0"},
    )
    assert said(record) == expected


def test_subjects_are_not_compared_where_records_are_grouped_by_them() -> None:
    assert said(read(changed(ADMINISTRATION, subject={"reference": "Patient/p2"}), patient=None)) == COUNTED


PARACETAMOL = concept((ATC, "N02BE01"))
UNKNOWN_CODE = concept((RXNORM, "1"))
ORDER_OF_REASONS: list[tuple[dict[str, Any], tuple[str, ...]]] = [
    ({"status": "entered-in-error", "subject": {"reference": "Patient/p2"}}, ("entered-in-error",)),
    ({"subject": {"reference": "Patient/p2"}, "medicationCodeableConcept": PARACETAMOL}, ("another-drug",)),
    ({"subject": {"reference": "Patient/p2"}, "medicationCodeableConcept": UNKNOWN_CODE}, WRONG),
    ({"subject": {"reference": "Patient/p2"}, "medicationCodeableConcept": {**PARACETAMOL, "text": "Spinraza"}}, WRONG),
    (
        {"subject": {"reference": "Patient/p2"}, "status": "unknown", "dosage": [], "effectiveDateTime": "2026-03-01"},
        WRONG,
    ),
    (
        {"medicationCodeableConcept": {**PARACETAMOL, "text": "Spinraza"}, "status": "unknown"},
        ("unreadable", "unreadable-record", "C1", "medication[x]", "2026-03-01"),
    ),
    (
        {"status": "unknown", "dosage": {"route": concept((SNOMED, IV))}},
        ("unreadable", "status-unknown", "C2", "status", "2026-03-01"),
    ),
    (
        {"dosage": {"route": concept((SNOMED, IV))}, "effectiveDateTime": None},
        ("unreadable", "unexpected-route", "C4", "dosage.route", ""),
    ),
    ({"dosage": {"dose": "x"}, "effectiveDateTime": None}, ("unreadable", "date-missing", "C3", "effective[x]", "")),
    (
        {"dosage": {"dose": {"value": 1, "unit": "vial"}}, "effectiveDateTime": None},
        ("unreadable", "date-missing", "C3", "effective[x]", ""),
    ),
    (
        {"medicationCodeableConcept": UNKNOWN_CODE, "subject": None},
        ("unidentified", "medication[x] has neither a text nor a code that tells"),
    ),
]


@pytest.mark.parametrize(("elements", "expected"), ORDER_OF_REASONS)
def test_one_reason_a_record_in_the_order_of_the_rules(elements: dict[str, Any], expected: tuple[str, ...]) -> None:
    assert said(read(changed(ADMINISTRATION, **elements))) == expected


def test_a_record_identified_by_text_says_so_beside_its_other_notes() -> None:
    record = read(
        changed(
            ADMINISTRATION,
            medicationCodeableConcept=concept(text="Spinraza"),
            dosage={"route": concept(text="spinal")},
            effectiveDateTime="2026-03",
        )
    )
    assert said(record) == (
        "dose",
        "2026-03-01..2026-03-31",
        "None",
        "identified-by-text:C1 route-unrecognised:C4 date-imprecise:D2",
    )
    assert all(isinstance(note, Finding) and note.severity == "info" for note in record.notes)


OTHER_VERSIONS = {
    "STU3": {"notGiven": True},
    "STU3 or DSTU2": {"prescription": {"reference": "MedicationRequest/m1"}},
    "DSTU2": {
        "effectiveDateTime": None,
        "effectiveTimePeriod": {"start": "2026-03-01"},
        "subject": None,
        "patient": {"reference": PATIENT},
        "wasNotGiven": False,
    },
}


@pytest.mark.parametrize("version", OTHER_VERSIONS)
def test_a_record_of_another_version_of_fhir_is_refused_and_its_version_guessed(version: str) -> None:
    record = read(changed(ADMINISTRATION, **OTHER_VERSIONS[version]))
    assert (record.reason, record.rule, record.when) == ("unreadable-record", "C1", DAY)
    assert f"looks like {version}," in record.detail


def test_a_record_of_another_version_and_another_drug_or_none_that_can_be_told() -> None:
    r5 = changed(ADMINISTRATION, medicationCodeableConcept=None, medication={"concept": PARACETAMOL})
    assert said(read(r5)) == ("another-drug",)
    r5["medication"] = {"concept": UNKNOWN_CODE}
    assert said(read(r5))[0] == "unidentified"


def test_a_modifier_that_nobody_understands_makes_a_record_unreadable() -> None:
    record = read(changed(ADMINISTRATION, modifierExtension=[{"url": "http://example.invalid/not"}]))
    assert said(record) == ("unreadable", "unreadable-record", "C1", "modifierExtension", "2026-03-01")


NO_RECORDS: list[tuple[object, tuple[str, ...]]] = [
    (None, ("unidentified", "is null, not a resource")),
    ("<html>", ("unidentified", "is a string, not a resource")),
    ([ADMINISTRATION], ("unidentified", "is a list, not a resource")),
    ({}, ("unidentified", "resourceType is null, not the name of a type")),
    ({"resourceType": 5}, ("unidentified", "resourceType is a number, not the name of a type")),
    ({"resourceType": "Patient", "id": "p1"}, ("another-resource",)),
    (changed(ADMINISTRATION, id=5), ("unreadable", "unreadable-record", "C1", "id", "2026-03-01")),
]


@pytest.mark.parametrize(("resource", "expected"), NO_RECORDS)
def test_what_is_no_record(resource: object, expected: tuple[str, ...]) -> None:
    assert said(read(resource)) == expected


def test_a_record_without_an_id_keeps_a_name() -> None:
    assert read(changed(ADMINISTRATION, id=None)).reference == "MedicationAdministration?"
    long = "x" * 194
    assert read(changed(ADMINISTRATION, id=long)).reference == f"MedicationAdministration/{long}"


def test_no_word_about_a_record_repeats_what_is_written_in_it() -> None:
    secret = "Ann Other"
    broken = [
        changed(ADMINISTRATION, status=secret),
        changed(ADMINISTRATION, effectiveDateTime=secret),
        changed(ADMINISTRATION, subject={"reference": secret}),
        changed(ADMINISTRATION, subject={"reference": f"Patient/{secret}"}),
        changed(ADMINISTRATION, medicationCodeableConcept=secret),
        changed(ADMINISTRATION, dosage={"route": secret}),
        changed(ADMINISTRATION, dosage={"dose": secret}),
        changed(ADMINISTRATION, medicationCodeableConcept={**PARACETAMOL, "text": f"nusinersen for {secret}"}),
    ]
    for record in map(read, broken):
        assert isinstance(record, Unreadable | Unidentified)
        assert secret not in record.detail
