"""The exit codes of `check`, one row a reason, and which of them is stronger."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT
from tests.cli.files import OTHER_DRUG, Json, Result, bundle, check, dose, loading, run, write, write_lines

GOOD = bundle(*loading())
TOO_EARLY = bundle(*loading(until=1), dose("x", "2026-01-13"))
LATE = bundle(*loading(until=1), dose("x", "2026-02-28"), dose("y", "2026-03-14"), dose("z", "2026-04-18"))


@pytest.mark.parametrize(
    ("history", "options", "code"),
    [
        pytest.param(GOOD, (), 0, id="nothing found"),
        pytest.param(bundle({"resourceType": "Patient", "id": "p1"}), (), 0, id="a patient without a dose"),
        pytest.param(bundle(*loading(), dose("p1-5", "2026-01-29")), (), 0, id="only a remark"),
        pytest.param(TOO_EARLY, (), 1, id="critical, in an evaluation"),
        pytest.param(LATE, (), 1, id="warning, in an evaluation"),
        pytest.param(bundle(*loading(until=3)), (), 1, id="warning, in the forecast: overdue"),
        pytest.param(bundle(*loading(), dose("x", None)), (), 1, id="warning, of the series: a record without a date"),
        pytest.param(GOOD, ("--proposed", "2026-05-02"), 1, id="warning, in a proposed date"),
        pytest.param(GOOD, ("--proposed", "2026-07-05"), 0, id="a proposed date on schedule"),
        pytest.param(GOOD, ("--patient", "p1"), 0, id="a named patient"),
        pytest.param(GOOD, ("--patient", "p2"), 2, id="a patient who is not in the file"),
        pytest.param(GOOD, ("--patient", "a/b"), 2, id="no reference to a patient"),
        pytest.param(GOOD, ("--proposed", "2026-04-30"), 2, id="a proposed date before the day"),
        pytest.param(GOOD, ("--proposed", "01.06.2026"), 2, id="a proposed date in another form"),
        pytest.param(GOOD, ("--on", "2026-02-30"), 2, id="a day that does not exist"),
        pytest.param(GOOD, ("--on", "20260501"), 2, id="a day without hyphens"),
        pytest.param(GOOD, ("--format", "xml"), 2, id="an unknown format"),
        pytest.param(GOOD, ("--regimen", "eu-13mg"), 2, id="an unknown regimen"),
        pytest.param(GOOD, ("--time-zone", "Europe/Atlantis"), 2, id="an unknown time zone"),
        pytest.param(GOOD, ("--tolerance-loading", "14"), 2, id="a tolerance that does not fit the regimen"),
        pytest.param(GOOD, ("--tolerance-maintenance", "-1"), 2, id="a negative tolerance"),
        pytest.param(GOOD, ("--site-folder", "/nonexistent"), 2, id="a site folder that does not exist"),
        pytest.param(GOOD, ("--fast",), 2, id="an unknown option"),
        pytest.param(bundle(), (), 2, id="nobody to assess"),
        pytest.param(bundle({"resourceType": "Observation", "id": "o"}), (), 2, id="nothing that is looked at"),
        pytest.param(bundle(*loading(), "text"), (), 3, id="a broken entry"),
        pytest.param(bundle(*loading(), dose("x", "2026-04-01", None)), (), 3, id="a dose of nobody"),
        pytest.param(GOOD, ("",), 2, id="an empty word beside the file"),
        pytest.param(GOOD, ("--patient", ""), 2, id="a patient without a name"),
        pytest.param(GOOD, ("--site-folder", ""), 2, id="a site folder without a name"),
    ],
)
def test_exit_codes(tmp_path: Path, history: Json, options: tuple[str, ...], code: int) -> None:
    path = write(tmp_path / "history.json", history)
    # options of the row come last, and the last one counts
    given = ("--regimen", "eu-12mg", "--on", "2026-05-01", "--time-zone", "Asia/Kathmandu", "--format", "ndjson")
    ended = run("check", path, *given, *options)
    assert ended.exit_code == code, ended.stderr
    if code == 2:
        assert ended.stdout == ""


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ({"a.json": GOOD, "b.json": TOO_EARLY}, 1),
        ({"a.json": TOO_EARLY, "broken.json": "{"}, 3),
        ({"a.json": GOOD, "broken.json": "{"}, 3),
        ({"a.json": GOOD, "request.json": '{"hook": "order-sign"}'}, 2),
        ({"broken.json": "{", "notes.json": "no json"}, 2),
    ],
)
def test_where_several_apply_usage_is_before_not_read_before_findings(
    tmp_path: Path, files: dict[str, Json | str], code: int
) -> None:
    paths = []
    for name, content in files.items():
        path = tmp_path / name
        if isinstance(content, str):
            path.write_text(content, "utf-8")
        else:
            write(path, content)
        paths.append(path)
    ended = check(*paths)
    assert ended.exit_code == code, ended.stderr
    # whatever was good is assessed all the same
    assert ended.patients == ["Patient/p1"] * any(isinstance(content, dict) for content in files.values())


def test_what_is_missing_is_named_all_at_once_and_nothing_is_assessed(tmp_path: Path) -> None:
    good = write(tmp_path / "a.json", GOOD)
    ended = check(good, tmp_path / "b.json", tmp_path / "c")
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert f"{tmp_path / 'b.json'}: there is no such file" in ended.stderr
    assert f"{tmp_path / 'c'}: there is no such file" in ended.stderr


def test_what_is_lost_of_one_file_may_be_of_anyone(tmp_path: Path) -> None:
    write_lines(tmp_path / "good.ndjson", [*loading("p1"), *loading("p2")])
    (tmp_path / "bad.ndjson").write_text('{"resourceType": "MedicationAdm', "utf-8")
    ended = check(tmp_path)
    assert (ended.exit_code, ended.patients) == (3, ["Patient/p1", "Patient/p2"])
    assert [[finding["code"] for finding in each["findings"]] for each in ended.assessments] == [
        ["history-incomplete"],
        ["history-incomplete"],
    ]
    assert f"{tmp_path / 'bad.ndjson'}:1: is not JSON" in ended.stderr


def test_without_a_regimen_the_choices_are_named(tmp_path: Path) -> None:
    path = write(tmp_path / "a.json", GOOD)
    ended = run("check", path, "--on", "2026-05-01")
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert "--regimen is missing" in ended.stderr
    for choice in ("eu-12mg", "us-12mg", "eu-12mg-2017", "us-12mg-2016"):
        assert choice in ended.stderr


def test_settings_count_as_given_and_options_are_stronger(tmp_path: Path) -> None:
    path = write(tmp_path / "a.json", GOOD)
    env = {"NUSINERSEN_CDS_REGIMEN": "us-12mg", "NUSINERSEN_CDS_TIME_ZONE": "Pacific/Chatham"}

    def judged(*options: str) -> tuple[str, Result]:
        ended = run("check", path, "--on", "2026-05-01", "--format", "ndjson", *options, env=env)
        return ended.assessments[0]["regimens"][0]["id"], ended

    by_setting, said = judged()
    assert by_setting == "us-12mg"
    assert "time zone Pacific/Chatham\n" in said.stderr
    by_option, said = judged("--regimen", "eu-12mg", "--time-zone", "Asia/Kathmandu")
    assert by_option == "eu-12mg"
    assert "time zone Asia/Kathmandu\n" in said.stderr


@pytest.mark.parametrize(
    ("env", "says"),
    [
        ({"NUSINERSEN_CDS_TIMEZONE": "UTC"}, "NUSINERSEN_CDS_TIMEZONE: there is no such setting"),
        ({"NUSINERSEN_CDS_TIME_ZONE": "Nowhere"}, "NUSINERSEN_CDS_TIME_ZONE: no such time zone"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, env: dict[str, str], says: str) -> None:
    ended = run("check", write(tmp_path / "a.json", GOOD), "--regimen", "eu-12mg", env=env)
    assert ended.exit_code == 2
    assert says in ended.stderr


NO_DRUG: Json = {"medicationCodeableConcept": {}}
ANOTHER_DRUG: Json = {"medicationCodeableConcept": OTHER_DRUG}


@pytest.mark.parametrize(
    ("record", "code", "codes"),
    [
        pytest.param(dose("x", "2026-04-01", None), 3, ["history-incomplete"], id="a dose"),
        pytest.param(dose("x", None, None), 3, ["history-incomplete"], id="one that cannot be read"),
        pytest.param(dose("x", "2026-04-01", None, **NO_DRUG), 3, ["history-incomplete"], id="perhaps of the drug"),
        pytest.param(
            dose("x", "2026-04-01", subject={"reference": "Group/g"}), 3, ["history-incomplete"], id="of a group"
        ),
        pytest.param(dose("p1-1", "2026-04-01", None), 3, ["history-incomplete"], id="with the id of another record"),
        pytest.param(dose("x", "2026-04-01", None, **ANOTHER_DRUG), 0, [], id="of another drug"),
        pytest.param(dose("x", "2026-04-01", None, status="entered-in-error"), 0, [], id="entered in error"),
        pytest.param(dose("x", "2026-04-01", None, status="not-done"), 0, [], id="not given"),
    ],
)
def test_a_record_without_a_patient_can_be_of_anyone(tmp_path: Path, record: Json, code: int, codes: list[str]) -> None:
    path = write_lines(tmp_path / "a.ndjson", [*loading("p1"), *loading("p2"), record])
    for named in ((), ("--patient", "p2")):
        ended = check(path, *named)
        assert ended.exit_code == code, ended.stderr
        assert ended.patients == (["Patient/p2"] if named else ["Patient/p1", "Patient/p2"])
        for assessment in ended.assessments:
            assert [finding["code"] for finding in assessment["findings"]] == codes
        assert f"{path}:9: {record_name(record)}: subject is" in ended.stderr


def record_name(record: Json) -> str:
    return f"MedicationAdministration/{record['id']}"


NO_FILE = "no file in it ends in .json, .ndjson, .gz; rename the files, or name them one by one"
NO_RECORD = "no MedicationAdministration of a patient and no Patient is in it; name the files of an export with these"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ({}, NO_FILE),
        ({"a.txt": b"{}"}, NO_FILE),
        ({"a.ndjson": b"\n \n"}, NO_RECORD),
        ({"a.json": b'{"resourceType": "Bundle", "type": "collection"}'}, NO_RECORD),
        ({"a.json": b'{"output": []}'}, NO_RECORD),
    ],
)
def test_an_input_of_nobody_is_named_with_what_to_do(tmp_path: Path, content: dict[str, bytes], says: str) -> None:
    for name, data in content.items():
        (tmp_path / name).write_bytes(data)
    ended = check(tmp_path)
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert f"{tmp_path}: {says}" in ended.stderr


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("blank.ndjson", b"", "Empty:\n  {path}\n"),
        (
            "blank.ndjson",
            b"",
            f"{{path}}: {NO_RECORD}",
        ),
        ("blank.json", b" \n", "{path}: is empty; export it again"),
        ("bundle.json", b'{"resourceType": "Bundle"}', "{path}: no MedicationAdministration of a patient"),
    ],
)
def test_a_file_of_nobody_is_named(tmp_path: Path, name: str, content: bytes, says: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    ended = check(path)
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert says.format(path=path) in ended.stderr


def test_of_many_inputs_of_nobody_some_are_named(tmp_path: Path) -> None:
    paths = [write_lines(tmp_path / f"{number}.ndjson", []) for number in range(5)]
    assert f"{paths[0]}, {paths[1]}, {paths[2]} and 2 more: no MedicationAdministration" in check(*paths).stderr


@pytest.mark.parametrize("empty", ["", "  "])
def test_an_empty_word_is_not_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, empty: str) -> None:
    write(tmp_path / "a.json", GOOD)
    monkeypatch.chdir(tmp_path)
    ended = check(empty)
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert "INPUT is empty, from a variable that is not set perhaps; name a file" in ended.stderr
    assert run("regimens", "check", empty).exit_code == 2


def test_help_and_the_page_document_the_same_codes() -> None:
    helped = re.findall(r"^ +(\d+)  ", run("check", "--help").stdout, re.MULTILINE)
    table = (ROOT / "docs" / "check.md").read_text("utf-8").partition("| exit code of `check`")[2]
    assert helped == ["0", "1", "2", "3", "70", "74", "130", "141"]
    assert re.findall(r"^\| (\d+) \|", table, re.MULTILINE) == helped
