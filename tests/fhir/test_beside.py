"""What stands beside the doses: doses noted elsewhere (C7), other therapies (C8), the death of a patient (F10)."""

from __future__ import annotations

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from cds.dosing.drug import Coding
from cds.dosing.facts import DateRange, OtherTherapy, Outside
from cds.fhir.beside import beside, by_patient, died_on, unreadable_deaths
from cds.fhir.markers import Markers
from cds.fhir.patients import all_replaced
from cds.fhir.references import Pool
from cds.regimens.library import load

ZONE = ZoneInfo("Pacific/Chatham")
DRUG = load().get("eu-12mg").drug
OURS = {"coding": [{"system": "http://www.whocc.no/atc", "code": "M09AX07"}]}
GENE_THERAPY = {"coding": [{"system": "http://www.whocc.no/atc", "code": "M09AX09"}]}
TOFERSEN = {"coding": [{"system": "http://fdasis.nlm.nih.gov", "code": "2NU6F9601K"}]}
PATIENT = {"reference": "Patient/p"}
Json = dict[str, Any]


def resource(of_type: str, concept: Json | None, **more: Any) -> Json:
    named = {} if concept is None else {"medicationCodeableConcept": concept}
    return {"resourceType": of_type, "id": "x", "subject": PATIENT, "status": "completed"} | named | more


def said(*resources: Json) -> list[Outside | OtherTherapy]:
    resolve = Pool(list(resources)).resolve
    of_ours = [each for each in resources if each["resourceType"] != "Medication"]
    return list(beside(of_ours, drug=DRUG, zone=ZONE, resolve=resolve))


@pytest.mark.parametrize(
    ("when", "earliest", "latest"),
    [
        ({"effectiveDateTime": "2025-03-05"}, date(2025, 3, 5), date(2025, 3, 5)),
        ({"effectiveDateTime": "2025-03"}, date(2025, 3, 1), date(2025, 3, 31)),
        ({"effectivePeriod": {"start": "2025-03-05"}}, date(2025, 3, 5), None),
        ({"effectivePeriod": {"end": "2025-03-05"}}, None, date(2025, 3, 5)),
        ({"effectivePeriod": {"start": "2024", "end": "2025-03"}}, date(2024, 1, 1), date(2025, 3, 31)),
        ({"effectiveDateTime": "soon"}, None, None),
        ({}, None, None),
    ],
)
def test_a_statement_of_the_drug_tells_of_doses_elsewhere(when: Json, earliest: date, latest: date) -> None:
    assert said(resource("MedicationStatement", OURS, status="active", **when)) == [
        Outside("MedicationStatement/x", earliest, latest)
    ]


@pytest.mark.parametrize("status", ["entered-in-error", "not-taken", "intended"])
def test_a_statement_that_nothing_was_taken_tells_of_no_dose(status: str) -> None:
    assert said(resource("MedicationStatement", OURS, status=status)) == []


@pytest.mark.parametrize(
    "concept", [{"text": "Spinraza, given in Uppsala"}, {"text": "nusinersen", "coding": TOFERSEN["coding"]}]
)
def test_a_statement_is_identified_as_a_record_is(concept: Json) -> None:
    known = concept["text"].startswith("Spinraza")
    assert [each.reference for each in said(resource("MedicationStatement", concept))] == (
        ["MedicationStatement/x"] if known else []
    )


def test_statements_and_orders_of_the_drug_itself_are_no_other_therapy() -> None:
    assert said(resource("MedicationRequest", OURS, authoredOn="2025-03-05")) == []
    assert said(resource("MedicationAdministration", OURS, effectiveDateTime="2025-03-05")) == []
    assert said(resource("MedicationStatement", TOFERSEN)) == []


GIVEN = {"effectiveDateTime": "2025-03-05"}
DAY = DateRange.on(date(2025, 3, 5))


@pytest.mark.parametrize(
    ("record", "therapy", "when"),
    [
        (resource("MedicationAdministration", GENE_THERAPY, **GIVEN), "onasemnogene abeparvovec", DAY),
        (resource("MedicationAdministration", {"text": "ZOLGENSMA"}, **GIVEN), "onasemnogene abeparvovec", DAY),
        (resource("MedicationRequest", {"text": "Evrysdi"}, authoredOn="2025-03-05"), "risdiplam", DAY),
        (resource("MedicationStatement", {"text": "risdiplam 5 mg"}, **GIVEN), "risdiplam", DAY),
        (resource("MedicationStatement", {"text": "R\u0130SD\u0130PLAM"}, **GIVEN), "risdiplam", DAY),
        (resource("MedicationRequest", {"text": "Evrysdi"}), "risdiplam", None),
        (resource("MedicationRequest", None, medication={"concept": {"text": "Evrysdi"}}), "risdiplam", None),
        (
            resource(
                "MedicationRequest", None, medicationReference={"reference": "Medication/m", "display": "Evrysdi"}
            ),
            "risdiplam",
            None,
        ),
    ],
)
def test_another_therapy_of_the_disease(record: Json, therapy: str, when: DateRange | None) -> None:
    assert said(record) == [OtherTherapy(f"{record['resourceType']}/x", therapy, when)]


