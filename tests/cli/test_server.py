"""`check` against a FHIR server: the sandbox over loopback, and servers that fail."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from hooks.sandbox.running import address, listen, serving
from hooks.sandbox.server import create_sandbox
from tests.cli.files import ON, Json, check, dose, loading

TOKEN = "a-token-of-nobody"


@contextmanager
def server(application: Any) -> Iterator[str]:
    with listen(0, "none") as listener, serving([(application, listener)]):
        yield address(listener)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[str]:
    with listen(0, "none") as listener:
        base = f"{address(listener)}/fhir"
        with serving([(create_sandbox(base, date.fromisoformat(ON)), listener)]):
            yield base


class Scripted:
    """A server that answers by a table from a part of path and query to status and body, the first that fits; what is
    not in it is not there. It keeps the tokens it saw."""

    def __init__(self, answers: dict[str, tuple[int, Json]]) -> None:
        self.answers = answers
        self.tokens: set[bytes] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            while True:
                event = (await receive())["type"]
                await send({"type": f"{event}.complete"})
                if event == "lifespan.shutdown":
                    return
        self.tokens |= {value for name, value in scope["headers"] if name == b"authorization"}
        asked = f"{scope['path']}?{scope['query_string'].decode()}"
        status, body = next((answer for part, answer in self.answers.items() if part in asked), (404, {}))
        headers = [(b"content-type", b"application/fhir+json")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": json.dumps(body).encode()})


def page(*resources: Json, **more: Any) -> tuple[int, Json]:
    return 200, {
        "resourceType": "Bundle",
        "type": "searchset",
        "entry": [{"resource": each} for each in resources],
    } | more


def test_the_named_patients_of_the_sandbox(sandbox: str) -> None:
    ended = check(sandbox, "--patient", "upcoming", "--patient", "Patient/overdue", "--patient", "date-missing")
    assert [(each["patient"], each["forecast"]["status"]) for each in ended.assessments] == [
        ("Patient/date-missing", "decision"),
        ("Patient/overdue", "overdue"),
        ("Patient/upcoming", "upcoming"),
    ]
    assert ended.exit_code == 1
    assert f"Read from {sandbox}: " in ended.stderr


def test_a_patient_whom_the_server_does_not_know_is_not_one_without_doses(sandbox: str) -> None:
    ended = check(sandbox, "--patient", "nobody-of-this-name", "--patient", "upcoming")
    assert (ended.exit_code, ended.patients) == (2, ["Patient/upcoming"])
    assert f"Patient/nobody-of-this-name: {sandbox} knows no such patient; correct --patient" in ended.stderr


PATIENT: tuple[int, Json] = (200, {"resourceType": "Patient", "id": "p1"})


@pytest.mark.parametrize(
    ("patient", "code", "assessed", "says"),
    [
        pytest.param(PATIENT, 0, 1, "Patient/p1: the server shows no MedicationAdministration; check what", id="there"),
        pytest.param((404, {}), 2, 0, "knows no such patient; correct --patient", id="missing"),
        pytest.param((410, {}), 2, 0, "knows no such patient; correct --patient", id="deleted"),
        pytest.param((403, {}), 0, 1, "check what the token may see, and the id, since the Patient", id="denied"),
        pytest.param((500, {}), 0, 1, "check what the token may see, and the id, since the Patient", id="broken"),
        pytest.param((200, {}), 0, 1, "check what the token may see, and the id, since the Patient", id="nonsense"),
    ],
)
def test_an_empty_history_is_that_of_a_patient_who_is_there(
    patient: tuple[int, Json], code: int, assessed: int, says: str
) -> None:
    # the read of the Patient has no query, and gets what is not in the table
    with server(Scripted({"patient=p1": page(), "": patient})) as base:
        ended = check(base, "--patient", "p1")
    assert (ended.exit_code, len(ended.assessments)) == (code, assessed), ended.stderr
    assert [each["forecast"]["status"] for each in ended.assessments] == ["not-started"] * assessed
    assert says in ended.stderr


DOSES = {"MedicationAdministration?patient=p1": page(*loading())}
STATEMENT: Json = {
    "resourceType": "MedicationStatement",
    "id": "s",
    "status": "active",
    "medicationReference": {"reference": "Medication/m"},
    "subject": {"reference": "Patient/p1"},
    "effectiveDateTime": "2026-04-20",
}
MEDICATION: Json = {"resourceType": "Medication", "id": "m", "code": {"text": "Spinraza 12 mg/5 ml"}}
STATEMENTS, PERSON = "/MedicationStatement?patient=p1", "/Patient/p1?"
RISDIPLAM: Json = {**STATEMENT, "medicationCodeableConcept": {"text": "Evrysdi"}}
del RISDIPLAM["medicationReference"]
NOT_READ = "Not read beside the doses, which are judged without it (rules C7, C8, C9, F10)"


@pytest.mark.parametrize(
    ("beside", "status", "codes"),
    [
        pytest.param({}, "upcoming", set(), id="the server has neither Patient nor MedicationStatement"),
        pytest.param({STATEMENTS: page()}, "upcoming", set(), id="no statement"),
        pytest.param(
            {STATEMENTS: page(STATEMENT, MEDICATION)}, "decision", {"outside-record"}, id="C7: a dose noted elsewhere"
        ),
        pytest.param(
            {STATEMENTS: page(STATEMENT), "Medication?": page(MEDICATION), "Medication/m": (200, MEDICATION)},
            "decision",
            {"outside-record"},
            id="C7: of a Medication that is read apart",
        ),
        pytest.param({STATEMENTS: page(RISDIPLAM)}, "ended", {"other-smn-therapy"}, id="C8, F10: another therapy"),
        pytest.param(
            {PERSON: (200, {**PATIENT[1], "deceasedBoolean": True})}, "ended", set(), id="F10: the patient has died"
        ),
        pytest.param(
            {PERSON: (200, {**PATIENT[1], "deceasedDateTime": "2026-06-01"})},
            "upcoming",
            set(),
            id="F10: a death after the day asked about",
        ),
    ],
)
def test_c7_c8_f10_what_stands_beside_the_doses_is_read(
    beside: dict[str, tuple[int, Json]], status: str, codes: set[str]
) -> None:
    with server(Scripted({**beside, **DOSES})) as base:
        ended = check(base, "--patient", "p1")
    (assessment,) = ended.assessments
    assert assessment["forecast"]["status"] == status, ended.stderr
    assert {finding["code"] for finding in assessment["findings"]} == codes
    assert "NOT READ" not in ended.stderr


def test_f10_the_markers_of_the_site_are_read() -> None:
    flag = {"resourceType": "Flag", "id": "f", "status": "active", "subject": {"reference": "Patient/p1"}}
    marked = {**flag, "code": {"coding": [{"system": "urn:site", "code": "ended"}]}}
    flags, settings = "/Flag?patient=p1", {"NUSINERSEN_CDS_ENDED_FLAGS": "urn:site|ended"}
    with server(Scripted({flags: page(marked), **DOSES})) as base:
        [unset, chosen] = [check(base, "--patient", "p1", env=env) for env in ({}, settings)]
    assert [each.assessments[0]["forecast"]["status"] for each in (unset, chosen)] == ["upcoming", "ended"]
    with server(Scripted({flags: (403, {}), **DOSES})) as base:
        denied = check(base, "--patient", "p1", env=settings)
    assert denied.assessments[0]["forecast"]["status"] == "upcoming"
    assert NOT_READ in denied.stderr
    assert "the search for Flag: " in denied.stderr


def test_c9_a_server_that_answers_with_statements_of_others_may_have_kept_some_back() -> None:
    of_another = page({**STATEMENT, "subject": {"reference": "Patient/p2"}}, MEDICATION)
    with server(Scripted({STATEMENTS: of_another, **DOSES})) as base:
        ended = check(base, "--patient", "p1")
    (assessment,) = ended.assessments
    assert (assessment["forecast"]["status"], assessment["findings"]) == ("upcoming", [])
    assert ended.exit_code == 3
    assert "Patient/p1: doses given elsewhere: " in ended.stderr


@pytest.mark.parametrize(
    ("beside", "says"),
    [
        pytest.param({STATEMENTS: (403, {})}, "the search for MedicationStatement: ", id="denied"),
        pytest.param({STATEMENTS: (500, {})}, "the search for MedicationStatement: ", id="broken"),
        pytest.param({STATEMENTS: page(STATEMENT), "Medication": (403, {})}, "Medications not read: 1", id="of what?"),
    ],
)
def test_c7_statements_that_could_not_be_read_change_no_date_and_are_not_passed_over(
    beside: dict[str, tuple[int, Json]], says: str
) -> None:
    with server(Scripted({**DOSES, **beside})) as base:
        ended = check(base, "--patient", "p1")
    assert ended.exit_code == 3, ended.stderr
    assert ended.assessments[0]["forecast"]["status"] == "upcoming"
    assert "NOT READ" in ended.stderr
    assert f"Patient/p1: doses given elsewhere: {says}" in ended.stderr


def test_f10_a_patient_that_could_not_be_read_is_said_and_changes_nothing() -> None:
    with server(Scripted({**DOSES, PERSON: (403, {})})) as base:
        ended = check(base, "--patient", "p1")
    assert ended.exit_code == 0, ended.stderr
    assert ended.assessments[0]["forecast"]["status"] == "upcoming"
    assert NOT_READ in ended.stderr
    assert "Patient/p1: the read of a Patient: " in ended.stderr


def test_a_type_that_the_server_does_not_have_is_no_fault() -> None:
    refused = (400, {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "not-supported"}]})
    with server(Scripted({**DOSES, PERSON: PATIENT, STATEMENTS: refused})) as base:
        ended = check(base, "--patient", "p1")
    assert (ended.exit_code, NOT_READ in ended.stderr) == (0, False)


@pytest.mark.parametrize("end", ["/Patient/p1", "/Patient/p1/"])
def test_the_url_of_a_patient_is_no_base_url(end: str) -> None:
    ended = check(f"https://fhir.example.invalid/r4{end}", "--patient", "p2")
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert "give the base URL before /Patient/p1, and --patient Patient/p1" in ended.stderr


def test_a_server_is_not_read_as_a_whole(sandbox: str) -> None:
    ended = check(sandbox)
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert "name the patients to read with --patient" in ended.stderr


def test_a_refusal_is_never_an_empty_history() -> None:
    answers = {"patient=p1": page(*loading()), "patient=p2": (403, {}), "patient=p3": (500, {})}
    with server(Scripted(answers)) as base:
        ended = check(base, "--patient", "p1", "--patient", "p2", "--patient", "p3")
    assert (ended.exit_code, ended.patients) == (3, ["Patient/p1"])
    assert f"Patient/p2: the search for MedicationAdministration: {base} denied it (status 403)" in ended.stderr
    assert "Patient/p3: the search for MedicationAdministration" in ended.stderr
    assert ended.stderr.count("; not assessed") == 2


def test_a_page_lost_makes_the_history_incomplete() -> None:
    link = [{"relation": "next", "url": "?lost=1"}]
    with server(Scripted({"patient=p1": page(*loading(), link=link), "lost=1": (500, {})})) as base:
        ended = check(base, "--patient", "p1")
    assert ended.exit_code == 3
    assert "history-incomplete" in {finding["code"] for finding in ended.assessments[0]["findings"]}
    assert "Patient/p1: the search for MedicationAdministration, page 2" in ended.stderr


ELSEWHERE = "https://other.example.invalid/fhir/Medication/m"


@pytest.mark.parametrize(
    ("pointer", "medication", "code", "unidentified", "incomplete", "says"),
    [
        pytest.param(
            {"reference": "Medication/m"}, (500, {}), 3, 1, True, "Patient/p1: Medications not read: 1", id="broken"
        ),
        pytest.param(
            {"reference": "Medication/m"}, (403, {}), 3, 1, True, "Patient/p1: Medications not read: 1", id="denied"
        ),
        pytest.param(
            {"reference": ELSEWHERE}, (404, {}), 3, 1, True, "Patient/p1: Medications on other servers", id="elsewhere"
        ),
        pytest.param({"reference": "Medication/m"}, (404, {}), 0, 1, False, "1 x unidentified-record", id="gone"),
        pytest.param(
            {"reference": "Medication/m", "display": "aspirin"},
            (500, {}),
            3,
            0,
            False,
            "Patient/p1: Medications not read: 1",
            id="broken, and a text tells",
        ),
        pytest.param(
            {"reference": ELSEWHERE, "display": "aspirin"},
            (404, {}),
            0,
            0,
            False,
            "Patient/p1: Medications on other servers",
            id="elsewhere, and a text tells",
        ),
    ],
)
def test_a_medication_that_could_not_be_read_may_have_been_the_drug(
    pointer: Json, medication: tuple[int, Json], code: int, unidentified: int, incomplete: bool, says: str
) -> None:
    record = dose("a", "2026-04-20", medicationReference=pointer)
    del record["medicationCodeableConcept"]
    # the read of the Medication has no query, and gets what is not in the table
    doses = {"/MedicationAdministration?patient=p1": page(*loading(), record), STATEMENTS: page()}
    with server(Scripted({**doses, "": medication})) as base:
        ended = check(base, "--patient", "p1")
    assert ended.exit_code == code, ended.stderr
    assert ended.assessments[0]["unidentified"] == ["MedicationAdministration/a"] * unidentified
    assert ("history-incomplete" in {finding["code"] for finding in ended.assessments[0]["findings"]}) is incomplete
    assert says in ended.stderr
    assert ("NOT READ" in ended.stderr) is (code == 3)


def test_a_record_of_another_patient_is_not_counted() -> None:
    with server(Scripted({"patient=p1": page(*loading(), dose("x", "2026-04-01", "p2"))})) as base:
        ended = check(base, "--patient", "p1")
    assert ended.assessments[0]["unreadable"] == [
        {"reference": "MedicationAdministration/x", "reason": "wrong-patient"}
    ]


def test_the_token_comes_from_the_environment_and_is_not_shown() -> None:
    scripted = Scripted({"patient=p1": page(*loading()), "patient=p2": (401, {})})
    with server(scripted) as base:
        env = {"NUSINERSEN_CDS_FHIR_TOKEN": TOKEN}
        ended = check(base, "--patient", "p1", "--patient", "p2", env=env)
    assert scripted.tokens == {f"Bearer {TOKEN}".encode()}
    assert TOKEN not in ended.stdout + ended.stderr


@pytest.mark.parametrize(
    ("base", "env", "says"),
    [
        ("http://", {}, "not an http or https URL"),
        ("https://user:secret@fhir.example.invalid/r4", {}, "not an http or https URL"),
        ("https://fhir.example.invalid/r4", {"NUSINERSEN_CDS_FHIR_TOKEN": "two words"}, "NUSINERSEN_CDS_FHIR_TOKEN"),
    ],
)
def test_a_url_or_token_that_cannot_be_used(base: str, env: dict[str, str], says: str) -> None:
    ended = check(base, "--patient", "p1", env=env)
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert says in ended.stderr
    assert "secret" not in ended.stderr


def test_a_server_that_is_not_there() -> None:
    with listen(0, "none") as listener:
        base = address(listener)
    ended = check(base, "--patient", "p1")
    assert (ended.exit_code, ended.stdout) == (3, "")
    assert f"{base} cannot be reached" in ended.stderr
