"""`regimens`: the list, one regimen with all that it rests on, and a site's own files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cds.regimens.library import load
from tests.architecture.sources import ROOT
from tests.cli.files import run

REGIMENS = load().regimens
SHIPPED = (ROOT / "cds/regimens/data/eu-12mg.toml").read_text("utf-8")


def words(text: str) -> str:
    return " ".join(text.split())


def test_the_list_names_every_regimen_with_version_verification_and_digest() -> None:
    ended = run("regimens")
    assert ended.exit_code == 0
    rows = words(ended.stdout)
    for regimen in REGIMENS.values():
        verified = regimen.verified.split()[0]
        assert f"{regimen.id} {regimen.version} {verified}" in rows
        assert regimen.digest[:19] in rows


@pytest.mark.parametrize("identifier", REGIMENS)
def test_one_regimen_shows_all_that_it_rests_on(identifier: str) -> None:
    regimen = REGIMENS[identifier]
    ended = run("regimens", identifier, env={"COLUMNS": "1000"})
    assert ended.exit_code == 0
    shown = words(ended.stdout)
    assert ended.stdout == run("regimens", "show", identifier, env={"COLUMNS": "1000"}).stdout
    expected = [regimen.title, regimen.digest, regimen.authority, regimen.verified, regimen.tolerance_source]
    expected += [source.title for source in regimen.sources] + [source.section for source in regimen.sources]
    expected += [said for _, said in regimen.statements] + [*regimen.notes, *regimen.drug.notes]
    for codes in (regimen.drug.products, regimen.drug.look_alikes, regimen.drug.routes, regimen.drug.other_routes):
        expected += [text for coding in codes for text in (coding.code, coding.system)]
    assert [text for text in expected if words(text) not in shown] == []
    assert "…" not in ended.stdout


@pytest.mark.parametrize(
    ("identifier", "rows"),
    [
        (
            "eu-12mg",
            (
                "loading dose 1 12 mg first dose 0",
                "loading dose 4 12 mg 35 days after the dose before 63",
                "maintenance dose 12 mg 4 months after the last loading dose, then every 4 months",
                "less than 8 months the delayed dose the original schedule, if at least 14 days later",
                "8 months to under 16 months the delayed dose and 1 extra dose, 14 days apart maintenance 4 months",
                "16 months to under 40 months the delayed dose and 2 extra doses, 14 days apart maintenance 4 months",
                "40 months or more the whole loading again as loading",
                "7 days in loading and catch-up, 28 days in maintenance",
                "14 days between any two doses",
            ),
        ),
        ("us-12mg", ("loading dose 4 12 mg 30 days after the dose before 58",)),
        ("eu-12mg-2017", ("The prescribed intervals go on from the last dose given",)),
    ],
)
def test_steps_and_delays_are_tables(identifier: str, rows: tuple[str, ...]) -> None:
    shown = words(run("regimens", identifier, env={"COLUMNS": "1000"}).stdout)
    assert [row for row in rows if row not in shown] == []


def test_an_unknown_regimen_lists_the_choices() -> None:
    ended = run("regimens", "eu-13mg")
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert "there is no regimen 'eu-13mg'; choose one of: eu-12mg, " in ended.stderr


def site_file(folder: Path, identifier: str, change: tuple[str, str] = ("", "")) -> Path:
    folder.mkdir(exist_ok=True)
    text = SHIPPED.replace('id = "eu-12mg"', f'id = "{identifier}"').replace(*change)
    (folder / f"{identifier}.toml").write_text(text, "utf-8")
    return folder


def test_a_folder_without_fault(tmp_path: Path) -> None:
    folder = site_file(tmp_path / "site", "our-12mg")
    checked = run("regimens", "check", folder)
    assert checked.exit_code == 0
    assert f"{folder}: no fault; it adds 1 regimen: our-12mg" in checked.stderr
    for listed in (
        run("regimens", "--site-folder", folder),
        run("regimens", env={"NUSINERSEN_CDS_SITE_FOLDER": str(folder)}),
        run("regimens", "show", "our-12mg", "--site-folder", folder),
        run("regimens", "--site-folder", folder, "our-12mg"),
    ):
        assert listed.exit_code == 0
        assert "our-12mg" in listed.stdout


def test_a_folder_with_faults_tells_all_of_all_files(tmp_path: Path) -> None:
    folder = site_file(tmp_path / "site", "one", ("dose_mg = 12", "dose_gm = 12"))
    site_file(folder, "two", ("verified", "verfied"))
    site_file(folder, "eu-12mg")
    ended = run("regimens", "check", folder)
    assert (ended.exit_code, ended.stdout) == (2, "")
    for said in ("one.toml: loading[1].dose_gm", "two.toml: verfied", "two.toml: verified", "eu-12mg.toml"):
        assert said in ended.stderr
    assert run("regimens", "--site-folder", folder).exit_code == 2


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    ended = run("regimens", "check", tmp_path / "none")
    assert ended.exit_code == 2
    assert "is not a folder that can be read" in ended.stderr


@pytest.mark.parametrize("kind", ["regimen", "drug", "codes", "timeline"])
def test_each_kind_of_file_has_a_json_schema(kind: str) -> None:
    schema = json.loads(run("regimens", "schema", kind).stdout)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["additionalProperties"] is False
    assert schema["type"] == "object"


def test_the_json_schema_says_how_periods_numbers_and_choices_are_written() -> None:
    schema = json.loads(run("regimens", "schema", "regimen").stdout)
    assert schema["properties"]["minimum_interval"]["pattern"] == "^[0-9]{1,4}(d|w|mo)$"
    assert schema["properties"]["delay"]["enum"] == ["table", "resume", "refer"]
    assert schema["$defs"]["LoadingTable"]["properties"]["dose_mg"]["type"] == "number"
    row = schema["$defs"]["RowTable"]["properties"]["extra_doses"]["anyOf"]
    assert [each.get("type") for each in row] == ["integer", "string"]


def test_an_unknown_kind_of_file_lists_the_choices() -> None:
    ended = run("regimens", "schema", "patients")
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert "'patients' is no kind of file; write one of: regimen, drug, codes, timeline" in ended.stderr


def test_regimens_are_exported_as_plan_definitions() -> None:
    ended = run("regimens", "export", "eu-12mg", "qalsody")
    plans = [json.loads(line) for line in ended.stdout.splitlines()]
    assert [(plan["resourceType"], plan["id"]) for plan in plans] == [
        ("PlanDefinition", "eu-12mg"),
        ("PlanDefinition", "qalsody"),
    ]
    unknown = run("regimens", "export", "eu-12mg", "eu-13mg")
    assert (unknown.exit_code, unknown.stdout) == (2, "")
    assert "there is no regimen 'eu-13mg'" in unknown.stderr