def test_another_therapy_is_found_by_its_medication() -> None:
    order = resource("MedicationRequest", None, medicationReference={"reference": "Medication/m"})
    medication = {"resourceType": "Medication", "id": "m", "code": GENE_THERAPY}
    assert [each.reference for each in said(order, medication)] == ["MedicationRequest/x"]


@pytest.mark.parametrize("status", ["entered-in-error", "draft", "cancelled", "not-done", "on-hold"])
def test_what_was_not_given_is_no_other_therapy(status: str) -> None:
    assert said(resource("MedicationRequest", GENE_THERAPY, status=status)) == []


@pytest.mark.parametrize("more", [{"doNotPerform": True}, {"intent": "proposal"}, {"intent": "plan"}])
def test_what_nobody_is_asked_to_give_is_no_other_therapy(more: Json) -> None:
    assert said(resource("MedicationRequest", GENE_THERAPY, status="active", authoredOn="2025-03-05", **more)) == []


def adherence(code: str) -> Json:
    return {"status": "recorded", "adherence": {"code": {"coding": [{"code": code}]}}}


@pytest.mark.parametrize(
    ("more", "stopped"),
    [
        (adherence("taking"), False),
        (adherence("taking-not-as-directed"), False),
        (adherence("not-taking"), True),
        (adherence("stopped-as-directed"), True),
        (adherence("unknown"), True),
        ({"status": "recorded", "adherence": 1}, True),
        ({"status": "recorded"}, False),
    ],
)
def test_a_statement_of_r5_says_by_its_adherence_whether_a_therapy_is_taken(more: Json, stopped: bool) -> None:
    [therapy] = said(
        resource("MedicationStatement", None, medication={"concept": {"text": "Evrysdi"}}, **GIVEN, **more)
    )
    assert therapy == OtherTherapy("MedicationStatement/x", "risdiplam", DAY, stopped)


@pytest.mark.parametrize("subject", [None, {}, {"display": "A patient"}, "Patient/p"])
def test_another_therapy_of_nobody_has_no_day_and_so_ends_nothing(subject: object) -> None:
    [therapy] = said(resource("MedicationRequest", {"text": "Evrysdi"}, authoredOn="2025-03-05", subject=subject))
    assert therapy == OtherTherapy("MedicationRequest/x", "risdiplam", None)


@pytest.mark.parametrize(
    ("subject", "ended"), [(PATIENT, True), (None, False), ({"display": "A patient"}, False), ("Patient/p", False)]
)
def test_a_marker_of_nobody_ends_nothing(subject: object, ended: bool) -> None:
    code = Coding("http://ehr.example.invalid/flags", "therapy-ended")
    flag = {
        "resourceType": "Flag", "id": "x", "status": "active", "subject": subject,
        "code": {"coding": [{"system": code.system, "code": code.code}]},
    }  # fmt: skip
    assert bool(Markers(flags=frozenset([code])).read([flag], ZONE)) is ended


@pytest.mark.parametrize("broken", [{"medicationCodeableConcept": 1}, {"medicationReference": 1}, {"medication": []}])
def test_what_is_no_fhir_says_nothing(broken: Json) -> None:
    assert said(resource("MedicationRequest", None, **broken)) == []


def updated(day: str, **resource: Any) -> Json:
    return {**resource, "meta": {"lastUpdated": f"{day}T00:00:00Z"}}


def test_of_several_versions_of_a_record_the_last_counts() -> None:
    statement = resource("MedicationStatement", OURS, status="active")
    withdrawn = updated("2026-01-02", **{**statement, "status": "entered-in-error"})
    assert said(withdrawn, updated("2026-01-01", **statement)) == []
    elsewhere = updated("2026-01-02", **{**statement, "subject": {"reference": "Patient/q"}})
    every = [elsewhere, updated("2026-01-01", **statement)]
    assert by_patient(every, Pool(every).resolve) == {"Patient/q": [elsewhere]}
    died = {"resourceType": "Patient", "id": "p", "deceasedBoolean": True}
    lives = {"resourceType": "Patient", "id": "p"}
    assert died_on([updated("2026-01-02", **lives), updated("2026-01-01", **died)], ZONE) == {}
    assert died_on([lives, died], ZONE) == {"Patient/p": date.min}


def test_another_therapy_is_found_by_the_medication_that_a_record_contains() -> None:
    medication = {"resourceType": "Medication", "id": "m", "code": GENE_THERAPY}
    record = resource("MedicationRequest", None, medicationReference={"reference": "#m"})
    assert [each.reference for each in said({**record, "contained": [medication]})] == ["MedicationRequest/x"]
    assert said({**record, "contained": 5}) == []


