"""The three formats: NDJSON to the letter, the same as a list, and text that nobody has to decipher."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from cds.dosing.assess import assess
from cds.dosing.document import as_json
from cds.dosing.facts import Proposal
from cds.fhir.history import read_history
from cds.regimens.library import load
from tests.cli.files import ON, ZONE, Json, bundle, check, dose, loading, run, write

LONG = "An-id-of-194-characters." + "x" * 160 + "end-of-id"


@pytest.fixture
def history(tmp_path: Path) -> Path:
    records = [
        *loading(until=1),
        dose("a2", "2026-01-14"),
        dose(LONG, None),
        dose("[bold]a3[/bold]:x:", "2026-02", status="not-done"),
        dose("which", "2026-02-03", medicationCodeableConcept={}),
    ]
    return write(tmp_path / "history.json", bundle(*records, *loading("p2")))


def test_ndjson_is_the_assessment_and_nothing_else(history: Path) -> None:
    ended = check(history, "--proposed", "2026-05-20", "--proposed", "2026-05-10")
    resources = [entry["resource"] for entry in json.loads(history.read_text("utf-8"))["entry"]]
    regimen = load().get("eu-12mg")
    expected = []
    for patient in ("Patient/p1", "Patient/p2"):
        own = [resource for resource in resources if resource["subject"]["reference"] == patient]
        records = read_history(own, drug=regimen.drug, zone=ZoneInfo(ZONE), patient=patient)
        days = [Proposal("proposed-1", date(2026, 5, 10)), Proposal("proposed-2", date(2026, 5, 20))]
        expected.append(
            as_json(assess(patient, records, regimen, on=date.fromisoformat(ON), whole=True, proposals=days))
        )
    assert ended.stdout == "".join(json.dumps(each, separators=(",", ":")) + "\n" for each in expected)


def test_json_is_the_same_as_an_indented_list(history: Path) -> None:
    assert json.loads(check(history, form="json").stdout) == check(history).assessments
    assert check(history, form="json").stdout.startswith('[\n  {\n    "patient": "Patient/p1",')


def test_json_of_nobody_is_an_empty_list(tmp_path: Path) -> None:
    (tmp_path / "a.ndjson").write_text("{", "utf-8")
    assert check(tmp_path / "a.ndjson", form="json").stdout == "[]\n"
    assert check(tmp_path / "a.ndjson").stdout == ""


def test_what_results_rest_on_is_said_aside(history: Path) -> None:
    said = check(history).stderr
    regimen = load().get("eu-12mg")
    assert f"Regimen eu-12mg, version {regimen.version}, {regimen.digest}\n" in said
    assert f"On {ON}, time zone {ZONE}\n" in said
    assert "2 patients assessed: 1 with a critical finding, 0 with a warning, 1 with neither.\n" in said


def test_the_zone_that_nobody_gave_is_said_too(history: Path) -> None:
    said = run("check", history, "--regimen", "eu-12mg-2017", "--on", ON).stderr
    assert "time zone UTC, since neither --time-zone nor NUSINERSEN_CDS_TIME_ZONE is given" in said
    assert "not verified: " in said


def test_the_day_is_today_in_the_zone(history: Path) -> None:
    def today(zone: str) -> date:
        said = run("check", history, "--regimen", "eu-12mg", "--time-zone", zone, "--format", "ndjson")
        assert "(today)" in said.stderr
        return date.fromisoformat(said.assessments[0]["on"])

    # 25 hours lie between the two, so that their dates always differ
    west, east = today("Pacific/Pago_Pago"), today("Pacific/Kiritimati")
    assert 1 <= (east - west).days <= 2


def test_tolerances_of_the_command_line_count(tmp_path: Path) -> None:
    path = write(tmp_path / "a.json", bundle(*loading(until=1), dose("a2", "2026-01-20")))

    def codes(*options: str) -> list[str]:
        findings = check(path, *options, on="2026-01-21").assessments[0]["evaluations"][1]["findings"]
        return [finding["code"] for finding in findings]

    assert codes() == []
    assert codes("--tolerance-loading", "3") == ["late"]


def words(text: str) -> str:
    """The text without its layout."""
    return " ".join(text.split())


def test_text_can_be_read_at_a_glance(history: Path) -> None:
    ended = check(history, "--patient", "p1", "--proposed", "2026-05-10", form="text")
    lines = ended.stdout.splitlines()
    assert lines[0] == "Patient/p1  a clinician decides  not before 2026-01-28  (on 2026-05-01)"
    shown = words(ended.stdout)
    for said in (
        "2026-01-01 loading dose 1 MedicationAdministration/p1-1",
        "2026-01-14 loading dose 2 13 MedicationAdministration/a2 interval too short",
        "critical dose of 2026-01-14: The interval is 13 days; at least 14 days must lie between two doses. (rule W2)",
        "next loading dose 3: not before 2026-01-28",
        "proposed 2026-05-10, loading dose 3, 116 days after the dose before",
        "no date: effective[x] is missing (rule C3)",
        "MedicationAdministration/[bold]a3[/bold]:x: not given (rule C2)",
        "drug not identified (2026-02-03)",
        f"{history}, resource 3",
    ):
        assert said in shown, said


def test_text_of_a_patient_on_schedule(history: Path) -> None:
    ended = check(history, "--patient", "p2", "--proposed", "2026-05-20", form="text")
    shown = words(ended.stdout)
    assert shown.startswith("Patient/p2 upcoming maintenance dose recommended for 2026-07-05 (on 2026-05-01)")
    assert "plan 2026-07-05 maintenance dose; 2026-11-05 maintenance dose;" in shown
    assert "suggested 2026-07-05: the first date from the recommended one on that gives no warning" in shown


STARTED = ("2022-01-01", "2022-01-15", "2022-01-29", "2022-03-05")
IN_MAINTENANCE = (*STARTED, "2022-07-05")


@pytest.mark.parametrize(
    ("days", "on", "heading", "row"),
    [
        pytest.param(
            IN_MAINTENANCE,
            "2022-12-20",
            "maintenance dose recommended for 2022-11-05",
            "next maintenance dose: not before 2022-07-19, recommended for 2022-11-05, overdue from 2022-12-04",
            id="overdue, and given as it is",
        ),
        pytest.param(
            IN_MAINTENANCE,
            "2023-04-01",
            "maintenance dose was recommended for 2022-11-05",
            "missed maintenance dose, recommended for 2022-11-05, overdue from 2022-12-04; "
            "a dose on 2023-04-01 would be: maintenance dose",
            id="catch-up",
        ),
        pytest.param(
            IN_MAINTENANCE,
            "2026-05-01",
            "maintenance dose was recommended for 2022-11-05",
            "missed maintenance dose, recommended for 2022-11-05, overdue from 2022-12-04; "
            "a dose on 2026-05-01 would be: loading dose 1",
            id="restart",
        ),
    ],
)
def test_the_dates_of_a_missed_dose_are_not_those_of_the_dose_to_give(
    tmp_path: Path, days: tuple[str, ...], on: str, heading: str, row: str
) -> None:
    path = write(tmp_path / "a.json", bundle(*(dose(f"a-{day}", day) for day in days)))
    shown = words(check(path, form="text", on=on).stdout)
    assert shown.startswith(f"Patient/p1 overdue {heading} (on {on})")
    assert row in shown
    assert "loading dose 1 recommended" not in shown


@pytest.mark.parametrize("columns", ["20", "80", "300"])
def test_no_id_is_cut_at_any_width(tmp_path: Path, columns: str) -> None:
    path = write(tmp_path / "a.json", bundle(dose(LONG, "2026-01-01"), dose(f"2{LONG}", None)))
    shown = check(path, form="text", env={"COLUMNS": columns}).stdout.splitlines()
    assert f"    MedicationAdministration/2{LONG}" in shown
    assert not any("…" in line for line in shown)
    start, end = shown[1].index("records"), shown[1].index("findings")
    cell = [line[start:end].strip() for line in shown[3 : next(n for n, line in enumerate(shown) if "warning" in line)]]
    assert "".join(cell) == f"MedicationAdministration/{LONG}"


def test_characters_that_drive_a_terminal_are_shown_and_not_sent(tmp_path: Path) -> None:
    evil = dose("\x1b[2Ja1\u202e", None, "\x1b]0;p\x07")
    ended = check(write(tmp_path / "a.json", evil), form="text")
    assert "\x1b" not in ended.stdout + ended.stderr
    assert "\\x1b[2Ja1\\u202e" in ended.stdout


def test_a_timeline_of_regimens_judges_each_dose_by_the_text_of_its_day(tmp_path: Path, history: Path) -> None:
    timeline = tmp_path / "timeline.toml"
    timeline.write_text(
        '[[in_force]]\nregimens = ["us-12mg"]\n[[in_force]]\nfrom = 2026-01-01\nregimens = ["eu-12mg"]\n'
    )
    asked = ("--on", ON, "--time-zone", ZONE, "--format", "ndjson")
    ended = run("check", history, "--regimen-timeline", timeline, *asked)
    judged = [(dose["regimen"], dose["latest"] >= "2026-01-01") for dose in ended.assessments[0]["evaluations"]]
    assert set(judged) <= {("us-12mg", False), ("eu-12mg", True)}
    assert [each["id"] for each in ended.assessments[0]["regimens"]] == ["us-12mg", "eu-12mg"]
    assert "Regimen us-12mg, version" in ended.stderr
    assert "Regimen eu-12mg from 2026-01-01 on, version" in ended.stderr
    by_variable = run("check", history, *asked, env={"NUSINERSEN_CDS_REGIMEN_TIMELINE": str(timeline)})
    assert by_variable.stdout == ended.stdout


def test_a_timeline_with_faults_is_bad_usage(tmp_path: Path, history: Path) -> None:
    timeline = tmp_path / "timeline.toml"
    timeline.write_text('[[in_force]]\nregimens = ["eu-13mg"]\n[[in_force]]\nregimens = ["eu-12mg"]\n')
    ended = run("check", history, "--regimen-timeline", timeline, "--on", ON)
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert "2 faults in the timeline of regimens" in ended.stderr
    both = run("check", history, "--regimen-timeline", timeline, "--regimen", "eu-12mg", "--on", ON)
    assert (both.exit_code, both.stdout) == (2, "")
    assert "--regimen and --regimen-timeline are both given" in both.stderr


def test_several_regimens_are_told_apart_by_the_amount(tmp_path: Path) -> None:
    def given(number: int, day: str, milligrams: int) -> Json:
        amount = {"dose": {"value": milligrams, "system": "http://unitsofmeasure.org", "code": "mg"}}
        return dose(f"a{number}", day, dosage=amount)

    loaded = [
        given(number, day, 12) for number, day in enumerate(("2025-09-01", "2025-09-15", "2025-09-29", "2025-11-03"))
    ]
    path = write(tmp_path / "a.json", bundle(*loaded, given(5, "2026-03-03", 50)))
    asked = ("--on", ON, "--time-zone", ZONE, "--format", "ndjson")
    ended = run("check", path, "--regimen", "eu-12mg", "--regimen", "us-high-dose", *asked)
    [answer] = ended.assessments
    assert [each["regimen"] for each in answer["evaluations"]] == ["eu-12mg"] * 4 + ["us-high-dose"]
    assert [each["id"] for each in answer["regimens"]] == ["eu-12mg", "us-high-dose"]
    assert ["unverified" in each for each in answer["regimens"]] == [False, True]
    assert "Regimen us-high-dose, version 1.0.0" in ended.stderr
    assert "not verified: the US prescribing information of 2026-03 was not read" in ended.stderr
    by_variable = run("check", path, *asked, env={"NUSINERSEN_CDS_REGIMEN": "eu-12mg us-high-dose"})
    assert by_variable.stdout == ended.stdout