def test_statements_and_orders_are_grouped_by_patient_and_by_the_id_that_replaces_another() -> None:
    old = resource("MedicationStatement", OURS, subject={"reference": "Patient/old"})
    new = resource("MedicationRequest", OURS)
    nobody = {"resourceType": "MedicationStatement", "id": "y"}
    patient = {
        "resourceType": "Patient",
        "id": "p",
        "link": [{"type": "replaces", "other": {"reference": "Patient/old"}}],
    }
    every = [old, new, nobody, patient, 5, resource("MedicationStatement", OURS, subject="p", id="z")]
    assert by_patient(every, Pool(every).resolve) == {"Patient/p": [old, new]}


@pytest.mark.parametrize(
    ("said_of_it", "died"),
    [
        ({"deceasedBoolean": True}, {"Patient/p": date.min}),
        ({"deceasedDateTime": "2025-03-05T23:30:00Z"}, {"Patient/p": date(2025, 3, 6)}),
        ({"deceasedDateTime": "2025-03"}, {"Patient/p": date(2025, 3, 31)}),
        ({"deceasedBoolean": False}, {}),
        ({"deceasedBoolean": "true"}, {}),
        ({}, {}),
    ],
)
def test_the_death_of_a_patient(said_of_it: Json, died: dict[str, date]) -> None:
    assert died_on([{"resourceType": "Patient", "id": "p", **said_of_it}, {"resourceType": "Patient"}, 7], ZONE) == died


@pytest.mark.parametrize(
    ("said_of_it", "unreadable"),
    [
        pytest.param({}, False, id="nothing is said"),
        pytest.param({"deceasedBoolean": False}, False, id="lives"),
        pytest.param({"deceasedBoolean": True}, False, id="died"),
        pytest.param({"deceasedDateTime": "2025-03"}, False, id="died in a month"),
        pytest.param({"deceasedDateTime": None, "deceasedBoolean": None}, False, id="null is nothing"),
        pytest.param(
            {"deceasedBoolean": True, "deceasedDateTime": "soon"}, False, id="died, on a day that cannot be read"
        ),
        pytest.param({"deceasedDateTime": "2025-13-01"}, True, id="no such day"),
        pytest.param({"deceasedDateTime": "March"}, True, id="a word"),
        pytest.param({"deceasedDateTime": 2025}, True, id="a number"),
        pytest.param({"deceasedBoolean": "true"}, True, id="a word for yes"),
        pytest.param({"deceasedBoolean": False, "deceasedDateTime": "soon"}, True, id="lives, and a day"),
        pytest.param({"_deceasedDateTime": {"extension": []}}, True, id="a day that is not told"),
    ],
)
def test_f10_a_death_that_cannot_be_read(said_of_it: Json, unreadable: bool) -> None:
    person = {"resourceType": "Patient", "id": "p", **said_of_it}
    assert unreadable_deaths([person, {"resourceType": "Patient", **said_of_it}], ZONE) == (
        {"Patient/p"} if unreadable else set()
    )


def test_a_death_that_cannot_be_read_and_was_taken_back_is_none() -> None:
    broken = updated("2026-01-01", resourceType="Patient", id="p", deceasedDateTime="soon")
    assert unreadable_deaths([updated("2026-01-02", resourceType="Patient", id="p"), broken], ZONE) == set()


REPLACES = [{"type": "replaces", "other": {"reference": "Patient/old"}}]
SAID_BY_TWO: list[tuple[str, Json, Json, list[str], list[str]]] = [
    ("neither", {}, {}, [], []),
    ("the one that stands for it died", {"deceasedBoolean": True}, {"deceasedBoolean": False}, ["old", "p"], []),
    ("the replaced one died", {}, {"deceasedBoolean": True}, ["old", "p"], []),
    ("the replaced one died, and the other lives", {"deceasedBoolean": False}, {"deceasedBoolean": True}, [], []),
    ("died, which only the replaced one says legibly", {"deceasedDateTime": "x"}, {"deceasedDateTime": "2025"},
     ["old", "p"], []),
    ("one that cannot be read", {}, {"deceasedDateTime": "x"}, [], ["old", "p"]),
    ("one that cannot be read, of one who lives", {"deceasedBoolean": False}, {"deceasedDateTime": "x"}, [], []),
]  # fmt: skip


@pytest.mark.parametrize(
    ("current", "replaced", "died", "unreadable"), [row[1:] for row in SAID_BY_TWO], ids=[row[0] for row in SAID_BY_TWO]
)
def test_f10_what_two_ids_of_one_patient_say_of_a_death(
    current: Json, replaced: Json, died: list[str], unreadable: list[str]
) -> None:
    persons = [
        {"resourceType": "Patient", "id": "old", **replaced},
        {"resourceType": "Patient", "id": "p", "link": REPLACES, **current},
    ]
    assert sorted(died_on(persons, ZONE)) == [f"Patient/{each}" for each in died]
    assert sorted(unreadable_deaths(persons, ZONE)) == [f"Patient/{each}" for each in unreadable]


def test_c9_two_who_were_made_one_by_mistake_are_two_again() -> None:
    merged = updated("2026-01-01", resourceType="Patient", id="p", link=REPLACES)
    apart = updated("2026-01-02", resourceType="Patient", id="p")
    assert all_replaced([merged]) == {"Patient/old": "Patient/p"}
    assert all_replaced([apart, merged]) == {}
